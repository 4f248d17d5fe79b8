use serde_json::json;
use sigilo_domain::BRASILIA;
use sigilo_store::{Action, Session, WriteTx, elimination, keystore::Subject, patient as rows};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Document, Field, Gone, cells, entered,
    form::{age, day},
    keystore, purpose,
    register::event,
};
use crate::{App, Result};

/// A patient's record, opened.
pub struct Record {
    /// The patient.
    pub id: Uuid,
    /// The record's number.
    pub number: i64,
    /// Whether the clinic still treats the patient; if not, why.
    pub inactive: Option<String>,
    /// Which version this is: whoever saves says which one they saw.
    pub version: i32,
    /// When it was registered.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
    /// By whom it was registered.
    pub registered_by: Option<String>,
    /// Who it is about.
    pub document: Document,
    /// In whole years.
    pub age: Option<i32>,
    /// Who it was about is no more in it.
    pub gone: Option<Gone>,
}

/// Opens a patient's record; that it was opened, by whom and what for, goes into the trail.
///
/// # Errors
/// [`crate::Error::NotFound`] for another clinic's; [`crate::Error::Forbidden`] for whom patients are no business of;
/// [`crate::Error::Conflict`] when the patient's keys were destroyed.
pub async fn open(app: &App, session: &Session, id: Uuid) -> Result<Record> {
    let keys = keystore(app)?;
    let today = app.now().to_offset(BRASILIA).date();
    app.db()
        .write(session, async |tx: &WriteTx| {
            let patient = Subject { clinic: entered(tx)?, subject: id };
            let row = rows::one(tx, id).await?;
            let gone = match row.data_anonymized_at {
                None => None,
                Some(at) => Some(Gone { at, receipt: elimination::has_receipt(tx, id).await? }),
            };
            let without = row.without_document.clone();
            let record = Record {
                id,
                number: row.medical_record_number,
                inactive: row.inactive_reason.clone(),
                version: row.version,
                created_at: row.created_at,
                updated_at: row.updated_at,
                registered_by: row.registered_name.clone(),
                document: cells::opened(keys, patient, &row.cells(), without.as_deref()).await?,
                age: None,
                gone,
            };
            let age = record.document.get(Field::BirthDate).and_then(day).map(|birth| age(birth, today));
            let details = json!({ "purpose": purpose(&tx.entered().roles) });
            Ok((Record { age, ..record }, event("patient_opened", Action::View, id, details)))
        })
        .await
}
