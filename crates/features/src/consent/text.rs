//! Texts on their way through review: written, reviewed with notes, approved by somebody else, retired.

use serde_json::json;
use similar::{ChangeTag, TextDiff};
use uuid::Uuid;

use sigilo_domain::consent::{CONSENT_TYPES, Purpose};
use sigilo_store::{Action, Event, ReadTx, Risk, Session, WriteTx, consent_text as rows};

pub use sigilo_store::consent_text::{Content, Version};

use super::refused;
use crate::{App, Error, FieldError, Result, session::answers_for_clinic};

/// A step of the review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A draft was read and found right, with notes.
    Review,
    /// Back to be written.
    Reopen,
    /// May be shown from now on.
    Approve,
    /// No longer shown. What was agreed to stays agreed to.
    Retire,
}

impl Step {
    /// The step with this code.
    pub fn from_code(code: &str) -> Option<Step> {
        Some(match code {
            "revisar" => Step::Review,
            "reabrir" => Step::Reopen,
            "aprovar" => Step::Approve,
            "retirar" => Step::Retire,
            _ => return None,
        })
    }

    fn to(self) -> &'static str {
        match self {
            Step::Review => "reviewed",
            Step::Reopen => "draft",
            Step::Approve => "approved",
            Step::Retire => "retired",
        }
    }
}

/// A piece of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Added, removed, or as it was.
    pub change: Change,
    /// The words.
    pub words: String,
}

/// What happened to a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "their names say it")]
pub enum Change {
    Same,
    Added,
    Removed,
}

/// What changed from one text to another, word by word.
pub fn compare(old: &str, new: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for one in TextDiff::from_words(old, new).iter_all_changes() {
        let change = match one.tag() {
            ChangeTag::Equal => Change::Same,
            ChangeTag::Insert => Change::Added,
            ChangeTag::Delete => Change::Removed,
        };
        match pieces.last_mut().filter(|last| last.change == change) {
            Some(last) => last.words.push_str(one.value()),
            None => pieces.push(Piece { change, words: one.value().to_owned() }),
        }
    }
    pieces
}

/// Every text in the clinic's sight, by kind, latest first.
///
/// # Errors
/// [`Error::Forbidden`] for who does not answer for the clinic.
pub async fn list(app: &App, session: &Session) -> Result<Vec<Version>> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            Ok((rows::all(tx).await?, event("consent_texts_viewed", Action::View, None, json!({}))))
        })
        .await
}

/// One of them, with the one in force to compare it with.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Forbidden`].
pub async fn open(app: &App, session: &Session, id: Uuid) -> Result<(Version, Option<Version>)> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            manages(tx)?;
            let one = rows::one(tx, id).await?;
            let all = rows::all(tx).await?;
            let same = |other: &&Version| {
                other.consent_type == one.consent_type
                    && other.language == one.language
                    && other.status == "approved"
                    && other.id != one.id
            };
            let current = all.iter().filter(same).max_by_key(|other| other.clinic_id.is_some()).cloned();
            Ok((one, current))
        })
        .await
}

/// Writes a new draft, or changes one. Returns its identifier.
///
/// # Errors
/// [`Error::Invalid`] by field; [`Error::Conflict`] for a version that exists or a text that is no draft any more.
pub async fn write(app: &App, session: &Session, id: Option<Uuid>, content: &Content) -> Result<Uuid> {
    check(content)?;
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            let id = match id {
                None => rows::draft(tx, content).await.map_err(refused)?,
                Some(id) if rows::change(tx, id, content).await.map_err(refused)? => id,
                Some(_) => return Err(Error::Conflict("Este texto já passou desta etapa.")),
            };
            let details = json!({ "consent_type": content.consent_type, "version": content.version });
            Ok((id, event("consent_text_written", Action::Update, Some(id), details)))
        })
        .await
}

