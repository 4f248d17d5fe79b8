//! Copies of the installation, and a drill with one button.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde_json::Value;
use sigilo_domain::audit_query::Verdict;
use sigilo_features::App;
use sigilo_features::copies::{self, CopyRow, Standing};

use crate::Web;
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

pub(crate) const PATH: &str = "/conformidade/copias";

pub(crate) fn routes() -> Router<Web> {
    Router::new().route(PATH, get(show).post(drill)).route("/conformidade/copias/andamento", get(progress))
}

/// One thing that was tried, in words.
struct StepView {
    style: &'static str,
    mark: &'static str,
    name: String,
    found: String,
    seconds: String,
}

/// A drill in words.
struct DrillView {
    when: String,
    standing: (&'static str, &'static str),
    steps: Vec<StepView>,
}

impl DrillView {
    fn new(row: &CopyRow) -> DrillView {
        let steps = row.steps.as_array().map_or(&[][..], Vec::as_slice);
        DrillView {
            when: format::moment(&row.requested_at),
            standing: match row.status.as_str() {
                "waiting" => ("tag-soft", "Vai começar"),
                "running" => ("tag-soft", "Em andamento"),
                "passed" => ("tag-ok", "Deu certo"),
                "failed" => ("tag-bad", "Falhou"),
                _ => ("tag-warn", "Incompleto"),
            },
            steps: steps.iter().map(step).collect(),
        }
    }
}

fn step(value: &Value) -> StepView {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let (style, mark) = match value["passed"].as_bool() {
        Some(true) => ("tag-ok", "Certo"),
        Some(false) => ("tag-bad", "Errado"),
        None => ("tag-warn", "Não foi possível"),
    };
    let seconds =
        value["seconds"].as_f64().map(|seconds| format!("{seconds:.1} s").replace('.', ",")).unwrap_or_default();
    StepView { style, mark, name: text("name"), found: text("found"), seconds }
}

#[derive(Template)]
#[template(path = "copies/page.html")]
pub(crate) struct CopiesPage {
    pub(crate) frame: Frame,
    view: StandingView,
    pub(crate) error: Option<String>,
}

#[derive(Template)]
#[template(path = "copies/progress.html")]
struct Progress {
    view: StandingView,
}

/// How the copies stand, in words.
struct StandingView {
    verdict: Verdict,
    busy: bool,
    drills: Vec<DrillView>,
    backups: Vec<String>,
}

impl StandingView {
    fn new(standing: &Standing, now: time::OffsetDateTime) -> StandingView {
        StandingView {
            verdict: standing.verdict(now),
            busy: standing.is_busy(),
            drills: standing.drills.iter().map(DrillView::new).collect(),
            backups: standing.backups.iter().filter_map(|row| row.finished_at.as_ref().map(format::moment)).collect(),
        }
    }
}

impl CopiesPage {
    pub(crate) fn new(
        frame: Frame,
        standing: &Standing,
        now: time::OffsetDateTime,
        error: Option<String>,
    ) -> CopiesPage {
        CopiesPage { frame, view: StandingView::new(standing, now), error }
    }
}

async fn page(app: &App, who: &Member, error: Option<String>) -> Result<CopiesPage, Answer> {
    let standing = copies::standing(app, &who.session).await?;
    let frame = Frame::inside("Cópias de segurança", Section::Compliance, &who.viewer);
    Ok(CopiesPage::new(frame, &standing, app.now(), error))
}

async fn show(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    Ok(layout::html(page(&app, &who, None).await?))
}

/// The part that changes while a drill runs.
async fn progress(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    let view = page(&app, &who, None).await?.view;
    Ok(layout::html(Progress { view }))
}

async fn drill(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    match copies::request_drill(&app, &who.session).await {
        Ok(()) => Ok(Redirect::to(PATH).into_response()),
        Err(error) => {
            let (status, sentence) = Answer::on_page(error)?;
            Ok((status, layout::html(page(&app, &who, Some(sentence)).await?)).into_response())
        }
    }
}
