//! A member's own factors: list, add, remove, new recovery codes.

use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;
use webauthn_rs::prelude::{Passkey, PasskeyRegistration, RegisterPublicKeyCredential};

use sigilo_store::{Action, Event, Risk, Session, SignInTx, account, factor, session};

use crate::{
    App, Error, RecoveryCodes, Result, ceremony, recovery,
    second_factor::{TotpSetup, totp},
    session::signed_in,
    sign_in::{active, require_discoverable},
};

/// What a factor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorKind {
    /// A passkey or a security key.
    Passkey,
    /// An authenticator app.
    Totp,
}
pub(crate) use FactorKind as Kind;

/// A registered factor.
pub struct Factor {
    /// The factor.
    pub id: Uuid,
    /// What it is.
    pub kind: FactorKind,
    /// What its owner calls it.
    pub label: String,
    /// When it was registered.
    pub created_at: OffsetDateTime,
    /// When it was last used.
    pub last_used_at: Option<OffsetDateTime>,
}

/// Everything that opens a member's account.
pub struct Factors {
    /// The factors, oldest first.
    pub list: Vec<Factor>,
    /// Recovery codes left.
    pub recovery_left: u32,
}

const KEY: &str = "factor_key";
const APP: &str = "factor_totp";

/// The member's factors.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn list(app: &App, session: &Session) -> Result<Factors> {
    app.db()
        .sign_in(&session.client, async |tx: &SignInTx| {
            let user = signed_in(tx, session).await?.user_id;
            let mut list: Vec<Factor> = factor::passkeys(tx, user)
                .await?
                .into_iter()
                .map(|row| Factor {
                    id: row.id,
                    kind: FactorKind::Passkey,
                    label: row.label,
                    created_at: row.created_at,
                    last_used_at: row.last_used_at,
                })
                .collect();
            list.extend(factor::totp(tx, user).await?.map(|row| Factor {
                id: row.id,
                kind: FactorKind::Totp,
                label: "Aplicativo autenticador".into(),
                created_at: row.created_at,
                last_used_at: row.last_used_at,
            }));
            let left = factor::recovery_left(tx, user).await?;
            Ok(Factors { list, recovery_left: u32::try_from(left).unwrap_or(0) })
        })
        .await
}

/// A secret for an authenticator app, in place of any before once it is confirmed.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn totp_begin(app: &App, session: &Session) -> Result<TotpSetup> {
    app.db()
        .sign_in(&session.client, async |tx: &SignInTx| {
            let found = signed_in(tx, session).await?;
            let secret = totp::new_secret();
            let setup = totp::setup(&secret, &found.display_name)?;
            ceremony::keep(app, tx, &session.token, APP, Some(found.user_id), &secret).await?;
            Ok(setup)
        })
        .await
}

/// Confirms it with its first code.
///
/// # Errors
/// [`Error::Invalid`] for a wrong code, [`Error::Expired`] when it was not begun or took too long.
pub async fn totp_confirm(app: &App, session: &Session, code: &str) -> Result<()> {
    app.db()
        .sign_in(&session.client, async |tx: &SignInTx| {
            let user = signed_in(tx, session).await?.user_id;
            let secret: Vec<u8> = ceremony::peek(app, tx, &session.token, APP).await?;
            let Some(step) = totp::step_of(app, &secret, code)? else {
                return Err(Error::field("code", "O código não confere. Confira a hora do celular e tente o próximo."));
            };
            ceremony::take::<Vec<u8>>(app, tx, &session.token, APP).await?;
            totp::register(app, tx, user, &secret, step).await?;
            audit(tx, session, &added(Kind::Totp, user)).await
        })
        .await
}

/// The browser's options for a further passkey or security key.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn key_options(app: &App, session: &Session) -> Result<Value> {
    app.db()
        .sign_in(&session.client, async |tx: &SignInTx| {
            let user = signed_in(tx, session).await?.user_id;
            let standing = active(tx, user).await?;
            let (options, state) = start_registration(app, tx, &standing).await?;
            ceremony::keep(app, tx, &session.token, KEY, Some(user), &state).await?;
            Ok(options)
        })
        .await
}

