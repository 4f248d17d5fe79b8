//! Private keys of notes, each derived for one purpose and one name.

use aws_lc_rs::{
    hkdf,
    signature::{Ed25519KeyPair, KeyPair, ML_DSA_44_SIGNING, PqdsaKeyPair},
};
use zeroize::Zeroizing;

use crate::note::{KeyError, check_name};

/// A private key. The library clears its memory when it is dropped.
pub(crate) enum SigningKey {
    /// RFC 8032.
    Ed25519(Ed25519KeyPair),
    /// FIPS 204, pure mode, empty context.
    MlDsa44(PqdsaKeyPair),
}

impl SigningKey {
    /// The Ed25519 key for `purpose` under `name`.
    pub(crate) fn ed25519(seed: &[u8; 32], purpose: &str, name: &str) -> Result<SigningKey, KeyError> {
        let seed = derive(seed, purpose, name)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).map_err(|_| KeyError::Refused)?;
        Ok(SigningKey::Ed25519(pair))
    }

    /// The ML-DSA-44 key for `purpose` under `name`.
    pub(crate) fn ml_dsa_44(seed: &[u8; 32], purpose: &str, name: &str) -> Result<SigningKey, KeyError> {
        let seed = derive(seed, purpose, name)?;
        let pair = PqdsaKeyPair::from_seed(&ML_DSA_44_SIGNING, seed.as_slice()).map_err(|_| KeyError::Refused)?;
        Ok(SigningKey::MlDsa44(pair))
    }

    /// The public half: 32 or 1312 bytes.
    pub(crate) fn public_key(&self) -> &[u8] {
        match self {
            SigningKey::Ed25519(pair) => pair.public_key().as_ref(),
            SigningKey::MlDsa44(pair) => pair.public_key().as_ref(),
        }
    }

    /// The signature of `message`: 64 or 2420 bytes.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match self {
            SigningKey::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            SigningKey::MlDsa44(pair) => {
                let mut signature = vec![0; pair.algorithm().signature_len()];
                let length = pair.sign(message, &mut signature).map_err(|_| KeyError::Refused)?;
                signature.truncate(length);
                Ok(signature)
            }
        }
    }
}

/// HKDF-SHA-256 (RFC 5869), so that no two purposes or names share a key.
fn derive(seed: &[u8; 32], purpose: &str, name: &str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    check_name(name)?;
    let mut key = Zeroizing::new([0; 32]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"sigilo note keys v1")
        .extract(seed)
        .expand(&[purpose.as_bytes(), &[0], name.as_bytes()], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(key.as_mut_slice()))
        .map_err(|_| KeyError::Refused)?;
    Ok(key)
}
