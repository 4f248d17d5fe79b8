//! Sending a message: de-identified here, on the server, before anything is stored.

use std::{collections::BTreeMap, time::Instant};

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

use sigilo_deid::{Detections, Kind, deidentify, scan_with};
use sigilo_domain::ConsentType;
use sigilo_proof::KEYED_HASH_ALGORITHM;
use sigilo_store::{
    Action, Error as StoreError, Event, ReadTx, Risk, Session, WriteTx, canary as canaries, conversation, message,
    session,
};

use crate::{
    App, Error, Result,
    answer::{self, Attached, History},
    canary,
    conversation::Message,
};

/// The longest message, in bytes.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;
const MAX_ADDED: usize = 50;
const MAX_ADDED_CHARS: usize = 200;
const TITLE_CHARS: usize = 60;
const METHOD: &str = concat!("sigilo-deid ", env!("CARGO_PKG_VERSION"), " (NER por regras, listas e contexto)");

/// How many of one type were removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedKind {
    /// The type.
    pub kind: Kind,
    /// How many.
    pub count: usize,
}

/// The proof of a message's de-identification, for the doctor.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The message.
    pub message_id: Uuid,
    /// What was removed, by type.
    pub removed: Vec<RemovedKind>,
    /// SHA-256 of the stored text, in hexadecimal.
    pub content_hash: String,
    /// Keyed hash of the original, in hexadecimal.
    pub original_hash: String,
    /// How it was made.
    pub original_hash_algorithm: String,
    /// Time of the de-identification, in milliseconds.
    pub processing_time_ms: f64,
    /// When it was stored.
    pub created_at: OffsetDateTime,
}

/// A message that was stored.
pub struct Sent {
    /// The message with its receipt.
    pub message: Message,
    /// The conversation's title, which the first message may have given.
    pub title: String,
    /// The answer that is being written to it.
    pub answer: Option<Uuid>,
    /// Why there is none, or what else the doctor should know, in Portuguese.
    pub notice: Option<String>,
}

/// What would be removed.
pub struct Preview {
    /// The findings, as byte offsets into the text.
    pub detections: Detections,
}

/// Finds what would be removed from a text that is still being typed. Nothing of it is kept.
///
/// # Errors
/// [`Error::ConsentRequired`] without `ai_processing`; [`Error::Invalid`] for `text` or `added`.
pub async fn preview(app: &App, session: &Session, text: &str, added: &[String]) -> Result<Preview> {
    check_sizes(text, added)?;
    let standing = app.db().read(session, async |tx: &ReadTx| Ok::<_, Error>(session::standing(tx).await?)).await?;
    if !standing.consents.iter().any(|code| code == ConsentType::AiProcessing.code()) {
        return Err(Error::ConsentRequired(ConsentType::AiProcessing));
    }
    Ok(Preview { detections: scan_with(text, &phrases(added)) })
}

