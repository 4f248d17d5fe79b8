//! What a member asks for in the own area.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use sigilo_domain::SubjectRight;
use sigilo_features::rights::{self, Request};
use sigilo_features::{App, Error};
use time::OffsetDateTime;
use uuid::Uuid;

use super::words;
use crate::account;
use crate::body::Fields;
use crate::errors::Answer;
use crate::layout::{self, Frame, Section};
use crate::visitor::Visitor;
use crate::{cookies, format};

/// A request as its own subject sees it.
pub(crate) struct OwnRequest {
    pub(crate) id: Uuid,
    pub(crate) right: String,
    pub(crate) article: String,
    pub(crate) asked: String,
    pub(crate) until: String,
    pub(crate) status: (&'static str, &'static str),
    pub(crate) left: Option<(&'static str, String)>,
    pub(crate) note: Option<String>,
    pub(crate) refusal_article: Option<String>,
    pub(crate) may_withdraw: bool,
}

impl OwnRequest {
    pub(crate) fn new(request: Request, now: OffsetDateTime) -> Self {
        OwnRequest {
            id: request.id,
            right: words::right(&request.right_code).to_owned(),
            left: words::left(&request, now),
            article: request.legal_article,
            asked: format::day(&request.requested_at),
            until: format::day(&request.alert_at),
            status: words::status(&request.status),
            note: request.outcome_note,
            refusal_article: request.refusal_article,
            may_withdraw: request.status == "pending",
        }
    }
}

pub(super) async fn ask(State(app): State<App>, who: Visitor, fields: Fields) -> Result<Response, Answer> {
    let right = match SubjectRight::from_code(fields.text("direito")) {
        // An account is deleted with a confirmation of its own.
        Some(SubjectRight::Deletion) => return Ok(Redirect::to("/account/excluir").into_response()),
        Some(right) => right,
        None => {
            let wrong = sigilo_features::FieldError::new("direito", "Escolha o que você quer pedir.");
            return account::refused(&app, &who, Error::Invalid(vec![wrong])).await;
        }
    };
    match rights::ask(&app, &who.session, right, fields.text("descricao")).await {
        Ok(_) => Ok(Redirect::to("/account#pedidos").into_response()),
        Err(error) => account::refused(&app, &who, error).await,
    }
}

pub(super) async fn withdraw(State(app): State<App>, who: Visitor, Path(id): Path<String>) -> Result<Response, Answer> {
    match rights::withdraw(&app, &who.session, Answer::identifier(&id)?).await {
        Ok(()) => Ok(Redirect::to("/account#pedidos").into_response()),
        Err(error) => account::refused(&app, &who, error).await,
    }
}

#[derive(Template)]
#[template(path = "rights/confirm.html")]
struct ConfirmPage {
    frame: Frame,
    error: Option<String>,
}

impl ConfirmPage {
    fn word(&self) -> &'static str {
        rights::CONFIRMATION
    }
}

fn confirmation(who: &Visitor, error: Option<String>) -> ConfirmPage {
    ConfirmPage { frame: Frame::inside("Excluir minha conta", Section::Account, &who.viewer), error }
}

pub(super) async fn confirm(who: Visitor) -> Response {
    layout::html(confirmation(&who, None))
}

/// The account's deletion is asked for, and its owner is signed out.
#[derive(Template)]
#[template(path = "rights/deleted.html")]
struct DeletedPage {
    frame: Frame,
    link: String,
    dpo_contact: Option<String>,
}

pub(super) async fn delete(State(app): State<App>, who: Visitor, fields: Fields) -> Result<Response, Answer> {
    match rights::delete_account(&app, &who.session, fields.text("confirmacao")).await {
        Ok(link) => {
            let origin = app.settings().origin.as_str().trim_end_matches('/').to_owned();
            let page = DeletedPage {
                frame: Frame::entry("Exclusão pedida", who.viewer.demo),
                link: format!("{origin}/recibo/{}", link.expose()),
                dpo_contact: app.settings().dpo_contact.clone(),
            };
            Ok((cookies::signed_out(), layout::html(page)).into_response())
        }
        Err(error) => {
            let (_, sentence) = Answer::on_page(error)?;
            let page = confirmation(&who, Some(sentence));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, layout::html(page)).into_response())
        }
    }
}
