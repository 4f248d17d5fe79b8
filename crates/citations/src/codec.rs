//! Records in few bytes, for the index and for those that come along.

use crate::{Author, Flags, Record, people};

/// Surnames kept in full; of the others one byte each.
const SURNAMES: usize = 3;
const MOST_DIGESTS: usize = 40;
/// More authors than known, nobody knows how many.
const UNKNOWN: usize = u16::MAX as usize;
const FIRST_YEAR: u16 = 1799;

const RETRACTED: u8 = 1;
const ERRATUM: u8 = 1 << 1;
const CONCERN: u8 = 1 << 2;
const NOTICE: u8 = 1 << 3;
const MORE_AUTHORS: u8 = 1 << 4;
const NOTICE_KNOWN: u8 = 1 << 5;
const VERNACULAR: u8 = 1 << 6;
const DOI: u8 = 1 << 7;

/// Appends a record: title, at most three surnames, a byte for each further one, abbreviated journal, years, flags and
/// 24 bits of the DOI's digest.
pub(crate) fn write(record: &Record, out: &mut Vec<u8>) {
    let flags = &record.flags;
    let digest = record.doi_digest.or_else(|| record.doi.as_deref().map(doi_digest));
    let notice_known = flags.retraction_pmid.is_some() || flags.retraction_year.is_some();
    let (authors, digests, total) = authors(record);
    let more = total > authors.len();
    let mut bits = 0;
    for (set, bit) in [
        (flags.retracted, RETRACTED),
        (flags.erratum, ERRATUM),
        (flags.concern, CONCERN),
        (flags.notice, NOTICE),
        (more, MORE_AUTHORS),
        (notice_known, NOTICE_KNOWN),
        (record.vernacular_title.is_some(), VERNACULAR),
        (digest.is_some(), DOI),
    ] {
        bits |= if set { bit } else { 0 };
    }
    out.push(bits);
    number(record.pmid, out);
    text(record.title.strip_suffix('.').unwrap_or(&record.title), out);
    text(if record.journal_abbreviation.is_empty() { &record.journal } else { &record.journal_abbreviation }, out);
    let year = |year: u16| u8::try_from(year.saturating_sub(FIRST_YEAR)).unwrap_or(0);
    let other = record.other_years.iter().copied().find(|other| Some(*other) != record.year);
    // One byte in the usual case; the high bit, free until 1926, would not be worth its trouble.
    out.push(record.year.map_or(0, year));
    out.push((authors.len() as u8) | if other.is_some() { 0x80 } else { 0 });
    if let Some(other) = other {
        out.push(year(other));
    }
    for author in authors {
        text(author, out);
    }
    if more {
        number(u32::try_from(total).unwrap_or(u32::MAX), out);
        out.extend_from_slice(&digests);
    }
    if notice_known {
        number(flags.retraction_pmid.unwrap_or(0), out);
        out.push(flags.retraction_year.map_or(0, year));
    }
    if let Some(title) = &record.vernacular_title {
        text(title, out);
    }
    if let Some(digest) = digest {
        out.extend_from_slice(&digest.to_le_bytes()[..3]);
    }
}

/// The surnames to keep, the digests of those after them, and how many authors there are.
fn authors(record: &Record) -> (Vec<&str>, Vec<u8>, usize) {
    let kept: Vec<&str> = record.authors.iter().take(SURNAMES).map(|author| author.family.as_str()).collect();
    let mut digests: Vec<u8> =
        record.authors.iter().skip(SURNAMES).map(|author| people::digest(&author.family)).collect();
    digests.extend_from_slice(&record.further_authors);
    let mut total = record.authors.len().max(usize::from(record.author_count));
    // Their number is told by the number of authors; a list with gaps is none.
    if digests.len() < digest_count(total, kept.len()) {
        digests.clear();
        total = UNKNOWN;
    }
    digests.truncate(digest_count(total, kept.len()));
    (kept, digests, total)
}

fn digest_count(total: usize, kept: usize) -> usize {
    if total >= UNKNOWN { 0 } else { total.saturating_sub(kept).min(MOST_DIGESTS) }
}

/// Reads a record back; none when the bytes are not one.
pub(crate) fn read(mut bytes: &[u8]) -> Option<Record> {
    let from = &mut bytes;
    let bits = byte(from)?;
    let set = |bit: u8| bits & bit != 0;
    let mut record = Record { pmid: read_number(from)?, title: read_text(from)?, ..Record::default() };
    record.journal_abbreviation = read_text(from)?;
    let year = |byte: u8| (byte > 0).then(|| FIRST_YEAR + u16::from(byte));
    record.year = year(byte(from)?);
    let head = byte(from)?;
    if head & 0x80 != 0 {
        record.other_years.extend(year(byte(from)?));
    }
    for _ in 0..head & 0x7f {
        record.authors.push(Author { family: read_text(from)?, initials: String::new() });
    }
    if set(MORE_AUTHORS) {
        record.author_count = u16::try_from(read_number(from)?).unwrap_or(u16::MAX);
        let count = digest_count(usize::from(record.author_count), record.authors.len());
        record.further_authors = from.split_off(..count)?.to_vec();
    }
    record.flags = Flags {
        retracted: set(RETRACTED),
        erratum: set(ERRATUM),
        concern: set(CONCERN),
        notice: set(NOTICE),
        ..Flags::default()
    };
    if set(NOTICE_KNOWN) {
        record.flags.retraction_pmid = Some(read_number(from)?).filter(|pmid| *pmid > 0);
        record.flags.retraction_year = year(byte(from)?);
    }
    if set(VERNACULAR) {
        record.vernacular_title = Some(read_text(from)?);
    }
    if set(DOI) {
        let [a, b, c] = *from.split_off(..3)? else { return None };
        record.doi_digest = Some(u32::from_le_bytes([a, b, c, 0]));
    }
    Some(record)
}

/// 24 bits that tell one DOI from another.
pub(crate) fn doi_digest(doi: &str) -> u32 {
    crc32fast::hash(doi.trim().to_lowercase().as_bytes()) & 0x00ff_ffff
}

fn number(mut value: u32, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn text(value: &str, out: &mut Vec<u8>) {
    number(u32::try_from(value.len()).unwrap_or(0), out);
    out.extend_from_slice(value.as_bytes());
}

fn byte(from: &mut &[u8]) -> Option<u8> {
    from.split_off_first().copied()
}

fn read_number(from: &mut &[u8]) -> Option<u32> {
    let mut value = 0u32;
    for shift in (0..32).step_by(7) {
        let byte = byte(from)?;
        value |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn read_text(from: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(read_number(from)?).ok()?;
    String::from_utf8(from.split_off(..length)?.to_vec()).ok()
}
