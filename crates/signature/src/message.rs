//! The signed message: CMS SignedData (RFC 5652) with the attributes of a PAdES baseline signature
//! (ETSI EN 319 142-1, § 6.3).

use aws_lc_rs::digest;
use cms::{
    cert::IssuerAndSerialNumber,
    content_info::CmsVersion,
    signed_data::{EncapsulatedContentInfo, SignerIdentifier, SignerInfo},
};
use const_oid::db::{rfc3161, rfc5911, rfc5912};
use der::{
    Any, Decode, Encode, Sequence,
    asn1::{AnyRef, Ia5String, OctetString, SetOfVec},
};
use sigilo_proof::{
    sha256,
    x509::{Certificate, Oid},
};
use x509_cert::{
    attr::Attribute,
    certificate::{CertificateInner, Raw},
    ext::pkix::name::GeneralName,
    serial_number::SerialNumber,
    spki::AlgorithmIdentifierOwned,
};

use crate::sign::SignError;

/// id-aa-ets-sigPolicyId (ETSI EN 319 122-1, § 5.2.9).
const SIGNATURE_POLICY: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.15");
/// id-spq-ets-uri, where the policy's text is.
const POLICY_URI: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.5.1");

/// How a key signs here: the hash and what is done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA with PKCS #1 v1.5 and SHA-256 (RFC 8017, § 8.2).
    RsaSha256,
    /// ECDSA over P-256 with SHA-256; the signature is ECDSA-Sig-Value in DER (RFC 5480, appendix A).
    EcdsaP256Sha256,
    /// ECDSA over P-384 with SHA-384, likewise.
    EcdsaP384Sha384,
}

impl Algorithm {
    /// That of a certificate's key. None for keys of other kinds.
    pub(crate) fn of(certificate: &CertificateInner<Raw>) -> Option<Algorithm> {
        let key = &certificate.tbs_certificate().subject_public_key_info().algorithm;
        match key.oid {
            rfc5912::RSA_ENCRYPTION => Some(Algorithm::RsaSha256),
            rfc5912::ID_EC_PUBLIC_KEY => match key.parameters.as_ref()?.decode_as::<Oid>().ok()? {
                rfc5912::SECP_256_R_1 => Some(Algorithm::EcdsaP256Sha256),
                rfc5912::SECP_384_R_1 => Some(Algorithm::EcdsaP384Sha384),
                _ => None,
            },
            _ => None,
        }
    }

    /// The hash of `bytes`.
    pub fn hash(self, bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Algorithm::RsaSha256 | Algorithm::EcdsaP256Sha256 => &digest::SHA256,
            Algorithm::EcdsaP384Sha384 => &digest::SHA384,
        };
        digest::digest(algorithm, bytes).as_ref().to_vec()
    }

    /// RFC 5754, § 2.
    fn digest_identifier(self) -> AlgorithmIdentifierOwned {
        let oid = match self {
            Algorithm::RsaSha256 | Algorithm::EcdsaP256Sha256 => rfc5912::ID_SHA_256,
            Algorithm::EcdsaP384Sha384 => rfc5912::ID_SHA_384,
        };
        AlgorithmIdentifierOwned { oid, parameters: None }
    }

    /// RFC 5754, § 3.
    fn signature_identifier(self) -> AlgorithmIdentifierOwned {
        let (oid, parameters) = match self {
            Algorithm::RsaSha256 => (rfc5912::SHA_256_WITH_RSA_ENCRYPTION, Some(Any::null())),
            Algorithm::EcdsaP256Sha256 => (rfc5912::ECDSA_WITH_SHA_256, None),
            Algorithm::EcdsaP384Sha384 => (rfc5912::ECDSA_WITH_SHA_384, None),
        };
        AlgorithmIdentifierOwned { oid, parameters }
    }
}

/// The policy that a signature says to follow (ETSI EN 319 122-1, § 5.2.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignaturePolicy {
    /// Its identifier.
    pub oid: Oid,
    /// SHA-256 of the policy file, as its publisher computes it. The policies of ICP-Brasil write their own hash into
    /// the file; it is always SHA-256, whatever the signature uses.
    pub hash: [u8; 32],
    /// Where the policy file is published.
    pub uri: Option<String>,
}

