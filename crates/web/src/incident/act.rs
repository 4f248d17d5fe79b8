//! What is done about incidents.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use sigilo_domain::incident::CONTENTS;
use sigilo_features::incident::{self, Assessment, Report, Step};
use sigilo_features::{App, Error, small_agent};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::page::{listed, opened};
use crate::body::Fields;
use crate::errors::Answer;
use crate::layout;
use crate::visitor::Member;

/// `2026-11-27T18:05`, as a browser's field for date and time gives it: the clinic's clock, which is Brasília's.
pub(super) fn instant(text: &str) -> Option<OffsetDateTime> {
    (text.len() == 16).then(|| OffsetDateTime::parse(&format!("{text}:00-03:00"), &Rfc3339).ok()).flatten()
}

pub(super) async fn register(State(app): State<App>, who: Member, fields: Fields) -> Result<Response, Answer> {
    let report = Report {
        kind: fields.text("tipo").to_owned(),
        severity: fields.text("gravidade").to_owned(),
        description: fields.text("descricao").to_owned(),
        affected: fields.text("afetados").parse().ok(),
        occurred_at: instant(fields.text("ocorreu")),
        knowledge_at: instant(fields.text("soube")),
        drill: fields.has("simulado"),
    };
    match incident::register(&app, &who.session, &report).await {
        Ok(id) => Ok(Redirect::to(&format!("{}/{id}", super::PATH)).into_response()),
        Err(Error::Invalid(errors)) => {
            let page = listed(&app, &who, report, errors).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, layout::html(page)).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

/// Back to the incident, or its page with the reason of the refusal.
async fn then(app: &App, who: &Member, id: Uuid, done: Result<(), Error>) -> Result<Response, Answer> {
    let (status, sentence) = match done {
        Ok(()) => return Ok(Redirect::to(&format!("{}/{id}", super::PATH)).into_response()),
        Err(error) => Answer::on_page(error)?,
    };
    Ok((status, layout::html(opened(app, who, id, Some(sentence)).await?)).into_response())
}

pub(super) async fn assess(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let form = Assessment {
        severity: fields.text("gravidade").to_owned(),
        description: fields.text("descricao").to_owned(),
        affected: fields.text("afetados").parse().ok(),
        notifiable: match fields.text("comunicar") {
            "sim" => Some(true),
            "nao" => Some(false),
            _ => None,
        },
        reason: fields.text("motivo").to_owned(),
        integrity_risk: fields.has("integridade"),
        contents: CONTENTS
            .iter()
            .map(|(code, _, _)| ((*code).to_owned(), fields.text(&format!("conteudo-{code}")).to_owned()))
            .collect(),
    };
    let done = incident::assess(&app, &who.session, id, fields.version(), &form).await;
    then(&app, &who, id, done).await
}

pub(super) async fn step(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let step = match fields.text("passo") {
        "anpd" => Step::Anpd,
        "complemento" => Step::Supplement,
        "titulares" => Step::Subjects,
        "encerrar" => Step::Close,
        _ => return Err(Answer::not_found()),
    };
    let done = incident::step(&app, &who.session, id, fields.version(), step).await;
    then(&app, &who, id, done).await
}

/// Whether the clinic is a small agent, by its owner's word.
pub(super) async fn declare(State(app): State<App>, who: Member, fields: Fields) -> Result<Response, Answer> {
    let done = match fields.text("prazos") {
        "dobro" => small_agent::declare(&app, &who.session, true, fields.text("porque")).await,
        "comum" => small_agent::declare(&app, &who.session, false, fields.text("porque")).await,
        _ => Err(Error::Conflict("Escolha entre o prazo comum e o prazo em dobro.")),
    };
    match done {
        Ok(()) => Ok(Redirect::to(super::PATH).into_response()),
        Err(error) => refused(&app, &who, error).await,
    }
}

/// The list, with the reason of a refusal.
pub(super) async fn refused(app: &App, who: &Member, error: Error) -> Result<Response, Answer> {
    let (status, sentence) = Answer::on_page(error)?;
    let mut page = listed(app, who, Report::default(), Vec::new()).await?;
    page.error = Some(sentence);
    Ok((status, layout::html(page)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browsers_date_is_brasilias() {
        let at = instant("2026-11-27T18:05").map(|at| at.unix_timestamp());
        assert_eq!(at, Some(1_795_813_500));
        assert!(
            instant("").is_none() && instant("2026-13-27T18:05").is_none() && instant("27/11/2026 18:05").is_none()
        );
    }
}
