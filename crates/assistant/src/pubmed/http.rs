//! One request to PubMed: tries, waits, limits. Nothing of an address or an answer reaches a log.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use url::Url;
use url::form_urlencoded::Serializer;
use zeroize::Zeroizing;

use super::gate::{Gate, Turn};
use super::{BuildError, Failure, Settings};
use crate::provider::is_loopback;

/// How often a request is sent in all.
const TRIES: u32 = 3;
/// Above this a query goes into the body.
const LONGEST_QUERY: usize = 2000;
/// Bytes of an answer that are read; 200 summaries with hundreds of authors each stay below.
const MAX_BODY: usize = 8 * 1024 * 1024;
const WITHOUT_KEY: Duration = Duration::from_millis(400);
const WITH_KEY: Duration = Duration::from_millis(125);
/// The pause after "too many requests" when no length is told.
const PAUSE: Duration = Duration::from_secs(2);

pub(super) struct Http {
    client: reqwest::Client,
    base: Url,
    /// What goes along with every request.
    identity: Vec<(&'static str, Zeroizing<String>)>,
    gate: Gate,
    back_off: Duration,
}

impl Http {
    pub(super) fn new(settings: &Settings) -> Result<Http, BuildError> {
        let mut base = settings.base.clone();
        let secure = base.scheme() == "https" || (base.scheme() == "http" && is_loopback(&base));
        if !secure || !base.username().is_empty() || base.password().is_some() {
            return Err(BuildError::Address);
        }
        base.set_query(None);
        base.set_fragment(None);
        if let Ok(mut path) = base.path_segments_mut() {
            // A last empty segment, so that joining keeps the whole path.
            path.pop_if_empty().push("");
        }
        // A second installation of the process-wide provider is refused and harmless.
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        let mut builder = reqwest::Client::builder()
            // The key must not follow a redirect.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .timeout(settings.timeout);
        if is_loopback(&base) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|_| BuildError::Client)?;
        let filled = |value: &str| Some(value.trim()).filter(|v| !v.is_empty()).map(|v| Zeroizing::new(v.to_owned()));
        let key = settings.api_key.as_ref().and_then(|key| filled(key));
        let interval = settings.interval.unwrap_or(if key.is_some() { WITH_KEY } else { WITHOUT_KEY });
        let email = settings.email.as_deref().and_then(filled);
        let identity = [("tool", filled(settings.tool)), ("email", email), ("api_key", key)];
        let identity = identity.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        Ok(Http { client, base, identity, gate: Gate::new(interval), back_off: settings.back_off })
    }

    /// Waits for leave to send.
    pub(super) async fn turn(&self) -> Result<Turn<'_>, Failure> {
        self.gate.turn().await
    }

    /// Asks until there is an answer that `read` understands, a few times at most. `first` is leave already given.
    pub(super) async fn ask<T>(
        &self,
        mut first: Option<Turn<'_>>,
        endpoint: &'static str,
        params: &[(&str, &str)],
        read: impl Fn(&[u8]) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut tried = 1;
        loop {
            let turn = match first.take() {
                Some(turn) => turn,
                None => self.gate.turn().await?,
            };
            let answer = self.send(endpoint, params).await.and_then(|body| read(&body));
            drop(turn);
            let failure = match answer {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            tracing::warn!(endpoint, failure = failure.code(), tried, "PubMed gave no answer");
            if let Failure::RateLimited(pause) = failure {
                self.gate.pause(pause.unwrap_or(PAUSE));
            }
            if tried == TRIES || !failure.passes() {
                return Err(failure);
            }
            if !matches!(failure, Failure::RateLimited(_)) {
                tokio::time::sleep(self.back_off * 2_u32.pow(tried - 1)).await;
            }
            tried += 1;
        }
    }

    async fn send(&self, endpoint: &str, params: &[(&str, &str)]) -> Result<Vec<u8>, Failure> {
        let query = {
            let mut query = Serializer::new(String::new());
            query.append_pair("db", "pubmed").extend_pairs(params);
            query.extend_pairs(self.identity.iter().map(|(name, value)| (*name, value.as_str())));
            Zeroizing::new(query.finish())
        };
        let mut url = self.base.join(endpoint).map_err(|_| Failure::Rejected)?;
        let request = if query.len() > LONGEST_QUERY {
            let form = "application/x-www-form-urlencoded";
            self.client.post(url).header(reqwest::header::CONTENT_TYPE, form).body(query.to_string())
        } else {
            url.set_query(Some(&query));
            self.client.get(url)
        };
        let response = request.send().await.map_err(broken)?;
        let (status, pause) = (response.status().as_u16(), retry_after(response.headers()));
        match status {
            // "ID list is empty" and a refused key come with 400, both as text or JSON.
            200 | 400 => {}
            429 => return Err(Failure::RateLimited(pause)),
            401 | 403 => return Err(Failure::Key),
            500.. => return Err(Failure::Backend),
            _ => return Err(Failure::Rejected),
        }
        let mut body = Vec::new();
        let mut stream = response.bytes_stream();
        while let Some(part) = stream.next().await {
            body.extend_from_slice(&part.map_err(broken)?);
            if body.len() > MAX_BODY {
                return Err(Failure::Malformed);
            }
        }
        match status {
            200 => Ok(body),
            _ if contains(&body, b"api key") || contains(&body, b"api-key") => Err(Failure::Key),
            _ => Err(Failure::Rejected),
        }
    }
}

fn broken(error: reqwest::Error) -> Failure {
    if error.is_timeout() { Failure::Timeout } else { Failure::Unreachable }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

fn contains(body: &[u8], needle: &[u8]) -> bool {
    body.windows(needle.len()).any(|part| part.eq_ignore_ascii_case(needle))
}
