//! Suspicions: drafts of incidents, and the refusals that some of them count.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Error, ReadTx, Result, WriteTx, row::row, statements::suspicion as sql};

row! {
    /// A draft that waits for a decision.
    #[derive(Debug, Clone)]
    pub struct Draft {
        /// The draft.
        id: Uuid,
        /// Its rule; see `sigilo_domain::suspicion`.
        rule: String,
        /// `member`, `address` or `canary`.
        subject_kind: String,
        /// Whom it is about: an account; for an address a row of `access_logs`; a canary.
        subject_id: Uuid,
        /// The member who did it, where the subject is another and the clinic may know.
        actor_id: Option<Uuid>,
        /// The name of the member whose account it is, if it is one's.
        member_name: Option<String>,
        /// How often.
        event_count: i32,
        /// From how many on it counts.
        threshold: i32,
        /// Within how many minutes.
        window_minutes: i32,
        /// The first time.
        first_seen_at: OffsetDateTime,
        /// The last time so far.
        last_seen_at: OffsetDateTime,
        /// The table whose rows show it.
        evidence_table: String,
        /// The latest of those rows.
        evidence: Vec<Uuid>,
        /// The database's instant.
        looked_at: OffsetDateTime,
    }
}

/// The drafts that wait, the latest first.
///
/// # Errors
/// See [`Error`].
pub async fn open(tx: &ReadTx) -> Result<Vec<Draft>> {
    tx.tx.rows(sql::OPEN, &[]).await
}

/// A draft that waits, held until the end of the transaction. None when it is decided.
///
/// # Errors
/// [`Error::NotFound`] when there is none at all.
pub async fn take(tx: &WriteTx, id: Uuid) -> Result<Option<Draft>> {
    if let Some(draft) = tx.tx.optional(sql::TAKE, &[&id]).await? {
        return Ok(Some(draft));
    }
    match tx.tx.value(sql::EXISTS, &[&id]).await? {
        Some(true) => Ok(None),
        _ => Err(Error::NotFound),
    }
}

/// A draft became an incident.
///
/// # Errors
/// [`Error::Rule`] when it is decided.
pub async fn confirm(tx: &WriteTx, id: Uuid, incident: Uuid) -> Result<()> {
    tx.tx.execute_one(sql::CONFIRM, &[&id, &incident]).await
}

/// A draft was nothing.
///
/// # Errors
/// [`Error::Rule`] when it is decided.
pub async fn dismiss(tx: &WriteTx, id: Uuid, reason: &str) -> Result<()> {
    tx.tx.execute_one(sql::DISMISS, &[&id, &reason]).await
}