/// Takes a text one step on, from the state it was seen in.
///
/// # Errors
/// [`Error::Conflict`] for a step that may not be taken, not by this person, or no longer.
pub async fn advance(app: &App, session: &Session, id: Uuid, from: &str, step: Step, notes: &str) -> Result<()> {
    let notes = notes.trim();
    if step == Step::Review && !(10..=4000).contains(&notes.chars().count()) {
        return Err(Error::field("notas", "Escreva a nota da revisão, com pelo menos 10 caracteres."));
    }
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            let kept = (step == Step::Review).then_some(notes);
            if !rows::advance(tx, id, from, step.to(), kept).await.map_err(refused)? {
                return Err(Error::Conflict("Este texto já passou desta etapa."));
            }
            Ok(((), event("consent_text_moved", Action::Update, Some(id), json!({ "to": step.to() }))))
        })
        .await
}

fn check(content: &Content) -> Result<()> {
    let mut wrong = Vec::new();
    let mut long = |field, text: &str, range: std::ops::RangeInclusive<usize>| {
        if !range.contains(&text.trim().chars().count()) || text.chars().any(|c| c.is_control() && c != '\n') {
            let sentence = format!("Escreva de {} a {} caracteres.", range.start(), range.end());
            wrong.push(FieldError::new(field, sentence));
        }
    };
    long("titulo", &content.title, 3..=200);
    long("resumo", &content.summary, 10..=500);
    long("texto", &content.body, 50..=20_000);
    long("finalidade", &content.purpose, 3..=300);
    long("base", &content.legal_basis, 3..=200);
    long("guarda", &content.retention_justification, 10..=1000);
    let version = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !(1..=20).contains(&content.version.len()) || !content.version.chars().all(version) {
        wrong.push(FieldError::new("versao", "Use até 20 letras, números e pontos, como 1.1."));
    }
    if !CONSENT_TYPES.iter().any(|(code, _)| *code == content.consent_type) {
        wrong.push(FieldError::new("tipo", "Escolha o que o texto pede."));
    }
    let fits = |code: &String| Purpose::from_code(code).is_some_and(|one| one.consent_type() == content.consent_type);
    if content.purposes.is_empty() || !content.purposes.iter().all(fits) {
        wrong.push(FieldError::new("finalidades", "Escolha ao menos uma finalidade."));
    }
    if !(1..=20).contains(&content.data_categories.len()) {
        wrong.push(FieldError::new("categorias", "Diga de 1 a 20 categorias de dados."));
    }
    if content.valid_months.is_some_and(|months| !(1..=240).contains(&months)) {
        wrong.push(FieldError::new("meses", "O prazo vai de 1 a 240 meses."));
    }
    // Whoever may withdraw must be told so (LGPD art. 8, § 5, and art. 9).
    if !content.body.contains("revogar") {
        wrong.push(FieldError::new("texto", "Diga no texto que a pessoa pode revogar a qualquer momento."));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
}

fn manages(tx: &ReadTx) -> Result<()> {
    if answers_for_clinic(tx) {
        return Ok(());
    }
    Err(Error::Forbidden("Só o responsável pela clínica e o encarregado cuidam dos textos."))
}

fn event(name: &'static str, action: Action, id: Option<Uuid>, details: serde_json::Value) -> Event {
    Event {
        name,
        action,
        resource_type: "consent_texts",
        resource_id: id.map(|id| id.to_string()),
        details,
        risk: Risk::Medium,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_names_the_words_that_changed() {
        let pieces = compare("Guardamos por 5 anos.", "Guardamos por 6 anos.");
        let of = |change| pieces.iter().filter(|one| one.change == change).map(|one| &*one.words).collect::<String>();
        assert_eq!((of(Change::Removed).as_str(), of(Change::Added).as_str()), ("5", "6"));
        assert_eq!(of(Change::Same) + "", "Guardamos por  anos.");
        assert!(compare("", "").is_empty());
    }
}
