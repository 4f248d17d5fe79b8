//! The audit console: reading one clinic's tables under a grant, each question recorded before it is asked.

mod access;
mod ask;
mod browse;

pub use access::{Candidate, Grant, GrantForm, MAX_DAYS, candidates, give, grants, revoke, standing};
pub use ask::{Asked, Kind, MASK, Question, Shown, ask, one, recent};
pub use browse::{Filter, PAGE, TableView, choices, table_sql, tables};
pub use sigilo_store::console::{Column, Run, interrupted_after};
