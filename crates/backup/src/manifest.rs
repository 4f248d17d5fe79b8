//! What a copy says of itself: numbers, sums and the trail's last checkpoint, nothing of anybody.

use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{Problem, Result};

/// The manifest's name in a copy's folder.
pub(crate) const NAME: &str = "manifesto.json";
/// The form of manifest that this version writes and reads.
const FORMAT: u32 = 1;
/// A hundred tables and a checkpoint with many signatures take some ten thousand bytes.
const LONGEST: u64 = 1 << 20;

/// A copy's manifest. Sizes in bytes, times in UTC.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of this file.
    pub format: u32,
    /// The version of the product that made the copy.
    pub product: String,
    /// The major version of PostgreSQL's programs.
    pub postgres: u32,
    /// Whom the archives are encrypted for.
    pub recipient: String,
    /// When it was begun.
    #[serde(with = "time::serde::rfc3339")]
    pub started_at: OffsetDateTime,
    /// When it was complete.
    #[serde(with = "time::serde::rfc3339")]
    pub finished_at: OffsetDateTime,
    /// The product's database.
    pub application: Archive,
    /// The keystore.
    pub keystore: Archive,
    /// The trail's last checkpoint before the copy, as a signed note.
    pub checkpoint: Option<String>,
}

/// One archive.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Archive {
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// The database's last migration.
    pub schema: i64,
    /// The instant that it shows.
    #[serde(with = "time::serde::rfc3339")]
    pub taken_at: OffsetDateTime,
    /// How many rows each table has.
    pub tables: BTreeMap<String, u64>,
}

impl Manifest {
    /// The form of manifest that this version writes.
    pub(crate) const FORMAT: u32 = FORMAT;

    /// Reads a copy's manifest.
    ///
    /// # Errors
    /// [`Problem::Missing`] where there is none, [`Problem::Newer`] for another form, [`Problem::Damaged`].
    pub fn read(folder: &Path) -> Result<Manifest> {
        let path = folder.join(NAME);
        let damaged = |why| Problem::Damaged { file: path.clone(), why };
        let length = match fs::metadata(&path) {
            Ok(found) => found.len(),
            Err(_) => return Err(Problem::Missing { folder: folder.to_owned(), why: "falta manifesto.json" }),
        };
        if length > LONGEST {
            return Err(damaged("é grande demais"));
        }
        #[derive(Deserialize)]
        struct Form {
            format: u32,
        }
        let text = fs::read(&path).map_err(Problem::file("ler", &path))?;
        let form: Form = serde_json::from_slice(&text).map_err(|_| damaged("não se lê"))?;
        if form.format != FORMAT {
            return Err(Problem::Newer(format!("manifesto {}", form.format)));
        }
        serde_json::from_slice(&text).map_err(|_| damaged("não se lê"))
    }
}
