//! The tables: what each holds and why, and its rows.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use sigilo_features::console::{self, Filter, Kind, PAGE, Question, TableView};
use sigilo_features::{App, Error};

use super::manual::reason;
use super::result::{Cell, ResultView};
use super::{Part, Place, entered};
use crate::body::Fields;
use crate::errors::Answer;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

#[derive(Template)]
#[template(path = "console/tables.html")]
pub(crate) struct TablesPage {
    pub(crate) frame: Frame,
    pub(crate) place: Place,
    pub(crate) tables: Vec<TableView>,
}

#[derive(Template)]
#[template(path = "console/table.html")]
pub(crate) struct TablePage {
    pub(crate) frame: Frame,
    pub(crate) place: Place,
    pub(crate) view: TableView,
    pub(crate) filter: Filter,
    /// Where the next page begins; none: there is none.
    pub(crate) next: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) result: Option<ResultView>,
}

impl TablePage {
    fn filtered(&self, name: &str) -> bool {
        self.filter.column == name
    }
}

/// One row of a table, by its identifier.
#[derive(Deserialize)]
pub(super) struct Wanted {
    linha: Option<String>,
}

pub(super) async fn list(State(app): State<App>, who: Member) -> axum::response::Result<Response> {
    let place = entered(&app, &who, Part::Tables).await?;
    let frame = Frame::inside("Tabelas", Section::Audit, &who.viewer);
    Ok(layout::html(TablesPage { frame, place, tables: console::tables() }))
}

pub(super) async fn show(
    State(app): State<App>,
    who: Member,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> axum::response::Result<Response> {
    let filter = match wanted.linha {
        Some(id) => Filter { row: Some(Answer::identifier(&id)?), ..Filter::default() },
        None => Filter::default(),
    };
    rows(&app, &who, &name, filter, None).await
}

pub(super) async fn filter(
    State(app): State<App>,
    who: Member,
    Path(name): Path<String>,
    fields: Fields,
) -> axum::response::Result<Response> {
    let filter = Filter {
        column: fields.text("coluna").to_owned(),
        value: fields.text("valor").to_owned(),
        row: None,
        before: fields.text("antes").parse().ok(),
    };
    rows(&app, &who, &name, filter, reason(&fields)).await
}

async fn rows(
    app: &App,
    who: &Member,
    name: &str,
    filter: Filter,
    unmask: Option<String>,
) -> axum::response::Result<Response> {
    let place = entered(app, who, Part::Tables).await?;
    let (built, error) = match console::table_sql(name, &filter) {
        Ok((view, sql)) => ((view, Some(sql)), None),
        Err(error @ Error::Conflict(_)) => {
            let (view, _) = console::table_sql(name, &Filter::default()).map_err(Answer::from)?;
            ((view, None), Some(Answer::on_page(error)?.1))
        }
        Err(other) => return Err(Answer::from(other).into()),
    };
    let (view, sql) = built;
    let title = view.table.title.clone();
    let mut page = TablePage {
        frame: Frame::inside(title, Section::Audit, &who.viewer),
        place,
        view,
        filter,
        next: None,
        error,
        result: None,
    };
    if let Some(sql) = sql {
        let question = Question { kind: Kind::Table, sql: sql.clone(), unmask: unmask.clone() };
        match console::ask(app, &who.session, &question).await {
            Ok(asked) => {
                let mut result = ResultView::new(asked, sql, unmask);
                let key = page.view.key();
                page.next = result.cut(PAGE).then(|| result.last(key.map(|(at, _)| at)?)).flatten();
                page.result = Some(result);
            }
            Err(error) => page.error = Some(Answer::on_page(error)?.1),
        }
    }
    let status = if page.error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, layout::html(page)).into_response())
}
