//! The JSON API. Same session, same use cases, failures as problem+json.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use sigilo_features::answer::{DISCLAIMER, Shown};
use sigilo_features::conversation::{self, Message};
use sigilo_features::message::{self, Receipt};
use sigilo_features::{App, Error, FieldError};
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::{Zeroize, Zeroizing};

use crate::Web;
use crate::body::{Payload, without_controls};
use crate::errors::Answer;
use crate::visitor::Current;

/// JSON may spend six bytes on one (`\u0041`); the marked phrases come on top.
const BODY_LIMIT: usize = 7 * message::MAX_TEXT_BYTES;

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/api/v1/process-message", post(process_message).layer(DefaultBodyLimit::max(BODY_LIMIT)))
        .route("/api/v1/conversations", get(conversations))
        .route("/api/v1/conversations/{id}", get(conversation))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProcessMessage {
    conversation_id: Uuid,
    message: String,
    #[serde(default)]
    added: Vec<String>,
}

impl Drop for ProcessMessage {
    fn drop(&mut self) {
        self.message.zeroize();
        self.added.zeroize();
    }
}

async fn process_message(
    State(app): State<App>,
    Current(session): Current,
    Payload(mut body): Payload<ProcessMessage>,
) -> Result<axum::Json<Value>, Answer> {
    without_controls(&body.message)?;
    if body.message.len() > message::MAX_TEXT_BYTES {
        let message = "Texto longo demais. Divida em duas mensagens.".to_owned();
        return Err(Error::Invalid(vec![FieldError { field: "message", message }]).into());
    }
    let text = Zeroizing::new(std::mem::take(&mut body.message));
    let added = std::mem::take(&mut body.added);
    let sent = message::send(&app, &session, body.conversation_id, text, added, Vec::new()).await?;
    let mut answer = message_json(&sent.message);
    answer["answer_id"] = json!(sent.answer);
    answer["notice"] = json!(sent.notice);
    Ok(axum::Json(answer))
}

async fn conversations(State(app): State<App>, Current(session): Current) -> Result<axum::Json<Value>, Answer> {
    let list = conversation::list(&app, &session).await?;
    let list: Vec<Value> = list
        .iter()
        .map(|one| {
            json!({
                "id": one.id,
                "title": one.title,
                "updated_at": instant(&one.updated_at),
                "messages": one.messages,
            })
        })
        .collect();
    Ok(axum::Json(json!({ "conversations": list })))
}

async fn conversation(
    State(app): State<App>,
    Current(session): Current,
    Path(id): Path<String>,
) -> Result<axum::Json<Value>, Answer> {
    let id = Answer::identifier(&id)?;
    let found = conversation::open(&app, &session, id).await?;
    if found.deleted {
        return Err(Answer::not_found());
    }
    Ok(axum::Json(json!({
        "id": found.id,
        "title": found.title,
        "messages": found.messages.iter().map(message_json).collect::<Vec<_>>(),
    })))
}

fn message_json(message: &Message) -> Value {
    json!({
        "id": message.id,
        "role": if message.from_doctor { "user" } else { "assistant" },
        "content": message.content,
        "created_at": instant(&message.created_at),
        "has_image": message.has_image,
        "receipt": message.receipt.as_ref().map(receipt_json),
        "answer": message.answer.as_deref().map(answer_json),
    })
}

fn answer_json(shown: &Shown) -> Value {
    let references: Vec<Value> = shown
        .references
        .iter()
        .map(|one| json!({ "cited": one.cited, "check": one.check, "checked_at": instant(&one.checked_at) }))
        .collect();
    json!({
        "question_id": shown.question,
        "complete": shown.complete,
        "model": shown.model,
        "provider": shown.provider,
        "disclaimer": DISCLAIMER,
        "parts": shown.answer,
        "references": references,
        "explanation": shown.explanation,
        "disclaimer_shown": shown.disclaimer_shown,
        "human_in_the_loop_confirmed": shown.confirmed,
        "processing_time_ms": shown.processing_time_ms,
    })
}

fn receipt_json(receipt: &Receipt) -> Value {
    let removed: Vec<Value> = receipt
        .removed
        .iter()
        .map(|one| json!({ "type": one.kind.code(), "label": one.kind.label(), "count": one.count }))
        .collect();
    json!({
        "message_id": receipt.message_id,
        "removed": removed,
        "content_hash": receipt.content_hash,
        "original_hash": receipt.original_hash,
        "original_hash_algorithm": receipt.original_hash_algorithm,
        "processing_time_ms": receipt.processing_time_ms,
        "created_at": instant(&receipt.created_at),
    })
}

/// RFC 3339.
fn instant(at: &OffsetDateTime) -> Option<String> {
    at.format(&time::format_description::well_known::Rfc3339).ok()
}
