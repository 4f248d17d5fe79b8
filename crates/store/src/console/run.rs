//! Running one examined statement for one session, and giving up in time.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, pin_mut};
use tokio_postgres::{CancelToken, Client, IsolationLevel, NoTls, Transaction, error::SqlState};

use super::{Examined, mask};
use crate::{Db, Session};

/// Longest value that is read, in characters; the rest of it stays in the database.
const LONGEST_VALUE: usize = 200_000;

/// How long a value may be so that a row of so many, of four bytes a character, fits the limit: a row is in memory before
/// it can be measured, and there may be 1600 columns.
fn longest(columns: usize, limits: Limits) -> usize {
    (limits.bytes / 4 / columns.max(1)).clamp(1, LONGEST_VALUE)
}

/// Where reading stops.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Rows.
    pub rows: usize,
    /// Bytes of all values together.
    pub bytes: usize,
    /// Time on the clock, from the connection to the last row.
    pub within: Duration,
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its PostgreSQL type.
    pub kind: String,
    /// The table and column it comes from unchanged.
    pub origin: Option<(String, String)>,
    /// Whether its values are to be hidden until asked for with a reason.
    pub masked: bool,
}

/// What a statement answered, every value as PostgreSQL writes it; none is NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// One list a row.
    pub rows: Vec<Vec<Option<String>>>,
    /// Bytes of all values.
    pub bytes: usize,
    /// Whether there was more than the limits allow.
    pub truncated: bool,
    /// From sending to the last row read.
    pub took: Duration,
}

impl Answer {
    /// The answer in one form, to be hashed: a line with the names of the columns and a line a row, each a JSON array of
    /// strings and nulls without spaces, each ended by a line feed. Whoever holds the exported file can make it again.
    pub fn canonical(&self) -> Vec<u8> {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        // Strings and nulls always serialise.
        let mut bytes = serde_json::to_vec(&names).unwrap_or_default();
        bytes.push(b'\n');
        for row in &self.rows {
            bytes.extend(serde_json::to_vec(row).unwrap_or_default());
            bytes.push(b'\n');
        }
        bytes
    }
}

/// Why a statement has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The session ended, or waits to be unlocked.
    NotSignedIn,
    /// The grant ended or was revoked.
    NoGrant,
    /// PostgreSQL refused it; a sentence in Portuguese without any value of the data.
    Refused(String),
    /// It took too long and was cancelled.
    Timeout,
    /// The database is away, or too many statements are running.
    Unavailable,
}

/// Cancels what is still running when whoever asked is gone.
struct Guard {
    token: CancelToken,
    done: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.done {
            let token = self.token.clone();
            tokio::spawn(async move {
                if let Err(error) = token.cancel_query(NoTls).await {
                    tracing::warn!(%error, "a query of the console could not be cancelled");
                }
            });
        }
    }
}

impl Db {
    /// Runs one statement for the clinic of a session, under its live grant. The connection is its own and is closed
    /// afterwards; dropped halfway, the statement is cancelled.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn ask(&self, session: &Session, statement: &Examined, limits: Limits) -> Result<Answer, Failure> {
        let place = tokio::time::timeout(Duration::from_secs(5), self.console().places.acquire()).await;
        let Ok(Ok(_place)) = place else { return Err(Failure::Unavailable) };
        let connecting = tokio::time::timeout(Duration::from_secs(5), self.console().config.connect(NoTls)).await;
        let Ok(Ok((mut client, connection))) = connecting else { return Err(Failure::Unavailable) };
        let driving = tokio::spawn(connection);
        let mut guard = Guard { token: client.cancel_token(), done: false };
        let asked = tokio::time::timeout(limits.within, answer(&mut client, session, statement, limits)).await;
        // What was cut short is still being computed.
        guard.done = matches!(&asked, Ok(Ok(answer)) if !answer.truncated) || matches!(&asked, Ok(Err(_)));
        drop(guard);
        drop(client);
        driving.abort();
        match asked {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(failure(&error)),
            Err(_) => Err(Failure::Timeout),
        }
    }
}

