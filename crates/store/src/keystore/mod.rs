//! The keystore: wrapped keys in a database of their own, unwrapped here for a while.
//!
//! [`Keystore`] serves people's keys; it is opened with the list of those who were destroyed, so that an older copy of the
//! database can bring nobody back. [`Rotation`] moves keys to a new clinic's key or a new root key, while others read.

mod cache;
mod clinics;
mod meter;
mod rotation;
mod scope;
mod serve;

use sigilo_proof::{SealError, envelope::RootError};
use thiserror::Error;
use uuid::Uuid;

pub use meter::Unwraps;
pub use rotation::{ClinicKeyStatus, Rotation};
pub use serve::{Keystore, Limits, destroy_again};

pub(crate) mod sql {
    //! Every statement of the keystore's database.
    include!(concat!(env!("OUT_DIR"), "/keystore_statements.rs"));
    pub(crate) use keystore::*;
}

/// Every statement of the keystore's database by name, for the test that prepares each.
pub const STATEMENTS: &[(&str, &str)] = sql::ALL;

/// A person of a clinic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    /// The clinic.
    pub clinic: Uuid,
    /// The person, by pseudonym.
    pub subject: Uuid,
}

/// Why there is no key. No identifier is in it.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The keystore's database.
    #[error(transparent)]
    Store(#[from] crate::Error),
    /// The keeper of the root key.
    #[error(transparent)]
    Root(#[from] RootError),
    /// The clinic or the person has no such key.
    #[error("no such key")]
    Unknown,
    /// The key was destroyed: what it sealed can never be read again.
    #[error("the key was destroyed")]
    Destroyed,
    /// What was kept does not open: changed, or moved from elsewhere.
    #[error("does not open: changed, or moved from elsewhere")]
    Damaged,
    /// The clinic's key was wrapped by another keeper than the one that is open.
    #[error("wrapped by another keeper of the root key ({0})")]
    OtherProvider(String),
}

impl From<SealError> for KeyError {
    fn from(_: SealError) -> Self {
        KeyError::Damaged
    }
}

impl From<tokio_postgres::Error> for KeyError {
    fn from(error: tokio_postgres::Error) -> Self {
        KeyError::Store(error.into())
    }
}

/// PostgreSQL's integers have a sign, versions have none.
fn signed(version: u32) -> Result<i32, KeyError> {
    i32::try_from(version).map_err(|_| KeyError::Unknown)
}

fn unsigned(version: i32) -> Result<u32, KeyError> {
    u32::try_from(version).map_err(|_| KeyError::Damaged)
}
