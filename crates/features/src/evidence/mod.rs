//! The proofs of the trail: every row of the ledger becomes a leaf of its clinic's log, and each round of sealing becomes a
//! leaf of the platform's log, under one signed checkpoint.
//!
//! Structure: row → clinic's log (RFC 6962) → its head, a leaf of the round's map of all heads → the round's entry, a leaf
//! of the platform's log → checkpoint. So signatures, witnesses and time stamps cost the same for one clinic and for ten
//! thousand, and a clinic that shows its log shows nothing of the others but hashes.

mod attest;
mod bundle;
mod enter;
mod entry;
mod examine;
mod images;
mod log;
mod row;
mod seal;
mod status;

pub use attest::Outside;
pub use bundle::{export, export_log};
pub use entry::entry;
pub use examine::{Difference, Examination, examine};
pub use images::{Images, new_image_key, open_images};
pub use row::{row_proof, row_proof_of};
pub use seal::{Problem, Sealed, Sealer};
pub(crate) use status::standing_of;
pub use status::{
    Standing, checkpoint, checkpoint_note, examine_now, examined_at, policy, policy_of, standing, verifier_key,
};

use std::fmt::Write as _;

use time::OffsetDateTime;

/// An instant as entries write it: UTC, microseconds.
pub(crate) fn instant(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    let mut text = String::with_capacity(27);
    let (date, clock) = (at.date(), at.time());
    // Writing to a text does not fail.
    let _ = write!(
        text,
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second(),
        clock.microsecond()
    );
    text
}
