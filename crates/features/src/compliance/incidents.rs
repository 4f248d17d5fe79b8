//! Incidents that are open.

use time::OffsetDateTime;

use sigilo_domain::audit_query::Level;
use sigilo_store::{ReadTx, incident, suspicion};

use crate::{Result, incident::Incident};

/// How many are shown.
const SHOWN: usize = 5;

/// The incidents that are open.
pub struct Incidents {
    /// How many, drills included.
    pub open: usize,
    /// Suspicions that wait for a decision.
    pub suspicions: usize,
    /// Those that end first.
    pub nearest: Vec<Incident>,
    /// An open one, or a suspicion, is to be looked at; one of whose deadlines passed is a problem. Drills are neither.
    pub level: Level,
}

pub(super) async fn load(tx: &ReadTx, now: OffsetDateTime) -> Result<Incidents> {
    let mut nearest: Vec<Incident> =
        incident::all(tx).await?.into_iter().filter(|incident| incident.status == "open").collect();
    let suspicions = suspicion::open(tx).await?.len();
    let suspected = (suspicions > 0).then_some(Level::Attention);
    let level = match nearest.is_empty() && suspicions == 0 {
        true => Level::Empty,
        false => {
            let real = nearest.iter().filter(|incident| !incident.is_simulation).map(|one| level_of(one, now));
            Level::worst(real.chain(suspected))
        }
    };
    let open = nearest.len();
    nearest.truncate(SHOWN);
    Ok(Incidents { open, suspicions, nearest, level })
}

fn level_of(incident: &Incident, now: OffsetDateTime) -> Level {
    let clocks = [
        (incident.anpd_deadline_at, incident.anpd_reported_at),
        (incident.subjects_deadline_at, incident.subjects_notified_at),
        (incident.supplement_deadline_at, incident.supplement_reported_at),
    ];
    let missed = clocks.iter().any(|(until, done)| done.is_none() && until.is_some_and(|until| until < now));
    if missed && incident.notifiable != Some(false) { Level::Problem } else { Level::Attention }
}
