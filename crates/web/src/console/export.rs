//! An answer as a file, with the hash that its record has.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;
use sigilo_features::console::{self, Column, Kind, Question, Shown};
use sigilo_features::{App, Error, FieldError};
use uuid::Uuid;

use super::manual::reason;
use super::{Part, entered};
use crate::body::Fields;
use crate::download::attachment;
use crate::errors::Answer;
use crate::sheet;
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
    let name = format!("auditoria-{}-{}.{ending}", &run[run.len() - 8..], &shown.hash[..8]);
    Ok(attachment(&name, mime, body))
}

fn invalid(field: &'static str, sentence: String) -> Answer {
    Answer::from(Error::Invalid(vec![FieldError::new(field, sentence)]))
}

fn csv(shown: &Shown) -> Result<Vec<u8>, Answer> {
    let line = |cells: &[Option<String>]| {
        let cells = shown.columns.iter().zip(cells);
        cells.map(|(column, value)| harmless(column, value.as_deref().unwrap_or_default())).collect()
    };
    let names: Vec<String> = shown.columns.iter().map(|column| sheet::harmless(&column.name)).collect();
    sheet::csv(std::iter::once(names).chain(shown.rows.iter().map(|row| line(row))))
}

/// A number that begins with a sign is no formula.
fn harmless(column: &Column, value: &str) -> String {
    if NUMBERS.contains(&column.kind.as_str()) { value.to_owned() } else { sheet::harmless(value) }
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
