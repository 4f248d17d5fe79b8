//! Legal holds: data that must be kept, whoever asks for its deletion (LGPD, art. 16, I).

use serde_json::json;
use time::Date;
use uuid::Uuid;

use sigilo_domain::BRASILIA;
use sigilo_store::{
    Action, Error as StoreError, Event, ReadTx, Risk, Session, WriteTx, legal_hold as rows, patient, rights::subjects,
};

pub use sigilo_store::{legal_hold::LegalHold, rights::Subject};

use super::desk::manages;
use crate::{App, Error, Result};

/// Why the law wants data kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// LGPD, art. 16, I.
    LegalDuty,
    /// LGPD, art. 7, VI.
    ExerciseOfRights,
    /// An order of a court or another authority.
    Authority,
}

impl Basis {
    /// All of them.
    pub const ALL: [Basis; 3] = [Basis::LegalDuty, Basis::ExerciseOfRights, Basis::Authority];

    /// Its name in the database.
    pub fn code(self) -> &'static str {
        match self {
            Basis::LegalDuty => "legal_duty",
            Basis::ExerciseOfRights => "exercise_of_rights",
            Basis::Authority => "authority",
        }
    }

    /// For people, with the article.
    pub fn label(self) -> &'static str {
        match self {
            Basis::LegalDuty => "Obrigação legal ou regulatória (LGPD, art. 16, I)",
            Basis::ExerciseOfRights => "Processo em curso ou anunciado (LGPD, art. 7º, VI)",
            Basis::Authority => "Ordem de juiz ou de outra autoridade",
        }
    }

    /// The basis of a code.
    pub fn from_code(code: &str) -> Option<Basis> {
        Basis::ALL.into_iter().find(|basis| basis.code() == code)
    }
}

/// The clinic's legal holds, open ones in front, and the people on whom one can be placed.
///
/// # Errors
/// [`Error::Forbidden`] for who answers for nothing.
pub async fn holds(app: &App, session: &Session) -> Result<(Vec<LegalHold>, Vec<Subject>)> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            manages(tx)?;
            let people = subjects(tx).await?;
            Ok((rows::all(tx).await?, people))
        })
        .await
}

/// Holds a person's data until somebody releases it: no deletion of theirs is approved or goes on meanwhile.
///
/// # Errors
/// [`Error::Invalid`] by field; [`Error::Forbidden`] for who answers for nothing.
pub async fn place_hold(
    app: &App,
    session: &Session,
    subject: Option<Uuid>,
    basis: &str,
    reason: &str,
    review_on: Option<Date>,
) -> Result<()> {
    let subject = subject.ok_or_else(|| Error::field("titular", "Escolha de quem são os dados."))?;
    let (basis, reason, review_on) = checked(app, basis, reason, review_on)?;
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            let id = match rows::place(tx, subject, basis.code(), reason, review_on).await {
                Err(StoreError::Rule(_) | StoreError::Denied) => {
                    return Err(Error::field(
                        "titular",
                        "Escolha outra pessoa da clínica; ninguém guarda os próprios dados.",
                    ));
                }
                other => other?,
            };
            Ok(((), event("legal_hold_placed", Action::Create, id)))
        })
        .await
}

/// Holds the data of the patient with a record's number: the registration is not eliminated meanwhile.
///
/// # Errors
/// As [`place_hold`]; [`Error::Conflict`] for a patient who was eliminated.
pub async fn place_patient_hold(
    app: &App,
    session: &Session,
    number: &str,
    basis: &str,
    reason: &str,
    review_on: Option<Date>,
) -> Result<()> {
    let number = number.trim().parse::<i64>().ok();
    let (basis, reason, review_on) = checked(app, basis, reason, review_on)?;
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            let found = match number {
                Some(number) => patient::by_number(tx, number).await?.first().copied(),
                None => None,
            };
            let wrong = || Error::field("prontuario", "A clínica não tem prontuário com este número.");
            let patient = found.ok_or_else(wrong)?;
            if patient::one(tx, patient).await?.data_anonymized_at.is_some() {
                return Err(Error::Conflict("O cadastro deste paciente já foi eliminado: não há o que guardar."));
            }
            let id = rows::place_on_patient(tx, patient, basis.code(), reason, review_on).await?;
            Ok(((), event("legal_hold_placed", Action::Create, id)))
        })
        .await
}

fn checked<'a>(app: &App, basis: &str, reason: &'a str, review_on: Option<Date>) -> Result<(Basis, &'a str, Date)> {
    let basis = Basis::from_code(basis).ok_or_else(|| Error::field("fundamento", "Escolha o fundamento."))?;
    let reason = sentence(reason, "motivo")?;
    let today = app.now().to_offset(BRASILIA).date();
    let review_on = review_on
        .filter(|day| *day > today && (*day - today).whole_days() <= 366)
        .ok_or_else(|| Error::field("revisao", "Escolha um dia a partir de amanhã, até daqui a um ano."))?;
    Ok((basis, reason, review_on))
}

/// Releases a hold.
///
/// # Errors
/// [`Error::Invalid`] for the reason; [`Error::Conflict`] when it was released; [`Error::NotFound`] for another clinic's.
pub async fn release_hold(app: &App, session: &Session, id: Uuid, reason: &str) -> Result<()> {
    let reason = sentence(reason, "motivo_fim")?;
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            match rows::release(tx, id, reason).await {
                Err(StoreError::Rule(_)) => return Err(Error::Conflict("Esta guarda já foi encerrada.")),
                other => other?,
            }
            Ok(((), event("legal_hold_released", Action::Update, id)))
        })
        .await
}

fn sentence<'a>(text: &'a str, field: &'static str) -> Result<&'a str> {
    let text = text.trim();
    if (10..=1000).contains(&text.chars().count()) {
        return Ok(text);
    }
    Err(Error::field(field, "Diga por quê, em 10 a 1.000 caracteres, sem dados de pacientes."))
}

fn event(name: &'static str, action: Action, id: Uuid) -> Event {
    let resource_id = Some(id.to_string());
    Event { name, action, resource_type: "legal_holds", resource_id, details: json!({}), risk: Risk::Medium }
}
