//! A server that answers like PubMed's E-utilities, from real records, with the faults that the real one has.

mod answer;
mod fault;
mod library;
mod query;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{any, post};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

pub use fault::Fault;
use library::Article;

/// A request that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `esearch`, `esummary` or `efetch`.
    pub utility: String,
    /// Whether its parameters stood in the body.
    pub posted: bool,
    /// Its parameters.
    pub params: Vec<(String, String)>,
}

impl Asked {
    /// A parameter; empty when it was not sent.
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

/// The running server; stops when dropped.
pub struct Server {
    /// Address of the E-utilities.
    pub base: Url,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    articles: Mutex<Vec<Article>>,
    asked: Mutex<Vec<Asked>>,
    fault: watch::Sender<Plan>,
}

/// Which requests fail, and how.
#[derive(Debug, Clone, Copy, Default)]
struct Plan {
    fault: Fault,
    /// Only this utility; all when not set.
    only: Option<&'static str>,
    /// Only this many more requests; all when not set.
    times: Option<u32>,
}

impl Server {
    /// Starts on a free port of this machine.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> io::Result<Server> {
        Server::start_on(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Starts at this address.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub async fn start_on(address: SocketAddr) -> io::Result<Server> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let base = Url::parse(&format!("http://{address}/entrez/eutils/")).map_err(io::Error::other)?;
        let shared = Arc::new(Shared {
            articles: Mutex::new(library::sample()),
            asked: Mutex::default(),
            fault: watch::Sender::new(Plan::default()),
        });
        let app = Router::new()
            .route("/entrez/eutils/{utility}", any(serve))
            .route("/_falha/{nome}", post(switch))
            .with_state(shared.clone());
        let task = tokio::spawn(async move {
            // Ends with the task.
            axum::serve(listener, app).await.ok();
        });
        Ok(Server { base, shared, task })
    }

    /// All requests fail like this from now on; releases requests that hang.
    pub fn fault(&self, fault: Fault) {
        self.plan(Plan { fault, ..Plan::default() });
    }

    /// The next requests fail like this, later ones do not.
    pub fn fault_times(&self, fault: Fault, times: u32) {
        self.plan(Plan { fault, times: Some(times), ..Plan::default() });
    }

    /// Requests to one utility, such as `esummary`, fail like this.
    pub fn fault_only(&self, utility: &'static str, fault: Fault) {
        self.plan(Plan { fault, only: Some(utility), ..Plan::default() });
    }

    fn plan(&self, plan: Plan) {
        self.shared.fault.send_replace(plan);
    }

    /// The requests that came, in order.
    pub fn requests(&self) -> Vec<Asked> {
        lock(&self.shared.asked).clone()
    }

    /// Requests to one utility.
    pub fn requests_to(&self, utility: &str) -> Vec<Asked> {
        self.requests().into_iter().filter(|asked| asked.utility == utility).collect()
    }

    /// Forgets the requests that came.
    pub fn forget(&self) {
        lock(&self.shared.asked).clear();
    }

    /// Waits until this many requests have come.
    pub async fn wait_for(&self, count: usize) {
        while lock(&self.shared.asked).len() < count {
            tokio::task::yield_now().await;
        }
    }

    /// PMIDs of the articles it holds.
    pub fn pmids(&self) -> Vec<u32> {
        lock(&self.shared.articles).iter().map(|article| article.pmid).collect()
    }

