//! Encrypted copies of both databases, their way back, and the drill that shows that they come back.
//!
//! A copy is a folder with two archives and a manifest. The product's database and the keystore are archives of their own,
//! because they live for different times: a person's key that was destroyed is gone when the last copy of the keystore that
//! had it is, while the rest may be kept for years. The product's database is copied first and the keystore afterwards: a
//! key without a person harms nobody, a person without a key could never be read again.
//!
//! An archive is what `pg_dump` writes, encrypted as it is written (age, <https://age-encryption.org/v1>): nothing plain
//! touches the disk, and `age -d | pg_restore` opens it without this program. Whoever knows the recipient can make an
//! archive, so that being able to decrypt one does not say who made it; the trail inside, checked with the log's keys, does.

mod archive;
mod drill;
mod key;
mod lock;
mod make;
mod manifest;
mod problem;
mod restore;
mod shelf;

pub use drill::{Drill, Known, Origin, Step, drill};
pub use key::{Identity, Recipient};
pub use make::{Made, Plan, Source, make};
pub use manifest::{Archive, Manifest};
pub use problem::{Problem, Result};
pub use restore::{Chain, Restored, restore};
pub use shelf::{Copy, LONGEST_KEEP_DAYS};

/// How far a long work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Which archive.
    pub part: Part,
    /// Bytes of the archive so far.
    pub bytes: u64,
    /// Tables begun.
    pub tables: usize,
    /// Tables there are.
    pub of: usize,
}

/// One of the two archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The product's database.
    Application,
    /// The keystore.
    Keystore,
}

impl Part {
    /// Its name on screen.
    pub fn label(self) -> &'static str {
        match self {
            Part::Application => "prontuário",
            Part::Keystore => "chaves",
        }
    }

    /// Its archive's name.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Part::Application => "prontuario.age",
            Part::Keystore => "chaves.age",
        }
    }
}

/// Who is told how far it is; called often.
pub type Told<'a> = &'a (dyn Fn(Progress) + Sync);
