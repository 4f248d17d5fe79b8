//! One request to a language model over HTTP: tries, waits, time limits, and the stream that is its answer.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream, stream::BoxStream};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use url::{Host, Url};

use super::body::{Segment, Upload};
use super::failure::{Broken, Said, classify};
use super::sse::{Event, Parser};
use super::{BuildError, Checked, Failure, Piece, Remote, Request, Stop};

/// How often a request is sent again before the person is asked.
const RETRIES: u32 = 2;
/// Pauses between tries, as the vendor's own client makes them.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// A wait that the provider asks for and that a person still sits through.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(5);
/// How long the start-up check and the body of an error may take.
const BRIEF: Duration = Duration::from_secs(10);
/// How long the end of a body may take after the end of the answer.
const LAST_WORD: Duration = Duration::from_secs(1);
/// Bytes of a JSON answer (an error, a model's description, the list of models) that are read.
const MAX_JSON: usize = 1024 * 1024;

/// Where a provider is and how it is spoken to.
pub(crate) struct Link {
    client: reqwest::Client,
    base: Url,
    headers: HeaderMap,
    idle: Duration,
    total: Duration,
}

/// What differs between the wire formats.
pub(crate) trait Dialect: Send + Sync + 'static {
    /// Path below `/v1/`.
    const PATH: &'static str;
    /// What reads one answer.
    type Wire: Wire;
    /// The request's body.
    fn body(&self, request: &Request) -> Result<Vec<Segment>, Failure>;
    /// A reader for one answer.
    fn wire(&self) -> Self::Wire;
}

/// Reads one answer.
pub(crate) trait Wire: Send {
    /// Takes an event and appends what it says; `true` at the end of the answer.
    fn event(&mut self, event: &Event, pieces: &mut Vec<Piece>) -> Result<bool, Broken>;

    /// How the answer ended, for a stream that closed without its last mark; none when it was cut.
    fn closed(&mut self) -> Option<Stop> {
        None
    }
}

impl Link {
    pub(crate) fn new(remote: &Remote, headers: HeaderMap) -> Result<Link, BuildError> {
        // A second installation of the process-wide provider is refused and harmless.
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        let mut builder = reqwest::Client::builder()
            // The key must not follow a redirect.
            .redirect(reqwest::redirect::Policy::none())
            // Tries are ours, so that they can be shown and never follow the first text.
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT)
            .tcp_nodelay(true);
        if is_loopback(&remote.base) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|_| BuildError::Client)?;
        Ok(Link { client, base: remote.base.clone(), headers, idle: remote.idle, total: remote.total })
    }

    /// `/v1/` and these segments below the base, which may have a path and may already end in `/v1`.
    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        let path = url.path().trim_end_matches('/');
        let path = path.strip_suffix("/v1").unwrap_or(path).to_owned();
        url.set_query(None);
        url.set_fragment(None);
        url.set_path(&path);
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().push("v1").extend(segments);
        }
        url
    }

    /// Asks for a small JSON document.
    pub(crate) async fn get(&self, segments: &[&str]) -> Result<Value, Failure> {
        let ask = async {
            let sent = self.client.get(self.url(segments)).headers(self.headers.clone()).send().await;
            let response = sent.map_err(|_| Failure::Unreachable)?;
            let (status, headers) = (response.status(), response.headers().clone());
            let json = json(response).await;
            if status.is_success() {
                return json.ok_or(Failure::Malformed);
            }
            Err(classify(status.as_u16(), json.as_ref().and_then(Said::read).as_ref(), &headers, false).failure)
        };
        timeout(BRIEF, ask).await.map_err(|_| Failure::Timeout)?
    }

    /// The host at the other end, where it is somebody else's.
    pub(crate) fn recipient(&self) -> Option<&str> {
        if is_private(&self.base) { None } else { self.base.host_str() }
    }

    /// Looks for a model in the list of those that are served.
    pub(crate) async fn listed(&self, wanted: &str) -> Result<Checked, Failure> {
        let list = self.get(&["models"]).await?;
        let models = list.get("data").and_then(Value::as_array).ok_or(Failure::Malformed)?;
        let known = models.iter().any(|model| {
            let id = model.get("id").and_then(Value::as_str).unwrap_or_default();
            // Ollama lists its default tag; llama.cpp serves one model whatever it is called.
            id == wanted
                || id.strip_suffix(":latest") == Some(wanted)
                || model.get("owned_by").and_then(Value::as_str) == Some("llamacpp")
        });
        if known { Ok(Checked { model: wanted.to_owned() }) } else { Err(Failure::UnknownModel) }
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether an address is this machine or of a private network.
pub(crate) fn is_private(url: &Url) -> bool {
    match url.host() {
        _ if is_loopback(url) => true,
        Some(Host::Ipv4(address)) => address.is_private() || address.is_link_local(),
        Some(Host::Ipv6(address)) => address.is_unique_local() || address.is_unicast_link_local(),
        Some(Host::Domain(name)) => {
            !name.contains('.') || [".local", ".lan", ".internal", ".home.arpa"].iter().any(|end| name.ends_with(end))
        }
        None => false,
    }
}

/// A header that is never printed.
pub(crate) fn secret(value: &str) -> Result<HeaderValue, BuildError> {
    let mut value = HeaderValue::from_str(value.trim()).map_err(|_| BuildError::Key)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Asks, and streams what comes.
pub(crate) fn answer<D: Dialect>(
    link: Arc<Link>,
    dialect: Arc<D>,
    request: Request,
) -> BoxStream<'static, Result<Piece, Failure>> {
    pieces(move |out| tries(link, dialect, request, out))
}

/// A stream of what `work` sends. Dropping the stream drops the work where it stands, and with it the connection.
pub(crate) fn pieces<W, F>(work: W) -> BoxStream<'static, Result<Piece, Failure>>
where
    W: FnOnce(mpsc::Sender<Piece>) -> F,
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let (out, come) = mpsc::channel(16);
    let state = (come, Some(Box::pin(work(out))), None);
    stream::unfold(state, |(mut come, mut work, mut failed)| async move {
        while let Some(running) = &mut work {
            tokio::select! {
                biased;
                Some(piece) = come.recv() => return Some((Ok(piece), (come, work, failed))),
                ended = running => {
                    work = None;
                    failed = ended.err();
                }
            }
        }
        match come.recv().await {
            Some(piece) => Some((Ok(piece), (come, work, failed))),
            None => failed.take().map(|failure| (Err(failure), (come, work, None))),
        }
    })
    .boxed()
}

