//! The first second factor of a new account: a passkey, or an authenticator app.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use sigilo_features::second_factor::{self, TotpSetup};
use sigilo_features::sign_in;
use sigilo_features::{App, Client, Error, Token};

use super::{ENROL_PATH, Svg, grouped, qr_code};
use crate::body::{Fields, Payload};
use crate::errors::Answer;
use crate::layout::{self, Frame};
use crate::session::Credential;
use crate::sign_in::entering;
use crate::visitor::Caller;
use crate::{Web, cookies};

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route(ENROL_PATH, get(page))
        .route("/segundo-fator/cadastrar/aplicativo", post(totp_confirm))
        .route("/segundo-fator/cadastrar/chave/opcoes", post(key_options))
        .route("/segundo-fator/cadastrar/chave", post(key_finish))
}

#[derive(Template)]
#[template(path = "second_factor/enrol.html")]
pub(crate) struct Page {
    pub(crate) frame: Frame,
    pub(crate) totp: bool,
    /// The provider's button, for whoever came by an invitation.
    pub(crate) provider: Option<String>,
    pub(crate) qr: Option<Svg>,
    pub(crate) secret: Vec<String>,
    pub(crate) error: Option<String>,
    pub(crate) codes: Vec<String>,
    pub(crate) next: &'static str,
}

#[derive(Template)]
#[template(path = "second_factor/recovery.html")]
pub(crate) struct RecoveryPage {
    pub(crate) frame: Frame,
    pub(crate) codes: Vec<String>,
    pub(crate) next: &'static str,
}

async fn page(State(app): State<App>, Caller(client): Caller, headers: HeaderMap) -> Response {
    match cookies::read(&headers, cookies::ENTRY) {
        Some(pending) => show(&app, &client, &pending, StatusCode::OK, None).await,
        None => Redirect::to("/entrar").into_response(),
    }
}

async fn show(app: &App, client: &Client, pending: &Token, status: StatusCode, error: Option<String>) -> Response {
    match setup(app, client, pending).await {
        Ok(setup) => {
            let page = Page {
                frame: Frame::entry("Proteger a conta", app.settings().demo),
                totp: setup.is_some(),
                provider: sign_in::methods(app).oidc.filter(|_| setup.is_none()),
                qr: setup.as_ref().and_then(|setup| qr_code(&setup.otpauth_uri)),
                secret: setup.map(|setup| grouped(&setup.secret_base32)).unwrap_or_default(),
                error,
                codes: Vec::new(),
                next: "/",
            };
            layout::strict(status, page)
        }
        Err(Error::Expired | Error::NotSignedIn | Error::NotFound) => Redirect::to("/entrar").into_response(),
        Err(error) => Answer::from(error).into_response(),
    }
}

/// The app's secret, where an app is enough to come back: without a provider only a passkey is.
async fn setup(app: &App, client: &Client, pending: &Token) -> Result<Option<TotpSetup>, Error> {
    if second_factor::choices(app, client, pending).await?.may_enrol_totp {
        second_factor::enrol_totp(app, client, pending).await.map(Some)
    } else {
        Ok(None)
    }
}

async fn totp_confirm(
    State(app): State<App>,
    Caller(client): Caller,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Answer> {
    let Some(pending) = cookies::read(&headers, cookies::ENTRY) else {
        return Ok(Redirect::to("/entrar").into_response());
    };
    match second_factor::enrol_totp_confirm(&app, &client, &pending, fields.text("code")).await {
        Ok((token, codes)) => {
            let frame = Frame::entry("Códigos de recuperação", app.settings().demo);
            let page = RecoveryPage { frame, codes: codes.0, next: "/" };
            Ok((cookies::signed_in(&token), layout::strict(StatusCode::OK, page)).into_response())
        }
        Err(error @ (Error::Invalid(_) | Error::TooMany { .. })) => {
            let answer = Answer::from(error);
            let sentence = Some(answer.detail.clone());
            let mut page = show(&app, &client, &pending, answer.status, sentence).await;
            answer.tell_when(&mut page);
            Ok(page)
        }
        Err(Error::SignInFailed) => {
            let sentence = "O código não confere. Digite o que o aplicativo mostra agora.".to_owned();
            Ok(show(&app, &client, &pending, StatusCode::UNPROCESSABLE_ENTITY, Some(sentence)).await)
        }
        Err(Error::Expired) => Ok(Redirect::to("/entrar").into_response()),
        Err(error) => Err(error.into()),
    }
}

async fn key_options(
    State(app): State<App>,
    Caller(client): Caller,
    headers: HeaderMap,
) -> Result<axum::Json<Value>, Answer> {
    let pending = entering(&headers)?;
    Ok(axum::Json(second_factor::enrol_key_options(&app, &client, &pending).await?))
}

async fn key_finish(
    State(app): State<App>,
    Caller(client): Caller,
    headers: HeaderMap,
    Payload(body): Payload<Credential>,
) -> Result<Response, Answer> {
    let pending = entering(&headers)?;
    let (token, codes) = second_factor::enrol_key_finish(&app, &client, &pending, body.credential).await?;
    let answer = json!({ "redirect": "/", "codes": codes.0 });
    Ok((cookies::signed_in(&token), axum::Json(answer)).into_response())
}
