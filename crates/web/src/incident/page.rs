//! Showing incidents.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use sigilo_domain::Role;
use sigilo_domain::incident::{KINDS, SEVERITIES};
use sigilo_features::incident::{self, Report};
use sigilo_features::small_agent::{self, Declaration};
use sigilo_features::{App, FieldError, suspicion};
use uuid::Uuid;

use super::draft::DraftView;
use super::view::View;
use crate::errors::Answer;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

#[derive(Template)]
#[template(path = "incident/list.html")]
pub(crate) struct ListPage {
    pub(crate) frame: Frame,
    pub(crate) drafts: Vec<DraftView>,
    /// Whether who looks may see the evidence.
    pub(crate) audits: bool,
    /// The clinic's word on whether it is a small agent.
    pub(crate) declared: Option<Declaration>,
    /// Whether who looks answers for it.
    pub(crate) owns: bool,
    pub(crate) incidents: Vec<View>,
    pub(crate) form: Report,
    pub(crate) errors: Vec<FieldError>,
    /// Why something else on the page was refused.
    pub(crate) error: Option<String>,
}

impl ListPage {
    fn kinds(&self) -> &'static [(&'static str, &'static str)] {
        &KINDS
    }

    fn severities(&self) -> &'static [(&'static str, &'static str)] {
        &SEVERITIES
    }

    /// Whether the periods are doubled.
    fn doubled(&self) -> bool {
        self.declared.as_ref().is_some_and(|word| word.small_agent)
    }

    fn error_of(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }
}

#[derive(Template)]
#[template(path = "incident/page.html")]
pub(super) struct IncidentPage {
    pub(super) frame: Frame,
    pub(super) view: View,
    pub(super) error: Option<String>,
}

impl IncidentPage {
    fn severities(&self) -> &'static [(&'static str, &'static str)] {
        &SEVERITIES
    }
}

#[derive(Template)]
#[template(path = "incident/notice.html")]
struct NoticePage {
    frame: Frame,
    view: View,
    clinic: String,
    dpo_contact: Option<String>,
}

pub(super) async fn listed(app: &App, who: &Member, form: Report, errors: Vec<FieldError>) -> Result<ListPage, Answer> {
    let now = app.now();
    let incidents = incident::list(app, &who.session).await?;
    let drafts = suspicion::list(app, &who.session).await?;
    let declared = small_agent::standing(app, &who.session).await?;
    Ok(ListPage {
        frame: Frame::inside("Incidentes de segurança", Section::Compliance, &who.viewer),
        drafts: drafts.into_iter().map(DraftView::new).collect(),
        audits: who.viewer.has(Role::Dpo) || who.viewer.has(Role::Auditor),
        declared,
        owns: who.viewer.has(Role::Owner),
        incidents: incidents.into_iter().map(|incident| View::new(incident, now)).collect(),
        form,
        errors,
        error: None,
    })
}

pub(super) async fn list(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    Ok(layout::html(listed(&app, &who, Report::default(), Vec::new()).await?))
}

pub(super) async fn opened(app: &App, who: &Member, id: Uuid, error: Option<String>) -> Result<IncidentPage, Answer> {
    let view = View::new(incident::open(app, &who.session, id).await?, app.now());
    let frame = Frame::inside(view.kind.clone(), Section::Compliance, &who.viewer);
    Ok(IncidentPage { frame, view, error })
}

pub(super) async fn show(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    Ok(layout::html(opened(&app, &who, Answer::identifier(&id)?, None).await?))
}

pub(super) async fn notice(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    let IncidentPage { view, .. } = opened(&app, &who, Answer::identifier(&id)?, None).await?;
    Ok(layout::html(NoticePage {
        frame: Frame::inside("Comunicado de incidente", Section::Compliance, &who.viewer),
        view,
        clinic: who.viewer.clinic_name.clone(),
        dpo_contact: app.settings().dpo_contact.clone(),
    }))
}
