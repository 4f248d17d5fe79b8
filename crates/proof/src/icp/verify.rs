//! The rules in their order.

use thiserror::Error;
use time::OffsetDateTime;
use x509_cert::ext::pkix::{KeyUsage, KeyUsages};

use super::{Cnpj, Company, Cpf, HolderError, Kind, Person, Policy, PolicyError, TIME_STAMP, holder, policy};
use crate::x509::{self, Aftermath, Certificate, Path, PathError, Trust};

/// Why a certificate does not do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IcpError {
    /// No valid path at that time, or revoked by then.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The key is not for signatures.
    #[error("the certificate's key is not for signatures")]
    KeyUsage,
    /// The holder.
    #[error(transparent)]
    Holder(#[from] HolderError),
}

/// A certificate that holds, and whose it is.
#[derive(Debug, Clone)]
pub struct Verified<H> {
    /// [`Person`] or [`Company`].
    pub holder: H,
    /// The policy it was issued under.
    pub policy: Policy,
    /// The path to the root.
    pub path: Path,
}

/// Verifies that `certificate` was, at the time `at`, a certificate of ICP-Brasil of a type in `accepted` (usually
/// [`super::DOCUMENT`]) that belongs to the person with `cpf`.
///
/// `extra` are further authorities' certificates, such as those in the signed message. `at` is the time of a time stamp
/// that covers the signature.
///
/// # Errors
/// [`IcpError`], which names the first rule that is broken.
pub fn verify_person(
    certificate: &Certificate,
    extra: &[Certificate],
    trust: Trust<'_>,
    at: OffsetDateTime,
    accepted: &[Kind],
    cpf: Cpf,
) -> Result<Verified<Person>, IcpError> {
    let (policy, path) = verify(certificate, extra, trust, at, accepted)?;
    let holder = holder::person(certificate)?;
    if holder.cpf != cpf {
        return Err(HolderError::OtherCpf.into());
    }
    Ok(Verified { holder, policy, path })
}

/// The same for the company with `cnpj`, with types in `accepted` (usually [`super::SEAL`]).
///
/// # Errors
/// [`IcpError`], which names the first rule that is broken.
pub fn verify_seal(
    certificate: &Certificate,
    extra: &[Certificate],
    trust: Trust<'_>,
    at: OffsetDateTime,
    accepted: &[Kind],
    cnpj: Cnpj,
) -> Result<Verified<Company>, IcpError> {
    let (policy, path) = verify(certificate, extra, trust, at, accepted)?;
    let holder = holder::company(certificate)?;
    if holder.cnpj != cnpj {
        return Err(HolderError::OtherCnpj.into());
    }
    Ok(Verified { holder, policy, path })
}

/// The person whom a certificate names, of which nothing is verified: for showing it, and for [`verify_person`] where any
/// CPF will do.
///
/// # Errors
/// [`HolderError`] when the certificate names nobody.
pub fn claimed_person(certificate: &Certificate) -> Result<Person, HolderError> {
    holder::person(certificate)
}

/// The policy of an authority of time, whose path a verified time stamp holds.
///
/// # Errors
/// [`PolicyError`] when it is not of a type for time stamps.
pub fn check_time_authority(path: &Path) -> Result<Policy, PolicyError> {
    policy::check(path, TIME_STAMP)
}

fn verify(
    certificate: &Certificate,
    extra: &[Certificate],
    trust: Trust<'_>,
    at: OffsetDateTime,
    accepted: &[Kind],
) -> Result<(Policy, Path), IcpError> {
    let path = x509::validate(certificate, extra, trust, at, Aftermath::Harmless)?;
    let policy = policy::check(&path, accepted)?;
    check_key_usage(certificate)?;
    Ok((policy, path))
}

/// RFC 5280, § 4.2.1.3: digitalSignature or nonRepudiation. ICP-Brasil's certificates always have the extension
/// (DOC-ICP-04, § 7.1.2.2).
fn check_key_usage(certificate: &Certificate) -> Result<(), IcpError> {
    match certificate.extension::<KeyUsage>() {
        Some((_, usage))
            if usage.0.contains(KeyUsages::DigitalSignature) || usage.0.contains(KeyUsages::NonRepudiation) =>
        {
            Ok(())
        }
        _ => Err(IcpError::KeyUsage),
    }
}
