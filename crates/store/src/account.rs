//! Accounts, their failures, ceremonies in progress and single-use links. Sign-in role only.
//!
//! Every function fails with [`crate::Error`] when the database refuses or is away.

use std::net::IpAddr;

use uuid::Uuid;

use crate::{Error, Result, SignInTx, Token, row::row, statements::account as sql};

row! {
    /// A new account.
    #[derive(Debug, Clone, Copy)]
    pub struct Created {
        /// The account.
        id: Uuid,
        /// The handle its passkeys carry.
        webauthn_handle: Uuid,
    }
}

row! {
    /// What sign-in must know of an account.
    #[derive(Debug, Clone)]
    pub struct Standing {
        /// The account.
        id: Uuid,
        /// The handle its passkeys carry.
        webauthn_handle: Uuid,
        /// Whether it may sign in at all.
        active: bool,
        /// Failures since the last success.
        failures: i32,
        /// Seconds until it may try again; none or zero when it may now.
        locked_seconds: Option<i32>,
        /// The clinic it enters first.
        clinic_id: Uuid,
        /// The member's name there.
        display_name: String,
        /// Whether it has a passkey.
        has_passkey: bool,
        /// Whether it has an authenticator app.
        has_totp: bool,
        /// Whether it is bound to an account at a provider.
        has_identity: bool,
        /// Recovery codes left.
        recovery_left: i64,
    }
}

row! {
    /// A ceremony's sealed state.
    #[derive(Debug)]
    pub struct CeremonyRow {
        /// The account, once it is known.
        user_id: Option<Uuid>,
        /// What the ceremony remembers, sealed.
        state_sealed: Vec<u8>,
    }
}

row! {
    /// Whose link it is.
    #[derive(Debug)]
    pub struct LinkOwner {
        /// `invitation` or `demo`.
        kind: String,
        /// The member's name.
        display_name: String,
    }
}

row! {
    /// A link that was just used up.
    #[derive(Debug)]
    pub struct UsedLink {
        /// The account.
        user_id: Uuid,
        /// The clinic.
        clinic_id: Uuid,
        /// `invitation` or `demo`.
        kind: String,
    }
}

/// A new account without factors or membership.
pub async fn create(tx: &SignInTx, email_verified: bool) -> Result<Created> {
    tx.0.one(sql::CREATE, &[&email_verified]).await
}

/// The account's sealed address and its blind index.
pub async fn set_email(tx: &SignInTx, user: Uuid, sealed: &[u8], index: &[u8]) -> Result<()> {
    tx.0.execute(sql::SET_EMAIL, &[&user, &sealed, &index]).await.map(drop)
}

/// A new clinic.
pub async fn create_clinic(tx: &SignInTx, name: &str, owner: Uuid) -> Result<Uuid> {
    tx.0.value(sql::CREATE_CLINIC, &[&name, &owner]).await?.ok_or(Error::NotFound)
}

/// A membership; a professional's brings the profile by trigger.
pub async fn create_member(tx: &SignInTx, clinic: Uuid, user: Uuid, name: &str, roles: &[&str]) -> Result<Uuid> {
    tx.0.value(sql::CREATE_MEMBER, &[&clinic, &user, &name, &roles]).await?.ok_or(Error::NotFound)
}

/// Binds an account at a provider. [`Error::Duplicate`] when it is bound already.
pub async fn link_identity(tx: &SignInTx, user: Uuid, issuer: &str, subject: &str) -> Result<()> {
    tx.0.execute(sql::LINK_IDENTITY, &[&user, &issuer, &subject]).await.map(drop)
}

/// The account bound to issuer and subject.
pub async fn by_identity(tx: &SignInTx, issuer: &str, subject: &str) -> Result<Option<Uuid>> {
    tx.0.value(sql::BY_IDENTITY, &[&issuer, &subject]).await
}

/// The account behind a passkey's user handle.
pub async fn by_handle(tx: &SignInTx, handle: Uuid) -> Result<Option<Uuid>> {
    tx.0.value(sql::BY_HANDLE, &[&handle]).await
}

