use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use sigilo_proof::sha256;
use sigilo_store::Session;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How long a session is not told again whom it was shown.
const REMEMBERED: Duration = Duration::HOUR;

/// Whom each session was shown of late. An open agenda is read at every change of anybody's: the trail says once an hour which
/// patients somebody had before them, not a hundred times, so that what it says can still be read.
#[derive(Default)]
pub(crate) struct Seen(Mutex<HashMap<[u8; 32], Shown>>);

struct Shown {
    since: OffsetDateTime,
    patients: HashSet<Uuid>,
}

impl Seen {
    /// Those of some patients whom the trail does not yet say that the session was shown.
    pub(super) fn untold(&self, session: &Session, now: OffsetDateTime, shown: &[Uuid]) -> Vec<Uuid> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, shown| now - shown.since < REMEMBERED);
        let known = sessions.get(&key(session));
        shown.iter().copied().filter(|id| known.is_none_or(|known| !known.patients.contains(id))).collect()
    }

    /// The trail says it now.
    pub(super) fn told(&self, session: &Session, now: OffsetDateTime, patients: Vec<Uuid>) {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = sessions.entry(key(session)).or_insert_with(|| Shown { since: now, patients: HashSet::new() });
        known.patients.extend(patients);
    }
}

fn key(session: &Session) -> [u8; 32] {
    sha256(session.token.expose().as_bytes())
}
