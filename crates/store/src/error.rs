//! What can go wrong in the database, without a word of the driver's text: it may quote values.

use deadpool_postgres::PoolError;
use thiserror::Error;
use tokio_postgres::error::SqlState;

/// The result of a store operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a store operation failed.
#[derive(Debug, Error)]
pub enum Error {
    /// The session is unknown, ended, expired, or its membership is gone.
    #[error("no live session")]
    NotSignedIn,
    /// The session is idle and waits to be unlocked.
    #[error("session is locked")]
    Locked,
    /// A policy or a missing grant refused it.
    #[error("refused by the database")]
    Denied,
    /// A unique constraint; the name of the constraint.
    #[error("already exists ({0})")]
    Duplicate(String),
    /// Something else has that time; the name of the constraint.
    #[error("that time is taken ({0})")]
    Taken(String),
    /// Another constraint; its name.
    #[error("breaks a rule of the schema ({0})")]
    Rule(String),
    /// The statement took too long.
    #[error("took too long")]
    Timeout,
    /// The server is away, starting, stopping, or out of connections.
    #[error("the database is not available")]
    Unavailable,
    /// Expected one row and there was none.
    #[error("no such row")]
    NotFound,
    /// Anything else: the SQLSTATE, or what the driver was doing.
    #[error("database error ({0})")]
    Other(String),
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(db) = error.as_db_error() else {
            return if error.is_closed() || std::error::Error::source(&error).is_some_and(|s| s.is::<std::io::Error>()) {
                Error::Unavailable
            } else {
                Error::Other("driver".into())
            };
        };
        let code = db.code();
        let constraint = || db.constraint().unwrap_or("?").to_owned();
        match code.code() {
            "SG401" => Error::NotSignedIn,
            "SG423" => Error::Locked,
            // Not one of ours, yet the same answer: the context was never set, or was cleared.
            "42704" => Error::NotSignedIn,
            // Raised by a trigger that found nothing to write to.
            _ if *code == SqlState::NO_DATA_FOUND => Error::NotFound,
            _ if *code == SqlState::INSUFFICIENT_PRIVILEGE => Error::Denied,
            _ if *code == SqlState::UNIQUE_VIOLATION => Error::Duplicate(constraint()),
            _ if *code == SqlState::EXCLUSION_VIOLATION => Error::Taken(constraint()),
            _ if [SqlState::CHECK_VIOLATION, SqlState::FOREIGN_KEY_VIOLATION, SqlState::NOT_NULL_VIOLATION]
                .contains(code) =>
            {
                Error::Rule(constraint())
            }
            _ if *code == SqlState::QUERY_CANCELED => Error::Timeout,
            _ if [
                SqlState::ADMIN_SHUTDOWN,
                SqlState::CRASH_SHUTDOWN,
                SqlState::CANNOT_CONNECT_NOW,
                SqlState::TOO_MANY_CONNECTIONS,
            ]
            .contains(code) =>
            {
                Error::Unavailable
            }
            _ => Error::Other(code.code().to_owned()),
        }
    }
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => match Error::from(error) {
                Error::Other(_) => Error::Unavailable,
                known => known,
            },
            _ => Error::Unavailable,
        }
    }
}
