//! Keeps what PubMed answered: in memory, and as one small file an answer. Failures are never kept.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fs, io};

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use sigilo_citations::Record;

/// Tells the current instant, in UTC.
pub type Clock = Arc<dyn Fn() -> OffsetDateTime + Send + Sync>;

const DAY: i64 = 24 * 60 * 60;
/// How long it is believed that an article was found.
const FOUND: i64 = 30 * DAY;
/// How long it is believed that none was.
const NOT_FOUND: i64 = DAY;
/// How long a description is believed: it says whether the article was retracted.
const DESCRIBED: i64 = 7 * DAY;
const MOST_IN_MEMORY: usize = 2048;
const MOST_FILES: usize = 20_000;
/// A larger file was not written by us.
const LARGEST_FILE: u64 = 512 * 1024;
/// Answers stored between two sweeps of the folder.
const SWEEP_EVERY: u32 = 500;

/// What came of looking for a reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Search {
    /// Candidates, in the order found.
    pub pmids: Vec<u32>,
    /// Whether one of them is the article.
    pub settled: bool,
    /// How many of the ladder's searches were made.
    pub asked: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    Search(Search),
    Record(Box<Record>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Entry {
    /// When it was learnt, in seconds since 1970.
    at: i64,
    kept: Kept,
}

impl Entry {
    fn is_fresh(&self, now: i64) -> bool {
        let longest = match &self.kept {
            Kept::Search(search) if search.settled => FOUND,
            Kept::Search(_) => NOT_FOUND,
            Kept::Record(_) => DESCRIBED,
        };
        // Something learnt in the future means that the clock was set back: ask again.
        (0..longest).contains(&(now - self.at))
    }
}

pub(crate) struct Cache {
    memory: Mutex<HashMap<String, Entry>>,
    folder: Option<PathBuf>,
    clock: Clock,
    written: AtomicU32,
}

impl Cache {
    /// A cache in this folder, which need not exist; none to keep answers in memory only.
    pub(crate) fn new(folder: Option<PathBuf>, clock: Clock) -> Arc<Cache> {
        Arc::new(Cache { memory: Mutex::default(), folder, clock, written: AtomicU32::new(0) })
    }

    /// What came of these searches, unless it is too old.
    pub(crate) async fn search(self: &Arc<Cache>, queries: &[String]) -> Option<Search> {
        match self.get(search_name(queries)).await? {
            Kept::Search(search) => Some(search),
            Kept::Record(_) => None,
        }
    }

    /// An article's description, unless it is too old.
    pub(crate) async fn record(self: &Arc<Cache>, pmid: u32) -> Option<Record> {
        match self.get(record_name(pmid)).await? {
            Kept::Record(record) if record.pmid == pmid => Some(*record),
            _ => None,
        }
    }

    pub(crate) async fn keep_search(self: &Arc<Cache>, queries: &[String], search: Search) {
        self.put(search_name(queries), Kept::Search(search)).await;
    }

    pub(crate) async fn keep_record(self: &Arc<Cache>, record: Record) {
        self.put(record_name(record.pmid), Kept::Record(Box::new(record))).await;
    }

    fn now(&self) -> i64 {
        (self.clock)().unix_timestamp()
    }

    async fn get(self: &Arc<Cache>, name: String) -> Option<Kept> {
        let now = self.now();
        let remembered = self.memory.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
        let entry = match remembered {
            Some(entry) => entry,
            None => {
                let path = self.folder.as_ref()?.join(&name);
                let entry = tokio::task::spawn_blocking(move || read(&path)).await.ok().flatten()?;
                self.remember(name, entry.clone());
                entry
            }
        };
        entry.is_fresh(now).then_some(entry.kept)
    }

    async fn put(self: &Arc<Cache>, name: String, kept: Kept) {
        let entry = Entry { at: self.now(), kept };
        self.remember(name.clone(), entry.clone());
        let Some(folder) = self.folder.clone() else { return };
        let sweep = self.written.fetch_add(1, Ordering::Relaxed).is_multiple_of(SWEEP_EVERY);
        let now = entry.at;
        let stored = tokio::task::spawn_blocking(move || {
            fs::create_dir_all(&folder)?;
            if sweep {
                clean(&folder, now, MOST_FILES)?;
            }
            write(&folder, &name, &entry)
        });
        // What cannot be kept is asked for again; the answer itself is there.
        match stored.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(kind = ?error.kind(), "an answer of PubMed could not be kept"),
            Err(_) => tracing::warn!("keeping an answer of PubMed broke off"),
        }
    }

    fn remember(&self, name: String, entry: Entry) {
        let now = self.now();
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.len() >= MOST_IN_MEMORY && !memory.contains_key(&name) {
            memory.retain(|_, entry| entry.is_fresh(now));
            let mut times: Vec<i64> = memory.values().map(|entry| entry.at).collect();
            if times.len() >= MOST_IN_MEMORY {
                times.sort_unstable();
                let middle = times[times.len() / 2];
                memory.retain(|_, entry| entry.at > middle);
            }
        }
        memory.insert(name, entry);
    }
}

