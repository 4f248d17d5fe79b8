//! Messages and the proof that each was de-identified.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use sigilo_deid::{Deidentified, Detections};

use crate::{Error, Result, WriteTx, row::row, statements::message as sql};

row! {
    /// A stored message.
    #[derive(Debug)]
    pub struct Inserted {
        /// The message.
        id: Uuid,
        /// SHA-256 of the stored text, in hexadecimal.
        content_hash: String,
        /// When it was stored.
        created_at: OffsetDateTime,
    }
}

/// What is recorded of a message's de-identification.
#[derive(Debug)]
pub struct Proof<'a> {
    /// Keyed hash of the original, in hexadecimal.
    pub original_hash: &'a str,
    /// How it was made.
    pub original_hash_algorithm: &'a str,
    /// Count by type.
    pub entities: &'a Value,
    /// The de-identifier and its version.
    pub method: &'a str,
    /// How long it took.
    pub processing_time_ms: f64,
}

/// Stores a doctor's message with its proof and one row a detection. Takes nothing but de-identified text.
///
/// # Errors
/// [`Error::Denied`] without live consent to `ai_processing`; [`Error::Rule`] for another's conversation.
pub async fn insert(
    tx: &WriteTx,
    conversation: Uuid,
    text: &Deidentified<String>,
    found: &Detections,
    has_image: bool,
    proof: &Proof<'_>,
) -> Result<Inserted> {
    let stored: Inserted = tx.tx.one(sql::INSERT, &[&conversation, &text.as_str(), &has_image]).await?;
    tx.tx
        .execute(
            sql::PROOF,
            &[
                &stored.id,
                &proof.original_hash,
                &proof.original_hash_algorithm,
                &stored.content_hash,
                proof.entities,
                &proof.method,
                &!found.is_empty(),
                &proof.processing_time_ms,
            ],
        )
        .await?;
    if !found.is_empty() {
        let kinds: Vec<&str> = found.iter().map(|d| d.kind.code()).collect();
        let methods: Vec<&str> = found.iter().map(|d| d.method.code()).collect();
        let confidences: Vec<f32> = found.iter().map(|d| d.confidence).collect();
        let rows = tx.tx.execute(sql::DETECTIONS, &[&stored.id, &kinds, &methods, &confidences]).await?;
        if rows != found.len() as u64 {
            return Err(Error::Other("detections".into()));
        }
    }
    Ok(stored)
}
