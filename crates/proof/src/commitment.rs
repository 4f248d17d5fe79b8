//! Salted commitments: a hash that stands for a row's image and tells nothing of it once the salt is gone.

use aws_lc_rs::constant_time;

use crate::{merkle::Hash, sha256};

/// The random bytes of one commitment. Without them a hash over little data could be reversed by trying.
pub type Salt = [u8; 16];

/// The commitment to `image`: SHA-256 of the salt followed by the image. The salt's fixed length keeps both apart.
pub fn commit(salt: &Salt, image: &[u8]) -> Hash {
    sha256(&[salt, image].concat())
}

/// Whether `commitment` is that of the salt and image, in a time that does not depend on where they differ.
pub fn matches(salt: &Salt, image: &[u8], commitment: &Hash) -> bool {
    constant_time::verify_slices_are_equal(&commit(salt, image), commitment).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_holds_for_its_salt_and_image_alone() {
        let salt = [7; 16];
        let commitment = commit(&salt, b"{\"name\": \"x\"}");
        assert!(matches(&salt, b"{\"name\": \"x\"}", &commitment));
        assert!(!matches(&salt, b"{\"name\": \"y\"}", &commitment));
        assert!(!matches(&[8; 16], b"{\"name\": \"x\"}", &commitment));
        for bit in 0..256 {
            let mut other = commitment;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!matches(&salt, b"{\"name\": \"x\"}", &other));
        }
    }

    #[test]
    fn it_is_what_postgresql_computes() {
        // SELECT encode(sha256(decode(repeat('00', 16), 'hex') || 'abc'), 'hex')
        let commitment = data_encoding::HEXLOWER.encode(&commit(&[0; 16], b"abc"));
        assert_eq!(commitment, "277e7ff6d232b9763f4a66e8d05d210da32dac9c6dbce1026ad4cc98acb5fefe");
    }
}
