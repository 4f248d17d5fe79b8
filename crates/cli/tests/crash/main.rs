//! Power cuts, lost databases, and the search for what must never have been written.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod answers;
mod database;
mod nowhere;
mod rights;
#[path = "../support/mod.rs"]
mod support;
mod whole;
