//! A small part of JSON in the canonical form of RFC 8785 (JCS), for what is hashed and signed.
//!
//! Keys are printable ASCII in byte order; values are strings, null, booleans, integers from 0 to 2⁵³ − 1, objects,
//! and arrays of strings or of objects. There are no other numbers, because they are what canonicalisers disagree on.
//! [`parse`] takes exactly the bytes that [`Object`] writes, so two texts are equal where their contents are.

mod read;
mod write;

pub use read::{JcsError, MAX_DEPTH, MAX_LENGTH, Value, parse};
pub use write::Object;

/// One more than the largest integer that every JSON reader keeps exact (RFC 8785, § 3.2.2.3).
const INTEGER_LIMIT: u64 = 1 << 53;

/// Whether a key may be used: printable ASCII that needs no escape.
fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
}
