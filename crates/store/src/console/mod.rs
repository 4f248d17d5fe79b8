//! The audit console: what its readers may ask, who they are, and what was asked.
//!
//! Four layers stand between a typed statement and the data: the [`guard`], a role that can only read under row security,
//! a read-only transaction over the extended protocol, and limits of time, rows and bytes kept outside the database.

mod allowed;
pub mod guard;
mod lexis;
mod mask;
mod reader;
mod records;
mod run;

pub use guard::{Examined, Refusal, examine};
pub use records::{
    Candidate, Finished, Grant, NewRun, Run, candidates, finish, grant, grant_as_operator, grants, interrupted_after,
    own_grant, revoke, run, runs, start,
};
pub use run::{Answer, Column, Failure, Limits};
