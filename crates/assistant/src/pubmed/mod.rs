//! The E-utilities of PubMed: `esearch`, `esummary`, `efetch`.
//!
//! Terms of use and wire format: NLM Knowledge Base KA-05317 (keys and rates) and the E-utilities handbook
//! (NBK25499). What the service answers is not trusted: it drops words it does not know and reports its own
//! breakdowns with HTTP 200.

mod batch;
pub(crate) mod cache;
mod failure;
mod gate;
mod http;
mod read;
mod summary;
pub(crate) mod terms;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use url::Url;
use zeroize::Zeroizing;

use sigilo_citations::Record;

pub use failure::{BuildError, Failure};
pub use read::Found;
pub use terms::Ladder;

use batch::Batch;
use http::Http;

/// Articles asked for in one search.
const RETMAX: &str = "5";
/// Articles described in one request, as the handbook advises.
pub(crate) const MOST_IDS: usize = 200;

#[allow(clippy::expect_used, reason = "a constant that every test parses")]
static EUTILS: LazyLock<Url> =
    LazyLock::new(|| Url::parse("https://eutils.ncbi.nlm.nih.gov/entrez/eutils/").expect("a constant"));

/// How PubMed is asked.
#[derive(Clone)]
pub struct Settings {
    /// Address of the E-utilities, with its path.
    pub base: Url,
    /// The name this software goes by at NCBI.
    pub tool: &'static str,
    /// Where NCBI writes before it blocks an installation.
    pub email: Option<String>,
    /// The clinic's own key: 10 requests a second instead of 3.
    pub api_key: Option<Zeroizing<String>>,
    /// Longest time for one request.
    pub timeout: Duration,
    /// Time between two requests; none for what NCBI allows, less a margin: 400 ms without key, 125 ms with one.
    pub interval: Option<Duration>,
    /// The first pause before a failed request is sent again; it doubles.
    pub back_off: Duration,
    /// Where answers are kept; none to keep them in memory only.
    pub cache_dir: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            base: EUTILS.clone(),
            tool: "sigilo",
            email: None,
            api_key: None,
            timeout: Duration::from_secs(6),
            interval: None,
            back_off: Duration::from_millis(500),
            cache_dir: None,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("base", &self.base.host_str())
            .field("tool", &self.tool)
            .field("email", &self.email.is_some())
            .field("api_key", &self.api_key.is_some())
            .field("timeout", &self.timeout)
            .field("cache_dir", &self.cache_dir)
            .finish_non_exhaustive()
    }
}

/// Asks PubMed. Cheap to clone; all clones share one rate. Make one a process: the rate counts by address and key.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: Http,
    batch: Batch,
}

impl Client {
    /// Sets a client up; asks nothing yet.
    ///
    /// # Errors
    /// When the address would send the key in the clear.
    pub fn new(settings: &Settings) -> Result<Client, BuildError> {
        Ok(Client(Arc::new(Inner { http: Http::new(settings)?, batch: Batch::default() })))
    }

    /// Searches; the five most relevant articles. `term` is in PubMed's syntax, built by [`Ladder`].
    ///
    /// # Errors
    /// [`Failure`] when PubMed did not answer; never when it found nothing.
    pub async fn search(&self, term: &str) -> Result<Found, Failure> {
        let params = [("term", term), ("retmode", "json"), ("retmax", RETMAX), ("sort", "relevance")];
        self.0.http.ask(None, "esearch.fcgi", &params, read::search).await
    }

    /// Describes articles. Articles that several callers ask for at nearly the same time go out in one request.
    /// Unknown ones are left out.
    ///
    /// # Errors
    /// [`Failure`] when PubMed did not answer.
    pub async fn summaries(&self, pmids: &[u32]) -> Result<Vec<Record>, Failure> {
        if pmids.is_empty() {
            return Ok(Vec::new());
        }
        let answer = self.0.batch.join(pmids, || {
            let inner = self.0.clone();
            tokio::spawn(async move { inner.batch.run(&inner.http).await });
        });
        answer.await.unwrap_or(Err(Failure::Unreachable))
    }

    /// Whole records of articles, for what summaries leave out. Unknown ones are left out.
    ///
    /// # Errors
    /// [`Failure`] when PubMed did not answer.
    pub async fn fetch(&self, pmids: &[u32]) -> Result<Vec<Record>, Failure> {
        if pmids.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = pmids.iter().take(MOST_IDS).map(u32::to_string).collect();
        let ids = ids.join(",");
        self.0.http.ask(None, "efetch.fcgi", &[("id", &ids), ("retmode", "xml")], read::records).await
    }
}
