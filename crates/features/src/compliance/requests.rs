//! Requests of data subjects that wait for their answer.

use time::{Duration, OffsetDateTime};

use sigilo_domain::audit_query::Level;
use sigilo_store::{ReadTx, compliance as counts, rights};

use crate::{Result, rights::Request};

/// How many are shown.
const SHOWN: usize = 5;
/// So close to its deadline a request is to be looked at.
const CLOSE: Duration = Duration::days(5);

/// The requests that wait.
pub struct Requests {
    /// How many.
    pub open: i64,
    /// How many of them are late.
    pub late: i64,
    /// Those that end first.
    pub nearest: Vec<Request>,
    /// A late one is a problem, a close one is to be looked at.
    pub level: Level,
}

pub(super) async fn load(tx: &ReadTx, now: OffsetDateTime, counted: &counts::Requests) -> Result<Requests> {
    let mut nearest = rights::all(tx, "open", None).await?;
    // An answered one that waits for its recipients to be told has no deadline any more.
    nearest.retain(|request| matches!(request.status.as_str(), "pending" | "in_progress"));
    nearest.sort_by_key(|request| request.alert_at);
    nearest.truncate(SHOWN);
    let level = match nearest.first() {
        None => Level::Empty,
        Some(first) if first.alert_at < now => Level::Problem,
        Some(first) if first.alert_at < now + CLOSE => Level::Attention,
        Some(_) => Level::Ok,
    };
    Ok(Requests { open: counted.open, late: counted.late, nearest, level })
}
