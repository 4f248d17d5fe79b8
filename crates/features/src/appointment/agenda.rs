use serde_json::json;
use sigilo_store::{
    Action, Event, ReadTx, Risk, Session, WriteTx,
    appointment::{self as rows, HoursRow, VisitRow},
    keystore::Subject,
};
use time::{Date, Duration, PrimitiveDateTime, Time};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{PlaceChoice, ProfessionalChoice, Status};
use crate::{App, Error, Result, patient};

/// Longest stretch that is shown at once: six weeks, as a month's page has.
const LONGEST_DAYS: i64 = 42;

/// What an agenda shows of an appointment.
pub struct Entry {
    /// The appointment.
    pub id: Uuid,
    /// Whose.
    pub patient: Uuid,
    /// By what name they are called; none where their keys were destroyed.
    pub called: Option<Zeroizing<String>>,
    /// With whom.
    pub professional: (Uuid, String),
    /// What for.
    pub service: String,
    /// Where.
    pub room: Option<(Uuid, String)>,
    /// Whether it is at a distance.
    pub by_telemedicine: bool,
    /// How it stands.
    pub status: Status,
    /// Booked outside the hours or above the maximum.
    pub is_exception: bool,
    /// How likely the patient does not come, from 0 to 100.
    pub no_show_risk: Option<i32>,
    /// Whoever changes it says which version they saw.
    pub version: i32,
    /// From when, on the clinic's clock.
    pub starts: PrimitiveDateTime,
    /// Until when.
    pub ends: PrimitiveDateTime,
}

/// A stretch of the agenda.
pub struct Agenda {
    /// What the clinic's clock says.
    pub now: PrimitiveDateTime,
    /// The first day.
    pub first: Date,
    /// How many days.
    pub days: i64,
    /// The appointments, by time.
    pub entries: Vec<Entry>,
    /// When professionals attend.
    pub hours: Vec<HoursRow>,
    /// Who attends.
    pub professionals: Vec<ProfessionalChoice>,
    /// Where.
    pub rooms: Vec<PlaceChoice>,
}

/// The agenda of some days, from today without a first one; of one professional, or of all. Whom it showed goes into the trail,
/// once an hour of a session.
///
/// # Errors
/// [`Error::Invalid`] for more than 42 days; [`Error::Forbidden`] for whom patients are no business of;
/// [`Error::Unavailable`] without the keystore.
pub async fn agenda(
    app: &App,
    session: &Session,
    first: Option<Date>,
    days: i64,
    professional: Option<Uuid>,
) -> Result<Agenda> {
    if !(1..=LONGEST_DAYS).contains(&days) {
        return Err(Error::field("dias", "A agenda mostra de 1 a 42 dias de cada vez."));
    }
    let keys = patient::keystore(app)?;
    let agenda = app
        .db()
        .read(session, async |tx: &ReadTx| {
            let clinic = patient::entered(tx)?;
            let now = rows::clock(tx).await?;
            let first = first.unwrap_or(now.date());
            let from = PrimitiveDateTime::new(first, Time::MIDNIGHT);
            let until = from.checked_add(Duration::days(days)).ok_or(Error::NotFound)?;
            let mut entries = Vec::new();
            for row in rows::between(tx, from, until, professional).await? {
                let who = Subject { clinic, subject: row.patient_id };
                let names = (row.full_name_sealed.as_deref(), row.social_name_sealed.as_deref());
                entries.push(Entry {
                    id: row.id,
                    patient: row.patient_id,
                    called: patient::called(keys, who, names.0, names.1).await?,
                    professional: (row.professional_id, row.professional),
                    service: row.service,
                    room: row.room_id.zip(row.room),
                    by_telemedicine: row.modality == "telemedicine",
                    status: Status::from_code(&row.status).ok_or(Error::Internal)?,
                    is_exception: row.is_exception,
                    no_show_risk: row.no_show_risk_score,
                    version: row.version,
                    starts: row.starts,
                    ends: row.ends,
                });
            }
            let hours = rows::hours(tx, from, until).await?;
            let professionals = rows::professionals(tx).await?;
            let rooms = rows::rooms(tx).await?;
            Ok::<_, Error>(Agenda { now, first, days, entries, hours, professionals, rooms })
        })
        .await?;
    tell(app, session, &agenda).await?;
    Ok(agenda)
}

/// Says in the trail whom an agenda is about to show, as far as it does not say so already.
async fn tell(app: &App, session: &Session, agenda: &Agenda) -> Result<()> {
    let mut shown: Vec<Uuid> = agenda.entries.iter().map(|entry| entry.patient).collect();
    shown.sort_unstable();
    shown.dedup();
    let untold = app.seen().untold(session, app.now(), &shown);
    if untold.is_empty() {
        return Ok(());
    }
    app.db()
        .write(session, async |tx: &WriteTx| {
            patient::entered(tx)?;
            let event = Event {
                name: "agenda_viewed",
                action: Action::View,
                resource_type: "agenda",
                resource_id: None,
                details: json!({ "first": agenda.first.to_string(), "days": agenda.days, "patients": untold }),
                risk: Risk::Low,
            };
            Ok::<_, Error>(((), event))
        })
        .await?;
    app.seen().told(session, app.now(), untold);
    Ok(())
}

/// A patient's appointments, latest first, fifty at most.
///
/// # Errors
/// As [`agenda`].
pub async fn visits(app: &App, session: &Session, patient: Uuid) -> Result<Vec<VisitRow>> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            patient::entered(tx)?;
            Ok(rows::of_patient(tx, patient).await?)
        })
        .await
}
