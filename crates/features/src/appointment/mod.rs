//! Appointments: booked where everything is free, moved, confirmed, attended or not.
//!
//! Hours are those of the clinic's own clock; the database turns them into moments and is the last to say that nobody and
//! nothing is in two places at once.

mod advance;
mod agenda;
mod book;
mod choices;
mod form;
mod live;
mod open;
mod refusal;
mod relocate;
mod seen;

pub use advance::advance;
pub use agenda::{Agenda, Entry, agenda, visits};
pub use book::{Booked, book};
pub use choices::{Choices, choices, free};
pub use form::{Asked, MODALITIES, Typed};
pub(crate) use live::Changes;
pub use live::changes;
pub use open::{Appointment, open};
pub use refusal::{Conflict, Kind, Refusal};
pub use relocate::{Moved, relocate};
pub(crate) use seen::Seen;
pub use sigilo_domain::appointment::{CANCELLATIONS, Status};
pub use sigilo_store::appointment::{AppointmentRow, PlaceChoice, ProfessionalChoice, ServiceChoice, Slot, VisitRow};

use sigilo_store::{Action, Event, Risk};
use uuid::Uuid;

use crate::Error;

const CHANGED: Error = Error::Conflict(
    "Alguém mudou este agendamento enquanto você o via. Confira como está agora e faça a sua mudança de novo.",
);

fn event(name: &'static str, action: Action, id: Uuid, details: serde_json::Value) -> Event {
    let resource_id = Some(id.to_string());
    Event { name, action, resource_type: "appointments", resource_id, details, risk: Risk::Low }
}
