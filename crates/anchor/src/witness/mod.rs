//! Witnesses (C2SP tlog-witness): somebody else remembers the largest tree that a log has shown, and cosigns only what
//! grew from it. Whoever holds the database and the log's key can still rewrite the past, but not for a witness.

mod client;
pub mod command;
mod folder;
mod judge;
mod key;
mod logs;
mod request;
mod server;

pub use client::{WitnessError, add_checkpoint};
pub use folder::FolderError;
pub use judge::{Refusal, Seen, Witness};
pub use key::Keys;
pub use logs::{Logs, LogsError};
pub use request::{AddCheckpoint, MAX_BODY, MAX_PROOF};
pub use server::router;
