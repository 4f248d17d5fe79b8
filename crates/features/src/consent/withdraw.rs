//! Withdrawing, in as many steps as granting. What was done before stays as it is (LGPD art. 8, § 5).

use serde_json::json;
use uuid::Uuid;

use sigilo_domain::ConsentType;
use sigilo_proof::consent::Withdrawal;
use sigilo_store::{Session, WriteTx, consent};

use super::{event, prove};
use crate::{App, Error, Result};

/// Longest reason, in characters.
pub const MAX_REASON: usize = 500;

/// What was withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withdrawn {
    /// The act.
    pub consent: Uuid,
}

/// Withdraws the member's consent, with a reason only if one is given.
///
/// # Errors
/// [`Error::Conflict`] when it is not live; [`Error::Invalid`] for `motivo`.
pub async fn revoke(app: &App, session: &Session, kind: ConsentType, reason: &str) -> Result<Withdrawn> {
    end(app, session, kind.code(), None, "account_page", reason).await
}

/// Withdraws a patient's consent. `method` says how the wish came: `in_person`, `letter`, `email` or `patient_page`.
///
/// # Errors
/// As [`revoke`].
pub async fn revoke_for_patient(
    app: &App,
    session: &Session,
    patient: Uuid,
    consent_type: &str,
    method: &'static str,
    reason: &str,
) -> Result<Withdrawn> {
    end(app, session, consent_type, Some(patient), method, reason).await
}

async fn end(
    app: &App,
    session: &Session,
    kind: &str,
    patient: Option<Uuid>,
    method: &'static str,
    reason: &str,
) -> Result<Withdrawn> {
    const GONE: Error = Error::Conflict("Este consentimento já não está ativo.");
    let reason = reason.trim();
    if reason.chars().count() > MAX_REASON || reason.chars().any(|c| c.is_control() && c != '\n' && c != '\r') {
        return Err(Error::field("motivo", "O motivo pode ter até 500 caracteres."));
    }
    let reason = (!reason.is_empty()).then_some(reason);
    app.db()
        .write(session, async |tx: &WriteTx| {
            let live = consent::live(tx, kind, patient).await?.ok_or(GONE)?;
            let signed = match &live.consent_hash {
                None => None,
                Some(hash) => {
                    let at = prove::instant(consent::now(tx).await?)?;
                    Some(prove::signature(app, &Withdrawal::bytes(hash, &at, method, reason))?.value)
                }
            };
            if !consent::revoke(tx, live.id, method, reason, signed.as_deref()).await? {
                return Err(GONE);
            }
            let details = json!({ "granted": false, "method": method, "with_reason": reason.is_some() });
            Ok((Withdrawn { consent: live.id }, event("consent_form_submitted", kind, Some(live.id), details)))
        })
        .await
}