impl SignaturePolicy {
    /// ICP-Brasil, PAdES AD-RB: basic reference, the policy of signatures without a time stamp.
    pub const AD_RB: Oid = Oid::new_unwrap("2.16.76.1.7.1.11.1.3");
    /// ICP-Brasil, PAdES AD-RT: time reference, the policy of signatures with a time stamp.
    pub const AD_RT: Oid = Oid::new_unwrap("2.16.76.1.7.1.12.1.3");
}

/// What somebody is to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToBeSigned {
    pub(crate) bytes: Vec<u8>,
    pub(crate) algorithm: Algorithm,
}

impl ToBeSigned {
    /// The signed attributes in DER: what goes into a signer that hashes by itself.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The hash of the bytes: what goes to a signer that is given hashes, as the providers of certificates in the cloud
    /// are.
    pub fn digest(&self) -> Vec<u8> {
        self.algorithm.hash(&self.bytes)
    }

    /// How it is to be signed.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// ESSCertIDv2 with SHA-256, its default (RFC 5035, § 4).
#[derive(Sequence)]
struct CertificateId {
    hash: OctetString,
    issuer_and_serial: IssuerSerial,
}

#[derive(Sequence)]
struct IssuerSerial {
    issuer: Vec<GeneralName>,
    serial: SerialNumber<Raw>,
}

#[derive(Sequence)]
struct SigningCertificateV2 {
    certificates: Vec<CertificateId>,
}

#[derive(Sequence)]
struct PolicyId {
    oid: Oid,
    hash: PolicyHash,
    #[asn1(optional = "true")]
    qualifiers: Option<Vec<PolicyQualifier>>,
}

#[derive(Sequence)]
struct PolicyHash {
    algorithm: AlgorithmIdentifierOwned,
    value: OctetString,
}

#[derive(Sequence)]
struct PolicyQualifier {
    kind: Oid,
    value: Ia5String,
}

#[derive(Sequence)]
struct ContentInfo<'a> {
    content_type: Oid,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    content: AnyRef<'a>,
}

/// Certificates stay in the bytes they were signed in.
#[derive(Sequence)]
struct SignedData<'a> {
    version: CmsVersion,
    digest_algorithms: SetOfVec<AlgorithmIdentifierOwned>,
    content: EncapsulatedContentInfo,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true")]
    certificates: SetOfVec<AnyRef<'a>>,
    signers: SetOfVec<SignerInfo>,
}

/// The certificate, decoded, and how its key signs.
fn decode(certificate: &Certificate) -> Result<(CertificateInner<Raw>, Algorithm), SignError> {
    let decoded = CertificateInner::<Raw>::from_der(certificate.der()).map_err(|_| SignError::Encoding)?;
    let algorithm = Algorithm::of(&decoded).ok_or(SignError::Algorithm)?;
    Ok((decoded, algorithm))
}

/// How the key of a certificate signs.
pub(crate) fn algorithm(certificate: &Certificate) -> Result<Algorithm, SignError> {
    Ok(decode(certificate)?.1)
}

/// The attributes to be signed for `data`. There is no signing time among them: in PAdES the signature dictionary says
/// it.
pub(crate) fn to_be_signed(
    data: &[u8],
    certificate: &Certificate,
    policy: Option<&SignaturePolicy>,
) -> Result<ToBeSigned, SignError> {
    let (decoded, algorithm) = decode(certificate)?;
    let bytes = attributes(data, certificate, &decoded, algorithm, policy).map_err(|_| SignError::Encoding)?;
    Ok(ToBeSigned { bytes, algorithm })
}

