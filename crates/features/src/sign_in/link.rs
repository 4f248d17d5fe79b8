//! Single-use links: an invitation leads to registering a passkey; a demonstration's link leads straight in.

use sigilo_store::{SignInTx, account};

use super::{Attempt, Step, active, attempt, open_session, to_second_factor};
use crate::{App, Client, Error, Result, Token};

/// Whose link it is.
pub struct LinkPreview {
    /// The member's name.
    pub display_name: String,
    /// Whether it belongs to a demonstration.
    pub demo: bool,
}

/// Shows whose link it is without using it up: mail scanners open links too.
///
/// # Errors
/// [`Error::Expired`] when it was used, has expired, or never existed.
pub async fn link_preview(app: &App, client: &Client, secret: &str) -> Result<LinkPreview> {
    let token = Token::parse(secret).ok_or(Error::Expired)?;
    app.db()
        .sign_in(client, async |tx: &SignInTx| {
            let owner = account::peek_link(tx, &token).await?.ok_or(Error::Expired)?;
            Ok(LinkPreview { display_name: owner.display_name, demo: owner.kind == "demo" })
        })
        .await
}

/// Uses the link up.
///
/// # Errors
/// [`Error::Expired`] when it was used, has expired, or never existed; the attempt is recorded.
pub async fn link_use(app: &App, client: &Client, secret: &str) -> Result<Step> {
    attempt(app, client, async |tx: &SignInTx| -> Result<Attempt<Step>> {
        let link = match Token::parse(secret) {
            Some(token) => account::use_link(tx, &token).await?,
            None => None,
        };
        let Some(link) = link else {
            return Ok(Attempt::Refused { account: None, reason: "link_expired", answer: Error::Expired });
        };
        let standing = active(tx, link.user_id).await?;
        if link.kind == "demo" {
            let token = open_session(tx, client, &standing, "demo_link").await?;
            return Ok(Attempt::Passed(Step::SignedIn { token }));
        }
        Ok(Attempt::Passed(to_second_factor(app, tx, &standing, "link").await?))
    })
    .await
}
