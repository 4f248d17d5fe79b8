//! Months of the trail past their time: what may go, and who decides that it goes.

use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{ReadTx, Result, WriteTx, row::row, statements::disposal as sql};

row! {
    /// What the clinic has of a month that is older than five years, in rows.
    #[derive(Debug, Clone)]
    pub struct ExpiredMonth {
        /// Its first day.
        month: Date,
        /// How many may go.
        may_go: i64,
        /// How many stay because they are about a patient, whose record is kept twenty years.
        medical_record: i64,
        /// How many stay because they are the last word on a record that is there.
        last_word: i64,
        /// How many stay because of a legal hold.
        legal_hold: i64,
        /// How many are not sealed for five years yet.
        sealed_late: i64,
    }
}

row! {
    /// That a month of the trail is to go.
    #[derive(Debug, Clone)]
    pub struct Disposal {
        /// It.
        id: Uuid,
        /// The month's first day.
        month: Date,
        /// `proposed`, `approved`, `declared`, `done` or `discarded`.
        status: String,
        /// Who proposed it.
        proposed_by: Uuid,
        /// Their name.
        proposed_name: Option<String>,
        /// When.
        proposed_at: OffsetDateTime,
        /// Who approved or discarded it.
        decided_name: Option<String>,
        /// When.
        decided_at: Option<OffsetDateTime>,
        /// Of how many rows the trail says that they go.
        declared_rows: Option<i64>,
        /// When they were gone.
        done_at: Option<OffsetDateTime>,
    }
}

/// What the clinic's trail has of months past their time, oldest first.
///
/// # Errors
/// [`crate::Error::Denied`] for who answers for nothing.
pub async fn expired(tx: &ReadTx) -> Result<Vec<ExpiredMonth>> {
    tx.tx.rows(sql::EXPIRED, &[]).await
}

/// What was proposed and decided, latest first.
///
/// # Errors
/// See [`crate::Error`].
pub async fn all(tx: &ReadTx) -> Result<Vec<Disposal>> {
    tx.tx.rows(sql::ALL, &[]).await
}

/// Proposes that a month goes.
///
/// # Errors
/// [`crate::Error::Rule`] `trail_disposals_age` for a month that is younger than five years; [`crate::Error::Duplicate`] when
/// one is on its way; [`crate::Error::Denied`] for who answers for nothing.
pub async fn propose(tx: &WriteTx, month: Date) -> Result<Uuid> {
    tx.tx.value(sql::PROPOSE, &[&month]).await?.ok_or(crate::Error::NotFound)
}

/// Approves or discards what was proposed.
///
/// # Errors
/// [`crate::Error::NotFound`] for another clinic's; [`crate::Error::Rule`] `trail_disposals_states` when it is past that, and
/// `trail_disposals_second_look` for who proposed it.
pub async fn decide(tx: &WriteTx, id: Uuid, approve: bool) -> Result<()> {
    tx.tx.execute_one(sql::DECIDE, &[&id, &if approve { "approved" } else { "discarded" }]).await
}
