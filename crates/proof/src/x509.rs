//! X.509 certificates (RFC 5280): parsing, trusted stores, paths to pinned roots, revocation lists. Certval judges
//! paths and lists, aws-lc-rs every signature. Nothing here asks a network or a clock: certificates, lists and the time
//! come from the caller.

mod algorithms;
mod certificate;
mod crl;
mod path;
mod pem;
mod search;
mod store;

pub use certificate::{Certificate, CertificateError, MAX_CERTIFICATE};
pub use crl::{Crl, CrlError, MAX_CRL};
pub use path::{Path, PathError, Revocation, RevocationStatus, Trust};
pub use pem::from_pem;
pub use store::{CaStore, StoreDiff, StoreError};

pub(crate) use algorithms::{Digest, SignatureError, verify};
pub(crate) use path::{Aftermath, validate};

/// An ASN.1 object identifier.
pub use const_oid::ObjectIdentifier as Oid;

use data_encoding::HEXUPPER;
use der::DateTime;
use time::OffsetDateTime;

/// A date of a certificate or a list; None for one that the calendar of `time` does not hold.
fn instant(date: DateTime) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(i64::try_from(date.unix_duration().as_secs()).ok()?).ok()
}

/// A positive ASN.1 INTEGER's bytes as hexadecimal digits, upper case, without the zero byte that only keeps the sign.
pub(crate) fn hex_integer(bytes: &[u8]) -> String {
    HEXUPPER.encode(match bytes {
        [0, rest @ ..] if !rest.is_empty() => rest,
        _ => bytes,
    })
}
