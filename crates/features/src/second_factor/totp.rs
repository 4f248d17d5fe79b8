//! Codes of an authenticator app (RFC 6238).

use totp_rs::{Builder, Totp};
use uuid::Uuid;

use sigilo_proof::Cell;
use sigilo_store::{SignInTx, factor};

use crate::{App, Error, Result};

/// What an authenticator app needs, by camera or by hand.
pub struct TotpSetup {
    /// The secret in base 32.
    pub secret_base32: String,
    /// The same as a link, for the QR code.
    pub otpauth_uri: String,
}

/// 160 bits, as RFC 4226 §4 recommends.
pub(crate) fn new_secret() -> Vec<u8> {
    sigilo_proof::random_bytes::<20>().to_vec()
}

pub(crate) fn setup(secret: &[u8], name: &str) -> Result<TotpSetup> {
    let totp = totp(secret, name)?;
    Ok(TotpSetup {
        secret_base32: data_encoding::BASE32_NOPAD.encode(secret),
        otpauth_uri: totp.to_url().map_err(|_| Error::Internal)?,
    })
}

/// The time step that a code belongs to, if it is right now or one step away.
pub(crate) fn step_of(app: &App, secret: &[u8], code: &str) -> Result<Option<i64>> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let now = app.clock().now().unix_timestamp().unsigned_abs();
    Ok(totp(secret, "Sigilo")?.check(&digits, now).and_then(|step| i64::try_from(step).ok()))
}

/// Whether a code opens the user's account; each works once.
pub(crate) async fn accept(app: &App, tx: &SignInTx, user: Uuid, code: &str) -> Result<bool> {
    let Some(row) = factor::totp(tx, user).await? else { return Ok(false) };
    let secret = app.keys().open(cell(user), &row.secret_sealed).map_err(|_| Error::Internal)?;
    match step_of(app, &secret, code)? {
        Some(step) => Ok(factor::use_totp(tx, user, step).await?),
        None => Ok(false),
    }
}

/// Registers a secret after its first code was right; that code is used up.
pub(crate) async fn register(app: &App, tx: &SignInTx, user: Uuid, secret: &[u8], step: i64) -> Result<()> {
    Ok(factor::add_totp(tx, user, &app.keys().seal(cell(user), secret), step).await?)
}

fn cell(user: Uuid) -> Cell<'static> {
    Cell { table: "auth.totp", column: "secret_sealed", row: user }
}

fn totp(secret: &[u8], name: &str) -> Result<Totp> {
    Builder::new()
        .with_secret(secret.to_vec())
        .with_issuer(Some("Sigilo"))
        .with_account_name(name.replace(':', " "))
        .build()
        .map_err(|_| Error::Internal)
}
