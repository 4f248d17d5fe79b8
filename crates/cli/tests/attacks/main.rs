//! What a stranger, a member of another clinic, a thief of cookies or another site's page can try over HTTP.
//! Every answer's security headers and every cookie's flags are checked on the way (`support/http.rs`).
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod agenda;
mod answers;
mod audit;
mod clinics;
mod compliance;
mod consents;
mod elimination;
mod export;
mod identity;
mod input;
mod once;
mod patients;
mod pictures;
mod rights;
mod routes;
#[path = "../support/mod.rs"]
mod support;
mod suspicions;
mod team;
