//! A professional's week, and the days and hours that are not as the week says.

use time::{OffsetDateTime, PrimitiveDateTime, Time};
use uuid::Uuid;

use crate::{ReadTx, Result, WriteTx, row::row, statements::schedule as sql};

row! {
    /// Hours of a weekday in which somebody attends.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct HoursRow {
        /// From 1, Monday, to 7.
        weekday: i32,
        /// Their beginning, on the clinic's clock.
        starts: Time,
        /// Their end.
        ends: Time,
    }
}

row! {
    /// Something that is not as the week says.
    #[derive(Debug, Clone)]
    pub struct ExceptionRow {
        /// The exception.
        id: Uuid,
        /// Whose it is; nobody's: the whole clinic's.
        professional_id: Option<Uuid>,
        /// Their name.
        professional_name: Option<String>,
        /// `closed` or `open`.
        kind: String,
        /// Why.
        reason: String,
        /// From when, on the clinic's clock.
        starts: Option<PrimitiveDateTime>,
        /// Until when.
        ends: Option<PrimitiveDateTime>,
    }
}

/// A professional's week.
///
/// # Errors
/// See [`crate::Error`]; so for all functions below.
pub async fn hours(tx: &ReadTx, professional: Uuid) -> Result<Vec<HoursRow>> {
    tx.tx.rows(sql::HOURS, &[&professional]).await
}

/// Makes these a professional's week. How many were added and ended.
///
/// # Errors
/// [`crate::Error::Taken`] when two of them share an hour.
pub async fn set_hours(tx: &WriteTx, professional: Uuid, week: &[HoursRow]) -> Result<(u64, u64)> {
    let days: Vec<i32> = week.iter().map(|hours| hours.weekday).collect();
    let starts: Vec<Time> = week.iter().map(|hours| hours.starts).collect();
    let ends: Vec<Time> = week.iter().map(|hours| hours.ends).collect();
    let ended = tx.tx.execute(sql::END_HOURS, &[&professional, &days, &starts, &ends]).await?;
    let added = tx.tx.execute(sql::ADD_HOURS, &[&professional, &days, &starts, &ends]).await?;
    Ok((added, ended))
}

/// What is not as the week says and is not over at a moment, earliest first.
pub async fn exceptions(tx: &ReadTx, since: OffsetDateTime) -> Result<Vec<ExceptionRow>> {
    tx.tx.rows(sql::EXCEPTIONS, &[&since]).await
}

/// The moment of a date and hour on the clinic's clock.
///
/// # Errors
/// [`crate::Error::Rule`] `hour_exists` for an hour that a change of the clock skips.
pub async fn moment(tx: &ReadTx, wall: PrimitiveDateTime) -> Result<OffsetDateTime> {
    tx.tx.value(sql::MOMENT, &[&wall]).await?.ok_or(crate::Error::NotFound)
}

/// An exception to be written.
#[derive(Debug, Clone)]
pub struct New {
    /// Whose it is; nobody's: the whole clinic's.
    pub professional: Option<Uuid>,
    /// `closed` or `open`.
    pub kind: &'static str,
    /// Why.
    pub reason: &'static str,
    /// From when.
    pub starts_at: OffsetDateTime,
    /// Until when.
    pub ends_at: OffsetDateTime,
}

/// Adds an exception.
///
/// # Errors
/// [`crate::Error::Duplicate`] `schedule_exceptions_holiday` for a holiday that the clinic has; [`crate::Error::Rule`] for a
/// professional of another clinic.
pub async fn except(tx: &WriteTx, id: Uuid, new: &New) -> Result<()> {
    let New { professional, kind, reason, starts_at, ends_at } = new;
    tx.tx.execute_one(sql::EXCEPT, &[&id, professional, kind, reason, starts_at, ends_at]).await
}

/// Closes the clinic on these days, except those that are on its list or were taken off it. How many were added.
pub async fn add_holidays(tx: &WriteTx, days: &[PrimitiveDateTime]) -> Result<u64> {
    tx.tx.execute(sql::ADD_HOLIDAYS, &[&days]).await
}

/// Takes an exception off the list.
///
/// # Errors
/// [`crate::Error::NotFound`] for another clinic's, and for one that is off it already.
pub async fn withdraw(tx: &WriteTx, id: Uuid) -> Result<()> {
    tx.tx.execute_one(sql::WITHDRAW, &[&id]).await
}
