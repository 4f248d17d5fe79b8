//! The second factor, between the first one and the session.

mod code;
mod enrol;
mod key;
pub(crate) mod totp;

use sigilo_store::{SignInTx, account};

use crate::{
    App, Client, Result, Token, ceremony,
    sign_in::{PENDING, Pending, active},
};

pub(crate) use code::accept as accept_code;
pub use code::code;
pub use enrol::{enrol_key_finish, enrol_key_options, enrol_totp, enrol_totp_confirm};
pub(crate) use key::{answered, challenge};
pub use key::{key_finish, key_options};
pub use totp::TotpSetup;

/// What this account may use, or register, as its second factor.
pub struct Choices {
    /// The member's name.
    pub display_name: String,
    /// An authenticator app is registered.
    pub totp: bool,
    /// A passkey or security key is registered.
    pub security_key: bool,
    /// Recovery codes are left.
    pub recovery: bool,
    /// Whether an authenticator app may be registered: an account without a provider needs a passkey to come back.
    pub may_enrol_totp: bool,
}

/// What the page offers.
///
/// # Errors
/// [`crate::Error::Expired`] when the sign-in was finished or is older than ten minutes.
pub async fn choices(app: &App, client: &Client, token: &Token) -> Result<Choices> {
    app.db()
        .sign_in(client, async |tx: &SignInTx| {
            let (pending, standing) = load(app, tx, token).await?;
            Ok(Choices {
                display_name: standing.display_name,
                totp: standing.has_totp,
                security_key: standing.has_passkey,
                recovery: standing.recovery_left > 0 && (standing.has_totp || standing.has_passkey),
                may_enrol_totp: pending.first == "oidc",
            })
        })
        .await
}

/// The sign-in in progress and the account it is about.
pub(super) async fn load(app: &App, tx: &SignInTx, token: &Token) -> Result<(Pending, account::Standing)> {
    let pending: Pending = ceremony::peek(app, tx, token, PENDING).await?;
    let standing = active(tx, pending.user).await?;
    Ok((pending, standing))
}
