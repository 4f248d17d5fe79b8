//! Answers that a browser keeps as a file.

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// A file of this name. The name is the program's own: nothing that somebody typed.
pub(crate) fn attachment(name: &str, mime: &str, body: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, mime.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, body).into_response()
}
