use std::ops::Range;

use uuid::Uuid;

use super::{SealTx, Stamp};
use crate::{Result, row::row, statements::trail as sql};

row! {
    /// A row of a log that says which leaves have no row any more.
    #[derive(Debug, Clone, Copy)]
    pub struct Declaration {
        /// The round that sealed it.
        sealed_in: Option<i64>,
        /// The round that first reached the last of those leaves.
        reached_in: Option<i64>,
    }
}

row! {
    /// Some leaves in a row.
    #[derive(Debug, Clone, Copy)]
    pub struct Leaves {
        /// The first.
        first: Option<i64>,
        /// The one after the last.
        past: Option<i64>,
    }
}

impl SealTx {
    /// The rows of a log that say which leaves have no row any more.
    ///
    /// # Errors
    /// See [`crate::Error`]; so for all methods here.
    pub async fn declarations(&self, log: Uuid) -> Result<Vec<Declaration>> {
        self.0.rows(sql::DECLARATIONS, &[&log]).await
    }

    /// The leaves of a log that may be without their rows: declared, and older than five years when they were.
    pub async fn declared(&self, log: Uuid) -> Result<Vec<Range<i64>>> {
        let ranges: Vec<Leaves> = self.0.rows(sql::DECLARED, &[&log]).await?;
        Ok(ranges.into_iter().filter_map(|leaves| Some(leaves.first?..leaves.past?)).collect())
    }

    /// The first stamp of a checkpoint that covers a round, if there is one.
    pub async fn first_stamp(&self, round: i64) -> Result<Option<Stamp>> {
        self.0.optional(sql::FIRST_STAMP, &[&round]).await
    }
}
