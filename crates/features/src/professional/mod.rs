//! Who attends in the clinic: their registration and how far it was checked, and what they perform.

mod form;

use serde_json::json;
use sigilo_domain::CouncilValidation;
use sigilo_store::{
    Action, Error as StoreError, Event, ReadTx, Session, WriteTx, professional as rows,
    schedule::{self, HoursRow},
};
use uuid::Uuid;

pub use form::Typed;
pub use sigilo_store::professional::{
    MemberRow as Colleague, PerformedRow as Performed, ProfessionalRow as Professional,
};

use crate::{
    App, Error, Result,
    clinic::{self, CHANGED, entered},
};

const TABLE: &str = "professionals";

/// A professional with everything that the clinic says of them.
pub struct Opened {
    /// Who it is.
    pub professional: Professional,
    /// What the clinic offers, and whether the professional performs it.
    pub services: Vec<Performed>,
    /// The week.
    pub week: Vec<HoursRow>,
    /// Whether it is who is looking: nobody checks their own registration.
    pub own: bool,
}

/// Everybody who attends or attended, those who do first.
///
/// # Errors
/// [`Error::Forbidden`] for who does not run the clinic; so for all functions below.
pub async fn list(app: &App, session: &Session) -> Result<Vec<Professional>> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            entered(tx)?;
            Ok(rows::all(tx).await?)
        })
        .await
}

/// Whom a professional may be: the clinic's members.
pub async fn colleagues(app: &App, session: &Session) -> Result<Vec<Colleague>> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            entered(tx)?;
            Ok(rows::members(tx).await?)
        })
        .await
}

/// One professional.
///
/// # Errors
/// [`Error::NotFound`] for another clinic's.
pub async fn open(app: &App, session: &Session, id: Uuid) -> Result<Opened> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            entered(tx)?;
            let professional = rows::one(tx, id).await?;
            let own = professional.user_id == Some(tx.entered().user_id);
            let (services, week) = (rows::services(tx, id).await?, schedule::hours(tx, id).await?);
            Ok(Opened { professional, services, week, own })
        })
        .await
}

/// A new professional.
///
/// # Errors
/// [`Error::Invalid`] by field, a registration or member that another has among them.
pub async fn create(app: &App, session: &Session, typed: &Typed) -> Result<Uuid> {
    let id = Uuid::now_v7();
    app.db()
        .write(session, async |tx: &WriteTx| {
            entered(tx)?;
            let known = typed.read(&rows::members(tx).await?, None).map_err(Error::Invalid)?;
            rows::insert(tx, id, &known).await.map_err(taken)?;
            let details = json!({ "council": known.council, "member": known.user.is_some() });
            Ok((id, event("professional_created", Action::Create, id, details)))
        })
        .await
}

/// Changes what is known of a professional, as long as it is the version that was seen.
///
/// # Errors
/// [`Error::Conflict`] when somebody changed it meanwhile; otherwise as [`create`] and [`open`].
pub async fn update(app: &App, session: &Session, id: Uuid, seen: i32, typed: &Typed) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            entered(tx)?;
            let before = rows::one(tx, id).await?;
            let known = typed.read(&rows::members(tx).await?, Some(&before)).map_err(Error::Invalid)?;
            rows::update(tx, id, seen, &known).await.map_err(taken)?.ok_or(CHANGED)?;
            let changed: Vec<&str> = [
                ("user_id", known.user != before.user_id),
                ("full_name", known.full_name != before.full_name),
                ("specialization", known.specialization != before.specialization),
                ("council_license", known.council != before.council_license),
                ("license_number", known.number != before.license_number),
                ("license_state", known.state != before.license_state),
                ("daily_maximum", known.daily_maximum != before.daily_maximum),
            ]
            .into_iter()
            .filter_map(|(field, changed)| changed.then_some(field))
            .collect();
            Ok(((), event("professional_updated", Action::Update, id, json!({ "fields": changed }))))
        })
        .await
}

/// Says whether somebody attends. Nobody is deleted.
///
/// # Errors
/// As [`update`].
pub async fn activate(app: &App, session: &Session, id: Uuid, seen: i32, active: bool) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            entered(tx)?;
            rows::one(tx, id).await?;
            rows::activate(tx, id, seen, active).await?.ok_or(CHANGED)?;
            let name = if active { "professional_reactivated" } else { "professional_inactivated" };
            Ok(((), event(name, Action::Update, id, json!({}))))
        })
        .await
}

/// The next step after each, as the database lets it be taken.
pub fn next_check(after: CouncilValidation) -> Option<CouncilValidation> {
    match after {
        CouncilValidation::Pending => Some(CouncilValidation::FormatOk),
        CouncilValidation::FormatOk => Some(CouncilValidation::DocumentChecked),
        CouncilValidation::DocumentChecked => Some(CouncilValidation::RegistryChecked),
        CouncilValidation::RegistryChecked => None,
    }
}

/// Says how far somebody's registration was checked: a step forward, or back to the beginning. Never one's own.
///
/// # Errors
/// [`Error::Forbidden`] for one's own; [`Error::Conflict`] for a step that is none and when somebody changed it meanwhile.
pub async fn check(app: &App, session: &Session, id: Uuid, seen: i32, to: &str) -> Result<()> {
    const NO_STEP: Error = Error::Conflict("Primeiro confira o documento, depois o registro no site do conselho.");
    let to = CouncilValidation::from_code(to).ok_or(NO_STEP)?;
    app.db()
        .write(session, async |tx: &WriteTx| {
            entered(tx)?;
            let before = rows::one(tx, id).await?.council_validation;
            rows::check(tx, id, seen, to.code())
                .await
                .map_err(|error| match error {
                    StoreError::Rule(rule) if rule == "professionals_own_check" => {
                        Error::Forbidden("Ninguém confere o próprio registro: peça a outra pessoa da administração.")
                    }
                    StoreError::Rule(rule) if rule == "professionals_check_way" => NO_STEP,
                    other => other.into(),
                })?
                .ok_or(CHANGED)?;
            let details = json!({ "from": before, "to": to.code() });
            Ok(((), event("council_checked", Action::Update, id, details)))
        })
        .await
}

/// Says what a professional performs, of what the clinic offers now.
///
/// # Errors
/// [`Error::NotFound`] for a service that is not the clinic's; otherwise as [`update`].
pub async fn set_services(app: &App, session: &Session, id: Uuid, seen: i32, services: &[Uuid]) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            entered(tx)?;
            rows::one(tx, id).await?;
            let offered = rows::services(tx, id).await?;
            if services.iter().any(|wanted| offered.iter().all(|service| service.id != *wanted)) {
                return Err(Error::NotFound);
            }
            rows::touch(tx, id, seen).await?.ok_or(CHANGED)?;
            let (added, ended) = rows::set_services(tx, id, services).await?;
            let details = json!({ "added": added, "ended": ended });
            Ok(((), event("professional_services_changed", Action::Update, id, details)))
        })
        .await
}

fn taken(error: StoreError) -> Error {
    match error {
        StoreError::Duplicate(constraint) if constraint == "professionals_license" => {
            Error::field("numero", "Outro profissional da clínica já tem este registro.")
        }
        StoreError::Duplicate(constraint) if constraint == "professionals_member" => {
            Error::field("pessoa", "Esta pessoa já está ligada a outro profissional.")
        }
        other => other.into(),
    }
}

pub(crate) fn event(name: &'static str, action: Action, id: Uuid, details: serde_json::Value) -> Event {
    clinic::event(name, action, TABLE, Some(id), details)
}
