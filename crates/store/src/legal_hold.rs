//! Data that must be kept, whoever asks for its deletion (LGPD, art. 16, I).

use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{ReadTx, Result, WriteTx, row::row, statements::legal_hold as sql};

row! {
    /// A legal hold.
    #[derive(Debug, Clone)]
    pub struct LegalHold {
        /// The hold.
        id: Uuid,
        /// Whose data, where it is a patient's.
        patient_id: Option<Uuid>,
        /// A member's name, or a record's number.
        subject_name: String,
        /// `legal_duty`, `exercise_of_rights` or `authority`.
        basis: String,
        /// Why.
        reason: String,
        /// When somebody looks again whether it is still needed.
        review_on: Date,
        /// Who placed it.
        placed_name: Option<String>,
        /// When.
        placed_at: OffsetDateTime,
        /// Who released it.
        released_name: Option<String>,
        /// When.
        released_at: Option<OffsetDateTime>,
        /// Why.
        release_reason: Option<String>,
    }
}

/// The clinic's holds on others than the reader, open ones in front.
///
/// # Errors
/// See [`crate::Error`].
pub async fn all(tx: &ReadTx) -> Result<Vec<LegalHold>> {
    tx.tx.rows(sql::ALL, &[]).await
}

/// Holds a person's data.
///
/// # Errors
/// [`crate::Error::Rule`] `legal_holds_review` for a review that is not within a year; [`crate::Error::Missing`] for who is no
/// member; [`crate::Error::Denied`] for who answers for nothing, and for one's own data.
pub async fn place(tx: &WriteTx, subject: Uuid, basis: &str, reason: &str, review_on: Date) -> Result<Uuid> {
    tx.tx.value(sql::PLACE, &[&subject, &basis, &reason, &review_on]).await?.ok_or(crate::Error::NotFound)
}

/// Holds a patient's data.
///
/// # Errors
/// As [`place`]; [`crate::Error::Rule`] for another clinic's patient.
pub async fn place_on_patient(tx: &WriteTx, patient: Uuid, basis: &str, reason: &str, review_on: Date) -> Result<Uuid> {
    tx.tx.value(sql::PLACE_ON_PATIENT, &[&patient, &basis, &reason, &review_on]).await?.ok_or(crate::Error::NotFound)
}

/// Releases a hold.
///
/// # Errors
/// [`crate::Error::NotFound`] for another clinic's; [`crate::Error::Rule`] `legal_holds_once` when it was released.
pub async fn release(tx: &WriteTx, id: Uuid, reason: &str) -> Result<()> {
    tx.tx.execute_one(sql::RELEASE, &[&id, &reason]).await
}

/// Whether a person's data is held.
///
/// # Errors
/// See [`crate::Error`].
pub async fn holds(tx: &ReadTx, subject: Uuid) -> Result<bool> {
    Ok(tx.tx.value(sql::HOLDS, &[&subject]).await?.unwrap_or(false))
}
