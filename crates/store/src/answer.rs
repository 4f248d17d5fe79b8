//! The assistant's answers: stored once, explained, each reference with its verifications, reviewed by the doctor.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use sigilo_deid::Deidentified;

use tokio_postgres::types::ToSql;

use crate::{Db, Error, JobTx, ReadTx, Result, WriteTx, row::row, statements::answer as sql};

row! {
    /// A text of the conversation, as the model is shown it.
    #[derive(Debug)]
    pub struct HistoryRow {
        /// The message.
        id: Uuid,
        /// `user` or `assistant`.
        role: String,
        /// The de-identified text.
        content: String,
        /// Whether images came with it.
        has_image: bool,
    }
}

row! {
    /// An answer that was stored as a message.
    #[derive(Debug)]
    pub struct Inserted {
        /// SHA-256 of the stored text, in hexadecimal.
        content_hash: String,
        /// When it was stored.
        created_at: OffsetDateTime,
    }
}

row! {
    /// A stored answer.
    #[derive(Debug)]
    pub struct StoredRow {
        /// The answer's message.
        message_id: Uuid,
        /// The doctor's message that it answers.
        question_id: Uuid,
        /// `complete` or `interrupted`.
        state: String,
        /// Its parts.
        structure: Value,
        /// The model as configured.
        ai_model_used: String,
        /// The provider's kind.
        provider: Option<String>,
        /// How it was made, in Portuguese.
        explanation_content: String,
        /// Whether a browser confirmed that the disclaimer was rendered.
        disclaimer_shown: bool,
        /// Whether the doctor decided on it.
        human_in_the_loop_confirmed: bool,
        /// Time from the question to the end, in milliseconds.
        processing_time_ms: Option<i32>,
        /// When it was stored.
        created_at: OffsetDateTime,
    }
}

row! {
    /// The last verification of a reference.
    #[derive(Debug)]
    pub struct CheckRow {
        /// The answer.
        message_id: Uuid,
        /// Position of the reference, from 1.
        ordinal: i32,
        /// As cited.
        cited: Value,
        /// The verification.
        findings: Value,
        /// When it was made.
        created_at: OffsetDateTime,
    }
}

row! {
    /// Something the doctor did with an answer.
    #[derive(Debug, Clone)]
    pub struct ReviewRow {
        /// The event.
        id: Uuid,
        /// The answer.
        message_id: Uuid,
        /// What was done.
        kind: String,
        /// With which part.
        section: String,
        /// Why.
        reason: Option<String>,
        /// What it was changed to, de-identified.
        edited_text: Option<String>,
        /// Position of the confirmed hypothesis; 0 for none of them.
        outcome: Option<i32>,
        /// When.
        created_at: OffsetDateTime,
    }
}

row! {
    /// The doctor who reviews.
    #[derive(Debug, Clone)]
    pub struct Reviewer {
        /// Full name.
        full_name: String,
        /// CRM number.
        crm_number: String,
        /// CRM state.
        crm_state: String,
    }
}

/// An answer to be stored.
#[derive(Debug)]
pub struct New<'a> {
    /// Its identifier, under which the browser already knows it.
    pub id: Uuid,
    /// The conversation.
    pub conversation: Uuid,
    /// The doctor's message that it answers.
    pub question: Uuid,
    /// The whole answer as text.
    pub text: &'a Deidentified<String>,
    /// Its parts.
    pub structure: &'a Value,
    /// Whether it came to its end.
    pub complete: bool,
    /// Kind, method and confidence of personal data removed from what the model wrote.
    pub detections: &'a [(String, String, f32)],
    /// How it was made.
    pub explanation: &'a Explanation,
}

/// How an answer was made.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "each field is a column of explainability_logs, described in its classification")]
pub struct Explanation {
    pub model: String,
    pub content: String,
    pub confidence: Option<f32>,
    pub provider: String,
    pub sent_to: Option<String>,
    pub model_reported: Option<String>,
    pub api_version: Option<String>,
    pub prompt_hash: Option<String>,
    pub schema_hash: Option<String>,
    pub provider_request_id: Option<String>,
    pub stop_reason: String,
    pub temperature: Option<f32>,
    pub temperature_reason: Option<String>,
    pub tokens_input: i64,
    pub tokens_output: i64,
    pub tokens_cached: i64,
    pub retries: i32,
    pub first_token_ms: Option<i32>,
    pub processing_time_ms: i32,
    pub verification_time_ms: i32,
    pub abstained: bool,
    pub unauthorised_identifiers: i32,
    pub removed_links: i32,
    pub cid10_codes: i32,
    pub invalid_cid10: i32,
    pub risk_class: String,
}