async fn tries<D: Dialect>(
    link: Arc<Link>,
    dialect: Arc<D>,
    mut request: Request,
    out: mpsc::Sender<Piece>,
) -> Result<(), Failure> {
    let deadline = Instant::now() + link.total;
    let with_images = !request.images.is_empty();
    let mut attempt = 1;
    loop {
        let mut told = false;
        let tried = timeout_at(deadline, once(&link, &*dialect, &mut request, &out, &mut told)).await;
        let broken = match tried {
            Err(_) => return Err(Failure::Timeout),
            Ok(Ok(())) => return Ok(()),
            Ok(Err(broken)) => broken,
        };
        tracing::warn!(code = broken.failure.code(), attempt, "language model: try failed");
        let images_gone = with_images && request.images.is_empty();
        let pause = broken.wait.unwrap_or_else(|| pause(attempt));
        if told
            || images_gone
            || !broken.again
            || attempt > RETRIES
            || pause > LONGEST_WAIT
            || Instant::now() + pause >= deadline
        {
            return Err(broken.failure);
        }
        attempt += 1;
        out.send(Piece::Retrying { attempt, because: broken.failure.code() }).await.ok();
        sleep(pause).await;
    }
}

/// Half a second, doubled with each try, and up to a quarter less so that clients do not come back together.
fn pause(attempt: u32) -> Duration {
    let mut random = [0_u8];
    aws_lc_rs::rand::fill(&mut random).ok();
    let full = FIRST_PAUSE.saturating_mul(1 << (attempt - 1).min(8)).min(LONGEST_PAUSE);
    full.mul_f64(1.0 - 0.25 * f64::from(random[0]) / 255.0)
}

