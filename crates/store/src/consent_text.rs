//! Texts of consents on their way through review.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{ReadTx, Result, WriteTx, row::row, statements::consent_text as sql};

row! {
    /// A version of a text with its review.
    #[derive(Debug, Clone)]
    pub struct Version {
        /// The version's identifier.
        id: Uuid,
        /// The clinic; none: the product's own.
        clinic_id: Option<Uuid>,
        /// What is agreed to.
        consent_type: String,
        /// The version.
        version: String,
        /// The language (BCP 47).
        language: String,
        /// The heading.
        title: String,
        /// One sentence that stands alone.
        summary: String,
        /// The whole text.
        body: String,
        /// The purpose in words.
        purpose: String,
        /// The purposes by code.
        purposes: Vec<String>,
        /// The legal basis.
        legal_basis: String,
        /// The categories of data.
        data_categories: Vec<String>,
        /// Why acts are kept after their end.
        retention_justification: String,
        /// For how many months a consent holds.
        valid_months: Option<i32>,
        /// SHA-256 of what is shown, in hexadecimal.
        text_hash: String,
        /// Draft, reviewed, approved or retired.
        status: String,
        /// Who wrote it.
        author_id: Option<Uuid>,
        /// Who reviewed it.
        reviewed_by: Option<Uuid>,
        /// When.
        reviewed_at: Option<OffsetDateTime>,
        /// What the review says.
        review_notes: Option<String>,
        /// Who approved it.
        approved_by: Option<Uuid>,
        /// When.
        approved_at: Option<OffsetDateTime>,
        /// When it was retired.
        retired_at: Option<OffsetDateTime>,
        /// When it was written.
        created_at: OffsetDateTime,
        /// The name of who wrote it.
        author_name: Option<String>,
        /// Of who reviewed it.
        reviewer_name: Option<String>,
        /// Of who approved it.
        approver_name: Option<String>,
    }
}

/// What a version says.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "as in [`Version`]")]
pub struct Content {
    pub consent_type: String,
    pub version: String,
    pub language: String,
    pub title: String,
    pub summary: String,
    pub body: String,
    pub purpose: String,
    pub purposes: Vec<String>,
    pub legal_basis: String,
    pub data_categories: Vec<String>,
    pub retention_justification: String,
    pub valid_months: Option<i32>,
}

/// Every version in sight, by kind, latest first.
///
/// # Errors
/// See [`crate::Error`].
pub async fn all(tx: &ReadTx) -> Result<Vec<Version>> {
    tx.tx.rows(sql::ALL, &[]).await
}

/// One of them.
///
/// # Errors
/// [`crate::Error::NotFound`].
pub async fn one(tx: &ReadTx, id: Uuid) -> Result<Version> {
    tx.tx.one(sql::ONE, &[&id]).await
}

/// A new draft of the clinic.
///
/// # Errors
/// [`crate::Error::Denied`] for who answers for nothing; [`crate::Error::Duplicate`] for a version that exists.
pub async fn draft(tx: &WriteTx, new: &Content) -> Result<Uuid> {
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 12] = [
        &new.consent_type,
        &new.version,
        &new.language,
        &new.title,
        &new.summary,
        &new.body,
        &new.purpose,
        &new.purposes,
        &new.legal_basis,
        &new.data_categories,
        &new.retention_justification,
        &new.valid_months,
    ];
    tx.tx.value(sql::DRAFT, &values).await?.ok_or(crate::Error::NotFound)
}

/// Changes a draft; false when it is none any more.
///
/// # Errors
/// See [`draft`].
pub async fn change(tx: &WriteTx, id: Uuid, new: &Content) -> Result<bool> {
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 11] = [
        &id,
        &new.version,
        &new.title,
        &new.summary,
        &new.body,
        &new.purpose,
        &new.purposes,
        &new.legal_basis,
        &new.data_categories,
        &new.retention_justification,
        &new.valid_months,
    ];
    Ok(tx.tx.execute(sql::CHANGE, &values).await? == 1)
}

/// Takes a version one step on, from the state it was seen in; false when it is in another by now.
///
/// # Errors
/// [`crate::Error::Rule`] for a step that does not exist, without notes, or by who may not take it.
pub async fn advance(tx: &WriteTx, id: Uuid, from: &str, to: &str, notes: Option<&str>) -> Result<bool> {
    Ok(tx.tx.execute(sql::MOVE, &[&id, &from, &to, &notes]).await? == 1)
}
