//! The byte range of a signature: all of a revision but the hole that the signature lies in (ISO 32000-2, § 12.8.1).

use lopdf::{Dictionary, Object};

use super::PdfError;

/// Two stretches of the file with the hole between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByteRange {
    /// Where the hole begins: at its `<`.
    pub(crate) hole: usize,
    /// The first byte behind its `>`.
    pub(crate) behind: usize,
    /// The end of the revision.
    pub(crate) end: usize,
}

/// Wide enough for any document that is read.
const PLACE: &str = "9999999999";

impl ByteRange {
    /// The range in a signature dictionary of a file of `length` bytes.
    pub(crate) fn of(signature: &Dictionary, length: usize) -> Option<ByteRange> {
        let values = signature.get(b"ByteRange").and_then(Object::as_array).ok()?;
        let values: Vec<i64> = values.iter().map(Object::as_i64).collect::<Result<_, _>>().ok()?;
        ByteRange::new(&values, length)
    }

    /// The values of `/ByteRange`. None unless the range begins at 0, the stretches are in order and within `length`.
    fn new(values: &[i64], length: usize) -> Option<ByteRange> {
        let &[first, hole, behind, rest] = values else { return None };
        let [hole, behind, rest] = [hole, behind, rest].map(usize::try_from);
        let (hole, behind) = (hole.ok()?, behind.ok()?);
        let end = behind.checked_add(rest.ok()?)?;
        (first == 0 && hole < behind && behind < end && end <= length).then_some(ByteRange { hole, behind, end })
    }

    /// The bytes that are signed.
    pub(crate) fn covered(&self, pdf: &[u8]) -> Vec<u8> {
        let stretches = [pdf.get(..self.hole), pdf.get(self.behind..self.end)];
        stretches.into_iter().flatten().collect::<Vec<_>>().concat()
    }

    /// What the hole holds: nothing but one string in hexadecimal digits. None otherwise.
    pub(crate) fn contents(&self, pdf: &[u8]) -> Option<Vec<u8>> {
        let digits = pdf.get(self.hole..self.behind)?.strip_prefix(b"<")?.strip_suffix(b">")?;
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
        let pairs = digits.chunks(2).map(|pair| match pair {
            &[high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        });
        pairs.collect()
    }
}

/// The values that stand in `/ByteRange` until the range is known.
pub(super) fn placeholder() -> Vec<Object> {
    let place = PLACE.parse::<i64>().unwrap_or(i64::MAX);
    vec![0.into(), place.into(), place.into(), place.into()]
}

/// Finds the hole of `room` zero bytes behind `start` and writes the byte range.
pub(super) fn settle(pdf: &mut [u8], start: usize, room: usize) -> Result<ByteRange, PdfError> {
    let find = |needle: &[u8]| {
        let at = pdf.get(start..)?.windows(needle.len()).position(|window| window == needle)?;
        Some(start + at)
    };
    let hole = find(format!("<{}>", "00".repeat(room)).as_bytes()).ok_or(PdfError::Write)?;
    let places = format!("{PLACE} {PLACE} {PLACE}");
    let at = find(places.as_bytes()).ok_or(PdfError::Write)?;
    let range = ByteRange { hole, behind: hole + 2 * room + 2, end: pdf.len() };
    let text = format!("{} {} {}", range.hole, range.behind, range.end - range.behind);
    let target = pdf.get_mut(at..at + places.len()).ok_or(PdfError::Write)?;
    target.fill(b' ');
    target.get_mut(..text.len()).ok_or(PdfError::Write)?.copy_from_slice(text.as_bytes());
    Ok(range)
}

/// Puts `contents` into the hole; what is left of it stays zero.
pub(crate) fn fill(pdf: &mut [u8], range: ByteRange, contents: &[u8]) -> Result<(), PdfError> {
    let digits: String = contents.iter().map(|byte| format!("{byte:02x}")).collect();
    let hole = pdf.get_mut(range.hole + 1..range.behind - 1).ok_or(PdfError::Write)?;
    hole.get_mut(..digits.len()).ok_or(PdfError::NoRoom)?.copy_from_slice(digits.as_bytes());
    Ok(())
}
