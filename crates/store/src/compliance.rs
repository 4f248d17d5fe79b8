//! What the compliance desk counts. Numbers and instants of one clinic, never anybody's row.

use time::OffsetDateTime;

use crate::{
    ReadTx, Result,
    classification::{Classification, Retention, Table},
    row::row,
    statements::compliance as sql,
};

row! {
    /// Requests of data subjects, counted.
    #[derive(Debug, Clone)]
    pub struct Requests {
        /// All there ever were.
        total: i64,
        /// Those that wait for their answer.
        open: i64,
        /// Of these, past whichever deadline came first.
        late: i64,
    }
}

row! {
    /// The protections that the catalogue shows.
    #[derive(Debug, Clone)]
    pub struct Protections {
        /// How many tables there are.
        tables: i64,
        /// Those without row security, or where it does not bind their owner.
        unprotected: Vec<String>,
        /// Names of the rules on the trail that are in effect.
        rules: Vec<String>,
    }
}

row! {
    /// The numbers of the audit manual's queries 12 and 15.
    #[derive(Debug, Clone)]
    pub struct Proofs {
        /// Images that were processed.
        images: i64,
        /// Of these, never stored.
        never_stored: i64,
        /// Of these, processed in memory.
        in_memory: i64,
        /// Of these, without the instant of the wipe.
        not_discarded: i64,
        /// Answers of the assistant.
        answers: i64,
        /// Of these, with the disclaimer confirmed by the browser.
        with_disclaimer: i64,
    }
}

row! {
    /// The last runs of a job, within a week.
    #[derive(Debug, Clone)]
    pub struct JobRuns {
        /// The job.
        job: String,
        /// Start of the last one that ended well.
        done_at: Option<OffsetDateTime>,
        /// Start of the last one that failed.
        failed_at: Option<OffsetDateTime>,
    }
}

row! {
    /// The consents of one type, of active members.
    #[derive(Debug, Clone)]
    pub struct Consents {
        /// The consent's code.
        kind: String,
        /// In force.
        live: i64,
        /// Ending before long, or ended and not renewed.
        expiring: i64,
        /// When the first of these ends.
        first_expiry: Option<OffsetDateTime>,
        /// Given to another version of the text than today's.
        outdated: i64,
        /// Active professionals without one in force.
        missing: i64,
    }
}

row! {
    /// The rows of one table against their period.
    #[derive(Debug, Clone)]
    pub struct Aged {
        /// Past its end.
        ended: i64,
        /// Past it before long.
        ending: i64,
        /// The clock of the oldest of both.
        oldest: Option<OffsetDateTime>,
    }
}

/// Requests of data subjects, counted.
///
/// # Errors
/// See [`crate::Error`].
pub async fn requests(tx: &ReadTx) -> Result<Requests> {
    tx.tx.one(sql::REQUESTS, &[]).await
}

/// The protections that the catalogue shows.
///
/// # Errors
/// See [`crate::Error`].
pub async fn protections(tx: &ReadTx) -> Result<Protections> {
    tx.tx.one(sql::PROTECTIONS, &[]).await
}

/// Images and answers with their proofs.
///
/// # Errors
/// [`crate::Error::Denied`] for who answers for nothing.
pub async fn proofs(tx: &ReadTx) -> Result<Proofs> {
    tx.tx.one(sql::PROOFS, &[]).await
}

/// The last runs of these jobs, in their order.
///
/// # Errors
/// [`crate::Error::Denied`] for who answers for nothing.
pub async fn jobs(tx: &ReadTx, names: &[&str]) -> Result<Vec<JobRuns>> {
    tx.tx.rows(sql::JOBS, &[&names]).await
}

/// The consents of these types, beside the version of each text that is in force, and those that end within so many days.
///
/// # Errors
/// [`crate::Error::Denied`] for who answers for nothing.
pub async fn consents(tx: &ReadTx, kinds: &[&str], versions: &[&str], days: i32) -> Result<Vec<Consents>> {
    tx.tx.rows(sql::CONSENTS, &[&kinds, &versions, &days]).await
}

/// Every table of a clinic whose period ends, with its rule and how its rows stand against it now and in so many days.
///
/// # Errors
/// [`crate::Error::Denied`] for who answers for nothing.
pub async fn retention(tx: &ReadTx, days: i32) -> Result<Vec<(&'static Retention, &'static Table, Aged)>> {
    let due: Vec<_> = Classification::of_the_product().ending().collect();
    let names: Vec<&str> = due.iter().map(|(_, table, _)| table.name.as_str()).collect();
    let clocks: Vec<&str> = due.iter().map(|(_, _, clock)| *clock).collect();
    let periods: Vec<Option<&str>> = due.iter().map(|(rule, _, _)| rule.period.as_deref()).collect();
    let last_days: Vec<Option<&str>> = due.iter().map(|(rule, _, _)| rule.last_day.as_deref()).collect();
    let aged: Vec<Aged> = tx.tx.rows(sql::RETENTION, &[&names, &clocks, &periods, &last_days, &days]).await?;
    Ok(due.into_iter().zip(aged).map(|((rule, table, _), aged)| (rule, table, aged)).collect())
}
