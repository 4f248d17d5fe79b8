//! A registered passkey or security key as the second factor.

use serde_json::Value;
use webauthn_rs::prelude::{Passkey, PublicKeyCredential};

use sigilo_store::{SignInTx, factor};

use super::load;
use crate::{
    App, Client, Error, Result, Token, ceremony,
    sign_in::{Attempt, PENDING, Pending, attempt, find_passkey, open_session},
};

/// The browser's options for the account's own keys.
///
/// # Errors
/// [`Error::Expired`] when the sign-in is over, [`Error::NotFound`] without a key.
pub async fn key_options(app: &App, client: &Client, token: &Token) -> Result<Value> {
    app.db()
        .sign_in(client, async |tx: &SignInTx| {
            let (mut pending, standing) = load(app, tx, token).await?;
            let (options, state) = challenge(app, tx, standing.id).await?;
            pending.key_sign_in = Some(state);
            ceremony::keep(app, tx, token, PENDING, Some(standing.id), &pending).await?;
            Ok(options)
        })
        .await
}

/// Ends the sign-in with the key's answer.
///
/// # Errors
/// [`Error::SignInFailed`] for a wrong answer, [`Error::Expired`] for a replay.
pub async fn key_finish(app: &App, client: &Client, token: &Token, credential: Value) -> Result<Token> {
    attempt(app, client, async |tx: &SignInTx| -> Result<Attempt<Token>> {
        let (mut pending, standing) = load(app, tx, token).await?;
        let state = pending.key_sign_in.take().ok_or(Error::Expired)?;
        if !answered(app, tx, standing.id, &state, credential).await? {
            ceremony::keep(app, tx, token, PENDING, Some(standing.id), &pending).await?;
            return Ok(Attempt::refused_for(&standing, "second_factor_wrong"));
        }
        ceremony::take::<Pending>(app, tx, token, PENDING).await?;
        let method = format!("{}+passkey", pending.first);
        Ok(Attempt::Passed(open_session(tx, client, &standing, &method).await?))
    })
    .await
}

/// A challenge to any of the user's keys.
pub(crate) async fn challenge(
    app: &App,
    tx: &SignInTx,
    user: uuid::Uuid,
) -> Result<(Value, webauthn_rs::prelude::PasskeyAuthentication)> {
    let keys: Vec<Passkey> = factor::passkeys(tx, user)
        .await?
        .into_iter()
        .filter_map(|row| serde_json::from_value(row.passkey).ok())
        .collect();
    if keys.is_empty() {
        return Err(Error::NotFound);
    }
    let (options, state) = app.webauthn().start_passkey_authentication(&keys).map_err(|_| Error::Internal)?;
    Ok((serde_json::to_value(options).map_err(|_| Error::Internal)?, state))
}

/// Whether the answer is one of the user's keys'; its counter is kept.
pub(crate) async fn answered(
    app: &App,
    tx: &SignInTx,
    user: uuid::Uuid,
    state: &webauthn_rs::prelude::PasskeyAuthentication,
    credential: Value,
) -> Result<bool> {
    let Ok(credential) = serde_json::from_value::<PublicKeyCredential>(credential) else { return Ok(false) };
    let Ok(result) = app.webauthn().finish_passkey_authentication(&credential, state) else { return Ok(false) };
    let Some(mut passkey) = find_passkey(tx, user, result.cred_id().as_slice()).await? else { return Ok(false) };
    passkey.update_credential(&result);
    let kept = serde_json::to_value(&passkey).map_err(|_| Error::Internal)?;
    factor::used_passkey(tx, user, result.cred_id().as_slice(), &kept).await?;
    Ok(true)
}
