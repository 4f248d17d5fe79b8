//! The doctor's conversations.

use std::collections::HashSet;

use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use sigilo_deid::deidentify;
use sigilo_store::{Action, Event, ReadTx, Risk, Session, WriteTx, conversation};

pub use sigilo_store::conversation::Summary;

use crate::{
    App, Error, Result,
    answer::{self, Shown},
    message::Receipt,
};

const MAX_TITLE: usize = 120;
const MAX_SEARCH: usize = 200;

/// A conversation with its messages.
pub struct Conversation {
    /// The conversation.
    pub id: Uuid,
    /// Its title.
    pub title: String,
    /// Its messages, oldest first.
    pub messages: Vec<Message>,
    /// Whether the doctor deleted it.
    pub deleted: bool,
    /// Answers that are being written, each with the message it answers.
    pub running: Vec<(Uuid, Uuid)>,
    /// The last message of the doctor's, if it has no whole answer and none is being written.
    pub unanswered: Option<Uuid>,
    /// Whether the doctor has the assistant switched on.
    pub assistant_enabled: bool,
}

/// A stored message.
pub struct Message {
    /// The message.
    pub id: Uuid,
    /// Whether the doctor wrote it.
    pub from_doctor: bool,
    /// The de-identified text.
    pub content: String,
    /// When it was written.
    pub created_at: OffsetDateTime,
    /// Whether images came with it.
    pub has_image: bool,
    /// What was removed from it.
    pub receipt: Option<Receipt>,
    /// Its parts, if the assistant wrote it.
    pub answer: Option<Box<Shown>>,
}

/// A new, unnamed conversation.
///
/// # Errors
/// [`Error::Forbidden`] for members who are not professionals.
pub async fn create(app: &App, session: &Session) -> Result<Uuid> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            let id = conversation::create(tx).await?;
            Ok((id, event("conversation_created", Action::Create, id)))
        })
        .await
}

/// The doctor's conversations, latest first.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn list(app: &App, session: &Session) -> Result<Vec<Summary>> {
    app.db().read(session, async |tx: &ReadTx| Ok(conversation::list(tx).await?)).await
}

/// Those whose title or messages hold every word, accents and case apart. No words: all of them.
///
/// # Errors
/// [`Error::Invalid`] for `q` longer than 200 characters.
pub async fn search(app: &App, session: &Session, text: &str) -> Result<Vec<Summary>> {
    if text.chars().count() > MAX_SEARCH {
        return Err(Error::field("q", "A busca pode ter até 200 caracteres."));
    }
    let words: Vec<String> = text.split_whitespace().filter(|word| !word.contains('\0')).map(fold).collect();
    if words.is_empty() {
        return list(app, session).await;
    }
    app.db()
        .read(session, async |tx: &ReadTx| {
            let mut found = conversation::search(tx, &words).await?;
            for summary in &mut found {
                summary.snippet = summary.snippet.take().map(|text| excerpt(&text, &words));
            }
            Ok(found)
        })
        .await
}

/// Opens a conversation; that it was opened goes into the trail.
///
/// # Errors
/// [`Error::NotFound`] when the doctor has none with this identifier.
pub async fn open(app: &App, session: &Session, id: Uuid) -> Result<Conversation> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            // All in one flight where there is nothing to wait for.
            let (opened, enabled, answers) = futures_util::join!(
                conversation::open(tx, id),
                sigilo_store::answer::is_enabled(tx),
                answer::of_conversation(tx, id)
            );
            let ((opened, rows), assistant_enabled, mut answers) = (opened?, enabled?, answers?);
            let answered: HashSet<Uuid> = answers.values().filter(|one| one.complete).map(|one| one.question).collect();
            let messages: Vec<Message> = rows
                .into_iter()
                .map(|row| {
                    let answer = answers.remove(&row.id).map(Box::new);
                    Message { answer, ..message_of(row) }
                })
                .collect();
            let entered = tx.entered();
            let running = app.desk().running_in(entered.clinic_id, entered.user_id, id);
            let unanswered = messages
                .iter()
                .rev()
                .find(|message| message.from_doctor)
                .map(|message| message.id)
                .filter(|id| assistant_enabled && !answered.contains(id) && running.iter().all(|(_, q)| q != id));
            let conversation = Conversation {
                id: opened.id,
                title: opened.title,
                deleted: opened.deleted,
                messages,
                running,
                unanswered,
                assistant_enabled,
            };
            Ok((conversation, event("conversation_viewed", Action::View, id)))
        })
        .await
}

