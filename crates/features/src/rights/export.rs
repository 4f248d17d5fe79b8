//! Everything that is kept of a member, as the member may have it (LGPD arts. 18, II and V, and 19).

use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use sigilo_store::{
    Action, Session, WriteTx,
    classification::{Classification, Table},
    export as rows,
};

use super::event;
use crate::{App, Result};

/// A member's own data. Every form of it (page, file, JSON, CSV) is drawn from this one structure.
#[derive(Debug, Clone)]
pub struct Export {
    /// The program's version.
    pub version: &'static str,
    /// When it was drawn.
    pub made_at: OffsetDateTime,
    /// Whose data.
    pub subject: Uuid,
    /// The clinic that keeps it.
    pub clinic: Uuid,
    /// The clinic's name.
    pub clinic_name: String,
    /// Every table that can hold rows of a member, those without any too.
    pub tables: Vec<ExportedTable>,
}

/// The member's own rows of a table.
#[derive(Debug, Clone)]
pub struct ExportedTable {
    /// As the database calls it.
    pub name: &'static str,
    /// What it holds, why, on which ground and for how long.
    pub about: &'static Table,
    /// How long, in words.
    pub kept: Option<&'static str>,
    /// The columns that are exported, with what each holds.
    pub columns: Vec<(&'static str, &'static str)>,
    /// One value a column; null where there is none.
    pub rows: Vec<Vec<Value>>,
}

impl Export {
    /// How many rows there are in all tables.
    pub fn count(&self) -> usize {
        self.tables.iter().map(|table| table.rows.len()).sum()
    }

    /// As a document for programs.
    pub fn json(&self) -> Value {
        let tables: Map<String, Value> =
            self.tables.iter().map(|table| (table.name.to_owned(), table.json())).collect();
        json!({
            "sigilo": self.version,
            "gerado_em": self.made_at.format(&Rfc3339).unwrap_or_default(),
            "titular": self.subject,
            "clinica": { "id": self.clinic, "nome": self.clinic_name },
            "tabelas": tables,
        })
    }
}

impl ExportedTable {
    fn new(name: &'static str, about: &'static Table, found: &Value) -> ExportedTable {
        let columns: Vec<_> = about
            .columns
            .iter()
            .filter(|column| column.exported)
            .map(|column| (column.name.as_str(), column.about.as_str()))
            .collect();
        let found = found.as_array().map_or(&[][..], Vec::as_slice);
        let rows = found.iter().map(|row| columns.iter().map(|(column, _)| row[*column].clone()).collect()).collect();
        let kept = Classification::of_the_product().retention(about.retention()).map(|rule| rule.title.as_str());
        ExportedTable { name, about, kept, columns, rows }
    }

    fn json(&self) -> Value {
        let row = |cells: &Vec<Value>| -> Map<String, Value> {
            self.columns.iter().zip(cells).map(|((column, _), cell)| ((*column).to_owned(), cell.clone())).collect()
        };
        json!({
            "titulo": self.about.title,
            "finalidade": self.about.purpose(),
            "base_legal": self.about.legal_basis(),
            "guarda": self.kept,
            "linhas": self.rows.iter().map(row).collect::<Vec<_>>(),
        })
    }
}

/// What the member does with the own data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Looks at it on a page.
    Seen,
    /// Takes it away as a file.
    Downloaded,
}

/// The member's own rows of every table, with what each table is for and how long it is kept. What a column is exported
/// for is decided by the classification, not here. That it was taken is an event.
///
/// # Errors
/// [`crate::Error::NotSignedIn`] or [`crate::Error::Locked`].
pub async fn export(app: &App, session: &Session, taken: Taken) -> Result<Export> {
    let (version, made_at) = (app.settings().version, app.now());
    app.db()
        .write(session, async |tx: &WriteTx| {
            let mut tables = Vec::new();
            for (name, table) in Classification::of_the_product().public_tables() {
                let Some(rows) = rows::own_rows(tx, name, table).await? else { continue };
                tables.push(ExportedTable::new(name, table, &rows));
            }
            let who = tx.entered();
            let export = Export {
                version,
                made_at,
                subject: who.user_id,
                clinic: who.clinic_id,
                clinic_name: who.clinic_name.clone(),
                tables,
            };
            let (name, action) = match taken {
                Taken::Seen => ("own_data_viewed", Action::View),
                Taken::Downloaded => ("own_data_exported", Action::Export),
            };
            let event = event(name, action, who.user_id, json!({ "rows": export.count() }));
            Ok((export, event))
        })
        .await
}
