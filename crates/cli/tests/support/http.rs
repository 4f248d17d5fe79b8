//! A plain HTTP visitor: what a browser sends, and what an attacker sends instead.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Client, Method, RequestBuilder, redirect};
use serde_json::Value;

use super::PATIENCE;

/// The session's cookie.
pub const SESSION: &str = "__Host-sigilo";
/// The cookie of a sign-in in progress.
pub const ENTRY: &str = "__Host-sigilo-entrada";

static ADDRESS: AtomicU32 = AtomicU32::new(1);

/// Somebody with a browser: cookies, an address of their own, and the headers that browsers send.
#[derive(Clone)]
pub struct Visitor {
    client: Client,
    origin: String,
    /// What the browser keeps.
    pub cookies: BTreeMap<String, String>,
    /// Where they are; the site must run with `--trusted-proxy` to believe it.
    pub address: Ipv4Addr,
}

/// An answer, read to its end.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// One that nobody else has, of the block for measurements (RFC 2544).
fn new_address() -> Ipv4Addr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 0, 0)) + ADDRESS.fetch_add(1, Ordering::Relaxed) % 0x2_0000)
}

impl Visitor {
    /// A new visitor of the site at `origin`.
    pub fn new(origin: &str) -> Visitor {
        // A second installation of the process-wide provider is refused and harmless.
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(PATIENCE)
            .user_agent("Mozilla/5.0 (X11; Linux x86_64) Chrome/148.0 sigilo-e2e")
            .build()
            .expect("a client");
        Visitor { client, origin: origin.to_owned(), cookies: BTreeMap::new(), address: new_address() }
    }

    /// Goes on from another address, so that the limit of requests an address does not end a test of load.
    pub fn roam(&mut self) {
        self.address = new_address();
    }

    /// The same person after the site moved to another port.
    pub fn moved_to(mut self, origin: &str) -> Visitor {
        self.origin = origin.to_owned();
        self
    }

    /// A request without what a browser adds by itself.
    pub fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.client.request(method, format!("{}{path}", self.origin));
        request = request.header("x-forwarded-for", self.address.to_string());
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        request
    }

    /// A request as the site's own page makes it.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).header("sec-fetch-site", "same-origin")
    }

    /// Sends a request, checks what every answer must have, and keeps the cookies.
    pub async fn send(&mut self, request: RequestBuilder) -> Answer {
        let answer = self.try_send(request).await.unwrap_or_else(|error| panic!("no answer: {error:?}"));
        answer.check_headers();
        answer
    }

    /// As [`Visitor::send`], for a server that may be away.
    pub async fn try_send(&mut self, request: RequestBuilder) -> reqwest::Result<Answer> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await?.to_vec();
        for cookie in headers.get_all("set-cookie") {
            let cookie = cookie.to_str().expect("a readable cookie");
            let (pair, attributes) = cookie.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a value");
            assert!(name.starts_with("__Host-"), "{name}");
            for wanted in ["Path=/", "HttpOnly", "Secure", "SameSite=Lax"] {
                assert!(attributes.split(';').any(|one| one.trim() == wanted), "{name} without {wanted}");
            }
            assert!(!attributes.contains("Domain"), "{name} has a domain");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(Answer { status, headers, body })
    }

    /// Asks for a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path).header("accept", "text/html");
        self.send(request).await
    }

    /// Asks for JSON.
    pub async fn get_json(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path).header("accept", "application/json");
        self.send(request).await
    }

    /// Sends a form as a page does.
    pub async fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.request(Method::POST, path).header("accept", "text/html").form(fields);
        self.send(request).await
    }

    /// Sends JSON as a script of the page does.
    pub async fn json(&mut self, path: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, path).header("accept", "application/json").json(body);
        self.send(request).await
    }

    /// Sends any bytes.
    pub async fn raw(&mut self, path: &str, content_type: &str, accept: &str, body: Vec<u8>) -> Answer {
        let request = self.request(Method::POST, path).header("accept", accept);
        self.send(request.header("content-type", content_type).body(body)).await
    }
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("text")
    }

    /// The body as JSON.
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where it redirects to.
    pub fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.text());
        self.header("location")
    }

    /// A failure that a program reads (RFC 9457): its sentence.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}: {}", self.status, self.text());
        let value = self.value();
        assert_eq!(value["status"], self.status);
        let sentence = value["detail"].as_str().unwrap_or_default().to_owned();
        assert!(sentence.ends_with('.') && sentence.len() > 10, "a sentence: {sentence}");
        sentence
    }

    /// What every answer must carry, failures too.
    fn check_headers(&self) {
        let policy = self.header("content-security-policy");
        for wanted in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(wanted), "{}: policy without {wanted}: {policy}", self.status);
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, wanted) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(self.header(name), wanted, "{}: {name}", self.status);
        }
        assert!(!self.header("cache-control").is_empty(), "cache-control");
        assert!(!self.header("permissions-policy").is_empty(), "permissions-policy");
        assert!(!self.header("x-request-id").is_empty(), "x-request-id");
        assert!(!self.headers.contains_key(HeaderName::from_static("server")), "who serves is nobody's business");
    }
}
