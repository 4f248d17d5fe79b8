//! Whether two names mean the same journal.

use std::{
    collections::{HashMap, HashSet},
    io::Read,
    sync::LazyLock,
};

use flate2::read::GzDecoder;

use crate::fold::words;

/// Full names and abbreviations (JabRef, CC0).
static LIST: &[u8] = include_bytes!("../../../data/references/journals.tsv.gz");
/// Key of a name → key of its abbreviation.
static ABBREVIATIONS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let text = list();
    text.lines().filter_map(|line| line.split_once('\t')).map(|(full, short)| (key(full), key(short))).collect()
});

/// Empty only in a damaged program.
fn list() -> String {
    let mut text = String::new();
    let _ = GzDecoder::new(LIST).read_to_string(&mut text);
    text
}

const SMALL: &[&str] =
    &["the", "of", "and", "for", "in", "de", "da", "do", "e", "y", "et", "la", "le", "di", "und", "der", "a"];

fn parts(text: &str) -> Vec<String> {
    // What stands in brackets is the place, which PubMed adds and others leave out.
    let open = text.find(['(', '[']).filter(|&at| at > 0).unwrap_or(text.len());
    words(&text[..open]).into_iter().filter(|word| !SMALL.contains(&word.as_str())).collect()
}

fn key(text: &str) -> String {
    parts(text).join(" ")
}

/// Whether two names mean the same journal: the same words, a known abbreviation, or word for word a prefix, in order.
pub fn same(one: &str, other: &str) -> bool {
    let (a, b) = (parts(one), parts(other));
    if a.is_empty() || b.is_empty() {
        return false;
    }
    let (ka, kb) = (a.join(" "), b.join(" "));
    if ka == kb {
        return true;
    }
    let known = |key: &str| ABBREVIATIONS.get(key).cloned();
    let (sa, sb) = (known(&ka), known(&kb));
    sa.as_ref() == Some(&kb)
        || sb.as_ref() == Some(&ka)
        || (sa.is_some() && sa == sb)
        || abbreviates(&a, &b)
        || abbreviates(&b, &a)
        || acronym(&a, &b)
        || acronym(&b, &a)
}

/// `n engl j med` of `new england journal medicine`: every word a prefix of its counterpart, none left over.
fn abbreviates(short: &[String], long: &[String]) -> bool {
    short.len() == long.len() && short.iter().zip(long).all(|(s, l)| l.starts_with(s.as_str()))
}

/// `pnas`, `jama`: one word of first letters.
fn acronym(short: &[String], long: &[String]) -> bool {
    short.len() == 1 && long.len() > 2 && short[0].chars().eq(long.iter().filter_map(|word| word.chars().next()))
}

/// The names and abbreviations in the list, with and without the place in brackets: words in lower case without accents
/// and without small words, joined by spaces.
pub fn journal_names() -> Vec<String> {
    let whole = |name: &str| {
        let words = words(name).into_iter().filter(|word| !SMALL.contains(&word.as_str()));
        words.collect::<Vec<_>>().join(" ")
    };
    list().lines().flat_map(|line| line.split('\t')).flat_map(|name| [key(name), whole(name)]).collect()
}

/// Whether a word is left out of [`journal_names`].
pub fn is_small_in_journals(word: &str) -> bool {
    SMALL.contains(&word)
}

/// Whether a journal of this name or abbreviation is in the list.
pub(crate) fn is_known(name: &str) -> bool {
    static SHORT: LazyLock<HashSet<String>> = LazyLock::new(|| ABBREVIATIONS.values().cloned().collect());
    let key = key(name);
    !key.is_empty() && (ABBREVIATIONS.contains_key(&key) || SHORT.contains(&key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abbreviations_are_the_same_journal_and_others_are_not() {
        for (one, other) in [
            ("N Engl J Med", "The New England Journal of Medicine"),
            ("Arq Bras Cardiol", "Arquivos brasileiros de cardiologia"),
            ("Lancet", "Lancet (London, England)"),
            ("PNAS", "Proceedings of the National Academy of Sciences"),
            ("BMJ", "BMJ (Clinical research ed.)"),
            ("Am. J. Cardiol.", "The American journal of cardiology"),
        ] {
            assert!(same(one, other) && same(other, one), "{one} / {other}");
        }
        for (one, other) in
            [("Lancet", "Lancet Oncology"), ("Heart", "Heart Rhythm"), ("", "Lancet"), ("CVPR", "J Bone Oncol")]
        {
            assert!(!same(one, other), "{one} / {other}");
        }
    }
}
