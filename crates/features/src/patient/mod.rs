//! Patients: registered once, found however somebody writes them down, opened by who has to do with them.
//!
//! Who a patient is stands in the database only sealed, under the patient's own key. Numbers are found by fingerprints; names
//! by an index that lives in this process's memory alone.

mod cells;
mod consents;
mod document;
mod eliminate;
mod form;
mod names;
mod open;
mod register;
mod search;
mod update;

pub(crate) use cells::called;
pub use consents::{Agreement, Consents, Offer, OwnSignature, agree, consents};
pub use document::{Document, Field, RACES, SEXES, WITHOUT_DOCUMENT};
pub(crate) use eliminate::receipt as elimination_of;
pub use eliminate::{
    Decision, Elimination, FATES, Gone, REASONS, ask_elimination, decide_elimination, elimination_receipt, eliminations,
};
pub use form::Typed;
pub(crate) use names::NameIndexes;
pub use open::{Record, open};
pub use register::{Registered, register};
pub use search::{Brief, Found, brief_of, search};
pub use sigilo_store::consent::Act;
pub use update::{INACTIVE, activate, update};

use sigilo_domain::Role;
use sigilo_store::{
    ReadTx, Session,
    keystore::Keystore,
    patient::{self as rows, PatientRow},
};
use uuid::Uuid;

use crate::{App, Error, Result, session};

/// Who works with patients: the front desk, professionals, and who runs the clinic. The database says the same
/// (`app.sees_patients`).
pub(crate) const ROLES: [Role; 4] = [Role::Receptionist, Role::Professional, Role::Administrator, Role::Owner];

/// Lets in who works with patients; the clinic.
pub(crate) fn entered(tx: &ReadTx) -> Result<Uuid> {
    if session::is_one_of(tx, &ROLES) {
        return Ok(tx.entered().clinic_id);
    }
    Err(Error::Forbidden("Os pacientes são de quem os atende ou cuida da agenda e do cadastro."))
}

/// A record whose patient was not eliminated.
async fn living(tx: &ReadTx, id: Uuid) -> Result<PatientRow> {
    let row = rows::one(tx, id).await?;
    if row.data_anonymized_at.is_some() {
        return Err(Error::Conflict("O cadastro deste paciente foi eliminado; o prontuário tem só o número."));
    }
    Ok(row)
}

/// What somebody of these roles opens a record for (LGPD, art. 6, I): to care, to schedule, or to run the clinic.
fn purpose(roles: &[String]) -> &'static str {
    let has = |role: Role| roles.iter().any(|code| code == role.code());
    match () {
        () if has(Role::Professional) => "care",
        () if has(Role::Receptionist) => "scheduling",
        () => "administration",
    }
}

/// The keys of people, without which nobody is registered or found.
pub(crate) fn keystore(app: &App) -> Result<&Keystore> {
    app.keystore().ok_or(Error::Unavailable("o banco de chaves, que guarda a chave de cada paciente"))
}

/// Whether this installation can have patients: each needs a key of their own.
pub fn is_possible(app: &App) -> bool {
    app.keystore().is_some()
}

/// Lets in who works with patients, for a page that shows none.
///
/// # Errors
/// [`Error::Forbidden`] for whom patients are no business of.
pub async fn admit(app: &App, session: &Session) -> Result<()> {
    app.db().read(session, async |tx: &ReadTx| entered(tx).map(drop)).await
}
