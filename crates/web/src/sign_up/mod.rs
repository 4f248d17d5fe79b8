//! Creating an account with a passkey, where the installation allows it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;
use sigilo_features::sign_up::{self, NewAccount};
use sigilo_features::{App, sign_in};

use crate::body::{Payload, without_controls};
use crate::errors::Answer;
use crate::layout::{self, Frame};
use crate::session::Credential;
use crate::sign_in::entering;
use crate::visitor::Caller;
use crate::{Web, cookies};

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/criar-conta", get(page).post(finish)).route("/criar-conta/opcoes", post(options))
}

#[derive(Template)]
#[template(path = "sign_up/page.html")]
pub(crate) struct Page {
    pub(crate) frame: Frame,
    /// None here: they come by script after the passkey is made.
    pub(crate) codes: Vec<String>,
    pub(crate) next: &'static str,
}

async fn page(State(app): State<App>) -> Result<Response, Answer> {
    if !sign_in::methods(&app).sign_up {
        return Err(Answer::not_found());
    }
    let frame = Frame::entry("Criar conta", app.settings().demo);
    Ok(layout::strict(StatusCode::OK, Page { frame, codes: Vec::new(), next: "/" }))
}

#[derive(Deserialize)]
struct Account {
    full_name: String,
    email: String,
}

async fn options(
    State(app): State<App>,
    Caller(client): Caller,
    Payload(account): Payload<Account>,
) -> Result<Response, Answer> {
    without_controls(&account.full_name)?;
    without_controls(&account.email)?;
    let account = NewAccount { full_name: account.full_name, email: account.email };
    let (options, pending) = sign_up::options(&app, &client, account).await?;
    Ok((cookies::entering(&pending), axum::Json(options)).into_response())
}

async fn finish(
    State(app): State<App>,
    Caller(client): Caller,
    headers: HeaderMap,
    Payload(body): Payload<Credential>,
) -> Result<Response, Answer> {
    let pending = entering(&headers)?;
    let (token, codes) = sign_up::finish(&app, &client, &pending, body.credential).await?;
    let answer = json!({ "redirect": "/", "codes": codes.0 });
    Ok((cookies::signed_in(&token), axum::Json(answer)).into_response())
}