/// What sign-in must know of an account; none when it belongs to no clinic any more.
pub async fn standing(tx: &SignInTx, user: Uuid) -> Result<Option<Standing>> {
    tx.0.optional(sql::STANDING, &[&user]).await
}

/// Counts a failure of an account; whether it is locked now.
pub async fn failed(tx: &SignInTx, user: Uuid) -> Result<bool> {
    Ok(tx.0.value(sql::FAILED, &[&user]).await?.unwrap_or(false))
}

/// Forgets an account's failures.
pub async fn succeeded(tx: &SignInTx, user: Uuid) -> Result<()> {
    tx.0.execute(sql::SUCCEEDED, &[&user]).await.map(drop)
}

/// Seconds until an address may try again; zero when it may now.
pub async fn throttled(tx: &SignInTx, address: IpAddr) -> Result<u64> {
    let seconds: Option<Option<i32>> = tx.0.value(sql::THROTTLED, &[&address]).await?;
    Ok(seconds.flatten().unwrap_or(0).max(0).unsigned_abs().into())
}

/// Counts a failure of an address.
pub async fn address_failed(tx: &SignInTx, address: IpAddr) -> Result<()> {
    tx.0.execute(sql::ADDRESS_FAILED, &[&address]).await.map(drop)
}

/// Keeps a ceremony's sealed state under its token for ten minutes.
pub async fn begin_ceremony(tx: &SignInTx, token: &Token, kind: &str, user: Option<Uuid>, sealed: &[u8]) -> Result<()> {
    tx.0.execute(sql::BEGIN_CEREMONY, &[&token.expose(), &kind, &user, &sealed]).await.map(drop)
}

/// Reads a ceremony and ends it.
pub async fn take_ceremony(tx: &SignInTx, token: &Token, kind: &str) -> Result<Option<CeremonyRow>> {
    tx.0.optional(sql::TAKE_CEREMONY, &[&token.expose(), &kind]).await
}

/// Reads a ceremony that goes on.
pub async fn peek_ceremony(tx: &SignInTx, token: &Token, kind: &str) -> Result<Option<CeremonyRow>> {
    tx.0.optional(sql::PEEK_CEREMONY, &[&token.expose(), &kind]).await
}

/// A single-use link of `kind` (`invitation`, or `demo` on a demonstration).
pub async fn create_link(tx: &SignInTx, token: &Token, user: Uuid, clinic: Uuid, kind: &str, hours: i32) -> Result<()> {
    tx.0.execute(sql::CREATE_LINK, &[&token.expose(), &user, &clinic, &kind, &hours]).await.map(drop)
}

/// Whose link it is, while it may be used.
pub async fn peek_link(tx: &SignInTx, token: &Token) -> Result<Option<LinkOwner>> {
    tx.0.optional(sql::PEEK_LINK, &[&token.expose()]).await
}

/// Uses a link up; of two at once, one gets it.
pub async fn use_link(tx: &SignInTx, token: &Token) -> Result<Option<UsedLink>> {
    tx.0.optional(sql::USE_LINK, &[&token.expose()]).await
}

/// The clinic with this name.
pub async fn clinic_by_name(tx: &SignInTx, name: &str) -> Result<Option<Uuid>> {
    tx.0.value(sql::CLINIC_BY_NAME, &[&name]).await
}

/// The handle that the account's first passkey already carries.
pub async fn set_handle(tx: &SignInTx, user: Uuid, handle: Uuid) -> Result<()> {
    tx.0.execute(sql::SET_HANDLE, &[&user, &handle]).await.map(drop)
}

row! {
    /// A membership of an account found by its address.
    #[derive(Debug, Clone)]
    pub struct ByEmail {
        /// The account.
        user_id: Uuid,
        /// The clinic.
        clinic_id: Uuid,
    }
}

/// The memberships behind an address's blind index.
pub async fn by_email(tx: &SignInTx, index: &[u8]) -> Result<Vec<ByEmail>> {
    tx.0.rows(sql::BY_EMAIL, &[&index]).await
}
