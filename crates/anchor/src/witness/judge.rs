//! Whether a checkpoint is cosigned.

use std::{
    collections::BTreeMap,
    fs::File,
    path::Path,
    sync::{Mutex, PoisonError},
};

use sigilo_domain::Clock;
use sigilo_proof::{
    checkpoint::Checkpoint,
    merkle::{empty_root, verify_consistency},
    note::{Note, NoteError, VerifierKey},
};
use thiserror::Error;

use super::{
    folder::{Folder, FolderError, Kept},
    key::Keys,
    logs::Logs,
    request::AddCheckpoint,
};

/// Why a checkpoint is not cosigned.
#[derive(Debug, Error)]
pub enum Refusal {
    /// Not a request, not a checkpoint, or an older size above the checkpoint's. Checkpoints with extension lines
    /// are refused too, because the ML-DSA-44 cosignature does not cover these.
    #[error("malformed request")]
    Malformed,
    /// No log of that origin is followed.
    #[error("unknown log")]
    UnknownLog,
    /// No key of the log has signed, or a signature that names one does not hold.
    #[error("no valid signature by a known key of the log")]
    UnknownKey,
    /// The log has not started from what was cosigned last, or shows another tree of the same size.
    #[error("the last cosigned size is {0}")]
    Conflict(u64),
    /// The proof does not lead from what was cosigned last to this checkpoint.
    #[error("the consistency proof does not hold")]
    Inconsistent,
    /// What was seen cannot be read or kept. Nothing leaves.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The clock or the cryptographic library refuses.
    #[error("the checkpoint cannot be cosigned")]
    Signing,
}

/// A witness: keys, logs, and what it has seen of them.
pub struct Witness {
    keys: Keys,
    folder: Folder,
    logs: BTreeMap<String, Log>,
    clock: Box<dyn Clock>,
    _lock: File,
}

struct Log {
    keys: Vec<VerifierKey>,
    /// Held from reading what was seen until the new state is on the disk: of two trees only one is cosigned.
    turn: Mutex<()>,
}

/// What a witness has seen of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The last checkpoint that it cosigned.
    pub checkpoint: Checkpoint,
    /// When, in seconds since 1970.
    pub time: u64,
    /// The whole note, with the log's signatures and the witness's.
    pub note: String,
}

impl Witness {
    /// Opens the witness of `folder`, which has been made by [`Keys::create`], and holds the folder until dropped.
    ///
    /// # Errors
    /// [`FolderError`], also when what it keeps of one of the logs is damaged.
    pub fn open(folder: &Path, logs: Logs, clock: impl Clock + 'static) -> Result<Witness, FolderError> {
        let keys = Keys::open(folder)?;
        let folder = Folder::new(folder);
        let lock = folder.lock()?;
        let logs = logs.0.into_iter().map(|(origin, keys)| (origin, Log { keys, turn: Mutex::default() })).collect();
        let witness = Witness { keys, folder, logs, clock: Box::new(clock), _lock: lock };
        witness.logs.keys().try_for_each(|origin| witness.seen(origin).map(drop))?;
        Ok(witness)
    }

    /// The witness's public keys.
    pub fn verifier_keys(&self) -> [&VerifierKey; 2] {
        self.keys.verifier_keys()
    }

