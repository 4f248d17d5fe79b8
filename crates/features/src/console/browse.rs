//! The table browser and the choices for the manual's placeholders, as statements that go the way of every question.

use sigilo_domain::audit_query::Parameter;
use sigilo_store::classification::{Classification, Column, Table};
use uuid::Uuid;

use super::{Kind, Question, ask};
use crate::{App, Error, Result};
use sigilo_store::Session;

/// Rows of a page of the browser.
pub const PAGE: usize = 50;
/// Choices offered for a placeholder.
const CHOICES: usize = 100;

/// A table as the classification describes it.
pub struct TableView {
    /// Its name in a query.
    pub name: &'static str,
    /// What it is and what its columns hold.
    pub table: &'static Table,
    /// Its period, in words.
    pub retention: &'static str,
}

impl TableView {
    fn of(name: &'static str, table: &'static Table) -> TableView {
        let retention = Classification::of_the_product().retention(table.retention());
        TableView { name, table, retention: retention.map_or("", |rule| rule.title.as_str()) }
    }

    /// The period of one column, in words.
    pub fn retention_of(&self, column: &Column) -> &'static str {
        let rule = Classification::of_the_product().retention(self.table.retention_of(column));
        rule.map_or("", |rule| rule.title.as_str())
    }

    /// The class of a column, in words.
    pub fn class_of(&self, column: &Column) -> &'static str {
        Classification::of_the_product().class(column.class).map_or("", |term| term.label.as_str())
    }

    /// The column that tells its rows apart within a clinic, and orders them: identifiers grow with time.
    pub fn key(&self) -> Option<(usize, &'static str)> {
        ["id", "message_id", "user_id", "patient_id"].into_iter().find_map(|key| {
            let at = self.table.columns.iter().position(|column| column.name == key)?;
            Some((at, key))
        })
    }
}

/// The tables that the console can read, in the order in which people read them.
pub fn tables() -> Vec<TableView> {
    Classification::of_the_product().public_tables().map(|(name, table)| TableView::of(name, table)).collect()
}

/// What rows of a table are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// A column of the table.
    pub column: String,
    /// What its text contains; nothing: all rows.
    pub value: String,
    /// The row of this identifier, alone.
    pub row: Option<Uuid>,
    /// Rows before this identifier; none: from the latest.
    pub before: Option<Uuid>,
}

/// The statement that reads a page of a table.
///
/// # Errors
/// [`Error::NotFound`] for a table or a column that the product does not have.
pub fn table_sql(name: &str, filter: &Filter) -> Result<(TableView, String)> {
    let view = tables().into_iter().find(|view| view.name == name).ok_or(Error::NotFound)?;
    let columns = &view.table.columns;
    let listed: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let (_, key) = view.key().ok_or(Error::NotFound)?;
    let mut conditions = Vec::new();
    if !filter.value.trim().is_empty() {
        let column = view.table.column(&filter.column).ok_or(Error::NotFound)?;
        // A column that is hidden cannot be searched either.
        if column.masked {
            return Err(Error::Conflict(
                "Colunas com dados pessoais não servem de filtro aqui. Use o SQL, com o motivo.",
            ));
        }
        let value = literal(&format!("%{}%", escaped(filter.value.trim())));
        conditions.push(format!("{}::text ILIKE {value}", column.name));
    }
    conditions.extend(filter.row.map(|row| format!("{key} = '{row}'")));
    // A page begins where the one before ended: rows that come meanwhile move nothing, and none is read twice.
    conditions.extend(filter.before.map(|before| format!("{key} < '{before}'")));
    let condition = if conditions.is_empty() { String::new() } else { format!("\nWHERE {}", conditions.join(" AND ")) };
    let sql = format!("SELECT {}\nFROM {name}{condition}\nORDER BY {key} DESC\nLIMIT {}", listed.join(", "), PAGE + 1);
    Ok((view, sql))
}

/// A string constant: only the quote ends one, where `standard_conforming_strings` is on, as it is by default.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''").replace('\0', ""))
}

/// Text in which no character means something to `LIKE`.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// What may stand in a placeholder: identifier and words that tell one from another without naming anybody.
///
/// # Errors
/// As [`ask`].
pub async fn choices(app: &App, session: &Session, parameter: Parameter) -> Result<Vec<(String, String)>> {
    let sql = match parameter {
        Parameter::Doctor => {
            "SELECT id, 'CRM ' || crm_number || '/' || crm_state || ', desde ' || to_char(created_at, 'DD/MM/YYYY')\n\
             FROM profiles ORDER BY created_at DESC"
        }
        Parameter::Conversation => {
            "SELECT id, 'conversa de ' || to_char(created_at, 'DD/MM/YYYY HH24:MI') FROM conversations\n\
             ORDER BY created_at DESC"
        }
        Parameter::Message => {
            "SELECT id, 'resposta de ' || to_char(created_at, 'DD/MM/YYYY HH24:MI') || ', ' || model_used\n\
             FROM messages WHERE role = 'assistant' ORDER BY created_at DESC"
        }
    };
    let question = Question { kind: Kind::Table, sql: format!("{sql} LIMIT {CHOICES}"), unmask: None };
    let asked = ask(app, session, &question).await?;
    let rows = asked.result.map(|shown| shown.rows).unwrap_or_default();
    Ok(rows
        .into_iter()
        .filter_map(|row| <[Option<String>; 2]>::try_from(row).ok())
        .filter_map(|[id, text]| Some((id?, text?)))
        .collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use sigilo_store::console::examine;

    #[test]
    fn every_table_can_be_browsed_and_no_value_leaves_its_quotes() {
        for view in tables() {
            let (_, sql) = table_sql(view.name, &Filter::default()).unwrap();
            assert!(examine(&sql).is_ok(), "{sql}");
        }
        let before = Some(Uuid::nil());
        let filter = |value: &str| Filter { column: "crm_state".into(), value: value.into(), before, row: None };
        let (_, sql) = table_sql("profiles", &filter("' OR 1=1; DROP TABLE x --")).unwrap();
        assert!(sql.contains("ILIKE '%'' OR 1=1; DROP TABLE x --%'") && sql.ends_with("LIMIT 51"), "{sql}");
        assert!(sql.contains(" AND id < '00000000-0000-0000-0000-000000000000'\nORDER BY id DESC"), "{sql}");
        assert!(examine(&sql).is_ok());
        let (_, sql) = table_sql("messages", &Filter { row: before, ..Filter::default() }).unwrap();
        assert!(sql.contains("\nWHERE id = '00000000"), "{sql}");
        let (_, sql) = table_sql("profiles", &filter("50%_\\")).unwrap();
        assert!(sql.contains(r"'%50\%\_\\%'"), "{sql}");
        assert_eq!(table_sql("pg_class", &Filter::default()).err(), Some(Error::NotFound));
        let other = Filter { column: "x; --".into(), ..filter("a") };
        assert_eq!(table_sql("profiles", &other).err(), Some(Error::NotFound));
        let hidden = Filter { column: "full_name".into(), ..filter("Alba") };
        assert!(matches!(table_sql("profiles", &hidden), Err(Error::Conflict(_))));
    }
}