fn attributes(
    data: &[u8],
    certificate: &Certificate,
    decoded: &CertificateInner<Raw>,
    algorithm: Algorithm,
    policy: Option<&SignaturePolicy>,
) -> der::Result<Vec<u8>> {
    let tbs = decoded.tbs_certificate();
    let id = CertificateId {
        hash: OctetString::new(sha256(certificate.der()))?,
        issuer_and_serial: IssuerSerial {
            issuer: vec![GeneralName::DirectoryName(tbs.issuer().clone())],
            serial: tbs.serial_number().clone(),
        },
    };
    let mut set = SetOfVec::new();
    set.insert(attribute(rfc5911::ID_CONTENT_TYPE, &rfc5911::ID_DATA)?)?;
    set.insert(attribute(rfc5911::ID_MESSAGE_DIGEST, &OctetString::new(algorithm.hash(data))?)?)?;
    set.insert(attribute(rfc5911::ID_AA_SIGNING_CERTIFICATE_V_2, &SigningCertificateV2 { certificates: vec![id] })?)?;
    if let Some(policy) = policy {
        set.insert(attribute(SIGNATURE_POLICY, &policy_id(policy)?)?)?;
    }
    set.to_der()
}

fn policy_id(policy: &SignaturePolicy) -> der::Result<PolicyId> {
    let qualifier = |uri| Ok::<_, der::Error>(vec![PolicyQualifier { kind: POLICY_URI, value: Ia5String::new(uri)? }]);
    Ok(PolicyId {
        oid: policy.oid,
        hash: PolicyHash {
            algorithm: AlgorithmIdentifierOwned { oid: rfc5912::ID_SHA_256, parameters: None },
            value: OctetString::new(policy.hash)?,
        },
        qualifiers: policy.uri.as_ref().map(qualifier).transpose()?,
    })
}

fn attribute(oid: Oid, value: &impl Encode) -> der::Result<Attribute> {
    let mut values = SetOfVec::new();
    values.insert(Any::from_der(&value.to_der()?)?)?;
    Ok(Attribute { oid, values })
}

/// The whole message.
pub(crate) fn signed_data(
    signed: &ToBeSigned,
    certificate: &Certificate,
    chain: &[Certificate],
    signature: &[u8],
    time_stamp: Option<&[u8]>,
) -> Result<Vec<u8>, SignError> {
    let (decoded, _) = decode(certificate)?;
    encode(signed, certificate, &decoded, chain, signature, time_stamp).map_err(|_| SignError::Encoding)
}

fn encode(
    signed: &ToBeSigned,
    certificate: &Certificate,
    decoded: &CertificateInner<Raw>,
    chain: &[Certificate],
    signature: &[u8],
    time_stamp: Option<&[u8]>,
) -> der::Result<Vec<u8>> {
    let tbs = decoded.tbs_certificate();
    let id = IssuerAndSerialNumber {
        issuer: tbs.issuer().clone(),
        serial_number: SerialNumber::new(tbs.serial_number().as_bytes())?,
    };
    let mut unsigned = SetOfVec::new();
    if let Some(token) = time_stamp {
        unsigned.insert(attribute(rfc3161::ID_AA_TIME_STAMP_TOKEN, &AnyRef::from_der(token)?)?)?;
    }
    let signer = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(id),
        digest_alg: signed.algorithm.digest_identifier(),
        signed_attrs: Some(SetOfVec::from_der(&signed.bytes)?),
        signature_algorithm: signed.algorithm.signature_identifier(),
        signature: OctetString::new(signature)?,
        unsigned_attrs: (!unsigned.is_empty()).then_some(unsigned),
    };
    let mut certificates = SetOfVec::new();
    let mut all: Vec<&[u8]> = chain.iter().map(Certificate::der).chain([certificate.der()]).collect();
    all.sort_unstable();
    all.dedup();
    for der in all {
        certificates.insert(AnyRef::from_der(der)?)?;
    }
    let mut digest_algorithms = SetOfVec::new();
    digest_algorithms.insert(signed.algorithm.digest_identifier())?;
    let mut signers = SetOfVec::new();
    signers.insert(signer)?;
    let content = SignedData {
        version: CmsVersion::V1,
        digest_algorithms,
        content: EncapsulatedContentInfo { econtent_type: rfc5911::ID_DATA, econtent: None },
        certificates,
        signers,
    }
    .to_der()?;
    ContentInfo { content_type: rfc5911::ID_SIGNED_DATA, content: AnyRef::from_der(&content)? }.to_der()
}
