//! A server that answers like a language model, in both wire formats, with the faults that real ones have.
//!
//! What a request gets is decided in this order: the replies scripted for the first requests, a marker word
//! `roteiro:NAME` in the last message (see [`Reply::named`]), the script's reply for all others.

pub mod answers;
mod frames;
mod reply;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use futures_util::stream;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use url::Url;

use frames::{Dialect, Step};
pub use reply::{Fault, Reply};

/// What the stand-in knows and does.
#[derive(Debug, Clone)]
pub struct Script {
    /// What the first requests get, in order.
    pub first: Vec<Reply>,
    /// What all others get, unless they carry a marker word.
    pub then: Reply,
    /// Characters of a text delta.
    pub chunk: usize,
    /// Models that it has. A request for another one is answered all the same; the start-up check is not.
    pub models: Vec<String>,
    /// The only key it takes; any or none when not set.
    pub key: Option<String>,
}

impl Default for Script {
    fn default() -> Script {
        Script {
            first: Vec::new(),
            then: Reply::default(),
            chunk: 24,
            models: vec!["claude-opus-4-6".into(), "modelo-de-teste".into()],
            key: None,
        }
    }
}

impl Script {
    /// The first requests get these, all others the good answer.
    pub fn first(replies: impl IntoIterator<Item = Reply>) -> Script {
        Script { first: replies.into_iter().collect(), ..Script::default() }
    }

    /// Every request gets this.
    pub fn always(reply: Reply) -> Script {
        Script { then: reply, ..Script::default() }
    }
}

/// A request that came.
#[derive(Debug, Clone, Serialize)]
pub struct Seen {
    /// Its path.
    pub path: String,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Bytes of its body.
    pub body_len: usize,
    /// Its body.
    #[serde(skip)]
    pub body: String,
    /// The answer was sent to its end.
    pub answered: bool,
    /// The client went away before the answer's end.
    pub closed_early: bool,
}

impl Seen {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

struct Shared {
    script: Script,
    first: Mutex<VecDeque<Reply>>,
    asked: Mutex<BTreeMap<String, usize>>,
    seen: Mutex<Vec<Seen>>,
    changed: watch::Sender<u64>,
    held: Semaphore,
}

/// A running stand-in. Stops when dropped.
pub struct Server {
    /// Its address, without `/v1`.
    pub base: Url,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts on a free port of this machine.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(script: Script) -> io::Result<Server> {
        Server::start_on(SocketAddr::from(([127, 0, 0, 1], 0)), script).await
    }

    /// Starts on this address.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn start_on(address: SocketAddr, script: Script) -> io::Result<Server> {
        let listener = TcpListener::bind(address).await?;
        let base = Url::parse(&format!("http://{}", listener.local_addr()?)).map_err(io::Error::other)?;
        let shared = Arc::new(Shared {
            first: Mutex::new(script.first.clone().into()),
            script,
            asked: Mutex::default(),
            seen: Mutex::default(),
            changed: watch::Sender::new(0),
            held: Semaphore::new(0),
        });
        let app = Router::new()
            .route("/v1/messages", post(messages))
            .route("/v1/chat/completions", post(completions))
            .route("/v1/models", get(models))
            .route("/v1/models/{id}", get(model))
            .route("/_standin/release", post(release))
            .route("/_standin/requests", get(requests))
            .layer(DefaultBodyLimit::disable())
            .with_state(shared.clone());
        let task = tokio::spawn(async move {
            axum::serve(listener, app).await.ok();
        });
        Ok(Server { base, shared, task })
    }

