//! The doctor's profile.

use time::OffsetDateTime;

use sigilo_domain::Crm;

use crate::{Error, ReadTx, Result, WriteTx, row::row, statements::profile as sql};

row! {
    /// The signed-in doctor's profile.
    #[derive(Debug)]
    pub struct Profile {
        /// The full name.
        full_name: String,
        /// The CRM's digits, or `PENDENTE`.
        crm_number: String,
        /// The CRM's state, or `XX`.
        crm_state: String,
        /// The specialty.
        specialty: Option<String>,
        /// How far the registration was checked.
        council_validation: String,
        /// When the onboarding was completed.
        onboarded_at: Option<OffsetDateTime>,
        /// When the profile was made.
        created_at: OffsetDateTime,
    }
}

/// The signed-in doctor's profile; none for other members.
///
/// # Errors
/// See [`Error`].
pub async fn own(tx: &ReadTx) -> Result<Option<Profile>> {
    tx.tx.optional(sql::OWN, &[]).await
}

/// Writes what the onboarding collects.
///
/// # Errors
/// [`Error::Duplicate`] when the clinic has this CRM already, [`Error::NotFound`] without a profile.
pub async fn complete(tx: &WriteTx, full_name: &str, crm: &Crm, specialty: &str) -> Result<()> {
    match tx.tx.execute(sql::COMPLETE, &[&full_name, &crm.number(), &crm.state().code(), &specialty]).await? {
        1 => Ok(()),
        _ => Err(Error::NotFound),
    }
}
