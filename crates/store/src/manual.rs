//! What the living manual counts.

use crate::{ReadTx, Result, row::row, statements::manual as sql};

row! {
    /// How many rows of the clinic a table holds.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Count {
        /// The table.
        table_name: Option<String>,
        /// How many.
        row_count: Option<i64>,
    }
}

/// Counts the clinic's rows of these tables; nothing for who neither audits it nor answers for it.
///
/// # Errors
/// See [`crate::Error`].
pub async fn counts(tx: &ReadTx, tables: &[&str]) -> Result<Vec<Count>> {
    tx.tx.rows(sql::COUNTS, &[&tables]).await
}
