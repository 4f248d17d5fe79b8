//! The trail past its time: what may go, proposed by one, approved by another.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use sigilo_features::evidence::{self, Disposal, ExpiredMonth};
use sigilo_features::{App, Error};
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use crate::body::Fields;
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

pub(super) const DISPOSALS: &str = "/conformidade/trilha";

/// A month past its time, in words.
pub(crate) struct MonthView {
    name: String,
    value: String,
    may_go: i64,
    rows: String,
    /// What stays, and why.
    stays: Vec<String>,
}

impl MonthView {
    fn new(month: &ExpiredMonth) -> MonthView {
        let reasons = [
            (month.medical_record, "sobre pacientes, cujo prontuário fica 20 anos (Lei 13.787/2018, art. 6º)"),
            (month.last_word, "última palavra sobre um cadastro que existe, com que ele é conferido"),
            (month.legal_hold, "de pessoas em guarda legal"),
            (month.sealed_late, "sem cinco anos de lacre ainda"),
        ];
        MonthView {
            name: month_name(month.month),
            value: format!("{}-{:02}", month.month.year(), u8::from(month.month.month())),
            may_go: month.may_go,
            rows: format!("{} {}", counted(month.may_go), if month.may_go == 1 { "pode sair" } else { "podem sair" }),
            stays: reasons
                .into_iter()
                .filter(|(rows, _)| *rows > 0)
                .map(|(rows, reason)| {
                    format!("{} {}: {reason}", if rows == 1 { "Fica" } else { "Ficam" }, counted(rows))
                })
                .collect(),
        }
    }
}

/// What was proposed, in words.
pub(crate) struct DisposalView {
    id: Uuid,
    month: String,
    standing: (&'static str, &'static str),
    story: Vec<String>,
    /// Whether the reader may approve it, must wait for somebody else, may discard it.
    approvable: bool,
    waits: bool,
    discardable: bool,
}

impl DisposalView {
    fn new(row: &Disposal, reader: Uuid, now: OffsetDateTime) -> DisposalView {
        let open = row.status == "proposed";
        let waits = row.proposed_by == reader && now - row.proposed_at < Duration::hours(24);
        let by = |name: &Option<String>| name.clone().unwrap_or_else(|| "–".to_owned());
        let mut story = vec![format!("Proposta em {}, por {}", format::day(&row.proposed_at), by(&row.proposed_name))];
        if let Some(at) = &row.decided_at {
            let said = if row.status == "discarded" { "Descartada" } else { "Aprovada" };
            story.push(format!("{said} em {}, por {}", format::day(at), by(&row.decided_name)));
        }
        if let Some(rows) = row.declared_rows {
            story.push(format!("Declarada na própria trilha: {}", counted(rows)));
        }
        if let Some(at) = &row.done_at {
            story.push(format!("Eliminada em {}", format::day(at)));
        }
        DisposalView {
            id: row.id,
            month: month_name(row.month),
            standing: match row.status.as_str() {
                "proposed" => ("tag-warn", "Espera aprovação"),
                "approved" => ("tag-soft", "Aprovada"),
                "declared" => ("tag-soft", "Espera o lacre"),
                "done" => ("tag-ok", "Eliminada"),
                _ => ("tag-off", "Descartada"),
            },
            story,
            approvable: open && !waits,
            waits: open && waits,
            discardable: matches!(row.status.as_str(), "proposed" | "approved"),
        }
    }
}

fn counted(rows: i64) -> String {
    format::counted(rows, "registro")
}

fn month_name(month: Date) -> String {
    format::month(&month.to_string()).unwrap_or_default()
}

#[derive(Template)]
#[template(path = "evidence/disposal.html")]
pub(crate) struct DisposalsPage {
    pub(crate) frame: Frame,
    pub(crate) months: Vec<MonthView>,
    pub(crate) disposals: Vec<DisposalView>,
    pub(crate) error: Option<String>,
}

impl DisposalsPage {
    pub(crate) fn new(
        frame: Frame,
        months: &[ExpiredMonth],
        disposals: &[Disposal],
        reader: Uuid,
        now: OffsetDateTime,
    ) -> DisposalsPage {
        let on_its_way = |month: Date| {
            disposals
                .iter()
                .any(|row| row.month == month && matches!(row.status.as_str(), "proposed" | "approved" | "declared"))
        };
        DisposalsPage {
            frame,
            months: months.iter().filter(|month| !on_its_way(month.month)).map(MonthView::new).collect(),
            disposals: disposals.iter().map(|row| DisposalView::new(row, reader, now)).collect(),
            error: None,
        }
    }
}

async fn page(app: &App, who: &Member) -> Result<DisposalsPage, Answer> {
    let (months, disposals) = evidence::disposals(app, &who.session).await?;
    let frame = Frame::inside("Trilha vencida", Section::Compliance, &who.viewer);
    Ok(DisposalsPage::new(frame, &months, &disposals, who.viewer.user_id, app.now()))
}

pub(super) async fn list(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    Ok(layout::html(page(&app, &who).await?))
}

pub(super) async fn propose(State(app): State<App>, who: Member, fields: Fields) -> Result<Response, Answer> {
    let format = format_description!("[year]-[month]-[day]");
    let done = match Date::parse(&format!("{}-01", fields.text("mes")), format) {
        Ok(month) => evidence::propose_disposal(&app, &who.session, month).await,
        Err(_) => Err(Error::Conflict("Escolha um dos meses da lista.")),
    };
    back(&app, &who, done).await
}

pub(super) async fn approve(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let done = evidence::decide_disposal(&app, &who.session, id, true).await;
    back(&app, &who, done).await
}

pub(super) async fn discard(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let done = evidence::decide_disposal(&app, &who.session, id, false).await;
    back(&app, &who, done).await
}

async fn back(app: &App, who: &Member, done: sigilo_features::Result<()>) -> Result<Response, Answer> {
    let Err(error) = done else { return Ok(Redirect::to(DISPOSALS).into_response()) };
    let (status, sentence): (StatusCode, String) = Answer::on_page(error)?;
    let page = DisposalsPage { error: Some(sentence), ..page(app, who).await? };
    Ok((status, layout::html(page)).into_response())
}
