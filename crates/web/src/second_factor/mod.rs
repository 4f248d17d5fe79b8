//! The second factor: asked for, or set up for the first time.

mod enrol;
mod qr;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use sigilo_features::second_factor::{self, Choices};
use sigilo_features::{App, Client, Error, Token};

#[cfg(test)]
pub(crate) use enrol::{Page as EnrolPage, RecoveryPage};
pub(crate) use qr::{Svg, code as qr_code, grouped};

use crate::body::{Fields, Payload};
use crate::errors::Answer;
use crate::layout::{self, Frame};
use crate::session::Credential;
use crate::sign_in::entering;
use crate::visitor::Caller;
use crate::{Web, cookies};

pub(crate) const PATH: &str = "/segundo-fator";
pub(crate) const ENROL_PATH: &str = "/segundo-fator/cadastrar";

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route(PATH, get(page))
        .route("/segundo-fator/codigo", post(code))
        .route("/segundo-fator/chave/opcoes", post(key_options))
        .route("/segundo-fator/chave", post(key_finish))
        .merge(enrol::routes())
}

#[derive(Template)]
#[template(path = "second_factor/page.html")]
pub(crate) struct Page {
    pub(crate) frame: Frame,
    pub(crate) choices: Choices,
    pub(crate) error: Option<String>,
}

async fn page(State(app): State<App>, Caller(client): Caller, headers: HeaderMap) -> Response {
    match cookies::read(&headers, cookies::ENTRY) {
        Some(pending) => ask(&app, &client, &pending, StatusCode::OK, None).await,
        None => Redirect::to("/entrar").into_response(),
    }
}

/// The page, or the way back to the start when the sign-in is over.
async fn ask(app: &App, client: &Client, pending: &Token, status: StatusCode, error: Option<String>) -> Response {
    match second_factor::choices(app, client, pending).await {
        Ok(choices) => {
            let frame = Frame::entry("Confirmar identidade", app.settings().demo);
            layout::strict(status, Page { frame, choices, error })
        }
        Err(Error::Expired | Error::NotSignedIn | Error::NotFound) => Redirect::to("/entrar").into_response(),
        Err(error) => Answer::from(error).into_response(),
    }
}

async fn code(
    State(app): State<App>,
    Caller(client): Caller,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Answer> {
    let Some(pending) = cookies::read(&headers, cookies::ENTRY) else {
        return Ok(Redirect::to("/entrar").into_response());
    };
    match second_factor::code(&app, &client, &pending, fields.text("code")).await {
        Ok(token) => Ok((cookies::signed_in(&token), Redirect::to("/")).into_response()),
        Err(Error::SignInFailed) => {
            let sentence = "O código não confere. Digite o que o aplicativo mostra agora, ou use outro método.";
            Ok(ask(&app, &client, &pending, StatusCode::UNAUTHORIZED, Some(sentence.to_owned())).await)
        }
        Err(error @ (Error::Invalid(_) | Error::TooMany { .. })) => {
            let answer = Answer::from(error);
            let sentence = Some(answer.detail.clone());
            let mut page = ask(&app, &client, &pending, answer.status, sentence).await;
            answer.tell_when(&mut page);
            Ok(page)
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
    Ok(axum::Json(second_factor::key_options(&app, &client, &pending).await?))
}

async fn key_finish(
    State(app): State<App>,
    Caller(client): Caller,
    headers: HeaderMap,
    Payload(body): Payload<Credential>,
) -> Result<Response, Answer> {
    let pending = entering(&headers)?;
    let token = second_factor::key_finish(&app, &client, &pending, body.credential).await?;
    Ok((cookies::signed_in(&token), axum::Json(json!({ "redirect": "/" }))).into_response())
}
