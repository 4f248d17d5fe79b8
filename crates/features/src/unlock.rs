//! Unlocking an idle session: only its own member can, with a passkey or a code. The token changes.

use serde_json::Value;
use webauthn_rs::prelude::PasskeyAuthentication;

use sigilo_store::{Session, SignInTx, account, session};

use crate::{
    App, Error, Result, Token, ceremony, new_token,
    second_factor::{accept_code, answered, challenge},
    sign_in::{Attempt, active, attempt},
};

const KIND: &str = "unlock";
/// After this many failures the session ends and only a full sign-in opens the door again.
const MAX_FAILURES: i32 = 5;

/// What the lock screen offers.
pub struct Choices {
    /// Whose session it is.
    pub display_name: String,
    /// An authenticator app or a recovery code works.
    pub totp: bool,
    /// A passkey works.
    pub passkey: bool,
}

/// What the lock screen offers.
///
/// # Errors
/// [`Error::NotSignedIn`] when the session has ended.
pub async fn choices(app: &App, session: &Session) -> Result<Choices> {
    app.db()
        .sign_in(&session.client, async |tx: &SignInTx| {
            let (_, standing) = locked(tx, session).await?;
            Ok(Choices {
                totp: standing.has_totp || standing.recovery_left > 0,
                passkey: standing.has_passkey,
                display_name: standing.display_name,
            })
        })
        .await
}

/// Unlocks with a code of the authenticator app, or a recovery code.
///
/// # Errors
/// [`Error::SignInFailed`] for a wrong code, [`Error::NotSignedIn`] when the session has ended.
pub async fn code(app: &App, session: &Session, typed: &str) -> Result<Token> {
    attempt(app, &session.client, async |tx: &SignInTx| {
        let (found, standing) = locked(tx, session).await?;
        match accept_code(app, tx, &standing, typed).await? {
            Some(_) => open(tx, &found).await,
            None => refuse(tx, &found, &standing).await,
        }
    })
    .await
}

/// The browser's options for the member's passkeys.
///
/// # Errors
/// [`Error::NotFound`] without a passkey, [`Error::NotSignedIn`] when the session has ended.
pub async fn key_options(app: &App, session: &Session) -> Result<Value> {
    app.db()
        .sign_in(&session.client, async |tx: &SignInTx| {
            let (found, _) = locked(tx, session).await?;
            let (options, state) = challenge(app, tx, found.user_id).await?;
            ceremony::keep(app, tx, &session.token, KIND, Some(found.user_id), &state).await?;
            Ok(options)
        })
        .await
}

/// Unlocks with a passkey.
///
/// # Errors
/// [`Error::SignInFailed`] for a wrong answer, [`Error::Expired`] for a replay.
pub async fn key_finish(app: &App, session: &Session, credential: Value) -> Result<Token> {
    attempt(app, &session.client, async |tx: &SignInTx| {
        let (found, standing) = locked(tx, session).await?;
        let state: PasskeyAuthentication = ceremony::take(app, tx, &session.token, KIND).await?;
        if answered(app, tx, found.user_id, &state, credential).await? {
            open(tx, &found).await
        } else {
            refuse(tx, &found, &standing).await
        }
    })
    .await
}

async fn locked(tx: &SignInTx, session: &Session) -> Result<(session::Found, account::Standing)> {
    let found = session::find(tx, &session.token).await?.ok_or(Error::NotSignedIn)?;
    let standing = active(tx, found.user_id).await?;
    Ok((found, standing))
}

async fn open(tx: &SignInTx, found: &session::Found) -> Result<Attempt<Token>> {
    let token = new_token();
    if !session::unlock(tx, found.id, &token).await? {
        return Err(Error::NotSignedIn);
    }
    account::succeeded(tx, found.user_id).await?;
    let event = session::AccessEvent {
        clinic: Some(found.clinic_id),
        user: Some(found.user_id),
        session: Some(found.id),
        action: "unlock",
        failure: None,
        duration_seconds: None,
    };
    session::log_access(tx, event).await?;
    Ok(Attempt::Passed(token))
}

async fn refuse(tx: &SignInTx, found: &session::Found, standing: &account::Standing) -> Result<Attempt<Token>> {
    if session::unlock_failed(tx, found.id).await? >= MAX_FAILURES {
        session::end(tx, found.id, found.user_id, "unlock_failures").await?;
    }
    Ok(Attempt::refused_for(standing, "unlock_wrong"))
}
