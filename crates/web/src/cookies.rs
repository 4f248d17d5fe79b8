//! The two cookies. `__Host-` ties them to this host, to HTTPS and to the whole site.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::AppendHeaders;
use sigilo_features::Token;

/// A live session.
pub(crate) const SESSION: &str = "__Host-sigilo";
/// A sign-in in progress, between its steps.
pub(crate) const ENTRY: &str = "__Host-sigilo-entrada";

/// Seconds after which a browser forgets a sign-in in progress; the server forgets it earlier.
const ENTRY_LIFE: u32 = 900;

pub(crate) type SetCookies = AppendHeaders<Vec<(header::HeaderName, HeaderValue)>>;

/// The token in a cookie. When a browser sends the name twice, neither is believed.
pub(crate) fn read(headers: &HeaderMap, name: &str) -> Option<Token> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    match (found.next(), found.next()) {
        (Some(value), None) => Token::parse(value),
        _ => None,
    }
}

/// Starts a session, and ends the sign-in that led to it.
pub(crate) fn signed_in(token: &Token) -> SetCookies {
    AppendHeaders(vec![
        (header::SET_COOKIE, cookie(SESSION, token.expose(), None)),
        (header::SET_COOKIE, cookie(ENTRY, "", Some(0))),
    ])
}

/// Replaces the session's token.
pub(crate) fn session(token: &Token) -> SetCookies {
    AppendHeaders(vec![(header::SET_COOKIE, cookie(SESSION, token.expose(), None))])
}

/// Remembers a sign-in in progress.
pub(crate) fn entering(token: &Token) -> SetCookies {
    AppendHeaders(vec![(header::SET_COOKIE, cookie(ENTRY, token.expose(), Some(ENTRY_LIFE)))])
}

/// Forgets everything.
pub(crate) fn signed_out() -> SetCookies {
    AppendHeaders(vec![
        (header::SET_COOKIE, cookie(SESSION, "", Some(0))),
        (header::SET_COOKIE, cookie(ENTRY, "", Some(0))),
    ])
}

fn cookie(name: &str, value: &str, max_age: Option<u32>) -> HeaderValue {
    let age = max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let text = format!("{name}={value}; Path=/; HttpOnly; Secure; SameSite=Lax{age}");
    let mut value = HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}
