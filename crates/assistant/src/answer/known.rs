//! Terms that are no names of people, however much they look like them: journals and the texts of CID-10.
//!
//! A detection that lies wholly inside such a term is let go; whatever reaches beyond it is not.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::LazyLock,
};

use sigilo_citations::{fold, is_small_in_journals, journal_names};
use sigilo_knowledge::cid10;

/// A term of one word could be somebody's surname.
const FEWEST_WORDS: usize = 2;
/// Longer terms are recognised by their beginning.
const MOST_WORDS: usize = 12;

struct Terms {
    /// Words joined by spaces.
    keys: HashSet<String>,
    /// First word → words of its longest term.
    longest: HashMap<String, usize>,
}

static TERMS: LazyLock<Terms> = LazyLock::new(|| {
    let mut terms = Terms { keys: HashSet::new(), longest: HashMap::new() };
    let texts = cid10::rows().map(|(_, text)| words(text).map(|(_, word)| word).collect::<Vec<_>>());
    for words in journal_names().into_iter().map(|name| name.split(' ').map(str::to_owned).collect()).chain(texts) {
        terms.add(words);
    }
    terms
});

impl Terms {
    fn add(&mut self, mut words: Vec<String>) {
        words.truncate(MOST_WORDS);
        let Some(first) = words.first() else { return };
        if words.len() < FEWEST_WORDS {
            return;
        }
        let longest = self.longest.entry(first.clone()).or_default();
        *longest = words.len().max(*longest);
        self.keys.insert(words.join(" "));
    }
}

/// The words of a text that count, folded, each with its place.
fn words(text: &str) -> impl Iterator<Item = (Range<usize>, String)> {
    text.split(|c: char| !c.is_alphanumeric())
        .map(|word| {
            let start = word.as_ptr() as usize - text.as_ptr() as usize;
            (start..start + word.len(), fold(word))
        })
        .filter(|(_, word)| !word.is_empty() && !is_small_in_journals(word))
}

/// Where known terms stand in a text.
pub(super) fn spans(text: &str) -> Vec<Range<usize>> {
    let words: Vec<_> = words(text).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((place, first)) = words.get(at) {
        let longest = TERMS.longest.get(first).copied().unwrap_or(0).min(words.len() - at);
        let matched = (FEWEST_WORDS..=longest).rev().find(|count| {
            let key = words[at..at + count].iter().map(|(_, word)| word.as_str()).collect::<Vec<_>>().join(" ");
            TERMS.keys.contains(&key)
        });
        if let Some(count) = matched {
            found.push(place.start..words[at + count - 1].0.end);
        }
        at += matched.unwrap_or(1);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journals_and_cid_texts_are_found_whole() {
        let of = |text: &'static str| spans(text).into_iter().map(|span| &text[span]).collect::<Vec<_>>();
        assert_eq!(of("Publicado em Arq. Bras. Cardiol., 2019."), ["Arq. Bras. Cardiol"]);
        assert_eq!(
            of("no The New England Journal of Medicine e no Lancet"),
            ["New England Journal of Medicine"],
            "one word alone is no term"
        );
        assert_eq!(of("Maria das Dores foi ao Hospital"), [""; 0]);
    }
}