    /// The origins of the logs that it follows, in their order.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        self.logs.keys().map(String::as_str)
    }

    /// What it has seen of a log; none when it has cosigned nothing.
    ///
    /// # Errors
    /// [`FolderError`]: what is damaged is not taken for nothing seen.
    pub fn seen(&self, origin: &str) -> Result<Option<Seen>, FolderError> {
        let Some(note) = self.folder.read(origin, Kept::Last)? else { return Ok(None) };
        let seen = self.own(origin, note);
        seen.map(Some).ok_or_else(|| FolderError::Damaged(self.folder.path(origin, Kept::Last)))
    }

    /// The first checkpoint with the log's signature that did not continue what was seen. Beside [`Witness::seen`] it
    /// is evidence: the log has signed both, and shows no proof that the one grew into the other.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn refused(&self, origin: &str) -> Result<Option<String>, FolderError> {
        self.folder.read(origin, Kept::Refused)
    }

    /// Judges a request (C2SP tlog-witness, "add-checkpoint"). Gives the cosignature lines, each with its newline, once
    /// the checkpoint is on the disk. Works with files: not for a thread that must not wait.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn add(&self, body: &[u8]) -> Result<String, Refusal> {
        let request = AddCheckpoint::parse(body).ok_or(Refusal::Malformed)?;
        let note = Note::parse(&request.note).map_err(|_| Refusal::Malformed)?;
        let checkpoint = Checkpoint::parse(&note.text).map_err(|_| Refusal::Malformed)?;
        let log = self.logs.get(&checkpoint.origin).ok_or(Refusal::UnknownLog)?;
        let mut kept = log.signed(&note).ok_or(Refusal::UnknownKey)?;
        if request.old_size > checkpoint.size {
            return Err(Refusal::Malformed);
        }
        // What a panic could have left half done is on the disk or is not.
        let _turn = log.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.compare(&request, &checkpoint)?;
        let time = u64::try_from(self.clock.now().unix_timestamp()).map_err(|_| Refusal::Signing)?;
        let lines = self.keys.cosign(&checkpoint, time).map_err(|_| Refusal::Signing)?;
        kept.push_str(&lines);
        self.folder.keep(&checkpoint.origin, Kept::Last, &kept)?;
        tracing::info!(origin = checkpoint.origin, size = checkpoint.size, "cosigned");
        Ok(lines)
    }

    /// Whether the checkpoint continues what was seen.
    fn compare(&self, request: &AddCheckpoint, checkpoint: &Checkpoint) -> Result<(), Refusal> {
        let (size, root) = match self.seen(&checkpoint.origin)? {
            Some(seen) => (seen.checkpoint.size, seen.checkpoint.root),
            None => (0, empty_root()),
        };
        if request.old_size != size {
            return Err(Refusal::Conflict(size));
        }
        let refusal = if size == checkpoint.size && root != checkpoint.root {
            Refusal::Conflict(size)
        } else if verify_consistency(size, &root, checkpoint.size, &checkpoint.root, &request.proof).is_err() {
            Refusal::Inconsistent
        } else {
            return Ok(());
        };
        tracing::warn!(
            origin = checkpoint.origin,
            seen = size,
            size = checkpoint.size,
            "does not continue what was seen"
        );
        if self.refused(&checkpoint.origin)?.is_none() {
            self.folder.keep(&checkpoint.origin, Kept::Refused, &request.note)?;
        }
        Err(refusal)
    }

    /// A note that this witness wrote, which both of its signatures tell.
    fn own(&self, origin: &str, note: String) -> Option<Seen> {
        let read = Note::parse(&note).ok()?;
        let checkpoint = Checkpoint::parse(&read.text).ok().filter(|checkpoint| checkpoint.origin == origin)?;
        let [ed25519, ml_dsa_44] = self.verifier_keys();
        read.verify(ml_dsa_44).ok()?;
        let time = read.verify(ed25519).ok()??;
        Some(Seen { checkpoint, time, note })
    }
}

impl Log {
    /// The note with the signatures of the log's known keys alone, one of each. None when there are none, or when one of
    /// them does not hold: a log that signs well has nothing to gain from a bad signature beside the good one.
    fn signed(&self, note: &Note) -> Option<String> {
        let mut kept = Note { text: note.text.clone(), signatures: Vec::new() };
        for key in &self.keys {
            match note.verify(key) {
                Ok(_) => kept.signatures.extend(note.signatures.iter().find(|one| key.claims(one)).cloned()),
                Err(NoteError::Missing(_)) => {}
                Err(_) => return None,
            }
        }
        (!kept.signatures.is_empty()).then(|| kept.to_string())
    }
}
