//! For whoever watches the server.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sigilo_features::{App, health};

use crate::Web;
use crate::errors::Answer;

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/saude", get(check))
}

async fn check(State(app): State<App>) -> Response {
    match health::check(&app).await {
        Ok(()) => (StatusCode::OK, axum::Json(serde_json::json!({ "status": "ok" }))).into_response(),
        Err(error) => Answer::from(error).into_response(),
    }
}
