use serde_json::json;
use sigilo_store::{
    Action, Error as StoreError, ReadTx, Session, WriteTx,
    appointment::{self as rows, NewAppointment, Slot},
    keystore::Keystore,
};
use time::Duration;
use uuid::Uuid;

use super::{
    CHANGED, event,
    form::{Asked, Typed},
    refusal::{Refusal, Wanted, hour, refusal},
};
use crate::{App, Error, FieldError, Result, patient};

/// What came of a booking.
pub enum Booked {
    /// Booked; the first appointment, of a series.
    Done(Uuid),
    /// Nothing was booked.
    Refused(Refusal),
}

/// Books an appointment, or one a week. What does not fit the hours or the daily maximum is booked only `anyway`; where somebody
/// or something is taken, never. With `instead_of`, an appointment and the version that was seen of it, the new one takes its
/// place.
///
/// # Errors
/// [`Error::Invalid`] by field; [`Error::Conflict`] when the other one changed meanwhile or cannot be replaced;
/// [`Error::Forbidden`] for whom patients are no business of; [`Error::Unavailable`] without the keystore.
pub async fn book(
    app: &App,
    session: &Session,
    typed: &Typed,
    anyway: bool,
    instead_of: Option<(Uuid, i32)>,
) -> Result<Booked> {
    let asked = typed.read().map_err(Error::Invalid)?;
    if asked.weeks > 1 && instead_of.is_some() {
        return Err(Error::field("semanas", "Remarcar é um agendamento de cada vez."));
    }
    let keys = patient::keystore(app)?;
    // Twice: whoever was first may have been given up meanwhile, and then the time is free again.
    for last in [false, true] {
        let done =
            app.db().write(session, async |tx: &WriteTx| attempt(tx, keys, &asked, anyway, instead_of).await).await;
        match done {
            Err(Error::Conflict(TAKEN)) if !last => {}
            Ok((clinic, booked)) => {
                if matches!(booked, Booked::Done(_)) {
                    app.changes().tell(clinic);
                }
                return Ok(booked);
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::Conflict(TAKEN))
}

/// Somebody was faster between the look and the booking.
pub(super) const TAKEN: &str = "Este horário acabou de ser ocupado. Escolha outro.";

async fn attempt(
    tx: &WriteTx,
    keys: &Keystore,
    asked: &Asked,
    anyway: bool,
    instead_of: Option<(Uuid, i32)>,
) -> Result<((Uuid, Booked), sigilo_store::Event)> {
    let clinic = patient::entered(tx)?;
    let slot = fitted(tx, asked).await?;
    let slots: Vec<Slot> = (0..asked.weeks)
        .map(|week| Slot { starts: slot.starts.saturating_add(Duration::weeks(week)), ..slot.clone() })
        .collect();
    let wanted = Wanted {
        clinic,
        patient: asked.patient,
        service: asked.service,
        slots: &slots,
        but: instead_of.map(|(id, _)| id),
    };
    let (refused, is_exception) = refusal(tx, keys, &wanted, anyway).await?;
    if let Some(refused) = refused {
        let details = json!({ "professional": slot.professional, "against": refused.kinds() });
        let event = event("appointment_refused", Action::Create, asked.patient, details);
        let about = sigilo_store::Event { resource_type: "patients", ..event };
        return Ok(((clinic, Booked::Refused(refused)), about));
    }
    if let Some((id, seen)) = instead_of {
        let old = rows::one(tx, id).await?;
        if old.patient_id != asked.patient {
            return Err(Error::field("paciente", "Remarcar não troca o paciente: cancele e agende de novo."));
        }
        let moved = rows::set_status(tx, id, seen, "rescheduled", None).await;
        moved.map_err(super::advance::no_way)?.ok_or(CHANGED)?;
    }
    let series = (asked.weeks > 1).then(Uuid::now_v7);
    let mut first = None;
    for slot in &slots {
        let id = Uuid::now_v7();
        let new = NewAppointment {
            id,
            patient: asked.patient,
            service: asked.service,
            slot,
            modality: asked.modality,
            status: "scheduled",
            rescheduled_from: instead_of.map(|(id, _)| id),
            series,
            is_exception,
        };
        rows::insert(tx, &new).await.map_err(taken)?;
        first.get_or_insert(id);
    }
    let id = first.ok_or(Error::Internal)?;
    let details = json!({ "patient": asked.patient, "weeks": asked.weeks, "exception": is_exception,
                          "instead_of": instead_of.map(|(id, _)| id) });
    Ok(((clinic, Booked::Done(id)), event("appointment_booked", Action::Create, id, details)))
}

/// The time of what was asked for, with its length, where everything that it is made of is the clinic's and in use.
async fn fitted(tx: &ReadTx, asked: &Asked) -> Result<Slot> {
    let parts = rows::parts(tx, asked.patient, asked.service, &asked.slot).await?;
    let mut wrong = Vec::new();
    let mut check = |field: &'static str, active: Option<bool>, none: &str, off: &str| match active {
        Some(true) => {}
        Some(false) => wrong.push(FieldError::new(field, off)),
        None => wrong.push(FieldError::new(field, none)),
    };
    check(
        "paciente",
        parts.patient_active,
        "Escolha o paciente.",
        "A clínica já não atende este paciente: reative o cadastro antes.",
    );
    check("servico", parts.service_active, "Escolha o serviço.", "Este serviço já não é oferecido.");
    check("profissional", parts.professional_active, "Escolha o profissional.", "Este profissional já não atende.");
    if asked.slot.room.is_some() {
        check("sala", parts.room_active, "Escolha uma sala da lista.", "Esta sala não está em uso.");
    }
    if asked.slot.equipment.is_some() {
        check(
            "equipamento",
            parts.equipment_active,
            "Escolha um equipamento da lista.",
            "Este equipamento não está em uso.",
        );
    }
    if wrong.is_empty() && parts.performed != Some(true) {
        wrong.push(FieldError::new("profissional", "Este profissional não realiza este serviço."));
    }
    if wrong.is_empty() && asked.modality == "telemedicine" && parts.by_telemedicine != Some(true) {
        wrong.push(FieldError::new("modalidade", "Este serviço só se faz presencialmente."));
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let minutes = if asked.has_length { asked.slot.minutes } else { parts.duration_minutes.unwrap_or_default() };
    Ok(Slot { minutes, ..asked.slot.clone() })
}

pub(super) fn taken(error: StoreError) -> Error {
    match error {
        StoreError::Taken(_) => Error::Conflict(TAKEN),
        other => hour(other),
    }
}
