//! Who runs a clinic, and what their changes of its people, services, rooms and hours have in common.

use serde_json::Value;
use sigilo_domain::Role;
use sigilo_store::{Action, Event, ReadTx, Risk, Session};
use uuid::Uuid;

use crate::{App, Error, Result, session};

/// Who decides on the clinic's people, services, rooms and hours. The database says the same (`app.runs_clinic`).
pub(crate) const ROLES: [Role; 2] = [Role::Administrator, Role::Owner];

/// Somebody else saved first.
pub(crate) const CHANGED: Error = Error::Conflict(
    "Alguém mudou este cadastro enquanto você o editava. Confira o que está salvo agora e faça a sua mudança de novo.",
);

/// Lets in who runs the clinic.
pub(crate) fn entered(tx: &ReadTx) -> Result<()> {
    if session::is_one_of(tx, &ROLES) {
        return Ok(());
    }
    Err(Error::Forbidden(
        "Profissionais, serviços, salas e horários são de quem administra a clínica ou responde por ela.",
    ))
}

/// Lets in who runs the clinic, for a page that shows nothing yet.
///
/// # Errors
/// [`Error::Forbidden`] for everybody else.
pub async fn admit(app: &App, session: &Session) -> Result<()> {
    app.db().read(session, async |tx: &ReadTx| entered(tx)).await
}

/// What a change of the clinic's catalogue says of itself.
pub(crate) fn event(
    name: &'static str,
    action: Action,
    resource_type: &'static str,
    id: Option<Uuid>,
    details: Value,
) -> Event {
    let resource_id = id.map(|id| id.to_string());
    Event { name, action, resource_type, resource_id, details, risk: Risk::Low }
}

/// The name of a thing, as a service or a room: up to 120 characters, tidied.
///
/// # Errors
/// The sentence to show beside the field.
pub(crate) fn label(typed: &str) -> Result<String, &'static str> {
    let tidy = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let odd = |c: char| c.is_control() || matches!(c, '<' | '>' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    match () {
        () if tidy.is_empty() => Err("Informe o nome."),
        () if tidy.chars().count() > 120 => Err("O nome pode ter até 120 caracteres."),
        () if tidy.chars().any(odd) || !tidy.chars().any(char::is_alphanumeric) => {
            Err("O nome tem caracteres que não podem ser usados.")
        }
        () => Ok(tidy),
    }
}
