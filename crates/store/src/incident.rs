//! Security incidents.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Error, ReadTx, Result, WriteTx, row::row, statements::incident as sql};

row! {
    /// An incident.
    #[derive(Debug, Clone)]
    pub struct Incident {
        /// The incident.
        id: Uuid,
        /// Its kind.
        incident_type: String,
        /// `low`, `medium`, `high` or `critical`.
        severity: String,
        /// What happened.
        description: String,
        /// How many people are affected.
        affected_users_count: i32,
        /// When it was noticed.
        detected_at: OffsetDateTime,
        /// When it happened, if that is known.
        occurred_at: Option<OffsetDateTime>,
        /// When it became known that personal data were affected.
        knowledge_at: Option<OffsetDateTime>,
        /// `open` or `closed`.
        status: String,
        /// Whether it must be told; none while nobody has judged.
        notifiable: Option<bool>,
        /// Why not.
        not_notifiable_reason: Option<String>,
        /// Until when the ANPD is to be told.
        anpd_deadline_at: Option<OffsetDateTime>,
        /// Until when what was missing is to follow.
        supplement_deadline_at: Option<OffsetDateTime>,
        /// Until when the people are to be told.
        subjects_deadline_at: Option<OffsetDateTime>,
        /// When the ANPD was told.
        anpd_reported_at: Option<OffsetDateTime>,
        /// When the rest followed.
        supplement_reported_at: Option<OffsetDateTime>,
        /// When the people were told.
        subjects_notified_at: Option<OffsetDateTime>,
        /// The contents of the notice, by their code.
        contents: Value,
        /// When it was closed.
        resolved_at: Option<OffsetDateTime>,
        /// Whether it is a drill.
        is_simulation: bool,
        /// Whether the clinic was a small agent when it was registered.
        small_agent: bool,
        /// Whether it may harm people's physical or moral integrity.
        integrity_risk: bool,
        /// Counts its changes.
        version: i32,
    }
}

impl Incident {
    /// How often the common period its clocks give (Resolução CD/ANPD nº 2/2022, art. 14, II).
    pub fn times(&self) -> i32 {
        if self.small_agent && !self.integrity_risk { 2 } else { 1 }
    }
}

row! {
    /// The clinic's word on whether it is a small agent.
    #[derive(Debug, Clone)]
    pub struct Declaration {
        /// Whether it is.
        small_agent: bool,
        /// Why.
        reason: String,
        /// Since when.
        declared_at: OffsetDateTime,
        /// Who said so.
        declared_by: Option<String>,
    }
}

/// A new incident.
#[derive(Debug, Clone)]
pub struct New<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// How grave.
    pub severity: &'a str,
    /// What happened.
    pub description: &'a str,
    /// How many people.
    pub affected: i32,
    /// When it happened.
    pub occurred_at: Option<OffsetDateTime>,
    /// When it became known that personal data were affected.
    pub knowledge_at: Option<OffsetDateTime>,
    /// Whether it is a drill.
    pub drill: bool,
}

/// What is known of an incident.
#[derive(Debug, Clone)]
pub struct Judged<'a> {
    /// How grave.
    pub severity: &'a str,
    /// What happened.
    pub description: &'a str,
    /// How many people.
    pub affected: i32,
    /// Whether it must be told.
    pub notifiable: Option<bool>,
    /// Why not.
    pub reason: Option<&'a str>,
    /// The contents of the notice.
    pub contents: &'a Value,
    /// Whether it may harm people's physical or moral integrity.
    pub integrity_risk: bool,
}

/// The clinic's incidents.
///
/// # Errors
/// See [`Error`].
pub async fn all(tx: &ReadTx) -> Result<Vec<Incident>> {
    tx.tx.rows(sql::ALL, &[]).await
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn one(tx: &ReadTx, id: Uuid) -> Result<Incident> {
    tx.tx.one(sql::ONE, &[&id]).await
}

/// Registers an incident.
///
/// # Errors
/// [`Error::Denied`] for who answers for nothing; [`Error::Rule`] for an instant that has not come.
pub async fn create(tx: &WriteTx, new: &New<'_>) -> Result<Uuid> {
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [&new.kind, &new.severity, &new.description, &new.affected, &new.occurred_at, &new.knowledge_at, &new.drill];
    tx.tx.value(sql::CREATE, &values).await?.ok_or(Error::NotFound)
}

/// Writes down what is known, if the version is still the one that was seen.
///
/// # Errors
/// [`Error::NotFound`] when it has changed meanwhile; [`Error::Rule`] when it is closed.
pub async fn judge(tx: &WriteTx, id: Uuid, version: i32, judged: &Judged<'_>) -> Result<()> {
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 9] = [
        &id,
        &version,
        &judged.severity,
        &judged.description,
        &judged.affected,
        &judged.notifiable,
        &judged.reason,
        judged.contents,
        &judged.integrity_risk,
    ];
    tx.tx.execute_one(sql::JUDGE, &values).await
}

/// Notes that something was done: `anpd`, `supplement`, `subjects` or `close`.
///
/// # Errors
/// As [`judge`]; [`Error::Rule`] also for what cannot be yet.
pub async fn step(tx: &WriteTx, id: Uuid, version: i32, step: &str) -> Result<()> {
    tx.tx.execute_one(sql::STEP, &[&id, &version, &step]).await
}

/// The clinic's latest word on whether it is a small agent; none: it never said so.
///
/// # Errors
/// See [`Error`].
pub async fn small_agent(tx: &ReadTx) -> Result<Option<Declaration>> {
    tx.tx.optional(sql::SMALL_AGENT, &[]).await
}

/// The clinic's new word on it.
///
/// # Errors
/// [`Error::Denied`] for everybody but the owner; [`Error::Rule`] without a reason.
pub async fn declare_small_agent(tx: &WriteTx, small: bool, reason: &str) -> Result<Uuid> {
    tx.tx.value(sql::DECLARE_SMALL_AGENT, &[&small, &reason]).await?.ok_or(Error::NotFound)
}
