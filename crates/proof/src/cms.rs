//! Signed documents: CMS SignedData (RFC 5652) as CAdES-BES demands it (ETSI EN 319 122-1, § 6).
//!
//! What is verified here is the message: one signer, signed attributes that fit the content and the signer's
//! certificate, and the signature over them. Whether that certificate is to be believed is another question (`icp`).
//!
//! The shell may be BER (indefinite lengths, content in chunks), as signers write it who do not know the length
//! beforehand; what the signature covers is DER.

mod attributes;
mod ess;
mod signed_data;

pub use signed_data::MAX_CMS;

use der::{
    Decode, EncodingRules, Reader, SliceReader,
    asn1::{AnyRef, OctetStringRef},
};
use thiserror::Error;
use time::OffsetDateTime;
use x509_cert::time::Time;

use crate::x509::{Certificate, Digest, Oid, SignatureError, verify};
use const_oid::db::{rfc3161, rfc5911};

pub(crate) use ess::Ess;
pub(crate) use signed_data::SignedData;

use attributes::Attributes;
use signed_data::Signer;

/// id-aa-ets-sigPolicyId (ETSI EN 319 122-1, § 5.2.9).
const SIGNATURE_POLICY: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.15");

/// Why a signed document is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CmsError {
    /// More bytes than [`MAX_CMS`], or too many signers or certificates.
    #[error("the signed message is too long")]
    TooLong,
    /// Not exactly one CMS.
    #[error("the bytes are not one CMS message")]
    Malformed,
    /// A CMS of another kind than SignedData.
    #[error("the message is not signed data")]
    NotSignedData,
    /// The content is expected beside the message and is inside.
    #[error("the message holds its content, and should be detached from it")]
    ContentPresent,
    /// The content is expected inside and is missing.
    #[error("the message does not hold its content")]
    ContentMissing,
    /// Not exactly one signer.
    #[error("the message must have exactly one signer")]
    NotOneSigner,
    /// The signer's certificate is not in the message.
    #[error("the message does not hold its signer's certificate")]
    NoSignerCertificate,
    /// An attribute is missing, repeated or unreadable.
    #[error("the signed attribute {0} is missing, repeated or unreadable")]
    Attribute(&'static str),
    /// The content-type attribute is not the content's type (RFC 5652, § 11.1), or a document's is not plain data.
    #[error("the content is of another type than is signed or expected")]
    ContentType,
    /// The message-digest attribute is not the content's hash (RFC 5652, § 11.2): the signature is of other data.
    #[error("the signature is of other data")]
    MessageDigest,
    /// The ESS attribute names another certificate (RFC 5035, § 3).
    #[error("the signature names another certificate than its signer's")]
    SigningCertificate,
    /// A hash, signature algorithm or key that is not believed.
    #[error("the signature uses an algorithm that is not accepted")]
    Algorithm,
    /// The signature is not of the attributes under the certificate's key.
    #[error("the signature does not hold")]
    Signature,
}

/// Over which order of the attributes the signature holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeOrder {
    /// The order of DER, which RFC 5652, § 5.4, demands.
    Sorted,
    /// The order in the message. Some signers do not sort; that is accepted, and recorded.
    AsTransmitted,
}

/// A signed document whose signature holds.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The signer's certificate, of which nothing is verified but that the signature names and fits it.
    pub signer: Certificate,
    /// All certificates in the message, the signer's among them.
    pub certificates: Vec<Certificate>,
    /// Over which order of the attributes the signature holds.
    pub attribute_order: AttributeOrder,
    /// When the signer says to have signed. Nobody vouches for it.
    pub claimed_time: Option<OffsetDateTime>,
    /// The signature's bytes: what a signature time stamp is of (ETSI EN 319 122-1, § 5.3).
    pub signature: Vec<u8>,
    /// The signature policy that the signer says to follow (ETSI EN 319 122-1, § 5.2.9). Nothing of it is verified.
    pub signature_policy: Option<Oid>,
    /// Time stamp tokens in the message (id-aa-timeStampToken), in DER, none of them verified.
    pub timestamps: Vec<Vec<u8>>,
}

/// Verifies a signature of `data` that is kept apart from it.
///
/// # Errors
/// [`CmsError`], which names the first rule that is broken.
pub fn verify_detached(cms: &[u8], data: &[u8]) -> Result<Signed, CmsError> {
    let message = document(cms)?;
    if message.content.is_some() {
        return Err(CmsError::ContentPresent);
    }
    message.verify(data, Ess::V2)
}

/// Verifies a message that holds what it signs, and gives both.
///
/// # Errors
/// [`CmsError`], which names the first rule that is broken.
pub fn verify_attached(cms: &[u8]) -> Result<(Signed, Vec<u8>), CmsError> {
    let message = document(cms)?;
    let content = message.content.as_ref().ok_or(CmsError::ContentMissing)?.as_bytes();
    Ok((message.verify(content, Ess::V2)?, content.to_vec()))
}

/// A message about plain data (id-data): a time stamp, say, is no document that somebody signed.
fn document(cms: &[u8]) -> Result<SignedData<'_>, CmsError> {
    let message = SignedData::parse(cms, EncodingRules::Ber)?;
    if message.content_type == rfc5911::ID_DATA { Ok(message) } else { Err(CmsError::ContentType) }
}

