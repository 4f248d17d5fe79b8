//! An attempt to prove who one is: slowed by address and by account, recorded when it fails.

use uuid::Uuid;

use sigilo_store::{SignInTx, account, session};

use crate::{App, Client, Error, Result};

/// How an attempt ended.
pub(crate) enum Attempt<T> {
    /// The proof was good.
    Passed(T),
    /// It was not looked at: the account is locked, which [`super::active`] has recorded.
    Locked(Error),
    /// It was not. The reason goes into the access log, never to the caller.
    Refused {
        /// Whose account it was about, when that is known.
        account: Option<(Uuid, Uuid)>,
        /// Why, for the log.
        reason: &'static str,
        /// What the caller is told.
        answer: Error,
    },
}

impl<T> Attempt<T> {
    /// A refusal that is not about a known account.
    pub(crate) fn refused(reason: &'static str) -> Attempt<T> {
        Attempt::Refused { account: None, reason, answer: Error::SignInFailed }
    }

    /// A refusal about a member.
    pub(crate) fn refused_for(standing: &account::Standing, reason: &'static str) -> Attempt<T> {
        Attempt::Refused { account: Some((standing.id, standing.clinic_id)), reason, answer: Error::SignInFailed }
    }
}

/// Runs one attempt. A refusal, also of a replayed or expired ceremony, is committed with its records.
pub(crate) async fn attempt<T>(
    app: &App,
    client: &Client,
    work: impl AsyncFnOnce(&SignInTx) -> Result<Attempt<T>>,
) -> Result<T> {
    let outcome = app
        .db()
        .sign_in(client, async |tx: &SignInTx| -> Result<Attempt<T>> {
            let seconds = account::throttled(tx, client.ip).await?;
            if seconds > 0 {
                return Err(Error::TooMany { retry_after_seconds: seconds });
            }
            let outcome = match work(tx).await {
                Err(Error::Expired) => {
                    Attempt::Refused { account: None, reason: "expired_or_replayed", answer: Error::Expired }
                }
                Err(locked @ Error::TooMany { .. }) => {
                    account::address_failed(tx, client.ip).await?;
                    Attempt::Locked(locked)
                }
                other => other?,
            };
            if let Attempt::Refused { account, reason, .. } = &outcome {
                record(tx, client, *account, reason).await?;
            }
            Ok(outcome)
        })
        .await?;
    match outcome {
        Attempt::Passed(value) => Ok(value),
        Attempt::Locked(answer) | Attempt::Refused { answer, .. } => Err(answer),
    }
}

async fn record(tx: &SignInTx, client: &Client, whose: Option<(Uuid, Uuid)>, reason: &'static str) -> Result<()> {
    account::address_failed(tx, client.ip).await?;
    if let Some((user, _)) = whose {
        account::failed(tx, user).await?;
    }
    log_failure(tx, whose, reason).await
}

/// Writes a failure into the access log.
pub(super) async fn log_failure(tx: &SignInTx, whose: Option<(Uuid, Uuid)>, reason: &'static str) -> Result<()> {
    let event = session::AccessEvent {
        clinic: whose.map(|(_, clinic)| clinic),
        user: whose.map(|(user, _)| user),
        session: None,
        action: "failed_login",
        failure: Some(reason),
        duration_seconds: None,
    };
    Ok(session::log_access(tx, event).await?)
}
