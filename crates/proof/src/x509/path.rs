//! Whether a certificate hangs on a pinned root at a given time, and whether anybody on the way was revoked by then.

use certval::{
    CertificationPath, CertificationPathResults, CertificationPathSettings, PDVTrustAnchorChoice,
    PathValidationStatus as Status, PkiEnvironment, TimeOfInterest, validate_path_rfc5280,
};
use der::{DateTime, asn1::BitString};
use thiserror::Error;
use time::OffsetDateTime;
use x509_cert::{
    ext::pkix::CrlReason,
    spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned},
};

use super::{
    CaStore, Certificate, Crl,
    algorithms::{self, allowed},
    crl::{Listing, consult},
    instant,
    search::{Candidate, candidates},
};

/// What is done when no list says whether a certificate was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// Refuse: every certificate below the root needs a list.
    Required,
    /// Go on, and say so in the result.
    IfGiven,
}

/// What a certificate is verified against.
#[derive(Clone, Copy)]
pub struct Trust<'a> {
    /// The pinned roots and known authorities.
    pub store: &'a CaStore,
    /// Revocation lists, of any issuers and times.
    pub crls: &'a [Crl],
    /// Whether a list is demanded.
    pub revocation: Revocation,
}

/// Whether the lists covered the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationStatus {
    /// A list was there for every certificate below the root, and none was revoked.
    NotRevoked,
    /// For some certificate there was no list. Only with [`Revocation::IfGiven`].
    Unknown,
}

/// A certificate's path to a root, verified.
#[derive(Debug, Clone)]
pub struct Path {
    /// From the certificate itself to the root.
    pub certificates: Vec<Certificate>,
    /// Whether revocation lists covered it.
    pub revocation: RevocationStatus,
}

/// Why a certificate is not believed. `subject` is the name (RFC 4514) of the certificate at fault.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PathError {
    /// No chain of names leads to a pinned root: an authority is missing, or the root is another.
    #[error("no path leads to a trusted root")]
    NoPath,
    /// Used before its first moment.
    #[error("the certificate was not yet valid: {subject}")]
    NotYetValid {
        /// Whose.
        subject: String,
    },
    /// Used after its last moment.
    #[error("the certificate had expired: {subject}")]
    Expired {
        /// Whose.
        subject: String,
    },
    /// Signed with an algorithm or a key that is not believed.
    #[error("the certificate is signed with an algorithm that is not accepted: {subject}")]
    Algorithm {
        /// Whose.
        subject: String,
    },
    /// The issuer's signature on it does not hold.
    #[error("the issuer's signature does not hold: {subject}")]
    Signature {
        /// Whose.
        subject: String,
    },
    /// Another rule of RFC 5280, § 6.1, is broken.
    #[error("the certificate breaks a rule of RFC 5280 ({rule}): {subject}")]
    Rule {
        /// Whose.
        subject: String,
        /// The rule, in the words of the library that checked it.
        rule: String,
    },
    /// Revoked by the time that counts.
    #[error("the certificate was revoked: {subject}")]
    Revoked {
        /// Whose.
        subject: String,
        /// Since when.
        since: Option<OffsetDateTime>,
    },
    /// No list says whether it was revoked, and one is demanded.
    #[error("no revocation list covers the certificate at that time: {subject}")]
    RevocationUnknown {
        /// Whose.
        subject: String,
    },
}

/// What a revocation after the time in question means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aftermath {
    /// Nothing: that time is proved by somebody else (a time stamp).
    Harmless,
    /// A key that may have been stolen can have told any time, so that the revocation counts backwards, unless the list
    /// gives a reason that says the key was not compromised (RFC 3161, § 4, items 1 and 2).
    Backdated,
}

