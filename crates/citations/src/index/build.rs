//! Building and updating: files in, one commit a batch, everything resumable.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tantivy::{IndexWriter, TantivyDocument, Term};

use super::{
    Bundled, IndexError,
    schema::{self, Fields},
    state::{FileDone, State},
};
use crate::{
    Record,
    pubmed_xml::{self, Entry, XmlError},
};

/// How to build.
#[derive(Debug, Clone)]
pub struct Options {
    /// Threads that read XML; the index is written by others.
    pub threads: usize,
    /// Memory of the index writer, in bytes; at least 15 MB for each of its threads.
    pub memory: usize,
    /// Records after which what was read is made permanent. A crash loses at most so many.
    pub batch: u64,
    /// Only into an index that exists.
    pub update: bool,
}

impl Default for Options {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Options { threads: cores.clamp(1, 4), memory: 100 << 20, batch: 250_000, update: false }
    }
}

/// What just happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A file was read and handed to the index.
    Read,
    /// A file could not be used, and why. None of it is in the index.
    Skipped(String),
    /// What was read so far is permanent.
    Committed,
}

/// How far it is.
#[derive(Debug, Clone)]
pub struct Progress<'a> {
    /// What just happened.
    pub step: Step,
    /// The file it happened to; empty for a commit.
    pub file: &'a str,
    /// Files done in this run, skipped ones among them.
    pub done: usize,
    /// Files to do in this run.
    pub of: usize,
    /// Records read in this run.
    pub records: u64,
    /// Records a second in this run.
    pub rate: f64,
    /// Estimate of what is left; none at the beginning.
    pub left: Option<Duration>,
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files read.
    pub files: usize,
    /// Files that were in the index already.
    pub known: usize,
    /// Files that could not be used, and why.
    pub skipped: Vec<(String, String)>,
    /// Records added or replaced.
    pub records: u64,
    /// PMIDs that PubMed took back.
    pub deleted: u64,
}

/// One file's content in memory, so that a damaged file adds nothing.
struct Parsed {
    done: FileDone,
    entries: Vec<Entry>,
    newest: Option<String>,
}

/// Reads every `.xml` and `.xml.gz` of a folder into the index, in order of their names, which is PubMed's order of
/// issue. Files that the index holds are left out, so a run that broke off, by whatever means, is simply repeated.
/// Whoever watches may stop it; then, as after a crash, what was committed stays.
///
/// # Errors
/// When there are no files, another process writes, the disk is full, the watcher stopped it, or the index is unusable.
/// A file that cannot be used is no error: it is named in the summary.
pub fn build(
    xml: &Path,
    folder: &Path,
    options: &Options,
    watch: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
) -> Result<Summary, IndexError> {
    let files = files(xml)?;
    let index = open(folder, options.update)?;
    let fields = Fields::of(&index.schema()).ok_or(IndexError::OtherFormat)?;
    let writing = |error| IndexError::writing(folder, &error);
    // One thread a core would cost memory that reading needs.
    let mut writer: IndexWriter = index.writer_with_num_threads(2, options.memory).map_err(writing)?;
    // After the lock: nobody else can change it now.
    let mut state = State::of(&index).unwrap_or_default();
    let mut summary = Summary::default();
    let (todo, refused) = todo(&files, &state);
    summary.known = files.len() - todo.len() - refused.len();
    for name in refused {
        let why = "é mais antigo que atualizações já feitas, cujos arquivos não estão na pasta";
        summary.skipped.push((name.to_owned(), why.to_owned()));
    }
    let mut run = Run { started: Instant::now(), of: todo.len(), done: 0, records: 0, watch };
    let mut uncommitted = 0;
    for wave in todo.chunks(options.threads.max(1)) {
        let parsed: Vec<Result<Parsed, XmlError>> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                wave.iter().map(|(path, name, size)| scope.spawn(move || parse(path, name, *size))).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|_| Err(XmlError::Xml("erro interno ao ler".into()))))
                .collect()
        });
        for ((_, name, _), parsed) in wave.iter().zip(parsed) {
            run.done += 1;
            let step = match parsed {
                Ok(parsed) => {
                    let read = parsed.done.records;
                    summary.deleted += add(&writer, fields, &mut state, parsed).map_err(writing)?;
                    summary.files += 1;
                    summary.records += read;
                    run.records += read;
                    uncommitted += read.max(1);
                    Step::Read
                }
                Err(error) => {
                    summary.skipped.push((name.clone(), error.to_string()));
                    Step::Skipped(error.to_string())
                }
            };
            run.tell(step, name)?;
            if uncommitted >= options.batch {
                commit(&mut writer, &state).map_err(writing)?;
                uncommitted = 0;
                run.tell(Step::Committed, "")?;
            }
        }
    }
    if uncommitted > 0 {
        commit(&mut writer, &state).map_err(writing)?;
        run.tell(Step::Committed, "")?;
    }
    writer.wait_merging_threads().map_err(writing)?;
    Ok(summary)
}