    /// The requests for answers so far, oldest first.
    pub fn requests(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    /// Lets one answer that is held go on, now or as soon as there is one.
    pub fn release(&self) {
        self.shared.held.add_permits(1);
    }

    /// Waits until the requests fulfil a condition.
    pub async fn wait_until(&self, mut fulfilled: impl FnMut(&[Seen]) -> bool) {
        let mut changed = self.shared.changed.subscribe();
        while !fulfilled(&lock(&self.shared.seen)) {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes how an answer ended, also when the client goes away and everything is dropped.
struct Fate {
    shared: Arc<Shared>,
    at: usize,
    answered: bool,
}

impl Drop for Fate {
    fn drop(&mut self) {
        if let Some(seen) = lock(&self.shared.seen).get_mut(self.at) {
            seen.answered = self.answered;
            seen.closed_early = !self.answered;
        }
        self.shared.changed.send_modify(|count| *count += 1);
    }
}

async fn messages(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    answer(shared, Dialect::Messages, request).await
}

async fn completions(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    answer(shared, Dialect::Completions, request).await
}

async fn answer(shared: Arc<Shared>, dialect: Dialect, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let mut fate = note(&shared, parts.uri.path(), &parts.headers, &body);
    let json: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    drop(body);
    let reply =
        if taken(&shared.script, &parts.headers) { choose(&shared, &json) } else { Reply::fault(Fault::Unauthorised) };
    if let Some(refused) = frames::refused(&reply.fault, dialect) {
        fate.answered = true;
        let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = Response::builder().status(status).header("request-id", "req_teste");
        if !refused.headers.iter().any(|(name, _)| *name == "content-type") {
            response = response.header(CONTENT_TYPE, "application/json");
        }
        for (name, value) in refused.headers {
            response = response.header(name, value);
        }
        return response.body(Body::from(refused.body)).unwrap_or_default();
    }
    let model = json["model"].as_str().unwrap_or("modelo-de-teste");
    let mut steps: VecDeque<Step> = frames::steps(&reply, dialect, model, shared.script.chunk).into();
    if let Some(Step::Hold) = steps.front() {
        steps.pop_front();
        hold(&shared).await;
    }
    let pace = reply.pace;
    let body = stream::unfold((steps, fate), move |state| next(state, pace));
    Response::builder()
        .header(CONTENT_TYPE, "text/event-stream")
        .header("request-id", "req_teste")
        .body(Body::from_stream(body))
        .unwrap_or_default()
}

async fn next(state: (VecDeque<Step>, Fate), pace: Duration) -> Option<(io::Result<Bytes>, (VecDeque<Step>, Fate))> {
    let (mut steps, mut fate) = state;
    loop {
        match steps.pop_front() {
            Some(Step::Send(bytes)) => {
                if !pace.is_zero() {
                    tokio::time::sleep(pace).await;
                }
                return Some((Ok(bytes), (steps, fate)));
            }
            Some(Step::Hold) => hold(&fate.shared).await,
            Some(Step::Break) => {
                // What was sent before is flushed while nothing more comes.
                tokio::task::yield_now().await;
                fate.answered = true;
                return Some((Err(io::ErrorKind::ConnectionReset.into()), (VecDeque::new(), fate)));
            }
            None => {
                fate.answered = true;
                return None;
            }
        }
    }
}

async fn hold(shared: &Shared) {
    if let Ok(permit) = shared.held.acquire().await {
        permit.forget();
    }
}

fn note(shared: &Arc<Shared>, path: &str, headers: &HeaderMap, body: &Bytes) -> Fate {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let seen = Seen {
        path: path.to_owned(),
        headers: headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect(),
        body_len: body.len(),
        body: text(body),
        answered: false,
        closed_early: false,
    };
    let mut all = lock(&shared.seen);
    all.push(seen);
    let at = all.len() - 1;
    drop(all);
    shared.changed.send_modify(|count| *count += 1);
    Fate { shared: shared.clone(), at, answered: false }
}

fn taken(script: &Script, headers: &HeaderMap) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let key = header("x-api-key").or_else(|| header("authorization").and_then(|value| value.strip_prefix("Bearer ")));
    script.key.is_none() || script.key.as_deref() == key
}

fn choose(shared: &Shared, request: &Value) -> Reply {
    if let Some(first) = lock(&shared.first).pop_front() {
        return first;
    }
    let Some(marker) = marker(request) else { return shared.script.then.clone() };
    let mut asked = lock(&shared.asked);
    let before = asked.entry(marker.clone()).or_default();
    let reply = Reply::named(&marker, *before);
    *before += 1;
    reply.unwrap_or_else(|| shared.script.then.clone())
}

/// The name after `roteiro:` in the last message.
fn marker(request: &Value) -> Option<String> {
    let last = request["messages"].as_array()?.last()?;
    let text = match &last["content"] {
        Value::String(text) => text.as_str(),
        Value::Array(blocks) => blocks.iter().rev().find_map(|block| block["text"].as_str())?,
        _ => return None,
    };
    let (_, after) = text.rsplit_once("roteiro:")?;
    Some(after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect())
}

async fn models(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    if !taken(&shared.script, &headers) {
        return refuse(401, "authentication_error");
    }
    let list: Vec<_> = shared.script.models.iter().map(|id| json!({"id": id, "object": "model"})).collect();
    Json(json!({"object": "list", "data": list})).into_response()
}

async fn model(State(shared): State<Arc<Shared>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if !taken(&shared.script, &headers) {
        return refuse(401, "authentication_error");
    }
    if !shared.script.models.contains(&id) {
        return refuse(404, "not_found_error");
    }
    Json(json!({"id": id, "type": "model", "display_name": id, "max_input_tokens": 200_000, "max_tokens": 64_000}))
        .into_response()
}

fn refuse(status: u16, kind: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, Json(json!({"type": "error", "error": {"type": kind, "message": kind}}))).into_response()
}

async fn release(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.held.add_permits(1);
    StatusCode::NO_CONTENT
}

/// Everything but the bodies, oldest first.
async fn requests(State(shared): State<Arc<Shared>>) -> Json<Vec<Seen>> {
    Json(lock(&shared.seen).clone())
}
