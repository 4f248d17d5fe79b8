//! One value of the own data, as text for a spreadsheet and as people read it.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::{format, sheet};

/// A value as the page shows it.
pub(super) enum Cell {
    /// There is none.
    Null,
    /// An instant: as it is kept, and in Brasília time.
    Moment(String, String),
    /// Yes or no.
    Truth(bool),
    /// Anything else.
    Text(String),
}

impl Cell {
    /// A value of a column. The schema names every instant `…_at`, and nothing else so.
    pub(super) fn new(column: &str, value: &Value) -> Cell {
        match value {
            Value::Null => Cell::Null,
            Value::Bool(truth) => Cell::Truth(*truth),
            Value::String(text) => match instant(column, text) {
                Some(at) => Cell::Moment(text.clone(), format::moment(&at)),
                None => Cell::Text(text.clone()),
            },
            Value::Array(list) if !list.is_empty() && list.iter().all(Value::is_string) => {
                Cell::Text(list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "))
            }
            Value::Array(_) | Value::Object(_) => Cell::Text(format!("{value:#}")),
            Value::Number(number) => Cell::Text(number.to_string()),
        }
    }
}

fn instant(column: &str, text: &str) -> Option<OffsetDateTime> {
    if column.ends_with("_at") { OffsetDateTime::parse(text, &Rfc3339).ok() } else { None }
}

/// A value for a spreadsheet: no text in it is a formula, and none is an empty cell.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => sheet::harmless(text),
        other => other.to_string(),
    }
}