/// Gives it a title, de-identified like any message; the title as stored.
///
/// # Errors
/// [`Error::Invalid`] for `title`, [`Error::NotFound`] when the doctor has none with this identifier.
pub async fn rename(app: &App, session: &Session, id: Uuid, title: &str) -> Result<String> {
    let tidy = title.split_whitespace().collect::<Vec<_>>().join(" ");
    if tidy.is_empty() || tidy.chars().count() > MAX_TITLE || tidy.chars().any(char::is_control) {
        return Err(Error::field("title", "O título precisa ter de 1 a 120 caracteres."));
    }
    let (title, _) = deidentify(&tidy, &[]);
    app.db()
        .write(session, async |tx: &WriteTx| {
            conversation::rename(tx, id, &title).await?;
            Ok((title.as_str().to_owned(), event("conversation_renamed", Action::Update, id)))
        })
        .await
}

/// Hides a conversation; its rows go only by retention or by a fulfilled request.
///
/// # Errors
/// [`Error::NotFound`] when the doctor has none with this identifier.
pub async fn delete(app: &App, session: &Session, id: Uuid) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            conversation::delete(tx, id).await?;
            Ok(((), event("conversation_deleted", Action::Delete, id)))
        })
        .await
}

/// Shows it again.
///
/// # Errors
/// [`Error::NotFound`] when there is none to restore.
pub async fn restore(app: &App, session: &Session, id: Uuid) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            conversation::restore(tx, id).await?;
            Ok(((), event("conversation_restored", Action::Update, id)))
        })
        .await
}

fn message_of(row: conversation::MessageRow) -> Message {
    let receipt = match (row.original_content_hash, row.original_hash_algorithm, row.entities_detected) {
        (Some(original_hash), Some(algorithm), Some(entities)) => Some(Receipt {
            message_id: row.id,
            removed: crate::message::removed_from(&entities),
            content_hash: row.content_hash,
            original_hash,
            original_hash_algorithm: algorithm,
            processing_time_ms: row.processing_time_ms.unwrap_or(0.0),
            created_at: row.created_at,
        }),
        _ => None,
    };
    Message {
        id: row.id,
        from_doctor: row.role == "user",
        content: row.content,
        created_at: row.created_at,
        has_image: row.has_image,
        receipt,
        answer: None,
    }
}

fn event(name: &'static str, action: Action, id: Uuid) -> Event {
    Event {
        name,
        action,
        resource_type: "conversations",
        resource_id: Some(id.to_string()),
        details: json!({}),
        risk: Risk::Low,
    }
}

/// Lower case without the accents of Portuguese, one character for one.
fn fold(text: &str) -> String {
    text.chars()
        .map(|c| c.to_lowercase().next().unwrap_or(c))
        .map(|c| match c {
            'á' | 'à' | 'â' | 'ã' | 'ä' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'í' | 'ì' | 'î' | 'ï' => 'i',
            'ó' | 'ò' | 'ô' | 'õ' | 'ö' => 'o',
            'ú' | 'ù' | 'û' | 'ü' => 'u',
            'ç' => 'c',
            'ñ' => 'n',
            other => other,
        })
        .collect()
}

/// About a line of the text around the first word found.
fn excerpt(text: &str, words: &[String]) -> String {
    // The word must show in the list's single line, so little stands before it.
    const AROUND: usize = 15;
    const WIDE: usize = 120;
    let folded: Vec<char> = fold(text).chars().collect();
    let at = words
        .iter()
        .filter_map(|word| {
            let word: Vec<char> = word.chars().collect();
            folded.windows(word.len().max(1)).position(|window| window == word)
        })
        .min()
        .unwrap_or(0);
    let start = at.saturating_sub(AROUND);
    let body: String = text.chars().skip(start).take(WIDE).collect();
    let tidy = body.split_whitespace().collect::<Vec<_>>().join(" ");
    let more = text.chars().nth(start + WIDE).is_some();
    format!("{}{tidy}{}", if start > 0 { "…" } else { "" }, if more { "…" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_the_word_that_was_found() {
        let text = format!("{} cefaleia intensa {}", "a ".repeat(200), "b ".repeat(200));
        let shown = excerpt(&text, &[fold("CEFALÉIA")]);
        assert!(shown.contains("cefaleia intensa") && shown.starts_with('…') && shown.ends_with('…'));
        assert_eq!(excerpt("dor", &["x".into()]), "dor");
    }
}