fn search_name(queries: &[String]) -> String {
    hashed(&format!("search\n{}", queries.join("\n")))
}

fn record_name(pmid: u32) -> String {
    hashed(&format!("record\n{pmid}"))
}

/// Names tell nothing of what was asked.
fn hashed(text: &str) -> String {
    HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref())
}

/// A file that cannot be read or understood is as good as none.
fn read(path: &std::path::Path) -> Option<Entry> {
    if fs::metadata(path).ok()?.len() > LARGEST_FILE {
        return None;
    }
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Under another name first, so that a crash leaves no half file under this one.
fn write(folder: &std::path::Path, name: &str, entry: &Entry) -> io::Result<()> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let part = format!("{name}.{}.{}.part", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let part = folder.join(part);
    let written = fs::write(&part, serde_json::to_vec(entry)?).and_then(|()| fs::rename(&part, folder.join(name)));
    if written.is_err() {
        fs::remove_file(&part).ok();
    }
    written
}

/// Removes what is too old or broken, what a crash left, and the oldest above `most`.
fn clean(folder: &std::path::Path, now: i64, most: usize) -> io::Result<()> {
    let mut kept = Vec::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        let ours = path.file_name().and_then(|name| name.to_str()).is_some_and(is_ours);
        match read(&path).filter(|entry| entry.is_fresh(now)) {
            Some(entry) => kept.push((entry.at, path)),
            None if ours => fs::remove_file(path).unwrap_or_default(),
            None => {}
        }
    }
    kept.sort();
    let surplus = kept.len().saturating_sub(most);
    for (_, path) in kept.into_iter().take(surplus) {
        fs::remove_file(path).ok();
    }
    Ok(())
}

/// Whether a file's name is one of ours; the folder may hold something else by mistake.
fn is_ours(name: &str) -> bool {
    let hash = name.split('.').next().unwrap_or_default();
    hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()) && (name.len() == 64 || name.ends_with(".part"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(at: i64) -> Entry {
        Entry { at, kept: Kept::Search(Search { pmids: vec![1], settled: true, asked: 1 }) }
    }

    #[test]
    fn a_sweep_removes_what_is_old_broken_half_or_too_much() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let now = 100 * DAY;
        let fresh: Vec<String> = (0..5).map(|n| hashed(&n.to_string())).collect();
        for (age, name) in fresh.iter().enumerate() {
            write(path, name, &found(now - i64::try_from(age).unwrap())).unwrap();
        }
        let old = hashed("old");
        write(path, &old, &found(now - 31 * DAY)).unwrap();
        let broken = hashed("broken");
        fs::write(path.join(&broken), "{").unwrap();
        fs::write(path.join(format!("{old}.1.2.part")), "{").unwrap();
        fs::write(path.join("LEIA-ME.txt"), "of somebody else").unwrap();
        clean(path, now, 3).unwrap();
        let mut left: Vec<String> =
            fs::read_dir(path).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        let mut expected: Vec<String> = fresh[..3].to_vec();
        expected.push("LEIA-ME.txt".into());
        expected.sort();
        assert_eq!(left, expected);
    }

    #[test]
    fn memory_stays_bounded() {
        let cache = Cache::new(None, Arc::new(|| OffsetDateTime::UNIX_EPOCH));
        for n in 0..3 * MOST_IN_MEMORY {
            cache.remember(n.to_string(), found(0));
        }
        assert!(cache.memory.lock().unwrap().len() <= MOST_IN_MEMORY);
    }

    #[test]
    fn periods() {
        let search = |settled| Kept::Search(Search { pmids: Vec::new(), settled, asked: 3 });
        let record = Kept::Record(Box::default());
        for (kept, longest) in [(search(true), 30 * DAY), (search(false), DAY), (record, 7 * DAY)] {
            let entry = Entry { at: 1000, kept };
            assert!(entry.is_fresh(1000) && entry.is_fresh(1000 + longest - 1));
            assert!(!entry.is_fresh(1000 + longest));
            assert!(!entry.is_fresh(999), "the clock was set back");
        }
    }
}
