//! Base64 with one spelling for each sequence of bytes.

use data_encoding::BASE64;

/// The bytes of a Base64 text that is padded at its end and only there, with no bits left over (RFC 4648 §3.5 and §4).
/// None for any other text.
///
/// The library's decoder also takes padded texts one after another (`eAF=eA==`), which would let two files that differ
/// pass for the same proof.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let is_joined = text.trim_end_matches('=').contains('=');
    (!is_joined).then(|| BASE64.decode(text.as_bytes()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sequence_of_bytes_has_one_spelling() {
        for bytes in [&b""[..], b"x", b"xy", b"xyz", b"xyzt"] {
            assert_eq!(decode(&BASE64.encode(bytes)).as_deref(), Some(bytes));
        }
        for text in ["eA==eA==", "eHk=eHl6", "eA=", "eA", "eB==", "eA===", "=", "====", " eA==", "eA==\n", "e_8="] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
