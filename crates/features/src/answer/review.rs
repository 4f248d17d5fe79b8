//! What the doctor does with an answer: confirmed as an event of its own, never assumed.

use serde_json::json;
use uuid::Uuid;

use sigilo_deid::{Deidentified, deidentify};
use sigilo_store::{
    Action, Event, ReadTx, Risk, Session, WriteTx,
    answer::{self as rows, NewReview},
};

use super::shown::{self, Shown};
use crate::{App, Error, Result};

pub(super) const DISCLAIMER_RENDERED: &str = "disclaimer_rendered";
const MAX_REASON: usize = 1000;
const MAX_EDIT: usize = 20_000;

/// The doctor's decision on an answer or a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// As it is.
    Accepted,
    /// With other words.
    Edited(String),
    /// Not at all; the reason is required.
    Rejected,
}

impl Decision {
    fn code(&self) -> &'static str {
        match self {
            Decision::Accepted => "accepted",
            Decision::Edited(_) => "edited",
            Decision::Rejected => "rejected",
        }
    }
}

/// Notes that a browser rendered the disclaimer of an answer, running or stored.
///
/// # Errors
/// [`Error::NotFound`] when the doctor has no such answer.
pub async fn disclaimer_rendered(app: &App, session: &Session, answer: Uuid) -> Result<()> {
    let (entered, known) = app
        .db()
        .read(session, async |tx: &ReadTx| {
            let known = match rows::one(tx, answer).await {
                Ok(row) => Some(row.disclaimer_shown),
                Err(sigilo_store::Error::NotFound) => None,
                Err(error) => return Err(Error::from(error)),
            };
            Ok((tx.entered().clone(), known))
        })
        .await?;
    match known {
        Some(true) => Ok(()),
        None if app.desk().disclaimer_rendered(answer, entered.clinic_id, entered.user_id) => Ok(()),
        _ => {
            let noted = note_disclaimer(app, session, answer).await;
            match noted {
                // An answer that ended with nothing to keep: it was shown a disclaimer, and there is nothing to note.
                Err(Error::NotFound) if app.desk().knows(answer, entered.clinic_id, entered.user_id) => Ok(()),
                other => other,
            }
        }
    }
}

/// Adds the event that a disclaimer was rendered, with its own entry in the trail.
///
/// # Errors
/// [`Error::NotFound`] when the doctor has no such stored answer.
pub(super) async fn note_disclaimer(app: &App, session: &Session, answer: Uuid) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            rows::review(tx, &NewReview::of(answer, DISCLAIMER_RENDERED)).await?;
            Ok::<_, Error>(((), event(DISCLAIMER_RENDERED, answer, json!({}))))
        })
        .await
}

/// Records the doctor's decision on an answer (`resposta`) or a part of it (`raciocinio`, `hipotese-2`, …).
/// What the doctor writes is de-identified like any message.
///
/// # Errors
/// [`Error::Invalid`] for `section`, `reason` or `edited_text`; [`Error::NotFound`] when the doctor has no such answer.
pub async fn review(
    app: &App,
    session: &Session,
    answer: Uuid,
    section: &str,
    decision: Decision,
    reason: &str,
) -> Result<Shown> {
    if reason.chars().count() > MAX_REASON {
        return Err(Error::field("reason", "O motivo pode ter até 1.000 caracteres."));
    }
    let reason = clean(reason);
    if decision == Decision::Rejected && reason.is_none() {
        return Err(Error::field("reason", "Diga em poucas palavras por que rejeita."));
    }
    let edited = match &decision {
        Decision::Edited(text) if text.chars().count() > MAX_EDIT => {
            return Err(Error::field("edited_text", "O texto pode ter até 20.000 caracteres."));
        }
        Decision::Edited(text) => {
            Some(clean(text).ok_or_else(|| Error::field("edited_text", "Escreva como o texto deve ficar."))?)
        }
        _ => None,
    };
    app.db()
        .write(session, async |tx: &WriteTx| {
            let stored = shown::load(tx, answer).await?;
            if !has_section(&stored, section) {
                return Err(Error::field("section", "Esta resposta não tem essa parte."));
            }
            let new = NewReview {
                answer,
                kind: decision.code(),
                section,
                reason: reason.as_ref(),
                edited_text: edited.as_ref(),
                outcome: None,
            };
            rows::review(tx, &new).await?;
            let details = json!({ "section": section, "decision": decision.code(), "with_reason": reason.is_some() });
            Ok((shown::load(tx, answer).await?, event("ai_answer_reviewed", answer, details)))
        })
        .await
}

/// Records which hypothesis turned out to be right; 0 for none of them.
///
/// # Errors
/// [`Error::Invalid`] for `outcome`, [`Error::NotFound`] when the doctor has no such answer.
pub async fn outcome(app: &App, session: &Session, answer: Uuid, position: i32) -> Result<Shown> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            let stored = shown::load(tx, answer).await?;
            if usize::try_from(position).map_or(true, |position| position > stored.answer.hipoteses.len()) {
                return Err(Error::field("outcome", "Escolha uma das hipóteses, ou nenhuma delas."));
            }
            let new = NewReview { outcome: Some(position), ..NewReview::of(answer, "outcome") };
            rows::review(tx, &new).await?;
            Ok((shown::load(tx, answer).await?, event("ai_outcome_recorded", answer, json!({ "position": position }))))
        })
        .await
}

fn clean(text: &str) -> Option<Deidentified<String>> {
    let tidy = text.replace("\r\n", "\n").replace(|c: char| c.is_control() && !matches!(c, '\n' | '\t'), " ");
    let tidy = tidy.trim();
    if tidy.is_empty() { None } else { Some(deidentify(tidy, &[]).0) }
}

fn has_section(stored: &Shown, section: &str) -> bool {
    match section.split_once('-') {
        None => ["resposta", "raciocinio", "alarmes", "perguntas", "referencias"].contains(&section),
        Some(("hipotese", number)) => {
            number.parse::<usize>().is_ok_and(|number| (1..=stored.answer.hipoteses.len()).contains(&number))
        }
        Some(_) => false,
    }
}

pub(super) fn event(name: &'static str, answer: Uuid, details: serde_json::Value) -> Event {
    Event {
        name,
        action: Action::Update,
        resource_type: "ai_answers",
        resource_id: Some(answer.to_string()),
        details,
        risk: Risk::Low,
    }
}
