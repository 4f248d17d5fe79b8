//! The end of a patient's registration: asked by one, decided by another, carried out by a job.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Db, ReadTx, Result, WriteTx, row::row, statements::elimination as sql};

row! {
    /// That a patient's registration is to go, or is gone.
    #[derive(Debug, Clone)]
    pub struct Elimination {
        /// It.
        id: Uuid,
        /// The patient.
        patient_id: Uuid,
        /// The record's number.
        medical_record_number: i64,
        /// `subject_request`, `mistaken_registration` or `term_over`.
        reason: String,
        /// What it rests on, in words.
        basis_note: String,
        /// `asked`, `approved`, `refused`, `withdrawn` or `executed`.
        status: String,
        /// Who asked.
        asked_by: Uuid,
        /// Their name.
        asked_name: Option<String>,
        /// When.
        asked_at: OffsetDateTime,
        /// Who decided.
        decided_name: Option<String>,
        /// When.
        decided_at: Option<OffsetDateTime>,
        /// Why, as they say.
        decision_note: Option<String>,
        /// When the rows were taken.
        executed_at: Option<OffsetDateTime>,
        /// Whether the key is destroyed, too, and the receipt signed.
        has_receipt: bool,
    }
}

row! {
    /// What was done, signed.
    #[derive(Debug, Clone)]
    pub struct Signed {
        /// What was done.
        receipt: Option<Value>,
        /// The signature, in base64.
        receipt_signature: Option<String>,
    }
}

row! {
    /// An elimination that waits for its receipt.
    #[derive(Debug, Clone)]
    pub struct Waiting {
        /// The clinic.
        clinic_id: Uuid,
        /// The elimination.
        id: Uuid,
        /// The patient.
        patient_id: Uuid,
        /// The record's number.
        medical_record_number: i64,
        /// Why.
        reason: String,
        /// When it was asked for.
        asked_at: OffsetDateTime,
        /// When it was approved.
        decided_at: Option<OffsetDateTime>,
        /// When the rows were taken.
        executed_at: Option<OffsetDateTime>,
        /// What went, in rows, by table.
        done: Value,
        /// When the key was destroyed.
        keys_destroyed_at: Option<OffsetDateTime>,
    }
}

/// What somebody decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is carried out.
    Approved,
    /// It is not.
    Refused,
    /// Who asked takes it back.
    Withdrawn,
}

impl Decision {
    /// Its name in the database.
    pub fn code(self) -> &'static str {
        match self {
            Decision::Approved => "approved",
            Decision::Refused => "refused",
            Decision::Withdrawn => "withdrawn",
        }
    }
}

/// Asks that a patient's registration goes.
///
/// # Errors
/// [`crate::Error::NotFound`] for another clinic's patient; [`crate::Error::Duplicate`] when it was asked for or is done;
/// [`crate::Error::Rule`] `eliminations_held`, `eliminations_record`, `eliminations_expected` or `eliminations_term` for what must stay;
/// [`crate::Error::Denied`] for who answers for nothing.
pub async fn ask(tx: &WriteTx, patient: Uuid, reason: &str, note: &str) -> Result<Uuid> {
    tx.tx.value(sql::ASK, &[&patient, &reason, &note]).await?.ok_or(crate::Error::NotFound)
}

/// Decides; the patient.
///
/// # Errors
/// [`crate::Error::NotFound`] for another clinic's; [`crate::Error::Rule`] `eliminations_states` when it is past that,
/// `eliminations_second_look` for who asked, and those of [`ask`].
pub async fn decide(tx: &WriteTx, id: Uuid, decision: Decision, note: Option<&str>) -> Result<Uuid> {
    tx.tx.value(sql::DECIDE, &[&id, &decision.code(), &note]).await?.ok_or(crate::Error::NotFound)
}

/// What was asked, decided and done, what waits in front.
///
/// # Errors
/// See [`crate::Error`]; so for all functions below.
pub async fn all(tx: &ReadTx) -> Result<Vec<Elimination>> {
    tx.tx.rows(sql::ALL, &[]).await
}

/// Whether the elimination of a patient is done, with its receipt.
pub async fn has_receipt(tx: &ReadTx, patient: Uuid) -> Result<bool> {
    Ok(tx.tx.value(sql::HAS_RECEIPT, &[&patient]).await?.unwrap_or(false))
}

/// The signed receipt of a patient's elimination.
///
/// # Errors
/// [`crate::Error::NotFound`] before there is one, and for another clinic's.
pub async fn receipt(tx: &ReadTx, patient: Uuid) -> Result<Signed> {
    tx.tx.one(sql::RECEIPT, &[&patient]).await
}

/// Closes the eliminations whose keys are destroyed, each with the receipt and the signature that `sign` makes. How many.
pub async fn close_executed(db: &Db, sign: impl Fn(&Waiting) -> (Value, String)) -> Result<usize> {
    db.job(async |tx| {
        let waiting: Vec<Waiting> = tx.0.rows(sql::EXECUTED, &[]).await?;
        for one in &waiting {
            let (receipt, signature) = sign(one);
            tx.0.execute(sql::CLOSE, &[&one.clinic_id, &one.id, &receipt, &signature]).await?;
        }
        Ok(waiting.len())
    })
    .await
}
