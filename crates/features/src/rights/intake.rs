//! Requests that came another way than through the subject's own account: by letter, at the counter, by e-mail, by the
//! subject or by a representative (LGPD art. 18, § 3).

use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use zeroize::Zeroizing;

use sigilo_domain::arrival::{CHANNELS, IDENTITY_CHECKS, REPRESENTATIONS, label};
use sigilo_domain::{SubjectRight, name};
use sigilo_store::{Action, Error as StoreError, ReadTx, Session, Token, WriteTx, rights as rows};

use super::desk::manages;
use super::evidence::{self, MAX_FILE, kind_of};
use super::{MAX_DESCRIPTION, event};
use crate::{App, Error, FieldError, Result, new_token};

/// How far back a request may have been received, in days.
pub const MAX_AGE_DAYS: i64 = 30;

/// What is typed of a request that came another way.
#[derive(Default)]
pub struct Arrival {
    /// The identifier that the form brought along: the same form sent twice is one request.
    pub id: Option<Uuid>,
    /// Whose rights.
    pub subject: Option<Uuid>,
    /// The right's code.
    pub right: String,
    /// What was asked for.
    pub description: String,
    /// How it came, by code.
    pub channel: String,
    /// The beginning of the day on which it was received.
    pub received_at: Option<OffsetDateTime>,
    /// How it was made sure who asked, by code.
    pub identity: String,
    /// By what somebody else asked, by code; empty: the subject in person.
    pub representation: String,
    /// Who asked, where it was somebody else.
    pub representative: String,
    /// The evidence; empty where none was chosen.
    pub file: Zeroizing<Vec<u8>>,
}

/// A member for whom a request may be written down.
pub use sigilo_store::rights::Subject;

/// Members for whom the reader may write a request down: everybody else of the clinic whose account was not deleted.
///
/// # Errors
/// [`Error::Forbidden`] for who answers for nothing.
pub async fn subjects(app: &App, session: &Session) -> Result<Vec<Subject>> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            manages(tx)?;
            Ok(rows::subjects(tx).await?)
        })
        .await
}

/// Writes a request down. Its clocks run from the day on which it was received. The link lets whoever asked follow it.
///
/// # Errors
/// [`Error::Invalid`] by field; [`Error::Conflict`] for a form that was sent already or a second deletion;
/// [`Error::Forbidden`] for who answers for nothing.
pub async fn register(app: &App, session: &Session, new: &Arrival) -> Result<Token> {
    let link = new_token();
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            let people = rows::subjects(tx).await?;
            let subject = new.subject.filter(|id| people.iter().any(|one| one.user_id == *id));
            let checked = check(new, subject.is_some(), app.now()).map_err(Error::Invalid)?;
            let (Some(subject), Some(id)) = (subject, new.id) else {
                return Err(Error::Conflict("O formulário chegou incompleto. Abra-o de novo."));
            };
            let row = rows::NewRequest {
                id,
                subject,
                right: checked.right,
                description: &checked.description,
                received_at: checked.received_at,
                channel: &new.channel,
                identity: &new.identity,
            };
            match rows::register(tx, &row, &link).await {
                Err(StoreError::Duplicate(index)) if index == "requests_one_deletion" => {
                    return Err(Error::Conflict("Já há um pedido aberto de exclusão da conta desta pessoa."));
                }
                Err(StoreError::Duplicate(_)) => {
                    return Err(Error::Conflict("Este pedido já foi registrado; veja-o na lista de pedidos."));
                }
                Err(StoreError::Rule(rule)) if rule == "requests_received" => {
                    return Err(Error::field("recebido", RECEIVED));
                }
                other => other?,
            }
            if let Some(kind) = checked.file {
                let by = checked.representative.as_deref().map(|name| (new.representation.as_str(), name));
                evidence::keep(app, tx, id, by, (&new.file, kind)).await?;
            }
            let details = json!({
                "right": checked.right.code(),
                "channel": new.channel,
                "identity_check": new.identity,
                "representation": checked.representative.as_ref().map(|_| new.representation.as_str()),
            });
            Ok(((), event("subject_request_registered", Action::Create, id, details)))
        })
        .await?;
    Ok(link)
}

const RECEIVED: &str = "Informe o dia em que o pedido chegou: hoje ou até 30 dias atrás, nunca no futuro.";

/// What was typed, after all was found well.
struct Checked {
    right: SubjectRight,
    description: String,
    received_at: OffsetDateTime,
    representative: Option<String>,
    file: Option<&'static str>,
}

fn check(new: &Arrival, known: bool, now: OffsetDateTime) -> std::result::Result<Checked, Vec<FieldError>> {
    let mut wrong = Vec::new();
    if !known {
        wrong.push(FieldError::new("titular", "Escolha a pessoa a quem os dados pertencem."));
    }
    let right = SubjectRight::from_code(&new.right);
    if right.is_none() {
        wrong.push(FieldError::new("direito", "Escolha o que foi pedido."));
    }
    let description = new.description.trim().to_owned();
    if !(10..=MAX_DESCRIPTION).contains(&description.chars().count()) {
        wrong.push(FieldError::new("descricao", "Resuma o que foi pedido, em 10 a 4.000 caracteres."));
    }
    if label(&CHANNELS, &new.channel).is_none() {
        wrong.push(FieldError::new("canal", "Escolha como o pedido chegou."));
    }
    let oldest = now - Duration::days(MAX_AGE_DAYS + 1);
    let received_at = new.received_at.filter(|at| *at <= now && *at > oldest);
    if received_at.is_none() {
        wrong.push(FieldError::new("recebido", RECEIVED));
    }
    if label(&IDENTITY_CHECKS, &new.identity).is_none() {
        wrong.push(FieldError::new("identidade", "Escolha como a identidade foi conferida."));
    }
    let mut representative = None;
    if !new.representation.is_empty() {
        if label(&REPRESENTATIONS, &new.representation).is_none() {
            wrong.push(FieldError::new("representacao", "Escolha quem fez o pedido."));
        }
        match name::full_name(&new.representative) {
            Ok(name) => representative = Some(name),
            Err(message) => wrong.push(FieldError::new("representante", message)),
        }
    } else if !new.representative.trim().is_empty() {
        wrong.push(FieldError::new(
            "representacao",
            "Diga a que título o representante fez o pedido, ou apague o nome.",
        ));
    }
    let file = match (new.file.len(), kind_of(&new.file)) {
        (0, _) if new.representation.is_empty() => None,
        (0, _) => {
            wrong.push(FieldError::new("prova", "Anexe o documento que prova a representação."));
            None
        }
        (size, _) if size > MAX_FILE => {
            wrong.push(FieldError::new("prova", "O arquivo passa de 5 MB. Digitalize com menos resolução."));
            None
        }
        (_, None) => {
            wrong.push(FieldError::new("prova", "O arquivo não é PDF, JPEG nem PNG. Confira se é o arquivo certo."));
            None
        }
        (_, kind) => kind,
    };
    match (wrong.is_empty(), right, received_at) {
        (true, Some(right), Some(received_at)) => Ok(Checked { right, description, received_at, representative, file }),
        _ => Err(wrong),
    }
}
