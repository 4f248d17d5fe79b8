//! The request log: method, route, status, duration, id. Never the path or the query as sent, since
//! they may hold a one-time token, and nothing about the person.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use uuid::Uuid;

/// Identifies a request in the log, in the audit trail and in the answer's header.
#[derive(Clone, Copy)]
pub(crate) struct RequestId(pub(crate) Uuid);

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

pub(super) async fn request(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = Uuid::now_v7();
    request.extensions_mut().insert(RequestId(id));
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    let route = route.as_ref().map_or("(none)", MatchedPath::as_str);
    let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
    tracing::info!(%method, route, status = response.status().as_u16(), milliseconds, request_id = %id, "request");
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}