struct Run<'a> {
    started: Instant,
    of: usize,
    done: usize,
    records: u64,
    watch: &'a mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
}

impl Run<'_> {
    fn tell(&mut self, step: Step, file: &str) -> Result<(), IndexError> {
        let elapsed = self.started.elapsed();
        let left = (self.done > 0).then(|| elapsed.mul_f64((self.of - self.done) as f64 / self.done as f64));
        let rate = self.records as f64 / elapsed.as_secs_f64().max(0.001);
        let progress = Progress { step, file, done: self.done, of: self.of, records: self.records, rate, left };
        match (self.watch)(&progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(IndexError::Stopped),
        }
    }
}

fn commit(writer: &mut IndexWriter, state: &State) -> tantivy::Result<()> {
    let mut prepared = writer.prepare_commit()?;
    prepared.set_payload(&state.payload());
    prepared.commit().map(|_| ())
}

/// Adds one file. A version that may be in the index already is taken out first.
fn add(writer: &IndexWriter, fields: Fields, state: &mut State, mut parsed: Parsed) -> tantivy::Result<u64> {
    let before = state.highest;
    let mut in_file = std::collections::HashSet::new();
    let mut deleted = 0;
    let pmid_term = |pmid: u32| Term::from_field_u64(fields.pmid, u64::from(pmid));
    for entry in &parsed.entries {
        match entry {
            Entry::Deleted(pmid) => {
                writer.delete_term(pmid_term(*pmid));
                parsed.done.replaces = true;
                deleted += 1;
            }
            Entry::Record(record) => {
                let again = !in_file.insert(record.pmid);
                if again || record.pmid <= before {
                    writer.delete_term(pmid_term(record.pmid));
                    parsed.done.replaces = true;
                }
                state.highest = state.highest.max(record.pmid);
                writer.add_document(schema::document(record, fields))?;
            }
        }
    }
    state.files.retain(|done| done.name != parsed.done.name);
    state.files.push(parsed.done);
    state.newest = state.newest.take().max(parsed.newest);
    Ok(deleted)
}

fn open(folder: &Path, must_exist: bool) -> Result<tantivy::Index, IndexError> {
    if folder.join("meta.json").is_file() {
        return tantivy::Index::open_in_dir(folder).map_err(|error| IndexError::reading(folder, &error));
    }
    if must_exist {
        return Err(IndexError::Missing(folder.to_owned()));
    }
    fs::create_dir_all(folder).map_err(|error| IndexError::Folder(folder.to_owned(), error))?;
    tantivy::Index::builder()
        .schema(schema::schema())
        .settings(schema::settings())
        .create_in_dir(folder)
        .map_err(|error| IndexError::writing(folder, &error))
}

/// The files of a folder with name and size, in order of their names.
fn files(folder: &Path) -> Result<Vec<XmlFile>, IndexError> {
    let unreadable = |error| IndexError::Folder(folder.to_owned(), error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let meta = fs::metadata(entry.path()).map_err(unreadable)?;
        if meta.is_file() && (name.ends_with(".xml") || name.ends_with(".xml.gz")) {
            found.push((entry.path(), name, meta.len()));
        }
    }
    if found.is_empty() {
        return Err(IndexError::NoFiles(folder.to_owned()));
    }
    found.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(found)
}

