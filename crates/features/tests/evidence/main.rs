//! The trail's proofs against a real database: sealed whole, checked by others, and what each attack leaves behind.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod offline;
mod outside;
mod retention;
mod seal;
mod support;
mod tamper;
