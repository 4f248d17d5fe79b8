//! The auditor's own statement.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sigilo_features::App;
use sigilo_features::console::{self, Kind, Question};

use super::manual::reason;
use super::result::{Cell, ResultView};
use super::{Part, Place, entered};
use crate::body::Fields;
use crate::errors::Answer;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

#[derive(Template)]
#[template(path = "console/sql.html")]
pub(crate) struct SqlPage {
    pub(crate) frame: Frame,
    pub(crate) place: Place,
    pub(crate) sql: String,
    pub(crate) error: Option<String>,
    pub(crate) result: Option<ResultView>,
}

impl SqlPage {
    /// The tables and their columns, for completion in the editor.
    fn schema(&self) -> String {
        let tables = console::tables().into_iter().map(|view| {
            let columns = view.table.columns.iter().map(|column| column.name.as_str().into());
            (view.name.to_owned(), serde_json::Value::Array(columns.collect()))
        });
        serde_json::Value::Object(tables.collect()).to_string()
    }
}

fn page(who: &Member, place: Place, sql: String) -> SqlPage {
    SqlPage {
        frame: Frame::inside("SQL de auditoria", Section::Audit, &who.viewer),
        place,
        sql,
        error: None,
        result: None,
    }
}

pub(super) async fn show(State(app): State<App>, who: Member) -> axum::response::Result<Response> {
    let place = entered(&app, &who, Part::Sql).await?;
    Ok(layout::html(page(&who, place, String::new())))
}

pub(super) async fn run(State(app): State<App>, who: Member, fields: Fields) -> axum::response::Result<Response> {
    let place = entered(&app, &who, Part::Sql).await?;
    let sql = fields.text("sql").replace("\r\n", "\n");
    let mut page = page(&who, place, sql.clone());
    // From the record the statement comes to be looked at first.
    if fields.has("abrir") {
        return Ok(layout::html(page));
    }
    let unmask = reason(&fields);
    match console::ask(&app, &who.session, &Question { kind: Kind::Sql, sql: sql.clone(), unmask: unmask.clone() })
        .await
    {
        Ok(asked) => page.result = Some(ResultView::new(asked, sql, unmask)),
        Err(error) => {
            page.error = Some(Answer::on_page(error)?.1);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, layout::html(page)).into_response());
        }
    }
    Ok(layout::html(page))
}
