//! Copies that were made and drills that put one back, of the whole installation. Whoever calls has asked who may.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Db, Result, row::row, statements::copies as sql};

row! {
    /// A copy or a drill.
    #[derive(Debug, Clone)]
    pub struct CopyRow {
        /// It.
        id: Uuid,
        /// `waiting`, `running`, `passed`, `failed` or `incomplete`.
        status: String,
        /// When it was asked for.
        requested_at: OffsetDateTime,
        /// When it began.
        started_at: Option<OffsetDateTime>,
        /// When it ended.
        finished_at: Option<OffsetDateTime>,
        /// What was tried: a list of objects with `name`, `passed`, `found` and `seconds`.
        steps: Value,
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A copy of both databases.
    Backup,
    /// One that was put back and looked at.
    Drill,
}

impl Kind {
    fn code(self) -> &'static str {
        match self {
            Kind::Backup => "backup",
            Kind::Drill => "drill",
        }
    }
}

/// Asks for a drill; false when one waits or runs.
///
/// # Errors
/// See [`crate::Error`]; so for all functions here.
pub async fn request(db: &Db) -> Result<bool> {
    db.job(async |tx| Ok(tx.0.value::<Uuid>(sql::REQUEST, &[]).await?.is_some())).await
}

/// Begins the drill that waits, if one does.
pub async fn take(db: &Db) -> Result<Option<Uuid>> {
    db.job(async |tx| tx.0.value(sql::TAKE, &[]).await).await
}

/// Ends a drill that was begun.
pub async fn finish(db: &Db, id: Uuid, status: &str, steps: &Value) -> Result<()> {
    db.job(async |tx| tx.0.execute(sql::FINISH, &[&id, &status, steps]).await.map(drop)).await
}

/// Ends drills whose process died, for the process that takes its place.
pub async fn abandon(db: &Db, steps: &Value) -> Result<()> {
    db.job(async |tx| tx.0.execute(sql::ABANDON, &[steps]).await.map(drop)).await
}

/// Notes what the command line did, in so many seconds until now.
pub async fn record(db: &Db, kind: Kind, status: &str, seconds: f64, steps: &Value) -> Result<()> {
    db.job(async |tx| tx.0.execute(sql::RECORD, &[&kind.code(), &status, &seconds, steps]).await.map(drop)).await
}

/// The latest copies, the latest drills, and when a drill last came out as it should.
pub async fn standing(db: &Db, most: i64) -> Result<(Vec<CopyRow>, Vec<CopyRow>, Option<OffsetDateTime>)> {
    db.job(async |tx| {
        let latest = async |kind: Kind| tx.0.rows(sql::LATEST, &[&kind.code(), &most]).await;
        let passed = tx.0.value::<Option<OffsetDateTime>>(sql::PASSED, &[&Kind::Drill.code()]).await?.flatten();
        Ok((latest(Kind::Backup).await?, latest(Kind::Drill).await?, passed))
    })
    .await
}