async fn answer(
    client: &mut Client,
    session: &Session,
    statement: &Examined,
    limits: Limits,
) -> Result<Answer, tokio_postgres::Error> {
    let tx = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
    // The first query: from here on the transaction can no longer be turned into a writing one.
    tx.execute("SELECT app.enter_console($1)", &[&session.token.expose()]).await?;
    let started = Instant::now();
    // Prepared alone first: only a whole statement by itself is, and its columns tell where they come from.
    let own = tx.prepare(&statement.sql).await?;
    let origins = origins(&tx, own.columns()).await?;
    let columns = own.columns().iter().zip(origins).map(|(column, origin)| {
        let kind = column.type_();
        let place = origin.as_ref().map(|(table, name)| (table.as_str(), name.as_str()));
        let masked = mask::hides(statement, place, kind);
        Column { name: column.name().to_owned(), kind: kind.name().to_owned(), origin, masked }
    });
    let columns: Vec<Column> = columns.collect();
    let longest = longest(columns.len(), limits);
    let sql = if statement.explains {
        statement.sql.clone()
    } else {
        in_words(statement, columns.len(), limits.rows, longest)
    };
    let reading = tx.prepare(&sql).await?;
    let stream = tx.query_raw(&reading, std::iter::empty::<&str>()).await?;
    pin_mut!(stream);
    let mut answer = Answer { columns, rows: Vec::new(), bytes: 0, truncated: false, took: Duration::ZERO };
    while let Some(row) = stream.next().await.transpose()? {
        if answer.rows.len() == limits.rows {
            answer.truncated = true;
            break;
        }
        let mut values =
            (0..row.len()).map(|at| row.try_get::<_, Option<String>>(at)).collect::<Result<Vec<_>, _>>()?;
        for value in values.iter_mut().flatten() {
            answer.truncated |= shorten(value, longest);
        }
        let bytes: usize = values.iter().flatten().map(String::len).sum();
        if answer.bytes + bytes > limits.bytes {
            answer.truncated = true;
            break;
        }
        answer.bytes += bytes;
        answer.rows.push(values);
    }
    answer.took = started.elapsed();
    Ok(answer)
}

/// The table of schema `public` and the column that each column comes from unchanged, where it does.
async fn origins(
    tx: &Transaction<'_>,
    columns: &[tokio_postgres::Column],
) -> Result<Vec<Option<(String, String)>>, tokio_postgres::Error> {
    let tables: Vec<Option<u32>> = columns.iter().map(tokio_postgres::Column::table_oid).collect();
    let numbers: Vec<Option<i16>> = columns.iter().map(tokio_postgres::Column::column_id).collect();
    let rows = tx
        .query(
            "SELECT c.relname::text, a.attname::text
               FROM unnest($1::pg_catalog.oid[], $2::pg_catalog.int2[]) WITH ORDINALITY AS o (relation, number, at)
               LEFT JOIN pg_catalog.pg_class c
                 ON c.oid = o.relation AND c.relnamespace = 'public'::pg_catalog.regnamespace
               LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = o.number
              ORDER BY o.at",
            &[&tables, &numbers],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get::<_, Option<String>>(0).zip(row.get(1))).collect())
}

/// The same statement with every value as text, one character longer than may be and with one row more than the limit,
/// which tells that there is more.
fn in_words(statement: &Examined, columns: usize, rows: usize, longest: usize) -> String {
    let names: Vec<String> = (1..=columns).map(|at| format!("c{at}")).collect();
    let values: Vec<String> =
        names.iter().map(|name| format!("pg_catalog.left(q.{name}::pg_catalog.text, {})", longest + 1)).collect();
    let alias = if names.is_empty() { "q".to_owned() } else { format!("q ({})", names.join(", ")) };
    format!("SELECT {} FROM ({}) AS {alias} LIMIT {}", values.join(", "), statement.sql, rows + 1)
}

/// Cuts a text to so many characters; whether there were more.
fn shorten(value: &mut String, longest: usize) -> bool {
    match value.char_indices().nth(longest) {
        Some((at, _)) => {
            value.truncate(at);
            true
        }
        None => false,
    }
}

fn failure(error: &tokio_postgres::Error) -> Failure {
    let Some(db) = error.as_db_error() else { return Failure::Unavailable };
    let code = db.code();
    match code.code() {
        "SG401" => Failure::NotSignedIn,
        "SG403" => Failure::NoGrant,
        _ if *code == SqlState::QUERY_CANCELED => Failure::Timeout,
        _ if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
            Failure::Refused("O banco não deixa o console ler isto.".into())
        }
        _ if *code == SqlState::READ_ONLY_SQL_TRANSACTION => Failure::Refused("Aqui só se lê.".into()),
        // Names of columns and functions, as they were typed; never a value.
        "42703" | "42P01" | "42883" | "42702" | "42803" | "42601" | "42804" | "42P10" | "42725" => {
            Failure::Refused(format!("O PostgreSQL não aceitou a consulta: {}.", db.message()))
        }
        // Messages of this class quote values.
        code if code.starts_with("22") => Failure::Refused(
            "Um valor não serve para a operação pedida (por exemplo, texto tratado como número).".into(),
        ),
        code if code.starts_with("53") || code.starts_with("57") => Failure::Unavailable,
        code => Failure::Refused(format!("O PostgreSQL não aceitou a consulta (código {code}).")),
    }
}
