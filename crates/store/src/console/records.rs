//! Grants, and what was asked.

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{Error, ReadTx, Result, SignInTx, WriteTx, row::row, statements::console as sql};

row! {
    /// What was asked in the console once.
    #[derive(Debug, Clone)]
    pub struct Run {
        /// The run.
        id: Uuid,
        /// Who asked.
        user_id: Uuid,
        /// Their name.
        display_name: Option<String>,
        /// `manual`, `sql`, `table`, `csv` or `json`.
        kind: String,
        /// The number in the manual.
        query_number: Option<i32>,
        /// The exact statement.
        sql_text: String,
        /// Whether personal data was shown.
        unmasked: bool,
        /// Why it was.
        reason: Option<String>,
        /// `running`, `done`, `refused`, `failed` or `timeout`.
        outcome: String,
        /// Why it did not end well.
        detail: Option<String>,
        /// Rows of the answer.
        row_count: Option<i64>,
        /// Bytes of the answer.
        byte_count: Option<i64>,
        /// Whether there was more.
        truncated: Option<bool>,
        /// Milliseconds.
        duration_ms: Option<i32>,
        /// SHA-256 of the answer, in hexadecimal.
        result_hash: Option<String>,
        /// What its rows said, if it is one of the manual's.
        verdict: Option<String>,
        /// When it was asked.
        started_at: OffsetDateTime,
        /// When it ended.
        finished_at: Option<OffsetDateTime>,
    }
}

row! {
    /// Permission to use the console.
    #[derive(Debug, Clone)]
    pub struct Grant {
        /// The grant.
        id: Uuid,
        /// Who may.
        granted_to: Uuid,
        /// Their name.
        to_name: Option<String>,
        /// By whose word; none: the operator's.
        granted_by: Option<Uuid>,
        /// Their name.
        by_name: Option<String>,
        /// What for.
        purpose: String,
        /// Since when.
        starts_at: OffsetDateTime,
        /// Until when.
        ends_at: OffsetDateTime,
        /// When it was taken back.
        revoked_at: Option<OffsetDateTime>,
        /// Whether it counts now.
        live: Option<bool>,
    }
}

row! {
    /// Somebody who may be given access.
    #[derive(Debug, Clone)]
    pub struct Candidate {
        /// The account.
        user_id: Uuid,
        /// The name.
        display_name: String,
        /// The roles in the clinic.
        roles: Vec<String>,
    }
}

/// What is about to be asked.
#[derive(Debug, Clone, Copy)]
pub struct NewRun<'a> {
    /// `manual`, `sql`, `table`, `csv` or `json`.
    pub kind: &'a str,
    /// The number in the manual.
    pub number: Option<u8>,
    /// The exact statement.
    pub sql: &'a str,
    /// Why personal data is to be shown; none: it is not.
    pub unmask: Option<&'a str>,
}

/// How it ended.
#[derive(Debug, Clone, Default)]
pub struct Finished {
    /// `done`, `refused`, `failed` or `timeout`.
    pub outcome: &'static str,
    /// Why not well.
    pub detail: Option<String>,
    /// Rows.
    pub rows: Option<i64>,
    /// Bytes.
    pub bytes: Option<i64>,
    /// Whether there was more.
    pub truncated: Option<bool>,
    /// Milliseconds.
    pub duration_ms: Option<i32>,
    /// SHA-256 of the answer, in hexadecimal.
    pub result_hash: Option<String>,
    /// What its rows said.
    pub verdict: Option<&'static str>,
}

/// A run that has not ended after this long was interrupted: no limit allows it to go on.
pub fn interrupted_after() -> Duration {
    Duration::minutes(2)
}

/// Records what is about to be asked.
///
/// # Errors
/// [`Error::Denied`] without a live grant.
pub async fn start(tx: &WriteTx, new: NewRun<'_>) -> Result<Uuid> {
    let number = new.number.map(i32::from);
    let id = tx.tx.value(sql::START, &[&new.kind, &number, &new.sql, &new.unmask.is_some(), &new.unmask]).await?;
    id.ok_or(Error::NotFound)
}

/// Records how it ended, once.
///
/// # Errors
/// [`Error::NotFound`] when it is not the member's own or has ended already.
pub async fn finish(tx: &WriteTx, id: Uuid, end: &Finished) -> Result<()> {
    tx.tx
        .execute_one(
            sql::FINISH,
            &[
                &id,
                &end.outcome,
                &end.detail,
                &end.rows,
                &end.bytes,
                &end.truncated,
                &end.duration_ms,
                &end.result_hash,
                &end.verdict,
            ],
        )
        .await
}

/// Fifty runs of the clinic, latest first; those before `before` where one is given.
///
/// # Errors
/// See [`Error`].
pub async fn runs(tx: &ReadTx, before: Option<Uuid>) -> Result<Vec<Run>> {
    tx.tx.rows(sql::RUNS, &[&before]).await
}

/// One run.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn run(tx: &ReadTx, id: Uuid) -> Result<Run> {
    tx.tx.one(sql::RUN, &[&id]).await
}

/// Until when the member may use the console; none when they may not.
///
/// # Errors
/// See [`Error`].
pub async fn own_grant(tx: &ReadTx) -> Result<Option<OffsetDateTime>> {
    Ok(tx.tx.value(sql::OWN_GRANT, &[]).await?.flatten())
}

/// The grants the member may see: their own, or all of the clinic.
///
/// # Errors
/// See [`Error`].
pub async fn grants(tx: &ReadTx) -> Result<Vec<Grant>> {
    tx.tx.rows(sql::GRANTS, &[]).await
}

/// To whom the member may give access.
///
/// # Errors
/// See [`Error`].
pub async fn candidates(tx: &ReadTx) -> Result<Vec<Candidate>> {
    tx.tx.rows(sql::CANDIDATES, &[]).await
}

/// Gives access for some days.
///
/// # Errors
/// [`Error::Denied`] for who may not; [`Error::Rule`] for oneself, for somebody who is no auditor or DPO, or for more
/// than 90 days.
pub async fn grant(tx: &WriteTx, to: Uuid, purpose: &str, days: i32) -> Result<Uuid> {
    tx.tx.value(sql::GRANT, &[&to, &purpose, &days]).await?.ok_or(Error::NotFound)
}

/// Takes access back at once.
///
/// # Errors
/// [`Error::NotFound`] when there is no such live grant that the member may take back.
pub async fn revoke(tx: &WriteTx, id: Uuid) -> Result<()> {
    tx.tx.execute_one(sql::REVOKE, &[&id]).await
}

/// Gives access by the word of who operates the installation.
///
/// # Errors
/// As [`grant`].
pub async fn grant_as_operator(tx: &SignInTx, clinic: Uuid, to: Uuid, purpose: &str, days: i32) -> Result<()> {
    tx.0.execute(sql::GRANT_AS_OPERATOR, &[&clinic, &to, &purpose, &days]).await.map(drop)
}
