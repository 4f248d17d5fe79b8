//! The doctor's first steps: professional data and the four consents.

use serde_json::json;

use sigilo_domain::{ConsentType, Crm, CrmError, name};
use sigilo_store::{Action, Error as StoreError, Event, ReadTx, Risk, Session, WriteTx, profile};

use crate::{App, Error, FieldError, Result, consent};

/// What is known so far.
pub struct State {
    /// The full name.
    pub full_name: String,
    /// The CRM's digits; empty while pending.
    pub crm_number: String,
    /// The CRM's state; empty while pending.
    pub crm_state: String,
    /// The specialty; empty while unknown.
    pub specialty: String,
    /// How far the registration was checked.
    pub council_validation: sigilo_domain::CouncilValidation,
}

/// What the form says.
pub struct Command {
    /// The full name.
    pub full_name: String,
    /// The CRM's number as typed.
    pub crm_number: String,
    /// The CRM's state.
    pub crm_state: String,
    /// The specialty.
    pub specialty: String,
    /// The consents that were ticked.
    pub consents: Vec<ConsentType>,
    /// The hashes of the texts that were shown, where they are known.
    pub shown: Vec<(ConsentType, String)>,
}

/// What the form starts with.
///
/// # Errors
/// [`Error::NotFound`] for members without a professional profile.
pub async fn state(app: &App, session: &Session) -> Result<State> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            let own = profile::own(tx).await?.ok_or(Error::NotFound)?;
            let known = |value: String, pending: &str| if value == pending { String::new() } else { value };
            Ok(State {
                full_name: own.full_name,
                crm_number: known(own.crm_number, "PENDENTE"),
                crm_state: known(own.crm_state, "XX"),
                specialty: own.specialty.unwrap_or_default(),
                council_validation: sigilo_domain::CouncilValidation::from_code(&own.council_validation)
                    .unwrap_or(sigilo_domain::CouncilValidation::Pending),
            })
        })
        .await
}

/// Completes the profile and records each ticked consent, all or nothing.
///
/// # Errors
/// [`Error::Invalid`] for `full_name`, `crm_number`, `crm_state`, `specialty`, `terms_of_service`, `data_processing`.
pub async fn complete(app: &App, session: &Session, command: Command) -> Result<()> {
    let (full_name, crm, specialty) = check(&command)?;
    app.db()
        .write(session, async |tx: &WriteTx| {
            match profile::complete(tx, &full_name, &crm, &specialty).await {
                Err(StoreError::Duplicate(_)) => {
                    return Err(Error::field("crm_number", "Este CRM já está cadastrado nesta clínica."));
                }
                other => other?,
            }
            for kind in ConsentType::ALL.into_iter().filter(|kind| command.consents.contains(kind)) {
                let shown = command.shown.iter().find(|(of, _)| *of == kind).map_or("", |(_, hash)| hash.as_str());
                consent::record(app, tx, kind, shown, Some(&full_name)).await?;
            }
            let event = Event {
                name: "onboarding_completed",
                action: Action::Update,
                resource_type: "profiles",
                resource_id: Some(tx.entered().user_id.to_string()),
                details: json!({ "consents": command.consents.iter().map(|kind| kind.code()).collect::<Vec<_>>() }),
                risk: Risk::Low,
            };
            Ok(((), event))
        })
        .await
}

fn check(command: &Command) -> Result<(String, Crm, String)> {
    let mut wrong = Vec::new();
    let full_name = name::full_name(&command.full_name).map_err(|m| wrong.push(FieldError::new("full_name", m))).ok();
    let crm = Crm::parse(&command.crm_number, &command.crm_state)
        .map_err(|error| {
            let field = if error == CrmError::State { "crm_state" } else { "crm_number" };
            wrong.push(FieldError::new(field, error.to_string()));
        })
        .ok();
    let specialty = command.specialty.split_whitespace().collect::<Vec<_>>().join(" ");
    if !(2..=120).contains(&specialty.chars().count()) || specialty.chars().any(char::is_control) {
        wrong.push(FieldError::new("specialty", "Informe a especialidade (até 120 caracteres)."));
    }
    for kind in ConsentType::ALL {
        if kind.text().required && !command.consents.contains(&kind) {
            wrong.push(FieldError::new(kind.code(), kind.text().if_refused));
        }
    }
    match (full_name, crm) {
        (Some(full_name), Some(crm)) if wrong.is_empty() => Ok((full_name, crm, specialty)),
        _ => Err(Error::Invalid(wrong)),
    }
}
