//! The local citation index.

mod build;
mod error;
mod look_up;
mod schema;
mod state;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde::Serialize;
use tantivy::{
    IndexReader, ReloadPolicy, Searcher, TantivyDocument, Term,
    collector::{Count, TopDocs},
    query::TermQuery,
    schema::{IndexRecordOption, Value},
};

pub use build::{Options, Progress, Step, Summary, build};
pub use error::IndexError;

use crate::{Record, Weights, bundled, codec};
use schema::Fields;
use state::State;

/// Known articles, searchable by what a reference says of them. Reads a new version without restart.
pub struct Index {
    reader: IndexReader,
    fields: Fields,
    folder: Option<PathBuf>,
}

/// What an index holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Articles that can be found.
    pub records: u64,
    /// Of those, retracted ones.
    pub retracted: u64,
    /// Files of PubMed that it was built from.
    pub files: usize,
    /// Newest revision in those files, as `2026-11-24`: up to then retractions are known.
    pub newest_update: Option<String>,
    /// Size on disk, in bytes.
    pub bytes: u64,
    /// Size on disk for each article, in bytes.
    pub bytes_per_record: u64,
    /// It is the small one that comes along, which holds a tiny part of PubMed.
    pub bundled: bool,
}

static BUNDLED: LazyLock<Result<Bundled, String>> =
    LazyLock::new(|| build::in_ram(bundled::records()).map_err(|error| error.to_string()));

/// An index in memory, shared by everybody who asks for it.
pub(crate) struct Bundled {
    index: tantivy::Index,
    fields: Fields,
}

impl Index {
    /// Opens the index in a folder.
    ///
    /// # Errors
    /// [`IndexError::Missing`] when there is none; others when it cannot be read.
    pub fn open(folder: &Path) -> Result<Index, IndexError> {
        if !folder.join("meta.json").is_file() {
            return Err(IndexError::Missing(folder.to_owned()));
        }
        let index = tantivy::Index::open_in_dir(folder).map_err(|error| IndexError::reading(folder, &error))?;
        let fields = Fields::of(&index.schema()).ok_or(IndexError::OtherFormat)?;
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::OnCommitWithDelay)
            .doc_store_cache_num_blocks(16)
            .try_into()
            .map_err(|error| IndexError::reading(folder, &error))?;
        Ok(Index { reader, fields, folder: Some(folder.to_owned()) })
    }

    /// The small index that comes along, in memory; built when first asked for.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn bundled() -> Result<Index, IndexError> {
        let bundled = BUNDLED.as_ref().map_err(|error| IndexError::Other(error.clone()))?;
        let reader = bundled
            .index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()
            .map_err(|error| IndexError::Other(error.to_string()))?;
        Ok(Index { reader, fields: bundled.fields, folder: None })
    }

    /// An index of these records in memory, for tests and measurements.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn of(records: &[Record]) -> Result<Index, IndexError> {
        let made = build::in_ram(records)?;
        let reader = made.index.reader().map_err(|error| IndexError::Other(error.to_string()))?;
        Ok(Index { reader, fields: made.fields, folder: None })
    }

    /// Reads what was committed meanwhile at once, instead of a moment later by itself.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn reload(&self) -> Result<(), IndexError> {
        self.reader.reload().map_err(IndexError::from)
    }

    /// The article of a PMID.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn by_pmid(&self, pmid: u32) -> Result<Option<Record>, IndexError> {
        let searcher = self.reader.searcher();
        let query = TermQuery::new(Term::from_field_u64(self.fields.pmid, u64::from(pmid)), IndexRecordOption::Basic);
        let found = searcher.search(&query, &TopDocs::with_limit(1).order_by_score()).map_err(IndexError::from)?;
        found.first().map(|(_, at)| self.record(&searcher, *at)).transpose().map(Option::flatten)
    }

    /// Weights of title words, counted in this index.
    pub fn weights(&self) -> Weights {
        let (reader, field) = (self.reader.clone(), self.fields.title);
        Weights::asked(self.reader.searcher().num_docs(), move |word| {
            reader.searcher().doc_freq(&Term::from_field_text(field, word)).unwrap_or(0)
        })
    }

    /// What it holds. A folder that another process changes meanwhile gives the numbers of one version.
    pub fn status(&self) -> Status {
        let searcher = self.reader.searcher();
        let records = searcher.num_docs();
        let retracted = TermQuery::new(Term::from_field_u64(self.fields.retracted, 1), IndexRecordOption::Basic);
        let retracted = searcher.search(&retracted, &Count).unwrap_or(0) as u64;
        let state = self.folder.is_some().then(|| State::of(searcher.index())).flatten();
        let bytes = match &self.folder {
            Some(folder) => size(folder),
            None => searcher.space_usage().map_or(0, |usage| usage.total().get_bytes()),
        };
        Status {
            records,
            retracted,
            files: state.as_ref().map_or(0, |state| state.files.len()),
            newest_update: match &state {
                Some(state) => state.newest.clone(),
                None => self.folder.is_none().then(|| bundled::DATE.to_owned()),
            },
            bytes,
            bytes_per_record: bytes.checked_div(records).unwrap_or(0),
            bundled: self.folder.is_none(),
        }
    }

    fn record(&self, searcher: &Searcher, at: tantivy::DocAddress) -> Result<Option<Record>, IndexError> {
        let document: TantivyDocument = searcher.doc(at).map_err(IndexError::from)?;
        Ok(document.get_first(self.fields.stored).and_then(|value| value.as_bytes()).and_then(codec::read))
    }
}

fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).filter(std::fs::Metadata::is_file).map(|meta| meta.len()).sum()
}
