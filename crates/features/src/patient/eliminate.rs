//! The end of a patient's registration, for good: asked by one person, decided by another, carried out by a job that destroys
//! the patient's key and signs a receipt.

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use sigilo_store::{
    Action, Error as StoreError, Event, ReadTx, Risk, Session, WriteTx,
    elimination::{self as rows, Waiting},
    job, patient,
};

pub use sigilo_store::elimination::{Decision, Elimination};

use crate::{
    App, Error, Result,
    rights::{self, Receipt},
    session::answers_for_clinic,
};

/// Why a registration goes, by code.
pub const REASONS: [(&str, &str); 3] = [
    ("subject_request", "A pessoa pediu (LGPD, art. 18, VI)"),
    ("mistaken_registration", "Cadastro feito por engano (LGPD, art. 16)"),
    ("term_over", "Passaram 20 anos do último registro (Lei 13.787/2018, art. 6º)"),
];

/// What becomes of each thing: what, what happens, and why with the article.
pub const FATES: [(&str, &str, &str); 6] = [
    (
        "Identificação: nomes, nascimento, documentos, contatos, endereço e responsável",
        "Apagada",
        "É o que se elimina (LGPD, art. 18, VI)",
    ),
    (
        "Resumos com que o CPF, o cartão SUS, os telefones e o e-mail são achados",
        "Apagados",
        "Levariam de volta à pessoa (LGPD, art. 12)",
    ),
    (
        "A chave do paciente",
        "Destruída, e de novo em toda cópia que for devolvida",
        "O que foi cifrado com ela deixa de abrir (LGPD, art. 16). Cópias antigas do banco de chaves a têm até serem descartadas",
    ),
    (
        "Consentimentos em vigor",
        "Revogados; as provas ficam cinco anos, sem que o nome se leia",
        "Quem prova o consentimento é a clínica (LGPD, art. 8º, § 2º)",
    ),
    (
        "O número do prontuário, as datas e quem o cadastrou",
        "Ficam",
        "Para que nenhum número se repita e a trilha se entenda (LGPD, art. 37)",
    ),
    (
        "A trilha de auditoria e o registro desta eliminação, com o recibo",
        "Ficam, sem nada que diga quem era",
        "A própria eliminação tem de ser registrada (Lei 13.787/2018, art. 6º, § 4º; LGPD, art. 16, I)",
    ),
];

/// A registration that is no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone {
    /// When it was eliminated.
    pub at: OffsetDateTime,
    /// Whether its receipt is signed.
    pub receipt: bool,
}

/// What was asked, decided and done in the clinic, what waits in front.
///
/// # Errors
/// [`Error::Forbidden`] for who answers for nothing.
pub async fn eliminations(app: &App, session: &Session) -> Result<Vec<Elimination>> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            manages(tx)?;
            Ok(rows::all(tx).await?)
        })
        .await
}

/// Asks that a registration goes. The record's number is typed, from its page (`of`) to be sure, from the desk to name it.
///
/// # Errors
/// [`Error::Invalid`] by field; [`Error::Conflict`] for what must stay, and for what was asked or done already;
/// [`Error::NotFound`] for another clinic's patient; [`Error::Forbidden`] for who answers for nothing.
pub async fn ask_elimination(
    app: &App,
    session: &Session,
    of: Option<Uuid>,
    number: &str,
    reason: &str,
    note: &str,
) -> Result<()> {
    let reason = REASONS.iter().find(|(code, _)| *code == reason).map(|(code, _)| *code);
    let reason = reason.ok_or_else(|| Error::field("motivo", "Escolha o motivo."))?;
    let note = sentence(note, "fundamento")?;
    let number = number.trim().parse::<i64>().ok();
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            if let Some(id) = of {
                patient::one(tx, id).await?;
            }
            let found = match number {
                Some(number) => patient::by_number(tx, number).await?.first().copied(),
                None => None,
            };
            let Some(id) = found.filter(|found| of.is_none_or(|of| of == *found)) else {
                let wrong = match of {
                    Some(_) => "Digite o número deste prontuário, para confirmar que é ele.",
                    None => "A clínica não tem prontuário com este número.",
                };
                return Err(Error::field("numero", wrong));
            };
            let asked = rows::ask(tx, id, reason, note).await.map_err(|error| refused(error, None))?;
            let details = json!({ "elimination": asked, "reason": reason });
            Ok(((), event("patient_elimination_asked", Action::Create, id, details)))
        })
        .await
}

