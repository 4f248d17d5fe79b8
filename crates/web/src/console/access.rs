//! Who may audit: given, listed, taken back.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use sigilo_features::console::{self, Candidate, Grant, GrantForm};
use sigilo_features::session::Viewer;
use sigilo_features::{App, Error, FieldError};

use super::{Part, Place, place};
use crate::body::Fields;
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

#[derive(Template)]
#[template(path = "console/access.html")]
pub(crate) struct AccessPage {
    pub(crate) frame: Frame,
    pub(crate) place: Place,
    /// Whether the page answers somebody who wanted in and may not.
    pub(crate) closed: bool,
    pub(crate) grants: Vec<Grant>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) error: Option<String>,
    pub(crate) form: GrantForm,
}

impl AccessPage {
    fn error_of(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }

    fn chosen(&self, candidate: &Candidate) -> bool {
        self.form.to == Some(candidate.user_id)
    }
}

pub(super) fn may_know(viewer: &Viewer) -> Result<(), Answer> {
    if viewer.audits() {
        return Ok(());
    }
    let refused = "A auditoria é para auditores e para quem responde pela clínica e pelos dados.";
    Err(Error::Forbidden(refused).into())
}

fn empty() -> GrantForm {
    GrantForm { to: None, days: Some(30), purpose: String::new() }
}

async fn page(app: &App, who: &Member, form: GrantForm) -> Result<AccessPage, Answer> {
    let until = console::standing(app, &who.session).await?;
    Ok(AccessPage {
        frame: Frame::inside("Acessos de auditoria", Section::Audit, &who.viewer),
        place: place(who, Part::Access, until.as_ref()),
        closed: false,
        grants: console::grants(app, &who.session).await?,
        candidates: console::candidates(app, &who.session).await?,
        errors: Vec::new(),
        error: None,
        form,
    })
}

/// The page for whoever has no live grant.
pub(super) async fn closed(app: &App, who: &Member) -> Result<Response, Answer> {
    may_know(&who.viewer)?;
    let page = AccessPage { closed: true, ..page(app, who, empty()).await? };
    Ok((StatusCode::FORBIDDEN, layout::html(page)).into_response())
}

pub(super) async fn show(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    may_know(&who.viewer)?;
    Ok(layout::html(page(&app, &who, empty()).await?))
}

pub(super) async fn give(State(app): State<App>, who: Member, fields: Fields) -> Result<Response, Answer> {
    let form = GrantForm {
        to: fields.text("quem").parse().ok(),
        days: fields.text("dias").parse().ok(),
        purpose: fields.text("finalidade").to_owned(),
    };
    let error = match console::give(&app, &who.session, &form).await {
        Ok(()) => return Ok(Redirect::to("/auditoria/acessos").into_response()),
        Err(error) => error,
    };
    let (errors, sentence) = match error {
        Error::Invalid(errors) => (errors, None),
        other => (Vec::new(), Some(Answer::on_page(other)?.1)),
    };
    let page = AccessPage { errors, error: sentence, ..page(&app, &who, form).await? };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, layout::html(page)).into_response())
}

pub(super) async fn revoke(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Redirect, Answer> {
    console::revoke(&app, &who.session, Answer::identifier(&id)?).await?;
    Ok(Redirect::to("/auditoria/acessos"))
}

/// What is shown of a grant's standing.
pub(super) fn standing(grant: &Grant) -> (&'static str, &'static str) {
    match (grant.live.unwrap_or(false), grant.revoked_at) {
        (true, _) => ("tag-ok", "Em vigor"),
        (false, Some(_)) => ("tag-off", "Revogado"),
        (false, None) => ("tag-off", "Terminou"),
    }
}

pub(super) fn period(grant: &Grant) -> String {
    format!("{} a {}", format::day(&grant.starts_at), format::day(&grant.ends_at))
}
