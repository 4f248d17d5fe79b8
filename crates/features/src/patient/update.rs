use serde_json::json;
use sigilo_domain::BRASILIA;
use sigilo_store::{Action, Session, WriteTx, keystore::Subject, patient as rows};
use uuid::Uuid;

use super::{
    Field, Typed, cells, entered, keystore, living,
    register::{duplicate, event, taken},
};
use crate::{App, Error, Result};

/// Why the clinic no longer treats somebody.
pub const INACTIVE: [(&str, &str); 4] = [
    ("moved", "Mudou de clínica ou de cidade"),
    ("deceased", "Faleceu"),
    ("duplicate", "Cadastro repetido"),
    ("other", "Outro motivo"),
];

const CHANGED: Error = Error::Conflict(
    "Alguém mudou este cadastro enquanto você o editava. Confira o que está salvo agora e faça a sua mudança de novo.",
);

/// Changes who a record is about, as long as it is the version that was seen.
///
/// # Errors
/// [`Error::Invalid`] by field; [`Error::Conflict`] when somebody changed it meanwhile; otherwise as [`super::open`].
pub async fn update(app: &App, session: &Session, id: Uuid, seen: i32, typed: &Typed) -> Result<()> {
    let document = typed.read(app.now().to_offset(BRASILIA).date()).map_err(Error::Invalid)?;
    let keys = keystore(app)?;
    app.db()
        .write(session, async |tx: &WriteTx| {
            let patient = Subject { clinic: entered(tx)?, subject: id };
            let row = living(tx, id).await?;
            if row.version != seen {
                return Err(CHANGED);
            }
            let wrong = taken(tx, keys, patient.clinic, &document, Some(id)).await?;
            if !wrong.is_empty() {
                return Err(Error::Invalid(wrong));
            }
            let without = row.without_document.clone();
            let before = row.cells();
            let known = cells::opened(keys, patient, &before, without.as_deref()).await?;
            let changed: Vec<&str> = Field::ALL
                .into_iter()
                .filter(|field| known.get(*field) != document.get(*field))
                .map(Field::column)
                .collect();
            let details = json!({ "fields": changed });
            let identity = cells::sealed(keys, patient, &document, Some((&known, before))).await?;
            rows::update(tx, id, seen, &identity).await.map_err(duplicate)?.ok_or(CHANGED)?;
            Ok(((), event("patient_updated", Action::Update, id, details)))
        })
        .await
}

/// Says that the clinic no longer treats the patient, and why; or, without a reason, that it does. Nobody is deleted.
///
/// # Errors
/// [`Error::Invalid`] for a reason that is none of [`INACTIVE`]; otherwise as [`update`].
pub async fn activate(app: &App, session: &Session, id: Uuid, seen: i32, reason: Option<&str>) -> Result<()> {
    if reason.is_some_and(|reason| INACTIVE.iter().all(|(code, _)| *code != reason)) {
        return Err(Error::field("motivo", "Escolha o motivo."));
    }
    app.db()
        .write(session, async |tx: &WriteTx| {
            entered(tx)?;
            living(tx, id).await?;
            rows::activate(tx, id, seen, reason).await?.ok_or(CHANGED)?;
            let name = if reason.is_some() { "patient_inactivated" } else { "patient_reactivated" };
            Ok(((), event(name, Action::Update, id, json!({ "reason": reason }))))
        })
        .await
}
