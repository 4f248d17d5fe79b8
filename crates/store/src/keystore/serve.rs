//! People's keys, for those who seal and open cells.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sigilo_proof::envelope::{IndexKey, Place, RootKey, SubjectKey, key_version};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::cache::Cache;
use super::clinics::Clinics;
use super::meter::{Meter, Unwraps};
use super::scope::Keys;
use super::{KeyError, Subject, signed, sql, unsigned};
use crate::{Error, server::DatabaseUrl};

/// People destroyed in one transaction.
const BATCH: usize = 1000;
/// People whose keys are fetched at once.
const BULK: usize = 5000;
/// How often an operation begins anew because the clinic's key was rotated meanwhile.
const TRIES: u32 = 8;

/// How much is kept unwrapped, for how long, and what is unusual.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections to the keystore.
    pub connections: usize,
    /// People's keys in memory at once.
    pub subjects: usize,
    /// How long a key stays in memory. Another process's destruction is noticed here after this at the latest.
    pub lifetime: Duration,
    /// Unwrapped people's keys a minute above which an alarm is raised.
    pub unwraps_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 8, subjects: 10_000, lifetime: Duration::from_secs(300), unwraps_per_minute: 5_000 }
    }
}

/// The keystore, open to serve.
pub struct Keystore {
    clinics: Clinics,
    /// By person and version; version zero is whichever is current.
    subjects: Cache<(Subject, u32), SubjectKey>,
    meter: Meter,
}

impl Keystore {
    /// Opens the keystore. First it destroys again whoever was ever destroyed, as the product's trail tells: a copy of the
    /// keystore that was put back may be older than that.
    ///
    /// # Errors
    /// [`KeyError::Store`] when the keystore is away; nothing is served then.
    pub async fn open(
        url: &DatabaseUrl,
        root: Arc<dyn RootKey>,
        limits: &Limits,
        destroyed: &[Subject],
    ) -> Result<Keystore, KeyError> {
        let keys = Keys::new(url, limits.connections)?;
        let keystore = Keystore {
            clinics: Clinics::new(keys, root, limits),
            subjects: Cache::new(limits.subjects, limits.lifetime),
            meter: Meter::new(limits.unwraps_per_minute, Instant::now()),
        };
        // Nothing is served from a keystore that is away, not even what would need no look into it.
        drop(keystore.clinics.keys.connection().await?);
        bury_all(&keystore.clinics.keys, destroyed).await?;
        Ok(keystore)
    }

