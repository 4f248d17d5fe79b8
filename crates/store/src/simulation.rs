//! Simulations of an audit, as they get on.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Error, ReadTx, Result, WriteTx, row::row, statements::simulation as sql};

row! {
    /// A simulation.
    #[derive(Debug, Clone)]
    pub struct Simulation {
        /// The simulation.
        id: Uuid,
        /// Who asked for it.
        by_name: Option<String>,
        /// What was shown so far.
        demonstrations: Value,
        /// `ok`, `attention` or `problem`; none while it runs.
        outcome: Option<String>,
        /// Why it ended early.
        detail: Option<String>,
        /// By which version of the product.
        product_version: String,
        /// When it began.
        started_at: OffsetDateTime,
        /// When it ended.
        finished_at: Option<OffsetDateTime>,
        /// Whether it runs no more without having ended.
        interrupted: Option<bool>,
    }
}

/// Begins one, after closing what was interrupted.
///
/// # Errors
/// [`Error::Duplicate`] while another runs; [`Error::Denied`] for who neither audits nor answers for the clinic.
pub async fn start(tx: &WriteTx, version: &str) -> Result<Uuid> {
    tx.tx.execute(sql::CLOSE_INTERRUPTED, &[]).await?;
    tx.tx.value(sql::START, &[&version]).await?.ok_or(Error::NotFound)
}

/// Names the clinics that were made up for it.
///
/// # Errors
/// [`Error::NotFound`] when it has ended.
pub async fn place(tx: &WriteTx, id: Uuid, clinics: &[Uuid]) -> Result<()> {
    tx.tx.execute_one(sql::PLACE, &[&id, &clinics]).await
}

/// Writes down what was shown so far; with an outcome, ends it.
///
/// # Errors
/// [`Error::NotFound`] when it has ended.
pub async fn advance(
    tx: &WriteTx,
    id: Uuid,
    demonstrations: &Value,
    outcome: Option<&str>,
    detail: Option<&str>,
) -> Result<()> {
    tx.tx.execute_one(sql::MOVE, &[&id, demonstrations, &outcome, &detail]).await
}

/// The clinic's, latest first.
///
/// # Errors
/// See [`Error`].
pub async fn recent(tx: &ReadTx) -> Result<Vec<Simulation>> {
    tx.tx.rows(sql::RECENT, &[]).await
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`] when it is not the clinic's, or the member may not see it.
pub async fn one(tx: &ReadTx, id: Uuid) -> Result<Simulation> {
    tx.tx.one(sql::ONE, &[&id]).await
}