/// One verification of one reference.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is a column of ai_reference_checks, described in its classification")]
pub struct NewCheck {
    pub ordinal: i32,
    pub cited: Value,
    pub verdict: &'static str,
    pub reason: Option<String>,
    pub pmid: Option<i32>,
    pub findings: Value,
    pub retracted: bool,
    pub source: &'static str,
    pub latency_ms: i32,
}

/// One image, after it was wiped.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is a column of image_processing_logs, described in its classification")]
pub struct DiscardedImage {
    pub hash: String,
    pub bytes: i32,
    pub mime: &'static str,
    pub processed_at: OffsetDateTime,
    pub discarded_at: OffsetDateTime,
    pub duration_ms: i32,
    pub storage_proof: &'static str,
    pub width: i32,
    pub height: i32,
    pub removed_metadata: Vec<String>,
    pub memory_checks: Value,
}

impl DiscardedImage {
    fn values<'a>(&'a self, conversation: &'a Uuid, message: &'a Uuid) -> [&'a (dyn ToSql + Sync); 13] {
        [
            conversation,
            message,
            &self.hash,
            &self.bytes,
            &self.mime,
            &self.processed_at,
            &self.discarded_at,
            &self.duration_ms,
            &self.storage_proof,
            &self.width,
            &self.height,
            &self.removed_metadata,
            &self.memory_checks,
        ]
    }
}

/// One thing the doctor did.
#[derive(Debug)]
pub struct NewReview<'a> {
    /// The answer.
    pub answer: Uuid,
    /// What was done, as in the table's check.
    pub kind: &'static str,
    /// With which part.
    pub section: &'a str,
    /// Why; de-identified.
    pub reason: Option<&'a Deidentified<String>>,
    /// What it was changed to.
    pub edited_text: Option<&'a Deidentified<String>>,
    /// Position of the confirmed hypothesis; 0 for none of them.
    pub outcome: Option<i32>,
}

impl NewReview<'_> {
    /// Something done with the answer as a whole (`resposta`), with no more to say.
    pub fn of(answer: Uuid, kind: &'static str) -> Self {
        NewReview { answer, kind, section: "resposta", reason: None, edited_text: None, outcome: None }
    }
}

/// The texts up to and with a question.
///
/// # Errors
/// [`Error::NotFound`] when the doctor has no such question there.
pub async fn history(tx: &ReadTx, conversation: Uuid, question: Uuid) -> Result<Vec<HistoryRow>> {
    let rows: Vec<HistoryRow> = tx.tx.rows(sql::HISTORY, &[&conversation, &question]).await?;
    match rows.last() {
        Some(last) if last.id == question && last.role == "user" => Ok(rows),
        _ => Err(Error::NotFound),
    }
}

/// Whether a question has a whole answer.
///
/// # Errors
/// See [`Error`].
pub async fn is_answered(tx: &ReadTx, question: Uuid) -> Result<bool> {
    Ok(tx.tx.value(sql::ANSWERED, &[&question]).await?.unwrap_or(false))
}

/// Whether an answer could be stored: consent given, assistant switched on.
///
/// # Errors
/// See [`Error`].
pub async fn may_answer(tx: &ReadTx) -> Result<bool> {
    Ok(tx.tx.value(sql::MAY_ANSWER, &[]).await?.unwrap_or(false))
}

/// Whether the doctor has the assistant switched on.
///
/// # Errors
/// See [`Error`].
pub async fn is_enabled(tx: &ReadTx) -> Result<bool> {
    Ok(tx.tx.value(sql::ENABLED, &[]).await?.unwrap_or(false))
}

/// Switches the doctor's assistant on or off.
///
/// # Errors
/// See [`Error`].
pub async fn switch(tx: &WriteTx, enabled: bool) -> Result<()> {
    tx.tx.execute(sql::SWITCH, &[&enabled]).await.map(drop)
}

