//! What was asked in the clinic, by whom, and what came of it.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use sigilo_domain::AuditQuery;
use sigilo_features::App;
use sigilo_features::console::{self, Run, interrupted_after};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Part, Place, entered};
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

/// Runs on one page; as many as are read.
const PAGE: usize = 50;

/// One run in words.
pub(crate) struct RunView {
    pub(crate) run: Run,
    pub(crate) what: String,
    pub(crate) when: String,
    pub(crate) who: String,
    /// Style and words.
    pub(crate) outcome: (&'static str, &'static str),
}

impl RunView {
    pub(crate) fn new(run: Run, now: OffsetDateTime) -> Self {
        let query = run.query_number.and_then(|number| AuditQuery::of(u8::try_from(number).ok()?));
        let what = match (query, run.kind.as_str()) {
            (Some(query), _) => format!("{}: {}", query.code(), query.title),
            (None, "table") => "Tabela".to_owned(),
            (None, "csv") => "Exportação em CSV".to_owned(),
            (None, "json") => "Exportação em JSON".to_owned(),
            (None, _) => "SQL".to_owned(),
        };
        let outcome = match run.outcome.as_str() {
            "done" => ("tag-ok", "Concluída"),
            "refused" => ("tag-warn", "Recusada"),
            "timeout" => ("tag-warn", "Cancelada por tempo"),
            "running" if now - run.started_at < interrupted_after() => ("tag-off", "Em andamento"),
            "running" => ("tag-warn", "Interrompida"),
            _ => ("tag-warn", "Não concluída"),
        };
        RunView {
            when: format::moment(&run.started_at),
            who: run.display_name.clone().unwrap_or_else(|| "–".to_owned()),
            what,
            outcome,
            run,
        }
    }
}

#[derive(Template)]
#[template(path = "console/history.html")]
pub(crate) struct HistoryPage {
    pub(crate) frame: Frame,
    pub(crate) place: Place,
    pub(crate) runs: Vec<RunView>,
    /// Where older ones begin.
    pub(crate) older: Option<Uuid>,
}

#[derive(Template)]
#[template(path = "console/run.html")]
pub(crate) struct RunPage {
    pub(crate) frame: Frame,
    pub(crate) place: Place,
    pub(crate) view: RunView,
}

#[derive(Deserialize)]
pub(super) struct Before {
    antes: Option<String>,
}

pub(super) async fn list(
    State(app): State<App>,
    who: Member,
    Query(before): Query<Before>,
) -> axum::response::Result<Response> {
    let place = entered(&app, &who, Part::History).await?;
    let before = before.antes.as_deref().map(Answer::identifier).transpose()?;
    let runs = console::recent(&app, &who.session, before).await.map_err(Answer::from)?;
    let older = (runs.len() == PAGE).then(|| runs.last().map(|run| run.id)).flatten();
    let runs = runs.into_iter().map(|run| RunView::new(run, app.now())).collect();
    let frame = Frame::inside("Histórico da auditoria", Section::Audit, &who.viewer);
    Ok(layout::html(HistoryPage { frame, place, runs, older }))
}

pub(super) async fn show(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
) -> axum::response::Result<Response> {
    let id = Answer::identifier(&id)?;
    let place = entered(&app, &who, Part::History).await?;
    let run = console::one(&app, &who.session, id).await.map_err(Answer::from)?;
    let view = RunView::new(run, app.now());
    let frame = Frame::inside("Consulta registrada", Section::Audit, &who.viewer);
    Ok(layout::html(RunPage { frame, place, view }))
}
