//! The installation's signature on receipts.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use zeroize::Zeroizing;

/// Signs with Ed25519 (RFC 8032) under a key that follows from the root key.
pub struct Signer(Ed25519KeyPair);

impl Signer {
    /// None when the seed is refused, which no 32 bytes are.
    pub(crate) fn new(seed: &Zeroizing<[u8; 32]>) -> Option<Signer> {
        Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).ok().map(Signer)
    }

    /// The signature of `message`, 64 bytes.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }

    /// The public key, 32 bytes.
    pub fn public_key(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }
}

/// Whether `signature` is that of `message` under a public key of 32 bytes.
pub fn verify_signature(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public_key).verify(message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Keyring;

    #[test]
    fn a_signature_holds_for_its_message_and_key_alone() {
        let signer = Keyring::new(&[1; 32]).signer().unwrap();
        let signature = signer.sign(b"recibo");
        assert!(verify_signature(signer.public_key(), b"recibo", &signature));
        assert!(!verify_signature(signer.public_key(), b"recib0", &signature));
        let other = Keyring::new(&[2; 32]).signer().unwrap();
        assert!(!verify_signature(other.public_key(), b"recibo", &signature));
        assert!(
            !verify_signature(&[], b"recibo", &signature) && !verify_signature(signer.public_key(), b"recibo", &[])
        );
    }
}
