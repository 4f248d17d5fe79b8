//! A token bucket for each address, in bounded memory.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sigilo_features::Error;

use super::WebSettings;
use crate::errors::Answer;
use crate::visitor::address;

/// Addresses remembered in each of two generations. Beyond it the older generation is forgotten,
/// so memory stays bounded whatever comes.
const ADDRESSES: usize = 20_000;

/// How many requests an address may make.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// Gained back each second.
    pub per_second: f64,
}

#[derive(Clone)]
pub(super) struct Limits {
    trusted_proxy: bool,
    entry: Arc<Buckets>,
    other: Arc<Buckets>,
}

impl Limits {
    pub(super) fn new(settings: &WebSettings) -> Self {
        Limits {
            trusted_proxy: settings.trusted_proxy,
            entry: Arc::new(Buckets::new(settings.sign_in_rate)),
            other: Arc::new(Buckets::new(settings.rate)),
        }
    }
}

pub(super) async fn check(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let unlimited = route.starts_with("/assets/") || route == "/saude";
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let ip = address(peer, request.headers(), limits.trusted_proxy);
    if let (false, Some(ip)) = (unlimited, ip) {
        let buckets = if is_entry(request.method(), route) { &limits.entry } else { &limits.other };
        if let Err(retry_after_seconds) = buckets.take(ip, Instant::now()) {
            return Answer::from(Error::TooMany { retry_after_seconds }).into_response();
        }
    }
    next.run(request).await
}

/// Requests that try a secret.
fn is_entry(method: &Method, route: &str) -> bool {
    let secret_in_address = route == "/entrar/link/{token}" || route == "/entrar/oidc/retorno";
    let prefixes = ["/entrar", "/criar-conta", "/segundo-fator", "/sessao/desbloquear"];
    secret_in_address || (method == Method::POST && prefixes.iter().any(|prefix| route.starts_with(prefix)))
}

struct Buckets {
    rate: Rate,
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    current: HashMap<IpAddr, Bucket>,
    older: HashMap<IpAddr, Bucket>,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Buckets {
    fn new(rate: Rate) -> Self {
        Buckets { rate, generations: Mutex::default() }
    }

    /// Takes one token, or says after how many seconds there will be one.
    fn take(&self, ip: IpAddr, now: Instant) -> Result<(), u64> {
        let key = network(ip);
        let full = f64::from(self.rate.burst);
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let generations = &mut *generations;
        let known = generations.current.get(&key).or_else(|| generations.older.get(&key)).copied();
        let mut bucket = known.unwrap_or(Bucket { tokens: full, at: now });
        let gained = now.saturating_duration_since(bucket.at).as_secs_f64() * self.rate.per_second;
        bucket.tokens = (bucket.tokens + gained).min(full);
        bucket.at = now;
        let taken = bucket.tokens >= 1.0;
        if taken {
            bucket.tokens -= 1.0;
        }
        if generations.current.len() >= ADDRESSES && !generations.current.contains_key(&key) {
            generations.older = std::mem::take(&mut generations.current);
        }
        generations.current.insert(key, bucket);
        if taken {
            return Ok(());
        }
        let wait = ((1.0 - bucket.tokens) / self.rate.per_second).ceil();
        Err(if wait.is_finite() { (wait as u64).clamp(1, 3600) } else { 3600 })
    }
}

/// One household or server holds a whole /64 of IPv6.
fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_is_allowed_and_refills_with_time() {
        let buckets = Buckets::new(Rate { burst: 2, per_second: 0.5 });
        let ip = IpAddr::from([192, 0, 2, 1]);
        let start = Instant::now();
        assert_eq!(buckets.take(ip, start), Ok(()));
        assert_eq!(buckets.take(ip, start), Ok(()));
        assert_eq!(buckets.take(ip, start), Err(2));
        assert_eq!(buckets.take(IpAddr::from([192, 0, 2, 2]), start), Ok(()));
        assert_eq!(buckets.take(ip, start + Duration::from_secs(2)), Ok(()));
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        let buckets = Buckets::new(Rate { burst: 1, per_second: 1.0 });
        let now = Instant::now();
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(buckets.take(address("2001:db8::1"), now), Ok(()));
        assert!(buckets.take(address("2001:db8::2"), now).is_err());
        assert_eq!(buckets.take(address("2001:db8:0:1::1"), now), Ok(()));
    }

    #[test]
    fn memory_is_bounded() {
        let buckets = Buckets::new(Rate { burst: 1, per_second: 1.0 });
        let now = Instant::now();
        for n in 0..(3 * ADDRESSES as u32) {
            let _ = buckets.take(IpAddr::from(n.to_be_bytes()), now);
        }
        let generations = buckets.generations.lock().unwrap();
        assert!(generations.current.len() + generations.older.len() <= 2 * ADDRESSES);
    }
}
