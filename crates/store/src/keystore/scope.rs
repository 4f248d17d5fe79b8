//! Connections to the keystore; each transaction works for one clinic.

use deadpool_postgres::{Object, Pool};
use futures_util::join;
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

use super::{KeyError, sql};
use crate::{Result, server::DatabaseUrl, tx::Transaction};

pub(super) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

#[derive(Clone)]
pub(super) struct Keys(Pool);

impl Keys {
    pub(super) fn new(url: &DatabaseUrl, connections: usize) -> Result<Keys> {
        Ok(Keys(crate::db::pool(url, connections, None)?))
    }

    pub(super) async fn connection(&self) -> Result<Object> {
        Ok(self.0.get().await?)
    }

    /// One statement for one clinic, in one flight: at most one row. The clinic's identifier is no text of anybody's.
    pub(super) async fn row(&self, clinic: Uuid, sql: &'static str, params: Params<'_>) -> Result<Option<Row>> {
        let object = self.connection().await?;
        let statement = object.prepare_cached(sql).await?;
        let begin = format!("BEGIN; SET LOCAL keys.clinic = '{clinic}'");
        let (begun, row, ended) =
            join!(object.batch_execute(&begin), object.query_opt(&statement, params), object.batch_execute("COMMIT"));
        begun?;
        let row = row?;
        ended?;
        Ok(row)
    }

    /// One statement for one clinic, in one flight.
    pub(super) async fn rows(&self, clinic: Uuid, sql: &'static str, params: Params<'_>) -> Result<Vec<Row>> {
        let object = self.connection().await?;
        let statement = object.prepare_cached(sql).await?;
        let begin = format!("BEGIN; SET LOCAL keys.clinic = '{clinic}'");
        let (begun, rows, ended) =
            join!(object.batch_execute(&begin), object.query(&statement, params), object.batch_execute("COMMIT"));
        begun?;
        let rows = rows?;
        ended?;
        Ok(rows)
    }

    /// One statement for one clinic, in one flight; how many rows it touched. If it fails, `COMMIT` rolls back.
    pub(super) async fn execute(&self, clinic: Uuid, sql: &'static str, params: Params<'_>) -> Result<u64> {
        let object = self.connection().await?;
        let statement = object.prepare_cached(sql).await?;
        let begin = format!("BEGIN; SET LOCAL keys.clinic = '{clinic}'");
        let (begun, touched, ended) =
            join!(object.batch_execute(&begin), object.execute(&statement, params), object.batch_execute("COMMIT"));
        begun?;
        let touched = touched?;
        ended?;
        Ok(touched)
    }

    /// A transaction for one clinic.
    pub(super) async fn begin(&self, clinic: Uuid) -> Result<Transaction, KeyError> {
        let tx = Transaction::begin(self.connection().await?).await?;
        tx.execute(sql::SCOPE, &[&clinic]).await?;
        Ok(tx)
    }
}
