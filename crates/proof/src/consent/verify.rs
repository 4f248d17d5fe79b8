//! Checking a proof of consent, part by part.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Document, Parts, Seal, Signature, SignatureKind, Stamp, SubjectSignature, Withdrawal, text_hash};
use crate::icp::{Cpf, DOCUMENT, verify_person};
use crate::x509::{Oid, Trust};
use crate::{cms, timestamp, verify_signature};

/// A part of a proof that holds or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// What was shown, its version and language.
    Text,
    /// Who.
    Subject,
    /// For what.
    Purposes,
    /// When.
    GivenAt,
    /// The salt of the hash and the commitments.
    Salt,
    /// The hash over all of them.
    Hash,
    /// The installation's signature.
    Signature,
    /// Whether the signing key is the one that was expected.
    Key,
    /// The subject's own signature.
    SubjectSignature,
    /// The time stamp.
    Stamp,
    /// The withdrawal.
    Withdrawal,
}

impl Part {
    /// Every part, in the order in which they are told.
    pub const ALL: [Part; 11] = [
        Part::Text,
        Part::Subject,
        Part::Purposes,
        Part::GivenAt,
        Part::Salt,
        Part::Hash,
        Part::Signature,
        Part::Key,
        Part::SubjectSignature,
        Part::Stamp,
        Part::Withdrawal,
    ];
}

/// What came of checking a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is as it was.
    Holds,
    /// It is not.
    Fails,
    /// It cannot be told: something it hangs on fails, or what it is checked against was not given.
    Unknown,
    /// There is none, which is no fault.
    Absent,
}

/// One line of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// What was checked.
    pub part: Part,
    /// What came of it.
    pub outcome: Outcome,
}

/// Whom to believe about certificates and time stamps.
#[derive(Clone, Copy)]
pub struct SubjectTrust<'a> {
    /// Authorities and their revocation lists.
    pub trust: Trust<'a>,
    /// Policies of time-stamp authorities that are accepted.
    pub stamp_policies: &'a [Oid],
}

/// Checks every part. `key` is the installation's public key, obtained another way; without it the proof is checked against
/// the key it names, and [`Part::Key`] is unknown. Without `trust`, certificates and time stamps are unknown at best.
///
/// Certificates are judged at the time stamp's time, where there is one, otherwise when the installation says it received
/// the signature.
pub fn verify(document: &Document, key: Option<&[u8]>, trust: Option<SubjectTrust<'_>>) -> Vec<Finding> {
    let statement = &document.statement;
    let stated = &document.seal.parts;
    let found = Parts::of(statement);
    let salt = holds(found.salt == stated.salt);
    // Under another salt no commitment can be compared.
    let part = |same: bool| if salt == Outcome::Holds { holds(same) } else { Outcome::Unknown };
    let shown = text_hash(&statement.text.title, &statement.text.summary, &statement.text.body);
    let text = if shown == statement.text_hash { part(found.text == stated.text) } else { Outcome::Fails };
    let subject = part(found.subject == stated.subject);
    let purposes = part(found.purposes == stated.purposes);
    let given_at = part(found.given_at == stated.given_at);
    let hash = if [text, subject, purposes, given_at, salt].iter().all(|one| *one == Outcome::Holds) {
        holds(statement.hash() == document.seal.consent_hash)
    } else {
        Outcome::Unknown
    };
    let (stamp, stamped_at) = check_stamp(document, trust);
    let outcomes = [
        text,
        subject,
        purposes,
        given_at,
        salt,
        hash,
        check_seal(&document.seal, &document.signature),
        key.map_or(Outcome::Unknown, |key| holds(key == document.signature.key)),
        check_subject_signature(document, trust, stamped_at),
        stamp,
        check_withdrawal(document),
    ];
    Part::ALL.into_iter().zip(outcomes).map(|(part, outcome)| Finding { part, outcome }).collect()
}

/// Whether the installation's signature is that of the seal.
pub fn check_seal(seal: &Seal, signature: &Signature) -> Outcome {
    signed(signature, &seal.bytes())
}

fn holds(yes: bool) -> Outcome {
    if yes { Outcome::Holds } else { Outcome::Fails }
}

fn signed(signature: &Signature, message: &[u8]) -> Outcome {
    holds(verify_signature(&signature.key, message, &signature.value))
}

fn check_stamp(document: &Document, trust: Option<SubjectTrust<'_>>) -> (Outcome, Option<OffsetDateTime>) {
    let Stamp::Granted(token) = &document.stamp else { return (Outcome::Absent, None) };
    let Some(SubjectTrust { trust, stamp_policies }) = trust else { return (Outcome::Unknown, None) };
    match timestamp::verify(token, &document.seal.bytes(), None, stamp_policies, trust) {
        Ok(stamp) => (Outcome::Holds, Some(stamp.gen_time)),
        Err(_) => (Outcome::Fails, None),
    }
}

fn check_subject_signature(
    document: &Document,
    trust: Option<SubjectTrust<'_>>,
    stamped_at: Option<OffsetDateTime>,
) -> Outcome {
    let Some(own) = &document.subject_signature else { return Outcome::Absent };
    let hash = &document.seal.consent_hash;
    let bound = SubjectSignature::bytes(hash, own.kind, &own.content, &own.signed_at);
    // Another key could bind any image to this consent.
    if own.signature.key != document.signature.key || signed(&own.signature, &bound) != Outcome::Holds {
        return Outcome::Fails;
    }
    if own.kind != SignatureKind::IcpBrasil {
        return Outcome::Holds;
    }
    let Ok(message) = cms::verify_detached(&own.content, &document.seal.bytes()) else { return Outcome::Fails };
    let Some(SubjectTrust { trust, .. }) = trust else { return Outcome::Unknown };
    let signer = document.statement.subject.signing_cpf();
    let received = || OffsetDateTime::parse(&own.signed_at, &Rfc3339).ok();
    let (Some(cpf), Some(at)) = (signer, stamped_at.or_else(received)) else { return Outcome::Fails };
    holds(verify_person(&message.signer, &message.certificates, trust, at, DOCUMENT, cpf).is_ok())
}

fn check_withdrawal(document: &Document) -> Outcome {
    let Some(end) = &document.withdrawal else { return Outcome::Absent };
    if end.signature.key != document.signature.key {
        return Outcome::Fails;
    }
    let hash = &document.seal.consent_hash;
    signed(&end.signature, &Withdrawal::bytes(hash, &end.at, &end.method, end.reason.as_deref()))
}

impl super::Subject {
    /// The CPF whose certificate may sign: the representative's, where somebody decided for the subject.
    pub fn signing_cpf(&self) -> Option<Cpf> {
        let own = self.cpf.as_deref();
        Cpf::parse(self.representative.as_ref().map_or(own, |who| Some(who.cpf.as_str()))?)
    }
}
