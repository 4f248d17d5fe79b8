//! Whether the clinic is a small agent, whose periods for incidents are doubled (Resolução CD/ANPD nº 2/2022, art. 14, II).

use serde_json::json;

use sigilo_domain::Role;
use sigilo_store::{Action, Error as StoreError, Event, ReadTx, Risk, Session, WriteTx, incident as rows};

pub use sigilo_store::incident::Declaration;

use crate::{App, Error, Result, incident};

/// The clinic's latest word; none: it never said so, and the periods are everybody's.
///
/// # Errors
/// [`Error::Forbidden`] for who answers for nothing.
pub async fn standing(app: &App, session: &Session) -> Result<Option<Declaration>> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            incident::manages(tx)?;
            Ok(rows::small_agent(tx).await?)
        })
        .await
}

/// The clinic's new word, for incidents that are registered from now on.
///
/// # Errors
/// [`Error::Invalid`] without a reason; [`Error::Conflict`] when it says already so; [`Error::Forbidden`] for everybody but
/// the owner.
pub async fn declare(app: &App, session: &Session, small: bool, reason: &str) -> Result<()> {
    let reason = reason.trim();
    if !(20..=2000).contains(&reason.chars().count()) {
        return Err(Error::field("porque", "Diga por que, em 20 a 2.000 caracteres: isto vai para a trilha."));
    }
    app.db()
        .write(session, async |tx: &WriteTx| {
            if !tx.entered().roles.iter().any(|role| role == Role::Owner.code()) {
                return Err(OWNERS);
            }
            if rows::small_agent(tx).await?.is_some_and(|word| word.small_agent) == small {
                return Err(Error::Conflict("Os prazos da clínica já são estes."));
            }
            let id = match rows::declare_small_agent(tx, small, reason).await {
                Err(StoreError::Denied) => return Err(OWNERS),
                other => other?,
            };
            let event = Event {
                name: "small_agent_declared",
                action: Action::Create,
                resource_type: "small_agent_declarations",
                resource_id: Some(id.to_string()),
                details: json!({ "small_agent": small }),
                risk: Risk::High,
            };
            Ok(((), event))
        })
        .await
}

const OWNERS: Error = Error::Forbidden("Só o responsável pela clínica escolhe os prazos dela.");
