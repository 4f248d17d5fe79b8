//! An answer as a file, with the hash that its record has.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use sigilo_features::console::{self, Column, Kind, Question, Shown};
use sigilo_features::{App, Error, FieldError};
use uuid::Uuid;

use super::manual::reason;
use super::{Part, entered};
use crate::body::Fields;
use crate::errors::Answer;
use crate::visitor::Member;

/// Types whose values begin with a sign and are still no formula.
const NUMBERS: &[&str] = &["int2", "int4", "int8", "float4", "float8", "numeric"];

pub(super) async fn download(State(app): State<App>, who: Member, fields: Fields) -> axum::response::Result<Response> {
    entered(&app, &who, Part::Sql).await?;
    let kind = match fields.text("formato") {
        "csv" => Kind::Csv,
        "json" => Kind::Json,
        _ => return Err(invalid("formato", "Escolha CSV ou JSON.".to_owned()).into()),
    };
    let sql = fields.text("sql").replace("\r\n", "\n");
    let question = Question { kind, sql: sql.clone(), unmask: reason(&fields) };
    let asked = console::ask(&app, &who.session, &question).await.map_err(Answer::from)?;
    let shown = match asked.result {
        Ok(shown) => shown,
        Err(why) => return Err(invalid("sql", why).into()),
    };
    let (body, mime, ending) = match kind {
        Kind::Csv => (csv(&shown)?, "text/csv; charset=utf-8", "csv"),
        _ => (document(&app, &who, asked.run, &sql, &shown), "application/json", "json"),
    };
    let run = asked.run.simple().to_string();
    let name = format!("attachment; filename=\"auditoria-{}-{}.{ending}\"", &run[run.len() - 8..], &shown.hash[..8]);
    let headers = [(header::CONTENT_TYPE, mime.to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, body).into_response())
}

fn invalid(field: &'static str, sentence: String) -> Answer {
    Answer::from(Error::Invalid(vec![FieldError::new(field, sentence)]))
}

/// As spreadsheets in Brazil open it: semicolons, and a mark that it is UTF-8. Every cell stands in quotes, so that a
/// spreadsheet that splits at commas does not make a formula of the rest of a cell.
fn csv(shown: &Shown) -> Result<Vec<u8>, Answer> {
    let mut builder = csv::WriterBuilder::new();
    let mut writer =
        builder.delimiter(b';').quote_style(csv::QuoteStyle::Always).from_writer("\u{feff}".as_bytes().to_vec());
    let written = (|| {
        writer.write_record(shown.columns.iter().map(|column| harmless(column, &column.name)))?;
        for row in &shown.rows {
            let cells = shown.columns.iter().zip(row);
            writer.write_record(cells.map(|(column, value)| harmless(column, value.as_deref().unwrap_or_default())))?;
        }
        writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
    })();
    written.map_err(|_| Answer::from(Error::Internal))
}

/// A cell that a spreadsheet would take for a formula gets an apostrophe in front, which spreadsheets do not show.
fn harmless(column: &Column, value: &str) -> String {
    let formula = value.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if formula && !NUMBERS.contains(&column.kind.as_str()) { format!("'{value}") } else { value.to_owned() }
}

fn document(app: &App, who: &Member, run: Uuid, sql: &str, shown: &Shown) -> Vec<u8> {
    let names: Vec<&str> = shown.columns.iter().map(|column| column.name.as_str()).collect();
    let document = json!({
        "sigilo": app.settings().version,
        "consulta": run,
        "clinica": who.viewer.clinic_id,
        "sql": sql,
        "colunas": names,
        "linhas": shown.rows,
        "cortado": shown.truncated,
        "dados_pessoais_ocultos": shown.masked,
        "sha256": shown.hash,
        "como_conferir": "SHA-256 de uma linha com as colunas e uma por linha do resultado, cada uma como lista JSON sem espaços e terminada por quebra de linha",
    });
    serde_json::to_vec_pretty(&document).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::time::Duration;

    fn shown(kind: &str, values: &[Option<&str>]) -> Shown {
        let column = Column { name: "=nome".into(), kind: kind.into(), origin: None, masked: false };
        Shown {
            columns: vec![column],
            rows: values.iter().map(|value| vec![value.map(str::to_owned)]).collect(),
            truncated: false,
            limit: 10,
            masked: false,
            took: Duration::ZERO,
            hash: "0".repeat(64),
            verdict: None,
        }
    }

    #[test]
    fn no_cell_is_a_formula() {
        let values =
            [Some("=1+1"), Some("@cmd"), Some("\tx"), Some("-3 days"), None, Some("a;\"b\"\nc"), Some("a,=1+1")];
        let text = String::from_utf8(csv(&shown("text", &values)).unwrap()).unwrap();
        assert_eq!(
            text,
            concat!(
                "\u{feff}\"'=nome\"\n\"'=1+1\"\n\"'@cmd\"\n\"'\tx\"\n\"'-3 days\"\n\"\"\n",
                "\"a;\"\"b\"\"\nc\"\n\"a,=1+1\"\n"
            )
        );
        let numbers = String::from_utf8(csv(&shown("numeric", &[Some("-1.5")])).unwrap()).unwrap();
        assert!(numbers.ends_with("\n\"-1.5\"\n"));
    }
}