/// Stores an answer, its parts, how it was made and what was removed from it.
///
/// # Errors
/// [`Error::Denied`] without live consent to `ai_processing` or with the assistant switched off.
pub async fn insert(tx: &WriteTx, new: &New<'_>) -> Result<Inserted> {
    let x = new.explanation;
    let tokens = i32::try_from(x.tokens_input.saturating_add(x.tokens_output)).unwrap_or(i32::MAX);
    let stored: Inserted =
        tx.tx.one(sql::INSERT, &[&new.id, &new.conversation, &new.text.as_str(), &tokens, &x.model]).await?;
    let state = if new.complete { "complete" } else { "interrupted" };
    tx.tx.execute(sql::PARTS, &[&new.id, &new.question, &state, new.structure]).await?;
    tx.tx
        .execute(
            sql::EXPLAIN,
            &[
                &new.id,
                &new.conversation,
                &x.model,
                &x.content,
                &x.confidence,
                &x.provider,
                &x.model_reported,
                &x.api_version,
                &x.prompt_hash,
                &x.schema_hash,
                &x.provider_request_id,
                &x.stop_reason,
                &x.temperature,
                &x.temperature_reason,
                &x.tokens_input,
                &x.tokens_output,
                &x.tokens_cached,
                &x.retries,
                &x.first_token_ms,
                &x.processing_time_ms,
                &x.verification_time_ms,
                &x.abstained,
                &x.unauthorised_identifiers,
                &x.removed_links,
                &x.cid10_codes,
                &x.invalid_cid10,
                &x.risk_class,
                &x.sent_to,
            ],
        )
        .await?;
    if !new.detections.is_empty() {
        let kinds: Vec<&str> = new.detections.iter().map(|d| d.0.as_str()).collect();
        let methods: Vec<&str> = new.detections.iter().map(|d| d.1.as_str()).collect();
        let confidences: Vec<f32> = new.detections.iter().map(|d| d.2).collect();
        tx.tx.execute(sql::DETECTIONS, &[&new.id, &kinds, &methods, &confidences]).await?;
    }
    Ok(stored)
}

/// Adds verifications of an answer's references.
///
/// # Errors
/// See [`Error`].
pub async fn add_checks(tx: &WriteTx, answer: Uuid, checks: &[NewCheck]) -> Result<()> {
    for check in checks {
        tx.tx
            .execute(
                sql::CHECK,
                &[
                    &answer,
                    &check.ordinal,
                    &check.cited,
                    &check.verdict,
                    &check.reason,
                    &check.pmid,
                    &check.findings,
                    &check.retracted,
                    &check.source,
                    &check.latency_ms,
                ],
            )
            .await?;
    }
    Ok(())
}

/// Records images that were wiped.
///
/// # Errors
/// See [`Error`].
pub async fn add_images(tx: &WriteTx, conversation: Uuid, message: Uuid, images: &[DiscardedImage]) -> Result<()> {
    for image in images {
        tx.tx.execute(sql::IMAGE, &image.values(&conversation, &message)).await?;
    }
    Ok(())
}

/// Whose images they were, where nobody is signed in any more.
#[derive(Debug, Clone, Copy)]
pub struct Owner {
    /// The clinic.
    pub clinic: Uuid,
    /// The doctor.
    pub user: Uuid,
}

/// Records images that were wiped after the doctor's session had ended.
///
/// # Errors
/// See [`Error`].
pub async fn add_images_late(
    db: &Db,
    owner: Owner,
    conversation: Uuid,
    message: Uuid,
    images: &[DiscardedImage],
) -> Result<()> {
    db.job(async |tx: &JobTx| {
        for image in images {
            let mut values = image.values(&conversation, &message).to_vec();
            values.extend([&owner.clinic as &(dyn ToSql + Sync), &owner.user]);
            tx.0.execute(sql::IMAGE_LATE, &values).await?;
        }
        Ok(())
    })
    .await
}

/// The answers of a conversation.
///
/// # Errors
/// See [`Error`].
pub async fn stored(tx: &ReadTx, conversation: Uuid) -> Result<Vec<StoredRow>> {
    tx.tx.rows(sql::STORED, &[&conversation]).await
}

/// One answer of the doctor's.
///
/// # Errors
/// [`Error::NotFound`] when the doctor has none with this identifier.
pub async fn one(tx: &ReadTx, answer: Uuid) -> Result<StoredRow> {
    tx.tx.one(sql::ONE, &[&answer]).await
}

/// The last verification of each reference of some answers, by answer and position.
///
/// # Errors
/// See [`Error`].
pub async fn checks(tx: &ReadTx, answers: &[Uuid]) -> Result<Vec<CheckRow>> {
    tx.tx.rows(sql::CHECKS, &[&answers]).await
}

/// What the doctor did with some answers, oldest first.
///
/// # Errors
/// See [`Error`].
pub async fn reviews(tx: &ReadTx, answers: &[Uuid]) -> Result<Vec<ReviewRow>> {
    tx.tx.rows(sql::EVENTS, &[&answers]).await
}

/// Adds what the doctor did.
///
/// # Errors
/// [`Error::NotFound`] for an answer that is not the doctor's.
pub async fn review(tx: &WriteTx, new: &NewReview<'_>) -> Result<()> {
    let reason = new.reason.map(|text| text.as_str());
    let edited = new.edited_text.map(|text| text.as_str());
    tx.tx.execute(sql::REVIEW, &[&new.answer, &new.kind, &new.section, &reason, &edited, &new.outcome]).await.map(drop)
}

/// Who reviews.
///
/// # Errors
/// [`Error::NotFound`] for members without a profile.
pub async fn reviewer(tx: &ReadTx) -> Result<Reviewer> {
    tx.tx.one(sql::REVIEWER, &[]).await
}
