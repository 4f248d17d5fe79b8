//! Use cases: one folder a feature, one file an operation.
//!
//! Each has the same five steps: authorise, load, decide, save, audit. Nothing here knows HTTP or SQL.

pub mod answer;
mod app;
pub mod appointment;
pub mod canary;
mod ceremony;
pub mod clinic;
pub mod compliance;
pub mod consent;
pub mod console;
pub mod conversation;
pub mod copies;
pub mod demo;
mod error;
pub mod evidence;
pub mod factor;
pub mod governance;
pub mod health;
pub mod incident;
pub mod manual;
pub mod message;
mod moment;
pub mod onboarding;
pub mod patient;
pub mod professional;
mod recovery;
pub mod report;
pub mod rights;
pub mod room;
pub mod schedule;
pub mod second_factor;
pub mod service;
pub mod session;
pub mod sign_in;
pub mod sign_up;
pub mod simulation;
pub mod small_agent;
pub mod suspicion;
pub mod team;
pub mod unlock;
pub mod user;

pub use app::{App, OidcSettings, Settings, SignUp};
pub use error::{Error, FieldError, Result};
pub use recovery::RecoveryCodes;
pub use sigilo_store::{Client, Session, Token};

/// A new secret for a session, a ceremony or a link.
fn new_token() -> Token {
    Token::from_random(&sigilo_proof::random_bytes())
}
