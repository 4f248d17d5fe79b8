//! What the doctor does with an answer. With htmx the changed piece comes back, without it the conversation.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use sigilo_features::answer::{self, Decision, History};
use sigilo_features::{App, Error, FieldError};
use uuid::Uuid;

use super::view::{Outcome, ReferenceView, Review};
use super::{Fragment, shell};
use crate::body::Fields;
use crate::errors::Answer;
use crate::layout::{self, Frame, Section};
use crate::visitor::Professional;

#[derive(Template)]
#[template(path = "answer/reviewed.html")]
struct Reviewed {
    review: Review,
}

#[derive(Template)]
#[template(path = "answer/outcome.html")]
struct OutcomeForm {
    outcome: Outcome,
}

#[derive(Template)]
#[template(path = "answer/reference.html")]
struct ReferenceItem {
    reference: ReferenceView,
}

/// The text for the patient's record, under its answer.
#[derive(Template)]
#[template(path = "answer/record.html")]
pub(crate) struct RecordFragment {
    pub(crate) id: Uuid,
    pub(crate) text: String,
}

/// The same as a page.
#[derive(Template)]
#[template(path = "answer/record_page.html")]
pub(crate) struct RecordPage {
    pub(crate) frame: Frame,
    pub(crate) id: Uuid,
    pub(crate) conversation: Uuid,
    pub(crate) text: String,
}

fn invalid(field: &'static str, message: &str) -> Answer {
    Error::Invalid(vec![FieldError::new(field, message)]).into()
}

/// The conversation that the form stands in: only for the way back, so nothing depends on it.
fn conversation(fields: &Fields) -> Uuid {
    fields.text("conversa").parse().unwrap_or_default()
}

fn answered(headers: &HeaderMap, conversation: Uuid, piece: impl Template) -> Response {
    if headers.contains_key("hx-request") { layout::html(piece) } else { back(conversation) }
}

fn back(conversation: Uuid) -> Response {
    let address = if conversation.is_nil() { "/conversas".to_owned() } else { format!("/conversas/{conversation}") };
    Redirect::to(&address).into_response()
}

pub(super) async fn start(
    State(app): State<App>,
    who: Professional,
    Path(id): Path<String>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Answer> {
    let (conversation, question) = (Answer::identifier(&id)?, Answer::identifier(fields.text("pergunta"))?);
    let history = if fields.text("historico") == "nenhum" { History::None } else { History::Fitting };
    let id = answer::start(&app, &who.session, conversation, question, Vec::new(), history).await?;
    Ok(answered(&headers, conversation, Fragment { view: shell(&app, id, conversation, question) }))
}

pub(super) async fn stop(
    State(app): State<App>,
    who: Professional,
    Path(id): Path<String>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Answer> {
    match answer::stop(&app, &who.session, Answer::identifier(&id)?).await {
        // It ended by itself meanwhile, which is what was wished.
        Ok(()) | Err(Error::NotFound) => {}
        Err(error) => return Err(error.into()),
    }
    if headers.contains_key("hx-request") {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Ok(back(conversation(&fields)))
    }
}

/// The browser says that the disclaimer was seen on its screen.
pub(super) async fn disclaimer(
    State(app): State<App>,
    who: Professional,
    Path(id): Path<String>,
) -> Result<StatusCode, Answer> {
    answer::disclaimer_rendered(&app, &who.session, Answer::identifier(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn review(
    State(app): State<App>,
    who: Professional,
    Path(id): Path<String>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Answer> {
    let decision = match fields.text("decisao") {
        "aceitar" => Decision::Accepted,
        "editar" => Decision::Edited(fields.text("texto").to_owned()),
        "rejeitar" => Decision::Rejected,
        _ => return Err(invalid("decisao", "Escolha aceitar, editar ou rejeitar.")),
    };
    let section = fields.text("secao");
    let shown =
        answer::review(&app, &who.session, Answer::identifier(&id)?, section, decision, fields.text("motivo")).await?;
    let conversation = conversation(&fields);
    Ok(answered(&headers, conversation, Reviewed { review: Review::new(&shown, conversation, section) }))
}

pub(super) async fn outcome(
    State(app): State<App>,
    who: Professional,
    Path(id): Path<String>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Answer> {
    let position = fields
        .text("posicao")
        .parse()
        .map_err(|_| invalid("posicao", "Escolha uma das hipóteses, ou nenhuma delas."))?;
    let shown = answer::outcome(&app, &who.session, Answer::identifier(&id)?, position).await?;
    let conversation = conversation(&fields);
    match Outcome::new(&shown, conversation) {
        Some(outcome) => Ok(answered(&headers, conversation, OutcomeForm { outcome })),
        None => Ok(back(conversation)),
    }
}

pub(super) async fn verify(
    State(app): State<App>,
    who: Professional,
    Path((id, position)): Path<(String, String)>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Answer> {
    let (id, position) = (Answer::identifier(&id)?, position.parse().map_err(|_| Answer::not_found())?);
    let reference = answer::verify_again(&app, &who.session, id, position).await?;
    let conversation = conversation(&fields);
    let reference = ReferenceView::checked(id, conversation, position, &reference);
    Ok(answered(&headers, conversation, ReferenceItem { reference }))
}

pub(super) async fn record(
    State(app): State<App>,
    who: Professional,
    Path(id): Path<String>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let text = answer::record(&app, &who.session, id).await?;
    if headers.contains_key("hx-request") {
        return Ok(layout::html(RecordFragment { id, text }));
    }
    let frame = Frame::inside("Registro para o prontuário", Section::Conversations, &who.viewer);
    Ok(layout::html(RecordPage { frame, id, conversation: conversation(&fields), text }))
}
