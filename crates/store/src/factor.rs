//! Second factors: passkeys, the authenticator app, recovery codes. Sign-in role only.
//!
//! Every function fails with [`crate::Error`] when the database refuses or is away.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Error, Result, SignInTx, row::row, statements::factor as sql};

row! {
    /// A passkey.
    #[derive(Debug)]
    pub struct PasskeyRow {
        /// The factor.
        id: Uuid,
        /// The credential with its public key.
        passkey: Value,
        /// What its owner calls it.
        label: String,
        /// When it was registered.
        created_at: OffsetDateTime,
        /// When it was last used.
        last_used_at: Option<OffsetDateTime>,
    }
}

row! {
    /// An authenticator app.
    #[derive(Debug)]
    pub struct TotpRow {
        /// The factor.
        id: Uuid,
        /// The secret, sealed.
        secret_sealed: Vec<u8>,
        /// The last accepted time step.
        last_step: i64,
        /// When it was registered.
        created_at: OffsetDateTime,
        /// When it was last used.
        last_used_at: Option<OffsetDateTime>,
    }
}

/// A member's passkeys.
pub async fn passkeys(tx: &SignInTx, user: Uuid) -> Result<Vec<PasskeyRow>> {
    tx.0.rows(sql::PASSKEYS, &[&user]).await
}

/// Registers a passkey. [`Error::Duplicate`] when it is registered already.
pub async fn add_passkey(tx: &SignInTx, user: Uuid, credential: &[u8], passkey: &Value, label: &str) -> Result<Uuid> {
    tx.0.value(sql::ADD_PASSKEY, &[&user, &credential, passkey, &label]).await?.ok_or(Error::NotFound)
}

/// Keeps a passkey's counter after a use.
pub async fn used_passkey(tx: &SignInTx, user: Uuid, credential: &[u8], passkey: &Value) -> Result<()> {
    tx.0.execute(sql::USED_PASSKEY, &[&user, &credential, passkey]).await.map(drop)
}

/// A member's authenticator app.
pub async fn totp(tx: &SignInTx, user: Uuid) -> Result<Option<TotpRow>> {
    tx.0.optional(sql::TOTP, &[&user]).await
}

/// Registers an authenticator app, in place of the one before.
pub async fn add_totp(tx: &SignInTx, user: Uuid, secret_sealed: &[u8], last_step: i64) -> Result<()> {
    tx.0.execute(sql::ADD_TOTP, &[&user, &secret_sealed, &last_step]).await.map(drop)
}

/// Accepts a time step once; false when it or a later one was used.
pub async fn use_totp(tx: &SignInTx, user: Uuid, step: i64) -> Result<bool> {
    Ok(tx.0.execute(sql::USE_TOTP, &[&user, &step]).await? == 1)
}

/// Removes a passkey or the authenticator app; false when it does not exist or is the last factor.
pub async fn remove(tx: &SignInTx, user: Uuid, factor: Uuid) -> Result<bool> {
    tx.0.execute(sql::LOCK_ACCOUNT, &[&user]).await?;
    let removed = tx.0.execute(sql::REMOVE_PASSKEY, &[&user, &factor]).await?
        + tx.0.execute(sql::REMOVE_TOTP, &[&user, &factor]).await?;
    Ok(removed == 1)
}

/// Replaces every recovery code by these keyed hashes.
pub async fn set_recovery(tx: &SignInTx, user: Uuid, macs: &[Vec<u8>]) -> Result<()> {
    tx.0.execute(sql::CLEAR_RECOVERY, &[&user]).await?;
    tx.0.execute(sql::ADD_RECOVERY, &[&user, &macs]).await.map(drop)
}

/// Uses a recovery code up; of two at once, one succeeds.
pub async fn use_recovery(tx: &SignInTx, user: Uuid, mac: &[u8]) -> Result<bool> {
    Ok(tx.0.execute(sql::USE_RECOVERY, &[&user, &mac]).await? == 1)
}

/// How many recovery codes are left.
pub async fn recovery_left(tx: &SignInTx, user: Uuid) -> Result<i64> {
    Ok(tx.0.value(sql::RECOVERY_LEFT, &[&user]).await?.unwrap_or(0))
}

/// Forgets every factor of an account whose owner lost them.
pub async fn clear(tx: &SignInTx, user: Uuid) -> Result<()> {
    tx.0.execute(sql::CLEAR_PASSKEYS, &[&user]).await?;
    tx.0.execute(sql::CLEAR_TOTP, &[&user]).await?;
    tx.0.execute(sql::CLEAR_RECOVERY, &[&user]).await.map(drop)
}
