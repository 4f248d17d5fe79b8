//! Where people are attended, and with what.

use uuid::Uuid;

use crate::{ReadTx, Result, WriteTx, row::row, statements::room as sql};

row! {
    /// A room or a piece of equipment.
    #[derive(Debug, Clone)]
    pub struct PlaceRow {
        /// Which.
        id: Uuid,
        /// Its name.
        name: String,
        /// Whether it is in use.
        is_active: bool,
    }
}

/// A room, or equipment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Where.
    Room,
    /// With what.
    Equipment,
}

/// All of a kind, those in use first.
///
/// # Errors
/// See [`crate::Error`]; so for all functions below.
pub async fn all(tx: &ReadTx, kind: Kind) -> Result<Vec<PlaceRow>> {
    let statement = if kind == Kind::Room { sql::ALL_ROOMS } else { sql::ALL_EQUIPMENT };
    tx.tx.rows(statement, &[]).await
}

/// One more.
///
/// # Errors
/// [`crate::Error::Duplicate`] for a name that another has; [`crate::Error::Denied`] for who does not run the clinic.
pub async fn insert(tx: &WriteTx, kind: Kind, id: Uuid, name: &str) -> Result<()> {
    let statement = if kind == Kind::Room { sql::INSERT_ROOM } else { sql::INSERT_EQUIPMENT };
    tx.tx.execute_one(statement, &[&id, &name]).await
}

/// Another name; false when it has not the one that was seen any more.
///
/// # Errors
/// As [`insert`].
pub async fn rename(tx: &WriteTx, kind: Kind, id: Uuid, seen: &str, name: &str) -> Result<bool> {
    let statement = if kind == Kind::Room { sql::RENAME_ROOM } else { sql::RENAME_EQUIPMENT };
    Ok(tx.tx.execute(statement, &[&id, &seen, &name]).await? == 1)
}

/// Says whether it is in use.
///
/// # Errors
/// [`crate::Error::NotFound`] for another clinic's.
pub async fn activate(tx: &WriteTx, kind: Kind, id: Uuid, active: bool) -> Result<()> {
    let statement = if kind == Kind::Room { sql::ACTIVATE_ROOM } else { sql::ACTIVATE_EQUIPMENT };
    tx.tx.execute_one(statement, &[&id, &active]).await
}
