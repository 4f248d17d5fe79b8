use serde_json::json;
use sigilo_store::{Action, Error as StoreError, Session, WriteTx, appointment as rows};
use uuid::Uuid;

use super::{CANCELLATIONS, CHANGED, Status, book::taken, event};
use crate::{App, Error, Result, patient};

/// Says how an appointment stands now: confirmed, arrived, being attended, attended, cancelled with from whom it came, or the
/// patient did not come. Which version that is.
///
/// # Errors
/// [`Error::Invalid`] for a cancellation without a reason of [`CANCELLATIONS`]; [`Error::Conflict`] when it changed since
/// `seen`, when it cannot become that, and when it cannot be taken up again because its time is somebody else's.
pub async fn advance(
    app: &App,
    session: &Session,
    id: Uuid,
    seen: i32,
    to: Status,
    reason: Option<&str>,
) -> Result<i32> {
    let reason = match (to, reason) {
        (Status::Cancelled, Some(reason)) if CANCELLATIONS.iter().any(|(code, _)| *code == reason) => Some(reason),
        (Status::Cancelled, _) => return Err(Error::field("motivo", "Escolha de quem partiu o cancelamento.")),
        // Only a new appointment makes an old one a rescheduled one.
        (Status::Rescheduled, _) => return Err(NO_WAY),
        _ => None,
    };
    let (clinic, version) = app
        .db()
        .write(session, async |tx: &WriteTx| {
            let clinic = patient::entered(tx)?;
            let row = rows::one(tx, id).await?;
            if row.version != seen {
                return Err(CHANGED);
            }
            let version = rows::set_status(tx, id, seen, to.code(), reason).await.map_err(no_way)?.ok_or(CHANGED)?;
            let details = json!({ "from": row.status, "to": to.code(), "reason": reason });
            Ok(((clinic, version), event("appointment_advanced", Action::Update, id, details)))
        })
        .await?;
    app.changes().tell(clinic);
    Ok(version)
}

const NO_WAY: Error = Error::Conflict("Este agendamento não pode passar a esta situação a partir da que está.");

pub(super) fn no_way(error: StoreError) -> Error {
    match error {
        StoreError::Rule(rule) if rule == "appointments_hour_to_come" => {
            Error::Conflict("A hora deste agendamento ainda não chegou: ninguém faltou a ele.")
        }
        StoreError::Rule(rule) if rule == "appointments_way" => NO_WAY,
        other => taken(other),
    }
}
