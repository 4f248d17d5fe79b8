//! Unwrapped keys for a short while: so many, so long.

use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

/// The keys used last. What falls out is wiped as soon as nobody works with it any more, since keys wipe themselves.
pub(super) struct Cache<K, V> {
    lifetime: Duration,
    inner: Mutex<Inner<K, V>>,
}

struct Inner<K, V> {
    kept: LruCache<K, (Instant, Arc<V>)>,
    /// How often something was evicted by name. What was being fetched meanwhile is not kept.
    epoch: u64,
}

impl<K: Hash + Eq, V> Cache<K, V> {
    pub(super) fn new(places: usize, lifetime: Duration) -> Self {
        let places = NonZeroUsize::new(places).unwrap_or(NonZeroUsize::MIN);
        Self { lifetime, inner: Mutex::new(Inner { kept: LruCache::new(places), epoch: 0 }) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner<K, V>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept and not too old; else the epoch to give to [`Cache::keep`].
    pub(super) fn get(&self, key: &K, now: Instant) -> Result<Arc<V>, u64> {
        let mut inner = self.inner();
        match inner.kept.get(key) {
            Some((since, value)) if now.duration_since(*since) < self.lifetime => return Ok(Arc::clone(value)),
            Some(_) => drop(inner.kept.pop(key)),
            None => {}
        }
        Err(inner.epoch)
    }

    /// Keeps what was fetched, unless something was evicted since `epoch`.
    pub(super) fn keep(&self, epoch: u64, key: K, value: Arc<V>, now: Instant) {
        let mut inner = self.inner();
        if inner.epoch == epoch {
            inner.kept.put(key, (now, value));
        }
    }

    /// Forgets every key that `gone` names, and what is being fetched now.
    pub(super) fn evict(&self, gone: impl Fn(&K) -> bool)
    where
        K: Clone,
    {
        let mut inner = self.inner();
        inner.epoch += 1;
        let named: Vec<K> = inner.kept.iter().map(|(key, _)| key).filter(|key| gone(key)).cloned().collect();
        for key in named {
            inner.kept.pop(&key);
        }
    }

    /// Forgets what is too old, which nobody asks for any more.
    pub(super) fn sweep(&self, now: Instant)
    where
        K: Clone,
    {
        let mut inner = self.inner();
        let old = |since: &Instant| now.duration_since(*since) >= self.lifetime;
        let gone: Vec<K> = inner.kept.iter().filter(|(_, (since, _))| old(since)).map(|(key, _)| key.clone()).collect();
        for key in gone {
            inner.kept.pop(&key);
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.inner().kept.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(300);

    #[test]
    fn it_is_bounded_in_number_and_in_time() {
        let cache = Cache::new(3, LIFETIME);
        let start = Instant::now();
        let first = Arc::new(0);
        for number in 0..10 {
            let value = if number == 0 { Arc::clone(&first) } else { Arc::new(number) };
            cache.keep(0, number, value, start);
        }
        assert_eq!(cache.len(), 3);
        assert_eq!(Arc::strong_count(&first), 1, "what fell out is dropped, and so wiped");
        assert!(cache.get(&6, start).is_err());
        assert_eq!(cache.get(&7, start).as_deref(), Ok(&7));
        // 7 was used last, so 8 goes first.
        cache.keep(0, 10, Arc::new(10), start);
        assert!(cache.get(&8, start).is_err() && cache.get(&7, start).is_ok());

        let later = start + LIFETIME;
        assert!(cache.get(&7, later).is_err());
        assert_eq!(cache.len(), 2);
        cache.keep(0, 11, Arc::new(11), later);
        cache.sweep(later);
        assert_eq!((cache.len(), cache.get(&11, later).as_deref()), (1, Ok(&11)));
    }

    #[test]
    fn what_was_being_fetched_during_an_eviction_is_not_kept() {
        let cache = Cache::new(8, LIFETIME);
        let now = Instant::now();
        let epoch = cache.get(&(1, 1), now).unwrap_err();
        cache.keep(epoch, (2, 1), Arc::new(()), now);
        cache.evict(|(subject, _)| *subject == 1);
        cache.keep(epoch, (1, 1), Arc::new(()), now);
        assert!(cache.get(&(1, 1), now).is_err());
        assert!(cache.get(&(2, 1), now).is_ok(), "others stay");
    }
}
