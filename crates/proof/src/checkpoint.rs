//! Checkpoints (C2SP tlog-checkpoint): the signed statement of how large a log is and what its root is.

use data_encoding::BASE64;
use thiserror::Error;

use crate::{
    base64, cosignature,
    merkle::Hash,
    note::{KeyError, Note, Signature, SignatureType, VerifierKey},
    signing_key::SigningKey,
};

/// The longest origin, in bytes: what a signed subtree can carry (C2SP tlog-cosignature).
pub const MAX_ORIGIN: usize = 255;

/// A text that is no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the text is not a checkpoint")]
pub struct CheckpointError;

/// What a log states about itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Checkpoint {
    /// Which log: a name such as `clinica.example/registro`.
    pub origin: String,
    /// How many leaves it has.
    pub size: u64,
    /// The root of its tree.
    pub root: Hash,
}

impl Checkpoint {
    /// The text of the note: origin, size and root, a line each.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(&self.root))
    }

    /// Reads the text of a note, without its signatures.
    ///
    /// Stricter than the specification in two ways: extension lines are refused, because ML-DSA-44 signatures do not
    /// cover them and anyone could add some; and origins are as short as those signatures need.
    ///
    /// # Errors
    /// [`CheckpointError`] when anything else than [`Checkpoint::text`] would write stands there.
    pub fn parse(text: &str) -> Result<Checkpoint, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError)?.split('\n');
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError);
        };
        if origin.is_empty() || origin.len() > MAX_ORIGIN || origin.contains(char::is_control) {
            return Err(CheckpointError);
        }
        let size = decimal(size).ok_or(CheckpointError)?;
        let root = hash(root).ok_or(CheckpointError)?;
        Ok(Checkpoint { origin: origin.to_owned(), size, root })
    }
}

/// A number without sign, leading zeros or anything else that it would not be written with.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

/// A hash in Base64.
pub(crate) fn hash(text: &str) -> Option<Hash> {
    // A longer text is not worth decoding.
    let text = Some(text).filter(|text| text.len() == 44)?;
    base64::decode(text)?.try_into().ok()
}

/// A log's signing keys. Neither printable nor serialisable.
pub struct LogKey {
    ed25519: SigningKey,
    ml_dsa_44: SigningKey,
    verifiers: [VerifierKey; 2],
}

impl LogKey {
    /// The keys that follow from a seed of 32 random bytes and the log's origin, which is also their name.
    ///
    /// # Errors
    /// [`KeyError::Name`] when the origin cannot stand in a signature line.
    pub fn from_seed(origin: &str, seed: &[u8; 32]) -> Result<LogKey, KeyError> {
        let ed25519 = SigningKey::ed25519(seed, "sigilo log ed25519", origin)?;
        let ml_dsa_44 = SigningKey::ml_dsa_44(seed, "sigilo log ml-dsa-44", origin)?;
        let verifiers = [
            VerifierKey::new(origin, SignatureType::Ed25519, ed25519.public_key())?,
            VerifierKey::new(origin, SignatureType::MlDsa44, ml_dsa_44.public_key())?,
        ];
        Ok(LogKey { ed25519, ml_dsa_44, verifiers })
    }

    /// The log's origin.
    pub fn origin(&self) -> &str {
        self.verifiers[0].name()
    }

    /// The public halves: Ed25519 (type 0x01), then ML-DSA-44 (type 0x06).
    pub fn verifier_keys(&self) -> &[VerifierKey; 2] {
        &self.verifiers
    }

    /// A checkpoint of this log.
    pub fn checkpoint(&self, size: u64, root: Hash) -> Checkpoint {
        Checkpoint { origin: self.origin().to_owned(), size, root }
    }

    /// The whole note: text, Ed25519 line and, if asked for, the ML-DSA-44 line, which states `time` in seconds since
    /// 1970. A log signs no two checkpoints that are not consistent; the caller sees to that.
    ///
    /// # Errors
    /// [`KeyError::Name`] when the checkpoint is another log's, [`KeyError::Refused`] when the library does not sign.
    pub fn sign(&self, checkpoint: &Checkpoint, time: u64, with_mldsa: bool) -> Result<String, KeyError> {
        if checkpoint.origin != self.origin() {
            return Err(KeyError::Name);
        }
        let [ed25519, ml_dsa_44] = &self.verifiers;
        let text = checkpoint.text();
        let bytes = self.ed25519.sign(text.as_bytes())?;
        let mut signatures = vec![Signature { name: ed25519.name().to_owned(), id: ed25519.id(), bytes }];
        if with_mldsa {
            signatures.push(cosignature::sign(&self.ml_dsa_44, ml_dsa_44, &text, time)?);
        }
        Ok(Note { text, signatures }.to_string())
    }
}
