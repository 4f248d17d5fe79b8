//! An answer of the console on the page.

use sigilo_features::console::{Asked, Column, MASK, Shown};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::format;

/// Text of a cell that is shown before the rest is folded away, in characters.
const SHORT: usize = 160;

/// What became of a question.
pub(crate) struct ResultView {
    pub(crate) run: Uuid,
    /// As it ran, for the export.
    pub(crate) sql: String,
    /// Why personal data is shown, if it is.
    pub(crate) reason: String,
    pub(crate) answer: Result<Shown, String>,
}

impl ResultView {
    pub(crate) fn new(asked: Asked, sql: String, reason: Option<String>) -> Self {
        ResultView { run: asked.run, sql, reason: reason.unwrap_or_default(), answer: asked.result }
    }

    /// The style of the verdict.
    pub(crate) fn verdict_class(&self) -> &'static str {
        self.answer
            .as_ref()
            .ok()
            .and_then(|shown| shown.verdict.as_ref())
            .map_or("tag-off", |verdict| format::level_class(verdict.level))
    }

    /// How long the answer took.
    pub(crate) fn took(&self) -> String {
        let milliseconds = self.answer.as_ref().map_or(0.0, |shown| shown.took.as_secs_f64() * 1000.0);
        format::milliseconds(&milliseconds)
    }

    /// A row as it is shown.
    pub(crate) fn cells<'a>(&'a self, row: &'a [Option<String>]) -> Vec<Cell<'a>> {
        let columns = self.answer.as_ref().map_or(&[][..], |shown| &shown.columns);
        columns.iter().zip(row).map(|(column, value)| cell(column, value.as_ref())).collect()
    }

    /// The value in a column of the last row.
    pub(crate) fn last(&self, column: usize) -> Option<String> {
        self.answer.as_ref().ok()?.rows.last()?.get(column)?.clone()
    }

    /// Leaves out rows from the one at `limit` on; whether there were any.
    pub(crate) fn cut(&mut self, limit: usize) -> bool {
        match &mut self.answer {
            Ok(shown) => {
                let more = shown.rows.len() > limit;
                shown.rows.truncate(limit);
                more
            }
            Err(_) => false,
        }
    }
}

/// How a value is shown.
pub(crate) enum Cell<'a> {
    Null,
    Hidden,
    /// Leads to the row it names.
    Link(String, &'a str),
    Text(String),
    /// Its beginning, and the whole.
    Long(String, &'a str),
}

fn cell<'a>(column: &Column, value: Option<&'a String>) -> Cell<'a> {
    let Some(value) = value else { return Cell::Null };
    if column.masked && value == MASK {
        return Cell::Hidden;
    }
    if column.origin.as_ref().is_some_and(|(table, name)| table == "audit_logs" && name == "seq") {
        return Cell::Link(format!("/auditoria/provas/registro/{value}"), value);
    }
    if column.kind == "uuid"
        && let Some(table) = target(column)
    {
        return Cell::Link(format!("/auditoria/tabelas/{table}?linha={value}"), value);
    }
    if column.kind == "timestamptz"
        && let Some(at) = instant(value)
    {
        return Cell::Text(format::moment(&at));
    }
    if value.chars().count() > SHORT {
        return Cell::Long(value.chars().take(SHORT).collect(), value);
    }
    Cell::Text(value.clone())
}

/// The table whose row an identifier names.
fn target(column: &Column) -> Option<&'static str> {
    let (table, name) = column.origin.as_ref()?;
    match (table.as_str(), name.as_str()) {
        (_, "conversation_id") => Some("conversations"),
        (_, "message_id" | "question_id") => Some("messages"),
        ("request_events" | "fulfilment_plans", "request_id") => Some("data_subject_requests"),
        (
            _,
            "user_id" | "requester_user_id" | "owner_id" | "granted_to" | "granted_by" | "revoked_by" | "subject_id"
            | "actor_id" | "handled_by" | "drafted_by" | "approved_by" | "created_by",
        ) => Some("profiles"),
        (_, "audit_trail_id") => Some("audit_trail"),
        _ => None,
    }
}

/// `2026-11-27 20:31:06.5+00`, as PostgreSQL writes an instant.
fn instant(text: &str) -> Option<OffsetDateTime> {
    let (day, rest) = text.split_once(' ')?;
    let at = rest.rfind(['+', '-'])?;
    let (clock, offset) = rest.split_at(at);
    let minutes = if offset.len() == 3 { ":00" } else { "" };
    OffsetDateTime::parse(&format!("{day}T{clock}{offset}{minutes}"), &Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_of_postgresql_are_read() {
        for text in [
            "2026-11-27 20:31:06.5+00",
            "2026-11-27 20:31:06+00",
            "2026-11-27 17:31:06-03",
            "2026-11-28 02:01:06+05:30",
        ] {
            assert!(instant(text).is_some(), "{text}");
        }
        assert!(instant("infinity").is_none() && instant("").is_none());
    }
}
