//! Verifying references against a stand-in for PubMed with real records.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod cache;
mod client;
mod faults;
mod support;
mod verdicts;
