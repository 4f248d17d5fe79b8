//! Moves keys to newer ones, in bounded batches, while others read and write.

use std::sync::Arc;
use std::time::Duration;

use sigilo_proof::envelope::{ClinicKey, ClinicPlace, Purpose, RootKey, WrappedKey};
use time::OffsetDateTime;
use uuid::Uuid;

use super::clinics::{Clinics, Kept};
use super::scope::Keys;
use super::serve::Limits;
use super::{KeyError, signed, sql, unsigned};
use crate::{Error, row::row, server::DatabaseUrl};

/// People's keys moved in one transaction, as [`Rotation::run`] does it.
const BATCH: i64 = 1000;
/// How long to wait for keys that another runner, or somebody who destroys, holds.
const PAUSE: Duration = Duration::from_millis(50);

row! {
    /// One of a clinic's keys.
    #[derive(Debug, Clone)]
    pub struct ClinicKeyStatus {
        /// `wrap` or `index`.
        purpose: String,
        /// The version.
        version: i32,
        /// `active`, `retiring` or `destroyed`.
        state: String,
        /// Who wrapped it: `arquivo`, `transit` or `pkcs11`.
        provider: String,
        /// Under which version of the root key.
        root_version: i32,
        /// When it was made.
        created_at: OffsetDateTime,
        /// When it was destroyed.
        destroyed_at: Option<OffsetDateTime>,
        /// How many people's keys it wraps.
        wraps: i64,
    }
}

row! {
    struct Lagging {
        subject_id: Uuid,
        version: i32,
        wrapped: Vec<u8>,
        kek_version: i32,
    }
}

/// The keystore, open to rotate and to look.
pub struct Rotation {
    clinics: Clinics,
}

impl Rotation {
    /// Opens the keystore.
    ///
    /// # Errors
    /// [`KeyError::Store`] for a connection string that cannot be read.
    pub fn open(url: &DatabaseUrl, root: Arc<dyn RootKey>) -> Result<Rotation, KeyError> {
        let limits = Limits { connections: 2, ..Limits::default() };
        Ok(Rotation { clinics: Clinics::new(Keys::new(url, limits.connections)?, root, &limits) })
    }