/// De-identifies a message, stores the result with its proof, all in one transaction, and asks for an answer.
/// Images go to the model with it and are never stored.
///
/// Control characters become spaces: they carry nothing a reader sees and cannot all be stored.
///
/// # Errors
/// [`Error::ConsentRequired`] without `ai_processing`; [`Error::Invalid`] for `text` or `added`;
/// [`Error::NotFound`] when the doctor has no such conversation.
pub async fn send(
    app: &App,
    session: &Session,
    conversation: Uuid,
    text: Zeroizing<String>,
    added: Vec<String>,
    images: Vec<Attached>,
) -> Result<Sent> {
    let added = Zeroizing::new(added);
    check_sizes(&text, &added)?;
    let text =
        Zeroizing::new(text.replace("\r\n", "\n").replace(|c: char| c.is_control() && !matches!(c, '\n' | '\t'), " "));
    if text.trim().is_empty() {
        return Err(Error::field("text", "Escreva a mensagem antes de enviar."));
    }

    let started = Instant::now();
    let (clean, found) = deidentify(text.trim(), &phrases(&added));
    let processing_time_ms = started.elapsed().as_secs_f64() * 1000.0;
    let entities = count(&found);
    let title = title_of(clean.as_str());
    let marks = canary::marks(app, text.trim(), &found);
    let has_image = !images.is_empty();

    let mut sent = app
        .db()
        .write(session, async |tx: &WriteTx| {
            let original_hash =
                HEXLOWER.encode(&app.keys().original_text_mac(tx.entered().clinic_id, text.trim().as_bytes()));
            conversation::writable(tx, conversation).await?;
            if has_image {
                let standing = session::standing(tx).await?;
                if !standing.consents.iter().any(|code| code == ConsentType::ImageProcessing.code()) {
                    return Err(Error::ConsentRequired(ConsentType::ImageProcessing));
                }
            }
            let proof = message::Proof {
                original_hash: &original_hash,
                original_hash_algorithm: KEYED_HASH_ALGORITHM,
                entities: &entities,
                method: METHOD,
                processing_time_ms,
            };
            let stored = match message::insert(tx, conversation, &clean, &found, has_image, &proof).await {
                Err(StoreError::Denied) => return Err(Error::ConsentRequired(ConsentType::AiProcessing)),
                other => other?,
            };
            canaries::look(tx, &marks).await?;
            let title = conversation::touch(tx, conversation, &title).await?;
            let event = Event {
                name: "message_sent",
                action: Action::Create,
                resource_type: "messages",
                resource_id: Some(stored.id.to_string()),
                details: json!({
                    "sensitive_data_found": !found.is_empty(),
                    "detections": found.len(),
                    "entities": entities,
                    "content_hash": stored.content_hash,
                    "processing_time_ms": processing_time_ms,
                    "images": images.len(),
                }),
                risk: Risk::Low,
            };
            let message = Message {
                id: stored.id,
                from_doctor: true,
                content: clean.as_str().to_owned(),
                created_at: stored.created_at,
                has_image,
                answer: None,
                receipt: Some(Receipt {
                    message_id: stored.id,
                    removed: removed_from(&entities),
                    content_hash: stored.content_hash,
                    original_hash,
                    original_hash_algorithm: KEYED_HASH_ALGORITHM.to_owned(),
                    processing_time_ms,
                    created_at: stored.created_at,
                }),
            };
            Ok((Sent { message, title, answer: None, notice: None }, event))
        })
        .await?;
    // The message is safe; whatever stands against an answer is told beside it.
    match answer::start(app, session, conversation, sent.message.id, images, History::Fitting).await {
        Ok(id) => sent.answer = Some(id),
        Err(error) => sent.notice = Some(no_answer(&error).to_owned()),
    }
    Ok(sent)
}

fn no_answer(error: &Error) -> &'static str {
    match error {
        Error::Forbidden(_) => "O assistente está desligado para você: a mensagem foi gravada, sem resposta.",
        Error::TooMany { .. } => {
            "Há respostas demais em andamento. A mensagem foi gravada; peça a resposta em instantes."
        }
        _ => "A mensagem foi gravada, mas a resposta não pôde ser pedida agora. Tente de novo em instantes.",
    }
}

fn check_sizes(text: &str, added: &[String]) -> Result<()> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Error::field("text", "A mensagem é longa demais: o limite é de 64 KB. Divida-a em partes."));
    }
    if added.len() > MAX_ADDED || added.iter().any(|phrase| phrase.chars().count() > MAX_ADDED_CHARS) {
        return Err(Error::field("added", "São até 50 trechos marcados, de até 200 caracteres cada."));
    }
    Ok(())
}

fn phrases(added: &[String]) -> Vec<&str> {
    added.iter().map(|phrase| phrase.trim()).filter(|phrase| !phrase.is_empty()).collect()
}

fn count(found: &Detections) -> Value {
    let mut counts = BTreeMap::<&str, usize>::new();
    for detection in found.iter() {
        *counts.entry(detection.kind.code()).or_default() += 1;
    }
    json!(counts)
}

/// The stored counts, in the order in which types are listed everywhere.
pub(crate) fn removed_from(entities: &Value) -> Vec<RemovedKind> {
    Kind::ALL
        .iter()
        .filter_map(|&kind| {
            let count = entities.get(kind.code())?.as_u64()?;
            Some(RemovedKind { kind, count: usize::try_from(count).ok()? })
        })
        .collect()
}

/// The beginning of a de-identified text, cut at a word.
fn title_of(clean: &str) -> String {
    let line = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= TITLE_CHARS {
        return line;
    }
    let cut: String = line.chars().take(TITLE_CHARS).collect();
    let end = cut.rfind(' ').filter(|&end| end > TITLE_CHARS / 2).unwrap_or(cut.len());
    format!("{}…", &cut[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_one_short_line() {
        assert_eq!(title_of("dor\n torácica"), "dor torácica");
        let long = title_of(&"febre alta ".repeat(20));
        assert!(long.ends_with('…') && long.chars().count() <= TITLE_CHARS + 1);
        assert_eq!(title_of(&"é".repeat(100)).chars().count(), TITLE_CHARS + 1);
    }
}
