//! Asking for a time stamp.

use const_oid::db::rfc5912::ID_SHA_256;
use der::{
    Encode, Sequence,
    asn1::{AnyRef, OctetStringRef},
};

use crate::{random_bytes, sha256, x509::Oid};

/// A request for a time stamp, to be sent as `application/timestamp-query`.
///
/// The authority learns a hash and never the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    der: Vec<u8>,
    imprint: [u8; 32],
    nonce: u64,
}

/// TimeStampReq (RFC 3161, § 2.4.1), without extensions.
#[derive(Sequence)]
struct TimeStampReq<'a> {
    version: u8,
    imprint: MessageImprint<'a>,
    policy: Option<Oid>,
    nonce: u64,
    cert_req: bool,
}

#[derive(Sequence)]
struct MessageImprint<'a> {
    algorithm: Algorithm<'a>,
    hash: &'a OctetStringRef,
}

#[derive(Sequence)]
struct Algorithm<'a> {
    oid: Oid,
    parameters: AnyRef<'a>,
}

impl Request {
    /// A request to stamp `data`, under the authority's policy `policy` if one is named, with a random nonce and with
    /// the authority's certificate in the answer. None when the encoder fails, which it does for no such request.
    pub fn new(data: &[u8], policy: Option<Oid>) -> Option<Request> {
        // One bit short of 64: positive as a signed number too, so that any database can keep it.
        let nonce = u64::from_be_bytes(random_bytes()) >> 1;
        let imprint = sha256(data);
        let request = TimeStampReq {
            version: 1,
            imprint: MessageImprint {
                algorithm: Algorithm { oid: ID_SHA_256, parameters: AnyRef::NULL },
                hash: OctetStringRef::new(&imprint).ok()?,
            },
            policy,
            nonce,
            cert_req: true,
        };
        let der = request.to_der().ok()?;
        Some(Request { der, imprint, nonce })
    }

    /// The request in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of the data.
    pub fn imprint(&self) -> [u8; 32] {
        self.imprint
    }

    /// The number the answer must repeat, below 2⁶³. An answer that does is fresh.
    pub fn nonce(&self) -> u64 {
        self.nonce
    }
}
