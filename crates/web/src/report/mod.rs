//! Audit reports: issued, fetched, and recognised by anybody who has a file.

mod check;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use sigilo_domain::BRASILIA;
use sigilo_features::report::{self, Form, Issued, Wanted};
use sigilo_features::{App, Error, FieldError, simulation};
use time::macros::format_description;
use time::{Date, Duration};
use uuid::Uuid;

use crate::Web;
use crate::body::Fields;
use crate::console::{Part, Place, beside};
use crate::download::attachment;
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

const PATH: &str = "/auditoria/relatorios";

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route(PATH, get(show).post(issue))
        .route("/auditoria/relatorios/{id}/{forma}", get(download))
        .route("/relatorio/conferir", get(check::show).post(check::check))
}

/// A file of a report, in words.
pub(crate) struct FileView {
    pub(crate) code: String,
    pub(crate) label: &'static str,
    pub(crate) hash: String,
}

/// A report in words.
pub(crate) struct ReportView {
    pub(crate) issued: Issued,
    pub(crate) when: String,
}

impl ReportView {
    fn files(&self) -> Vec<FileView> {
        let (forms, hashes) = (self.issued.forms.iter().flatten(), self.issued.hashes.iter().flatten());
        forms
            .zip(hashes)
            .map(|(form, hash)| FileView { label: label(form), code: form.clone(), hash: hash.clone() })
            .collect()
    }
}

/// What a form is called on screen.
pub(crate) fn label(form: &str) -> &'static str {
    match form {
        "pdf" => "PDF",
        "html" => "Página",
        _ => "Dados (JSON)",
    }
}

/// What the form of the page holds.
#[derive(Default)]
pub(crate) struct Typed {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) simulation: String,
}

#[derive(Template)]
#[template(path = "report/list.html")]
pub(crate) struct ListPage {
    pub(crate) frame: Frame,
    pub(crate) place: Place,
    pub(crate) reports: Vec<ReportView>,
    /// Simulations that may be part of a report: identifier and words.
    pub(crate) simulations: Vec<(Uuid, String)>,
    pub(crate) typed: Typed,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) error: Option<String>,
}

impl ListPage {
    fn error_of(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }

    fn chosen(&self, id: &Uuid) -> bool {
        self.typed.simulation == id.to_string()
    }
}

async fn page(app: &App, who: &Member, typed: Typed) -> Result<ListPage, Answer> {
    let place = beside(app, who, Part::Reports).await?;
    let reports = report::recent(app, &who.session).await?;
    let simulations = simulation::recent(app, &who.session).await?;
    Ok(ListPage {
        frame: Frame::inside("Relatórios de auditoria", Section::Audit, &who.viewer),
        place,
        reports: reports
            .into_iter()
            .map(|issued| ReportView { when: format::moment(&issued.issued_at), issued })
            .collect(),
        simulations: simulations
            .into_iter()
            .filter(|shown| shown.row.finished_at.is_some())
            .map(|shown| (shown.row.id, format!("Simulação de {}", format::moment(&shown.row.started_at))))
            .collect(),
        typed,
        errors: Vec::new(),
        error: None,
    })
}

#[derive(Deserialize)]
struct Chosen {
    simulacao: Option<String>,
}

async fn show(State(app): State<App>, who: Member, Query(chosen): Query<Chosen>) -> Result<Response, Answer> {
    let today = app.now().to_offset(BRASILIA).date();
    let typed = Typed {
        from: (today - Duration::days(30)).to_string(),
        to: today.to_string(),
        simulation: chosen.simulacao.unwrap_or_default(),
    };
    Ok(layout::html(page(&app, &who, typed).await?))
}

async fn issue(State(app): State<App>, who: Member, fields: Fields) -> Result<Response, Answer> {
    let typed = Typed {
        from: fields.text("de").to_owned(),
        to: fields.text("ate").to_owned(),
        simulation: fields.text("simulacao").to_owned(),
    };
    let error = match wanted(&typed) {
        Ok(wanted) => match report::issue(&app, &who.session, &wanted).await {
            Ok(_) => return Ok(Redirect::to("/auditoria/relatorios#emitidos").into_response()),
            Err(error) => error,
        },
        Err(errors) => Error::Invalid(errors),
    };
    let (status, errors, sentence) = match error {
        Error::Invalid(errors) => (StatusCode::UNPROCESSABLE_ENTITY, errors, None),
        other => {
            let (status, sentence) = Answer::on_page(other)?;
            (status, Vec::new(), Some(sentence))
        }
    };
    let page = ListPage { errors, error: sentence, ..page(&app, &who, typed).await? };
    Ok((status, layout::html(page)).into_response())
}

fn wanted(typed: &Typed) -> Result<Wanted, Vec<FieldError>> {
    let day = |text: &str| Date::parse(text, format_description!("[year]-[month]-[day]"));
    let mut wrong = Vec::new();
    let (from, to) = (day(&typed.from), day(&typed.to));
    for (field, date) in [("de", &from), ("ate", &to)] {
        if date.is_err() {
            wrong.push(FieldError::new(field, "Informe uma data."));
        }
    }
    let simulation = match typed.simulation.as_str() {
        "" => None,
        id => match id.parse() {
            Ok(id) => Some(id),
            Err(_) => {
                wrong.push(FieldError::new("simulacao", "Esta simulação não existe."));
                None
            }
        },
    };
    if wrong.is_empty() { Ok(Wanted { from: from.ok(), to: to.ok(), simulation }) } else { Err(wrong) }
}

async fn download(
    State(app): State<App>,
    who: Member,
    Path((id, form)): Path<(String, String)>,
) -> Result<Response, Answer> {
    beside(&app, &who, Part::Reports).await?;
    let id = Answer::identifier(&id)?;
    let form = Form::ALL.into_iter().find(|known| known.code() == form).ok_or_else(Answer::not_found)?;
    let content = report::file(&app, &who.session, id, form).await?;
    let short = id.simple().to_string();
    let name = format!("relatorio-{}.{}", &short[short.len() - 8..], form.code());
    Ok(attachment(&name, form.media_type(), content))
}
