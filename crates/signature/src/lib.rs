//! Signatures of PDF documents in the manner of PAdES (ETSI EN 319 142-1): making them in three phases, and verifying
//! them with the certificates of ICP-Brasil. No I/O: keys, stamps, lists and the time come from the caller.
//!
//! **Signing.** [`begin`] appends a signature field to the document and says which bytes are to be signed; a [`Signer`]
//! signs them at once ([`A1`]) or later and elsewhere ([`Remote`]); [`Prepared::finish`] puts the signature in. That is
//! PAdES B-B. [`Completed::stamp`] adds a time stamp of the signature (B-T), [`keep_evidence`] the certificates and
//! revocation lists (B-LT). Everything is appended: the bytes that came in stay as they are.
//!
//! **Verifying.** [`verify`] judges every signature of a document: what it covers, what was done to the document after
//! it, the signed message, the time, and the certificate at that time. [`Signature::signed_revision`] gives back exactly
//! the bytes that were signed.

mod a1;
mod message;
mod pdf;
mod remote;
mod sign;
mod verify;

pub use a1::{A1, A1Error, MAX_PKCS12};
pub use message::{Algorithm, SignaturePolicy, ToBeSigned};
pub use pdf::{MAX_PDF, PdfError, keep_evidence};
pub use remote::Remote;
pub use sign::{Appearance, Completed, Details, Prepared, Progress, SignError, Signer, begin};
pub use verify::{Checks, Kind, Level, Reason, Report, Signature, Verdict, verify};
