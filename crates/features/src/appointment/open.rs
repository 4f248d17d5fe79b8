use serde_json::json;
use sigilo_store::{
    Action, Session, WriteTx,
    appointment::{self as rows, AppointmentRow},
    keystore::Subject,
};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Slot, Status, event};
use crate::{App, Error, Result, patient};

/// An appointment, opened.
pub struct Appointment {
    /// All that is known of it.
    pub row: AppointmentRow,
    /// How it stands.
    pub status: Status,
    /// By what name the patient is called; none where their keys were destroyed.
    pub called: Option<Zeroizing<String>>,
    /// Whether its hour has come.
    pub is_due: bool,
}

impl Appointment {
    /// Its time and place.
    pub fn slot(&self) -> Slot {
        let row = &self.row;
        Slot {
            professional: row.professional_id,
            room: row.room_id,
            equipment: row.equipment_id,
            starts: row.starts,
            minutes: i32::try_from((row.ends - row.starts).whole_minutes()).unwrap_or_default(),
        }
    }
}

/// Opens an appointment; that it was opened goes into the trail.
///
/// # Errors
/// [`Error::NotFound`] for another clinic's; [`Error::Forbidden`] for whom patients are no business of; [`Error::Unavailable`]
/// without the keystore.
pub async fn open(app: &App, session: &Session, id: Uuid) -> Result<Appointment> {
    let keys = patient::keystore(app)?;
    app.db()
        .write(session, async |tx: &WriteTx| {
            let clinic = patient::entered(tx)?;
            let row = rows::one(tx, id).await?;
            let who = Subject { clinic, subject: row.patient_id };
            let (full, social) = (row.full_name_sealed.as_deref(), row.social_name_sealed.as_deref());
            let called = patient::called(keys, who, full, social).await?;
            let status = Status::from_code(&row.status).ok_or(Error::Internal)?;
            let is_due = row.starts <= rows::clock(tx).await?;
            let details = json!({ "patient": row.patient_id });
            Ok((Appointment { row, status, called, is_due }, event("appointment_opened", Action::View, id, details)))
        })
        .await
}
