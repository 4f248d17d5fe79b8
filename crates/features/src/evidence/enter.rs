use serde_json::{Value, json};
use uuid::Uuid;

use sigilo_store::{Action, Event, Risk, Session, WriteTx};

use crate::{App, Error, Result, session::answers_for_evidence};

/// What somebody does with the proofs.
pub(super) enum Act {
    /// Looks at how they stand.
    Viewed,
    /// Takes some of them out; `details` say in what form.
    Exported { details: Value, risk: Risk },
    /// Has the whole trail examined.
    Examined,
}

/// Lets in who answers for the clinic's data or audits it, and files what they do there. The clinic.
///
/// # Errors
/// [`Error::Forbidden`] for everybody else.
pub(super) async fn entered(app: &App, session: &Session, act: Act) -> Result<Uuid> {
    let (name, action, details, risk) = match act {
        Act::Viewed => ("evidence_viewed", Action::View, json!({}), Risk::Low),
        Act::Exported { details, risk } => ("evidence_exported", Action::Export, details, risk),
        Act::Examined => ("evidence_examined", Action::View, json!({}), Risk::Low),
    };
    app.db()
        .write(session, async |tx: &WriteTx| {
            answers_for_evidence(tx).await?;
            let event = Event { name, action, resource_type: "audit_logs", resource_id: None, details, risk };
            Ok::<_, Error>((tx.entered().clinic_id, event))
        })
        .await
}
