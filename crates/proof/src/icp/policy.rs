//! What a certificate may be used for: the type in its policy (DOC-ICP-04, § 7.1.6, and DOC-ICP-04.01).

use thiserror::Error;
use x509_cert::ext::pkix::CertificatePolicies;

use crate::x509::{Certificate, Oid, Path};

/// The arc of certificate policies: 2.16.76.1.2.*type*.*number*.
const ARC: [u32; 5] = [2, 16, 76, 1, 2];

/// The type of a certificate of ICP-Brasil.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Signature, key in software.
    A1,
    /// Signature, key in hardware without a generator of its own.
    A2,
    /// Signature, key born and kept in hardware.
    A3,
    /// Signature, key in hardware of a higher class.
    A4,
    /// Secrecy: S1 to S4.
    S(u8),
    /// Electronic seal of an organisation, key in software.
    SeS,
    /// Electronic seal of an organisation, key in hardware.
    SeH,
    /// Application, key in software.
    AeS,
    /// Application, key in hardware.
    AeH,
    /// Time stamps, key in hardware.
    T3,
    /// Time stamps, key in hardware of a higher class.
    T4,
}

/// What people sign documents with.
pub const DOCUMENT: &[Kind] = &[Kind::A1, Kind::A3, Kind::A4];
/// What organisations seal documents with. A seal is no declaration of will.
pub const SEAL: &[Kind] = &[Kind::SeS, Kind::SeH];
/// What authorities of time stamp with.
pub const TIME_STAMP: &[Kind] = &[Kind::T3, Kind::T4];

impl Kind {
    /// The type of a policy's identifier. None for one of another arc or an unknown type.
    pub fn of(policy: Oid) -> Option<Kind> {
        let arcs: Vec<u32> = policy.arcs().collect();
        let [rest @ .., kind, _number] = arcs.as_slice() else { return None };
        if rest != ARC {
            return None;
        }
        Some(match kind {
            1 => Kind::A1,
            2 => Kind::A2,
            3 => Kind::A3,
            4 => Kind::A4,
            101..=104 => Kind::S(u8::try_from(kind - 100).ok()?),
            201 => Kind::SeS,
            202 => Kind::SeH,
            203 => Kind::AeS,
            204 => Kind::AeH,
            303 => Kind::T3,
            304 => Kind::T4,
            _ => return None,
        })
    }
}

/// The policy that a certificate was issued under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Its identifier, in the arc 2.16.76.1.2.
    pub oid: Oid,
    /// The type it stands for.
    pub kind: Kind,
}

/// Why a certificate's policy does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// Not exactly one policy of ICP-Brasil.
    #[error("the certificate must have exactly one certificate policy of ICP-Brasil")]
    NotOne,
    /// A policy of a type that does not exist.
    #[error("the policy is of no known type: {0}")]
    UnknownKind(Oid),
    /// The issuing authority may not issue under that policy.
    #[error("the issuing authority does not list the policy: {0}")]
    NotListed(Oid),
    /// A certificate of another type is needed.
    #[error("a certificate of type {0:?} does not do here")]
    Kind(Kind),
}

/// The policy of the path's first certificate, which the certificate after it must list and `accepted` hold.
///
/// This stands in for RFC 5280's processing of policies, which genuine chains do not pass: first-level authorities list
/// the identifier of their own practice statement and not those of the policies below them.
pub(super) fn check(path: &Path, accepted: &[Kind]) -> Result<Policy, PolicyError> {
    let [leaf, issuer, ..] = path.certificates.as_slice() else { return Err(PolicyError::NotOne) };
    let oid = match of_icp(leaf).as_slice() {
        [one] => *one,
        _ => return Err(PolicyError::NotOne),
    };
    let kind = Kind::of(oid).ok_or(PolicyError::UnknownKind(oid))?;
    if !of_icp(issuer).contains(&oid) {
        return Err(PolicyError::NotListed(oid));
    }
    if !accepted.contains(&kind) {
        return Err(PolicyError::Kind(kind));
    }
    Ok(Policy { oid, kind })
}

/// The policies of a certificate in ICP-Brasil's arc.
fn of_icp(certificate: &Certificate) -> Vec<Oid> {
    let policies = certificate.extension::<CertificatePolicies>().map(|(_, policies)| policies.0).unwrap_or_default();
    policies.into_iter().map(|policy| policy.policy_identifier).filter(|oid| oid.arcs().take(5).eq(ARC)).collect()
}
