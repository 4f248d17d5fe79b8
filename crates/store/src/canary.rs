//! Canaries: invented patients, as keyed hashes.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Error, ReadTx, Result, WriteTx, row::row, statements::canary as sql};

row! {
    /// A canary.
    #[derive(Debug, Clone)]
    pub struct Canary {
        /// The canary.
        id: Uuid,
        /// What the clinic calls it.
        label: String,
        /// Since when it watches.
        created_at: OffsetDateTime,
        /// Until when it did.
        retired_at: Option<OffsetDateTime>,
        /// How often it was seen.
        sightings: Option<i64>,
    }
}

/// Keyed hashes of what a message held.
#[derive(Debug, Default)]
pub struct Marks {
    /// Of numbers.
    pub cpfs: Vec<[u8; 16]>,
    /// Of names.
    pub names: Vec<[u8; 16]>,
}

impl Marks {
    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.cpfs.is_empty() && self.names.is_empty()
    }
}

/// The clinic's canaries, those that watch in front.
///
/// # Errors
/// See [`Error`].
pub async fn all(tx: &ReadTx) -> Result<Vec<Canary>> {
    tx.tx.rows(sql::ALL, &[]).await
}

/// A new canary.
///
/// # Errors
/// [`Error::Duplicate`] when one of this installation has the number; [`Error::Denied`] for who answers for nothing.
pub async fn create(tx: &WriteTx, label: &str, cpf: &[u8; 16], name: &[u8; 16]) -> Result<Uuid> {
    tx.tx.value(sql::CREATE, &[&label, &&cpf[..], &&name[..]]).await?.ok_or(Error::NotFound)
}

/// Ends a canary's watch.
///
/// # Errors
/// [`Error::NotFound`] for another clinic's; [`Error::Rule`] when it has ended.
pub async fn retire(tx: &WriteTx, id: Uuid) -> Result<()> {
    tx.tx.execute_one(sql::RETIRE, &[&id]).await
}

/// Looks for canaries among what a message held. One statement, and none when there is nothing to look for.
///
/// # Errors
/// See [`Error`].
pub async fn look(tx: &WriteTx, marks: &Marks) -> Result<()> {
    if marks.is_empty() {
        return Ok(());
    }
    let cpfs: Vec<&[u8]> = marks.cpfs.iter().map(<[u8; 16]>::as_slice).collect();
    let names: Vec<&[u8]> = marks.names.iter().map(<[u8; 16]>::as_slice).collect();
    tx.tx.execute(sql::LOOK, &[&cpfs, &names]).await.map(drop)
}
