//! What a sign-in remembers between two requests: on the server, sealed, for ten minutes.

use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use sigilo_proof::{Cell, sha256};
use sigilo_store::{SignInTx, Token, account};

use crate::{App, Error, Result};

/// Keeps `state` under `token`; what was there before is replaced.
pub(crate) async fn keep<T: Serialize>(
    app: &App,
    tx: &SignInTx,
    token: &Token,
    kind: &'static str,
    user: Option<Uuid>,
    state: &T,
) -> Result<()> {
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(state).map_err(|_| Error::Internal)?);
    let sealed = app.keys().seal(cell(token, kind), &plain);
    Ok(account::begin_ceremony(tx, token, kind, user, &sealed).await?)
}

/// Reads a ceremony and ends it, so that an answer cannot be replayed.
///
/// # Errors
/// [`Error::Expired`] when it was never begun, was ended, or is older than ten minutes.
pub(crate) async fn take<T: DeserializeOwned>(
    app: &App,
    tx: &SignInTx,
    token: &Token,
    kind: &'static str,
) -> Result<T> {
    open(app, token, kind, account::take_ceremony(tx, token, kind).await?)
}

/// Reads a ceremony that goes on.
///
/// # Errors
/// [`Error::Expired`] as for [`take`].
pub(crate) async fn peek<T: DeserializeOwned>(
    app: &App,
    tx: &SignInTx,
    token: &Token,
    kind: &'static str,
) -> Result<T> {
    open(app, token, kind, account::peek_ceremony(tx, token, kind).await?)
}

fn open<T: DeserializeOwned>(
    app: &App,
    token: &Token,
    kind: &'static str,
    row: Option<account::CeremonyRow>,
) -> Result<T> {
    let row = row.ok_or(Error::Expired)?;
    let plain = app.keys().open(cell(token, kind), &row.state_sealed).map_err(|_| Error::Expired)?;
    serde_json::from_slice(&plain).map_err(|_| Error::Expired)
}

fn cell<'a>(token: &Token, kind: &'a str) -> Cell<'a> {
    let mut row = [0; 16];
    row.copy_from_slice(&sha256(token.expose().as_bytes())[..16]);
    Cell { table: "auth.ceremonies", column: kind, row: Uuid::from_bytes(row) }
}
