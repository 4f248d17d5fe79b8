//! Reading a proof of consent, and nothing else.

use data_encoding::HEXLOWER;
use thiserror::Error;

use super::{
    Document, Parts, Representative, Seal, Signature, SignatureKind, Stamp, Statement, Subject, SubjectSignature, Text,
    VERSION, Withdrawal,
};
use crate::{
    base64,
    jcs::{self, JcsError, Value},
};

/// The longest file that is read, in bytes: a scan of five megabytes in base64, and all the rest.
pub const MAX_DOCUMENT: usize = 8 << 20;

/// Why a file is no proof of consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DocumentError {
    /// Longer than [`MAX_DOCUMENT`].
    #[error("the file is too long")]
    TooLong,
    /// Not canonical JSON.
    #[error(transparent)]
    Json(#[from] JcsError),
    /// Another kind of file, or a version that is not known here.
    #[error("the file is no proof of consent of a known version")]
    Kind,
    /// A member is missing or is not what it should be.
    #[error("the member {0} is missing or wrong")]
    Member(&'static str),
}

type Result<T> = std::result::Result<T, DocumentError>;

impl Document {
    /// Reads a file. A line end after it is allowed, because editors add one.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn parse(bytes: &[u8]) -> Result<Document> {
        if bytes.len() > MAX_DOCUMENT {
            return Err(DocumentError::TooLong);
        }
        let value = jcs::parse(bytes.strip_suffix(b"\n").unwrap_or(bytes))?;
        if value.text("type") != Some("sigilo-consent-proof") || value.integer("v") != Some(VERSION) {
            return Err(DocumentError::Kind);
        }
        let salt = HEXLOWER.decode(text(&value, "salt")?.as_bytes()).ok().and_then(|salt| salt.try_into().ok());
        let parts = member(&value, "parts")?;
        let shown = member(&value, "text")?;
        Ok(Document {
            statement: Statement {
                text: Text {
                    kind: text(shown, "kind")?,
                    version: text(shown, "version")?,
                    language: text(shown, "language")?,
                    title: text(shown, "title")?,
                    summary: text(shown, "summary")?,
                    body: text(shown, "body")?,
                },
                text_hash: text(&value, "text_hash")?,
                subject: subject(member(&value, "subject")?)?,
                purposes: value
                    .texts("purposes")
                    .ok_or(DocumentError::Member("purposes"))?
                    .iter()
                    .map(|&one| one.into())
                    .collect(),
                given_at: text(&value, "given_at")?,
                salt: salt.ok_or(DocumentError::Member("salt"))?,
            },
            seal: Seal {
                consent_hash: text(&value, "consent_hash")?,
                parts: Parts {
                    given_at: text(parts, "given_at")?,
                    purposes: text(parts, "purposes")?,
                    salt: text(parts, "salt")?,
                    subject: text(parts, "subject")?,
                    text: text(parts, "text")?,
                },
            },
            signature: signature(&value)?,
            subject_signature: optional(&value, "subject_signature")?.map(subject_signature).transpose()?,
            stamp: match maybe(&value, "timestamp")? {
                None => Stamp::Pending,
                Some(token) => Stamp::Granted(base64(&token, "timestamp")?),
            },
            withdrawal: optional(&value, "withdrawal")?.map(withdrawal).transpose()?,
        })
    }
}

impl Subject {
    /// Reads what [`Subject::json`] wrote.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn parse(bytes: &[u8]) -> Result<Subject> {
        subject(&jcs::parse(bytes)?)
    }
}

impl Parts {
    /// Reads what [`Parts::json`] wrote.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn parse(bytes: &[u8]) -> Result<Parts> {
        let value = jcs::parse(bytes)?;
        Ok(Parts {
            given_at: text(&value, "given_at")?,
            purposes: text(&value, "purposes")?,
            salt: text(&value, "salt")?,
            subject: text(&value, "subject")?,
            text: text(&value, "text")?,
        })
    }
}

fn subject(value: &Value) -> Result<Subject> {
    let representative = optional(value, "representative")?.map(|who| {
        Ok::<_, DocumentError>(Representative {
            name: text(who, "name")?,
            cpf: text(who, "cpf")?,
            relation: text(who, "relation")?,
            evidence_sha256: maybe(who, "evidence_sha256")?,
        })
    });
    Ok(Subject {
        id: text(value, "id")?,
        name: text(value, "name")?,
        birth_date: maybe(value, "birth_date")?,
        cpf: maybe(value, "cpf")?,
        representative: representative.transpose()?,
    })
}

fn subject_signature(value: &Value) -> Result<SubjectSignature> {
    Ok(SubjectSignature {
        kind: SignatureKind::from_code(&text(value, "kind")?).ok_or(DocumentError::Member("kind"))?,
        content: base64(&text(value, "content")?, "content")?,
        signed_at: text(value, "signed_at")?,
        signature: signature(value)?,
    })
}

fn withdrawal(value: &Value) -> Result<Withdrawal> {
    Ok(Withdrawal {
        at: text(value, "at")?,
        method: text(value, "method")?,
        reason: maybe(value, "reason")?,
        signature: signature(value)?,
    })
}

fn signature(of: &Value) -> Result<Signature> {
    let value = member(of, "signature")?;
    if value.text("algorithm") != Some("Ed25519") {
        return Err(DocumentError::Member("algorithm"));
    }
    Ok(Signature { key: base64(&text(value, "key")?, "key")?, value: base64(&text(value, "value")?, "value")? })
}

fn base64(text: &str, name: &'static str) -> Result<Vec<u8>> {
    base64::decode(text).ok_or(DocumentError::Member(name))
}

fn text(value: &Value, name: &'static str) -> Result<String> {
    value.text(name).map(str::to_owned).ok_or(DocumentError::Member(name))
}

fn member<'a>(value: &'a Value, name: &'static str) -> Result<&'a Value> {
    value.get(name).filter(|found| found.as_object().is_some()).ok_or(DocumentError::Member(name))
}

/// An object or null.
fn optional<'a>(value: &'a Value, name: &'static str) -> Result<Option<&'a Value>> {
    match value.get(name) {
        Some(Value::Null) => Ok(None),
        _ => member(value, name).map(Some),
    }
}

/// A string or null.
fn maybe(value: &Value, name: &'static str) -> Result<Option<String>> {
    match value.get(name) {
        Some(Value::Null) => Ok(None),
        _ => text(value, name).map(Some),
    }
}
