//! Reading a SignedData without losing a byte: attributes stay in the order they came in, certificates in the bytes
//! they were signed in.

use cms::signed_data::SignerIdentifier;
use const_oid::db::rfc5911;
use der::{
    Decode, DecodeValue, EncodingRules, FixedTag, Header, Reader, SliceReader, Tag, TagMode, TagNumber,
    asn1::{AnyRef, OctetString, OctetStringRef},
};
use x509_cert::{ext::pkix::SubjectKeyIdentifier, spki::AlgorithmIdentifierOwned};

use super::CmsError;
use crate::x509::{Certificate, Oid};

/// The longest message that is read, in bytes, its content included.
pub const MAX_CMS: usize = 64 * 1024 * 1024;

const MAX_CERTIFICATES: usize = 64;
const MAX_SIGNERS: usize = 16;

/// A SignedData (RFC 5652, § 5.1), read and not verified.
pub(crate) struct SignedData<'a> {
    pub(crate) content_type: Oid,
    pub(crate) content: Option<OctetString>,
    /// Those that are X.509 and readable. Others can serve nobody and are left out.
    pub(crate) certificates: Vec<Certificate>,
    pub(super) signers: Vec<Signer<'a>>,
}

/// A SignerInfo (RFC 5652, § 5.3).
pub(super) struct Signer<'a> {
    id: SignerIdentifier,
    pub(super) digest: Oid,
    pub(super) signed_attributes: Option<RawSet<'a>>,
    pub(super) algorithm: AlgorithmIdentifierOwned,
    pub(super) signature: &'a [u8],
    pub(super) unsigned_attributes: Option<RawSet<'a>>,
}

/// The content of a SET OF, as it came.
#[derive(Clone, Copy)]
pub(super) struct RawSet<'a>(pub(super) &'a [u8]);

impl FixedTag for RawSet<'_> {
    const TAG: Tag = Tag::Set;
}

impl<'a> DecodeValue<'a> for RawSet<'a> {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        reader.read_slice(header.length()).map(RawSet)
    }
}

impl<'a> RawSet<'a> {
    /// The elements' encodings, tag and length included.
    pub(super) fn elements(self) -> der::Result<Vec<&'a [u8]>> {
        let mut reader = SliceReader::new(self.0)?;
        let mut elements = Vec::new();
        while !reader.is_finished() {
            elements.push(reader.tlv_bytes()?);
        }
        Ok(elements)
    }
}

impl<'a> SignedData<'a> {
    /// Reads a ContentInfo that holds a SignedData. The rules are those of its shell: what is signed and what signs,
    /// attributes and certificates, is DER in any case.
    pub(crate) fn parse(bytes: &'a [u8], rules: EncodingRules) -> Result<SignedData<'a>, CmsError> {
        if bytes.len() > MAX_CMS {
            return Err(CmsError::TooLong);
        }
        let parts = content_info(bytes, rules).map_err(|_| CmsError::Malformed)?.ok_or(CmsError::NotSignedData)?;
        let certificates = elements(parts.certificates)?;
        let signers = elements(Some(parts.signers))?;
        if certificates.len() > MAX_CERTIFICATES || signers.len() > MAX_SIGNERS {
            return Err(CmsError::TooLong);
        }
        Ok(SignedData {
            content_type: parts.content_type,
            content: parts.content,
            certificates: certificates.into_iter().filter_map(|der| Certificate::parse(der).ok()).collect(),
            signers: signers
                .into_iter()
                .map(|der| Signer::read(der).map_err(|_| CmsError::Malformed))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn elements(set: Option<RawSet<'_>>) -> Result<Vec<&[u8]>, CmsError> {
    set.map_or(Ok(Vec::new()), RawSet::elements).map_err(|_| CmsError::Malformed)
}

/// RFC 5652, § 3. None for another content than a SignedData.
fn content_info(bytes: &[u8], rules: EncodingRules) -> der::Result<Option<Parts<'_>>> {
    let mut reader = SliceReader::new_with_encoding_rules(bytes, rules)?;
    let parts = reader.sequence(|reader| {
        if Oid::decode(reader)? != rfc5911::ID_SIGNED_DATA {
            AnyRef::decode(reader)?;
            return Ok::<_, der::Error>(None);
        }
        let parts = reader.context_specific::<Parts<'_>>(TagNumber(0), TagMode::Explicit)?;
        parts.map(Some).ok_or_else(|| Tag::Sequence.value_error().into())
    })?;
    reader.finish()?;
    Ok(parts)
}

/// The fields of a SignedData that are of use.
struct Parts<'a> {
    content_type: Oid,
    content: Option<OctetString>,
    certificates: Option<RawSet<'a>>,
    signers: RawSet<'a>,
}

impl FixedTag for Parts<'_> {
    const TAG: Tag = Tag::Sequence;
}

impl<'a> DecodeValue<'a> for Parts<'a> {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        reader.read_nested(header.length(), |reader| {
            u8::decode(reader)?; // version
            RawSet::decode(reader)?; // digestAlgorithms: each signer names its own
            let (content_type, content) = reader.sequence(|reader| {
                let content_type = Oid::decode(reader)?;
                Ok::<_, der::Error>((content_type, reader.context_specific(TagNumber(0), TagMode::Explicit)?))
            })?;
            let certificates = reader.context_specific(TagNumber(0), TagMode::Implicit)?;
            reader.context_specific::<RawSet<'_>>(TagNumber(1), TagMode::Implicit)?; // crls: the caller brings them
            let signers = RawSet::decode(reader)?;
            Ok(Parts { content_type, content, certificates, signers })
        })
    }
}

impl<'a> Signer<'a> {
    fn read(der: &'a [u8]) -> der::Result<Signer<'a>> {
        let mut reader = SliceReader::new(der)?;
        let signer = reader.sequence(|reader| {
            u8::decode(reader)?; // version
            Ok::<_, der::Error>(Signer {
                id: SignerIdentifier::decode(reader)?,
                digest: AlgorithmIdentifierOwned::decode(reader)?.oid,
                signed_attributes: reader.context_specific(TagNumber(0), TagMode::Implicit)?,
                algorithm: AlgorithmIdentifierOwned::decode(reader)?,
                signature: <&OctetStringRef>::decode(reader)?.as_bytes(),
                unsigned_attributes: reader.context_specific(TagNumber(1), TagMode::Implicit)?,
            })
        })?;
        reader.finish()?;
        Ok(signer)
    }

    /// Whether the signer identifier names `certificate`.
    pub(super) fn is(&self, certificate: &Certificate) -> bool {
        match &self.id {
            SignerIdentifier::IssuerAndSerialNumber(id) => {
                certval::compare_names(&id.issuer, certificate.issuer_name())
                    && id.serial_number.as_bytes() == certificate.tbs().serial_number().as_bytes()
            }
            SignerIdentifier::SubjectKeyIdentifier(id) => {
                certificate.extension::<SubjectKeyIdentifier>().is_some_and(|(_, own)| own == *id)
            }
        }
    }
}
