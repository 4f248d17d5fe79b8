//! A folder of copies: which there are, what a killed run left, and the keystore's archives that are too old.

use std::{
    fs::{self, File},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use time::{Duration, OffsetDateTime, macros::format_description};

use crate::{Manifest, Part, Problem, Result, archive, lock};

/// The longest that a keystore's archive may be kept, in days.
pub const LONGEST_KEEP_DAYS: u16 = 35;

const PREFIX: &str = "sigilo-";
/// The beginning of the name of a copy that is not whole yet.
const DRAFT: &str = ".sigilo-";

/// A whole copy, or the parts of two: an older keystore may go with a newer application, and the other way round.
pub struct Copy {
    /// The folder that the application's archive is in.
    pub folder: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// The folder that the keystore's archive is in.
    pub keys_folder: PathBuf,
    /// Its manifest.
    pub keys_manifest: Manifest,
}

impl Copy {
    /// Finds the copy in `from`, itself one or a folder of which the newest is taken, and the keystore in `keys_from`,
    /// where that is another, and reads every byte of both to see whether they are what was written.
    ///
    /// # Errors
    /// [`Problem::Missing`], [`Problem::Damaged`], [`Problem::Newer`].
    pub fn open(from: &Path, keys_from: Option<&Path>) -> Result<Copy> {
        let folder = newest(from)?;
        let manifest = Manifest::read(&folder)?;
        let (keys_folder, keys_manifest) = match keys_from {
            Some(keys) => {
                let folder = newest(keys)?;
                let manifest = Manifest::read(&folder)?;
                (folder, manifest)
            }
            None => (folder.clone(), manifest.clone()),
        };
        let copy = Copy { folder, manifest, keys_folder, keys_manifest };
        for (part, archive) in copy.parts() {
            let path = copy.path(part);
            if !path.is_file() {
                let why = match part {
                    Part::Application => "falta prontuario.age",
                    Part::Keystore => "o arquivo de chaves já venceu; indique outro com --keys-from",
                };
                return Err(Problem::Missing { folder: path.parent().unwrap_or(&path).to_owned(), why });
            }
            archive::check(&path, archive.bytes, &archive.sha256)?;
        }
        Ok(copy)
    }

    pub(crate) fn path(&self, part: Part) -> PathBuf {
        match part {
            Part::Application => self.folder.join(part.file()),
            Part::Keystore => self.keys_folder.join(part.file()),
        }
    }

    pub(crate) fn parts(&self) -> [(Part, &crate::Archive); 2] {
        [(Part::Application, &self.manifest.application), (Part::Keystore, &self.keys_manifest.keystore)]
    }
}

/// The folder of the copies, while one is made into it.
pub(crate) struct Shelf {
    pub folder: PathBuf,
    _lock: File,
}

impl Shelf {
    /// Opens the folder, making it where it is missing, for one run at a time; what a killed run left in it goes.
    pub(crate) fn open(folder: &Path) -> Result<Shelf> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(Problem::file("criar", folder))?;
        let lock = lock::take(&folder.join(".sigilo.lock"), folder)?;
        for draft in named(folder, DRAFT)? {
            if draft.is_dir() {
                fs::remove_dir_all(&draft).map_err(Problem::file("apagar", &draft))?;
            }
        }
        Ok(Shelf { folder: folder.to_owned(), _lock: lock })
    }

    /// Where a copy that begins now is made, and where it goes when it is whole.
    pub(crate) fn begin(&self, now: OffsetDateTime) -> Result<(PathBuf, PathBuf)> {
        let form = format_description!("[year][month][day]T[hour][minute][second]Z");
        let name = now.to_offset(time::UtcOffset::UTC).format(&form).map_err(|_| Problem::Interrupted)?;
        let (draft, whole) = (self.folder.join(format!("{DRAFT}{name}")), self.folder.join(format!("{PREFIX}{name}")));
        if whole.exists() {
            return Err(Problem::Busy(whole));
        }
        fs::DirBuilder::new().mode(0o700).create(&draft).map_err(Problem::file("criar", &draft))?;
        Ok((draft, whole))
    }

    /// Removes the keystore's archives that are older than `days`; which.
    pub(crate) fn prune(&self, days: u16, now: OffsetDateTime) -> Result<Vec<PathBuf>> {
        let oldest = now - Duration::days(days.min(LONGEST_KEEP_DAYS).into());
        let mut gone = Vec::new();
        for folder in named(&self.folder, PREFIX)? {
            let archive = folder.join(Part::Keystore.file());
            // One without a manifest is nobody's to judge; it is left to the operator.
            let Ok(manifest) = Manifest::read(&folder) else { continue };
            if manifest.keystore.taken_at < oldest && archive.is_file() {
                fs::remove_file(&archive).map_err(Problem::file("apagar", &archive))?;
                gone.push(archive);
            }
        }
        Ok(gone)
    }
}

fn newest(from: &Path) -> Result<PathBuf> {
    if from.join(crate::manifest::NAME).is_file() {
        return Ok(from.to_owned());
    }
    let absent = || Problem::Missing { folder: from.to_owned(), why: "a pasta não tem nenhuma" };
    if !from.is_dir() {
        return Err(absent());
    }
    // Their names sort as their times do.
    named(from, PREFIX)?.pop().ok_or_else(absent)
}

fn named(folder: &Path, prefix: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(Problem::file("ler", folder))?;
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix)))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    Ok(found)
}
