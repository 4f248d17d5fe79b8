//! Judging the signatures of a document.

mod contents;
mod coverage;
mod judge;
mod words;

use lopdf::Document;
use sigilo_proof::{
    icp::{self, Cpf, Person},
    x509::{Certificate, Crl, Oid, Trust},
};
use time::OffsetDateTime;

use crate::pdf::{self, Evidence};

/// What signatures are judged by.
#[derive(Clone, Copy)]
pub struct Checks<'a> {
    /// Pinned roots, known authorities and revocation lists. What the document brings along is used beside them, and
    /// no root of it is believed.
    pub trust: Trust<'a>,
    /// The policies of time authorities that are accepted.
    pub time_policies: &'a [Oid],
    /// The types of certificates that are accepted, usually [`icp::DOCUMENT`].
    pub kinds: &'a [icp::Kind],
    /// Who must have signed, where that is known.
    pub cpf: Option<Cpf>,
    /// The time of this verification, at which a certificate is judged when no stamp proves an earlier one.
    pub now: OffsetDateTime,
}

/// What is to be thought of a signature. The worse is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It holds, and so does all that belongs to it.
    Valid,
    /// Something that is needed to say so is missing.
    Indeterminate,
    /// It does not hold.
    Invalid,
}

impl Verdict {
    /// In Portuguese.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Valid => "válida",
            Verdict::Indeterminate => "indeterminada",
            Verdict::Invalid => "inválida",
        }
    }
}

/// What kind of signature it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A person's.
    Signature,
    /// A time authority's, over the whole document.
    TimeStamp,
}

/// The baseline level that was verified (ETSI EN 319 142-1, § 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// B-B: a signature.
    Basic,
    /// B-T: and a time stamp that holds.
    Time,
    /// B-LT: and certificates and revocation lists in the document.
    LongTerm,
    /// B-LTA: and a document time stamp over all of it.
    Archive,
}

/// A reason in Portuguese, and how bad it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What it makes of the signature.
    pub verdict: Verdict,
    /// A sentence without its full stop.
    pub text: String,
}

/// One signature, judged.
#[derive(Debug, Clone)]
pub struct Signature {
    /// The field's name.
    pub field: String,
    /// A person's or a time authority's.
    pub kind: Kind,
    /// The worst of the reasons.
    pub verdict: Verdict,
    /// Why it is not valid; and, with [`Verdict::Valid`], what else there is to know.
    pub reasons: Vec<Reason>,
    /// The signer as the certificate tells; believed only when the verdict is [`Verdict::Valid`].
    pub signer: Option<Person>,
    /// Whether the signer's CPF is the expected one, when one was.
    pub cpf_matches: Option<bool>,
    /// The signer's certificate.
    pub certificate: Option<Certificate>,
    /// When the signer says to have signed.
    pub claimed_time: Option<OffsetDateTime>,
    /// When the signature existed at the latest, by a time stamp.
    pub proved_time: Option<OffsetDateTime>,
    /// The signature policy it says to follow.
    pub policy: Option<Oid>,
    /// The level that was verified.
    pub level: Level,
    /// The length of the signed revision in bytes, the signature's own included. None when it covers no revision.
    pub revision: Option<usize>,
}

impl Signature {
    /// Exactly the bytes of the revision that was signed: the document as the signer had it, with the signature.
    pub fn signed_revision<'a>(&self, pdf: &'a [u8]) -> Option<&'a [u8]> {
        pdf.get(..self.revision?)
    }
}

/// All signatures of a document.
#[derive(Debug, Clone)]
pub struct Report {
    /// The worst of all; [`Verdict::Indeterminate`] when there is none.
    pub verdict: Verdict,
    /// Why, where it is not because of a signature.
    pub reasons: Vec<Reason>,
    /// In the order they were made.
    pub signatures: Vec<Signature>,
}

impl Report {
    fn without_signatures(text: &str) -> Report {
        let reason = Reason { verdict: Verdict::Indeterminate, text: text.to_owned() };
        Report { verdict: reason.verdict, reasons: vec![reason], signatures: Vec::new() }
    }
}

/// The document being judged.
struct Subject<'a> {
    pdf: &'a [u8],
    document: &'a Document,
    checks: &'a Checks<'a>,
    evidence: &'a Evidence,
}

/// Judges every signature of a document. Nothing is asked of a network.
pub fn verify(pdf: &[u8], checks: &Checks<'_>) -> Report {
    let document = match pdf::load(pdf) {
        Ok(document) => document,
        Err(error) => return Report::without_signatures(words::pdf(error)),
    };
    let fields = pdf::signature_fields(&document);
    if fields.is_empty() {
        return Report::without_signatures("o documento não tem assinaturas");
    }
    if fields.len() > judge::MAX_SIGNATURES {
        return Report::without_signatures("o documento tem assinaturas demais");
    }
    let evidence = pdf::evidence(&document);
    // Authorities in the document are material for paths; roots are the caller's alone.
    let mut store = checks.trust.store.clone();
    for certificate in &evidence.certificates {
        let _ = store.add_intermediate(certificate.der());
    }
    let crls: Vec<Crl> = checks.trust.crls.iter().chain(&evidence.crls).cloned().collect();
    let trust = Trust { store: &store, crls: &crls, revocation: checks.trust.revocation };
    let checks = Checks { trust, ..*checks };
    let subject = Subject { pdf, document: &document, checks: &checks, evidence: &evidence };
    let signatures = subject.signatures(&fields);
    let verdict = signatures.iter().map(|signature| signature.verdict).max().unwrap_or(Verdict::Indeterminate);
    Report { verdict, reasons: Vec::new(), signatures }
}
