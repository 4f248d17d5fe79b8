//! Six digits of an authenticator app, or a recovery code.

use sigilo_store::{SignInTx, account};

use super::{load, totp};
use crate::{
    App, Client, Result, Token, ceremony, recovery,
    sign_in::{Attempt, PENDING, Pending, attempt, open_session},
};

/// Ends the sign-in with a code.
///
/// # Errors
/// [`crate::Error::SignInFailed`] for a wrong or used code, [`crate::Error::TooMany`] after many,
/// [`crate::Error::Expired`] when the sign-in is over.
pub async fn code(app: &App, client: &Client, token: &Token, typed: &str) -> Result<Token> {
    attempt(app, client, async |tx: &SignInTx| -> Result<Attempt<Token>> {
        let (pending, standing) = load(app, tx, token).await?;
        let Some(second) = accept(app, tx, &standing, typed).await? else {
            return Ok(Attempt::refused_for(&standing, "second_factor_wrong"));
        };
        // Of two answers at once, the one that ends the ceremony opens the session.
        ceremony::take::<Pending>(app, tx, token, PENDING).await?;
        let method = format!("{}+{second}", pending.first);
        Ok(Attempt::Passed(open_session(tx, client, &standing, &method).await?))
    })
    .await
}

/// Which factor a typed code proves, if any.
pub(crate) async fn accept(
    app: &App,
    tx: &SignInTx,
    standing: &account::Standing,
    typed: &str,
) -> Result<Option<&'static str>> {
    let bare: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let six_digits = bare.len() == 6 && bare.bytes().all(|b| b.is_ascii_digit());
    if six_digits && totp::accept(app, tx, standing.id, &bare).await? {
        return Ok(Some("totp"));
    }
    if !six_digits && recovery::accept(app, tx, standing.id, &bare).await? {
        return Ok(Some("recovery"));
    }
    Ok(None)
}
