//! Canaries: listed, invented, retired.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use sigilo_domain::canary::Invented;
use sigilo_features::canary::{self, Canary};
use sigilo_features::{App, Error};

use crate::body::Fields;
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

/// A canary in words.
pub(crate) struct CanaryView {
    pub(crate) canary: Canary,
    /// Since when, and until when.
    pub(crate) period: String,
    /// How often it was seen.
    pub(crate) seen: String,
}

impl CanaryView {
    pub(crate) fn new(canary: Canary) -> CanaryView {
        let since = format::day(&canary.created_at);
        CanaryView {
            period: match &canary.retired_at {
                Some(until) => format!("de {since} a {}", format::day(until)),
                None => format!("desde {since}"),
            },
            seen: match canary.sightings.unwrap_or(0) {
                0 => "nunca vista".to_owned(),
                1 => "vista 1 vez".to_owned(),
                times => format!("vista {times} vezes"),
            },
            canary,
        }
    }
}

#[derive(Template)]
#[template(path = "incident/canaries.html")]
pub(crate) struct CanariesPage {
    pub(crate) frame: Frame,
    pub(crate) canaries: Vec<CanaryView>,
    /// The one that was just invented, shown this once.
    pub(crate) invented: Option<Invented>,
    /// What was typed.
    pub(crate) label: String,
    pub(crate) error: Option<String>,
}

async fn page(app: &App, who: &Member) -> Result<CanariesPage, Answer> {
    let canaries = canary::list(app, &who.session).await?;
    Ok(CanariesPage {
        frame: Frame::inside("Pacientes-isca", Section::Compliance, &who.viewer),
        canaries: canaries.into_iter().map(CanaryView::new).collect(),
        invented: None,
        label: String::new(),
        error: None,
    })
}

pub(super) async fn list(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    Ok(layout::html(page(&app, &who).await?))
}

pub(super) async fn create(State(app): State<App>, who: Member, fields: Fields) -> Result<Response, Answer> {
    let label = fields.text("rotulo");
    match canary::create(&app, &who.session, label).await {
        Ok(invented) => Ok(layout::html(CanariesPage { invented: Some(invented), ..page(&app, &who).await? })),
        Err(error) => again(&app, &who, label, error).await,
    }
}

pub(super) async fn retire(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    match canary::retire(&app, &who.session, Answer::identifier(&id)?).await {
        Ok(()) => Ok(Redirect::to(super::CANARIES).into_response()),
        Err(error) => again(&app, &who, "", error).await,
    }
}

async fn again(app: &App, who: &Member, label: &str, error: Error) -> Result<Response, Answer> {
    let (status, sentence): (StatusCode, String) = Answer::on_page(error)?;
    let page = CanariesPage { label: label.to_owned(), error: Some(sentence), ..page(app, who).await? };
    Ok((status, layout::html(page)).into_response())
}
