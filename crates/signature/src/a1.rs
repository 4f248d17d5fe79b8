//! A certificate of type A1: a file with the key in it (PKCS #12, RFC 7292).

use std::fmt;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use p12_keystore::{KeyStore, error::Error};
use sigilo_proof::x509::Certificate;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    message::{self, Algorithm, ToBeSigned},
    sign::{SignError, Signer},
};

/// The longest file that is read, in bytes.
pub const MAX_PKCS12: usize = 256 * 1024;

/// Why a file is no key to sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum A1Error {
    /// More bytes than [`MAX_PKCS12`].
    #[error("the file is too long")]
    TooLong,
    /// Another password.
    #[error("the password does not open the file")]
    Password,
    /// Not a PKCS #12 file, or one with algorithms that are not known.
    #[error("the file is not a readable PKCS #12 file")]
    Malformed,
    /// No key with its certificate inside.
    #[error("the file holds no key with its certificate")]
    NoKey,
    /// The key is of a kind that does not sign here.
    #[error("keys of this kind do not sign documents here")]
    Algorithm,
}

/// A key with its certificate.
pub struct A1 {
    certificate: Certificate,
    chain: Vec<Certificate>,
    key: Key,
}

enum Key {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
}

impl A1 {
    /// Opens a PKCS #12 file. The password is wiped in any case.
    ///
    /// # Errors
    /// [`A1Error`].
    pub fn open(file: &[u8], password: Zeroizing<String>) -> Result<A1, A1Error> {
        if file.len() > MAX_PKCS12 {
            return Err(A1Error::TooLong);
        }
        let store = KeyStore::from_pkcs12(file, &password).map_err(|error| match error {
            // Where no MAC guards the file, a wrong password shows in the padding.
            Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) => A1Error::Password,
            _ => A1Error::Malformed,
        })?;
        let (_, entry) = store.private_key_chain().ok_or(A1Error::NoKey)?;
        let certificates = entry.chain().iter().map(|certificate| Certificate::parse(certificate.as_der()));
        let mut chain: Vec<Certificate> = certificates.collect::<Result<_, _>>().map_err(|_| A1Error::Malformed)?;
        if chain.is_empty() {
            return Err(A1Error::NoKey);
        }
        let certificate = chain.remove(0);
        let key = Key::read(entry.key(), &certificate)?;
        Ok(A1 { certificate, chain, key })
    }
}

impl Key {
    /// From PKCS #8.
    fn read(der: &[u8], certificate: &Certificate) -> Result<Key, A1Error> {
        let algorithm = message::algorithm(certificate).map_err(|_| A1Error::Algorithm)?;
        let ecdsa = |kind| EcdsaKeyPair::from_pkcs8(kind, der).map(Key::Ecdsa).map_err(|_| A1Error::Algorithm);
        match algorithm {
            Algorithm::RsaSha256 => RsaKeyPair::from_pkcs8(der).map(Key::Rsa).map_err(|_| A1Error::Algorithm),
            Algorithm::EcdsaP256Sha256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
            Algorithm::EcdsaP384Sha384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
        }
    }

    fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, SignError> {
        let random = SystemRandom::new();
        match self {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, bytes, &mut signature).map_err(|_| SignError::Key)?;
                Ok(signature)
            }
            Key::Ecdsa(key) => Ok(key.sign(&random, bytes).map_err(|_| SignError::Key)?.as_ref().to_vec()),
        }
    }
}

impl Signer for A1 {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn sign(&self, what: &ToBeSigned) -> Result<Option<Vec<u8>>, SignError> {
        self.key.sign(what.bytes()).map(Some)
    }
}

impl fmt::Debug for A1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("A1").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}
