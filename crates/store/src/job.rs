//! The one small scheduler: led by whoever holds an advisory lock, in bounded batches, with a history.

use std::time::Duration;

use uuid::Uuid;

use crate::{Db, JobTx, Result, statements::job as sql};

/// A job with its own narrow statement.
struct Job {
    name: &'static str,
    period: Duration,
    statement: &'static str,
    counted: Counted,
}

/// How a statement tells how much it did, and whether to run it until nothing is left.
#[derive(Clone, Copy)]
enum Counted {
    /// By the rows it touches: one batch of several.
    Rows,
    /// By the number it returns: one batch of several.
    Batches,
    /// By the number it returns: everything at once.
    Whole,
}

const HOUR: Duration = Duration::from_secs(3600);

const fn job(name: &'static str, period: Duration, statement: &'static str, counted: Counted) -> Job {
    Job { name, period, statement, counted }
}

const JOBS: [Job; 14] = [
    job("partitions", HOUR, sql::PARTITIONS, Counted::Whole),
    job("end_sessions", Duration::from_secs(300), sql::END_SESSIONS, Counted::Rows),
    job("sweep_ceremonies", HOUR, sql::SWEEP_CEREMONIES, Counted::Rows),
    job("sweep_links", HOUR, sql::SWEEP_LINKS, Counted::Rows),
    job("sweep_throttle", HOUR, sql::SWEEP_THROTTLE, Counted::Rows),
    job("governance", HOUR, sql::GOVERNANCE, Counted::Whole),
    // Shorter than the scheduler's minute, so that each of its rounds looks.
    job("fulfil", Duration::from_secs(30), sql::FULFIL, Counted::Batches),
    job("eliminate", Duration::from_secs(30), sql::ELIMINATE, Counted::Batches),
    job("suspect", Duration::from_secs(30), sql::SUSPECT, Counted::Whole),
    job("sweep_requests", Duration::from_secs(600), sql::SWEEP_REQUESTS, Counted::Rows),
    job("sweep_consents", HOUR, sql::SWEEP_CONSENTS, Counted::Batches),
    job("retain_trail", HOUR, sql::RETAIN_TRAIL, Counted::Batches),
    job("drop_access_logs", Duration::from_secs(86_400), sql::DROP_ACCESS_LOGS, Counted::Whole),
    job("forget_runs", Duration::from_secs(86_400), sql::FORGET, Counted::Rows),
];

/// Every job with the time after which it is due again.
pub fn periods() -> impl Iterator<Item = (&'static str, Duration)> {
    JOBS.iter().map(|job| (job.name, job.period))
}

/// No run goes on for ever: what is left waits for the next one.
const BATCHES: usize = 100;

/// Runs the due jobs once, if this process leads. Returns the names of those that ran.
///
/// # Errors
/// See [`crate::Error`]; a failed job is recorded and does not stop the others.
pub async fn run_due(db: &Db) -> Result<Vec<&'static str>> {
    let leader = db.leader_connection().await?;
    let row = leader.query_one(sql::LEAD, &[]).await?;
    if !row.try_get::<_, bool>(0)? {
        return Ok(Vec::new());
    }
    let ran = run_as_leader(db).await;
    // The lock belongs to the connection, so the connection must not go back with it.
    drop(deadpool_postgres::Object::take(leader));
    ran
}

/// Carries out the deletions that were approved, now, besides the scheduler: pieces of one plan wait for each other.
///
/// # Errors
/// See [`crate::Error`].
pub async fn fulfil(db: &Db) -> Result<()> {
    until_done(db, sql::FULFIL).await
}

/// Carries out the eliminations of patients that were approved, now, besides the scheduler.
///
/// # Errors
/// See [`crate::Error`].
pub async fn eliminate(db: &Db) -> Result<()> {
    until_done(db, sql::ELIMINATE).await
}

async fn until_done(db: &Db, piece: &'static str) -> Result<()> {
    loop {
        let done: Option<i64> = db.job(async |tx| tx.0.value(piece, &[]).await).await?;
        if done.unwrap_or(0) == 0 {
            return Ok(());
        }
    }
}

async fn run_as_leader(db: &Db) -> Result<Vec<&'static str>> {
    db.job(async |tx| tx.0.execute(sql::ABANDON, &[]).await).await?;
    let mut ran = Vec::new();
    for job in &JOBS {
        let seconds = i32::try_from(job.period.as_secs()).unwrap_or(i32::MAX);
        let due = db.job(async |tx| tx.0.value::<bool>(sql::DUE, &[&job.name, &seconds]).await).await?;
        if due != Some(true) {
            continue;
        }
        let run: Option<Uuid> = db.job(async |tx| tx.0.value(sql::START, &[&job.name]).await).await?;
        let outcome = run_batches(db, job).await;
        let (state, affected, detail) = match &outcome {
            Ok(affected) => ("done", *affected, None),
            Err(error) => ("failed", 0, Some(error.to_string())),
        };
        db.job(async |tx| tx.0.execute(sql::FINISH, &[&run, &state, &affected, &detail]).await).await?;
        if let Err(error) = outcome {
            tracing::error!(job = job.name, %error, "job failed");
        } else {
            ran.push(job.name);
        }
    }
    Ok(ran)
}

async fn run_batches(db: &Db, job: &Job) -> Result<i64> {
    let mut total = 0;
    for _ in 0..BATCHES {
        let affected = db.job(async |tx: &JobTx| batch(tx, job).await).await?;
        total += affected;
        if affected == 0 || matches!(job.counted, Counted::Whole) {
            break;
        }
    }
    Ok(total)
}

async fn batch(tx: &JobTx, job: &Job) -> Result<i64> {
    match job.counted {
        Counted::Rows => Ok(i64::try_from(tx.0.execute(job.statement, &[]).await?).unwrap_or(i64::MAX)),
        Counted::Batches | Counted::Whole => Ok(tx.0.value(job.statement, &[]).await?.unwrap_or(0)),
    }
}
