//! Keys for those who are made up.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

/// The public half of a fresh P-256 key, uncompressed (65 bytes; SEC 1, § 2.3.3), whose private half is dropped at once:
/// nobody can ever sign with it. None when the provider makes no key.
pub fn throw_away_public_key() -> Option<Vec<u8>> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).ok()?;
    Some(pair.public_key().as_ref().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_another_point() {
        let one = throw_away_public_key();
        assert!(one.as_ref().is_some_and(|point| point.len() == 65 && point[0] == 4));
        assert_ne!(one, throw_away_public_key());
    }
}
