use data_encoding::BASE64;
use serde_json::json;
use sigilo_domain::{
    ConsentType,
    consent::{Purpose, minor},
};
use sigilo_proof::{consent::SignatureKind, icp::Cpf};
use sigilo_store::{
    Action, Session, WriteTx,
    consent::{self as rows, Act, Text},
    keystore::Subject,
};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Document, Field, cells, entered, form::day, keystore, living, register::event};
use crate::{
    App, Error, Result,
    consent::{self, Grant, LANGUAGE, RepresentativeForm},
};

/// What a patient can agree to, and how it stands.
pub struct Offer {
    /// The text in force.
    pub text: Text,
    /// The live act, if there is one.
    pub live: Option<Act>,
    /// Acts that have ended, newest first.
    pub past: Vec<Act>,
}

/// A patient's consents.
pub struct Consents {
    /// The patient.
    pub id: Uuid,
    /// The record's number.
    pub number: i64,
    /// Who it is about.
    pub document: Document,
    /// Whether somebody must decide for the patient.
    pub minor: bool,
    /// What there is to agree to: the clinic's approved texts.
    pub offers: Vec<Offer>,
    /// Live acts to which no text is in force any more.
    pub others: Vec<Act>,
}

/// How the patient themselves signed.
pub enum OwnSignature {
    /// Not at all.
    None,
    /// On the screen: a PNG.
    Drawn(Zeroizing<Vec<u8>>),
    /// On paper: what was scanned.
    Paper(Zeroizing<Vec<u8>>),
}

impl OwnSignature {
    /// As a form brings it: `drawing` is the address of a drawn PNG (`data:image/png;base64,…`), `scan` a file. The scan goes
    /// before the drawing.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a drawing that is none.
    pub fn of_form(drawing: &str, scan: Zeroizing<Vec<u8>>) -> Result<OwnSignature> {
        if !scan.is_empty() {
            return Ok(OwnSignature::Paper(scan));
        }
        if drawing.is_empty() {
            return Ok(OwnSignature::None);
        }
        let bytes = drawing.strip_prefix("data:image/png;base64,").and_then(|text| BASE64.decode(text.as_bytes()).ok());
        let bytes = bytes.ok_or_else(|| Error::field("assinatura", "O desenho da assinatura não chegou inteiro."))?;
        Ok(OwnSignature::Drawn(Zeroizing::new(bytes)))
    }
}

/// What a patient agrees to, as the form has it.
pub struct Agreement {
    /// The text that was shown, and its hash.
    pub text: Uuid,
    /// See `text`.
    pub hash: String,
    /// For what, by code.
    pub purposes: Vec<String>,
    /// Who decides for the patient.
    pub representative: Option<RepresentativeForm>,
    /// The patient's own signature.
    pub signature: OwnSignature,
}

/// How a patient's consents stand.
///
/// # Errors
/// As [`super::open`].
pub async fn consents(app: &App, session: &Session, id: Uuid) -> Result<Consents> {
    let keys = keystore(app)?;
    let now = app.now();
    app.db()
        .write(session, async |tx: &WriteTx| {
            let subject = Subject { clinic: entered(tx)?, subject: id };
            let row = living(tx, id).await?;
            let number = row.medical_record_number;
            let without = row.without_document.clone();
            let document = cells::opened(keys, subject, &row.cells(), without.as_deref()).await?;
            let mut acts = rows::of_patient(tx, id).await?;
            let texts = rows::in_force(tx, LANGUAGE).await?;
            let offers = texts.into_iter().filter(|text| ConsentType::from_code(&text.consent_type).is_none());
            let offers = offers
                .map(|text| {
                    let (of, rest) = acts.drain(..).partition(|act| act.consent_type == text.consent_type);
                    acts = rest;
                    let (mut live, past): (Vec<Act>, Vec<Act>) =
                        (of as Vec<Act>).into_iter().partition(|act| act.granted);
                    Offer { text, live: live.pop(), past }
                })
                .collect();
            let birth = document.get(Field::BirthDate).and_then(day);
            let minor = birth.is_some_and(|birth| minor::until(birth, now).is_some());
            let others = acts.into_iter().filter(|act| act.granted).collect();
            let seen = Consents { id, number, document, minor, offers, others };
            Ok((seen, event("patient_consents_viewed", Action::View, id, json!({}))))
        })
        .await
}

/// Records that a patient agrees, with the proof and, where there is one, the patient's own signature.
///
/// # Errors
/// [`Error::Invalid`] by field; [`Error::Conflict`] when it is live, or when the text has changed since it was shown.
pub async fn agree(app: &App, session: &Session, id: Uuid, agreement: &Agreement) -> Result<Uuid> {
    let (kind, content) = match &agreement.signature {
        OwnSignature::None => (None, None),
        OwnSignature::Drawn(drawing) => (Some(SignatureKind::Drawn), Some(drawing)),
        OwnSignature::Paper(scan) => (Some(SignatureKind::Paper), Some(scan)),
    };
    if let (Some(kind), Some(content)) = (kind, content) {
        consent::check_file(kind, content)?;
    }
    let Consents { document, offers, .. } = consents(app, session, id).await?;
    let offer = offers.iter().find(|offer| offer.text.id == agreement.text && offer.text.text_hash == agreement.hash);
    let offer =
        offer.ok_or(Error::Conflict("O texto mudou depois que a página foi aberta. Mostre o de agora ao paciente."))?;
    let known = agreement.purposes.iter().filter(|code| offer.text.purposes.contains(code));
    let grant = Grant {
        patient: id,
        text: agreement.text,
        purposes: known.filter_map(|code| Purpose::from_code(code)).collect(),
        name: document.get(Field::FullName).unwrap_or_default().to_owned(),
        birth_date: document.get(Field::BirthDate).and_then(day).ok_or(Error::Internal)?,
        cpf: document.get(Field::Cpf).unwrap_or_default().to_owned(),
        representative: agreement.representative.clone(),
        method: if matches!(agreement.signature, OwnSignature::Paper(_)) { "paper" } else { "in_person" },
    };
    let act = consent::grant_for_patient(app, session, &grant).await?;
    if let (Some(kind), Some(content)) = (kind, content) {
        consent::sign(app, session, act, kind, content, None).await?;
    }
    Ok(act)
}

impl Consents {
    /// The CPF of who answers for the patient, where the record has one.
    pub fn guardian_cpf(&self) -> Option<&str> {
        self.document.get(Field::GuardianDocument).filter(|document| Cpf::parse(document).is_some())
    }
}
