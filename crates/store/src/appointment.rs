//! Appointments, and what they are made of. Hours are read and written on the clinic's own clock; the database turns them
//! into moments.

use time::PrimitiveDateTime;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::{Error, ReadTx, Result, WriteTx, row::row, statements::appointment as sql};

row! {
    /// Somebody who attends.
    #[derive(Debug, Clone)]
    pub struct ProfessionalChoice {
        /// The professional.
        id: Uuid,
        /// Their name.
        full_name: String,
        /// Their specialty.
        specialization: Option<String>,
    }
}

row! {
    /// Something that is offered.
    #[derive(Debug, Clone)]
    pub struct ServiceChoice {
        /// The service.
        id: Uuid,
        /// Its name.
        name: String,
        /// Under what it stands.
        category: Option<String>,
        /// How long it takes.
        duration_minutes: i32,
        /// Whether it may be at a distance.
        by_telemedicine: bool,
        /// Who performs it.
        professionals: Vec<Uuid>,
    }
}

row! {
    /// A room or an equipment.
    #[derive(Debug, Clone)]
    pub struct PlaceChoice {
        /// Which.
        id: Uuid,
        /// Its name.
        name: String,
    }
}

row! {
    /// What a booking is made of; none where the clinic has no such thing.
    #[derive(Debug, Clone)]
    pub struct Parts {
        /// Whether the clinic treats the patient.
        patient_active: Option<bool>,
        /// Whether the professional attends.
        professional_active: Option<bool>,
        /// Whether the service is offered.
        service_active: Option<bool>,
        /// How long it takes.
        duration_minutes: Option<i32>,
        /// Whether it may be at a distance.
        by_telemedicine: Option<bool>,
        /// Whether the professional performs it.
        performed: Option<bool>,
        /// Whether the room is in use.
        room_active: Option<bool>,
        /// Whether the equipment is in use.
        equipment_active: Option<bool>,
    }
}

row! {
    /// Something that stands against a time.
    #[derive(Debug, Clone)]
    pub struct ConflictRow {
        /// `professional`, `patient`, `room`, `equipment`, `past`, `closed`, `outside_hours` or `daily_maximum`.
        kind: Option<String>,
        /// The appointment that has the time.
        appointment_id: Option<Uuid>,
        /// Whose it is.
        patient_id: Option<Uuid>,
        /// The reason why it is closed, or the daily maximum.
        detail: Option<String>,
        /// From when.
        starts: Option<PrimitiveDateTime>,
        /// Until when.
        ends: Option<PrimitiveDateTime>,
    }
}

row! {
    /// An appointment with all that a page shows of it.
    #[derive(Debug, Clone)]
    pub struct AppointmentRow {
        /// The appointment.
        id: Uuid,
        /// Whose.
        patient_id: Uuid,
        /// With whom.
        professional_id: Uuid,
        /// Their name.
        professional: String,
        /// What for.
        service_type_id: Uuid,
        /// Its name.
        service: String,
        /// Where.
        room_id: Option<Uuid>,
        /// Its name.
        room: Option<String>,
        /// With what.
        equipment_id: Option<Uuid>,
        /// Its name.
        equipment: Option<String>,
        /// `in_person` or `telemedicine`.
        modality: String,
        /// How it stands.
        status: String,
        /// Why it was cancelled.
        cancellation_reason: Option<String>,
        /// The appointment whose place it took.
        rescheduled_from: Option<Uuid>,
        /// The appointment that took its place.
        rescheduled_to: Option<Uuid>,
        /// The series it is one of.
        series_id: Option<Uuid>,
        /// Booked outside the hours or above the maximum.
        is_exception: bool,
        /// How often it was moved.
        times_moved: i32,
        /// How likely the patient does not come, from 0 to 100.
        no_show_risk_score: Option<i32>,
        /// Counts its changes.
        version: i32,
        /// From when, on the clinic's clock.
        starts: PrimitiveDateTime,
        /// Until when.
        ends: PrimitiveDateTime,
        /// When it was confirmed.
        confirmed_at: Option<PrimitiveDateTime>,
        /// When the patient arrived.
        arrived_at: Option<PrimitiveDateTime>,
        /// When it began.
        started_at: Option<PrimitiveDateTime>,
        /// When it ended.
        ended_at: Option<PrimitiveDateTime>,
        /// When it was booked.
        created_at: PrimitiveDateTime,
        /// By whom.
        booked_by: Option<String>,
        /// The patient's name, sealed.
        full_name_sealed: Option<Vec<u8>>,
        /// The patient's social name, sealed.
        social_name_sealed: Option<Vec<u8>>,
    }
}

