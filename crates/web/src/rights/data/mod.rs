//! The member's own data: a page to look at, and the same as a file in three forms.

mod cell;
mod files;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sigilo_features::rights::{self, Export, ExportedTable, Taken};
use sigilo_features::{App, Error, FieldError};

use self::cell::Cell;
use super::file;
use crate::account;
use crate::body::Fields;
use crate::download::attachment;
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::visitor::Visitor;

/// A table with its rows, as people read them.
struct Shown {
    name: &'static str,
    title: &'static str,
    about: &'static str,
    purpose: &'static str,
    basis: &'static str,
    kept: &'static str,
    rows: Vec<Vec<(&'static str, Cell)>>,
}

impl From<&ExportedTable> for Shown {
    fn from(table: &ExportedTable) -> Self {
        let row = |cells: &Vec<serde_json::Value>| {
            let pairs = table.columns.iter().zip(cells);
            pairs.map(|((name, about), value)| (about.trim_end_matches('.'), Cell::new(name, value))).collect()
        };
        Shown {
            name: table.name,
            title: &table.about.title,
            about: &table.about.about,
            purpose: table.about.purpose(),
            basis: table.about.legal_basis(),
            kept: table.kept.unwrap_or("–"),
            rows: table.rows.iter().map(row).collect(),
        }
    }
}

fn shown(export: &Export) -> Vec<Shown> {
    export.tables.iter().map(Shown::from).collect()
}

#[derive(Template)]
#[template(path = "rights/data/page.html")]
struct DataPage {
    frame: Frame,
    tables: Vec<Shown>,
    made: String,
}

pub(super) async fn show(State(app): State<App>, who: Visitor) -> Result<Response, Answer> {
    let export = rights::export(&app, &who.session, Taken::Seen).await?;
    Ok(layout::html(DataPage {
        frame: Frame::inside("Meus dados", Section::Account, &who.viewer),
        tables: shown(&export),
        made: format::moment(&export.made_at),
    }))
}

/// The data as a file: JSON for programs, CSV for spreadsheets, a page for people.
pub(super) async fn download(State(app): State<App>, who: Visitor, fields: Fields) -> Result<Response, Answer> {
    let form = fields.text("formato");
    if !["json", "csv", "html"].contains(&form) {
        let wrong = FieldError::new("formato", "Escolha página, planilhas (CSV) ou JSON.");
        return account::refused(&app, &who, Error::Invalid(vec![wrong])).await;
    }
    let export = rights::export(&app, &who.session, Taken::Downloaded).await?;
    let (body, mime, name) = match form {
        "json" => return file("meus-dados-sigilo.json", &export.json()),
        "csv" => (files::zip(&export), "application/zip", "meus-dados-sigilo.zip"),
        _ => (files::page(&export), "text/html; charset=utf-8", "meus-dados-sigilo.html"),
    };
    let body = body.ok_or(Error::Internal)?;
    Ok(attachment(name, mime, body))
}
