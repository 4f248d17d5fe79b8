//! Who may use the console, given by whom and until when.

use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use sigilo_store::{Action, Error as StoreError, Event, ReadTx, Risk, Session, WriteTx, console as rows};

pub use sigilo_store::console::{Candidate, Grant};

use crate::{App, Error, FieldError, Result, session::answers_for_clinic};

/// The longest period of one grant, in days; the schema has the same.
pub const MAX_DAYS: i32 = 90;

/// What is asked of whoever gives access.
#[derive(Debug, Clone)]
pub struct GrantForm {
    /// To whom.
    pub to: Option<Uuid>,
    /// For how many days.
    pub days: Option<i32>,
    /// What for.
    pub purpose: String,
}

/// Until when the member may use the console; none when they may not.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn standing(app: &App, session: &Session) -> Result<Option<OffsetDateTime>> {
    app.db().read(session, async |tx: &ReadTx| Ok(rows::own_grant(tx).await?)).await
}

/// The grants of the clinic, latest first. Who may not give access sees their own.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn grants(app: &App, session: &Session) -> Result<Vec<Grant>> {
    app.db().read(session, async |tx: &ReadTx| Ok(rows::grants(tx).await?)).await
}

/// To whom the member may give access: auditors and DPOs, but for themselves. Nobody, for who may not give any.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn candidates(app: &App, session: &Session) -> Result<Vec<Candidate>> {
    app.db()
        .read(
            session,
            async |tx: &ReadTx| {
                if answers_for_clinic(tx) { Ok(rows::candidates(tx).await?) } else { Ok(Vec::new()) }
            },
        )
        .await
}

/// Gives access for a period. Nobody gives it to themselves.
///
/// # Errors
/// [`Error::Invalid`] for what is missing; [`Error::Forbidden`] for who is neither owner nor DPO; [`Error::Conflict`] for
/// somebody who is no auditor or DPO of the clinic.
pub async fn give(app: &App, session: &Session, form: &GrantForm) -> Result<()> {
    let mut wrong = Vec::new();
    let purpose = form.purpose.trim();
    if form.to.is_none() {
        wrong.push(FieldError::new("quem", "Escolha quem vai auditar."));
    }
    if !form.days.is_some_and(|days| (1..=MAX_DAYS).contains(&days)) {
        wrong.push(FieldError::new("dias", format!("O prazo vai de 1 a {MAX_DAYS} dias.")));
    }
    if !(5..=300).contains(&purpose.chars().count()) {
        wrong.push(FieldError::new("finalidade", "Diga para que é o acesso, em 5 a 300 caracteres."));
    }
    let (Some(to), Some(days), true) = (form.to, form.days, wrong.is_empty()) else {
        return Err(Error::Invalid(wrong));
    };
    app.db()
        .write(session, async |tx: &WriteTx| {
            let id = match rows::grant(tx, to, purpose, days).await {
                Err(StoreError::Rule(rule)) if rule == "audit_grants_not_to_oneself" => {
                    return Err(Error::Conflict("Ninguém dá acesso a si mesmo: peça a outra pessoa responsável."));
                }
                Err(StoreError::Rule(_)) => {
                    return Err(Error::Conflict("O acesso é só para auditores e encarregados ativos desta clínica."));
                }
                Err(StoreError::Denied) => {
                    return Err(Error::Forbidden("Só o responsável pela clínica ou o encarregado de dados dá acesso."));
                }
                other => other?,
            };
            let details = json!({ "granted_to": to, "days": days });
            Ok(((), event("audit_access_granted", Action::Create, id, details)))
        })
        .await
}

/// Takes access back at once, also from a console that is open.
///
/// # Errors
/// [`Error::NotFound`] when there is no such live grant that the member may take back.
pub async fn revoke(app: &App, session: &Session, id: Uuid) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            rows::revoke(tx, id).await?;
            Ok(((), event("audit_access_revoked", Action::Update, id, json!({}))))
        })
        .await
}

fn event(name: &'static str, action: Action, id: Uuid, details: serde_json::Value) -> Event {
    Event { name, action, resource_type: "audit_grants", resource_id: Some(id.to_string()), details, risk: Risk::High }
}
