//! The ledger's proofs: what is not sealed yet, and the rounds, heads and checkpoints that seal it.
//!
//! Everything here runs as `sigilo_sealer`, which reads the ledger whole, writes its proofs and can do nothing else.

mod attest;
mod images;
mod retention;
mod rows;
mod seal;

pub use attest::{ExaminationRow, Examined, Stamp, WantedStamp, Witness};
pub use images::{Images, images};
pub use retention::{Declaration, Leaves};
pub use rows::LedgerRow;
pub(crate) use seal::TileRow;
pub use seal::{Behind, Checkpoint, Difference, Head, HeadRow, Here, Last, NewHead, NewRound, Round, SealTx, Waiting};

use uuid::Uuid;

/// The log of rows that belong to no clinic.
pub const NOBODYS_LOG: Uuid = Uuid::nil();
/// The log whose leaves are the rounds.
pub const PLATFORM_LOG: Uuid = Uuid::max();
