//! Writing the cleaned file.

use std::ops::Range;

use zeroize::Zeroizing;

/// A piece of the cleaned file.
pub(crate) enum Piece {
    /// Bytes of ours.
    Own(Vec<u8>),
    /// A stretch of the file that was read.
    Kept(Range<usize>),
}

impl Piece {
    /// In bytes.
    pub(crate) fn len(&self) -> usize {
        match self {
            Piece::Own(bytes) => bytes.len(),
            Piece::Kept(range) => range.len(),
        }
    }

    fn bytes<'a>(&'a self, source: &'a [u8]) -> &'a [u8] {
        match self {
            Piece::Own(bytes) => bytes,
            Piece::Kept(range) => &source[range.clone()],
        }
    }
}

/// Puts the pieces together in a buffer that never grows: growing would leave a copy behind.
pub(crate) fn join(source: &[u8], pieces: &[Piece]) -> Zeroizing<Vec<u8>> {
    let length = pieces.iter().map(Piece::len).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(length));
    for piece in pieces {
        out.extend_from_slice(piece.bytes(source));
    }
    out
}

/// Whether this looks like a colour profile: its own length, and its signature (ICC.1, 7.2).
pub(crate) fn is_profile(profile: &[u8]) -> bool {
    let length = u32::try_from(profile.len()).unwrap_or(u32::MAX);
    profile.len() <= crate::MAX_PROFILE
        && profile.get(..4) == Some(&length.to_be_bytes())
        && profile.get(36..40) == Some(b"acsp")
}
