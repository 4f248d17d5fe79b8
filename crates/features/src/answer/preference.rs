//! The doctor's own switch (CFM 2.454/2026, art. 3: a doctor may refuse a tool).

use serde_json::json;

use sigilo_store::{Action, Event, ReadTx, Risk, Session, WriteTx, answer as rows};

use crate::{App, Error, Result};

pub(super) const OFF: Error = Error::Forbidden("O assistente está desligado para você. Ligue-o em “IA: governança”.");

/// Whether the doctor has the assistant switched on.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn is_enabled(app: &App, session: &Session) -> Result<bool> {
    app.db().read(session, async |tx: &ReadTx| Ok(rows::is_enabled(tx).await?)).await
}

/// Switches the doctor's assistant on or off. Messages can still be written while it is off.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn switch(app: &App, session: &Session, enabled: bool) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            rows::switch(tx, enabled).await?;
            let event = Event {
                name: if enabled { "assistant_enabled" } else { "assistant_disabled" },
                action: Action::Update,
                resource_type: "assistant_preferences",
                resource_id: None,
                details: json!({ "enabled": enabled }),
                risk: Risk::Medium,
            };
            Ok(((), event))
        })
        .await
}
