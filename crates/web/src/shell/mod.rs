//! What stands around every handler: request id and log, security headers, the pages of failures,
//! rate limits, the origin check, panics and time limits.

mod drain;
mod headers;
mod limits;
mod origin;
mod trace;

#[cfg(test)]
mod tests;

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;

use crate::errors;

pub(crate) use headers::TrustedTypes;
pub use limits::Rate;
pub(crate) use trace::RequestId;

/// Bytes of a request body, unless a route says otherwise.
const BODY_LIMIT: usize = 128 * 1024;
/// How long a handler may take, reading its request included. No screen waits for longer work.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// Three images over a slow line.
const UPLOAD_TIME_LIMIT: Duration = Duration::from_secs(120);
/// A verification has eight seconds for itself.
const VERIFICATION_TIME_LIMIT: Duration = Duration::from_secs(20);

/// A query of the audit console has twenty seconds for itself, and a page may ask for its choices before.
const AUDIT_TIME_LIMIT: Duration = Duration::from_secs(50);

/// How the site is served.
#[derive(Clone, Debug)]
pub struct WebSettings {
    /// Believe the last entry of `X-Forwarded-For`. Only when a proxy that writes it stands in
    /// front and nobody can reach the server past it.
    pub trusted_proxy: bool,
    /// Requests of one address that change something on the way in: sign-in, sign-up, second
    /// factor, unlocking.
    pub sign_in_rate: Rate,
    /// All other requests of one address, assets apart. A clinic usually shares one address.
    pub rate: Rate,
}

impl Default for WebSettings {
    fn default() -> Self {
        WebSettings {
            trusted_proxy: false,
            sign_in_rate: Rate { burst: 60, per_second: 1.0 },
            rate: Rate { burst: 600, per_second: 60.0 },
        }
    }
}

/// What the layers need to know of the installation.
pub(crate) struct Site {
    /// The configured origin in its ASCII form, such as `https://sigilo.example`.
    pub(crate) origin: String,
    pub(crate) demo: bool,
    pub(crate) settings: WebSettings,
}

/// Puts the layers around the routes; the first one named is the outermost.
pub(crate) fn wrap(routes: Router, site: &Site) -> Router {
    let limits = limits::Limits::new(&site.settings);
    routes.fallback(async || errors::Answer::not_found()).layer(
        ServiceBuilder::new()
            .layer(from_fn(trace::request))
            .layer(from_fn(forget_uploads))
            .layer(from_fn(drain::refused_uploads))
            .layer(from_fn_with_state(headers::Policy::new(&site.origin), headers::add))
            .layer(from_fn_with_state(site.demo, errors::render))
            .layer(from_fn_with_state(limits, limits::check))
            .layer(from_fn_with_state(site.origin.clone(), origin::check))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(from_fn(time_limit))
            .layer(DefaultBodyLimit::max(BODY_LIMIT)),
    )
}

/// Ends the connection that carried images. Its buffer would keep a part of them for as long as it stays open; ended,
/// the buffer is freed, and what is freed is wiped.
async fn forget_uploads(request: Request, next: Next) -> Response {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let upload = kind.to_ascii_lowercase().starts_with("multipart/");
    let mut response = next.run(request).await;
    if upload {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn time_limit(request: Request, next: Next) -> Response {
    let limit = match request.extensions().get::<MatchedPath>().map(MatchedPath::as_str) {
        Some("/conversas/{id}/mensagens" | "/conformidade/pedidos/registrar") => UPLOAD_TIME_LIMIT,
        Some("/respostas/{id}/referencias/{n}/verificar") => VERIFICATION_TIME_LIMIT,
        Some(path) if path.starts_with("/auditoria") => AUDIT_TIME_LIMIT,
        _ => TIME_LIMIT,
    };
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// The panic's message is not logged: it could quote what was being worked on.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request handler panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
