use serde_json::json;
use sigilo_domain::BRASILIA;
use sigilo_proof::envelope::Identifier;
use sigilo_store::{
    Action, Event, ReadTx, Risk, Session, WriteTx,
    keystore::{Keystore, Subject},
    patient::{self as rows, BriefRow, By},
};
use time::Date;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    Field, cells, entered,
    form::{age, day},
    keystore,
    register::index,
};
use crate::{App, Error, Result};

/// How many are shown.
const MOST: usize = 20;
const LONGEST: usize = 200;

/// What a list shows of a patient.
pub struct Brief {
    /// The patient.
    pub id: Uuid,
    /// The record's number.
    pub number: i64,
    /// Whether the clinic still treats the patient.
    pub is_active: bool,
    /// The name by which the patient is called.
    pub called: Zeroizing<String>,
    /// The name in the civil register, where the patient is called by another.
    pub civil_name: Option<Zeroizing<String>>,
    /// `AAAA-MM-DD`.
    pub birth_date: Zeroizing<String>,
    /// In whole years.
    pub age: Option<i32>,
    /// The mother's name.
    pub mother: Option<Zeroizing<String>>,
    /// In E.164.
    pub phone: Option<Zeroizing<String>>,
}

/// What was found.
pub struct Found {
    /// The likeliest first, twenty at most.
    pub patients: Vec<Brief>,
    /// Whether it is a search at all; without a text, those registered last are shown.
    pub searched: bool,
}

/// Finds patients by name or mother's name (parts of words, any order, without accents, with typing errors), CPF, CNS, telephone,
/// e-mail or the record's number; without a text, those registered last. Who was shown goes into the trail.
///
/// # Errors
/// [`Error::Invalid`] for `q` longer than 200 characters; [`Error::Forbidden`] for whom patients are no business of;
/// [`Error::Unavailable`] without the keystore.
pub async fn search(app: &App, session: &Session, text: &str) -> Result<Found> {
    let text = text.trim();
    if text.chars().count() > LONGEST {
        return Err(Error::field("q", "A busca pode ter até 200 caracteres."));
    }
    let keys = keystore(app)?;
    app.db()
        .write(session, async |tx: &WriteTx| {
            let clinic = entered(tx)?;
            let (by, mut found) = if text.is_empty() {
                ("latest", rows::latest(tx, 20).await?)
            } else {
                match by_number(tx, keys, clinic, text).await? {
                    Some(found) => found,
                    None => ("name", app.names().search(tx, keys, clinic, text, MOST).await?),
                }
            };
            found.truncate(MOST);
            let today = app.now().to_offset(BRASILIA).date();
            let patients = briefs(tx, keys, clinic, &found, Some(today)).await?;
            Ok((Found { patients, searched: !text.is_empty() }, listed(by, &found)))
        })
        .await
}

/// What a list shows of one patient, for a page on which they were chosen; none for another clinic's, or where nobody can tell
/// any more who it was. That they were shown goes into the trail.
///
/// # Errors
/// As [`search`].
pub async fn brief_of(app: &App, session: &Session, id: Uuid) -> Result<Option<Brief>> {
    let keys = keystore(app)?;
    app.db()
        .write(session, async |tx: &WriteTx| {
            let clinic = entered(tx)?;
            let today = app.now().to_offset(BRASILIA).date();
            let found = briefs(tx, keys, clinic, &[id], Some(today)).await?.pop();
            let shown: Vec<Uuid> = found.iter().map(|brief| brief.id).collect();
            Ok((found, listed("choice", &shown)))
        })
        .await
}

/// What is found by something that has one spelling. None when the text can only be a name.
async fn by_number(
    tx: &ReadTx,
    keys: &Keystore,
    clinic: Uuid,
    text: &str,
) -> Result<Option<(&'static str, Vec<Uuid>)>> {
    if !text.contains('@') && text.chars().any(char::is_alphabetic) {
        return Ok(None);
    }
    let Some(index) = index(keys, clinic).await? else { return Ok(Some(("number", Vec::new()))) };
    let tries = [
        ("email", index.index(Identifier::Email(text))),
        ("cpf", index.index(Identifier::Cpf(text))),
        ("cns", index.index(Identifier::Cns(text))),
        ("phone", index.index(Identifier::Phone(text))),
    ];
    let (mut what, mut found) = ("number", Vec::new());
    for (by, print) in tries {
        let Some(print) = print else { continue };
        let by_print = match by {
            "email" => By::Email(&print),
            "cpf" => By::Cpf(&print),
            "cns" => By::Cns(&print),
            _ => By::Phone(&print),
        };
        let more = rows::by(tx, by_print).await?;
        if !more.is_empty() {
            what = by;
            found.extend(more);
        }
    }
    if let Ok(number) = text.parse::<i64>() {
        found.extend(rows::by_number(tx, number).await?);
    }
    Ok(Some((what, found)))
}

/// What a list shows of some patients, in their order; with their age on a day.
pub(super) async fn briefs(
    tx: &ReadTx,
    keys: &Keystore,
    clinic: Uuid,
    of: &[Uuid],
    today: Option<Date>,
) -> Result<Vec<Brief>> {
    let mut rows = rows::briefs(tx, of).await?;
    rows.sort_by_key(|row| of.iter().position(|id| *id == row.id));
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        match brief(keys, Subject { clinic, subject: row.id }, row, today).await {
            // Whose keys were destroyed, or are not in this copy of the keystore, cannot be named; the others can.
            Err(Error::Conflict(_) | Error::NotFound) => {}
            brief => out.push(brief?),
        }
    }
    Ok(out)
}

async fn brief(keys: &Keystore, patient: Subject, row: BriefRow, today: Option<Date>) -> Result<Brief> {
    let open = async |field: Field, sealed: Option<Vec<u8>>| match sealed {
        Some(sealed) => cells::open(keys, patient, field, &sealed).await.map(Some),
        None => Ok(None),
    };
    let full = open(Field::FullName, Some(row.full_name_sealed)).await?.unwrap_or_default();
    let social = open(Field::SocialName, row.social_name_sealed).await?;
    let birth_date = open(Field::BirthDate, Some(row.birth_date_sealed)).await?.unwrap_or_default();
    let (called, civil_name) = match social {
        Some(social) => (social, Some(full)),
        None => (full, None),
    };
    Ok(Brief {
        id: row.id,
        number: row.medical_record_number,
        is_active: row.is_active,
        called,
        civil_name,
        age: day(&birth_date).zip(today).map(|(birth, today)| age(birth, today)),
        birth_date,
        mother: open(Field::MotherName, row.mother_name_sealed).await?,
        phone: open(Field::PhonePrimary, row.phone_primary_sealed).await?,
    })
}

/// That patients were shown in a list: which, and what they were found by; never what was typed.
pub(super) fn listed(by: &'static str, patients: &[Uuid]) -> Event {
    Event {
        name: "patients_listed",
        action: Action::View,
        resource_type: "patient_list",
        resource_id: None,
        details: json!({ "by": by, "patients": patients }),
        risk: Risk::Low,
    }
}