    /// Every clinic that has keys.
    ///
    /// # Errors
    /// [`KeyError::Store`].
    pub async fn clinics(&self) -> Result<Vec<Uuid>, KeyError> {
        let object = self.clinics.keys.connection().await?;
        let rows = object.query(sql::CLINICS, &[]).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    /// The clinic's keys, the destroyed ones too.
    ///
    /// # Errors
    /// [`KeyError::Store`].
    pub async fn status(&self, clinic: Uuid) -> Result<Vec<ClinicKeyStatus>, KeyError> {
        let tx = self.clinics.keys.begin(clinic).await?;
        let found = tx.rows(sql::STATUS, &[&clinic]).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Whether every key of the clinic opens under the root key that is open.
    ///
    /// # Errors
    /// What does not open.
    pub async fn check(&self, clinic: Uuid) -> Result<(), KeyError> {
        for kept in self.clinics.all(clinic).await? {
            self.clinics.open(&kept).await?;
        }
        Ok(())
    }

    /// Gives the clinic a new active key for `purpose` and retires the one before; its version. Of two who begin at once,
    /// one does and both learn the same version.
    ///
    /// # Errors
    /// [`KeyError::Unknown`] for a clinic without keys.
    pub async fn begin(&self, clinic: Uuid, purpose: Purpose) -> Result<u32, KeyError> {
        let active = self.clinics.find(clinic, purpose, 0).await?.ok_or(KeyError::Unknown)?.place.version;
        let next = active + 1;
        let (key, wrapped) = self.clinics.fresh(ClinicPlace { clinic, purpose, version: next }).await?;
        drop(key);
        let tx = self.clinics.keys.begin(clinic).await?;
        let (name, provider) = (purpose.as_str(), self.clinics.root.provider());
        if tx.execute(sql::RETIRE_CLINIC_KEY, &[&clinic, &name, &signed(active)?]).await? == 0 {
            tx.rollback().await;
            return Ok(self.clinics.find(clinic, purpose, 0).await?.ok_or(KeyError::Unknown)?.place.version);
        }
        let (version, root_version) = (signed(next)?, signed(wrapped.root_version)?);
        let params: super::scope::Params<'_> = &[&clinic, &name, &version, &wrapped.bytes, &provider, &root_version];
        tx.execute_one(sql::ADD_CLINIC_KEY, params).await?;
        tx.commit().await?;
        Ok(next)
    }

    /// Moves up to `limit` people's keys to the clinic's active key; how many. Zero says that none is left but those
    /// that somebody else holds now. A batch that is interrupted has not happened.
    ///
    /// # Errors
    /// [`KeyError::Damaged`] for a key that was tampered with; what is around it does not move either.
    pub async fn batch(&self, clinic: Uuid, limit: i64) -> Result<u64, KeyError> {
        let active = self.clinics.active(clinic).await?;
        let newest = signed(active.version())?;
        let tx = self.clinics.keys.begin(clinic).await?;
        let lagging: Vec<Lagging> = tx.rows(sql::LAGGING, &[&clinic, &newest, &limit]).await?;
        let mut moved = (Vec::new(), Vec::new(), Vec::new());
        let mut old: Option<Arc<ClinicKey>> = None;
        for key in &lagging {
            let kek = unsigned(key.kek_version)?;
            let from = match old.take().filter(|old| old.version() == kek) {
                Some(same) => same,
                None => self.older(clinic, kek).await?,
            };
            let version = unsigned(key.version)?;
            moved.0.push(key.subject_id);
            moved.1.push(key.version);
            moved.2.push(from.rewrap(&active, key.subject_id, version, &key.wrapped)?);
            old = Some(from);
        }
        if lagging.is_empty() {
            tx.rollback().await;
            return Ok(0);
        }
        match tx.execute(sql::MOVE_SUBJECTS, &[&clinic, &newest, &moved.0, &moved.1, &moved.2]).await {
            Ok(count) => {
                tx.commit().await?;
                Ok(count)
            }
            // Somebody began the next rotation meanwhile: these will move there.
            Err(Error::Rule(rule)) if rule == "subject_keys_active_kek" => {
                tx.rollback().await;
                Ok(0)
            }
            Err(error) => {
                tx.rollback().await;
                Err(error.into())
            }
        }
    }

    async fn older(&self, clinic: Uuid, version: u32) -> Result<Arc<ClinicKey>, KeyError> {
        let kept = self.clinics.find(clinic, Purpose::Wrap, version).await?;
        self.clinics.wrapping(clinic, version, || kept.ok_or(KeyError::Unknown)).await
    }

    /// How many people's keys wait to be moved.
    ///
    /// # Errors
    /// [`KeyError::Store`], [`KeyError::Unknown`].
    pub async fn left(&self, clinic: Uuid) -> Result<u64, KeyError> {
        let active = self.clinics.find(clinic, Purpose::Wrap, 0).await?.ok_or(KeyError::Unknown)?.place.version;
        let row = self.clinics.keys.row(clinic, sql::LEFT, &[&clinic, &signed(active)?]).await?;
        let count: i64 = row.ok_or(Error::NotFound)?.try_get(0)?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// Destroys the clinic's retired keys that wrap nothing any longer; how many. For [`Purpose::Index`] the caller knows
    /// that no index of theirs is left.
    ///
    /// # Errors
    /// [`KeyError::Store`].
    pub async fn finish(&self, clinic: Uuid, purpose: Purpose) -> Result<u64, KeyError> {
        Ok(self.clinics.keys.execute(clinic, sql::DESTROY_CLINIC_KEYS, &[&clinic, &purpose.as_str()]).await?)
    }

    /// Rotates a clinic's key from beginning to end: one that was interrupted is taken up where it stopped. `progress` is
    /// told how many keys were moved and how many are left.
    ///
    /// # Errors
    /// As [`Rotation::begin`] and [`Rotation::batch`].
    pub async fn run(&self, clinic: Uuid, progress: impl Fn(u64, u64)) -> Result<u64, KeyError> {
        let interrupted = self.status(clinic).await?.iter().any(|key| key.purpose == "wrap" && key.state == "retiring");
        if !interrupted {
            self.begin(clinic, Purpose::Wrap).await?;
        }
        let mut total = 0;
        let mut left = self.left(clinic).await?;
        progress(total, left);
        while left > 0 {
            match self.batch(clinic, BATCH).await? {
                0 => {
                    tokio::time::sleep(PAUSE).await;
                    left = self.left(clinic).await?;
                }
                moved => {
                    total += moved;
                    left = left.saturating_sub(moved);
                    if left == 0 {
                        left = self.left(clinic).await?;
                    }
                    progress(total, left);
                }
            }
        }
        self.finish(clinic, Purpose::Wrap).await?;
        Ok(total)
    }

    /// Wraps every key of a clinic anew, under the newest version of `to`, which may be another keeper; how many.
    ///
    /// # Errors
    /// What does not open; what was moved before stays moved, and doing it again is harmless.
    pub async fn rewrap(&self, clinic: Uuid, to: &dyn RootKey) -> Result<u64, KeyError> {
        let mut count = 0;
        for kept in self.clinics.all(clinic).await? {
            // Moved before an interruption.
            if kept.provider != self.clinics.root.provider() && kept.provider == to.provider() {
                continue;
            }
            let key = self.clinics.open(&kept).await?;
            let wrapped = to.wrap(kept.place, &key).await?;
            count += self.replace(&kept, &wrapped, to.provider()).await?;
        }
        Ok(count)
    }

    async fn replace(&self, kept: &Kept, wrapped: &WrappedKey, provider: &str) -> Result<u64, KeyError> {
        let ClinicPlace { clinic, purpose, version } = kept.place;
        let (version, root_version) = (signed(version)?, signed(wrapped.root_version)?);
        let params: super::scope::Params<'_> =
            &[&clinic, &purpose.as_str(), &version, &wrapped.bytes, &provider, &root_version, &kept.wrapped.bytes];
        Ok(self.clinics.keys.execute(clinic, sql::REWRAP_CLINIC_KEY, params).await?)
    }
}
