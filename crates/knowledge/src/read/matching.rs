//! Surface forms in the tokens of a note.

use super::Match;
use crate::lexicon::{Form, Lexicon, Word, joins};
use crate::text::{Gap, Token};

/// How far apart the words of a window may stand.
const REACH: usize = 6;
/// How many joining words may stand between two words of a form.
const SKIPS: usize = 3;

fn says(words: &[Word], token: &Token) -> bool {
    words.iter().any(|word| match word {
        Word::Stem(stem) => *stem == token.stem,
        Word::Prefix(prefix) => token.text.starts_with(prefix.as_str()),
    })
}

/// Words one after the other, the longest first, none used twice.
pub(super) fn solid(tokens: &[Token], lexicon: &Lexicon) -> Vec<Match> {
    let mut found = Vec::new();
    let mut index = 0;
    while index < tokens.len() {
        let mut best: Vec<Match> = Vec::new();
        for form in lexicon.starting(&tokens[index].text, &tokens[index].stem) {
            let form = &lexicon.forms[form];
            if form.window {
                continue;
            }
            let Some(at) = follow(tokens, index, form) else { continue };
            let longest = best.first().map_or(0, |best| best.at.len());
            if at.len() > longest {
                best.clear();
            }
            if at.len() >= longest && !best.iter().any(|other| other.concept == form.concept) {
                best.push(Match { concept: form.concept, negated: form.negated, at });
            }
        }
        index = best.first().and_then(|best| best.at.last()).map_or(index, |last| *last) + 1;
        found.append(&mut best);
    }
    found
}

fn follow(tokens: &[Token], start: usize, form: &Form) -> Option<Vec<usize>> {
    let mut at = Vec::with_capacity(form.words.len());
    let mut next = start;
    for (position, words) in form.words.iter().enumerate() {
        let mut skipped = 0;
        loop {
            let token = tokens.get(next)?;
            if position > 0 && token.gap > Gap::Space {
                return None;
            }
            if says(words, token) {
                at.push(next);
                next += 1;
                break;
            }
            if position == 0 || skipped == SKIPS || !joins(&token.text) {
                return None;
            }
            skipped += 1;
            next += 1;
        }
    }
    Some(at)
}

/// Words near each other in any order, within a clause.
pub(super) fn windows(tokens: &[Token], lexicon: &Lexicon) -> Vec<Match> {
    let mut found: Vec<Match> = Vec::new();
    for index in 0..tokens.len() {
        for form in lexicon.starting(&tokens[index].text, &tokens[index].stem) {
            let form = &lexicon.forms[form];
            if !form.window || !says(&form.words[0], &tokens[index]) {
                continue;
            }
            let (low, high) = clause(tokens, index);
            let mut at = vec![index];
            for words in &form.words[1..] {
                let near = (low..high).filter(|other| !at.contains(other) && says(words, &tokens[*other]));
                match near.min_by_key(|other| other.abs_diff(index)) {
                    Some(other) => at.push(other),
                    None => break,
                }
            }
            if at.len() == form.words.len() {
                at.sort_unstable();
                found.push(Match { concept: form.concept, negated: form.negated, at });
            }
        }
    }
    found
}

/// The tokens around one, up to the reach, a comma, or a word that turns the sentence.
fn clause(tokens: &[Token], index: usize) -> (usize, usize) {
    let turns = |token: &Token| {
        matches!(token.text.as_str(), "e" | "mas" | "porem" | "nega" | "nem" | "exceto" | "refere" | "nao" | "sem")
    };
    let mut low = index;
    while low > 0 && index - low < REACH && tokens[low].gap <= Gap::Space && !turns(&tokens[low - 1]) {
        low -= 1;
    }
    let mut high = index + 1;
    while high < tokens.len() && high - index <= REACH && tokens[high].gap <= Gap::Space && !turns(&tokens[high]) {
        high += 1;
    }
    (low, high)
}
