//! The simulation of an audit: begun with one button, watched while it gets on, kept.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use sigilo_domain::audit_query::Level;
use sigilo_features::App;
use sigilo_features::manual::SCRIPT;
use sigilo_features::simulation::{self, Shown};
use uuid::Uuid;

use crate::Web;
use crate::console::{Part, Place, beside};
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

const PATH: &str = "/auditoria/simulacao";

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route(PATH, get(list).post(start))
        .route("/auditoria/simulacao/{id}", get(show))
        .route("/auditoria/simulacao/{id}/andamento", get(progress))
}

/// A simulation in words.
pub(crate) struct SimulationView {
    pub(crate) shown: Shown,
    pub(crate) when: String,
    pub(crate) who: String,
}

impl SimulationView {
    fn new(shown: Shown) -> Self {
        SimulationView {
            when: format::moment(&shown.row.started_at),
            who: shown.row.by_name.clone().unwrap_or_else(|| "–".to_owned()),
            shown,
        }
    }

    /// Style and words of how it stands.
    pub(crate) fn standing(&self) -> (&'static str, &'static str) {
        match self.shown.row.outcome.as_deref() {
            Some("ok") => ("tag-ok", "Tudo como se espera"),
            Some("attention") => ("tag-warn", "Com pontos de atenção"),
            Some(_) => ("tag-bad", "Com problemas"),
            None if self.shown.runs() => ("tag-soft", "Em andamento"),
            None => ("tag-warn", "Interrompida"),
        }
    }

    /// How far it is.
    fn sentence(&self) -> String {
        let (done, all) = (self.shown.demonstrations.len(), SCRIPT.len());
        match SCRIPT.get(done) {
            Some((title, ..)) if self.shown.runs() => {
                format!("{done} de {all} demonstrações feitas. Agora: {}.", title.to_lowercase())
            }
            _ => format!("{done} de {all} demonstrações feitas."),
        }
    }

    /// The titles of what is still to come.
    fn coming(&self) -> impl Iterator<Item = &'static str> {
        SCRIPT.iter().skip(self.shown.demonstrations.len()).map(|(title, ..)| *title)
    }

    fn is_open(&self, level: &Level) -> bool {
        matches!(level, Level::Problem | Level::Attention)
    }
}

#[derive(Template)]
#[template(path = "simulation/list.html")]
pub(crate) struct ListPage {
    pub(crate) frame: Frame,
    pub(crate) place: Place,
    pub(crate) simulations: Vec<SimulationView>,
    pub(crate) error: Option<String>,
}

impl ListPage {
    fn running(&self) -> Option<&Uuid> {
        self.simulations.iter().find(|view| view.shown.runs()).map(|view| &view.shown.row.id)
    }
}

#[derive(Template)]
#[template(path = "simulation/page.html")]
pub(crate) struct SimulationPage {
    pub(crate) frame: Frame,
    pub(crate) place: Place,
    pub(crate) view: SimulationView,
}

#[derive(Template)]
#[template(path = "simulation/progress.html")]
pub(crate) struct ProgressFragment {
    pub(crate) view: SimulationView,
}

async fn page(app: &App, who: &Member, error: Option<String>) -> Result<ListPage, Answer> {
    let place = beside(app, who, Part::Simulation).await?;
    let simulations = simulation::recent(app, &who.session).await?.into_iter().map(SimulationView::new).collect();
    let frame = Frame::inside("Simulação de auditoria", Section::Audit, &who.viewer);
    Ok(ListPage { frame, place, simulations, error })
}

async fn list(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    Ok(layout::html(page(&app, &who, None).await?))
}

async fn start(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    let (status, sentence) = match simulation::start(&app, &who.session).await {
        Ok(id) => return Ok(Redirect::to(&format!("{PATH}/{id}")).into_response()),
        Err(error) => Answer::on_page(error)?,
    };
    Ok((status, layout::html(page(&app, &who, Some(sentence)).await?)).into_response())
}

async fn one(app: &App, who: &Member, id: &str) -> Result<SimulationView, Answer> {
    Ok(SimulationView::new(simulation::one(app, &who.session, Answer::identifier(id)?).await?))
}

async fn show(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    let place = beside(&app, &who, Part::Simulation).await?;
    let view = one(&app, &who, &id).await?;
    let frame = Frame::inside("Simulação de auditoria", Section::Audit, &who.viewer);
    Ok(layout::html(SimulationPage { frame, place, view }))
}

/// The part of the page that gets on, for htmx, which asks every second while it does.
async fn progress(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    beside(&app, &who, Part::Simulation).await?;
    Ok(layout::html(ProgressFragment { view: one(&app, &who, &id).await? }))
}
