//! What a proof of consent holds, and how it is written.

use data_encoding::{BASE64, HEXLOWER};

use super::{Parts, Seal, VERSION};
use crate::{commitment::Salt, jcs::Object, sha256};

/// A text as it was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// What is consented to, by code.
    pub kind: String,
    /// The version.
    pub version: String,
    /// The language, as `pt-BR` (BCP 47).
    pub language: String,
    /// The heading.
    pub title: String,
    /// One sentence that stands alone.
    pub summary: String,
    /// The whole text.
    pub body: String,
}

/// Who decided for somebody who may not (LGPD art. 14, § 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Representative {
    /// The name.
    pub name: String,
    /// The CPF's eleven digits.
    pub cpf: String,
    /// Mother, father, guardian or curator, by code.
    pub relation: String,
    /// SHA-256 of what proves it, in hexadecimal.
    pub evidence_sha256: Option<String>,
}

/// Whose consent it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The member's or patient's identifier.
    pub id: String,
    /// The name.
    pub name: String,
    /// `YYYY-MM-DD`, where it is known.
    pub birth_date: Option<String>,
    /// The CPF's eleven digits, where they are known.
    pub cpf: Option<String>,
    /// Who decided for the subject.
    pub representative: Option<Representative>,
}

impl Subject {
    pub(crate) fn canonical(&self) -> Object {
        let object = Object::new()
            .maybe("birth_date", self.birth_date.as_deref())
            .maybe("cpf", self.cpf.as_deref())
            .text("id", &self.id)
            .text("name", &self.name);
        match &self.representative {
            None => object.maybe("representative", None),
            Some(who) => object.object(
                "representative",
                Object::new()
                    .text("cpf", &who.cpf)
                    .maybe("evidence_sha256", who.evidence_sha256.as_deref())
                    .text("name", &who.name)
                    .text("relation", &who.relation),
            ),
        }
    }

    /// As text, to be sealed and read again by [`Subject::parse`].
    pub fn json(&self) -> String {
        self.canonical().finish()
    }
}

/// One act of consent.
#[derive(Clone, PartialEq, Eq)]
pub struct Statement {
    /// What was shown.
    pub text: Text,
    /// SHA-256 of it, in hexadecimal (see [`super::text_hash`]).
    pub text_hash: String,
    /// Who.
    pub subject: Subject,
    /// For what, by code.
    pub purposes: Vec<String>,
    /// When, in RFC 3339 and UTC.
    pub given_at: String,
    /// 16 random bytes.
    pub salt: Salt,
}

impl Statement {
    /// The hash and the commitments, to be signed.
    pub fn seal(&self) -> Seal {
        Seal { consent_hash: self.hash(), parts: Parts::of(self) }
    }

    pub(crate) fn hash(&self) -> String {
        let canonical = Object::new()
            .text("given_at", &self.given_at)
            .texts("purposes", &self.purposes)
            .text("salt", &HEXLOWER.encode(&self.salt))
            .object("subject", self.subject.canonical())
            .text("text_hash", &self.text_hash)
            .text("text_version", &self.text.version)
            .integer("v", VERSION)
            .finish();
        HEXLOWER.encode(&sha256(canonical.as_bytes()))
    }
}

/// An Ed25519 signature (RFC 8032).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The public key, 32 bytes.
    pub key: Vec<u8>,
    /// The signature, 64 bytes.
    pub value: Vec<u8>,
}

/// How the subject signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureKind {
    /// An image of a signature drawn by hand.
    Drawn,
    /// A CMS signature with a certificate of ICP-Brasil, over the seal.
    IcpBrasil,
    /// A scan of a signed sheet of paper.
    Paper,
}

impl SignatureKind {
    /// Every kind.
    pub const ALL: [SignatureKind; 3] = [Self::Drawn, Self::IcpBrasil, Self::Paper];

    /// As stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Drawn => "drawn",
            Self::IcpBrasil => "icp_brasil",
            Self::Paper => "paper",
        }
    }

    /// The kind with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// The subject's own signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectSignature {
    /// How.
    pub kind: SignatureKind,
    /// The image, the scan or the CMS message.
    pub content: Vec<u8>,
    /// When it was received, in RFC 3339 and UTC.
    pub signed_at: String,
    /// The installation's signature that binds it to this consent.
    pub signature: Signature,
}

