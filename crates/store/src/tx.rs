//! Transactions in somebody's name.

use deadpool_postgres::Object;
use futures_util::{future::join, join};
use serde_json::Value;
use tokio_postgres::{RowStream, types::ToSql};

use crate::{
    Error, Result,
    row::FromRow,
    session::Entered,
    statements, {Client, Session},
};

type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// An open transaction. Dropped unfinished (an error, a closed tab), it closes its connection, so that nothing
/// half-done can return to the pool.
pub(crate) struct Transaction {
    object: Option<Object>,
}

impl Transaction {
    /// `BEGIN` and the proof of the session, in one flight.
    pub(crate) async fn enter(object: Object, session: &Session, read_only: bool) -> Result<(Transaction, Entered)> {
        // Prepared before the flight: an unprepared statement could be overtaken by a later one.
        let enter = object.prepare_cached(statements::session::ENTER).await?;
        let tx = Transaction { object: Some(object) };
        let token = session.token.expose();
        let params: Params<'_> = &[&token, &session.client.request_id, &session.client.ip, &session.client.user_agent];
        let answered = {
            let object = tx.object()?;
            let begin = object.batch_execute("BEGIN");
            let enter = object.query_one(&enter, params);
            let (begun, entered) = if read_only {
                // After `enter`, which may slide the idle timeout.
                let (begun, entered, limited) = join!(begin, enter, object.batch_execute("SET TRANSACTION READ ONLY"));
                (begun.and(limited), entered)
            } else {
                join!(begin, enter)
            };
            // The session's answer first: when it fails, what came after it only says so.
            entered.and_then(|row| begun.map(|()| row))
        };
        match answered {
            Ok(row) => Ok((tx, Entered::from_row(&row)?)),
            Err(error) => {
                tx.rollback().await;
                Err(error.into())
            }
        }
    }

    /// `BEGIN` and where the sign-in comes from, in one flight.
    pub(crate) async fn describe(object: Object, client: &Client) -> Result<Transaction> {
        let describe = object.prepare_cached(statements::session::DESCRIBE).await?;
        let tx = Transaction { object: Some(object) };
        let params: Params<'_> = &[&client.request_id, &client.ip, &client.user_agent];
        let answered = {
            let object = tx.object()?;
            let (begun, described) = join(object.batch_execute("BEGIN"), object.query_one(&describe, params)).await;
            described.and_then(|row| begun.map(|()| row))
        };
        match answered {
            Ok(_) => Ok(tx),
            Err(error) => {
                tx.rollback().await;
                Err(error.into())
            }
        }
    }

    /// `BEGIN` alone.
    pub(crate) async fn begin(object: Object) -> Result<Transaction> {
        object.batch_execute("BEGIN").await?;
        Ok(Transaction { object: Some(object) })
    }

    /// `BEGIN` of a transaction whose statements all see the same instant.
    pub(crate) async fn begin_frozen(object: Object) -> Result<Transaction> {
        object.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
        Ok(Transaction { object: Some(object) })
    }

    fn object(&self) -> Result<&Object> {
        self.object.as_ref().ok_or(Error::Unavailable)
    }

    pub(crate) async fn commit(mut self) -> Result<()> {
        self.object()?.batch_execute("COMMIT").await?;
        self.finish();
        Ok(())
    }

    /// The event and the commit in one flight: if the event fails, `COMMIT` rolls back.
    pub(crate) async fn commit_with(self, event: &Event) -> Result<()> {
        let (action, risk) = (event.action.code(), event.risk.code());
        let params: Params<'_> =
            &[&event.name, &action, &event.resource_type, &event.resource_id, &event.details, &risk];
        self.commit_after(statements::session::AUDIT, params).await
    }

    /// One statement and the commit in one flight: if the statement fails, `COMMIT` rolls back.
    pub(crate) async fn commit_after(mut self, sql: &'static str, params: Params<'_>) -> Result<()> {
        let object = self.object()?;
        let statement = object.prepare_cached(sql).await?;
        let (done, committed) = join(object.query_one(&statement, params), object.batch_execute("COMMIT")).await;
        done?;
        committed?;
        self.finish();
        Ok(())
    }

    pub(crate) async fn rollback(mut self) {
        if let Ok(object) = self.object()
            && object.batch_execute("ROLLBACK").await.is_ok()
        {
            self.finish();
        }
    }

    /// Gives the connection back to the pool.
    fn finish(&mut self) {
        drop(self.object.take());
    }

    pub(crate) async fn rows<R: FromRow>(&self, sql: &'static str, params: Params<'_>) -> Result<Vec<R>> {
        let object = self.object()?;
        let statement = object.prepare_cached(sql).await?;
        let rows = object.query(&statement, params).await?;
        rows.iter().map(R::from_row).collect::<Result<_, _>>().map_err(Error::from)
    }

    pub(crate) async fn optional<R: FromRow>(&self, sql: &'static str, params: Params<'_>) -> Result<Option<R>> {
        let object = self.object()?;
        let statement = object.prepare_cached(sql).await?;
        let row = object.query_opt(&statement, params).await?;
        row.as_ref().map(R::from_row).transpose().map_err(Error::from)
    }

