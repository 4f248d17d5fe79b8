//! Verifying a time stamp token.

use std::time::Duration;

use const_oid::db::{rfc3161::ID_CT_TST_INFO, rfc5912::ID_KP_TIME_STAMPING};
use der::{Encode, EncodingRules};
use thiserror::Error;
use time::OffsetDateTime;
use x509_cert::ext::pkix::{ExtendedKeyUsage, SubjectAltName, name::GeneralName};

use super::tst_info::TstInfo;
use crate::{
    cms::{CmsError, Ess, SignedData},
    x509::{self, Aftermath, Certificate, Digest, Oid, Path, PathError, Trust},
};

/// A time stamp that holds: the data existed at `gen_time`, says the authority.
#[derive(Debug, Clone)]
pub struct Timestamp {
    /// The authority's time.
    pub gen_time: OffsetDateTime,
    /// By how much that may be wrong, either way, where the authority tells.
    pub accuracy: Option<Duration>,
    /// The stamp's number at the authority, in hexadecimal digits, upper case.
    pub serial: String,
    /// The authority's policy it was made under.
    pub policy: Oid,
    /// The authority's name: the common name in its certificate.
    pub authority: String,
    /// The authority's certificate and its path to the root.
    pub path: Path,
}

/// Why a time stamp is not believed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TimestampError {
    /// The signed message does not hold.
    #[error("the token: {0}")]
    Cms(#[from] CmsError),
    /// A signed message about something else than time.
    #[error("the signed message is not a time stamp")]
    NotTimestamp,
    /// The content of the token is not a TSTInfo.
    #[error("the content of the token is not readable")]
    Malformed,
    /// The data was hashed with an algorithm that is not believed.
    #[error("the data was hashed with an algorithm that is not accepted")]
    ImprintAlgorithm,
    /// The stamp is of other data.
    #[error("the time stamp is of other data")]
    Imprint,
    /// The stamp answers another request.
    #[error("the time stamp answers another request")]
    Nonce,
    /// The stamp was made under a policy that is not accepted.
    #[error("the time stamp was made under a policy that is not accepted: {0}")]
    Policy(Oid),
    /// The stamp has a critical extension that is not understood.
    #[error("the time stamp has a critical extension that is not understood: {0}")]
    Extension(Oid),
    /// The signer's certificate is not one for time stamps alone.
    #[error("the signer's certificate is not critically and only for time stamps")]
    KeyPurpose,
    /// The stamp names another authority than its signer.
    #[error("the time stamp names another authority than its signer")]
    AuthorityName,
    /// The authority's certificate is not believed at the time of the stamp.
    #[error("the authority: {0}")]
    Authority(#[from] PathError),
}

/// Verifies that `token` stamps `data` (RFC 3161, § 2.2, last paragraphs, and § 2.3).
///
/// `nonce` is the request's, when it is at hand; `policies` are the authorities' policies that are accepted, and none is
/// accepted unless it is there. The authority's certificate is judged at the stamp's own time, with the lists in
/// `trust`, so that a token verifies years later as long as its lists are kept.
///
/// # Errors
/// [`TimestampError`], which names the first rule that is broken.
pub fn verify(
    token: &[u8],
    data: &[u8],
    nonce: Option<u64>,
    policies: &[Oid],
    trust: Trust<'_>,
) -> Result<Timestamp, TimestampError> {
    let message = SignedData::parse(token, EncodingRules::Der)?;
    if message.content_type != ID_CT_TST_INFO {
        return Err(TimestampError::NotTimestamp);
    }
    let content = message.content.as_ref().ok_or(CmsError::ContentMissing)?.as_bytes();
    let signed = message.verify(content, Ess::V1OrV2)?;
    let info = TstInfo::parse(content).map_err(|_| TimestampError::Malformed)?;

    check_imprint(&info, data)?;
    check_nonce(&info, nonce)?;
    check_policy(&info, policies)?;
    check_extensions(&info)?;
    check_key_purpose(&signed.signer)?;
    check_authority_name(&info, &signed.signer)?;
    let path = x509::validate(&signed.signer, &signed.certificates, trust, info.gen_time, Aftermath::Backdated)?;

    Ok(Timestamp {
        gen_time: info.gen_time,
        accuracy: info.accuracy,
        serial: info.serial,
        policy: info.policy,
        authority: signed.signer.common_name(),
        path,
    })
}

/// The policy that a token says it was made under. Nothing is verified: it is for who believes an authority whatever its
/// policies, and passes it on to [`verify`].
///
/// # Errors
/// [`TimestampError`] for what is no token.
pub fn policy_of(token: &[u8]) -> Result<Oid, TimestampError> {
    let message = SignedData::parse(token, EncodingRules::Der)?;
    let content = message.content.as_ref().ok_or(CmsError::ContentMissing)?.as_bytes();
    TstInfo::parse(content).map(|info| info.policy).map_err(|_| TimestampError::Malformed)
}

/// RFC 3161, § 2.4.2: messageImprint. SHA-1 and MD5 are no proof of anything.
fn check_imprint(info: &TstInfo, data: &[u8]) -> Result<(), TimestampError> {
    let digest = Digest::of(info.imprint_algorithm).ok_or(TimestampError::ImprintAlgorithm)?;
    if digest.hash(data).as_ref() == info.imprint { Ok(()) } else { Err(TimestampError::Imprint) }
}

/// RFC 3161, § 2.4.2: the nonce is in the stamp if it was in the request, and the same.
fn check_nonce(info: &TstInfo, nonce: Option<u64>) -> Result<(), TimestampError> {
    let Some(nonce) = nonce else { return Ok(()) };
    let asked = nonce.to_der().ok();
    if asked.is_some() && asked == info.nonce { Ok(()) } else { Err(TimestampError::Nonce) }
}

/// RFC 3161, § 2.4.2: what a stamp is worth is told by its policy.
fn check_policy(info: &TstInfo, policies: &[Oid]) -> Result<(), TimestampError> {
    if policies.contains(&info.policy) { Ok(()) } else { Err(TimestampError::Policy(info.policy)) }
}

/// RFC 3161, § 2.4.2: extensions have the meaning of RFC 5280, and here none is known.
fn check_extensions(info: &TstInfo) -> Result<(), TimestampError> {
    match info.extensions.iter().find(|extension| extension.critical) {
        Some(extension) => Err(TimestampError::Extension(extension.extn_id)),
        None => Ok(()),
    }
}

/// RFC 3161, § 2.3: extended key usage timeStamping, critical and alone.
fn check_key_purpose(signer: &Certificate) -> Result<(), TimestampError> {
    match signer.extension::<ExtendedKeyUsage>() {
        Some((true, usage)) if usage.0 == [ID_KP_TIME_STAMPING] => Ok(()),
        _ => Err(TimestampError::KeyPurpose),
    }
}

/// RFC 3161, § 2.4.2: the field `tsa`, where present, is one of the names in the certificate.
fn check_authority_name(info: &TstInfo, signer: &Certificate) -> Result<(), TimestampError> {
    let Some(named) = &info.authority else { return Ok(()) };
    let is_subject =
        matches!(named, GeneralName::DirectoryName(name) if certval::compare_names(name, signer.subject_name()));
    let is_alternative = || signer.extension::<SubjectAltName>().is_some_and(|(_, names)| names.0.contains(named));
    if is_subject || is_alternative() { Ok(()) } else { Err(TimestampError::AuthorityName) }
}
