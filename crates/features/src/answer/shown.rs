//! Stored answers, as they are shown.

use std::collections::HashMap;

use time::OffsetDateTime;
use uuid::Uuid;

use sigilo_assistant::{answer::Answer, verify::Check};
use sigilo_citations::Cited;
use sigilo_store::{
    ReadTx, Session,
    answer::{self as rows, CheckRow, ReviewRow, StoredRow},
};

use crate::{App, Error, Result};

/// A reference with its last verification.
#[derive(Debug, Clone)]
pub struct Reference {
    /// As cited.
    pub cited: Cited,
    /// What became of it.
    pub check: Check,
    /// When that was found out.
    pub checked_at: OffsetDateTime,
}

/// A stored answer.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The answer.
    pub id: Uuid,
    /// The message it answers.
    pub question: Uuid,
    /// Whether it came to its end.
    pub complete: bool,
    /// Its parts; `referencias` as cited.
    pub answer: Answer,
    /// Its references in order, verified.
    pub references: Vec<Reference>,
    /// The model as configured.
    pub model: String,
    /// `anthropic`, `openai` or `conhecimento_local`.
    pub provider: String,
    /// How it was made, in Portuguese.
    pub explanation: String,
    /// Whether a browser confirmed the disclaimer.
    pub disclaimer_shown: bool,
    /// Whether the doctor decided on it.
    pub confirmed: bool,
    /// What the doctor did with it, oldest first; without technical confirmations.
    pub reviews: Vec<ReviewRow>,
    /// From the question to the end, in milliseconds.
    pub processing_time_ms: i32,
    /// When it was stored.
    pub created_at: OffsetDateTime,
}

impl Shown {
    /// The last decision on a part, or on the answer as a whole (`resposta`).
    pub fn decision(&self, section: &str) -> Option<&ReviewRow> {
        self.reviews
            .iter()
            .rev()
            .find(|event| event.section == section && ["accepted", "edited", "rejected"].contains(&event.kind.as_str()))
    }

    /// The hypothesis that the doctor confirmed; 0 for none of them.
    pub fn outcome(&self) -> Option<i32> {
        self.reviews.iter().rev().find_map(|event| event.outcome)
    }

    fn new(row: StoredRow, checks: Vec<CheckRow>, reviews: Vec<ReviewRow>) -> Result<Shown> {
        let broken = |error: serde_json::Error| {
            tracing::error!(%error, "stored answer");
            Error::Internal
        };
        let references = checks
            .into_iter()
            .map(|check| {
                Ok(Reference {
                    cited: serde_json::from_value(check.cited).map_err(broken)?,
                    check: serde_json::from_value(check.findings).map_err(broken)?,
                    checked_at: check.created_at,
                })
            })
            .collect::<Result<_>>()?;
        Ok(Shown {
            id: row.message_id,
            question: row.question_id,
            complete: row.state == "complete",
            answer: serde_json::from_value(row.structure).map_err(broken)?,
            references,
            model: row.ai_model_used,
            provider: row.provider.unwrap_or_default(),
            explanation: row.explanation_content,
            disclaimer_shown: row.disclaimer_shown,
            confirmed: row.human_in_the_loop_confirmed,
            reviews: reviews.into_iter().filter(|event| event.kind != super::review::DISCLAIMER_RENDERED).collect(),
            processing_time_ms: row.processing_time_ms.unwrap_or(0),
            created_at: row.created_at,
        })
    }
}

/// The answers of a conversation, by message.
pub(crate) async fn of_conversation(tx: &ReadTx, conversation: Uuid) -> Result<HashMap<Uuid, Shown>> {
    assemble(tx, rows::stored(tx, conversation).await?).await.map(|all| all.into_iter().map(|a| (a.id, a)).collect())
}

/// One answer of the doctor's.
///
/// # Errors
/// [`Error::NotFound`] when the doctor has none with this identifier.
pub async fn one(app: &App, session: &Session, answer: Uuid) -> Result<Shown> {
    app.db().read(session, async |tx: &ReadTx| load(tx, answer).await).await
}

pub(super) async fn load(tx: &ReadTx, answer: Uuid) -> Result<Shown> {
    let row = rows::one(tx, answer).await?;
    assemble(tx, vec![row]).await?.pop().ok_or(Error::NotFound)
}

async fn assemble(tx: &ReadTx, stored: Vec<StoredRow>) -> Result<Vec<Shown>> {
    if stored.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = stored.iter().map(|row| row.message_id).collect();
    let mut checks: HashMap<Uuid, Vec<CheckRow>> = HashMap::new();
    for check in rows::checks(tx, &ids).await? {
        checks.entry(check.message_id).or_default().push(check);
    }
    let mut reviews: HashMap<Uuid, Vec<ReviewRow>> = HashMap::new();
    for event in rows::reviews(tx, &ids).await? {
        reviews.entry(event.message_id).or_default().push(event);
    }
    stored
        .into_iter()
        .map(|row| {
            let id = row.message_id;
            Shown::new(row, checks.remove(&id).unwrap_or_default(), reviews.remove(&id).unwrap_or_default())
        })
        .collect()
}
