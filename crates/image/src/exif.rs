//! EXIF: what is in a camera's block, and the smallest one that keeps a photograph upright.

/// What a block held.
#[derive(Default, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// 2 to 8 (EXIF 2.3, tag 0x0112); nothing when the picture stands as it is.
    pub(crate) orientation: Option<u8>,
    pub(crate) gps: bool,
    pub(crate) thumbnail: bool,
    /// It was our own smallest block: nothing of it is lost.
    pub(crate) minimal: bool,
}

const ORIENTATION: u16 = 0x0112;
const GPS: u16 = 0x8825;
const SHORT: u16 = 3;
/// Bytes of an entry of a directory.
const ENTRY: usize = 12;

/// A TIFF structure that says nothing but the orientation.
pub(crate) fn minimal(orientation: u8) -> [u8; 26] {
    let mut tiff = *b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    tiff[19] = orientation;
    tiff
}

/// Looks into a TIFF structure. What cannot be read counts as absent: the block is dropped in any case.
pub(crate) fn look(tiff: &[u8]) -> Found {
    let mut found = directory(tiff).unwrap_or_default();
    found.minimal = found.orientation.is_some_and(|orientation| tiff == minimal(orientation));
    found
}

fn directory(tiff: &[u8]) -> Option<Found> {
    let big = match tiff.get(..4)? {
        b"MM\0*" => true,
        b"II*\0" => false,
        _ => return None,
    };
    let short = |at: usize| -> Option<u16> {
        let bytes: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let long = |at: usize| -> Option<u32> {
        let bytes: [u8; 4] = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    };
    let start = usize::try_from(long(4)?).ok()?;
    let count = usize::from(short(start)?);
    let mut found = Found::default();
    for number in 0..count {
        let Some(at) = start.checked_add(2 + number * ENTRY) else { break };
        match short(at) {
            Some(ORIENTATION) if short(at + 2) == Some(SHORT) => {
                found.orientation = short(at + 8).and_then(|v| u8::try_from(v).ok()).filter(|v| (2..=8).contains(v));
            }
            Some(GPS) => found.gps = true,
            Some(_) => {}
            None => break,
        }
    }
    // A second directory describes the thumbnail.
    let next = start.checked_add(2 + count * ENTRY).and_then(long);
    found.thumbnail = next.is_some_and(|next| next != 0);
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_block_reads_back() {
        for orientation in 2..=8 {
            let found = look(&minimal(orientation));
            assert_eq!(found, Found { orientation: Some(orientation), gps: false, thumbnail: false, minimal: true });
        }
        assert_eq!(look(&minimal(1)), Found::default());
        assert_eq!(look(&minimal(9)), Found::default());
    }

    #[test]
    fn place_and_thumbnail_are_seen_in_either_byte_order() {
        let little =
            b"II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\x25\x88\x04\0\x01\0\0\0\x26\0\0\0\x40\0\0\0";
        let found = look(little);
        assert_eq!(found, Found { orientation: Some(6), gps: true, thumbnail: true, minimal: false });
    }

    #[test]
    fn nonsense_is_nothing() {
        for bytes in [&b""[..], b"MM", b"MM\0*\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff", b"Exif\0\0MM\0*"] {
            assert_eq!(look(bytes), Found::default());
        }
    }
}