/// One try. `told` becomes true with the first text, after which there is no other.
async fn once<D: Dialect>(
    link: &Link,
    dialect: &D,
    request: &mut Request,
    out: &mpsc::Sender<Piece>,
    told: &mut bool,
) -> Result<(), Broken> {
    let with_images = !request.images.is_empty();
    let body = Upload::new(dialect.body(request).map_err(Broken::for_good)?);
    let sending = link
        .client
        .post(link.url(&D::PATH.split('/').collect::<Vec<_>>()))
        .headers(link.headers.clone())
        .header(CONTENT_TYPE, "application/json")
        .body(reqwest::Body::wrap(body))
        .send();
    let mut response = match timeout(link.idle, sending).await {
        Err(_) => return Err(Broken::for_good(Failure::Timeout)),
        Ok(Err(_)) => return Err(Broken::passing(Failure::Unreachable)),
        Ok(Ok(response)) => response,
    };
    let status = response.status();
    if !status.is_success() {
        let headers = response.headers().clone();
        let said = timeout(BRIEF, json(response)).await.ok().flatten();
        return Err(classify(status.as_u16(), said.as_ref().and_then(Said::read).as_ref(), &headers, with_images));
    }
    request.images.clear();
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    if !header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream")) {
        let said = timeout(BRIEF, json(response)).await.ok().flatten();
        let said = said.as_ref().and_then(Said::read);
        return Err(said.map_or(Broken::for_good(Failure::Malformed), |said| said.in_stream()));
    }
    let request_id = header("request-id").or_else(|| header("x-request-id"));

    let mut wire = dialect.wire();
    let mut parser = Parser::default();
    let mut events = Vec::new();
    let mut pieces = Vec::new();
    loop {
        let chunk = match timeout(link.idle, response.chunk()).await {
            Ok(Ok(chunk)) => chunk,
            Ok(Err(_)) | Err(_) => return Err(Broken::passing(Failure::Cut)),
        };
        let Some(chunk) = chunk else { break };
        parser.push(&chunk, &mut events).map_err(|_| Broken::for_good(Failure::Malformed))?;
        for event in events.drain(..) {
            let read = wire.event(&event, &mut pieces);
            send(&mut pieces, request_id.as_ref(), out, told).await;
            if read? {
                // The body ends here; reading that far lets the connection serve the next question.
                while let Ok(Ok(Some(_))) = timeout(LAST_WORD, response.chunk()).await {}
                return Ok(());
            }
        }
    }
    // What a broken connection leaves behind is half an event, and no format error.
    let mut ended = match parser.finish() {
        Some(last) => wire.event(&last, &mut pieces).unwrap_or(false),
        None => false,
    };
    if !ended && let Some(stop) = wire.closed() {
        pieces.push(Piece::Stopped(stop));
        ended = true;
    }
    send(&mut pieces, request_id.as_ref(), out, told).await;
    if ended { Ok(()) } else { Err(Broken::passing(Failure::Cut)) }
}

async fn send(pieces: &mut Vec<Piece>, header: Option<&String>, out: &mpsc::Sender<Piece>, told: &mut bool) {
    for mut piece in pieces.drain(..) {
        match &mut piece {
            Piece::Text(_) => *told = true,
            Piece::Started { request_id, .. } => *request_id = header.cloned().or(request_id.take()),
            _ => {}
        }
        out.send(piece).await.ok();
    }
}

async fn json(mut response: reqwest::Response) -> Option<Value> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > MAX_JSON {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).ok()
}

/// A model's name as a server reports it. A path on that server's disk (llama.cpp) is none.
pub(crate) fn model_name(reported: &str) -> Option<String> {
    let reported = reported.trim();
    let path = reported.starts_with(['/', '.', '~'])
        || reported.contains('\\')
        || reported.matches('/').count() > 1
        || reported.to_ascii_lowercase().ends_with(".gguf");
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@+".contains(c);
    (!path && !reported.is_empty() && reported.len() <= 100 && reported.chars().all(plain)).then(|| reported.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(base: &str) -> Link {
        let remote = Remote {
            base: base.parse().unwrap(),
            model: "m".into(),
            key: None,
            idle: Duration::from_secs(1),
            total: Duration::from_secs(1),
        };
        Link::new(&remote, HeaderMap::new()).unwrap()
    }

    #[test]
    fn the_base_may_have_a_path() {
        for (base, url) in [
            ("https://a.example", "https://a.example/v1/models/a%2Fb"),
            ("https://a.example/", "https://a.example/v1/models/a%2Fb"),
            ("http://localhost:11434/v1", "http://localhost:11434/v1/models/a%2Fb"),
            ("http://localhost:11434/v1/", "http://localhost:11434/v1/models/a%2Fb"),
            ("https://a.example/ia/?x=1#y", "https://a.example/ia/v1/models/a%2Fb"),
        ] {
            assert_eq!(link(base).url(&["models", "a/b"]).as_str(), url);
        }
    }

    #[test]
    fn a_path_is_no_model_name() {
        for path in ["/models/Smol.gguf", "C:\\m\\a.bin", "./a", "~/a", "smol.GGUF", "a/b/c", "", "a b", "é"] {
            assert_eq!(model_name(path), None, "{path}");
        }
        for name in ["claude-opus-4-6", "llama3.2:latest", "Qwen/Qwen3-8B"] {
            assert_eq!(model_name(name).as_deref(), Some(name));
        }
    }

    #[test]
    fn pauses_grow_and_stay_bounded() {
        for (attempt, most) in [(1, 500), (2, 1000), (3, 2000), (9, 8000), (40, 8000)] {
            let pause = pause(attempt).as_millis();
            assert!(pause <= most && pause >= most * 3 / 4, "{attempt}: {pause}");
        }
    }

    #[tokio::test]
    async fn what_was_sent_comes_before_the_failure() {
        let stream = pieces(|out| async move {
            out.send(Piece::Text("a".into())).await.ok();
            out.send(Piece::Text("b".into())).await.ok();
            Err(Failure::Cut)
        });
        let all: Vec<_> = stream.collect().await;
        assert_eq!(all, [Ok(Piece::Text("a".into())), Ok(Piece::Text("b".into())), Err(Failure::Cut)]);
    }
}
