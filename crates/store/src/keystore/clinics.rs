//! Clinics' keys: made, unwrapped by the keeper of the root key, kept for a while.

use std::sync::Arc;
use std::time::Instant;

use sigilo_proof::envelope::{ClinicKey, ClinicPlace, IndexKey, KeyBytes, Purpose, RootKey, WrappedKey};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{KeyError, cache::Cache, scope::Keys, serve::Limits, signed, sql, unsigned};

/// Clinics whose keys are kept unwrapped at once.
const PLACES: usize = 512;

pub(super) struct Clinics {
    pub(super) keys: Keys,
    pub(super) root: Arc<dyn RootKey>,
    wrapping: Cache<(Uuid, u32), ClinicKey>,
    indexes: Cache<(Uuid, u32), IndexKey>,
}

/// A clinic's key as the database has it.
pub(super) struct Kept {
    pub(super) place: ClinicPlace,
    pub(super) provider: String,
    pub(super) wrapped: WrappedKey,
}

impl Kept {
    /// Reads the columns from `at` on: version, wrapped, provider, root version.
    fn read(clinic: Uuid, purpose: Purpose, row: &Row, at: usize) -> Result<Kept, KeyError> {
        let version = unsigned(row.try_get(at)?)?;
        let bytes = row.try_get(at + 1)?;
        let root_version = unsigned(row.try_get(at + 3)?)?;
        Ok(Kept {
            place: ClinicPlace { clinic, purpose, version },
            provider: row.try_get(at + 2)?,
            wrapped: WrappedKey { bytes, root_version },
        })
    }
}

impl Clinics {
    pub(super) fn new(keys: Keys, root: Arc<dyn RootKey>, limits: &Limits) -> Clinics {
        let (wrapping, indexes) = (Cache::new(PLACES, limits.lifetime), Cache::new(PLACES, limits.lifetime));
        Clinics { keys, root, wrapping, indexes }
    }

    /// Makes what a clinic lacks: a key to wrap with and one to make indexes with. Two who make them at once get one.
    pub(super) async fn create(&self, clinic: Uuid) -> Result<(), KeyError> {
        for purpose in [Purpose::Wrap, Purpose::Index] {
            if self.find(clinic, purpose, 0).await?.is_none() {
                self.add(clinic, purpose, 1).await?;
            }
        }
        Ok(())
    }

    /// Wraps a new random key and keeps it, unless that version is there.
    async fn add(&self, clinic: Uuid, purpose: Purpose, version: u32) -> Result<(), KeyError> {
        let (key, wrapped) = self.fresh(ClinicPlace { clinic, purpose, version }).await?;
        drop(key);
        let params = (signed(version)?, signed(wrapped.root_version)?);
        let provider = self.root.provider();
        self.keys
            .execute(
                clinic,
                sql::ADD_CLINIC_KEY,
                &[&clinic, &purpose.as_str(), &params.0, &wrapped.bytes, &provider, &params.1],
            )
            .await?;
        Ok(())
    }

    pub(super) async fn fresh(&self, place: ClinicPlace) -> Result<(KeyBytes, WrappedKey), KeyError> {
        let key = KeyBytes::random();
        let wrapped = self.root.wrap(place, &key).await?;
        Ok((key, wrapped))
    }

    /// The active key (version zero) or a certain one, as it is kept.
    pub(super) async fn find(&self, clinic: Uuid, purpose: Purpose, version: u32) -> Result<Option<Kept>, KeyError> {
        let version = signed(version)?;
        let row = self.keys.row(clinic, sql::CLINIC_KEY, &[&clinic, &purpose.as_str(), &version]).await?;
        row.map(|row| Kept::read(clinic, purpose, &row, 0)).transpose()
    }

    pub(super) async fn open(&self, kept: &Kept) -> Result<KeyBytes, KeyError> {
        if kept.provider != self.root.provider() {
            return Err(KeyError::OtherProvider(kept.provider.clone()));
        }
        Ok(self.root.unwrap(kept.place, &kept.wrapped).await?)
    }

    /// The clinic's active key, to wrap with.
    pub(super) async fn active(&self, clinic: Uuid) -> Result<Arc<ClinicKey>, KeyError> {
        let kept = self.find(clinic, Purpose::Wrap, 0).await?.ok_or(KeyError::Unknown)?;
        self.wrapping(kept.place.clinic, kept.place.version, || Ok(kept)).await
    }

    /// A version of the clinic's key, to unwrap with; `kept` reads it where it is not in memory.
    pub(super) async fn wrapping(
        &self,
        clinic: Uuid,
        version: u32,
        kept: impl FnOnce() -> Result<Kept, KeyError>,
    ) -> Result<Arc<ClinicKey>, KeyError> {
        let place = (clinic, version);
        match self.wrapping.get(&place, Instant::now()) {
            Ok(key) => Ok(key),
            Err(epoch) => {
                let key = Arc::new(ClinicKey::new(clinic, version, self.open(&kept()?).await?));
                self.wrapping.keep(epoch, place, Arc::clone(&key), Instant::now());
                Ok(key)
            }
        }
    }

    /// The clinic's key for indexes: the active one (version zero) or a certain one.
    pub(super) async fn index(&self, clinic: Uuid, version: u32) -> Result<Arc<IndexKey>, KeyError> {
        let epoch = match self.indexes.get(&(clinic, version), Instant::now()) {
            Ok(key) => return Ok(key),
            Err(epoch) => epoch,
        };
        let kept = self.find(clinic, Purpose::Index, version).await?.ok_or(KeyError::Unknown)?;
        let key = Arc::new(IndexKey::new(clinic, kept.place.version, self.open(&kept).await?));
        self.indexes.keep(epoch, (clinic, version), Arc::clone(&key), Instant::now());
        Ok(key)
    }

    pub(super) fn sweep(&self) {
        self.wrapping.sweep(Instant::now());
        self.indexes.sweep(Instant::now());
    }

    /// The clinic's key beside a person's, read from the columns of `keystore.subject_key`.
    pub(super) fn beside(clinic: Uuid, row: &Row) -> Result<Kept, KeyError> {
        Kept::read(clinic, Purpose::Wrap, row, 3)
    }

    /// Every key of a clinic that still has bytes.
    pub(super) async fn all(&self, clinic: Uuid) -> Result<Vec<Kept>, KeyError> {
        let object = self.keys.connection().await?;
        let rows = object.query(sql::WRAPPED_CLINIC_KEYS, &[&clinic]).await?;
        rows.iter()
            .map(|row| {
                let purpose = match row.try_get::<_, &str>(0)? {
                    "wrap" => Purpose::Wrap,
                    "index" => Purpose::Index,
                    _ => return Err(KeyError::Damaged),
                };
                Kept::read(clinic, purpose, row, 1)
            })
            .collect()
    }
}