    /// Holds these `MedlineCitation` elements, too; one that has a known PMID takes the place of the one before.
    pub fn add(&self, xml: &str) -> usize {
        let new = library::articles(xml);
        let mut articles = lock(&self.shared.articles);
        articles.retain(|article| new.iter().all(|new| new.pmid != article.pmid));
        let count = new.len();
        articles.extend(new);
        count
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

async fn switch(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> StatusCode {
    match Fault::named(&name) {
        Some(fault) => {
            shared.fault.send_replace(Plan { fault, ..Plan::default() });
            StatusCode::NO_CONTENT
        }
        None => StatusCode::NOT_FOUND,
    }
}

impl Shared {
    /// The fault of this request, and one request fewer that fails.
    fn next_fault(&self, utility: &str) -> Fault {
        let mut fault = Fault::None;
        self.fault.send_modify(|plan| {
            if plan.only.is_some_and(|only| only != utility) || plan.times == Some(0) {
                return;
            }
            plan.times = plan.times.map(|times| times - 1);
            fault = plan.fault;
        });
        fault
    }
}

async fn serve(
    State(shared): State<Arc<Shared>>,
    Path(utility): Path<String>,
    method: Method,
    Form(params): Form<Vec<(String, String)>>,
) -> Response {
    let utility = utility.trim_end_matches(".fcgi").to_owned();
    let asked = Asked { utility: utility.clone(), posted: method == Method::POST, params };
    lock(&shared.asked).push(asked.clone());
    let fault = shared.next_fault(&utility);
    let mut response = match fault {
        Fault::Hang => {
            let mut changes = shared.fault.subscribe();
            changes.wait_for(|plan| plan.fault != Fault::Hang).await.ok();
            good(&shared, &asked, Fault::None)
        }
        Fault::Slow(time) => {
            tokio::time::sleep(time).await;
            good(&shared, &asked, Fault::None)
        }
        Fault::None | Fault::NoSummaries => good(&shared, &asked, fault),
        other => broken(&shared, &asked, other),
    };
    let limit = if asked.param("api_key").is_empty() { "3" } else { "10" };
    let headers = response.headers_mut();
    headers.insert("x-ratelimit-limit", HeaderValue::from_static(limit));
    headers.insert("x-ratelimit-remaining", HeaderValue::from_static("1"));
    response
}

fn good(shared: &Shared, asked: &Asked, fault: Fault) -> Response {
    let articles = lock(&shared.articles);
    let ids: Vec<&str> = asked.param("id").split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    match asked.utility.as_str() {
        "esearch" if asked.param("term").trim().is_empty() => {
            Json(json!({"esearchresult": {"ERROR": "Empty term and query_key - nothing todo"}})).into_response()
        }
        "esearch" => {
            let most = asked.param("retmax").parse().unwrap_or(20);
            let term = asked.param("term");
            Json(answer::search(term, most, &query::run(term, &articles), &articles)).into_response()
        }
        _ if ids.is_empty() => {
            (StatusCode::BAD_REQUEST, "<ERROR>ID list is empty! Possibly it has no correct IDs.</ERROR>")
                .into_response()
        }
        "esummary" => Json(answer::summaries(&ids, &articles, fault == Fault::NoSummaries)).into_response(),
        "efetch" => ([(header::CONTENT_TYPE, "text/xml; charset=UTF-8")], answer::xml(&ids, &articles)).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn broken(shared: &Shared, asked: &Asked, fault: Fault) -> Response {
    let caller = Some(asked.param("api_key")).filter(|key| !key.is_empty()).unwrap_or("203.0.113.9");
    let limited = || {
        let body = json!({"error": "API rate limit exceeded", "api-key": caller, "count": "4", "limit": "3"});
        (StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response()
    };
    match fault {
        Fault::RateLimited(seconds) => {
            let mut response = limited();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
        Fault::RateLimitedSilently => limited(),
        Fault::BadGateway => {
            let page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";
            (StatusCode::BAD_GATEWAY, [(header::CONTENT_TYPE, "text/html")], page).into_response()
        }
        Fault::BackendFailed => {
            Json(json!({"header": {"type": "esearch"}, "esearchresult": {"ERROR": "Search Backend failed: database is down"}}))
                .into_response()
        }
        Fault::ErrorField => Json(json!({"header": {}, "error": "error forwarding request", "api-key": caller})).into_response(),
        Fault::Exception => {
            "NCBI C++ Exception:\n    Error: TXCLIENT(CException::eUnknown) \"txclient.cpp\", line 1000".into_response()
        }
        Fault::InvalidKey => {
            let body = json!({"error": "API key invalid", "api-key": caller, "type": "api-key", "status": "unknown"});
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
        Fault::Truncated | Fault::Cut => {
            let whole = match asked.utility.as_str() {
                "esummary" => json!({"result": {"uids": [asked.param("id")], "1": {"title": "x"}}}).to_string(),
                _ => {
                    let term = asked.param("term");
                    let articles = lock(&shared.articles);
                    answer::search(term, 5, &query::run(term, &articles), &articles).to_string()
                }
            };
            let half = Bytes::copy_from_slice(&whole.as_bytes()[..whole.len() / 2]);
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            if fault == Fault::Truncated {
                return (headers, Body::from(half)).into_response();
            }
            let parts = [Ok(half), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
            (headers, Body::from_stream(futures_util::stream::iter(parts))).into_response()
        }
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response(),
    }
}