    pub(crate) async fn one<R: FromRow>(&self, sql: &'static str, params: Params<'_>) -> Result<R> {
        self.optional(sql, params).await?.ok_or(Error::NotFound)
    }

    /// Rows as they come, for what must not be held whole.
    pub(crate) async fn stream(&self, sql: &'static str, params: Params<'_>) -> Result<RowStream> {
        let object = self.object()?;
        let statement = object.prepare_cached(sql).await?;
        Ok(object.query_raw(&statement, params.iter().copied()).await?)
    }

    /// The values of one column.
    pub(crate) async fn values<T>(&self, sql: &'static str, params: Params<'_>) -> Result<Vec<T>>
    where
        T: for<'a> tokio_postgres::types::FromSql<'a>,
    {
        let object = self.object()?;
        let statement = object.prepare_cached(sql).await?;
        let rows = object.query(&statement, params).await?;
        rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(Error::from)
    }

    /// One row of one column.
    pub(crate) async fn value<T>(&self, sql: &'static str, params: Params<'_>) -> Result<Option<T>>
    where
        T: for<'a> tokio_postgres::types::FromSql<'a>,
    {
        let object = self.object()?;
        let statement = object.prepare_cached(sql).await?;
        let row = object.query_opt(&statement, params).await?;
        row.map(|row| row.try_get(0)).transpose().map_err(Error::from)
    }

    /// One JSON value of a statement that the program put together from its own words.
    pub(crate) async fn made(&self, sql: &str) -> Result<Value> {
        Ok(self.object()?.query_one(sql, &[]).await?.try_get(0)?)
    }

    /// Runs a statement for its effect; how many rows it touched.
    pub(crate) async fn execute(&self, sql: &'static str, params: Params<'_>) -> Result<u64> {
        let object = self.object()?;
        let statement = object.prepare_cached(sql).await?;
        Ok(object.execute(&statement, params).await?)
    }

    /// Runs a statement that must touch exactly one row; [`Error::NotFound`] when it did not.
    pub(crate) async fn execute_one(&self, sql: &'static str, params: Params<'_>) -> Result<()> {
        if self.execute(sql, params).await? == 1 { Ok(()) } else { Err(Error::NotFound) }
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(object) = self.object.take() {
            drop(Object::take(object));
        }
    }
}

/// A read-only transaction of a session.
pub struct ReadTx {
    pub(crate) tx: Transaction,
    entered: Entered,
}

impl ReadTx {
    /// Opens a session's transaction; read-only unless `writing`.
    pub(crate) async fn open(object: Object, session: &Session, writing: bool) -> Result<ReadTx> {
        let (tx, entered) = Transaction::enter(object, session, !writing).await?;
        Ok(ReadTx { tx, entered })
    }

    /// Who entered, as the database told when the transaction was opened.
    pub fn entered(&self) -> &Entered {
        &self.entered
    }
}

/// A transaction of a session that ends with an event in the trail. Reads like a [`ReadTx`].
pub struct WriteTx(pub(crate) ReadTx);

impl std::ops::Deref for WriteTx {
    type Target = ReadTx;
    fn deref(&self) -> &ReadTx {
        &self.0
    }
}

/// A transaction of the sign-in code, outside any session.
pub struct SignInTx(pub(crate) Transaction);

impl SignInTx {
    /// Appends an event to the trail, at most once a transaction; see [`crate::session::identify`].
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn audit(&self, event: &Event) -> Result<()> {
        let (action, risk) = (event.action.code(), event.risk.code());
        let params: Params<'_> =
            &[&event.name, &action, &event.resource_type, &event.resource_id, &event.details, &risk];
        self.0.execute(statements::session::AUDIT, params).await.map(drop)
    }
}

/// A transaction of the scheduler.
pub struct JobTx(pub(crate) Transaction);

/// The kind of an act, as the event header names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Something was looked at.
    View,
    /// Something was made.
    Create,
    /// Something was changed.
    Update,
    /// Something was taken away.
    Delete,
    /// Something left the system.
    Export,
}

impl Action {
    fn code(self) -> &'static str {
        match self {
            Action::View => "view",
            Action::Create => "create",
            Action::Update => "update",
            Action::Delete => "delete",
            Action::Export => "export",
        }
    }
}

/// How much an act could harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Risk {
    /// Everyday work.
    Low,
    /// Touches rights or settings of a person.
    Medium,
    /// Needs a second look.
    High,
}

impl Risk {
    fn code(self) -> &'static str {
        match self {
            Risk::Low => "low",
            Risk::Medium => "medium",
            Risk::High => "high",
        }
    }
}

/// What a write says of itself in the trail: names, counts, hashes and pointers; never contents.
#[derive(Debug, Clone)]
pub struct Event {
    /// The act, as `message_sent`.
    pub name: &'static str,
    /// Its kind.
    pub action: Action,
    /// The table or feature it is about.
    pub resource_type: &'static str,
    /// The row it is about.
    pub resource_id: Option<String>,
    /// Counts, hashes, flags.
    pub details: Value,
    /// How much it could harm.
    pub risk: Risk,
}
