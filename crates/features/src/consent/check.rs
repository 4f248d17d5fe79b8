//! What anybody who holds a consent's code may know: whether it holds. Nothing of whom, and nothing of where.

use data_encoding::HEXLOWER;
use time::OffsetDateTime;

use sigilo_domain::consent::CONSENT_TYPES;
use sigilo_proof::consent::{Outcome, Parts, Seal, Signature, check_seal};
use sigilo_store::{Client, SignInTx, consent};

use crate::{App, Result};

/// A code's consent as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Granted, withdrawn, expired or renewed.
    pub status: String,
    /// What was agreed to, in words.
    pub kind: &'static str,
    /// When it was given.
    pub given_at: OffsetDateTime,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
    /// Until when it holds.
    pub expires_at: Option<OffsetDateTime>,
    /// The text's version.
    pub version: String,
    /// The text's language.
    pub language: String,
    /// The text's hash.
    pub text_hash: String,
    /// The consent's hash.
    pub consent_hash: String,
    /// Whether the installation's signature holds, under today's key.
    pub signature_holds: bool,
    /// Whether there is a time stamp of its own.
    pub stamped: bool,
    /// How the subject signed, by code.
    pub signed_as: Option<String>,
}

/// Looks a code up. A code of another shape is a code that does not exist.
///
/// # Errors
/// [`crate::Error::Unavailable`] when the database is away.
pub async fn check(app: &App, client: &Client, code: &str) -> Result<Option<Checked>> {
    let Some(code) = HEXLOWER.decode(code.as_bytes()).ok().filter(|code| code.len() == 16) else { return Ok(None) };
    let found = app.db().sign_in(client, async |tx: &SignInTx| consent::by_code(tx, &code).await).await?;
    Ok(found.and_then(|row| checked(app, row)))
}

fn checked(app: &App, row: consent::Known) -> Option<Checked> {
    let (key, value) = (row.signature_key?, row.digital_signature?);
    let known = app.keys().signer().is_some_and(|signer| signer.public_key() == key);
    let consent_hash = row.consent_hash?;
    let holds = Parts::parse(row.parts?.as_bytes()).is_ok_and(|parts| {
        let seal = Seal { consent_hash: consent_hash.clone(), parts };
        check_seal(&seal, &Signature { key, value }) == Outcome::Holds
    });
    let kind = row.consent_type?;
    Some(Checked {
        status: row.consent_status?,
        kind: CONSENT_TYPES.iter().find(|(code, _)| *code == kind).map_or("Consentimento", |(_, label)| label),
        given_at: row.given_at?,
        ended_at: row.ended_at,
        expires_at: row.expires_at,
        version: row.consent_version?,
        language: row.consent_language?,
        text_hash: row.consent_text_hash?,
        consent_hash,
        signature_holds: known && holds,
        stamped: row.timestamp_status.as_deref() == Some("granted"),
        signed_as: row.subject_signature_kind,
    })
}
