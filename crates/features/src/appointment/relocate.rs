use serde_json::json;
use sigilo_store::{
    Action, Error as StoreError, Session, WriteTx,
    appointment::{self as rows, Slot},
};
use uuid::Uuid;

use super::{
    CHANGED, Status,
    book::{TAKEN, taken},
    event,
    refusal::{Refusal, Wanted, refusal},
};
use crate::{App, Error, Result, patient};

/// What came of a move.
pub enum Moved {
    /// It stands there now; which version that is.
    Done(i32),
    /// It stayed where it was.
    Refused(Refusal),
}

/// Moves an appointment to another time, professional, room or equipment, or gives it another length, under the rules of a
/// booking. Moving it back is the way to undo it.
///
/// # Errors
/// [`Error::Conflict`] when it changed since `seen` or has begun; [`Error::Invalid`] for a professional or a place that is not
/// the clinic's; otherwise as [`super::book`].
pub async fn relocate(app: &App, session: &Session, id: Uuid, seen: i32, slot: &Slot, anyway: bool) -> Result<Moved> {
    let keys = patient::keystore(app)?;
    if !(5..=720).contains(&slot.minutes) {
        return Err(Error::field("minutos", "A duração vai de 5 a 720 minutos."));
    }
    for last in [false, true] {
        let done = app
            .db()
            .write(session, async |tx: &WriteTx| {
                let clinic = patient::entered(tx)?;
                let row = rows::one(tx, id).await?;
                if row.version != seen {
                    return Err(CHANGED);
                }
                if !Status::from_code(&row.status).is_some_and(Status::may_move) {
                    return Err(Error::Conflict(
                        "Este agendamento já não muda de hora: começou, terminou ou foi desfeito.",
                    ));
                }
                let parts = rows::parts(tx, row.patient_id, row.service_type_id, slot).await?;
                let place = |chosen: Option<Uuid>, active| chosen.is_none() || active == Some(true);
                if parts.professional_active != Some(true) || parts.performed != Some(true) {
                    return Err(Error::field("profissional", "Este profissional não realiza este serviço."));
                }
                if !place(slot.room, parts.room_active) || !place(slot.equipment, parts.equipment_active) {
                    return Err(Error::field("sala", "Escolha uma sala ou um equipamento em uso."));
                }
                let wanted = Wanted {
                    clinic,
                    patient: row.patient_id,
                    service: row.service_type_id,
                    slots: std::slice::from_ref(slot),
                    but: Some(id),
                };
                let (refused, is_exception) = refusal(tx, keys, &wanted, anyway).await?;
                if let Some(refused) = refused {
                    let details = json!({ "against": refused.kinds() });
                    let event = event("appointment_move_refused", Action::Update, id, details);
                    return Ok(((clinic, Moved::Refused(refused)), event));
                }
                let version = rows::relocate(tx, id, seen, slot, is_exception).await.map_err(gone)?.ok_or(CHANGED)?;
                let details = json!({ "professional": slot.professional, "exception": is_exception });
                Ok(((clinic, Moved::Done(version)), event("appointment_moved", Action::Update, id, details)))
            })
            .await;
        match done {
            Err(Error::Conflict(TAKEN)) if !last => {}
            Ok((clinic, moved)) => {
                if matches!(moved, Moved::Done(_)) {
                    app.changes().tell(clinic);
                }
                return Ok(moved);
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::Conflict(TAKEN))
}

/// Somebody let it begin meanwhile.
fn gone(error: StoreError) -> Error {
    match error {
        StoreError::Rule(rule) if rule == "appointments_moves" => CHANGED,
        other => taken(other),
    }
}
