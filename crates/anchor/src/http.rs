//! Requests to others: time limits, bounded answers, no redirects. Neither addresses nor answers reach a log.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::{RequestBuilder, Response};
use thiserror::Error;
use url::{Host, Url};

const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(20);

/// The TLS of this machine cannot be set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("não foi possível preparar as conexões com os de fora")]
pub struct ClientError;

/// What asks witnesses and authorities. Cheap to clone; asks once and never again by itself: rounds come often, and the
/// caller keeps what is still wanted.
#[derive(Clone)]
pub struct Client {
    others: reqwest::Client,
    /// What runs on this machine is asked directly, whatever proxy the environment names.
    local: reqwest::Client,
    whole: Duration,
}

impl Client {
    /// A client that waits 20 seconds at most.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn new() -> Result<Client, ClientError> {
        Client::waiting(WHOLE)
    }

    /// A client that waits `whole` at most, from the first connection to the last byte.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn waiting(whole: Duration) -> Result<Client, ClientError> {
        // A second installation of the process-wide provider is refused and harmless.
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        let builder = || {
            reqwest::Client::builder()
                // A password must not follow a redirect, and an answer comes from whom we asked.
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .connect_timeout(CONNECT.min(whole))
                .timeout(whole)
        };
        let others = builder().build().map_err(|_| ClientError)?;
        let local = builder().no_proxy().build().map_err(|_| ClientError)?;
        Ok(Client { others, local, whole })
    }

    /// How long an answer may take in all.
    pub(crate) fn whole(&self) -> Duration {
        self.whole
    }

    pub(crate) fn post(&self, url: Url) -> RequestBuilder {
        if is_loopback(&url) { self.local.post(url) } else { self.others.post(url) }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// No connection, or it broke off.
    Unreachable,
    /// Too slow.
    Timeout,
    /// Longer than what is read.
    TooLong,
}

impl From<reqwest::Error> for Broken {
    fn from(error: reqwest::Error) -> Broken {
        if error.is_timeout() { Broken::Timeout } else { Broken::Unreachable }
    }
}

/// The body of an answer, of `limit` bytes at most.
pub(crate) async fn body(response: Response, limit: usize) -> Result<Vec<u8>, Broken> {
    let mut body = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(part) = stream.next().await {
        let part = part?;
        if body.len() + part.len() > limit {
            return Err(Broken::TooLong);
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}

/// The media type that an answer states, in small letters and without parameters.
pub(crate) fn media_type(response: &Response) -> Option<String> {
    let value = response.headers().get(reqwest::header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
