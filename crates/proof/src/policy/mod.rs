//! Whom a verifier trusts (C2SP tlog-policy): the logs, the witnesses, and how many of these must have cosigned.
//!
//! The file reaches the verifier by another way than what it verifies.

mod read;

pub use read::{MAX_DEFINITIONS, MAX_POLICY, PolicyProblem, PolicySyntaxError};

use thiserror::Error;

use crate::{
    checkpoint::Checkpoint,
    note::{Note, NoteError, SignatureType, VerifierKey},
};

/// A policy.
#[derive(Debug, Clone)]
pub struct Policy {
    logs: Vec<Log>,
    /// Witnesses and groups in the order of their lines; a group names only what stands before it.
    definitions: Vec<Definition>,
    /// The definition that must hold. None when no cosignature is asked for.
    quorum: Option<usize>,
}

/// A log that is trusted.
#[derive(Debug, Clone)]
pub struct Log {
    /// The key; its name is the log's origin.
    pub key: VerifierKey,
    /// Where the log is reached.
    pub url: Option<String>,
}

/// A witness that is trusted.
#[derive(Debug, Clone)]
pub struct Witness {
    /// The name within the policy.
    pub name: String,
    /// The key.
    pub key: VerifierKey,
    /// Where the witness is reached.
    pub url: Option<String>,
}

#[derive(Debug, Clone)]
enum Definition {
    Witness(Witness),
    Group { name: String, needed: usize, members: Vec<usize> },
}

impl Definition {
    fn name(&self) -> &str {
        match self {
            Definition::Witness(witness) => &witness.name,
            Definition::Group { name, .. } => name,
        }
    }
}

/// What was found on a note that satisfies a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What the log stated.
    pub checkpoint: Checkpoint,
    /// The log's signatures; at least one.
    pub log: Vec<LogSignature>,
    /// The witnesses that cosigned, each once, in the policy's order.
    pub witnesses: Vec<Cosignature>,
}

/// A log's signature that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSignature {
    /// Of which type. A caller that asks for a signature which quantum computers do not forge looks here.
    pub kind: SignatureType,
    /// The time it states, in seconds since 1970, where the type states one.
    pub time: Option<u64>,
}

/// A witness's cosignature that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// The witness's name within the policy.
    pub name: String,
    /// The time it states, in seconds since 1970.
    pub time: u64,
}

/// Why a note does not satisfy a policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// It is no signed note.
    #[error(transparent)]
    Note(NoteError),
    /// The note's text is no checkpoint.
    #[error("the note's text is not a checkpoint")]
    Checkpoint,
    /// No log of that origin is trusted.
    #[error("the log {0} is not trusted")]
    UnknownOrigin(String),
    /// The log is trusted, but none of its trusted keys has signed.
    #[error("no trusted key of the log {0} has signed")]
    LogMissing(String),
    /// A signature that names a trusted key of the log does not hold.
    #[error("the signature of the log {0} does not hold")]
    LogSignature(String),
    /// A cosignature that names a trusted witness does not hold.
    #[error("the cosignature of the witness {0} does not hold")]
    WitnessSignature(String),
    /// Too few witnesses have cosigned.
    #[error("{seen} of {of} have cosigned, {needed} are needed")]
    Quorum {
        /// How many of the quorum's members have cosigned.
        seen: usize,
        /// How many must have.
        needed: usize,
        /// How many members there are.
        of: usize,
    },
}

impl Policy {
    /// The trusted logs.
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// The trusted witnesses.
    pub fn witnesses(&self) -> impl Iterator<Item = &Witness> {
        self.definitions.iter().filter_map(|definition| match definition {
            Definition::Witness(witness) => Some(witness),
            Definition::Group { .. } => None,
        })
    }

    /// Whether `note` is a checkpoint that a trusted log signed and a quorum of witnesses cosigned. Signatures by keys
    /// that the policy does not name are not looked at; one by a key that it names must hold, whether needed or not.
    /// Times are not judged.
    ///
    /// # Errors
    /// [`PolicyError`], with the first reason found.
    pub fn check(&self, note: &str) -> Result<Verdict, PolicyError> {
        let note = Note::parse(note).map_err(PolicyError::Note)?;
        let checkpoint = Checkpoint::parse(&note.text).map_err(|_| PolicyError::Checkpoint)?;
        let log = self.log_signatures(&note, &checkpoint.origin)?;
        let witnesses = self.cosignatures(&note)?;
        self.check_quorum(&witnesses)?;
        Ok(Verdict { checkpoint, log, witnesses })
    }

    fn log_signatures(&self, note: &Note, origin: &str) -> Result<Vec<LogSignature>, PolicyError> {
        let mut keys = self.logs.iter().map(|log| &log.key).filter(|key| key.name() == origin).peekable();
        if keys.peek().is_none() {
            return Err(PolicyError::UnknownOrigin(origin.to_owned()));
        }
        let mut found = Vec::new();
        for key in keys {
            match note.verify(key) {
                Ok(time) => found.push(LogSignature { kind: key.kind(), time }),
                Err(NoteError::Missing(_)) => {}
                Err(_) => return Err(PolicyError::LogSignature(origin.to_owned())),
            }
        }
        if found.is_empty() { Err(PolicyError::LogMissing(origin.to_owned())) } else { Ok(found) }
    }

    fn cosignatures(&self, note: &Note) -> Result<Vec<Cosignature>, PolicyError> {
        let mut found = Vec::new();
        for witness in self.witnesses() {
            match note.verify(&witness.key) {
                Ok(Some(time)) => found.push(Cosignature { name: witness.name.clone(), time }),
                Err(NoteError::Missing(_)) => {}
                _ => return Err(PolicyError::WitnessSignature(witness.name.clone())),
            }
        }
        Ok(found)
    }

    fn check_quorum(&self, witnesses: &[Cosignature]) -> Result<(), PolicyError> {
        let Some(quorum) = self.quorum else { return Ok(()) };
        let mut holds = Vec::with_capacity(self.definitions.len());
        let mut verdict = Ok(());
        for definition in &self.definitions[..=quorum] {
            let (seen, needed, of) = match definition {
                Definition::Witness(witness) => {
                    (witnesses.iter().filter(|seen| seen.name == witness.name).count(), 1, 1)
                }
                Definition::Group { needed, members, .. } => {
                    (members.iter().filter(|&&member| holds[member]).count(), *needed, members.len())
                }
            };
            holds.push(seen >= needed);
            verdict = if seen >= needed { Ok(()) } else { Err(PolicyError::Quorum { seen, needed, of }) };
        }
        verdict
    }
}
