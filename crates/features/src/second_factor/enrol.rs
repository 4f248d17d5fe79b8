//! Registering the first second factor, which also ends the sign-in and brings the recovery codes.

use serde_json::Value;
use uuid::Uuid;

use sigilo_store::{SignInTx, account, session};

use super::{load, totp, totp::TotpSetup};
use crate::{
    App, Client, Error, RecoveryCodes, Result, Token, ceremony,
    factor::{Kind, added, finish_registration, start_registration},
    recovery,
    sign_in::{Attempt, PENDING, Pending, attempt, open_session},
};

const HAS_ONE: Error = Error::Conflict("Esta conta já tem um segundo fator.");

/// A secret for an authenticator app; the same again while this sign-in lives, so that reloading the page is safe.
///
/// # Errors
/// [`Error::Expired`] when the sign-in is over; [`Error::Conflict`] when the account has a factor already, or
/// needs a passkey because no provider opens it.
pub async fn enrol_totp(app: &App, client: &Client, token: &Token) -> Result<TotpSetup> {
    app.db()
        .sign_in(client, async |tx: &SignInTx| {
            let (mut pending, standing) = without_factor(app, tx, token).await?;
            if pending.first != "oidc" {
                return Err(Error::Conflict("Para voltar a entrar, esta conta precisa de uma chave de acesso."));
            }
            let secret = match pending.totp_secret.take() {
                Some(secret) => secret,
                None => totp::new_secret(),
            };
            let setup = totp::setup(&secret, &standing.display_name)?;
            pending.totp_secret = Some(secret);
            ceremony::keep(app, tx, token, PENDING, Some(standing.id), &pending).await?;
            Ok(setup)
        })
        .await
}

/// Confirms the app with its first code.
///
/// # Errors
/// [`Error::SignInFailed`] for a wrong code, [`Error::Expired`] when the sign-in is over.
pub async fn enrol_totp_confirm(
    app: &App,
    client: &Client,
    token: &Token,
    code: &str,
) -> Result<(Token, RecoveryCodes)> {
    attempt(app, client, async |tx: &SignInTx| {
        let (pending, standing) = without_factor(app, tx, token).await?;
        let secret = pending.totp_secret.as_deref().ok_or(Error::Expired)?;
        let Some(step) = totp::step_of(app, secret, code)? else {
            return Ok(Attempt::refused_for(&standing, "second_factor_wrong"));
        };
        totp::register(app, tx, standing.id, secret, step).await?;
        enter(app, tx, client, token, &standing, "oidc+totp", added(Kind::Totp, standing.id)).await
    })
    .await
}

/// The browser's options for a new passkey or security key.
///
/// # Errors
/// As [`enrol_totp`].
pub async fn enrol_key_options(app: &App, client: &Client, token: &Token) -> Result<Value> {
    app.db()
        .sign_in(client, async |tx: &SignInTx| {
            let (mut pending, standing) = without_factor(app, tx, token).await?;
            let (options, state) = start_registration(app, tx, &standing).await?;
            pending.key_registration = Some(state);
            ceremony::keep(app, tx, token, PENDING, Some(standing.id), &pending).await?;
            Ok(options)
        })
        .await
}

/// Registers the key.
///
/// # Errors
/// [`Error::SignInFailed`] when the answer proves nothing, [`Error::Expired`] for a replay.
pub async fn enrol_key_finish(
    app: &App,
    client: &Client,
    token: &Token,
    credential: Value,
) -> Result<(Token, RecoveryCodes)> {
    attempt(app, client, async |tx: &SignInTx| {
        let (pending, standing) = without_factor(app, tx, token).await?;
        let state = pending.key_registration.ok_or(Error::Expired)?;
        let Some(id) = finish_registration(app, tx, standing.id, &state, credential, "Chave de acesso").await? else {
            return Ok(Attempt::refused_for(&standing, "second_factor_wrong"));
        };
        let method = format!("{}+passkey", pending.first);
        enter(app, tx, client, token, &standing, &method, added(Kind::Passkey, id)).await
    })
    .await
}

async fn without_factor(app: &App, tx: &SignInTx, token: &Token) -> Result<(Pending, account::Standing)> {
    let (pending, standing) = load(app, tx, token).await?;
    if standing.has_passkey || standing.has_totp {
        return Err(HAS_ONE);
    }
    Ok((pending, standing))
}

async fn enter(
    app: &App,
    tx: &SignInTx,
    client: &Client,
    token: &Token,
    standing: &account::Standing,
    method: &str,
    event: sigilo_store::Event,
) -> Result<Attempt<(Token, RecoveryCodes)>> {
    ceremony::take::<Pending>(app, tx, token, PENDING).await?;
    let user: Uuid = standing.id;
    let codes = recovery::renew(app, tx, user).await?;
    let opened = open_session(tx, client, standing, method).await?;
    session::identify(tx, &opened).await?;
    tx.audit(&event).await?;
    Ok(Attempt::Passed((opened, codes)))
}
