//! A patient's consent, collected by somebody of the clinic; for a minor, the representative's.

use serde_json::json;
use time::Date;
use time::macros::format_description;
use uuid::Uuid;

use data_encoding::HEXLOWER;
use sigilo_domain::consent::{Purpose, minor};
use sigilo_domain::name;
use sigilo_proof::consent::{Representative, Subject};
use sigilo_proof::icp::Cpf;
use sigilo_proof::sha256;
use sigilo_store::{Session, WriteTx, consent};

use super::{event, prove};
use crate::rights::MAX_FILE;
use crate::{App, Error, FieldError, Result};

/// Who decides for the subject.
#[derive(Debug, Clone, Default)]
pub struct RepresentativeForm {
    /// The name.
    pub name: String,
    /// The CPF as typed.
    pub cpf: String,
    /// By what, by code (see [`minor::RELATIONS`]).
    pub relation: String,
    /// A copy of what shows it.
    pub evidence: Option<Vec<u8>>,
}

/// What a patient agrees to.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The patient.
    pub patient: Uuid,
    /// The text that was shown.
    pub text: Uuid,
    /// For what, among the text's purposes.
    pub purposes: Vec<Purpose>,
    /// The patient's name.
    pub name: String,
    /// The day of birth.
    pub birth_date: Date,
    /// The patient's CPF as typed, if there is one.
    pub cpf: String,
    /// Who decides for the patient.
    pub representative: Option<RepresentativeForm>,
    /// `in_person`, `paper` or `patient_page`.
    pub method: &'static str,
}

/// Records a patient's act with its proof. Name, birth date, CPF and representative are kept only sealed. A minor needs a
/// representative, whose consent ends when the patient comes of age and must then be given again.
///
/// # Errors
/// [`Error::Invalid`] for `nome`, `cpf`, `finalidades`, `representante`, `representante_cpf`, `representante_prova`;
/// [`Error::Conflict`] when it is live already or the text is not approved.
pub async fn grant_for_patient(app: &App, session: &Session, form: &Grant) -> Result<Uuid> {
    let (subject, evidence) = subject(app, form)?;
    let until = subject.representative.as_ref().and_then(|_| minor::until(form.birth_date, app.now()));
    let purposes: Vec<String> = form.purposes.iter().map(|purpose| purpose.code().to_owned()).collect();
    app.db()
        .write(session, async |tx: &WriteTx| {
            let text = consent::text(tx, form.text).await?;
            let act = consent::New {
                patient: Some(form.patient),
                text: &text,
                purposes: &purposes,
                until,
                collection_method: form.method,
            };
            let id = prove::give(app, tx, &act, subject.clone(), evidence).await?;
            let id = id.ok_or(Error::Conflict("Este consentimento já está em vigor."))?;
            let details = json!({ "granted": true, "new": true, "representative": subject.representative.is_some() });
            Ok((id, event("consent_form_submitted", &text.consent_type, Some(id), details)))
        })
        .await
}

fn subject<'a>(app: &App, form: &'a Grant) -> Result<(Subject, Option<&'a [u8]>)> {
    let mut wrong = Vec::new();
    let mut named = |field, typed: &str| {
        name::full_name(typed).map_err(|sentence| wrong.push(FieldError::new(field, sentence))).unwrap_or_default()
    };
    let own_name = named("nome", &form.name);
    let who_name = form.representative.as_ref().map(|who| named("representante", &who.name));
    let mut number = |field, typed: &str| {
        let read = Cpf::parse(typed.trim());
        if read.is_none() {
            wrong.push(FieldError::new(field, "Este CPF não existe: confira os números."));
        }
        read.map(|cpf| cpf.digits().to_owned()).unwrap_or_default()
    };
    let cpf = (!form.cpf.trim().is_empty()).then(|| number("cpf", &form.cpf));
    let who_cpf = form.representative.as_ref().map(|who| number("representante_cpf", &who.cpf));
    if form.purposes.is_empty() {
        wrong.push(FieldError::new("finalidades", "Escolha ao menos uma finalidade."));
    }
    let of_age = minor::until(form.birth_date, app.now()).is_none();
    let mut evidence = None;
    let representative = match &form.representative {
        None if !of_age => {
            let sentence = "Antes dos 18 anos quem consente é a mãe, o pai ou outro responsável (LGPD, art. 14).";
            wrong.push(FieldError::new("representante", sentence));
            None
        }
        None => None,
        Some(who) => {
            if !minor::RELATIONS.iter().any(|(code, _)| *code == who.relation) {
                wrong.push(FieldError::new("representante", "Diga por que esta pessoa decide pelo paciente."));
            }
            if let Some(bytes) = who.evidence.as_deref() {
                if bytes.len() > MAX_FILE || crate::rights::kind_of(bytes).is_none() {
                    wrong.push(FieldError::new(
                        "representante_prova",
                        "O documento deve ser PDF, JPEG ou PNG, de até 5 MB.",
                    ));
                }
                evidence = Some(bytes);
            }
            Some(Representative {
                name: who_name.unwrap_or_default(),
                cpf: who_cpf.unwrap_or_default(),
                relation: who.relation.clone(),
                evidence_sha256: evidence.map(|bytes| HEXLOWER.encode(&sha256(bytes))),
            })
        }
    };
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let birth_date =
        form.birth_date.format(format_description!("[year]-[month]-[day]")).map_err(|_| Error::Internal)?;
    let id = form.patient.to_string();
    Ok((Subject { id, name: own_name, birth_date: Some(birth_date), cpf, representative }, evidence))
}
