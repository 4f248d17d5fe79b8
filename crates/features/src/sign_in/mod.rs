//! The first factor: an OpenID provider, a passkey (two factors by itself), or a single-use link.

mod attempt;
pub(crate) mod link;
pub mod oidc;
mod passkey;

use uuid::Uuid;

use sigilo_store::{SignInTx, account, session};

use crate::{App, Client, Error, Result, SignUp, Token, ceremony, new_token};

pub(crate) use attempt::{Attempt, attempt};
pub use link::{LinkPreview, link_preview, link_use};
pub use oidc::{OidcCallback, oidc_finish, oidc_start};
pub(crate) use passkey::{find_passkey, require_discoverable};
pub use passkey::{passkey_finish, passkey_options};

/// The ways in that the sign-in page offers besides passkeys.
pub struct Methods {
    /// The provider's button, if one is configured.
    pub oidc: Option<String>,
    /// Whether anyone may open an account.
    pub sign_up: bool,
}

/// What comes after a step of the sign-in.
pub enum Step {
    /// The member is in.
    SignedIn {
        /// The session's secret.
        token: Token,
    },
    /// The second factor is asked for.
    SecondFactor {
        /// The secret of the sign-in in progress.
        pending: Token,
    },
    /// There is no second factor yet: one must be registered.
    Enrol {
        /// The secret of the sign-in in progress.
        pending: Token,
    },
}

/// The ways in that this installation offers.
pub fn methods(app: &App) -> Methods {
    Methods {
        oidc: app.settings().oidc.as_ref().map(|oidc| oidc.label.clone()),
        sign_up: app.settings().sign_up == SignUp::Open,
    }
}

/// The kind of the ceremony between the first factor and the session.
pub(crate) const PENDING: &str = "pending";

/// What is known after the first factor.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Pending {
    pub(crate) user: Uuid,
    /// How the first factor was given: `oidc` or `link`.
    pub(crate) first: String,
    pub(crate) totp_secret: Option<Vec<u8>>,
    pub(crate) key_sign_in: Option<webauthn_rs::prelude::PasskeyAuthentication>,
    pub(crate) key_registration: Option<webauthn_rs::prelude::PasskeyRegistration>,
}

/// Goes on to the second factor of `user`, or to registering one.
pub(crate) async fn to_second_factor(
    app: &App,
    tx: &SignInTx,
    standing: &account::Standing,
    first: &str,
) -> Result<Step> {
    let pending = new_token();
    let state = Pending {
        user: standing.id,
        first: first.to_owned(),
        totp_secret: None,
        key_sign_in: None,
        key_registration: None,
    };
    ceremony::keep(app, tx, &pending, PENDING, Some(standing.id), &state).await?;
    Ok(if standing.has_passkey || standing.has_totp { Step::SecondFactor { pending } } else { Step::Enrol { pending } })
}

/// Both factors are given: forgets the failures, opens the session and records the sign-in.
pub(crate) async fn open_session(
    tx: &SignInTx,
    client: &Client,
    standing: &account::Standing,
    method: &str,
) -> Result<Token> {
    let token = new_token();
    account::succeeded(tx, standing.id).await?;
    session::create(tx, client, &token, standing.id, standing.clinic_id, method).await?;
    Ok(token)
}

/// What sign-in must know of an account that may sign in now. A try at a locked one is written into the access log, where
/// the transaction goes on to its end, as in [`attempt`].
///
/// # Errors
/// [`Error::SignInFailed`] for a deactivated one, [`Error::TooMany`] for a locked one.
pub(crate) async fn active(tx: &SignInTx, user: Uuid) -> Result<account::Standing> {
    let standing = account::standing(tx, user).await?.filter(|s| s.active).ok_or(Error::SignInFailed)?;
    match standing.locked_seconds {
        Some(seconds) if seconds > 0 => {
            attempt::log_failure(tx, Some((standing.id, standing.clinic_id)), "account_locked").await?;
            Err(Error::TooMany { retry_after_seconds: seconds.unsigned_abs().into() })
        }
        _ => Ok(standing),
    }
}
