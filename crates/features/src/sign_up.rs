//! Opening an account with a passkey, for installations without an identity provider.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use webauthn_rs::prelude::{PasskeyRegistration, RegisterPublicKeyCredential};

use sigilo_domain::{Role, name};
use sigilo_proof::Cell;
use sigilo_store::{SignInTx, account, factor, session};

use crate::{
    App, Client, Error, FieldError, RecoveryCodes, Result, SignUp, Token, ceremony,
    factor::{Kind, added},
    new_token, recovery,
    sign_in::{Attempt, active, attempt, open_session, require_discoverable},
};

const KIND: &str = "sign_up";

/// What the form asks.
pub struct NewAccount {
    /// The full name.
    pub full_name: String,
    /// The e-mail address.
    pub email: String,
}

#[derive(Serialize, Deserialize)]
struct State {
    full_name: String,
    email: String,
    handle: uuid::Uuid,
    registration: PasskeyRegistration,
}

/// Begins: the browser's options for a new passkey, and the ceremony's secret. Nothing is created yet.
///
/// # Errors
/// [`Error::Invalid`] for `full_name` or `email`; [`Error::Forbidden`] where only invited people may enter.
pub async fn options(app: &App, client: &Client, new: NewAccount) -> Result<(Value, Token)> {
    if app.settings().sign_up != SignUp::Open {
        return Err(Error::Forbidden("Esta instalação aceita só pessoas convidadas. Peça um convite à clínica."));
    }
    let mut wrong = Vec::new();
    let mut check = |field, checked: std::result::Result<String, &'static str>| {
        checked.unwrap_or_else(|message| {
            wrong.push(FieldError::new(field, message));
            String::new()
        })
    };
    let full_name = check("full_name", name::full_name(&new.full_name));
    let email = check("email", name::email(&new.email));
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let handle = uuid::Uuid::from_bytes(sigilo_proof::random_bytes());
    let (mut options, registration) =
        app.webauthn().start_passkey_registration(handle, &email, &full_name, None).map_err(|_| Error::Internal)?;
    require_discoverable(&mut options);
    let token = new_token();
    let state = State { full_name, email, handle, registration };
    app.db().sign_in(client, async |tx: &SignInTx| ceremony::keep(app, tx, &token, KIND, None, &state).await).await?;
    Ok((serde_json::to_value(options).map_err(|_| Error::Internal)?, token))
}

/// Ends with the authenticator's answer: account, clinic, profile, passkey, recovery codes and session, or nothing.
///
/// # Errors
/// [`Error::Expired`] for a replay; [`Error::SignInFailed`] when the answer proves nothing.
pub async fn finish(app: &App, client: &Client, token: &Token, credential: Value) -> Result<(Token, RecoveryCodes)> {
    let state: State =
        attempt(app, client, async |tx: &SignInTx| Ok(Attempt::Passed(ceremony::take(app, tx, token, KIND).await?)))
            .await?;
    let passkey = serde_json::from_value::<RegisterPublicKeyCredential>(credential)
        .ok()
        .and_then(|answer| app.webauthn().finish_passkey_registration(&answer, &state.registration).ok())
        .ok_or(Error::SignInFailed)?;
    let kept = serde_json::to_value(&passkey).map_err(|_| Error::Internal)?;
    app.db()
        .sign_in(client, async |tx: &SignInTx| -> Result<_> {
            let user = create_account(app, tx, &state.full_name, &state.email, false).await?;
            account::set_handle(tx, user.id, state.handle).await?;
            let id = factor::add_passkey(tx, user.id, passkey.cred_id().as_slice(), &kept, "Chave de acesso").await?;
            let codes = recovery::renew(app, tx, user.id).await?;
            let standing = active(tx, user.id).await?;
            let session = open_session(tx, client, &standing, "passkey").await?;
            session::identify(tx, &session).await?;
            tx.audit(&added(Kind::Passkey, id)).await?;
            Ok((session, codes))
        })
        .await
}

/// An account with a clinic of its own, of which it is the owner and a professional.
pub(crate) async fn create_account(
    app: &App,
    tx: &SignInTx,
    full_name: &str,
    email: &str,
    email_verified: bool,
) -> Result<account::Created> {
    let user = account::create(tx, email_verified).await?;
    set_email(app, tx, user.id, email).await?;
    let clinic = account::create_clinic(tx, &format!("Consultório {full_name}"), user.id).await?;
    let roles = [Role::Owner.code(), Role::Professional.code()];
    account::create_member(tx, clinic, user.id, full_name, &roles).await?;
    Ok(user)
}

/// Seals the account's address for its row and indexes it.
pub(crate) async fn set_email(app: &App, tx: &SignInTx, user: uuid::Uuid, email: &str) -> Result<()> {
    let sealed = app.keys().seal(Cell { table: "auth.users", column: "email_sealed", row: user }, email.as_bytes());
    let index = app.keys().blind_index("email", email);
    Ok(account::set_email(tx, user, &sealed, &index).await?)
}
