//! The proofs of the trail: every row of the ledger becomes a leaf of its clinic's log, and each round of sealing becomes a
//! leaf of the platform's log, under one signed checkpoint.
//!
//! Structure: row → clinic's log (RFC 6962) → its head, a leaf of the round's map of all heads → the round's entry, a leaf
//! of the platform's log → checkpoint. So signatures, witnesses and time stamps cost the same for one clinic and for ten
//! thousand, and a clinic that shows its log shows nothing of the others but hashes.

mod attest;
mod bundle;
mod disposal;
mod enter;
mod entry;
mod examine;
mod images;
mod log;
mod row;
mod seal;
mod status;

pub use attest::Outside;
pub use bundle::{export, export_log, log_file};
pub use disposal::{Disposal, ExpiredMonth, decide_disposal, disposals, propose_disposal};
pub use entry::entry;
pub use examine::{Difference, Examination, examine};
pub use images::{Images, new_image_key, open_images};
pub use row::{row_proof, row_proof_of};
pub use seal::{Problem, Sealed, Sealer};
pub(crate) use status::standing_of;
pub use status::{
    Standing, checkpoint, checkpoint_note, examine_now, examined_at, policy, policy_of, standing, verifier_key,
};
