//! How many people's keys are unwrapped, because somebody who takes everything unwraps everything.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

const SECONDS: usize = 60;

/// What was unwrapped, for whoever watches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unwraps {
    /// In the last minute.
    pub last_minute: u32,
    /// Since the start.
    pub total: u64,
    /// How often the threshold was crossed since the start, at most once a minute.
    pub alarms: u32,
}

/// Counts in seconds over a minute.
pub(super) struct Meter {
    threshold: u32,
    start: Instant,
    inner: Mutex<Inner>,
}

struct Inner {
    /// The second a place counts, and its count.
    counts: [(u64, u32); SECONDS],
    unwraps: Unwraps,
    alarmed: Option<u64>,
}

impl Meter {
    pub(super) fn new(threshold: u32, start: Instant) -> Self {
        let inner = Inner { counts: [(0, 0); SECONDS], unwraps: Unwraps::default(), alarmed: None };
        Self { threshold, start, inner: Mutex::new(inner) }
    }

    /// Counts one; warns when the minute's count has just crossed the threshold.
    pub(super) fn count(&self, now: Instant) {
        let second = now.duration_since(self.start).as_secs();
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let place = usize::try_from(second).unwrap_or_default() % SECONDS;
        let slot = &mut inner.counts[place];
        if slot.0 != second {
            *slot = (second, 0);
        }
        slot.1 = slot.1.saturating_add(1);
        inner.unwraps.total += 1;
        let sum = inner.sum(second);
        let quiet = inner.alarmed.is_none_or(|last| second >= last + SECONDS as u64);
        if sum > self.threshold && quiet {
            inner.alarmed = Some(second);
            inner.unwraps.alarms += 1;
            tracing::warn!(unwraps = sum, threshold = self.threshold, "more keys are unwrapped a minute than usual");
        }
    }

    pub(super) fn read(&self, now: Instant) -> Unwraps {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        Unwraps { last_minute: inner.sum(now.duration_since(self.start).as_secs()), ..inner.unwraps }
    }
}

impl Inner {
    fn sum(&self, second: u64) -> u32 {
        let recent = self.counts.iter().filter(|(at, _)| at + SECONDS as u64 > second);
        recent.fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn it_alarms_once_a_minute_above_the_threshold() {
        let start = Instant::now();
        let meter = Meter::new(10, start);
        let at = |second| start + Duration::from_secs(second);
        for second in 0..10 {
            meter.count(at(second));
        }
        assert_eq!(meter.read(at(9)), Unwraps { last_minute: 10, total: 10, alarms: 0 });
        for _ in 0..50 {
            meter.count(at(10));
        }
        assert_eq!(meter.read(at(10)).alarms, 1);
        // A minute on, the first ones no longer count, and it may alarm again.
        assert_eq!(meter.read(at(65)), Unwraps { last_minute: 54, total: 60, alarms: 1 });
        meter.count(at(69));
        assert_eq!(meter.read(at(69)).alarms, 1);
        for _ in 0..20 {
            meter.count(at(200));
        }
        assert_eq!(meter.read(at(200)), Unwraps { last_minute: 20, total: 81, alarms: 2 });
    }
}
