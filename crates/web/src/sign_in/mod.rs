//! Signing in: provider, passkey, one-time link. There is no password.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;
use sigilo_features::sign_in::{self, Methods, OidcCallback, Step};
use sigilo_features::{App, Error, Token};

use crate::body::Payload;
use crate::cookies::SetCookies;
use crate::errors::Answer;
use crate::layout::{self, Frame};
use crate::session::Credential;
use crate::visitor::{Caller, Visitor};
use crate::{Web, cookies};

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/entrar", get(page))
        .route("/entrar/oidc", get(oidc_start))
        .route("/entrar/oidc/retorno", get(oidc_finish))
        .route("/entrar/chave/opcoes", post(passkey_options))
        .route("/entrar/chave", post(passkey_finish))
        .route("/entrar/link/{token}", get(link_page).post(link_use))
}

#[derive(Template)]
#[template(path = "sign_in/page.html")]
pub(crate) struct Page {
    pub(crate) frame: Frame,
    pub(crate) methods: Methods,
    pub(crate) dpo_contact: Option<String>,
    pub(crate) error: Option<String>,
}

/// Someone already signed in goes on to the home. A locked session may also sign in anew.
async fn page(State(app): State<App>, visitor: Result<Visitor, Response>) -> Response {
    match visitor {
        Ok(visitor) => Redirect::to(visitor.viewer.home()).into_response(),
        Err(_) => sign_in_page(&app, StatusCode::OK, None),
    }
}

fn sign_in_page(app: &App, status: StatusCode, error: Option<Answer>) -> Response {
    let settings = app.settings();
    let page = Page {
        frame: Frame::entry("Entrar", settings.demo),
        methods: sign_in::methods(app),
        dpo_contact: settings.dpo_contact.clone(),
        error: error.as_ref().map(|error| error.detail.clone()),
    };
    let mut response = layout::strict(status, page);
    if let Some(error) = error {
        error.tell_when(&mut response);
    }
    response
}

/// The page again, with what went wrong.
fn retry(app: &App, error: Error) -> Response {
    let answer = Answer::from(error);
    sign_in_page(app, answer.status, Some(answer))
}

async fn oidc_start(State(app): State<App>, Caller(client): Caller, headers: HeaderMap) -> Response {
    let entering = cookies::read(&headers, cookies::ENTRY);
    match sign_in::oidc_start(&app, &client, entering.as_ref()).await {
        Ok((url, pending)) => (cookies::entering(&pending), Redirect::to(url.as_str())).into_response(),
        Err(error) => retry(&app, error),
    }
}

#[derive(Deserialize)]
struct Callback {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

async fn oidc_finish(
    State(app): State<App>,
    Caller(client): Caller,
    headers: HeaderMap,
    Query(callback): Query<Callback>,
) -> Response {
    let Some(pending) = cookies::read(&headers, cookies::ENTRY) else {
        return retry(&app, Error::Expired);
    };
    let callback = OidcCallback { code: callback.code, state: callback.state, error: callback.error };
    match sign_in::oidc_finish(&app, &client, &pending, callback).await {
        Ok(step) => go_on(step),
        Err(error) => retry(&app, error),
    }
}

async fn passkey_options(State(app): State<App>, Caller(client): Caller) -> Result<Response, Answer> {
    let (options, pending) = sign_in::passkey_options(&app, &client).await?;
    Ok((cookies::entering(&pending), axum::Json(options)).into_response())
}

async fn passkey_finish(
    State(app): State<App>,
    Caller(client): Caller,
    headers: HeaderMap,
    Payload(body): Payload<Credential>,
) -> Result<Response, Answer> {
    let pending = entering(&headers)?;
    let step = sign_in::passkey_finish(&app, &client, &pending, body.credential).await?;
    let next = place(&step);
    Ok((with_cookies(&step), axum::Json(json!({ "redirect": next }))).into_response())
}

#[derive(Template)]
#[template(path = "sign_in/link.html")]
pub(crate) struct LinkPage {
    pub(crate) frame: Frame,
    pub(crate) name: String,
}

/// Only a button uses the link: mail scanners follow every address they find.
async fn link_page(State(app): State<App>, Caller(client): Caller, Path(token): Path<String>) -> Response {
    match sign_in::link_preview(&app, &client, &token).await {
        Ok(preview) => {
            let frame = Frame::entry("Continuar", preview.demo);
            layout::strict(StatusCode::OK, LinkPage { frame, name: preview.display_name })
        }
        Err(error) => link_failed(&app, error),
    }
}

async fn link_use(State(app): State<App>, Caller(client): Caller, Path(token): Path<String>) -> Response {
    match sign_in::link_use(&app, &client, &token).await {
        Ok(step) => go_on(step),
        Err(error) => link_failed(&app, error),
    }
}

fn link_failed(app: &App, error: Error) -> Response {
    let mut answer = Answer::from(error);
    if matches!(answer.status, StatusCode::GONE | StatusCode::NOT_FOUND) {
        answer.detail = "Este link já foi usado ou venceu. Peça outro a quem o enviou.".to_owned();
    }
    sign_in_page(app, answer.status, Some(answer))
}

/// The sign-in in progress.
pub(crate) fn entering(headers: &HeaderMap) -> Result<Token, Answer> {
    cookies::read(headers, cookies::ENTRY).ok_or_else(|| Answer::from(Error::Expired))
}

fn go_on(step: Step) -> Response {
    let next = place(&step);
    (with_cookies(&step), Redirect::to(next)).into_response()
}

fn place(step: &Step) -> &'static str {
    match step {
        Step::SignedIn { .. } => "/",
        Step::SecondFactor { .. } => crate::second_factor::PATH,
        Step::Enrol { .. } => crate::second_factor::ENROL_PATH,
    }
}

fn with_cookies(step: &Step) -> SetCookies {
    match step {
        Step::SignedIn { token } => cookies::signed_in(token),
        Step::SecondFactor { pending } | Step::Enrol { pending } => cookies::entering(pending),
    }
}
