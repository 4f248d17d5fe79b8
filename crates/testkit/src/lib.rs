//! A fresh database for each test.
//!
//! Only tests depend on this crate, so it panics where a test would: a broken stand is a failed test.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod cluster;
mod database;
mod keystore;
pub mod people;

pub use database::TestDatabase;
pub use keystore::TestKeystore;
/// The driver, for tests that look at the database past the product.
pub use tokio_postgres;
