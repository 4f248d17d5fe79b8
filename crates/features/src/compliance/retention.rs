//! The periods of the clinic's data against the rows as they are.

use time::OffsetDateTime;

use sigilo_domain::audit_query::Level;
use sigilo_store::{
    ReadTx,
    classification::{Retention, Table},
    compliance as counts,
};

use super::RETENTION_DAYS;
use crate::Result;

/// How the rows of one table stand against their period.
pub struct TableStanding {
    /// The table.
    pub table: &'static Table,
    /// Rows past the end.
    pub ended: i64,
    /// Rows that reach it within [`RETENTION_DAYS`]; none where a job removes them by itself.
    pub ending: i64,
}

/// How the rows under one rule stand.
pub struct RetentionStanding {
    /// The rule.
    pub rule: &'static Retention,
    /// Its tables that hold such rows.
    pub tables: Vec<TableStanding>,
    /// The oldest of these rows, by the clock of its table.
    pub oldest: Option<OffsetDateTime>,
}

impl RetentionStanding {
    /// Rows past the end.
    pub fn ended(&self) -> i64 {
        self.tables.iter().map(|table| table.ended).sum()
    }

    /// Rows that reach it before long.
    pub fn ending(&self) -> i64 {
        self.tables.iter().map(|table| table.ending).sum()
    }

    /// What is past its end waits for a decision.
    pub fn level(&self) -> Level {
        match (self.ended(), self.ending()) {
            (0, 0) => Level::Ok,
            (0, _) => Level::Information,
            _ => Level::Attention,
        }
    }
}

/// Every rule that ends, in the order of the classification.
pub(super) async fn load(tx: &ReadTx) -> Result<Vec<RetentionStanding>> {
    let mut standings: Vec<RetentionStanding> = Vec::new();
    for (rule, table, aged) in counts::retention(tx, RETENTION_DAYS).await? {
        let at = standings.iter().position(|standing| standing.rule.code == rule.code).unwrap_or_else(|| {
            standings.push(RetentionStanding { rule, tables: Vec::new(), oldest: None });
            standings.len() - 1
        });
        let ending = if rule.built { 0 } else { aged.ending };
        if aged.ended + ending > 0 {
            let standing = &mut standings[at];
            standing.tables.push(TableStanding { table, ended: aged.ended, ending });
            standing.oldest = standing.oldest.into_iter().chain(aged.oldest).min();
        }
    }
    Ok(standings)
}