type XmlFile = (PathBuf, String, u64);

/// What is to be read, and what cannot be. A file that comes late must not undo what later ones replaced or deleted, so
/// those are read again after it; without them at hand it stays out.
fn todo<'a>(files: &'a [XmlFile], state: &State) -> (Vec<&'a XmlFile>, Vec<&'a str>) {
    let new = |(_, name, size): &XmlFile| !state.holds(name, *size);
    let (mut oldest, mut refused) = (None, Vec::new());
    for (_, name, _) in files.iter().filter(|file| new(file)) {
        let mut overtaken = state.files.iter().filter(|done| done.replaces && done.name > *name);
        if overtaken.all(|done| files.iter().any(|(_, here, _)| *here == done.name)) {
            oldest = oldest.or(Some(name));
        } else {
            refused.push(name.as_str());
        }
    }
    let again = |name: &String| {
        oldest.is_some_and(|oldest| name > oldest) && state.files.iter().any(|done| done.replaces && done.name == *name)
    };
    let todo =
        files.iter().filter(|file| (new(file) || again(&file.1)) && !refused.contains(&file.1.as_str())).collect();
    (todo, refused)
}

fn parse(path: &Path, name: &str, size: u64) -> Result<Parsed, XmlError> {
    let source = Summed { inner: File::open(path)?, crc: crc32fast::Hasher::new() };
    let shared = std::sync::Arc::new(std::sync::Mutex::new(source));
    let mut reader = pubmed_xml::from_read(BufReader::with_capacity(1 << 16, Shared(shared.clone())))?;
    let mut entries = Vec::new();
    let mut records = 0;
    for entry in &mut reader {
        let mut entry = entry?;
        if let Entry::Record(record) = &mut entry {
            records += 1;
            slim(record);
        }
        entries.push(entry);
    }
    let newest = reader.newest_revision();
    drop(reader);
    let crc32 = shared.lock().map_or(0, |source| source.crc.clone().finalize());
    Ok(Parsed { done: FileDone { name: name.to_owned(), size, crc32, records, replaces: false }, entries, newest })
}

/// Keeps what the index keeps: a file holds 30 000 articles, and several files are in memory at once.
fn slim(record: &mut Record) {
    let total = record.authors.len().max(usize::from(record.author_count));
    if record.authors.len() > 3 {
        record.further_authors =
            record.authors[3..].iter().map(|author| crate::people::digest(&author.family)).collect();
        record.authors.truncate(3);
        record.authors.shrink_to_fit();
    }
    record.author_count = if total > record.authors.len() { u16::try_from(total).unwrap_or(u16::MAX) } else { 0 };
    if !record.journal_abbreviation.is_empty() {
        record.journal = String::new();
    }
    record.doi_digest = record.doi.take().map(|doi| crate::codec::doi_digest(&doi));
    record.title.shrink_to_fit();
}

/// Sums up what is read.
struct Summed {
    inner: File,
    crc: crc32fast::Hasher,
}

struct Shared(std::sync::Arc<std::sync::Mutex<Summed>>);

impl Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut source = self.0.lock().map_err(|_| io::Error::other("leitura interrompida"))?;
        let count = source.inner.read(buffer)?;
        source.crc.update(&buffer[..count]);
        Ok(count)
    }
}

/// A small index in memory.
pub(crate) fn in_ram(records: &[Record]) -> Result<Bundled, IndexError> {
    let index = tantivy::Index::builder().schema(schema::schema()).settings(schema::settings()).create_in_ram()?;
    let fields = Fields::of(&index.schema()).ok_or(IndexError::OtherFormat)?;
    let mut writer: IndexWriter<TantivyDocument> = index.writer_with_num_threads(1, 32 << 20)?;
    for record in records {
        writer.add_document(schema::document(record, fields))?;
    }
    writer.commit()?;
    writer.wait_merging_threads()?;
    Ok(Bundled { index, fields })
}
