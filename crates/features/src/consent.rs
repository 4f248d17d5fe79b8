//! The member's consents: shown with their history, granted and revoked one by one (LGPD art. 8, § 5).

use data_encoding::HEXLOWER;
use serde_json::json;
use time::OffsetDateTime;

use sigilo_domain::{ConsentText, ConsentType};
use sigilo_proof::sha256;
use sigilo_store::{Action, Event, ReadTx, Risk, Session, WriteTx, consent};

use crate::{App, Error, Result};

/// One act in a consent's history.
pub struct ConsentEvent {
    /// Granted, or revoked.
    pub granted: bool,
    /// When.
    pub at: OffsetDateTime,
    /// The version of the text.
    pub version: String,
}

/// A consent as it stands.
pub struct ConsentState {
    /// The text in force.
    pub text: &'static ConsentText,
    /// Whether it is live.
    pub granted: bool,
    /// When the live one was given.
    pub granted_at: Option<OffsetDateTime>,
    /// When the last one was withdrawn.
    pub revoked_at: Option<OffsetDateTime>,
    /// The version that was accepted.
    pub version_granted: Option<String>,
    /// Every act, newest first.
    pub history: Vec<ConsentEvent>,
}

/// The four consents as they stand.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn list(app: &App, session: &Session) -> Result<Vec<ConsentState>> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            let acts = consent::history(tx).await?;
            Ok(ConsentType::ALL.into_iter().map(|kind| state_of(kind, &acts)).collect())
        })
        .await
}

fn state_of(kind: ConsentType, acts: &[consent::Act]) -> ConsentState {
    let own: Vec<&consent::Act> = acts.iter().filter(|act| act.consent_type == kind.code()).collect();
    let live = own.iter().find(|act| act.granted);
    let mut history = Vec::new();
    for act in &own {
        let version = || act.consent_version.clone();
        if let Some(at) = act.withdrawn_at {
            history.push(ConsentEvent { granted: false, at, version: version() });
        }
        history.push(ConsentEvent { granted: true, at: act.granted_at, version: version() });
    }
    history.sort_by_key(|event| std::cmp::Reverse(event.at));
    ConsentState {
        text: kind.text(),
        granted: live.is_some(),
        granted_at: live.map(|act| act.granted_at),
        revoked_at: own.iter().filter_map(|act| act.withdrawn_at).max(),
        version_granted: live.map(|act| act.consent_version.clone()),
        history,
    }
}

/// Gives a consent. Giving a live one again changes nothing.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn grant(app: &App, session: &Session, kind: ConsentType) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            let new = record(tx, kind).await?;
            Ok(((), event("consent_form_submitted", kind, json!({ "granted": true, "new": new }))))
        })
        .await
}

/// Withdraws a consent, as easily as it was given.
///
/// # Errors
/// [`Error::Conflict`] when it is not live.
pub async fn revoke(app: &App, session: &Session, kind: ConsentType) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            if !consent::revoke(tx, kind).await? {
                return Err(Error::Conflict("Este consentimento já não está ativo."));
            }
            Ok(((), event("consent_form_submitted", kind, json!({ "granted": false }))))
        })
        .await
}

/// Records one act with the hash of the very text that was shown.
pub(crate) async fn record(tx: &WriteTx, kind: ConsentType) -> Result<bool> {
    let text = kind.text();
    let shown = [text.title, text.summary, text.text].join("\n\n");
    Ok(consent::grant(tx, text, &HEXLOWER.encode(&sha256(shown.as_bytes()))).await?)
}

fn event(name: &'static str, kind: ConsentType, mut details: serde_json::Value) -> Event {
    details["consent_type"] = kind.code().into();
    Event {
        name,
        action: Action::Update,
        resource_type: "consent_records",
        resource_id: None,
        details,
        risk: Risk::Medium,
    }
}