/// Validates `leaf` at the time `at`, through the store's authorities and the `extra` ones (RFC 5280, § 6).
///
/// Explicit policies are not demanded: genuine first-level authorities of ICP-Brasil do not list the policies of their
/// holders' certificates, so that the rule of policies is checked on its own (`icp`).
///
/// # Errors
/// [`PathError`], of the first chain when several lead to a root and none holds.
pub(crate) fn validate(
    leaf: &Certificate,
    extra: &[Certificate],
    trust: Trust<'_>,
    at: OffsetDateTime,
    aftermath: Aftermath,
) -> Result<Path, PathError> {
    // Certval reads the first second of 1970 as "do not check the time".
    let early = || PathError::NotYetValid { subject: leaf.subject() };
    let seconds = u64::try_from(at.unix_timestamp()).ok().filter(|&seconds| seconds > 0).ok_or_else(early)?;
    let at = TimeOfInterest::from_unix_secs(seconds).map_err(|_| early())?.0;

    let environment = environment();
    let mut first_error = None;
    for candidate in candidates(leaf, extra, trust.store) {
        match validate_chain(&environment, leaf, &candidate, trust, at, aftermath) {
            Ok(path) => return Ok(path),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or(PathError::NoPath))
}

fn validate_chain(
    environment: &PkiEnvironment,
    leaf: &Certificate,
    candidate: &Candidate<'_>,
    trust: Trust<'_>,
    at: DateTime,
    aftermath: Aftermath,
) -> Result<Path, PathError> {
    // From the one that the root issued to the leaf.
    let below: Vec<&Certificate> = candidate.intermediates.iter().copied().chain([leaf]).collect();
    let mut issuer = candidate.root;
    for &certificate in &below {
        if !allowed(certificate.decoded().signature_algorithm(), issuer.tbs().subject_public_key_info()) {
            return Err(PathError::Algorithm { subject: certificate.subject() });
        }
        issuer = certificate;
    }

    let anchor = PDVTrustAnchorChoice::try_from(candidate.root.der())
        .map_err(|error| PathError::Rule { subject: candidate.root.subject(), rule: error.to_string() })?;
    let chain_to = |last: usize| {
        let intermediates = below[..last].iter().map(|certificate| certificate.inner().clone()).collect();
        CertificationPath::new(anchor.clone(), intermediates, below[last].inner().clone())
    };

    let mut settings = CertificationPathSettings::new();
    settings.set_time_of_interest(TimeOfInterest(at));
    settings.set_initial_explicit_policy_indicator(false);
    settings.set_forbid_self_signed_ee(true);
    // The root is pinned by the search above, and the environment holds no other store that it could be looked up in.
    settings.set_require_ta_store(false);
    let mut results = CertificationPathResults::new();
    if let Err(error) = validate_path_rfc5280(environment, &settings, &chain_to(below.len() - 1), &mut results) {
        let at_fault = match results.get_failure_index() {
            Some(0) => candidate.root,
            Some(index) => below.get(index as usize - 1).copied().unwrap_or(leaf),
            None => leaf,
        };
        return Err(refusal(error, at_fault));
    }

    let mut revocation = RevocationStatus::NotRevoked;
    for (position, certificate) in below.iter().enumerate() {
        let path = chain_to(position);
        let listings = trust.crls.iter().map(|crl| consult(environment, &path, certificate, crl, at));
        if !listed_clear(listings, certificate, at, aftermath)? {
            if trust.revocation == Revocation::Required {
                return Err(PathError::RevocationUnknown { subject: certificate.subject() });
            }
            revocation = RevocationStatus::Unknown;
        }
    }
    let certificates = below.into_iter().rev().chain([candidate.root]).cloned().collect();
    Ok(Path { certificates, revocation })
}

/// Whether any list speaks for the certificate. One that speaks against it outweighs all others.
fn listed_clear(
    listings: impl Iterator<Item = Listing>,
    certificate: &Certificate,
    at: DateTime,
    aftermath: Aftermath,
) -> Result<bool, PathError> {
    let mut spoken = false;
    for listing in listings {
        match listing {
            Listing::Silent => {}
            Listing::Clear => spoken = true,
            Listing::Revoked { since, reason } => {
                if since.is_none_or(|since| since <= at) || (aftermath == Aftermath::Backdated && !key_was_safe(reason))
                {
                    return Err(PathError::Revoked { subject: certificate.subject(), since: since.and_then(instant) });
                }
                spoken = true;
            }
        }
    }
    Ok(spoken)
}

/// Whether a revocation's reason says that the key was not compromised (RFC 3161, § 4, item 1).
fn key_was_safe(reason: Option<CrlReason>) -> bool {
    matches!(
        reason,
        Some(
            CrlReason::Unspecified
                | CrlReason::AffiliationChanged
                | CrlReason::Superseded
                | CrlReason::CessationOfOperation
        )
    )
}

fn refusal(error: certval::Error, certificate: &Certificate) -> PathError {
    let subject = certificate.subject();
    match error {
        certval::Error::PathValidation(Status::InvalidNotBeforeDate) => PathError::NotYetValid { subject },
        certval::Error::PathValidation(Status::InvalidNotAfterDate) => PathError::Expired { subject },
        certval::Error::PathValidation(Status::SignatureVerificationFailure) => PathError::Signature { subject },
        certval::Error::PathValidation(status) => PathError::Rule { subject, rule: status.to_string() },
        other => PathError::Rule { subject, rule: other.to_string() },
    }
}

/// Certval with nothing of its own: signatures go to aws-lc-rs, and there are no stores, caches or look-ups.
fn environment() -> PkiEnvironment {
    let mut environment = PkiEnvironment::new();
    environment.add_verify_signature_message_callback(verify_signature);
    environment
}

fn verify_signature(
    _: &PkiEnvironment,
    message: &[u8],
    signature: &BitString,
    algorithm: &AlgorithmIdentifierOwned,
    key: &SubjectPublicKeyInfoOwned,
) -> certval::Result<()> {
    let mismatch = certval::Error::PathValidation(Status::SignatureVerificationFailure);
    let signature = signature.as_bytes().ok_or(mismatch)?;
    algorithms::verify(algorithm, None, key, message, signature).map_err(|_| mismatch)
}