impl SubjectSignature {
    /// What the installation signs of a subject's signature with this content.
    pub fn bytes(consent_hash: &str, kind: SignatureKind, content: &[u8], signed_at: &str) -> Vec<u8> {
        Object::new()
            .text("consent_hash", consent_hash)
            .text("kind", kind.code())
            .text("sha256", &HEXLOWER.encode(&sha256(content)))
            .text("signed_at", signed_at)
            .text("type", "sigilo-consent-subject-signature/1")
            .finish()
            .into_bytes()
    }
}

/// A time stamp over the seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stamp {
    /// Not there yet. The trail's own stamps cover the act meanwhile.
    Pending,
    /// A token (RFC 3161) in DER.
    Granted(Vec<u8>),
}

/// The end of a consent by the subject's wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// When, in RFC 3339 and UTC.
    pub at: String,
    /// By which way.
    pub method: String,
    /// Why, if it was said.
    pub reason: Option<String>,
    /// The installation's signature.
    pub signature: Signature,
}

impl Withdrawal {
    /// What the installation signs.
    pub fn bytes(consent_hash: &str, at: &str, method: &str, reason: Option<&str>) -> Vec<u8> {
        Object::new()
            .text("at", at)
            .text("consent_hash", consent_hash)
            .text("method", method)
            .maybe("reason", reason)
            .text("type", "sigilo-consent-withdrawal/1")
            .finish()
            .into_bytes()
    }
}

/// Everything that proves one consent, as its holder keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// The act.
    pub statement: Statement,
    /// The hash and the commitments as they were signed.
    pub seal: Seal,
    /// The installation's signature of the seal.
    pub signature: Signature,
    /// The subject's own signature.
    pub subject_signature: Option<SubjectSignature>,
    /// The time stamp.
    pub stamp: Stamp,
    /// The withdrawal.
    pub withdrawal: Option<Withdrawal>,
}

impl Document {
    /// As canonical JSON, which [`Document::parse`] reads.
    pub fn write(&self) -> String {
        let Statement { text, text_hash, subject, purposes, given_at, salt } = &self.statement;
        let object = Object::new()
            .text("consent_hash", &self.seal.consent_hash)
            .text("given_at", given_at)
            .object("parts", self.seal.parts.canonical())
            .texts("purposes", purposes)
            .text("salt", &HEXLOWER.encode(salt))
            .object("signature", signature(&self.signature))
            .object("subject", subject.canonical());
        let object = match &self.subject_signature {
            None => object.maybe("subject_signature", None),
            Some(own) => object.object(
                "subject_signature",
                Object::new()
                    .text("content", &BASE64.encode(&own.content))
                    .text("kind", own.kind.code())
                    .object("signature", signature(&own.signature))
                    .text("signed_at", &own.signed_at),
            ),
        };
        let token = match &self.stamp {
            Stamp::Pending => None,
            Stamp::Granted(token) => Some(BASE64.encode(token)),
        };
        let object = object
            .object(
                "text",
                Object::new()
                    .text("body", &text.body)
                    .text("kind", &text.kind)
                    .text("language", &text.language)
                    .text("summary", &text.summary)
                    .text("title", &text.title)
                    .text("version", &text.version),
            )
            .text("text_hash", text_hash)
            .maybe("timestamp", token.as_deref())
            .text("type", "sigilo-consent-proof")
            .integer("v", VERSION);
        let object = match &self.withdrawal {
            None => object.maybe("withdrawal", None),
            Some(end) => object.object(
                "withdrawal",
                Object::new()
                    .text("at", &end.at)
                    .text("method", &end.method)
                    .maybe("reason", end.reason.as_deref())
                    .object("signature", signature(&end.signature)),
            ),
        };
        object.finish()
    }
}

fn signature(signature: &Signature) -> Object {
    Object::new()
        .text("algorithm", "Ed25519")
        .text("key", &BASE64.encode(&signature.key))
        .text("value", &BASE64.encode(&signature.value))
}
