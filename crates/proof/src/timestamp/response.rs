//! Reading the answer to a request.

use der::{
    Decode, Encode, Reader, SliceReader, Tag,
    asn1::{AnyRef, BitStringRef},
};
use thiserror::Error;

/// The longest answer that is read, in bytes.
pub const MAX_RESPONSE: usize = 256 * 1024;

/// What the authority did with a request: PKIStatus (RFC 3161, § 2.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Stamped as asked.
    Granted,
    /// Stamped, not quite as asked.
    GrantedWithMods,
    /// Refused.
    Rejection,
    /// To be stamped later.
    Waiting,
    /// Not stamped: the authority's certificate is about to be revoked.
    RevocationWarning,
    /// Not stamped: the authority's certificate was revoked.
    RevocationNotification,
}

/// Why the authority did not stamp: PKIFailureInfo (RFC 3161, § 2.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The hash algorithm is unknown or not accepted.
    BadAlgorithm,
    /// The request is not permitted.
    BadRequest,
    /// The request is malformed.
    BadDataFormat,
    /// The authority's clock is not available.
    TimeNotAvailable,
    /// The policy asked for is not accepted.
    UnacceptedPolicy,
    /// An extension asked for is not accepted.
    UnacceptedExtension,
    /// Additional information asked for is not available.
    AddInfoNotAvailable,
    /// A fault of the authority's system.
    SystemFailure,
    /// A bit that RFC 3161 does not name.
    Other(usize),
}

/// A stamped answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// [`Status::Granted`] or [`Status::GrantedWithMods`].
    pub status: Status,
    /// The time stamp token, in DER, not verified.
    pub token: Vec<u8>,
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ResponseError {
    /// More bytes than [`MAX_RESPONSE`].
    #[error("the answer is too long")]
    TooLong,
    /// Not one TimeStampResp in DER.
    #[error("the bytes are not one time stamp response in DER")]
    Malformed,
    /// The authority did not stamp.
    #[error("the authority did not stamp: {status:?} {failures:?} {text:?}")]
    Refused {
        /// What it did instead.
        status: Status,
        /// In its words.
        text: Vec<String>,
        /// In its codes.
        failures: Vec<Failure>,
    },
    /// The authority says to have stamped and sent no token.
    #[error("the answer grants a time stamp and holds none")]
    NoToken,
}

/// Reads a TimeStampResp (RFC 3161, § 2.4.2).
///
/// # Errors
/// [`ResponseError`]: when the authority refused, with its status, text and failure bits.
pub fn read_response(der: &[u8]) -> Result<Response, ResponseError> {
    if der.len() > MAX_RESPONSE {
        return Err(ResponseError::TooLong);
    }
    let (info, token) = parse(der).map_err(|_| ResponseError::Malformed)?;
    match (info.status, token) {
        (Status::Granted | Status::GrantedWithMods, Some(token)) => Ok(Response { status: info.status, token }),
        (Status::Granted | Status::GrantedWithMods, None) => Err(ResponseError::NoToken),
        (status, _) => Err(ResponseError::Refused { status, text: info.text, failures: info.failures }),
    }
}

struct Info {
    status: Status,
    text: Vec<String>,
    failures: Vec<Failure>,
}

fn parse(der: &[u8]) -> der::Result<(Info, Option<Vec<u8>>)> {
    let mut reader = SliceReader::new(der)?;
    let parts = reader.sequence(|reader| {
        let info = reader.sequence(info)?;
        let token = if reader.is_finished() { None } else { Some(AnyRef::decode(reader)?.to_der()?) };
        Ok::<_, der::Error>((info, token))
    })?;
    reader.finish()?;
    Ok(parts)
}

/// PKIStatusInfo.
fn info(reader: &mut SliceReader<'_>) -> der::Result<Info> {
    let status = match u8::decode(reader)? {
        0 => Status::Granted,
        1 => Status::GrantedWithMods,
        2 => Status::Rejection,
        3 => Status::Waiting,
        4 => Status::RevocationWarning,
        5 => Status::RevocationNotification,
        _ => return Err(Tag::Integer.value_error().into()),
    };
    let text = Option::<Vec<String>>::decode(reader)?.unwrap_or_default();
    let failures = Option::<BitStringRef<'_>>::decode(reader)?;
    let failures = failures.into_iter().flat_map(|bits| bits.bits()).enumerate();
    Ok(Info { status, text, failures: failures.filter(|(_, set)| *set).map(|(bit, _)| failure(bit)).collect() })
}

fn failure(bit: usize) -> Failure {
    match bit {
        0 => Failure::BadAlgorithm,
        2 => Failure::BadRequest,
        5 => Failure::BadDataFormat,
        14 => Failure::TimeNotAvailable,
        15 => Failure::UnacceptedPolicy,
        16 => Failure::UnacceptedExtension,
        17 => Failure::AddInfoNotAvailable,
        25 => Failure::SystemFailure,
        other => Failure::Other(other),
    }
}
