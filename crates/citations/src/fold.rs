//! Bringing titles, names and journals to a form in which they can be compared.

use std::collections::HashSet;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Words that say nothing about which article it is.
const STOP_WORDS: &[&str] = &[
    "a", "ao", "an", "and", "are", "as", "at", "by", "com", "da", "das", "de", "del", "der", "des", "die", "do", "dos",
    "du", "e", "el", "em", "en", "et", "for", "from", "in", "into", "is", "its", "la", "le", "les", "los", "na", "nas",
    "no", "nos", "o", "of", "on", "or", "os", "para", "por", "pour", "s", "sobre", "the", "to", "um", "uma", "und",
    "using", "via", "with", "y",
];

/// Longest text that is looked at, in bytes; nothing in a reference is as long.
const LONGEST: usize = 4096;

/// The beginning of a text, as much as is looked at.
pub fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

/// Lower case, without accents, markup, entities and ligatures.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in without_markup(beginning(text)).nfkd().filter(|&c| !is_combining_mark(c)) {
        match c {
            'ß' => out.push_str("ss"),
            'Æ' | 'æ' => out.push_str("ae"),
            'Œ' | 'œ' => out.push_str("oe"),
            'Ø' | 'ø' => out.push('o'),
            'Ł' | 'ł' => out.push('l'),
            'Đ' | 'đ' | 'Ð' | 'ð' => out.push('d'),
            'ı' => out.push('i'),
            'α' | 'Α' => out.push_str("alpha"),
            'β' | 'Β' => out.push_str("beta"),
            'γ' | 'Γ' => out.push_str("gamma"),
            'δ' | 'Δ' => out.push_str("delta"),
            'κ' | 'Κ' => out.push_str("kappa"),
            'µ' | 'μ' => out.push_str("mu"),
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

/// Tags and the few entities that occur in titles.
fn without_markup(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return text.to_owned();
    }
    let text = unescaped(text);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let name = tag[1..].trim_start_matches('/');
        match tag.find('>') {
            Some(end) if end < 24 && name.starts_with(|c: char| c.is_ascii_alphabetic()) => rest = &tag[end + 1..],
            _ => {
                out.push('<');
                rest = &tag[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The few entities that occur in titles and names, as characters.
pub fn unescaped(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut out = text.to_owned();
    for (entity, plain) in [
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ] {
        out = out.replace(entity, plain);
    }
    out
}

/// The words of a text, folded, in order; letters and digits only, apostrophes closed up.
pub fn words(text: &str) -> Vec<String> {
    let folded = fold(text).replace(['’', '`', '´'], "'").replace("'s ", " ").replace(['\'', '\u{ad}'], "");
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Whether a folded word says nothing about which article it is.
pub fn is_small(word: &str) -> bool {
    STOP_WORDS.contains(&word)
}

/// Words that tell one title from another.
pub fn content_words(text: &str) -> Vec<String> {
    let all = words(text);
    let content: Vec<String> = all.iter().filter(|word| !is_small(word)).cloned().collect();
    // A title of nothing but small words is still a title.
    if content.is_empty() { all } else { content }
}

/// Both titles with compounds written alike: `health care` and `healthcare`, and what a hyphen at the end of a line left.
pub fn closed_up(one: &[String], other: &[String]) -> (Vec<String>, Vec<String>) {
    let joined = |words: &[String], there: &[String]| {
        let (here, there): (HashSet<&String>, HashSet<&String>) = (words.iter().collect(), there.iter().collect());
        let mut out: Vec<String> = Vec::with_capacity(words.len());
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let pair = words.get(at + 1).map(|next| format!("{word}{next}"));
            match pair.filter(|pair| there.contains(pair) && !here.contains(pair)) {
                Some(pair) => {
                    out.push(pair);
                    at += 2;
                }
                None => {
                    out.push(word.clone());
                    at += 1;
                }
            }
        }
        out
    };
    let first = joined(one, other);
    let second = joined(other, &first);
    (first, second)
}

/// A DOI without resolver, in lower case; none when it is not one.
pub fn doi(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let at = text.find("10.")?;
    let doi = text[at..].split_whitespace().next()?.trim_end_matches(['.', ',', ';', ')', ']', '>', '"']);
    (doi.contains('/') && doi.len() > 7).then(|| doi.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_spellings_meet() {
        assert_eq!(words("TNF-α in Crohn’s <i>disease</i>"), ["tnf", "alpha", "in", "crohn", "disease"]);
        assert_eq!(words("A &lt; B &amp; C"), ["a", "b", "c"]);
        assert_eq!(words("p<0.05 and q>1"), ["p", "0", "05", "and", "q", "1"]);
        assert_eq!(words("D’Ávila"), ["davila"]);
        assert_eq!(doi("https://doi.org/10.1016/S0140-6736(97)11096-0."), Some("10.1016/s0140-6736(97)11096-0".into()));
        assert_eq!(doi("sem DOI"), None);
        assert_eq!(content_words("The effect of the heart"), ["effect", "heart"]);
        assert_eq!(content_words("To be or not"), ["be", "not"]);
    }
}
