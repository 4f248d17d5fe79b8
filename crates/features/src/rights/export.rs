//! Everything that is kept of a member, as the member may have it (LGPD arts. 18, II and V, and 19).

use serde_json::{Map, Value, json};
use time::format_description::well_known::Rfc3339;

use sigilo_store::{Action, Session, WriteTx, classification::Classification, export as rows};

use super::event;
use crate::{App, Result};

/// The member's own rows of every table, with what each table is for and how long it is kept. What a column is exported
/// for is decided by the classification, not here.
///
/// # Errors
/// [`crate::Error::NotSignedIn`] or [`crate::Error::Locked`].
pub async fn export(app: &App, session: &Session) -> Result<Value> {
    let now = app.now().format(&Rfc3339).unwrap_or_default();
    let version = app.settings().version;
    app.db()
        .write(session, async |tx: &WriteTx| {
            let all = Classification::of_the_product();
            let mut tables = Map::new();
            let mut count = 0_usize;
            for (name, table) in all.public_tables() {
                let Some(rows) = rows::own_rows(tx, name, table).await? else { continue };
                count += rows.as_array().map_or(0, Vec::len);
                let kept = all.retention(table.retention()).map(|rule| rule.title.as_str());
                tables.insert(
                    name.to_owned(),
                    json!({
                        "titulo": table.title,
                        "finalidade": table.purpose(),
                        "base_legal": table.legal_basis(),
                        "guarda": kept,
                        "linhas": rows,
                    }),
                );
            }
            let who = tx.entered();
            let document = json!({
                "sigilo": version,
                "gerado_em": now,
                "titular": who.user_id,
                "clinica": { "id": who.clinic_id, "nome": who.clinic_name },
                "tabelas": tables,
            });
            let user = who.user_id;
            Ok((document, event("own_data_exported", Action::Export, user, json!({ "rows": count }))))
        })
        .await
}
