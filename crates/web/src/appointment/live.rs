//! Tells an open agenda that something in it changed.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use sigilo_features::session::{self, Clock};
use sigilo_features::{App, Session, appointment};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use uuid::Uuid;

use crate::errors::Answer;
use crate::visitor::Current;

/// How often it looks whether the session is still open; also what keeps proxies from closing the connection.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// A stream of `mudou`, until the session ends or locks. It says only that something changed: what, the page asks for as
/// anything else. Listening does not prolong the session.
pub(super) async fn follow(State(app): State<App>, Current(session): Current) -> Result<Response, Answer> {
    let (clinic, heard) = appointment::changes(&app, &session).await?;
    let changes = stream::unfold((app, session, clinic, heard), next);
    let mut response = Sse::new(changes).keep_alive(KeepAlive::new().interval(LOOK_EVERY)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that gather an answer before they pass it on would undo the stream.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

type Listening = (App, Session, Uuid, Receiver<Uuid>);

async fn next((app, session, clinic, mut heard): Listening) -> Option<(Result<Event, Infallible>, Listening)> {
    loop {
        match tokio::time::timeout(LOOK_EVERY, heard.recv()).await {
            // Whoever was too slow to hear each change reads everything, as after any.
            Ok(Ok(changed)) if changed != clinic => {}
            Ok(Ok(_) | Err(RecvError::Lagged(_))) => {
                // Browsers keep an event without data to themselves.
                return Some((Ok(Event::default().event("mudou").data("agenda")), (app, session, clinic, heard)));
            }
            Ok(Err(RecvError::Closed)) => return None,
            Err(_) => {
                if !matches!(session::peek(&app, &session).await, Ok(Clock::Active { .. })) {
                    return None;
                }
            }
        }
    }
}
