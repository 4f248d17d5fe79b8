//! The doctor's conversations. Titles are de-identified like messages.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use sigilo_deid::Deidentified;

use crate::{Error, ReadTx, Result, WriteTx, row::row, statements::conversation as sql};

/// The title of a conversation that nobody named and nobody wrote in yet.
pub const UNNAMED: &str = "Nova conversa";

row! {
    /// A conversation in a list.
    #[derive(Debug)]
    pub struct Summary {
        /// The conversation.
        id: Uuid,
        /// Its title.
        title: String,
        /// When something last happened in it.
        updated_at: OffsetDateTime,
        /// How many messages it has.
        messages: i64,
        /// On a search, the beginning of the message that fits.
        snippet: Option<String>,
    }
}

row! {
    /// A conversation without its messages.
    #[derive(Debug)]
    pub struct Opened {
        /// The conversation.
        id: Uuid,
        /// Its title.
        title: String,
        /// Whether the doctor deleted it.
        deleted: bool,
    }
}

row! {
    /// A message with the proof of what was removed from it.
    #[derive(Debug)]
    pub struct MessageRow {
        /// The message.
        id: Uuid,
        /// `user` or `assistant`.
        role: String,
        /// The de-identified text.
        content: String,
        /// SHA-256 of it, in hexadecimal.
        content_hash: String,
        /// When it was written.
        created_at: OffsetDateTime,
        /// Whether images came with it.
        has_image: bool,
        /// Keyed hash of the original, in hexadecimal.
        original_content_hash: Option<String>,
        /// How that hash was made.
        original_hash_algorithm: Option<String>,
        /// Count by type.
        entities_detected: Option<Value>,
        /// Time of the de-identification.
        processing_time_ms: Option<f64>,
    }
}

/// A new, unnamed conversation.
///
/// # Errors
/// [`Error::Denied`] for members who are not professionals; else see [`Error`].
pub async fn create(tx: &WriteTx) -> Result<Uuid> {
    tx.tx.value(sql::CREATE, &[&UNNAMED]).await?.ok_or(Error::NotFound)
}

/// The doctor's conversations, latest first, at most 200.
///
/// # Errors
/// See [`Error`].
pub async fn list(tx: &ReadTx) -> Result<Vec<Summary>> {
    tx.tx.rows(sql::LIST, &[]).await
}

/// Those whose title or messages hold every word, at most 50.
///
/// # Errors
/// See [`Error`].
pub async fn search(tx: &ReadTx, words: &[String]) -> Result<Vec<Summary>> {
    let patterns: Vec<String> = words
        .iter()
        .map(|word| format!("%{}%", word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")))
        .collect();
    tx.tx.rows(sql::SEARCH, &[&patterns]).await
}

/// One conversation of the doctor with its messages, in one flight.
///
/// # Errors
/// [`Error::NotFound`] when there is none of the doctor's with this identifier.
pub async fn open(tx: &ReadTx, id: Uuid) -> Result<(Opened, Vec<MessageRow>)> {
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 1] = [&id];
    let (opened, messages) =
        futures_util::future::join(tx.tx.one(sql::OPEN, &params), tx.tx.rows(sql::MESSAGES, &params)).await;
    Ok((opened?, messages?))
}

/// Whether the doctor has such a conversation and may write in it.
///
/// # Errors
/// [`Error::NotFound`] when not.
pub async fn writable(tx: &WriteTx, id: Uuid) -> Result<()> {
    match tx.tx.optional::<Opened>(sql::OPEN, &[&id]).await? {
        Some(conversation) if !conversation.deleted => Ok(()),
        _ => Err(Error::NotFound),
    }
}

/// Gives a conversation a title.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn rename(tx: &WriteTx, id: Uuid, title: &Deidentified<String>) -> Result<()> {
    tx.tx.execute_one(sql::RENAME, &[&id, &title.as_str()]).await
}

/// Hides a conversation.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn delete(tx: &WriteTx, id: Uuid) -> Result<()> {
    tx.tx.execute_one(sql::DELETE, &[&id]).await
}

/// Shows a hidden conversation again.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn restore(tx: &WriteTx, id: Uuid) -> Result<()> {
    tx.tx.execute_one(sql::RESTORE, &[&id]).await
}

/// A message arrived: the conversation moves up, and takes `title` if nobody named it. Returns its title now.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn touch(tx: &WriteTx, id: Uuid, title: &str) -> Result<String> {
    tx.tx.value(sql::TOUCH, &[&id, &UNNAMED, &title]).await?.ok_or(Error::NotFound)
}