/// Decides what was asked. What is approved is carried out at once, as far as it may.
///
/// # Errors
/// [`Error::Invalid`] for a refusal without a note; [`Error::Conflict`] for who asked, for what must stay, and for what is decided;
/// [`Error::NotFound`] for another clinic's.
pub async fn decide_elimination(app: &App, session: &Session, id: Uuid, decision: Decision, note: &str) -> Result<()> {
    let note = match (decision, note.trim()) {
        (Decision::Approved | Decision::Withdrawn, "") => None,
        (_, note) => Some(sentence(note, "nota")?),
    };
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            let decided = rows::decide(tx, id, decision, note).await;
            let patient = decided.map_err(|error| refused(error, Some(decision)))?;
            let name = match decision {
                Decision::Approved => "patient_elimination_approved",
                Decision::Refused => "patient_elimination_refused",
                Decision::Withdrawn => "patient_elimination_withdrawn",
            };
            Ok::<_, Error>(((), event(name, Action::Update, patient, json!({ "elimination": id }))))
        })
        .await?;
    if decision == Decision::Approved {
        // Not only when the scheduler next looks: whoever approved is waiting for it.
        let app = app.clone();
        tokio::spawn(async move {
            if let Err(error) = carry_out(&app).await {
                tracing::warn!(%error, "an approved elimination waits for the scheduler");
            }
        });
    }
    Ok(())
}

async fn carry_out(app: &App) -> Result<()> {
    job::eliminate(app.db()).await?;
    rights::close_due(app).await.map(drop)
}

/// The signed receipt of a patient's elimination.
///
/// # Errors
/// [`Error::NotFound`] before it is signed, for another clinic's, and for who neither sees patients nor answers for the clinic.
pub async fn elimination_receipt(app: &App, session: &Session, patient: Uuid) -> Result<Receipt> {
    let key = rights::public_key(app)?;
    let signed = app.db().read(session, async |tx: &ReadTx| Ok::<_, Error>(rows::receipt(tx, patient).await?)).await?;
    let (Some(receipt), Some(signature)) = (signed.receipt, signed.receipt_signature) else {
        return Err(Error::NotFound);
    };
    Ok(Receipt { receipt, signature, key })
}

/// What the receipt of an elimination says: what was done, without a word about whom.
pub(crate) fn receipt(done: &Waiting) -> Value {
    let at = |instant: Option<OffsetDateTime>| instant.and_then(|at| at.format(&Rfc3339).ok());
    json!({
        "tipo": "eliminacao-de-cadastro-de-paciente",
        "versao": 1,
        "eliminacao": done.id,
        "titular": done.patient_id,
        "prontuario": done.medical_record_number,
        "motivo": REASONS.iter().find(|(code, _)| *code == done.reason).map(|(_, label)| *label),
        "pedida_em": at(Some(done.asked_at)),
        "aprovada_em": at(done.decided_at),
        "executada_em": at(done.executed_at),
        "apagado": done.done,
        "chaves_destruidas_em": at(done.keys_destroyed_at),
        "destino": FATES.iter().map(|(what, fate, why)| json!({ "o_que": what, "destino": fate, "por_que": why })).collect::<Vec<_>>(),
    })
}

/// Refuses who answers for nothing.
fn manages(tx: &ReadTx) -> Result<()> {
    if answers_for_clinic(tx) {
        return Ok(());
    }
    Err(Error::Forbidden("O cadastro de um paciente só é eliminado por quem responde pela clínica ou pelos dados."))
}

/// Why the database refused, for the page.
fn refused(error: StoreError, decision: Option<Decision>) -> Error {
    let rule = match &error {
        StoreError::Rule(rule) => rule.as_str(),
        StoreError::Duplicate(_) => {
            return Error::Conflict("A eliminação deste cadastro já foi pedida ou já foi feita.");
        }
        _ => return error.into(),
    };
    Error::Conflict(match (rule, decision) {
        ("eliminations_held", _) => {
            "Os dados deste paciente estão em guarda legal. Encerre a guarda em Conformidade → Guarda legal, se ela já não for precisa."
        }
        ("eliminations_record", _) => {
            "Este paciente tem registros de prontuário que a lei manda guardar por 20 anos (Lei 13.787/2018, art. 6º). O cadastro fica com eles."
        }
        ("eliminations_expected", _) => {
            "Este paciente tem atendimentos marcados. Cancele-os antes de eliminar o cadastro."
        }
        ("eliminations_term", _) => {
            "Ainda não passaram 20 anos do último registro deste prontuário (Lei 13.787/2018, art. 6º)."
        }
        ("eliminations_second_look" | "eliminations_two_people", Some(Decision::Withdrawn)) => {
            "Só quem pediu a eliminação retira o pedido. Você pode recusá-lo."
        }
        ("eliminations_second_look" | "eliminations_two_people", _) => {
            "Quem pediu a eliminação não a decide: peça a outra pessoa que responda pela clínica ou pelos dados. Você pode retirar o pedido."
        }
        ("eliminations_states", _) => "Esta eliminação já foi decidida.",
        _ => return error.into(),
    })
}

fn sentence<'a>(text: &'a str, field: &'static str) -> Result<&'a str> {
    let text = text.trim();
    if (10..=1000).contains(&text.chars().count()) {
        return Ok(text);
    }
    Err(Error::field(field, "Diga por quê, em 10 a 1.000 caracteres, sem dados do paciente."))
}

fn event(name: &'static str, action: Action, patient: Uuid, details: Value) -> Event {
    let resource_id = Some(patient.to_string());
    Event { name, action, resource_type: "patients", resource_id, details, risk: Risk::High }
}
