//! The 34 queries of the manual: listed, described, run, edited.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sigilo_domain::AuditQuery;
use sigilo_domain::audit_query::{Parameter, Step, fill};
use sigilo_features::App;
use sigilo_features::console::{self, Kind, Question};

use super::result::{Cell, ResultView};
use super::{Part, Place, entered};
use crate::body::Fields;
use crate::errors::Answer;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

#[derive(Template)]
#[template(path = "console/list.html")]
pub(crate) struct ListPage {
    pub(crate) frame: Frame,
    pub(crate) place: Place,
}

impl ListPage {
    /// The parts of the manual with their queries.
    fn steps(&self) -> Vec<(Step, Vec<&'static AuditQuery>)> {
        let of = |step| AuditQuery::all().iter().filter(|query| query.step == step).collect();
        Step::ALL.into_iter().map(|step| (step, of(step))).collect()
    }
}

/// A placeholder to be filled.
pub(crate) struct Choice {
    pub(crate) parameter: Parameter,
    pub(crate) options: Vec<(String, String)>,
    pub(crate) chosen: String,
}

#[derive(Template)]
#[template(path = "console/query.html")]
pub(crate) struct QueryPage {
    pub(crate) frame: Frame,
    pub(crate) place: Place,
    pub(crate) query: &'static AuditQuery,
    pub(crate) choices: Vec<Choice>,
    /// The statement as it stands in the field.
    pub(crate) sql: String,
    pub(crate) error: Option<String>,
    pub(crate) result: Option<ResultView>,
}

impl QueryPage {
    fn edited(&self) -> bool {
        self.sql != self.query.sql()
    }

    fn neighbour(&self, step: i8) -> Option<&'static AuditQuery> {
        AuditQuery::of(self.query.number.checked_add_signed(step)?)
    }
}

pub(super) async fn list(State(app): State<App>, who: Member) -> axum::response::Result<Response> {
    let place = entered(&app, &who, Part::Manual).await?;
    Ok(layout::html(ListPage { frame: Frame::inside("Auditoria", Section::Audit, &who.viewer), place }))
}

fn query(number: &str) -> Result<&'static AuditQuery, Answer> {
    number.parse().ok().and_then(AuditQuery::of).ok_or_else(Answer::not_found)
}

async fn page(
    app: &App,
    who: &Member,
    place: Place,
    query: &'static AuditQuery,
    fields: Option<&Fields>,
) -> Result<QueryPage, Answer> {
    let mut choices = Vec::new();
    for parameter in query.parameters() {
        let options = console::choices(app, &who.session, parameter).await?;
        let chosen = fields.map_or("", |fields| fields.text(parameter.code())).to_owned();
        choices.push(Choice { parameter, options, chosen });
    }
    let sql = match fields.map(|fields| fields.text("sql")) {
        Some(typed) if !typed.is_empty() => typed.replace("\r\n", "\n"),
        _ => query.sql().to_owned(),
    };
    Ok(QueryPage {
        frame: Frame::inside(format!("{}: {}", query.code(), query.title), Section::Audit, &who.viewer),
        place,
        query,
        choices,
        sql,
        error: None,
        result: None,
    })
}

pub(super) async fn show(
    State(app): State<App>,
    who: Member,
    Path(number): Path<String>,
) -> axum::response::Result<Response> {
    let query = query(&number)?;
    let place = entered(&app, &who, Part::Manual).await?;
    Ok(layout::html(page(&app, &who, place, query, None).await?))
}

pub(super) async fn run(
    State(app): State<App>,
    who: Member,
    Path(number): Path<String>,
    fields: Fields,
) -> axum::response::Result<Response> {
    let query = query(&number)?;
    let place = entered(&app, &who, Part::Manual).await?;
    let mut page = page(&app, &who, place, query, Some(&fields)).await?;
    let mut sql = page.sql.clone();
    for choice in &page.choices {
        if !sql.contains(choice.parameter.placeholder()) {
            continue;
        }
        match fill(&sql, choice.parameter, &choice.chosen) {
            Some(filled) => sql = filled,
            None => {
                page.error = Some(format!("Escolha: {}.", choice.parameter.label().to_lowercase()));
                return Ok((StatusCode::UNPROCESSABLE_ENTITY, layout::html(page)).into_response());
            }
        }
    }
    let unmask = reason(&fields);
    let question = Question { kind: Kind::Manual(query.number), sql: sql.clone(), unmask: unmask.clone() };
    match console::ask(&app, &who.session, &question).await {
        Ok(asked) => page.result = Some(ResultView::new(asked, sql, unmask)),
        Err(error) => {
            page.error = Some(Answer::on_page(error)?.1);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, layout::html(page)).into_response());
        }
    }
    Ok(layout::html(page))
}

/// Why personal data is to be shown, if it is.
pub(super) fn reason(fields: &Fields) -> Option<String> {
    fields.has("mostrar").then(|| fields.text("motivo").to_owned())
}