row! {
    /// What an agenda shows of an appointment.
    #[derive(Debug, Clone)]
    pub struct EntryRow {
        /// The appointment.
        id: Uuid,
        /// Whose.
        patient_id: Uuid,
        /// With whom.
        professional_id: Uuid,
        /// Their name.
        professional: String,
        /// What for.
        service: String,
        /// Where.
        room_id: Option<Uuid>,
        /// Its name.
        room: Option<String>,
        /// `in_person` or `telemedicine`.
        modality: String,
        /// How it stands.
        status: String,
        /// Booked outside the hours or above the maximum.
        is_exception: bool,
        /// How likely the patient does not come, from 0 to 100.
        no_show_risk_score: Option<i32>,
        /// Counts its changes.
        version: i32,
        /// From when, on the clinic's clock.
        starts: PrimitiveDateTime,
        /// Until when.
        ends: PrimitiveDateTime,
        /// The patient's name, sealed.
        full_name_sealed: Option<Vec<u8>>,
        /// The patient's social name, sealed.
        social_name_sealed: Option<Vec<u8>>,
    }
}

row! {
    /// When a professional attends.
    #[derive(Debug, Clone)]
    pub struct HoursRow {
        /// Who.
        professional_id: Uuid,
        /// From when.
        starts: PrimitiveDateTime,
        /// Until when.
        ends: PrimitiveDateTime,
    }
}

row! {
    /// What a patient's record shows of an appointment.
    #[derive(Debug, Clone)]
    pub struct VisitRow {
        /// The appointment.
        id: Uuid,
        /// With whom.
        professional: String,
        /// What for.
        service: String,
        /// How it stands.
        status: String,
        /// When.
        starts: PrimitiveDateTime,
    }
}

/// A time with somebody, somewhere.
#[derive(Debug, Clone)]
pub struct Slot {
    /// With whom.
    pub professional: Uuid,
    /// Where.
    pub room: Option<Uuid>,
    /// With what.
    pub equipment: Option<Uuid>,
    /// From when, on the clinic's clock.
    pub starts: PrimitiveDateTime,
    /// For how long.
    pub minutes: i32,
}

/// A new appointment.
#[derive(Debug, Clone)]
pub struct NewAppointment<'a> {
    /// Its identifier.
    pub id: Uuid,
    /// Whose.
    pub patient: Uuid,
    /// What for.
    pub service: Uuid,
    /// When, with whom, where.
    pub slot: &'a Slot,
    /// `in_person` or `telemedicine`.
    pub modality: &'a str,
    /// `scheduled` or `requested`.
    pub status: &'a str,
    /// The appointment whose place it takes.
    pub rescheduled_from: Option<Uuid>,
    /// The series it is one of.
    pub series: Option<Uuid>,
    /// Whether it does not fit the hours or the maximum.
    pub is_exception: bool,
}

/// Who attends.
///
/// # Errors
/// See [`Error`].
pub async fn professionals(tx: &ReadTx) -> Result<Vec<ProfessionalChoice>> {
    tx.tx.rows(sql::PROFESSIONALS, &[]).await
}

/// What is offered, and by whom.
///
/// # Errors
/// See [`Error`].
pub async fn services(tx: &ReadTx) -> Result<Vec<ServiceChoice>> {
    tx.tx.rows(sql::SERVICES, &[]).await
}

/// The rooms in use.
///
/// # Errors
/// See [`Error`].
pub async fn rooms(tx: &ReadTx) -> Result<Vec<PlaceChoice>> {
    tx.tx.rows(sql::ROOMS, &[]).await
}

/// The equipment in use.
///
/// # Errors
/// See [`Error`].
pub async fn equipment(tx: &ReadTx) -> Result<Vec<PlaceChoice>> {
    tx.tx.rows(sql::EQUIPMENT, &[]).await
}

/// What the clinic's clock says.
///
/// # Errors
/// See [`Error`].
pub async fn clock(tx: &ReadTx) -> Result<PrimitiveDateTime> {
    tx.tx.value(sql::CLOCK, &[]).await?.ok_or(Error::NotFound)
}

/// What a booking is made of, as far as the clinic has it.
///
/// # Errors
/// See [`Error`].
pub async fn parts(tx: &ReadTx, patient: Uuid, service: Uuid, slot: &Slot) -> Result<Parts> {
    tx.tx.one(sql::PARTS, &[&patient, &slot.professional, &service, &slot.room, &slot.equipment]).await
}

