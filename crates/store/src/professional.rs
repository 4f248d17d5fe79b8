//! Who attends in a clinic, and what they perform.

use uuid::Uuid;

use crate::{ReadTx, Result, WriteTx, row::row, statements::professional as sql};

row! {
    /// Somebody who attends.
    #[derive(Debug, Clone)]
    pub struct ProfessionalRow {
        /// The professional.
        id: Uuid,
        /// The member who it is, if the professional uses the system.
        user_id: Option<Uuid>,
        /// That member's name.
        member_name: Option<String>,
        /// Full name.
        full_name: String,
        /// Specialty.
        specialization: Option<String>,
        /// The council's code.
        council_license: String,
        /// The number there.
        license_number: String,
        /// The council's state.
        license_state: String,
        /// How far the registration was checked.
        council_validation: String,
        /// Appointments in a day at most.
        daily_maximum: Option<i32>,
        /// Whether the professional attends now.
        is_active: bool,
        /// Which version this is.
        version: i32,
    }
}

row! {
    /// A member whom a professional may be.
    #[derive(Debug, Clone)]
    pub struct MemberRow {
        /// The account.
        user_id: Uuid,
        /// The name in the clinic.
        display_name: String,
    }
}

row! {
    /// A service on offer, and whether a professional performs it.
    #[derive(Debug, Clone)]
    pub struct PerformedRow {
        /// The service.
        id: Uuid,
        /// Its name.
        name: String,
        /// Its group's name.
        category_name: Option<String>,
        /// Whether the professional performs it.
        performed: bool,
    }
}

/// What is known of a professional, to be written.
#[derive(Debug, Clone)]
pub struct Known {
    /// The member who it is.
    pub user: Option<Uuid>,
    /// Full name.
    pub full_name: String,
    /// Specialty.
    pub specialization: Option<String>,
    /// Its place in the Conselho Federal de Medicina's list.
    pub specialty_code: Option<String>,
    /// The council's code.
    pub council: &'static str,
    /// The number there.
    pub number: String,
    /// The council's state.
    pub state: &'static str,
    /// Appointments in a day at most.
    pub daily_maximum: Option<i32>,
}

/// Everybody who attends or attended, those who do first.
///
/// # Errors
/// See [`crate::Error`]; so for all functions below.
pub async fn all(tx: &ReadTx) -> Result<Vec<ProfessionalRow>> {
    tx.tx.rows(sql::ALL, &[]).await
}

/// One of them.
///
/// # Errors
/// [`crate::Error::NotFound`] for another clinic's.
pub async fn one(tx: &ReadTx, id: Uuid) -> Result<ProfessionalRow> {
    tx.tx.one(sql::ONE, &[&id]).await
}

/// Whom a professional may be.
pub async fn members(tx: &ReadTx) -> Result<Vec<MemberRow>> {
    tx.tx.rows(sql::MEMBERS, &[]).await
}

/// A new professional.
///
/// # Errors
/// [`crate::Error::Duplicate`] `professionals_license` or `professionals_member`; [`crate::Error::Denied`] for who does not run
/// the clinic; [`crate::Error::Rule`] for somebody who is no member.
pub async fn insert(tx: &WriteTx, id: Uuid, known: &Known) -> Result<()> {
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 9] = [
        &id,
        &known.user,
        &known.full_name,
        &known.specialization,
        &known.specialty_code,
        &known.council,
        &known.number,
        &known.state,
        &known.daily_maximum,
    ];
    tx.tx.execute_one(sql::INSERT, &params).await
}

/// Changes what is known of a professional, if it is still the version that was seen. None when it is not.
///
/// # Errors
/// As [`insert`].
pub async fn update(tx: &WriteTx, id: Uuid, seen: i32, known: &Known) -> Result<Option<i32>> {
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 10] = [
        &id,
        &seen,
        &known.user,
        &known.full_name,
        &known.specialization,
        &known.specialty_code,
        &known.council,
        &known.number,
        &known.state,
        &known.daily_maximum,
    ];
    tx.tx.value(sql::UPDATE, &params).await
}

/// Says whether somebody attends. None when the record is not the version that was seen any more; so below.
pub async fn activate(tx: &WriteTx, id: Uuid, seen: i32, active: bool) -> Result<Option<i32>> {
    tx.tx.value(sql::ACTIVATE, &[&id, &seen, &active]).await
}

/// Says how far the registration was checked.
///
/// # Errors
/// [`crate::Error::Rule`] `professionals_own_check` for one's own registration, `professionals_check_way` for a step that is none.
pub async fn check(tx: &WriteTx, id: Uuid, seen: i32, validation: &str) -> Result<Option<i32>> {
    tx.tx.value(sql::CHECK, &[&id, &seen, &validation]).await
}

/// Counts a change of services or hours as one of the professional's record.
pub async fn touch(tx: &WriteTx, id: Uuid, seen: i32) -> Result<Option<i32>> {
    tx.tx.value(sql::TOUCH, &[&id, &seen]).await
}

/// What the clinic offers now, and whether a professional performs it.
pub async fn services(tx: &ReadTx, id: Uuid) -> Result<Vec<PerformedRow>> {
    tx.tx.rows(sql::SERVICES, &[&id]).await
}

/// From now on a professional performs these, of what is offered now, and nothing else. How many were added and ended.
///
/// # Errors
/// [`crate::Error::Rule`] for a service that is not the clinic's.
pub async fn set_services(tx: &WriteTx, id: Uuid, services: &[Uuid]) -> Result<(u64, u64)> {
    let ended = tx.tx.execute(sql::END_SERVICES, &[&id, &services]).await?;
    let added = tx.tx.execute(sql::ADD_SERVICES, &[&id, &services]).await?;
    Ok((added, ended))
}
