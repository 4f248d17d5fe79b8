//! Makes a copy.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use sigilo_domain::{Clock, SystemClock};
use sigilo_store::server::{CopyPrograms, DatabaseUrl, Snapshot};
use time::OffsetDateTime;

use crate::{Archive, Manifest, Part, Problem, Progress, Recipient, Result, archive, manifest, shelf::Shelf};

/// What is left free on the disk beside a copy.
const MARGIN: u64 = 16 << 20;

/// Where the data comes from.
#[derive(Clone)]
pub struct Source {
    /// The product's database, with a role that row security does not bind.
    pub application: DatabaseUrl,
    /// The keystore, likewise.
    pub keystore: DatabaseUrl,
    /// PostgreSQL's programs.
    pub programs: CopyPrograms,
}

/// What is to be made.
pub struct Plan<'a> {
    /// Where the data comes from.
    pub source: &'a Source,
    /// The folder of the copies.
    pub to: &'a Path,
    /// Who can open it.
    pub recipient: &'a Recipient,
    /// How long the keystore's archives are kept, in days, at most [`crate::LONGEST_KEEP_DAYS`].
    pub keep_days: u16,
    /// The trail's last checkpoint.
    pub checkpoint: Option<String>,
}

/// What was made.
pub struct Made {
    /// The folder of the copy.
    pub folder: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// Archives of the keystore that were too old and are gone.
    pub pruned: Vec<PathBuf>,
}

/// Makes a copy: the application's archive, then the keystore's, then the manifest, and only then its name.
///
/// # Errors
/// See [`Problem`]; then there is no copy, and what was begun is gone.
pub async fn make(plan: Plan<'_>, told: &(dyn Fn(Progress) + Send + Sync)) -> Result<Made> {
    let shelf = Shelf::open(plan.to)?;
    let started_at = SystemClock.now();
    let (draft, whole) = shelf.begin(started_at)?;
    let draft = Draft(draft);
    let application = copy(&plan, Part::Application, &draft.0, told).await?;
    let keystore = copy(&plan, Part::Keystore, &draft.0, told).await?;
    let manifest = Manifest {
        format: Manifest::FORMAT,
        product: env!("CARGO_PKG_VERSION").to_owned(),
        postgres: plan.source.programs.major,
        recipient: plan.recipient.to_string(),
        started_at,
        finished_at: SystemClock.now(),
        application,
        keystore,
        checkpoint: plan.checkpoint,
    };
    let path = draft.0.join(manifest::NAME);
    let text = serde_json::to_vec_pretty(&manifest).map_err(|_| Problem::Interrupted)?;
    File::create_new(&path)
        .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()))
        .map_err(Problem::file("escrever", &path))?;
    sync(&draft.0)?;
    fs::rename(&draft.0, &whole).map_err(Problem::file("criar", &whole))?;
    sync(&shelf.folder)?;
    let pruned = shelf.prune(plan.keep_days, manifest.finished_at)?;
    Ok(Made { folder: whole, manifest, pruned })
}

async fn copy(plan: &Plan<'_>, part: Part, folder: &Path, told: &(dyn Fn(Progress) + Send + Sync)) -> Result<Archive> {
    let url = match part {
        Part::Application => &plan.source.application,
        Part::Keystore => &plan.source.keystore,
    };
    let taken_at: OffsetDateTime = SystemClock.now();
    let snapshot = Snapshot::take(url).await?;
    let schema = snapshot.schema.ok_or(Problem::Missing {
        folder: plan.to.to_owned(),
        why: "um dos bancos está vazio: ligue o Sigilo uma vez (sigilo serve)",
    })?;
    // Compressed, an archive is always smaller than its database.
    let free = rustix::fs::statvfs(folder).map_err(|error| Problem::file("usar", folder)(error.into()))?;
    let free = free.f_bavail.saturating_mul(free.f_frsize);
    if free < snapshot.bytes + MARGIN {
        return Err(Problem::Space { folder: plan.to.to_owned(), missing: snapshot.bytes + MARGIN - free });
    }
    let dump = plan.source.programs.dump(url, &snapshot.name)?;
    let path = folder.join(part.file());
    let of = snapshot.tables.len();
    let written = tokio::task::block_in_place(|| archive::write(dump, &path, plan.recipient, (part, of), &told))?;
    Ok(Archive { bytes: written.bytes, sha256: written.sha256, schema, taken_at, tables: snapshot.tables })
}

fn sync(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Problem::file("escrever", folder))
}

/// A copy that is not whole: it goes, unless it was renamed.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
