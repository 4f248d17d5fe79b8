//! Messages: the preview of what will be removed, sending, and the receipt.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::{Deserialize, Serialize};
use sigilo_deid::{Detections, Kind};
use sigilo_features::conversation::Message;
use sigilo_features::message::{self, Receipt};
use sigilo_features::{App, Error, FieldError, answer};
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroize;

use crate::answer::{Failure, View};
use crate::body::Payload;
use crate::conversation::{Sidebar, sidebar};
use crate::errors::Answer;
use crate::upload::Upload;
use crate::visitor::Professional;
use crate::{Web, layout};

/// Each byte of the text may take three in a form (`%C3`); the marked phrases come on top.
const BODY_LIMIT: usize = 4 * message::MAX_TEXT_BYTES;

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/conversas/previa", post(preview))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        // With its own limit, as images may come along.
        .route("/conversas/{id}/mensagens", post(send))
}

/// A message as it is shown.
pub(crate) struct Shown {
    pub(crate) id: Uuid,
    pub(crate) from_doctor: bool,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) receipt: Option<Receipt>,
    pub(crate) has_image: bool,
    /// What the assistant wrote, in its parts.
    pub(crate) answer: Option<View>,
}

/// A stretch of a stored text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    /// A tag that stands where personal data was, without its brackets.
    Tag(&'static str),
}

impl Shown {
    pub(crate) fn new(message: Message, conversation: Uuid) -> Self {
        Shown {
            id: message.id,
            from_doctor: message.from_doctor,
            pieces: pieces(&message.content),
            created_at: message.created_at,
            receipt: message.receipt,
            has_image: message.has_image,
            answer: message.answer.map(|shown| View::stored(*shown, conversation)),
        }
    }

    /// How many data were removed.
    pub(crate) fn removed(&self) -> usize {
        self.receipt.as_ref().map_or(0, |receipt| receipt.removed.iter().map(|one| one.count).sum())
    }
}

/// Splits a stored text at the de-identifier's tags.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut plain = String::new();
    while let Some(at) = rest.find('[') {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        match Kind::ALL.iter().map(|kind| kind.tag()).find(|tag| from.starts_with(tag)) {
            Some(tag) => {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Tag(tag.trim_matches(['[', ']'])));
                rest = &from[tag.len()..];
            }
            None => {
                plain.push('[');
                rest = &from[1..];
            }
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    pieces
}

#[derive(Deserialize)]
struct Draft {
    text: String,
    #[serde(default)]
    added: Vec<String>,
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.text.zeroize();
        self.added.zeroize();
    }
}

#[derive(Serialize)]
struct Preview<'a> {
    segments: Vec<Segment<'a>>,
    counts: Vec<Count>,
}

/// A stretch of the draft; with a kind when it will be removed.
#[derive(Serialize)]
struct Segment<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'static str>,
}

#[derive(Serialize)]
struct Count {
    kind: &'static str,
    label: &'static str,
    count: usize,
}

async fn preview(
    State(app): State<App>,
    who: Professional,
    Payload(draft): Payload<Draft>,
) -> Result<Response, Answer> {
    if draft.text.len() > message::MAX_TEXT_BYTES {
        return Err(too_long());
    }
    let found = message::preview(&app, &who.session, &draft.text, &draft.added).await?.detections;
    let body = Preview { segments: segments(&draft.text, &found), counts: counts(&found) };
    Ok(axum::Json(body).into_response())
}

fn too_long() -> Answer {
    let message = "Texto longo demais. Divida em duas mensagens.".to_owned();
    Error::Invalid(vec![FieldError { field: "text", message }]).into()
}

fn segments<'a>(text: &'a str, found: &Detections) -> Vec<Segment<'a>> {
    let plain = |text| Segment { text, kind: None, label: None, tag: None };
    let mut segments = Vec::with_capacity(found.len() * 2 + 1);
    let mut end = 0;
    for one in found.iter() {
        if end < one.start {
            segments.push(plain(&text[end..one.start]));
        }
        segments.push(Segment {
            text: &text[one.start..one.end],
            kind: Some(one.kind.code()),
            label: Some(one.kind.label()),
            tag: Some(one.kind.tag()),
        });
        end = one.end;
    }
    if end < text.len() {
        segments.push(plain(&text[end..]));
    }
    segments
}

fn counts(found: &Detections) -> Vec<Count> {
    let count = |kind: Kind| found.iter().filter(|one| one.kind == kind).count();
    Kind::ALL
        .iter()
        .map(|kind| Count { kind: kind.code(), label: kind.label(), count: count(*kind) })
        .filter(|one| one.count > 0)
        .collect()
}

#[derive(Template)]
#[template(path = "message/sent.html")]
pub(crate) struct Sent {
    pub(crate) message: Shown,
    /// The first message names a conversation that nobody named.
    pub(crate) title: String,
    /// Where the answer will be written.
    pub(crate) view: Option<View>,
    /// Why there is none.
    pub(crate) failure: Option<Failure>,
    /// What else the doctor should know.
    pub(crate) notice: Option<String>,
    /// The conversation has moved to the top of it.
    pub(crate) list: Option<Sidebar>,
}

async fn send(
    State(app): State<App>,
    who: Professional,
    Path(id): Path<String>,
    headers: HeaderMap,
    Upload { mut fields, images }: Upload,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let text = fields.take("text");
    let added = fields.take_all("added");
    let images = answer::prepare_images(&app, images, fields.has("conferi"))?;
    let sent = message::send(&app, &who.session, id, text, added, images).await?;
    if !headers.contains_key("hx-request") {
        return Ok(Redirect::to(&format!("/conversas/{id}")).into_response());
    }
    let question = sent.message.id;
    // The message is stored: whatever fails from here on must not look as if it was not.
    let list = sidebar(&app, &who.session, Some(id), fields.text("q")).await.ok();
    let enabled = sent.answer.is_some() || answer::is_enabled(&app, &who.session).await.unwrap_or(false);
    let (failure, notice) = match (sent.answer, sent.notice) {
        (None, Some(notice)) if enabled => (Some(Failure::unanswered(id, question, notice)), None),
        (_, notice) => (None, notice),
    };
    let view = sent.answer.map(|answer| crate::answer::shell(&app, answer, id, question));
    let message = Shown::new(sent.message, id);
    Ok(layout::html(Sent { message, title: sent.title, view, failure, notice, list }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_text_is_split_at_its_tags() {
        let tag = Kind::Cpf.tag();
        let text = format!("[a] {tag}{tag} fim [CPF");
        assert_eq!(
            pieces(&text),
            [
                Piece::Text("[a] ".to_owned()),
                Piece::Tag("CPF REMOVIDO"),
                Piece::Tag("CPF REMOVIDO"),
                Piece::Text(" fim [CPF".to_owned()),
            ]
        );
        assert_eq!(pieces(""), []);
    }

    #[test]
    fn a_draft_is_covered_by_its_segments() {
        let text = "é o Zé, hoje";
        let found = sigilo_deid::scan_with(text, &["Zé"]);
        let segments = segments(text, &found);
        assert_eq!(segments.iter().map(|one| one.text).collect::<String>(), text);
        assert!(segments.iter().any(|one| one.text == "Zé" && one.kind == Some("adicionado")));
    }
}
