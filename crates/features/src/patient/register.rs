use serde_json::json;
use sigilo_domain::BRASILIA;
use sigilo_proof::envelope::Identifier;
use sigilo_store::{
    Action, Error as StoreError, Event, ReadTx, Risk, Session, WriteTx,
    keystore::{KeyError, Keystore, Subject},
    patient::{self as rows, By},
};
use uuid::Uuid;

use super::{
    Brief, Document, Field, Typed, cells, entered, keystore,
    search::{briefs, listed},
};
use crate::{App, Error, FieldError, Result};

/// What came of a registration.
pub enum Registered {
    /// The patient and the record's number.
    Done(Uuid, i64),
    /// Records that may be of the same person: nothing was registered.
    Alike(Vec<Brief>),
}

/// Registers a patient. Where the clinic has a record of somebody of the same name and birth date, or with the same telephone
/// and birth date, it asks first, unless `anyway`.
///
/// # Errors
/// [`Error::Invalid`] by field, a document that another record has among them; [`Error::Forbidden`] for whom patients are no
/// business of; [`Error::Unavailable`] without the keystore.
pub async fn register(app: &App, session: &Session, typed: &Typed, anyway: bool) -> Result<Registered> {
    let document = typed.read(app.now().to_offset(BRASILIA).date()).map_err(Error::Invalid)?;
    let keys = keystore(app)?;
    let (clinic, same, alike) = app
        .db()
        .read(session, async |tx: &ReadTx| {
            let clinic = entered(tx)?;
            Ok::<_, Error>((
                clinic,
                taken(tx, keys, clinic, &document, None).await?,
                alike(tx, keys, clinic, &document).await?,
            ))
        })
        .await?;
    if !same.is_empty() {
        return Err(Error::Invalid(same));
    }
    if !anyway && !alike.is_empty() {
        let found = app.db().write(session, async |tx: &WriteTx| {
            let found = briefs(tx, keys, clinic, &alike, None).await?;
            Ok((found, listed("likeness", &alike)))
        });
        return found.await.map(Registered::Alike);
    }

    let patient = Subject { clinic, subject: Uuid::now_v7() };
    keys.ensure(patient).await?;
    let identity = cells::sealed(keys, patient, &document, None).await?;
    let id = patient.subject;
    app.db()
        .write(session, async |tx: &WriteTx| {
            entered(tx)?;
            let number = rows::insert(tx, id, &identity).await.map_err(duplicate)?;
            Ok((Registered::Done(id, number), event("patient_registered", Action::Create, id, json!({}))))
        })
        .await
}

/// The record that has one of the documents, somebody else's than `own`, by field.
pub(super) async fn taken(
    tx: &ReadTx,
    keys: &Keystore,
    clinic: Uuid,
    document: &Document,
    own: Option<Uuid>,
) -> Result<Vec<FieldError>> {
    let Some(index) = index(keys, clinic).await? else { return Ok(Vec::new()) };
    let mut wrong = Vec::new();
    for field in [Field::Cpf, Field::Cns] {
        let Some(value) = document.get(field) else { continue };
        let cpf = field == Field::Cpf;
        let Some(print) = index.index(if cpf { Identifier::Cpf(value) } else { Identifier::Cns(value) }) else {
            continue;
        };
        let found = rows::by(tx, if cpf { By::Cpf(&print) } else { By::Cns(&print) }).await?;
        if let Some(other) = found.into_iter().find(|found| Some(*found) != own) {
            let number = rows::one(tx, other).await?.medical_record_number;
            let said = format!("O prontuário nº {number} já tem este documento.");
            wrong.push(FieldError::new(field.name(), said));
        }
    }
    Ok(wrong)
}

/// Records that may be of the same person.
async fn alike(tx: &ReadTx, keys: &Keystore, clinic: Uuid, document: &Document) -> Result<Vec<Uuid>> {
    let Some(index) = index(keys, clinic).await? else { return Ok(Vec::new()) };
    let (name, birth) = (document.get(Field::FullName), document.get(Field::BirthDate));
    let (Some(name), Some(birth)) = (name, birth) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    if let Some(print) = index.index(Identifier::NameAndBirth { name, birth }) {
        found.extend(rows::by(tx, By::NameAndBirth(&print)).await?);
    }
    if let Some(print) = document.get(Field::PhonePrimary).and_then(|phone| index.index(Identifier::Phone(phone))) {
        // Families share a telephone: only with the same birth date is it the same person.
        for other in rows::by(tx, By::Phone(&print)).await? {
            let row = rows::one(tx, other).await?;
            let sealed = row.birth_date_sealed.as_deref().unwrap_or_default();
            let patient = Subject { clinic, subject: other };
            if cells::open(keys, patient, Field::BirthDate, sealed).await.is_ok_and(|known| known.as_str() == birth) {
                found.push(other);
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found.truncate(20);
    Ok(found)
}

/// The clinic's key for indexes. None before its first patient.
pub(super) async fn index(
    keys: &Keystore,
    clinic: Uuid,
) -> Result<Option<std::sync::Arc<sigilo_proof::envelope::IndexKey>>> {
    match keys.index_key(clinic).await {
        Err(KeyError::Unknown) => Ok(None),
        key => Ok(Some(key?)),
    }
}

/// Somebody else registered the same document meanwhile.
pub(super) fn duplicate(error: StoreError) -> Error {
    match error {
        StoreError::Duplicate(constraint) if constraint == "patient_identities_cpf" => {
            Error::field("cpf", "Outro prontuário já tem este CPF.")
        }
        StoreError::Duplicate(constraint) if constraint == "patient_identities_cns" => {
            Error::field("cns", "Outro prontuário já tem este Cartão SUS.")
        }
        other => other.into(),
    }
}

pub(super) fn event(name: &'static str, action: Action, patient: Uuid, details: serde_json::Value) -> Event {
    let resource_id = Some(patient.to_string());
    Event { name, action, resource_type: "patients", resource_id, details, risk: Risk::Low }
}
