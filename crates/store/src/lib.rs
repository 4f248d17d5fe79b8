//! The only crate that knows PostgreSQL: scoped transactions, every SQL statement, migrations and the
//! managed local server.
//!
//! Outside this crate, SQL runs only through [`ReadTx`], [`WriteTx`], [`SignInTx`] and [`JobTx`]; the pools
//! are private, and each transaction belongs to a session, to a sign-in or to a named job.

pub mod account;
pub mod answer;
pub mod appointment;
pub mod canary;
pub mod classification;
pub mod compliance;
pub mod consent;
pub mod consent_text;
pub mod console;
mod context;
pub mod conversation;
pub mod copies;
mod db;
pub mod disposal;
pub mod elimination;
mod error;
pub mod export;
pub mod factor;
pub mod governance;
pub mod incident;
pub mod job;
pub mod keystore;
pub mod legal_hold;
pub mod manual;
pub mod message;
mod migrate;
pub mod patient;
pub mod professional;
pub mod profile;
pub mod report;
pub mod rights;
pub mod room;
mod row;
pub mod schedule;
pub mod server;
pub mod service;
pub mod session;
pub mod setup;
pub mod simulation;
pub mod statements;
pub mod suspicion;
pub mod team;
pub mod trail;
mod tx;

pub use context::{Client, Session, Token};
pub use db::{Db, ImageKey};
pub use error::{Error, Result};
pub use migrate::{migrate, migrate_keystore, newest_migrations};
pub use tx::{Action, Event, JobTx, ReadTx, Risk, SignInTx, WriteTx};
