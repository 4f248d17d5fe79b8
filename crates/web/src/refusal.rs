//! Refusals of signed-in members go into the trail, where a spike of them is noticed.

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use sigilo_features::{Error, suspicion};

use crate::Web;
use crate::errors::Answer;
use crate::visitor::Current;

/// Notes the pattern of the route and the status. One short transaction, and only when somebody was refused.
pub(crate) async fn note(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let route = parts.extensions.get::<MatchedPath>().cloned();
    let session = Current::from_request_parts(&mut parts, &web).await.ok();
    let response = next.run(Request::from_parts(parts, body)).await;
    let refused = match response.extensions().get::<Answer>() {
        Some(answer) => answer.is_refusal(),
        // A page may tell it in its own words.
        None => [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&response.status()),
    };
    if let (true, Some(route), Some(Current(session))) = (refused, route, session) {
        match suspicion::refused(&web.app, &session, route.as_str(), response.status().as_u16()).await {
            // Nobody's refusal is no spike of anybody's.
            Ok(()) | Err(Error::NotSignedIn | Error::Locked) => {}
            Err(error) => tracing::error!(%error, "a refusal could not be noted"),
        }
    }
    response
}
