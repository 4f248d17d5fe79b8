//! Refuses requests that another site makes a browser send.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::errors::Answer;

pub(super) async fn check(State(origin): State<String>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || own(request.headers(), &origin) {
        next.run(request).await
    } else {
        Answer::of_status(StatusCode::FORBIDDEN).into_response()
    }
}

/// `Sec-Fetch-Site` cannot be written by a page and decides alone where it is sent. (`Origin` would
/// be `null` for our own forms, because of the referrer policy.) Older browsers and programs send
/// the origin instead.
fn own(headers: &HeaderMap, origin: &str) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => headers.get(header::ORIGIN).is_some_and(|given| given == origin),
    }
}
