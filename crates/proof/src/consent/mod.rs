//! Consents that prove themselves: what was agreed to, by whom, when and for which purposes, under one salted hash that
//! the installation signs.
//!
//! `consent_hash` is SHA-256 over JCS{given_at, purposes, salt, subject, text_hash, text_version, v}. The salt of 16 random
//! bytes is what keeps a name and a CPF from being found by trying; once it is gone, the hash says nothing. Beside the hash
//! stand salted commitments to each part. They are signed with it, and let [`verify`] name the part that was changed
//! instead of saying only that something was.

mod document;
mod read;
mod verify;

pub use document::{
    Document, Representative, Signature, SignatureKind, Stamp, Statement, Subject, SubjectSignature, Text, Withdrawal,
};
pub use read::{DocumentError, MAX_DOCUMENT};
pub use verify::{Finding, Outcome, Part, SubjectTrust, check_seal, verify};

use crate::{commitment::Salt, jcs::Object, sha256};
use data_encoding::HEXLOWER;

/// The version of the canonical form.
pub const VERSION: u64 = 1;

/// What is signed: the hash, and a commitment to each part of what it is taken over. Holds nothing of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// SHA-256 of the whole, in hexadecimal.
    pub consent_hash: String,
    /// The commitments, in hexadecimal.
    pub parts: Parts,
}

/// A commitment to each part, in hexadecimal. The salt's is to itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "named after what they commit to")]
pub struct Parts {
    pub given_at: String,
    pub purposes: String,
    pub salt: String,
    pub subject: String,
    pub text: String,
}

impl Parts {
    pub(crate) fn of(statement: &Statement) -> Parts {
        let commit = |image: String| commit(&statement.salt, &image);
        let text = &statement.text;
        Parts {
            given_at: commit(Object::new().text("given_at", &statement.given_at).finish()),
            purposes: commit(Object::new().texts("purposes", &statement.purposes).finish()),
            salt: commit("salt".into()),
            subject: commit(Object::new().object("subject", statement.subject.canonical()).finish()),
            text: commit(
                Object::new()
                    .text("kind", &text.kind)
                    .text("language", &text.language)
                    .text("text_hash", &statement.text_hash)
                    .text("version", &text.version)
                    .finish(),
            ),
        }
    }

    fn canonical(&self) -> Object {
        Object::new()
            .text("given_at", &self.given_at)
            .text("purposes", &self.purposes)
            .text("salt", &self.salt)
            .text("subject", &self.subject)
            .text("text", &self.text)
    }

    /// As a JSON object, for a column.
    pub fn json(&self) -> String {
        self.canonical().finish()
    }
}

fn commit(salt: &Salt, image: &str) -> String {
    HEXLOWER.encode(&crate::commitment::commit(salt, image.as_bytes()))
}

impl Seal {
    /// The bytes that the installation signs, that the subject's own certificate signs and that a time stamp covers.
    pub fn bytes(&self) -> Vec<u8> {
        Object::new()
            .text("consent_hash", &self.consent_hash)
            .object("parts", self.parts.canonical())
            .text("type", "sigilo-consent/1")
            .finish()
            .into_bytes()
    }
}

/// SHA-256 of a consent's text as it is shown: title, summary and body, parted by an empty line. In hexadecimal.
pub fn text_hash(title: &str, summary: &str, body: &str) -> String {
    HEXLOWER.encode(&sha256([title, summary, body].join("\n\n").as_bytes()))
}
