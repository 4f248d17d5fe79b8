//! Signing in with a passkey: possession and user verification, two factors in one act (WebAuthn Level 3).

use serde_json::Value;
use uuid::Uuid;
use webauthn_rs::prelude::{
    CreationChallengeResponse, DiscoverableAuthentication, DiscoverableKey, Passkey, PublicKeyCredential,
};
use webauthn_rs_proto::ResidentKeyRequirement;

use sigilo_store::{SignInTx, account, factor};

use super::{Attempt, Step, active, attempt, open_session};
use crate::{App, Client, Error, Result, Token, ceremony, new_token};

const KIND: &str = "passkey_sign_in";

/// Begins a sign-in with any passkey of this installation: the browser's options and the ceremony's secret.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn passkey_options(app: &App, client: &Client) -> Result<(Value, Token)> {
    let (mut options, state) = app.webauthn().start_discoverable_authentication().map_err(|_| Error::Internal)?;
    // The library asks for autofill; the page has a button.
    options.mediation = None;
    let token = new_token();
    app.db().sign_in(client, async |tx: &SignInTx| ceremony::keep(app, tx, &token, KIND, None, &state).await).await?;
    Ok((serde_json::to_value(options).map_err(|_| Error::Internal)?, token))
}

/// Ends it with the authenticator's answer.
///
/// # Errors
/// [`Error::Expired`] for a replay, [`Error::SignInFailed`] for anything wrong, [`Error::TooMany`] after many failures.
pub async fn passkey_finish(app: &App, client: &Client, token: &Token, credential: Value) -> Result<Step> {
    let session = attempt(app, client, async |tx: &SignInTx| -> Result<Attempt<Token>> {
        let state: DiscoverableAuthentication = ceremony::take(app, tx, token, KIND).await?;
        let Ok(credential) = serde_json::from_value::<PublicKeyCredential>(credential) else {
            return Ok(Attempt::refused("passkey_malformed"));
        };
        let Ok((handle, id)) = app.webauthn().identify_discoverable_authentication(&credential) else {
            return Ok(Attempt::refused("passkey_unknown"));
        };
        let Some(user) = account::by_handle(tx, handle).await? else {
            return Ok(Attempt::refused("passkey_unknown"));
        };
        let standing = active(tx, user).await?;
        let Some(mut passkey) = find_passkey(tx, user, id).await? else {
            return Ok(Attempt::refused_for(&standing, "passkey_unknown"));
        };
        let key = DiscoverableKey::from(&passkey);
        let Ok(result) = app.webauthn().finish_discoverable_authentication_v2(&credential, state, &key) else {
            return Ok(Attempt::refused_for(&standing, "passkey_refused"));
        };
        passkey.update_credential(&result);
        let kept = serde_json::to_value(&passkey).map_err(|_| Error::Internal)?;
        factor::used_passkey(tx, user, passkey.cred_id().as_slice(), &kept).await?;
        Ok(Attempt::Passed(open_session(tx, client, &standing, "passkey").await?))
    })
    .await?;
    Ok(Step::SignedIn { token: session })
}

/// The user's passkey with this credential identifier.
pub(crate) async fn find_passkey(tx: &SignInTx, user: Uuid, credential: &[u8]) -> Result<Option<Passkey>> {
    let rows = factor::passkeys(tx, user).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| serde_json::from_value::<Passkey>(row.passkey).ok())
        .find(|passkey| passkey.cred_id().as_slice() == credential))
}

/// Signing in starts without a name, so the authenticator must be able to find the passkey by itself.
pub(crate) fn require_discoverable(options: &mut CreationChallengeResponse) {
    if let Some(selection) = &mut options.public_key.authenticator_selection {
        selection.resident_key = Some(ResidentKeyRequirement::Required);
        selection.require_resident_key = true;
    }
}
