//! Those outside who attest a checkpoint of the trail: witnesses, who cosign only what grew from what they saw before,
//! and time-stamping authorities, who attest since when it exists.
//!
//! Neither learns more than hashes and counts.

mod http;
pub mod timestamp;
pub mod witness;

pub use http::{Client, ClientError};