/// Everything that stands against a time, `but` for one appointment that would be moved.
///
/// # Errors
/// [`Error::Rule`] `hour_exists` for an hour that the clinic's clock skips on that day.
pub async fn conflicts(
    tx: &ReadTx,
    patient: Uuid,
    service: Uuid,
    slot: &Slot,
    but: Option<Uuid>,
) -> Result<Vec<ConflictRow>> {
    let values: [&(dyn ToSql + Sync); 8] =
        [&slot.professional, &patient, &slot.room, &slot.equipment, &slot.starts, &slot.minutes, &service, &but];
    tx.tx.rows(sql::CONFLICTS, &values).await
}

/// The next times from `slot.starts` on, within sixty days, at which everything is free.
///
/// # Errors
/// See [`Error`].
pub async fn free(
    tx: &ReadTx,
    patient: Option<Uuid>,
    service: Uuid,
    slot: &Slot,
    but: Option<Uuid>,
    most: i64,
) -> Result<Vec<PrimitiveDateTime>> {
    let values: [&(dyn ToSql + Sync); 9] =
        [&slot.professional, &patient, &slot.room, &slot.equipment, &slot.starts, &slot.minutes, &service, &but, &most];
    tx.tx.values(sql::FREE, &values).await
}

/// Books.
///
/// # Errors
/// [`Error::Taken`] when somebody has booked that time meanwhile; [`Error::Rule`] for what the clinic has not.
pub async fn insert(tx: &WriteTx, new: &NewAppointment<'_>) -> Result<()> {
    let slot = new.slot;
    let values: [&(dyn ToSql + Sync); 13] = [
        &new.id,
        &new.patient,
        &slot.professional,
        &new.service,
        &slot.room,
        &slot.equipment,
        &new.modality,
        &slot.starts,
        &slot.minutes,
        &new.status,
        &new.rescheduled_from,
        &new.series,
        &new.is_exception,
    ];
    tx.tx.execute_one(sql::INSERT, &values).await
}

/// Moves an appointment. None when it has changed since `seen`.
///
/// # Errors
/// [`Error::Taken`] when the time is somebody else's; [`Error::Rule`] `appointments_moves` for one that has begun.
pub async fn relocate(tx: &WriteTx, id: Uuid, seen: i32, slot: &Slot, is_exception: bool) -> Result<Option<i32>> {
    let values: [&(dyn ToSql + Sync); 8] =
        [&id, &seen, &slot.professional, &slot.room, &slot.equipment, &slot.starts, &slot.minutes, &is_exception];
    tx.tx.value(sql::MOVE, &values).await
}

/// Sets how an appointment stands. None when it has changed since `seen`.
///
/// # Errors
/// [`Error::Rule`] `appointments_way` where no way leads there, `appointments_hour_to_come` for who is said not to have come
/// before the hour; [`Error::Taken`] when its time is somebody else's meanwhile.
pub async fn set_status(tx: &WriteTx, id: Uuid, seen: i32, status: &str, reason: Option<&str>) -> Result<Option<i32>> {
    tx.tx.value(sql::SET_STATUS, &[&id, &seen, &status, &reason]).await
}

/// An appointment.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn one(tx: &ReadTx, id: Uuid) -> Result<AppointmentRow> {
    tx.tx.one(sql::ONE, &[&id]).await
}

/// The appointments that begin between two hours of the clinic's clock.
///
/// # Errors
/// See [`Error`].
pub async fn between(
    tx: &ReadTx,
    from: PrimitiveDateTime,
    until: PrimitiveDateTime,
    professional: Option<Uuid>,
) -> Result<Vec<EntryRow>> {
    tx.tx.rows(sql::BETWEEN, &[&from, &until, &professional]).await
}

/// When professionals attend between two hours of the clinic's clock.
///
/// # Errors
/// See [`Error`].
pub async fn hours(tx: &ReadTx, from: PrimitiveDateTime, until: PrimitiveDateTime) -> Result<Vec<HoursRow>> {
    tx.tx.rows(sql::HOURS, &[&from, &until]).await
}

/// A patient's appointments, latest first, fifty at most.
///
/// # Errors
/// See [`Error`].
pub async fn of_patient(tx: &ReadTx, patient: Uuid) -> Result<Vec<VisitRow>> {
    tx.tx.rows(sql::OF_PATIENT, &[&patient]).await
}
