//! The signature algorithms that are believed, all checked by aws-lc-rs.
//!
//! RSA of 2048 bits and more with PKCS #1 v1.5 and SHA-256, -384 or -512 (RFC 4055), ECDSA over P-256, P-384 and P-521
//! with the same hashes (RFC 5758), and Ed25519 (RFC 8410). All else is refused: SHA-1, short keys, RSA-PSS, Ed448.

use aws_lc_rs::{
    digest,
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1, ECDSA_P384_SHA256_ASN1,
        ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA512_ASN1, ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA384_ASN1,
        ECDSA_P521_SHA512_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
        RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
    },
};
use const_oid::db::{rfc5912, rfc8410};
use der::{Decode, Reader, SliceReader, asn1::UintRef};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::Oid;

const MIN_RSA_BITS: usize = 2048;

/// A hash of the SHA-2 family (FIPS 180-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digest {
    Sha256,
    Sha384,
    Sha512,
}

impl Digest {
    /// The hash of an algorithm identifier (RFC 5754, § 2). None for any other, SHA-1 among them.
    pub(crate) fn of(oid: Oid) -> Option<Digest> {
        match oid {
            rfc5912::ID_SHA_256 => Some(Digest::Sha256),
            rfc5912::ID_SHA_384 => Some(Digest::Sha384),
            rfc5912::ID_SHA_512 => Some(Digest::Sha512),
            _ => None,
        }
    }

    /// The hash of `bytes`.
    pub(crate) fn hash(self, bytes: &[u8]) -> digest::Digest {
        digest::digest(self.algorithm(), bytes)
    }

    /// The provider's implementation.
    pub(crate) fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Digest::Sha256 => &digest::SHA256,
            Digest::Sha384 => &digest::SHA384,
            Digest::Sha512 => &digest::SHA512,
        }
    }
}

/// Why a signature is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignatureError {
    /// The algorithm, the key's kind or its length is not on the list.
    Algorithm,
    /// The signature is not that of the message under the key.
    Mismatch,
}

/// Checks `signature` over `message`.
///
/// `digest` is the hash named beside the signature in a CMS, where the algorithm may be plain `rsaEncryption`
/// (RFC 5754, § 3.2); for certificates and lists it is None.
pub(crate) fn verify(
    algorithm: &AlgorithmIdentifierOwned,
    digest: Option<Digest>,
    key: &SubjectPublicKeyInfoOwned,
    message: &[u8],
    signature: &[u8],
) -> Result<(), SignatureError> {
    let chosen = choose(algorithm.oid, digest, key).ok_or(SignatureError::Algorithm)?;
    let public_key = key.subject_public_key.as_bytes().ok_or(SignatureError::Algorithm)?;
    UnparsedPublicKey::new(chosen, public_key).verify(message, signature).map_err(|_| SignatureError::Mismatch)
}

/// Whether a certificate's or list's signature by `key` uses an algorithm of the list.
pub(super) fn allowed(algorithm: &AlgorithmIdentifierOwned, key: &SubjectPublicKeyInfoOwned) -> bool {
    choose(algorithm.oid, None, key).is_some()
}

fn choose(
    algorithm: Oid,
    beside: Option<Digest>,
    key: &SubjectPublicKeyInfoOwned,
) -> Option<&'static dyn VerificationAlgorithm> {
    let key_kind = key.algorithm.oid;
    if algorithm == rfc8410::ID_ED_25519 {
        return (key_kind == rfc8410::ID_ED_25519).then_some(&ED25519 as _);
    }
    let (needed_key, digest) = match algorithm {
        rfc5912::SHA_256_WITH_RSA_ENCRYPTION => (rfc5912::RSA_ENCRYPTION, Digest::Sha256),
        rfc5912::SHA_384_WITH_RSA_ENCRYPTION => (rfc5912::RSA_ENCRYPTION, Digest::Sha384),
        rfc5912::SHA_512_WITH_RSA_ENCRYPTION => (rfc5912::RSA_ENCRYPTION, Digest::Sha512),
        rfc5912::RSA_ENCRYPTION => (rfc5912::RSA_ENCRYPTION, beside?),
        rfc5912::ECDSA_WITH_SHA_256 => (rfc5912::ID_EC_PUBLIC_KEY, Digest::Sha256),
        rfc5912::ECDSA_WITH_SHA_384 => (rfc5912::ID_EC_PUBLIC_KEY, Digest::Sha384),
        rfc5912::ECDSA_WITH_SHA_512 => (rfc5912::ID_EC_PUBLIC_KEY, Digest::Sha512),
        _ => return None,
    };
    // A CMS that names two different hashes is refused (RFC 8933, § 3).
    if key_kind != needed_key || beside.is_some_and(|named| named != digest) {
        return None;
    }
    if key_kind == rfc5912::RSA_ENCRYPTION {
        if rsa_bits(key)? < MIN_RSA_BITS {
            return None;
        }
        return Some(match digest {
            Digest::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
            Digest::Sha384 => &RSA_PKCS1_2048_8192_SHA384,
            Digest::Sha512 => &RSA_PKCS1_2048_8192_SHA512,
        });
    }
    let curve = key.algorithm.parameters.as_ref()?.decode_as::<Oid>().ok()?;
    Some(match (curve, digest) {
        (rfc5912::SECP_256_R_1, Digest::Sha256) => &ECDSA_P256_SHA256_ASN1,
        (rfc5912::SECP_256_R_1, Digest::Sha384) => &ECDSA_P256_SHA384_ASN1,
        (rfc5912::SECP_256_R_1, Digest::Sha512) => &ECDSA_P256_SHA512_ASN1,
        (rfc5912::SECP_384_R_1, Digest::Sha256) => &ECDSA_P384_SHA256_ASN1,
        (rfc5912::SECP_384_R_1, Digest::Sha384) => &ECDSA_P384_SHA384_ASN1,
        (rfc5912::SECP_384_R_1, Digest::Sha512) => &ECDSA_P384_SHA512_ASN1,
        (rfc5912::SECP_521_R_1, Digest::Sha256) => &ECDSA_P521_SHA256_ASN1,
        (rfc5912::SECP_521_R_1, Digest::Sha384) => &ECDSA_P521_SHA384_ASN1,
        (rfc5912::SECP_521_R_1, Digest::Sha512) => &ECDSA_P521_SHA512_ASN1,
        _ => return None,
    })
}

/// The length of an RSA modulus (RFC 8017, § A.1.1) in bits.
fn rsa_bits(key: &SubjectPublicKeyInfoOwned) -> Option<usize> {
    let mut reader = SliceReader::new(key.subject_public_key.as_bytes()?).ok()?;
    let modulus = reader
        .sequence(|reader| {
            let modulus = UintRef::decode(reader)?;
            UintRef::decode(reader)?;
            Ok::<_, der::Error>(modulus)
        })
        .ok()?;
    let bytes = modulus.as_bytes();
    Some(bytes.len() * 8 - bytes.first()?.leading_zeros() as usize)
}