    /// Makes a clinic's keys, where it has none.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub async fn create_clinic(&self, clinic: Uuid) -> Result<(), KeyError> {
        self.clinics.create(clinic).await
    }

    /// Makes a person's first key. Where there is one already, gives that.
    ///
    /// # Errors
    /// [`KeyError::Destroyed`] for a person who was destroyed, [`KeyError::Unknown`] for a clinic without keys.
    pub async fn create(&self, subject: Subject) -> Result<Arc<SubjectKey>, KeyError> {
        match self.current(subject).await {
            Err(KeyError::Unknown) => {}
            known => return known,
        }
        match self.add(subject, None).await {
            // Somebody else made it, or it was destroyed, at the same moment.
            Err(KeyError::Store(Error::Duplicate(_))) => self.current(subject).await,
            done => done,
        }
    }

    /// Makes a new version of a person's key, for what is sealed from now on. The older ones still open.
    ///
    /// # Errors
    /// As [`Keystore::current`].
    pub async fn renew(&self, subject: Subject) -> Result<Arc<SubjectKey>, KeyError> {
        for _ in 0..TRIES {
            self.subjects.evict(|(one, version)| *one == subject && *version == 0);
            let current = self.current(subject).await?.version();
            match self.add(subject, Some(current)).await {
                Err(KeyError::Store(Error::NotFound)) => continue,
                done => return done,
            }
        }
        Err(Error::Unavailable.into())
    }

    /// Adds the version after `last`, which it retires; [`Error::NotFound`] when that is not the active one.
    async fn add(&self, subject: Subject, last: Option<u32>) -> Result<Arc<SubjectKey>, KeyError> {
        let key = Arc::new(SubjectKey::random(subject.clinic, subject.subject, last.unwrap_or(0) + 1));
        let version = signed(key.version())?;
        for _ in 0..TRIES {
            let kek = self.clinics.active(subject.clinic).await?;
            let (wrapped, kek_version) = (kek.wrap(&key)?, signed(kek.version())?);
            let tx = self.clinics.keys.begin(subject.clinic).await?;
            if let Some(last) = last {
                let last = signed(last)?;
                tx.execute_one(sql::RETIRE_SUBJECT_KEY, &[&subject.clinic, &subject.subject, &last]).await?;
            }
            let added = tx
                .execute(sql::ADD_SUBJECT_KEY, &[&subject.clinic, &subject.subject, &version, &wrapped, &kek_version])
                .await;
            match added {
                // The clinic's key was rotated between the look and the insert.
                Err(Error::Rule(rule)) if rule == "subject_keys_active_kek" => {
                    tx.rollback().await;
                    continue;
                }
                Err(error) => {
                    tx.rollback().await;
                    return Err(error.into());
                }
                Ok(_) => tx.commit().await?,
            }
            self.subjects.evict(|(one, version)| *one == subject && *version == 0);
            return Ok(key);
        }
        Err(Error::Unavailable.into())
    }

    /// The key that seals for a person now.
    ///
    /// # Errors
    /// [`KeyError::Unknown`], [`KeyError::Destroyed`]; [`KeyError::Damaged`] when it was tampered with.
    pub async fn current(&self, subject: Subject) -> Result<Arc<SubjectKey>, KeyError> {
        self.fetch(subject, 0).await
    }

    /// A version of a person's key, as a cell asks for it.
    ///
    /// # Errors
    /// As [`Keystore::current`].
    pub async fn version(&self, subject: Subject, version: u32) -> Result<Arc<SubjectKey>, KeyError> {
        if version == 0 {
            return Err(KeyError::Unknown);
        }
        self.fetch(subject, version).await
    }

    async fn fetch(&self, subject: Subject, version: u32) -> Result<Arc<SubjectKey>, KeyError> {
        let epoch = match self.subjects.get(&(subject, version), Instant::now()) {
            Ok(key) => return Ok(key),
            Err(epoch) => epoch,
        };
        let (clinic, wanted) = (subject.clinic, signed(version)?);
        // Both keys in one statement, so that no rotation can come between them.
        let row = self.clinics.keys.row(clinic, sql::SUBJECT_KEY, &[&clinic, &subject.subject, &wanted]).await?;
        let row = row.ok_or(KeyError::Unknown)?;
        let Some(wrapped) = row.try_get::<_, Option<&[u8]>>(2)? else { return Err(KeyError::Destroyed) };
        let found = unsigned(row.try_get(0)?)?;
        let kek = unsigned(row.try_get(3)?)?;
        let kek = self.clinics.wrapping(clinic, kek, || Clinics::beside(clinic, &row)).await?;
        self.meter.count(Instant::now());
        let key = Arc::new(kek.unwrap(subject.subject, found, wrapped)?);
        self.subjects.keep(epoch, (subject, version), Arc::clone(&key), Instant::now());
        Ok(key)
    }

    /// Seals a cell with the person's current key.
    ///
    /// # Errors
    /// As [`Keystore::current`]; [`KeyError::Damaged`] for a text that is too long.
    pub async fn seal(&self, subject: Subject, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, KeyError> {
        Ok(self.current(subject).await?.seal(place, plain)?)
    }

    /// Opens a cell with the version of the person's key that sealed it.
    ///
    /// # Errors
    /// As [`Keystore::current`]; [`KeyError::Damaged`] for a cell that was changed or comes from elsewhere.
    pub async fn open_cell(
        &self,
        subject: Subject,
        place: Place<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        Ok(self.version(subject, key_version(sealed)?).await?.open(place, sealed)?)
    }

    /// Makes a person's key where there is none, and the clinic's with its first person.
    ///
    /// # Errors
    /// As [`Keystore::create`].
    pub async fn ensure(&self, subject: Subject) -> Result<(), KeyError> {
        match self.create(subject).await {
            Err(KeyError::Unknown) => {
                self.create_clinic(subject.clinic).await?;
                self.create(subject).await?;
            }
            made => drop(made?),
        }
        Ok(())
    }

    /// Opens cells of many people of a clinic, for an index in memory; their keys are forgotten again at once. A person whose
    /// key was destroyed gives none. Counted as one, because this is what the clinic's own search does.
    ///
    /// # Errors
    /// As [`Keystore::open_cell`].
    pub async fn open_cells(
        &self,
        clinic: Uuid,
        cells: &[(Uuid, Place<'_>, &[u8])],
    ) -> Result<Vec<Option<Zeroizing<Vec<u8>>>>, KeyError> {
        let mut out = Vec::with_capacity(cells.len());
        for cells in cells.chunks(BULK) {
            let people: Vec<Uuid> = cells.iter().map(|(person, ..)| *person).collect();
            let rows = self.clinics.keys.rows(clinic, sql::SUBJECT_KEYS, &[&clinic, &people]).await?;
            let mut keys = HashMap::with_capacity(rows.len());
            for row in &rows {
                let (version, kek) = (unsigned(row.try_get(0)?)?, unsigned(row.try_get(3)?)?);
                let person: Uuid = row.try_get(7)?;
                let kek = self.clinics.wrapping(clinic, kek, || Clinics::beside(clinic, row)).await?;
                keys.insert((person, version), kek.unwrap(person, version, row.try_get(2)?)?);
            }
            for (person, place, sealed) in cells {
                let key = keys.get(&(*person, key_version(sealed)?));
                out.push(key.map(|key| key.open(*place, sealed)).transpose()?);
            }
        }
        self.meter.count(Instant::now());
        Ok(out)
    }

    /// The clinic's key for blind indexes that are made now.
    ///
    /// # Errors
    /// [`KeyError::Unknown`] for a clinic without keys.
    pub async fn index_key(&self, clinic: Uuid) -> Result<Arc<IndexKey>, KeyError> {
        self.clinics.index(clinic, 0).await
    }

    /// Destroys every version of a person's key. What they sealed can never be read again, wherever a copy of it lies.
    /// A person without a key is marked all the same, so that none can be made.
    ///
    /// # Errors
    /// [`KeyError::Store`].
    pub async fn destroy(&self, subject: Subject) -> Result<(), KeyError> {
        self.destroy_batch(subject.clinic, &[subject]).await
    }

    async fn destroy_batch(&self, clinic: Uuid, subjects: &[Subject]) -> Result<(), KeyError> {
        let ids: Vec<Uuid> = subjects.iter().map(|subject| subject.subject).collect();
        bury(&self.clinics.keys, clinic, &ids).await?;
        self.subjects.evict(|(one, _)| one.clinic == clinic && ids.contains(&one.subject));
        Ok(())
    }

    /// What was unwrapped. Whoever watches makes an incident of a growing number of alarms.
    pub fn unwraps(&self) -> Unwraps {
        self.meter.read(Instant::now())
    }

    /// Wipes what has been in memory for too long and nobody asks for. To be called every minute.
    pub fn sweep(&self) {
        self.subjects.sweep(Instant::now());
        self.clinics.sweep();
    }
}

/// Destroys again whoever was ever destroyed, in a keystore that nobody serves from: a copy that was put back may be older
/// than that.
///
/// # Errors
/// [`KeyError::Store`].
pub async fn destroy_again(url: &DatabaseUrl, destroyed: &[Subject]) -> Result<(), KeyError> {
    bury_all(&Keys::new(url, 1)?, destroyed).await
}

async fn bury_all(keys: &Keys, destroyed: &[Subject]) -> Result<(), KeyError> {
    let mut destroyed = destroyed.to_vec();
    destroyed.sort_unstable();
    destroyed.dedup();
    for clinic in destroyed.chunk_by(|one, next| one.clinic == next.clinic) {
        for batch in clinic.chunks(BATCH) {
            let ids: Vec<Uuid> = batch.iter().map(|subject| subject.subject).collect();
            bury(keys, batch[0].clinic, &ids).await?;
        }
    }
    Ok(())
}

async fn bury(keys: &Keys, clinic: Uuid, ids: &[Uuid]) -> Result<(), KeyError> {
    let ids = ids.to_vec();
    let tx = keys.begin(clinic).await?;
    tx.execute(sql::BURY, &[&clinic, &ids]).await?;
    // A version that is being added holds the row of the last one; the next statement sees it.
    tx.value::<i64>(sql::HOLD_SUBJECTS, &[&clinic, &ids]).await?;
    tx.execute(sql::DESTROY_SUBJECTS, &[&clinic, &ids]).await?;
    Ok(tx.commit().await?)
}
