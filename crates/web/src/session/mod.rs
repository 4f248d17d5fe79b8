//! The live session: its clock, its lock, its end.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use sigilo_features::session::{self, Clock};
use sigilo_features::{App, Error, Session, unlock};

use crate::body::Payload;
use crate::errors::Answer;
use crate::layout::{self, Frame, Person, Section};
use crate::visitor::Current;
use crate::{Web, cookies, format};

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/sair", post(sign_out))
        .route("/sessao", get(look))
        .route("/sessao/ativa", post(stay))
        .route("/sessao/desbloquear/codigo", post(unlock_code))
        .route("/sessao/desbloquear/chave/opcoes", post(unlock_key_options))
        .route("/sessao/desbloquear/chave", post(unlock_key))
}

/// Leaves, also when the session is already gone.
async fn sign_out(State(app): State<App>, session: Result<Current, Answer>) -> Result<Response, Answer> {
    if let Ok(Current(session)) = session {
        match session::sign_out(&app, &session).await {
            Ok(()) | Err(Error::NotSignedIn | Error::Locked) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok((cookies::signed_out(), Redirect::to("/entrar")).into_response())
}

async fn look(State(app): State<App>, session: Result<Current, Answer>) -> Result<Response, Answer> {
    let Ok(Current(session)) = session else {
        return Ok(gone());
    };
    clock(&app, &session).await
}

async fn stay(State(app): State<App>, session: Result<Current, Answer>) -> Result<Response, Answer> {
    let Ok(Current(session)) = session else {
        return Ok(gone());
    };
    match session::viewer(&app, &session).await {
        Ok(_) | Err(Error::Locked | Error::NotSignedIn) => clock(&app, &session).await,
        Err(error) => Err(error.into()),
    }
}

fn gone() -> Response {
    axum::Json(json!({ "state": "gone" })).into_response()
}

async fn clock(app: &App, session: &Session) -> Result<Response, Answer> {
    let body = match session::peek(app, session).await? {
        Clock::Active { remaining_seconds, warn_seconds } => json!({
            "state": "active",
            "remaining_seconds": remaining_seconds,
            "warn_seconds": warn_seconds,
        }),
        Clock::Locked => {
            let choices = unlock::choices(app, session).await?;
            json!({
                "state": "locked",
                "name": choices.display_name,
                "totp": choices.totp,
                "passkey": choices.passkey,
            })
        }
        Clock::Gone => return Ok(gone()),
    };
    Ok(axum::Json(body).into_response())
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

async fn unlock_code(
    State(app): State<App>,
    Current(session): Current,
    Payload(body): Payload<Code>,
) -> Result<Response, Answer> {
    let token = unlock::code(&app, &session, body.code.trim()).await?;
    Ok((cookies::session(&token), StatusCode::NO_CONTENT).into_response())
}

async fn unlock_key_options(State(app): State<App>, Current(session): Current) -> Result<axum::Json<Value>, Answer> {
    Ok(axum::Json(unlock::key_options(&app, &session).await?))
}

/// A browser's answer to a passkey ceremony.
#[derive(Deserialize)]
pub(crate) struct Credential {
    pub(crate) credential: Value,
    /// A name for a new key.
    #[serde(default)]
    pub(crate) label: String,
}

async fn unlock_key(
    State(app): State<App>,
    Current(session): Current,
    Payload(body): Payload<Credential>,
) -> Result<Response, Answer> {
    let token = unlock::key_finish(&app, &session, body.credential).await?;
    Ok((cookies::session(&token), StatusCode::NO_CONTENT).into_response())
}

#[derive(Template)]
#[template(path = "session/lock_page.html")]
pub(crate) struct LockPage {
    pub(crate) frame: Frame,
}

/// The page shown in the place of any other while the session is locked. It reloads when unlocked.
pub(crate) async fn lock_page(web: &Web, session: &Session) -> Response {
    let name = unlock::choices(&web.app, session).await.map(|choices| choices.display_name).unwrap_or_default();
    let person = Person {
        answers_for: false,
        audits: false,
        initials: format::initials(&name),
        name,
        roles: String::new(),
        clinic: String::new(),
        professional: false,
        sees_patients: false,
        runs_clinic: false,
        governs: false,
        ready: false,
    };
    let frame = Frame {
        title: "Sessão bloqueada".to_owned(),
        demo: web.app.settings().demo,
        section: Section::None,
        person: Some(person),
    };
    let mut response = (StatusCode::UNAUTHORIZED, layout::html(LockPage { frame })).into_response();
    response.headers_mut().insert("x-sigilo-sessao", HeaderValue::from_static("bloqueada"));
    response
}
