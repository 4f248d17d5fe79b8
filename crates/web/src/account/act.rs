//! What a member changes in the own area. Plain forms: each leads back to its section.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};
use sigilo_domain::ConsentType;
use sigilo_features::second_factor::TotpSetup;
use sigilo_features::{App, Error, consent, factor, session};

use super::page::refused;
use crate::body::{Fields, Payload, without_controls};
use crate::errors::Answer;
use crate::layout::{self, Frame, Section};
use crate::second_factor::{Svg, grouped, qr_code};
use crate::session::Credential;
use crate::visitor::Visitor;

/// Longest name of a key, in characters.
const LABEL_CHARS: usize = 60;

/// Back to a section, or the page with the reason of the refusal.
async fn then(app: &App, who: &Visitor, result: Result<(), Error>, section: &str) -> Result<Response, Answer> {
    match result {
        Ok(()) => Ok(Redirect::to(&format!("{}#{section}", super::PATH)).into_response()),
        Err(error) => refused(app, who, error).await,
    }
}

pub(super) async fn end_session(
    State(app): State<App>,
    who: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Answer> {
    let done = session::revoke(&app, &who.session, Answer::identifier(&id)?).await;
    then(&app, &who, done, "sessoes").await
}

pub(super) async fn end_other_sessions(State(app): State<App>, who: Visitor) -> Result<Response, Answer> {
    let done = session::revoke_others(&app, &who.session).await.map(|_| ());
    then(&app, &who, done, "sessoes").await
}

#[derive(Template)]
#[template(path = "account/totp.html")]
pub(crate) struct TotpPage {
    pub(crate) frame: Frame,
    pub(crate) qr: Option<Svg>,
    pub(crate) secret: Vec<String>,
    pub(crate) error: Option<String>,
}

impl TotpPage {
    fn new(who: &Visitor, setup: &TotpSetup, error: Option<String>) -> Self {
        TotpPage {
            frame: Frame::inside("Aplicativo autenticador", Section::Account, &who.viewer),
            qr: qr_code(&setup.otpauth_uri),
            secret: grouped(&setup.secret_base32),
            error,
        }
    }
}

pub(super) async fn totp_begin(State(app): State<App>, who: Visitor) -> Result<Response, Answer> {
    match factor::totp_begin(&app, &who.session).await {
        Ok(setup) => Ok(layout::html(TotpPage::new(&who, &setup, None))),
        Err(error) => refused(&app, &who, error).await,
    }
}

/// The address of the page above, when someone reloads it.
pub(super) async fn totp_again() -> Redirect {
    Redirect::to("/account#seguranca")
}

pub(super) async fn totp_confirm(State(app): State<App>, who: Visitor, fields: Fields) -> Result<Response, Answer> {
    match factor::totp_confirm(&app, &who.session, fields.text("code")).await {
        Err(error @ (Error::Invalid(_) | Error::SignInFailed)) => {
            let setup = factor::totp_begin(&app, &who.session).await?;
            let sentence = match Answer::from(error) {
                answer if answer.status == StatusCode::UNPROCESSABLE_ENTITY => answer.detail,
                _ => "O código não confere. Digite o que o aplicativo mostra agora.".to_owned(),
            };
            let page = TotpPage::new(&who, &setup, Some(sentence));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, layout::html(page)).into_response())
        }
        done => then(&app, &who, done, "seguranca").await,
    }
}

pub(super) async fn key_options(State(app): State<App>, who: Visitor) -> Result<axum::Json<Value>, Answer> {
    Ok(axum::Json(factor::key_options(&app, &who.session).await?))
}

pub(super) async fn key_finish(
    State(app): State<App>,
    who: Visitor,
    Payload(body): Payload<Credential>,
) -> Result<axum::Json<Value>, Answer> {
    without_controls(&body.label)?;
    let label: String = body.label.trim().chars().take(LABEL_CHARS).collect();
    factor::key_finish(&app, &who.session, body.credential, &label).await?;
    Ok(axum::Json(json!({ "redirect": "/account?#seguranca" })))
}

pub(super) async fn remove_factor(
    State(app): State<App>,
    who: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Answer> {
    let done = factor::remove(&app, &who.session, Answer::identifier(&id)?).await;
    then(&app, &who, done, "seguranca").await
}

#[derive(Template)]
#[template(path = "account/codes.html")]
pub(crate) struct CodesPage {
    pub(crate) frame: Frame,
    pub(crate) codes: Vec<String>,
    pub(crate) next: &'static str,
}

pub(super) async fn new_codes(State(app): State<App>, who: Visitor) -> Result<Response, Answer> {
    match factor::new_recovery_codes(&app, &who.session).await {
        Ok(codes) => {
            let frame = Frame::inside("Códigos de recuperação", Section::Account, &who.viewer);
            Ok(layout::html(CodesPage { frame, codes: codes.0, next: "/account#seguranca" }))
        }
        Err(error) => refused(&app, &who, error).await,
    }
}

pub(super) async fn grant_consent(
    State(app): State<App>,
    who: Visitor,
    Path(kind): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let kind = ConsentType::from_code(&kind).ok_or_else(Answer::not_found)?;
    let done = consent::grant(&app, &who.session, kind, fields.text("texto")).await;
    then(&app, &who, done, "consentimentos").await
}

pub(super) async fn revoke_consent(
    State(app): State<App>,
    who: Visitor,
    Path(kind): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let kind = ConsentType::from_code(&kind).ok_or_else(Answer::not_found)?;
    let done = consent::revoke(&app, &who.session, kind, fields.text("motivo")).await.map(|_| ());
    then(&app, &who, done, "consentimentos").await
}