impl SignedData<'_> {
    /// The rules of a signature of `content`, whose only signer's certificate is in the message.
    pub(crate) fn verify(&self, content: &[u8], ess: Ess) -> Result<Signed, CmsError> {
        let signer = self.only_signer()?;
        let certificate = self.certificate_of(signer)?;
        let digest = Digest::of(signer.digest).ok_or(CmsError::Algorithm)?;
        let attributes = Attributes::parse(signer.signed_attributes.ok_or(CmsError::Attribute("content-type"))?)?;
        check_content_type(&attributes, self.content_type)?;
        check_message_digest(&attributes, digest, content)?;
        ess.check(&attributes, certificate)?;
        let attribute_order = check_signature(signer, &attributes, digest, certificate)?;
        Ok(Signed {
            signer: certificate.clone(),
            certificates: self.certificates.clone(),
            attribute_order,
            claimed_time: claimed_time(&attributes),
            signature: signer.signature.to_vec(),
            signature_policy: signature_policy(&attributes),
            timestamps: timestamps(signer)?,
        })
    }

    /// Exactly one SignerInfo: with more, "who signed" would have more than one answer.
    fn only_signer(&self) -> Result<&Signer<'_>, CmsError> {
        match self.signers.as_slice() {
            [signer] => Ok(signer),
            _ => Err(CmsError::NotOneSigner),
        }
    }

    /// The certificate that the signer identifier names (RFC 5652, § 5.3).
    fn certificate_of(&self, signer: &Signer<'_>) -> Result<&Certificate, CmsError> {
        self.certificates.iter().find(|certificate| signer.is(certificate)).ok_or(CmsError::NoSignerCertificate)
    }
}

/// RFC 5652, § 11.1.
fn check_content_type(attributes: &Attributes<'_>, content_type: Oid) -> Result<(), CmsError> {
    let name = "content-type";
    let value = attributes.only(rfc5911::ID_CONTENT_TYPE, name)?;
    let signed = Oid::from_der(value).map_err(|_| CmsError::Attribute(name))?;
    if signed == content_type { Ok(()) } else { Err(CmsError::ContentType) }
}

/// RFC 5652, § 11.2.
fn check_message_digest(attributes: &Attributes<'_>, digest: Digest, content: &[u8]) -> Result<(), CmsError> {
    let name = "message-digest";
    let value = attributes.only(rfc5911::ID_MESSAGE_DIGEST, name)?;
    let signed = <&OctetStringRef>::from_der(value).map_err(|_| CmsError::Attribute(name))?;
    if signed.as_bytes() == digest.hash(content).as_ref() { Ok(()) } else { Err(CmsError::MessageDigest) }
}

/// RFC 5652, § 5.4: the signature is over the attributes' SET in DER, so sorted; else as they came.
fn check_signature(
    signer: &Signer<'_>,
    attributes: &Attributes<'_>,
    digest: Digest,
    certificate: &Certificate,
) -> Result<AttributeOrder, CmsError> {
    let key = certificate.tbs().subject_public_key_info();
    let holds = |set: Vec<u8>| verify(&signer.algorithm, Some(digest), key, &set, signer.signature);
    match holds(attributes.sorted()?) {
        Ok(()) => return Ok(AttributeOrder::Sorted),
        Err(SignatureError::Algorithm) => return Err(CmsError::Algorithm),
        Err(SignatureError::Mismatch) => {}
    }
    holds(attributes.as_transmitted()?).map_err(|_| CmsError::Signature)?;
    Ok(AttributeOrder::AsTransmitted)
}

/// RFC 5652, § 11.3. One that is unreadable is as good as none: nothing hangs on it.
fn claimed_time(attributes: &Attributes<'_>) -> Option<OffsetDateTime> {
    let value = attributes.only(rfc5911::ID_SIGNING_TIME, "signing-time").ok()?;
    let time = Time::from_der(value).ok()?;
    OffsetDateTime::from_unix_timestamp(i64::try_from(time.to_unix_duration().as_secs()).ok()?).ok()
}

/// The first field of a SignaturePolicyId. One that is unreadable is as good as none: nothing hangs on it.
fn signature_policy(attributes: &Attributes<'_>) -> Option<Oid> {
    let mut reader = SliceReader::new(attributes.only(SIGNATURE_POLICY, "signature-policy").ok()?).ok()?;
    let policy = reader.sequence(|reader| {
        let policy = Oid::decode(reader)?;
        while !reader.is_finished() {
            AnyRef::decode(reader)?; // the hash of the policy, and where it is
        }
        Ok::<_, der::Error>(policy)
    });
    policy.ok()
}

/// RFC 3161, appendix A.
fn timestamps(signer: &Signer<'_>) -> Result<Vec<Vec<u8>>, CmsError> {
    let Some(unsigned) = signer.unsigned_attributes else { return Ok(Vec::new()) };
    let attributes = Attributes::parse(unsigned)?;
    Ok(attributes.all(rfc3161::ID_AA_TIME_STAMP_TOKEN).map(<[u8]>::to_vec).collect())
}
