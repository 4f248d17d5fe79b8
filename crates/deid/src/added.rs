//! Phrases marked by hand.

use crate::detection::Detection;
use crate::fold::{fold_char, is_ignorable};
use crate::kind::{Kind, Method};

/// A text without case, accents and width of spaces, with the way back to its bytes.
struct Folded {
    chars: Vec<char>,
    /// Byte range of each folded character in the text.
    spans: Vec<(usize, usize)>,
}

impl Folded {
    fn new(text: &str) -> Folded {
        let mut folded = Folded { chars: Vec::with_capacity(text.len()), spans: Vec::with_capacity(text.len()) };
        for (start, c) in text.char_indices() {
            let end = start + c.len_utf8();
            if is_ignorable(c) {
                // A combining accent goes with its letter.
                if let Some(span) = folded.spans.last_mut()
                    && span.1 == start
                {
                    span.1 = end;
                }
            } else if c.is_whitespace() {
                if folded.chars.last() == Some(&' ') {
                    if let Some(span) = folded.spans.last_mut() {
                        span.1 = end;
                    }
                } else {
                    folded.chars.push(' ');
                    folded.spans.push((start, end));
                }
            } else {
                folded.chars.push(fold_char(c));
                folded.spans.push((start, end));
            }
        }
        folded
    }
}

/// Every occurrence of every phrase, whatever its case, accents and spacing. A phrase that begins or ends
/// with a letter or digit is not looked for inside a longer word. Linear in the text for each phrase.
pub(crate) fn find(text: &str, phrases: &[&str], out: &mut Vec<Detection>) {
    let mut haystack = None;
    for phrase in phrases {
        let needle = Folded::new(phrase.trim()).chars;
        if needle.iter().all(|c| !c.is_alphanumeric()) {
            continue;
        }
        let haystack = haystack.get_or_insert_with(|| Folded::new(text));
        occurrences(&haystack.chars, &needle, |from, to| {
            let inside = |a: Option<&char>, b: Option<&char>| {
                a.is_some_and(|c| c.is_alphanumeric()) && b.is_some_and(|c| c.is_alphanumeric())
            };
            let before = from.checked_sub(1).and_then(|i| haystack.chars.get(i));
            if inside(before, haystack.chars.get(from)) || inside(haystack.chars.get(to - 1), haystack.chars.get(to)) {
                return;
            }
            if let (Some(first), Some(last)) = (haystack.spans.get(from), haystack.spans.get(to - 1)) {
                out.push(Detection::new(Kind::Adicionado, first.0, last.1, Method::Manual));
            }
        });
    }
}

/// Knuth, Morris and Pratt's search: calls `found` with the range of each occurrence, overlapping ones too.
fn occurrences(haystack: &[char], needle: &[char], mut found: impl FnMut(usize, usize)) {
    let mut border = vec![0usize; needle.len()];
    let mut k = 0;
    for i in 1..needle.len() {
        while k > 0 && needle[i] != needle[k] {
            k = border[k - 1];
        }
        k += usize::from(needle[i] == needle[k]);
        border[i] = k;
    }
    let mut matched = 0;
    for (i, c) in haystack.iter().enumerate() {
        while matched > 0 && (matched == needle.len() || *c != needle[matched]) {
            matched = border[matched - 1];
        }
        matched += usize::from(*c == needle[matched]);
        if matched == needle.len() {
            found(i + 1 - matched, i + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'t>(text: &'t str, phrases: &[&str]) -> Vec<&'t str> {
        let mut out = Vec::new();
        find(text, phrases, &mut out);
        out.iter().map(|d| &text[d.start..d.end]).collect()
    }

    #[test]
    fn case_accents_and_spacing_do_not_matter() {
        assert_eq!(found("Zé do GÁS, ze  do gas, ze\u{301} do\ngas", &["ze do gás"]).len(), 3);
        assert_eq!(found("a ana na semana", &["Ana"]), ["ana"]);
        assert_eq!(found("Tio 4x4 e TIO 4X4.", &["tio 4x4"]), ["Tio 4x4", "TIO 4X4"]);
    }

    #[test]
    fn blank_phrases_find_nothing() {
        assert!(found("a . b", &["", "  ", ".", "\u{301}"]).is_empty());
    }

    #[test]
    fn overlapping_occurrences_are_all_found() {
        assert_eq!(found("la la la", &["la la"]).len(), 2);
    }
}
