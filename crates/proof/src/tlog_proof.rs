//! Proofs in a file (C2SP tlog-proof): that a log has an entry, for who has nothing but a policy.

use std::{fmt, str::FromStr};

use data_encoding::BASE64;
use thiserror::Error;

use crate::{
    base64,
    checkpoint::{decimal, hash},
    merkle::{self, Hash, ProofError},
    note::MAX_NOTE,
    policy::{Policy, PolicyError, Verdict},
};

/// The most extra data, in bytes.
pub const MAX_EXTRA: usize = 64 << 10;

/// The most hashes: what a tree of 2⁶⁴ leaves needs.
const MAX_HASHES: usize = 64;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Why a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TlogProofError {
    /// Longer than any proof with [`MAX_EXTRA`] bytes of extra data and a note of [`MAX_NOTE`] bytes.
    #[error("the proof is too long")]
    TooLong,
    /// Not as it would be written; the line is counted from 1.
    #[error("line {0} of the proof is malformed")]
    Malformed(usize),
    /// The checkpoint does not satisfy the policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The entry is not in the checkpoint's tree.
    #[error(transparent)]
    Inclusion(#[from] ProofError),
}

/// A proof that an entry is in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// Data that goes with the proof and that nothing in it authenticates. Empty when there is none.
    pub extra: Vec<u8>,
    /// The entry's index in the log.
    pub index: u64,
    /// The inclusion proof, from the leaf up.
    pub hashes: Vec<Hash>,
    /// The log's checkpoint, a whole note.
    pub checkpoint: String,
}

impl TlogProof {
    /// Reads a proof. What is read is written back byte for byte. The checkpoint is not looked into.
    ///
    /// # Errors
    /// [`TlogProofError::TooLong`] or [`TlogProofError::Malformed`].
    pub fn parse(text: &str) -> Result<TlogProof, TlogProofError> {
        // Base64 makes four bytes of three; 8 KiB are ample for the other lines.
        if text.len() > MAX_EXTRA * 4 / 3 + MAX_NOTE + (8 << 10) {
            return Err(TlogProofError::TooLong);
        }
        let mut lines = Lines { rest: text, line: 0 };
        let malformed = |lines: &Lines<'_>| TlogProofError::Malformed(lines.line);
        if lines.next() != Some(HEADER) {
            return Err(malformed(&lines));
        }
        let mut line = lines.next().unwrap_or("");
        let mut extra = Vec::new();
        if let Some(encoded) = line.strip_prefix("extra ") {
            extra = base64::decode(encoded)
                .filter(|extra| !extra.is_empty() && extra.len() <= MAX_EXTRA)
                .ok_or_else(|| malformed(&lines))?;
            line = lines.next().unwrap_or("");
        }
        let index = line.strip_prefix("index ").and_then(decimal).ok_or_else(|| malformed(&lines))?;
        let mut hashes = Vec::new();
        loop {
            match lines.next() {
                Some("") => break,
                Some(line) if hashes.len() < MAX_HASHES => {
                    hashes.push(hash(line).ok_or_else(|| malformed(&lines))?);
                }
                _ => return Err(malformed(&lines)),
            }
        }
        if lines.rest.is_empty() {
            return Err(TlogProofError::Malformed(lines.line + 1));
        }
        Ok(TlogProof { extra, index, hashes, checkpoint: lines.rest.to_owned() })
    }

    /// Verifies that the leaf hash `leaf` is in the log, under a policy. Gives what the policy found.
    ///
    /// # Errors
    /// [`TlogProofError::Policy`] or [`TlogProofError::Inclusion`].
    pub fn verify(&self, policy: &Policy, leaf: &Hash) -> Result<Verdict, TlogProofError> {
        let verdict = policy.check(&self.checkpoint)?;
        let Verdict { checkpoint, .. } = &verdict;
        merkle::verify_inclusion(leaf, self.index, checkpoint.size, &self.hashes, &checkpoint.root)?;
        Ok(verdict)
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{HEADER}")?;
        if !self.extra.is_empty() {
            writeln!(out, "extra {}", BASE64.encode(&self.extra))?;
        }
        writeln!(out, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(out, "{}", BASE64.encode(hash)))?;
        write!(out, "\n{}", self.checkpoint)
    }
}

impl FromStr for TlogProof {
    type Err = TlogProofError;

    fn from_str(text: &str) -> Result<TlogProof, TlogProofError> {
        TlogProof::parse(text)
    }
}

/// Lines that end in a newline, counted.
struct Lines<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a str> {
        self.line += 1;
        let (line, rest) = self.rest.split_once('\n')?;
        self.rest = rest;
        Some(line)
    }
}
