//! What a clinic offers.

use uuid::Uuid;

use crate::{ReadTx, Result, WriteTx, row::row, statements::service as sql};

row! {
    /// A group of services.
    #[derive(Debug, Clone)]
    pub struct CategoryRow {
        /// The group.
        id: Uuid,
        /// Its name.
        name: String,
    }
}

row! {
    /// A service.
    #[derive(Debug, Clone)]
    pub struct ServiceRow {
        /// The service.
        id: Uuid,
        /// Its group.
        category_id: Option<Uuid>,
        /// The group's name.
        category_name: Option<String>,
        /// Its name.
        name: String,
        /// How long it takes.
        duration_minutes: i32,
        /// What room and professional need afterwards.
        buffer_minutes: i32,
        /// The price, in centavos.
        centavos: i64,
        /// The code in the TUSS table.
        tuss_code: Option<String>,
        /// Whether it can be done from afar.
        by_telemedicine: bool,
        /// Whether it is offered now.
        is_active: bool,
        /// Which version this is.
        version: i32,
    }
}

/// What is known of a service, to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its group.
    pub category: Option<Uuid>,
    /// Its name.
    pub name: String,
    /// How long it takes, in minutes.
    pub duration: i32,
    /// What room and professional need afterwards, in minutes.
    pub buffer: i32,
    /// The price, in centavos.
    pub centavos: i64,
    /// The code in the TUSS table.
    pub tuss: Option<String>,
    /// Whether it can be done from afar.
    pub by_telemedicine: bool,
}

/// The groups, by name.
///
/// # Errors
/// See [`crate::Error`]; so for all functions below.
pub async fn categories(tx: &ReadTx) -> Result<Vec<CategoryRow>> {
    tx.tx.rows(sql::CATEGORIES, &[]).await
}

/// A new group.
///
/// # Errors
/// [`crate::Error::Duplicate`] `service_categories_name`.
pub async fn insert_category(tx: &WriteTx, id: Uuid, name: &str) -> Result<()> {
    tx.tx.execute_one(sql::INSERT_CATEGORY, &[&id, &name]).await
}

/// Another name for a group; false when it has not the one that was seen any more.
///
/// # Errors
/// As [`insert_category`].
pub async fn rename_category(tx: &WriteTx, id: Uuid, seen: &str, name: &str) -> Result<bool> {
    Ok(tx.tx.execute(sql::RENAME_CATEGORY, &[&id, &seen, &name]).await? == 1)
}

/// Everything that is or was offered, what is first.
pub async fn all(tx: &ReadTx) -> Result<Vec<ServiceRow>> {
    tx.tx.rows(sql::ALL, &[]).await
}

/// One service.
///
/// # Errors
/// [`crate::Error::NotFound`] for another clinic's.
pub async fn one(tx: &ReadTx, id: Uuid) -> Result<ServiceRow> {
    tx.tx.one(sql::ONE, &[&id]).await
}

/// Something new on offer.
///
/// # Errors
/// [`crate::Error::Duplicate`] `service_types_name`; [`crate::Error::Rule`] for another clinic's group.
pub async fn insert(tx: &WriteTx, id: Uuid, known: &Known) -> Result<()> {
    let Known { category, name, duration, buffer, centavos, tuss, by_telemedicine } = known;
    tx.tx.execute_one(sql::INSERT, &[&id, category, name, duration, buffer, centavos, tuss, by_telemedicine]).await
}

/// Changes a service, if it is still the version that was seen. None when it is not.
///
/// # Errors
/// As [`insert`].
pub async fn update(tx: &WriteTx, id: Uuid, seen: i32, known: &Known) -> Result<Option<i32>> {
    let Known { category, name, duration, buffer, centavos, tuss, by_telemedicine } = known;
    tx.tx.value(sql::UPDATE, &[&id, &seen, category, name, duration, buffer, centavos, tuss, by_telemedicine]).await
}

/// Says whether it is offered, if it is still the version that was seen. None when it is not.
pub async fn activate(tx: &WriteTx, id: Uuid, seen: i32, active: bool) -> Result<Option<i32>> {
    tx.tx.value(sql::ACTIVATE, &[&id, &seen, &active]).await
}
