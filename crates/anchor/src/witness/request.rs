//! The body of `add-checkpoint`.

use std::fmt;

use data_encoding::BASE64;
use sigilo_proof::{base64, merkle::Hash};

/// The longest body that is read, in bytes: room for a dozen post-quantum signatures by others.
pub const MAX_BODY: usize = 128 << 10;

/// How many hashes a proof may have (C2SP tlog-witness).
pub const MAX_PROOF: usize = 63;

/// A request to cosign a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size of the tree that the witness cosigned last.
    pub old_size: u64,
    /// That its tree is the beginning of the checkpoint's (RFC 6962, § 2.1.2).
    pub proof: Vec<Hash>,
    /// The checkpoint as a signed note.
    pub note: String,
}

impl AddCheckpoint {
    /// Reads a body. What is read is written back byte for byte. The note is not looked at.
    ///
    /// None when it is too long, not UTF-8, or anything but the lines that the specification names.
    pub fn parse(body: &[u8]) -> Option<AddCheckpoint> {
        let body = Some(body).filter(|body| body.len() <= MAX_BODY)?;
        let (head, note) = std::str::from_utf8(body).ok()?.split_once("\n\n")?;
        let mut lines = head.split('\n');
        let old_size = size(lines.next()?.strip_prefix("old ")?)?;
        let proof: Vec<Hash> = lines.map(hash).collect::<Option<_>>()?;
        (proof.len() <= MAX_PROOF).then(|| AddCheckpoint { old_size, proof, note: note.to_owned() })
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "old {}", self.old_size)?;
        self.proof.iter().try_for_each(|hash| writeln!(out, "{}", BASE64.encode(hash)))?;
        write!(out, "\n{}", self.note)
    }
}

/// A size without sign, leading zeros or anything else that it would not be written with.
pub(super) fn size(text: &str) -> Option<u64> {
    text.parse().ok().filter(|size: &u64| size.to_string() == text)
}

fn hash(text: &str) -> Option<Hash> {
    base64::decode(text)?.try_into().ok()
}
