//! One certificate.

use std::fmt;

use certval::PDVCertificate;
use const_oid::AssociatedOid;
use der::Decode;
use thiserror::Error;
use time::OffsetDateTime;
use x509_cert::{
    certificate::{CertificateInner, Raw, TbsCertificateInner},
    ext::pkix::{AuthorityKeyIdentifier, SubjectKeyIdentifier},
    name::Name,
};

use super::{hex_integer, instant};

/// The longest certificate that is read, in bytes. Those of ICP-Brasil have 2 to 4 thousand.
pub const MAX_CERTIFICATE: usize = 64 * 1024;

/// Why bytes are not a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CertificateError {
    /// More bytes than [`MAX_CERTIFICATE`].
    #[error("the certificate is too long")]
    TooLong,
    /// Not one X.509 certificate in DER.
    #[error("the bytes are not one X.509 certificate in DER")]
    Malformed,
}

/// An X.509 certificate (RFC 5280, § 4.1) with the bytes it came in. That it parsed says nothing of whom to believe.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate(PDVCertificate);

impl Certificate {
    /// Reads one certificate in DER.
    ///
    /// # Errors
    /// [`CertificateError`] when the bytes are too many or not exactly one certificate.
    pub fn parse(der: &[u8]) -> Result<Certificate, CertificateError> {
        if der.len() > MAX_CERTIFICATE {
            return Err(CertificateError::TooLong);
        }
        PDVCertificate::try_from(der).map(Certificate).map_err(|_| CertificateError::Malformed)
    }

    /// The bytes it was read from.
    pub fn der(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// SHA-256 of the bytes.
    pub fn fingerprint(&self) -> [u8; 32] {
        crate::sha256(self.der())
    }

    /// The subject's common name, or the whole name when it has none.
    pub fn common_name(&self) -> String {
        match self.subject_name().common_name() {
            Ok(Some(name)) => name.value().into_owned(),
            _ => self.subject(),
        }
    }

    /// The subject's name (RFC 4514).
    pub fn subject(&self) -> String {
        self.subject_name().to_string()
    }

    /// The issuer's name (RFC 4514).
    pub fn issuer(&self) -> String {
        self.tbs().issuer().to_string()
    }

    /// The serial number in hexadecimal digits, upper case.
    pub fn serial(&self) -> String {
        hex_integer(self.tbs().serial_number().as_bytes())
    }

    /// The first moment of validity. None outside of the years that dates here can have.
    pub fn not_before(&self) -> Option<OffsetDateTime> {
        instant(self.tbs().validity().not_before.to_date_time())
    }

    /// The last moment of validity. None outside of the years that dates here can have.
    pub fn not_after(&self) -> Option<OffsetDateTime> {
        instant(self.tbs().validity().not_after.to_date_time())
    }

    pub(crate) fn inner(&self) -> &PDVCertificate {
        &self.0
    }

    pub(crate) fn decoded(&self) -> &CertificateInner<Raw> {
        self.0.decoded()
    }

    pub(crate) fn tbs(&self) -> &TbsCertificateInner<Raw> {
        self.0.decoded().tbs_certificate()
    }

    pub(crate) fn subject_name(&self) -> &Name {
        self.tbs().subject()
    }

    pub(crate) fn issuer_name(&self) -> &Name {
        self.tbs().issuer()
    }

    /// An extension with its criticality. None when it is absent, repeated or undecodable.
    pub(crate) fn extension<'a, T: Decode<'a> + AssociatedOid>(&'a self) -> Option<(bool, T)> {
        self.tbs().get_extension::<T>().ok().flatten()
    }

    /// Whether `self` may have been issued by `issuer`, by names and key identifiers (RFC 5280, §§ 4.1.2.4, 4.2.1.1).
    pub(crate) fn names_issuer(&self, issuer: &Certificate) -> bool {
        if !certval::compare_names(self.issuer_name(), issuer.subject_name()) {
            return false;
        }
        let named = self.extension::<AuthorityKeyIdentifier>().and_then(|(_, id)| id.key_identifier);
        let own = issuer.extension::<SubjectKeyIdentifier>();
        match (named, own) {
            (Some(named), Some((_, own))) => named == own.0,
            _ => true,
        }
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("subject", &self.subject()).field("serial", &self.serial()).finish()
    }
}
