//! Copies of planted people: what lies on the disk, what comes back, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod drill;
mod refused;
mod round;
mod shelf;
mod support;
