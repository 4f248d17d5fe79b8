//! "Excluir minha conta".

use uuid::Uuid;

use sigilo_domain::SubjectRight;
use sigilo_store::{Session, SignInTx, Token, session as sessions};

use super::ask;
use crate::{App, Error, Result, session};

/// What is typed to confirm.
pub const CONFIRMATION: &str = "EXCLUIR";

/// Asks for the deletion of the account and ends every session of it. The link is the way to follow the request.
///
/// # Errors
/// [`Error::Invalid`] for `confirmacao`; [`Error::Conflict`] when it was asked for already.
pub async fn delete_account(app: &App, session: &Session, confirmation: &str) -> Result<Token> {
    if confirmation.trim() != CONFIRMATION {
        return Err(Error::field("confirmacao", format!("Digite {CONFIRMATION} para confirmar.")));
    }
    let (_, link) = ask(app, session, SubjectRight::Deletion, "").await?;
    app.db()
        .sign_in(&session.client, async |tx: &SignInTx| {
            let me = session::signed_in(tx, session).await?;
            sessions::end_others(tx, me.user_id, Uuid::nil()).await?;
            Ok::<_, Error>(())
        })
        .await?;
    Ok(link)
}
