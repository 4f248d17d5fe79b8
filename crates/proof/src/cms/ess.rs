//! The attribute that binds a signature to its signer's certificate (RFC 5035): without it, another certificate with
//! the same key could be put in the signer's place.

use aws_lc_rs::digest;
use const_oid::db::rfc5911;
use der::{
    Decode, Reader, SliceReader, Tag,
    asn1::{AnyRef, OctetStringRef},
};
use x509_cert::{
    ext::pkix::name::{GeneralName, GeneralNames},
    serial_number::SerialNumber,
    spki::AlgorithmIdentifierOwned,
};

use super::{CmsError, attributes::Attributes};
use crate::x509::{Certificate, Digest};

/// Which attributes will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ess {
    /// signing-certificate-v2 (CAdES: ETSI EN 319 122-1, § 5.2.2).
    V2,
    /// That, or the older signing-certificate, whose hash is SHA-1 (time stamps: RFC 3161, § 2.4.2, and RFC 5816). The
    /// weak hash only has to single out one certificate of a verified path.
    V1OrV2,
}

impl Ess {
    /// Whether the attributes name `certificate` first. Where both kinds are present, both must.
    pub(super) fn check(self, attributes: &Attributes<'_>, certificate: &Certificate) -> Result<(), CmsError> {
        let name = "signing-certificate-v2";
        let mut named = false;
        let older = attributes.all(rfc5911::ID_AA_SIGNING_CERTIFICATE).next().is_some();
        if older && self == Ess::V1OrV2 {
            let value = attributes.only(rfc5911::ID_AA_SIGNING_CERTIFICATE, "signing-certificate")?;
            let id = first_id(value, Version::V1).map_err(|_| CmsError::Attribute("signing-certificate"))?;
            id.check(certificate)?;
            named = true;
        }
        let newer = attributes.all(rfc5911::ID_AA_SIGNING_CERTIFICATE_V_2).next().is_some();
        if newer || !named {
            let value = attributes.only(rfc5911::ID_AA_SIGNING_CERTIFICATE_V_2, name)?;
            first_id(value, Version::V2).map_err(|_| CmsError::Attribute(name))?.check(certificate)?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

/// An ESSCertID or ESSCertIDv2 (RFC 5035, §§ 4 and 5).
struct CertificateId<'a> {
    digest: &'static digest::Algorithm,
    hash: &'a [u8],
    issuer_and_serial: Option<(GeneralNames, SerialNumber)>,
}

impl CertificateId<'_> {
    fn check(&self, certificate: &Certificate) -> Result<(), CmsError> {
        let hash = digest::digest(self.digest, certificate.der());
        let named = self.issuer_and_serial.as_ref().is_none_or(|(issuer, serial)| {
            let issuer_matches = matches!(issuer.as_slice(), [GeneralName::DirectoryName(name)]
                if certval::compare_names(name, certificate.issuer_name()));
            issuer_matches && serial.as_bytes() == certificate.tbs().serial_number().as_bytes()
        });
        if hash.as_ref() == self.hash && named { Ok(()) } else { Err(CmsError::SigningCertificate) }
    }
}

/// The first identifier of a SigningCertificate or SigningCertificateV2, which is the signer's.
fn first_id(value: &[u8], version: Version) -> der::Result<CertificateId<'_>> {
    let mut reader = SliceReader::new(value)?;
    let id = reader.sequence(|reader| {
        let id = reader.sequence(|reader| {
            let id = certificate_id(reader, version)?;
            while !reader.is_finished() {
                AnyRef::decode(reader)?; // certificates of the path: certval finds it
            }
            Ok::<_, der::Error>(id)
        })?;
        if !reader.is_finished() {
            AnyRef::decode(reader)?; // policies
        }
        Ok::<_, der::Error>(id)
    })?;
    reader.finish()?;
    Ok(id)
}

fn certificate_id<'a>(reader: &mut SliceReader<'a>, version: Version) -> der::Result<CertificateId<'a>> {
    reader.sequence(|reader| {
        let named_algorithm = version == Version::V2 && Tag::peek(reader)? == Tag::Sequence;
        let digest = match (version, named_algorithm) {
            (Version::V1, _) => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            (Version::V2, false) => &digest::SHA256,
            (Version::V2, true) => {
                let oid = AlgorithmIdentifierOwned::decode(reader)?.oid;
                Digest::of(oid).ok_or_else(|| Tag::ObjectIdentifier.value_error())?.algorithm()
            }
        };
        let hash = <&OctetStringRef>::decode(reader)?.as_bytes();
        let issuer_and_serial = if reader.is_finished() {
            None
        } else {
            Some(reader.sequence(|reader| {
                Ok::<_, der::Error>((GeneralNames::decode(reader)?, SerialNumber::decode(reader)?))
            })?)
        };
        Ok(CertificateId { digest, hash, issuer_and_serial })
    })
}
