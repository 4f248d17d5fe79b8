//! The CID-10 table of DATASUS.

/// One line a code, `A000<TAB>text`, in the order of the codes.
const TABLE: &str = include_str!("../../../data/cid10/cid10.tsv");

/// Brings a code to its usual form (`a00.1`, `A001` → `A00.1`); none when it has not the shape of one.
pub fn normalise(code: &str) -> Option<String> {
    let (key, length) = compact(code)?;
    let key = std::str::from_utf8(key.get(..length)?).ok()?;
    Some(match key.get(3..) {
        Some(sub) if !sub.is_empty() => format!("{}.{sub}", &key[..3]),
        _ => key.to_owned(),
    })
}

/// The Portuguese text of a category or subcategory, by code in any usual form. Does not allocate.
pub fn lookup(code: &str) -> Option<&'static str> {
    let (key, length) = compact(code)?;
    find(key.get(..length)?)
}

/// All rows as (code without dot, text), in the order of the codes.
pub fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.lines().filter_map(|line| line.split_once('\t'))
}

/// The code as the table writes it: a letter and two or three digits, without dot.
fn compact(code: &str) -> Option<([u8; 4], usize)> {
    let mut key = [0u8; 4];
    let mut length = 0;
    let mut dotted = false;
    for byte in code.trim().bytes() {
        match (length, byte) {
            (0, b'a'..=b'z' | b'A'..=b'Z') => key[0] = byte.to_ascii_uppercase(),
            (1..=3, b'0'..=b'9') => key[length] = byte,
            (3, b'.') if !dotted => {
                dotted = true;
                continue;
            }
            _ => return None,
        }
        length += 1;
    }
    let complete = length == 4 || (length == 3 && !dotted);
    complete.then_some((key, length))
}

/// Binary search over the lines of the table.
fn find(key: &[u8]) -> Option<&'static str> {
    let bytes = TABLE.as_bytes();
    let (mut low, mut high) = (0, bytes.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = bytes[..middle].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end = bytes[start..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| start + at);
        let (code, text) = TABLE.get(start..end)?.split_once('\t')?;
        match code.as_bytes().cmp(key) {
            std::cmp::Ordering::Equal => return Some(text),
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn every_row_is_found_by_every_usual_spelling() {
        let mut count = 0;
        let mut before = "";
        for (code, text) in rows() {
            assert!(before < code, "{code} is out of order");
            before = code;
            count += 1;
            assert_eq!(lookup(code), Some(text));
            let usual = normalise(code).unwrap();
            assert_eq!(lookup(&usual.to_lowercase()), Some(text));
        }
        assert!(count > 14_000, "{count} rows");
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for no in
            ["", "A", "A0", "00A", "A00.", "A00.12", "A0.01", "A00..1", "Á00", "A00.x", "ZZZ", "g44.009", "I26; drop"]
        {
            assert_eq!(normalise(no), None, "{no}");
            assert_eq!(lookup(no), None, "{no}");
        }
        assert_eq!(normalise(" g440 ").as_deref(), Some("G44.0"));
        assert_eq!(lookup("U99.9"), None);
        assert_eq!(lookup("i26"), Some("Embolia pulmonar"));
    }
}