/// Registers it under a name.
///
/// # Errors
/// [`Error::Invalid`] for `label`, [`Error::Expired`] for a replay, [`Error::Conflict`] when it is registered already.
pub async fn key_finish(app: &App, session: &Session, credential: Value, label: &str) -> Result<()> {
    let label = label.split_whitespace().collect::<Vec<_>>().join(" ");
    let label = if label.is_empty() { "Chave de acesso".to_owned() } else { label };
    if label.chars().count() > 80 || label.chars().any(char::is_control) {
        return Err(Error::field("label", "O nome da chave pode ter até 80 caracteres."));
    }
    app.db()
        .sign_in(&session.client, async |tx: &SignInTx| {
            let user = signed_in(tx, session).await?.user_id;
            let state: PasskeyRegistration = ceremony::take(app, tx, &session.token, KEY).await?;
            let id = finish_registration(app, tx, user, &state, credential, &label)
                .await?
                .ok_or(Error::Conflict("A chave não pôde ser registrada. Tente de novo."))?;
            audit(tx, session, &added(Kind::Passkey, id)).await
        })
        .await
}

/// Removes a factor.
///
/// # Errors
/// [`Error::Conflict`] when the account could not be opened with two factors any more, or the factor does not exist.
pub async fn remove(app: &App, session: &Session, id: Uuid) -> Result<()> {
    app.db()
        .sign_in(&session.client, async |tx: &SignInTx| {
            let user = signed_in(tx, session).await?.user_id;
            if !factor::remove(tx, user, id).await? {
                return Err(Error::Conflict(
                    "Sem este fator a conta não abriria mais. Acrescente outra chave de acesso antes de removê-lo.",
                ));
            }
            audit(tx, session, &event("factor_removed", Action::Delete, id, json!({}))).await
        })
        .await
}

/// Ten new recovery codes; the ones before stop working.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn new_recovery_codes(app: &App, session: &Session) -> Result<RecoveryCodes> {
    app.db()
        .sign_in(&session.client, async |tx: &SignInTx| {
            let user = signed_in(tx, session).await?.user_id;
            let codes = recovery::renew(app, tx, user).await?;
            audit(tx, session, &event("recovery_codes_renewed", Action::Update, user, json!({}))).await?;
            Ok(codes)
        })
        .await
}

/// A registration for the account's handle that refuses authenticators it has already.
pub(crate) async fn start_registration(
    app: &App,
    tx: &SignInTx,
    standing: &account::Standing,
) -> Result<(Value, PasskeyRegistration)> {
    let known = factor::passkeys(tx, standing.id)
        .await?
        .into_iter()
        .filter_map(|row| serde_json::from_value::<Passkey>(row.passkey).ok())
        .map(|passkey| passkey.cred_id().clone())
        .collect();
    let name = &standing.display_name;
    let (mut options, state) = app
        .webauthn()
        .start_passkey_registration(standing.webauthn_handle, name, name, Some(known))
        .map_err(|_| Error::Internal)?;
    require_discoverable(&mut options);
    Ok((serde_json::to_value(options).map_err(|_| Error::Internal)?, state))
}

/// Stores the new key; none when the answer proves nothing.
pub(crate) async fn finish_registration(
    app: &App,
    tx: &SignInTx,
    user: Uuid,
    state: &PasskeyRegistration,
    credential: Value,
    label: &str,
) -> Result<Option<Uuid>> {
    let passkey = serde_json::from_value::<RegisterPublicKeyCredential>(credential)
        .ok()
        .and_then(|answer| app.webauthn().finish_passkey_registration(&answer, state).ok());
    let Some(passkey) = passkey else { return Ok(None) };
    let kept = serde_json::to_value(&passkey).map_err(|_| Error::Internal)?;
    Ok(Some(factor::add_passkey(tx, user, passkey.cred_id().as_slice(), &kept, label).await?))
}

/// The event of a new factor.
pub(crate) fn added(kind: FactorKind, id: Uuid) -> Event {
    let kind = match kind {
        FactorKind::Passkey => "passkey",
        FactorKind::Totp => "totp",
    };
    event("factor_added", Action::Create, id, json!({ "kind": kind }))
}

fn event(name: &'static str, action: Action, id: Uuid, details: Value) -> Event {
    Event { name, action, resource_type: "factor", resource_id: Some(id.to_string()), details, risk: Risk::Medium }
}

async fn audit(tx: &SignInTx, session: &Session, event: &Event) -> Result<()> {
    session::identify(tx, &session.token).await?;
    Ok(tx.audit(event).await?)
}
