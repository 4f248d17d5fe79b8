//! One list of revoked certificates, and what it says of one certificate at one time.

use std::cmp::max;

use certval::{
    CertificationPath, CertificationPathResults, CertificationPathSettings, PkiEnvironment, RevocationSource,
    TimeOfInterest, check_revocation_local, compare_names,
};
use der::{DateTime, Decode};
use thiserror::Error;
use time::OffsetDateTime;
use x509_cert::{
    certificate::Raw,
    crl::{CertificateList, RevokedCert},
    ext::pkix::CrlReason,
    name::Name,
};

use super::{Certificate, instant};

/// The longest list that is read, in bytes.
pub const MAX_CRL: usize = 64 * 1024 * 1024;

/// Why bytes are not a revocation list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CrlError {
    /// More bytes than [`MAX_CRL`].
    #[error("the revocation list is too long")]
    TooLong,
    /// Not one certificate revocation list in DER.
    #[error("the bytes are not one certificate revocation list in DER")]
    Malformed,
}

/// A certificate revocation list (RFC 5280, § 5). Its signature is checked where it is used, against the issuer found
/// there.
#[derive(Clone)]
pub struct Crl {
    der: Vec<u8>,
    issuer: Name,
    this_update: DateTime,
    next_update: Option<DateTime>,
}

impl Crl {
    /// Reads one list in DER.
    ///
    /// # Errors
    /// [`CrlError`] when the bytes are too many or not exactly one list.
    pub fn parse(der: &[u8]) -> Result<Crl, CrlError> {
        if der.len() > MAX_CRL {
            return Err(CrlError::TooLong);
        }
        let list = CertificateList::<Raw>::from_der(der).map_err(|_| CrlError::Malformed)?.tbs_cert_list;
        Ok(Crl {
            der: der.to_vec(),
            issuer: list.issuer,
            this_update: list.this_update.to_date_time(),
            next_update: list.next_update.map(|time| time.to_date_time()),
        })
    }

    /// The bytes it was read from.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The issuer's name (RFC 4514).
    pub fn issuer(&self) -> String {
        self.issuer.to_string()
    }

    /// When it was issued. None outside of the years that dates here can have.
    pub fn this_update(&self) -> Option<OffsetDateTime> {
        instant(self.this_update)
    }

    /// When the next one was due. None when it says nothing of that; such a list is never relied on.
    pub fn next_update(&self) -> Option<OffsetDateTime> {
        self.next_update.and_then(instant)
    }
}

/// What a list says of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listing {
    /// Nothing that counts: another issuer or scope, a wrong signature, or not of the time asked about.
    Silent,
    /// Not revoked.
    Clear,
    /// Revoked since a date, for a reason if one is given. Without a date, for ever.
    Revoked { since: Option<DateTime>, reason: Option<CrlReason> },
}

/// What `crl` says of the last certificate of `path` at the time `at` (RFC 5280, § 6.3.3, by certval).
///
/// A list in force at `at` counts, and so does a later one: it holds what was revoked since. But after the certificate's
/// own end its entry may have been dropped (§ 3.3), so that a list of then only counts when it does name it.
pub(super) fn consult(
    environment: &PkiEnvironment,
    path: &CertificationPath,
    certificate: &Certificate,
    crl: &Crl,
    at: DateTime,
) -> Listing {
    if !compare_names(&crl.issuer, certificate.issuer_name()) {
        return Listing::Silent;
    }
    let last = path.intermediates.len();
    let mut path = path.clone();
    path.crls[last] = Some(crl.der.clone());
    let mut settings = CertificationPathSettings::new();
    settings.set_time_of_interest(TimeOfInterest(max(at, crl.this_update)));
    let mut results = CertificationPathResults::new();
    // The answer is in the results: the call itself also judges the certificates before this one, which have no list here.
    let _ = check_revocation_local(environment, &settings, &path, &mut results);
    let answered = results.get_revocation_source().and_then(|sources| sources.get(last).copied());
    if answered != Some(RevocationSource::StapledCrl) {
        return Listing::Silent;
    }
    let entries = results.get_crl_entry().and_then(|all| all.get(last).cloned()).unwrap_or_default();
    match entries.first() {
        Some(entry) => revoked(entry),
        None if crl.this_update > certificate.tbs().validity().not_after.to_date_time() => Listing::Silent,
        None => Listing::Clear,
    }
}

/// An entry of a list. One that cannot be read has no date: the list does name the certificate.
fn revoked(entry: &[u8]) -> Listing {
    let Ok(entry) = RevokedCert::<Raw>::from_der(entry) else {
        return Listing::Revoked { since: None, reason: None };
    };
    let reason = entry
        .crl_entry_extensions
        .iter()
        .flatten()
        .find(|extension| extension.extn_id == const_oid::db::rfc5912::ID_CE_CRL_REASONS)
        .and_then(|extension| CrlReason::from_der(extension.extn_value.as_bytes()).ok());
    Listing::Revoked { since: Some(entry.revocation_date.to_date_time()), reason }
}
