//! Signed notes (C2SP signed-note): a text, an empty line, and a line for each signature.

mod verifier_key;

pub(crate) use verifier_key::check_name;
pub use verifier_key::{KeyError, MAX_NAME, SignatureType, VerifierKey};

use std::{fmt, str::FromStr};

use data_encoding::BASE64;
use thiserror::Error;

use crate::base64;

/// The longest note that is read, in bytes: room for [`MAX_SIGNATURES`] post-quantum signatures.
pub const MAX_NOTE: usize = 512 << 10;

/// How many signatures a note may have. The specification asks for at least 16.
pub const MAX_SIGNATURES: usize = 100;

const DASH: &str = "— ";

/// Why a note does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoteError {
    /// Longer than [`MAX_NOTE`] or with more than [`MAX_SIGNATURES`] signatures.
    #[error("the note is too long")]
    TooLong,
    /// Control characters other than newlines, no text, or no empty line before the signatures.
    #[error("this is not a signed note")]
    Malformed,
    /// A signature line that is not one.
    #[error("signature line {0} of the note is malformed")]
    SignatureLine(usize),
    /// No signature by the key of this name.
    #[error("the note has no signature by {0}")]
    Missing(String),
    /// A signature by the key of this name that does not hold.
    #[error("the note's signature by {0} does not hold")]
    Signature(String),
}

/// A text and its signatures, none of which has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The text, with its last newline.
    pub text: String,
    /// The signatures, in the order of their lines.
    pub signatures: Vec<Signature>,
}

/// A signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The key's name.
    pub name: String,
    /// The key's identifier.
    pub id: [u8; 4],
    /// What follows the identifier; its shape depends on the key's [`SignatureType`].
    pub bytes: Vec<u8>,
}

impl Note {
    /// Reads a note. What is read is written back byte for byte.
    ///
    /// # Errors
    /// [`NoteError::TooLong`], [`NoteError::Malformed`] or [`NoteError::SignatureLine`].
    pub fn parse(note: &str) -> Result<Note, NoteError> {
        if note.len() > MAX_NOTE {
            return Err(NoteError::TooLong);
        }
        if note.bytes().any(|byte| byte < b' ' && byte != b'\n') {
            return Err(NoteError::Malformed);
        }
        let blank = note.rfind("\n\n").ok_or(NoteError::Malformed)?;
        let (text, lines) = (&note[..=blank], &note[blank + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Malformed)?;
        if lines.split('\n').count() > MAX_SIGNATURES {
            return Err(NoteError::TooLong);
        }
        let signature = |(at, line)| Signature::parse(line).ok_or(NoteError::SignatureLine(at + 1));
        let signatures = lines.split('\n').enumerate().map(signature).collect::<Result<_, _>>()?;
        Ok(Note { text: text.to_owned(), signatures })
    }

    /// Verifies every signature by `key`, of which there must be one. Signatures by other keys are not looked at.
    /// Gives the latest time that the signatures state, in seconds since 1970; none where the type states no time.
    ///
    /// # Errors
    /// [`NoteError::Missing`] or [`NoteError::Signature`].
    pub fn verify(&self, key: &VerifierKey) -> Result<Option<u64>, NoteError> {
        let mut times = Vec::new();
        for signature in self.signatures.iter().filter(|signature| key.claims(signature)) {
            times.push(key.verify(&self.text, signature)?);
        }
        times.into_iter().max().ok_or_else(|| NoteError::Missing(key.name().to_owned()))
    }
}

impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(out, "{signature}"))
    }
}

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Note, NoteError> {
        Note::parse(note)
    }
}

impl Signature {
    /// Reads a signature line without its newline. None when it is malformed.
    pub fn parse(line: &str) -> Option<Signature> {
        let (name, encoded) = line.strip_prefix(DASH)?.split_once(' ')?;
        check_name(name).ok()?;
        let decoded = base64::decode(encoded)?;
        let (id, bytes) = decoded.split_first_chunk::<4>()?;
        if bytes.is_empty() {
            return None;
        }
        Some(Signature { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
    }
}

/// The line, without its newline.
impl fmt::Display for Signature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.id[..], &self.bytes].concat();
        write!(out, "{DASH}{} {}", self.name, BASE64.encode(&bytes))
    }
}
