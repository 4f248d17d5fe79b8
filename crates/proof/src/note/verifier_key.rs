//! The public keys that signatures of notes are verified with.

use std::{fmt, str::FromStr};

use aws_lc_rs::signature::{ED25519, ML_DSA_44, UnparsedPublicKey, VerificationAlgorithm};
use data_encoding::{BASE64, HEXLOWER};
use thiserror::Error;

use super::{NoteError, Signature};
use crate::{base64, cosignature, sha256};

/// The longest name of a key, in bytes: what a signed subtree can carry (C2SP tlog-cosignature).
pub const MAX_NAME: usize = 255;

/// Why something is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Empty, longer than 255 bytes, or with spaces, plus signs or control characters.
    #[error("the name of the key is not usable")]
    Name,
    /// Not three parts joined by plus signs, or badly encoded.
    #[error("this is not a verifier key")]
    Malformed,
    /// A signature type that is not known here.
    #[error("keys of signature type {0:#04x} are not known")]
    Type(u8),
    /// The public key has another length than its type has.
    #[error("the public key has the wrong length")]
    Length,
    /// The identifier is not that of the name and public key.
    #[error("the identifier does not belong to the key")]
    Id,
    /// The cryptographic library refused the key or the signing.
    #[error("the cryptographic library refuses the key")]
    Refused,
}

/// What a key signs and how (C2SP signed-note, "Signature types", and tlog-cosignature).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum SignatureType {
    /// Ed25519 over the note's text.
    Ed25519 = 0x01,
    /// Ed25519 over a time and the text of a checkpoint: a witness's cosignature.
    CosignatureV1 = 0x04,
    /// ML-DSA-44 over a time and the content of a checkpoint: a log's signature or a witness's cosignature.
    MlDsa44 = 0x06,
}

impl SignatureType {
    fn of(byte: u8) -> Option<SignatureType> {
        [SignatureType::Ed25519, SignatureType::CosignatureV1, SignatureType::MlDsa44]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }

    /// The length of a public key in bytes (RFC 8032; FIPS 204, table 2).
    fn key_length(self) -> usize {
        match self {
            SignatureType::Ed25519 | SignatureType::CosignatureV1 => 32,
            SignatureType::MlDsa44 => 1312,
        }
    }
}

/// A public key with the name and type it is known by. Written as C2SP signed-note writes it: the name, the identifier
/// in hexadecimal and the type and key in Base64, joined by plus signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    kind: SignatureType,
    key: Vec<u8>,
}

impl VerifierKey {
    /// The key `key` (RFC 8032: 32 bytes; FIPS 204: 1312 bytes) under a name.
    ///
    /// # Errors
    /// [`KeyError::Name`] or [`KeyError::Length`].
    pub fn new(name: &str, kind: SignatureType, key: &[u8]) -> Result<VerifierKey, KeyError> {
        check_name(name)?;
        if key.len() != kind.key_length() {
            return Err(KeyError::Length);
        }
        Ok(VerifierKey { name: name.to_owned(), id: key_id(name, kind, key), kind, key: key.to_vec() })
    }

    /// Reads a verifier key.
    ///
    /// # Errors
    /// [`KeyError`], any but [`KeyError::Refused`].
    pub fn parse(key: &str) -> Result<VerifierKey, KeyError> {
        let mut parts = key.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Malformed);
        };
        // The longest key has 1313 bytes.
        if encoded.len() > 1752 {
            return Err(KeyError::Length);
        }
        let decoded = base64::decode(encoded).ok_or(KeyError::Malformed)?;
        let (kind, public) = decoded.split_first().ok_or(KeyError::Malformed)?;
        let kind = SignatureType::of(*kind).ok_or(KeyError::Type(*kind))?;
        let key = VerifierKey::new(name, kind, public)?;
        if HEXLOWER.encode(&key.id) == id { Ok(key) } else { Err(KeyError::Id) }
    }

    /// The name that signatures by the key carry.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The identifier that signatures by the key carry.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// The signature type.
    pub fn kind(&self) -> SignatureType {
        self.kind
    }

    /// The public key alone, 32 or 1312 bytes.
    pub fn public_key(&self) -> &[u8] {
        &self.key
    }

    /// Whether a signature says that it is by this key.
    pub fn claims(&self, signature: &Signature) -> bool {
        signature.name == self.name && signature.id == self.id
    }

    /// Verifies a signature of a note's text. Gives the time it states, in seconds since 1970; none for plain Ed25519.
    ///
    /// # Errors
    /// [`NoteError::Missing`] when it is by another key, [`NoteError::Signature`] when it does not hold: for types
    /// other than Ed25519 also when the text is no checkpoint.
    pub fn verify(&self, text: &str, signature: &Signature) -> Result<Option<u64>, NoteError> {
        if !self.claims(signature) {
            return Err(NoteError::Missing(self.name.clone()));
        }
        self.holds(text, &signature.bytes).ok_or_else(|| NoteError::Signature(self.name.clone()))
    }

    fn holds(&self, text: &str, bytes: &[u8]) -> Option<Option<u64>> {
        let check = |algorithm: &'static dyn VerificationAlgorithm, message: &[u8], signature: &[u8]| {
            UnparsedPublicKey::new(algorithm, &self.key).verify(message, signature).ok()
        };
        if self.kind == SignatureType::Ed25519 {
            return check(&ED25519, text.as_bytes(), bytes).map(|()| None);
        }
        let (time, signature) = cosignature::stamped(bytes)?;
        if self.kind == SignatureType::MlDsa44 {
            check(&ML_DSA_44, &cosignature::subtree_message(&self.name, time, text)?, signature)?;
        } else {
            check(&ED25519, &cosignature::v1_message(time, text)?, signature)?;
        }
        Some(Some(time))
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[self.kind as u8], self.key.as_slice()].concat();
        write!(out, "{}+{}+{}", self.name, HEXLOWER.encode(&self.id), BASE64.encode(&key))
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(key: &str) -> Result<VerifierKey, KeyError> {
        VerifierKey::parse(key)
    }
}

/// The identifier that C2SP signed-note recommends: the first four bytes of SHA-256 over name, newline, type and key.
fn key_id(name: &str, kind: SignatureType, key: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = sha256(&[name.as_bytes(), b"\n", &[kind as u8], key].concat());
    [a, b, c, d]
}

/// Whether a name can stand in a signature line.
pub(crate) fn check_name(name: &str) -> Result<(), KeyError> {
    let bad = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '+';
    if name.is_empty() || name.len() > MAX_NAME || name.contains(bad) { Err(KeyError::Name) } else { Ok(()) }
}
