//! What an index was built from; kept in its own commit, so that both change at once or not at all.

use serde::{Deserialize, Serialize};

/// What was read so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// Files whose every record is in the index.
    pub files: Vec<FileDone>,
    /// Newest revision in them.
    pub newest: Option<String>,
    /// Highest PMID in the index: a record up to it may replace an older version.
    pub highest: u32,
}

/// A file that is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileDone {
    /// Its name, without folder.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// CRC-32 of its bytes.
    pub crc32: u32,
    /// Records in it.
    pub records: u64,
    /// It replaced or deleted what an earlier file said, so it must not be overtaken by one.
    #[serde(default)]
    pub replaces: bool,
}

impl State {
    /// The state in the last commit; none when nothing was committed.
    pub fn of(index: &tantivy::Index) -> Option<State> {
        serde_json::from_str(&index.load_metas().ok()?.payload?).ok()
    }

    /// As it goes into a commit.
    pub fn payload(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether this very file is done.
    pub fn holds(&self, name: &str, size: u64) -> bool {
        self.files.iter().any(|done| done.name == name && done.size == size)
    }
}
