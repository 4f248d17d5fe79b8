//! Keeps the requests below the rate that PubMed allows, and obeys it when it asks for a pause.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Queue, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use super::Failure;

/// Requests under way at the same time.
const AT_ONCE: usize = 2;
/// A pause longer than this outlasts every verification: fail at once.
const LONGEST_WAIT: Duration = Duration::from_secs(6);
/// No pause asked for is believed beyond this.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Lets requests pass one by one, in the order they came.
pub(super) struct Gate {
    interval: Duration,
    at_once: Semaphore,
    /// When the next one may pass. Held while waiting, so that nobody overtakes and a cancelled wait costs no turn.
    next: Queue<Instant>,
    paused_until: Mutex<Instant>,
}

/// Leave to send one request; counts as under way until dropped.
pub(super) struct Turn<'a> {
    _under_way: SemaphorePermit<'a>,
}

impl Gate {
    pub(super) fn new(interval: Duration) -> Gate {
        let now = Instant::now();
        Gate { interval, at_once: Semaphore::new(AT_ONCE), next: Queue::new(now), paused_until: Mutex::new(now) }
    }

    /// Waits for leave to send one request.
    pub(super) async fn turn(&self) -> Result<Turn<'_>, Failure> {
        let mut next = self.next.lock().await;
        let under_way = self.at_once.acquire().await.map_err(|_| Failure::Unreachable)?;
        loop {
            let now = Instant::now();
            let paused_until = *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
            let pause = paused_until.saturating_duration_since(now);
            if pause > LONGEST_WAIT {
                return Err(Failure::RateLimited(Some(pause)));
            }
            let from = paused_until.max(*next);
            if from <= now {
                *next = now + self.interval;
                return Ok(Turn { _under_way: under_way });
            }
            sleep_until(from).await;
        }
    }

    /// Lets nothing pass for this long.
    pub(super) fn pause(&self, length: Duration) {
        let until = Instant::now() + length.min(LONGEST_PAUSE);
        let mut paused_until = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        *paused_until = until.max(*paused_until);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_second_sees_more_than_the_rate() {
        let gate = Arc::new(Gate::new(Duration::from_millis(400)));
        let start = Instant::now();
        let mut sent = tokio::task::JoinSet::new();
        for _ in 0..25 {
            let gate = gate.clone();
            sent.spawn(async move {
                let _turn = gate.turn().await.unwrap();
                start.elapsed()
            });
        }
        let mut times: Vec<_> = sent.join_all().await;
        times.sort();
        assert!(times[24] >= Duration::from_millis(400 * 24));
        for window in times.windows(4) {
            assert!(window[3] - window[0] >= Duration::from_millis(1200), "four requests within {window:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn at_most_two_are_under_way() {
        let gate = Gate::new(Duration::ZERO);
        let (first, _second) = (gate.turn().await.unwrap(), gate.turn().await.unwrap());
        assert!(tokio::time::timeout(Duration::from_secs(60), gate.turn()).await.is_err());
        drop(first);
        assert!(gate.turn().await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_everyone_and_a_long_one_fails_at_once() {
        let gate = Gate::new(Duration::ZERO);
        gate.pause(Duration::from_secs(2));
        let start = Instant::now();
        drop(gate.turn().await.unwrap());
        assert!(start.elapsed() >= Duration::from_secs(2));
        gate.pause(Duration::from_secs(3600));
        let start = Instant::now();
        assert!(matches!(gate.turn().await, Err(Failure::RateLimited(Some(_)))));
        assert_eq!(start.elapsed(), Duration::ZERO);
        tokio::time::advance(LONGEST_PAUSE).await;
        assert!(gate.turn().await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_given_up_costs_no_turn() {
        let gate = Gate::new(Duration::from_secs(1));
        drop(gate.turn().await.unwrap());
        let given_up = AtomicUsize::new(0);
        for _ in 0..10 {
            if tokio::time::timeout(Duration::from_millis(1), gate.turn()).await.is_err() {
                given_up.fetch_add(1, Ordering::Relaxed);
            }
        }
        assert_eq!(given_up.into_inner(), 10);
        let start = Instant::now();
        drop(gate.turn().await.unwrap());
        assert!(start.elapsed() <= Duration::from_secs(1));
    }
}
