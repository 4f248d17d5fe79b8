//! The words of a possible name, read ahead from its first.

use super::Strength;
use crate::context::Context;
use crate::fold::{Case, Word, char_at, read_word};
use crate::lexicon::Entry;

/// More words than any name has.
pub(super) const MAX_WORDS: usize = 12;

/// One word of a name, with the particle before it left out.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) word: Word,
    pub(super) entry: Entry,
    /// "da", "dos" or an apostrophe stands before it.
    pub(super) after_particle: bool,
}

/// A first word and the words after it that could belong to the same name.
pub(super) struct Chain {
    parts: [Part; MAX_WORDS],
    len: usize,
}

impl Chain {
    pub(super) fn read(cx: &Context, first: &Word, entry: Entry, strength: Strength) -> Chain {
        let part = Part { word: *first, entry, after_particle: false };
        let mut chain = Chain { parts: [part; MAX_WORDS], len: 1 };
        let mut pos = first.end;
        while chain.len < MAX_WORDS {
            let Some((word, after_particle)) = next_word(cx, pos, chain.last()) else { break };
            let part = Part { word, entry: cx.lexicon.look_up(word.key), after_particle };
            if !chain.continues(cx, &part, strength) {
                break;
            }
            if let Some(place) = chain.parts.get_mut(chain.len) {
                *place = part;
            }
            chain.len += 1;
            pos = word.end;
        }
        chain
    }

    pub(super) fn parts(&self) -> &[Part] {
        self.parts.get(..self.len).unwrap_or_default()
    }

    pub(super) fn first(&self) -> &Part {
        &self.parts[0]
    }

    fn last(&self) -> &Part {
        self.parts.get(self.len - 1).unwrap_or(&self.parts[0])
    }

    /// Where the first `words` words end.
    pub(super) fn end_of(&self, words: usize) -> usize {
        self.parts().get(words.saturating_sub(1)).map_or(self.parts[0].word.end, |p| p.word.end)
    }

    /// Whether a further word looks like part of the same name.
    fn continues(&self, cx: &Context, part: &Part, strength: Strength) -> bool {
        let (word, entry) = (&part.word, part.entry);
        // Part of an e-mail or web address.
        if matches!(char_at(cx.text, word.end), Some('@' | '_')) {
            return false;
        }
        if word.case == Case::Initial {
            return char_at(cx.text, word.end) == Some('.');
        }
        let surname = entry.has(Entry::SURNAME);
        // "Filho", "Neto" and colours are words of the ward too, but not after a name and in its spelling.
        let suffix = surname && (word.case == Case::Title || (word.case == Case::Upper && self.len > 1));
        if entry.has(Entry::BLOCKED) && !suffix {
            return false;
        }
        match word.case {
            Case::Initial => false,
            Case::Title => {
                // "MARIA SILVA Acórdão": the capitals end where the name does.
                let first = self.first().word.case;
                if first == Case::Upper && !surname && entry.bucket() < 3 {
                    return false;
                }
                // In title case after a name, also "Brelozado" is a surname: adjectives of the ward stand in lower case.
                surname || entry.bucket() >= 1 || !entry.has(Entry::EPONYM)
            }
            Case::Upper => {
                let plain = entry.has(Entry::ORDINARY);
                let known = surname || (entry.bucket() >= 1 && (!plain || entry.bucket() >= 4));
                let alone = !starts_with_capitals(cx, word.end);
                let trusted = strength == Strength::Label || part.after_particle || (entry.is_empty() && alone);
                self.first().word.case == Case::Upper
                    && (known || (trusted && word.letters > 2 && !is_adjective(cx.text, word)))
            }
            Case::Lower => {
                let plain = entry.has(Entry::ORDINARY | Entry::LOWER_ORDINARY);
                let listed = entry.bucket() >= 3 && !plain;
                let joined = part.after_particle && (entry.bucket() >= 2 || surname);
                let label =
                    strength == Strength::Label && entry.is_empty() && !is_adjective(cx.text, word) && self.len < 5;
                surname || listed || joined || (label && self.first().word.case == Case::Lower)
            }
        }
    }
}

/// Whether a word in capitals follows that is no name, so that capitals say nothing here.
fn starts_with_capitals(cx: &Context, pos: usize) -> bool {
    let next = skip_gap(cx.text, pos, false).and_then(|at| read_word(cx.text, at));
    next.is_some_and(|w| {
        let entry = cx.lexicon.look_up(w.key);
        w.case == Case::Upper && !entry.has(Entry::SURNAME) && (entry.bucket() < 3 || entry.has(Entry::ORDINARY))
    })
}

/// The next word of the name after `pos`, past one particle. Only spaces, a hyphen, the point of an initial
/// or an apostrophe may lie between.
fn next_word(cx: &Context, pos: usize, last: &Part) -> Option<(Word, bool)> {
    let initial = last.word.case == Case::Initial;
    let word = read_word(cx.text, skip_gap(cx.text, pos, initial)?)?;
    let entry = cx.lexicon.look_up(word.key);
    let is_d = word.letters == 1 && matches!(char_at(cx.text, word.end), Some('\'' | '’'));
    if !entry.has(Entry::PARTICLE) && !is_d {
        return Some((word, false));
    }
    // "Maria e João" are two people; "Castro e Silva" is one.
    let and = word.key == crate::fold::key("e") || word.key == crate::fold::key("y");
    let after = if is_d {
        word.end + char_at(cx.text, word.end).map_or(1, char::len_utf8)
    } else {
        skip_gap(cx.text, word.end, false)?
    };
    let next = read_word(cx.text, after)?;
    let entry = cx.lexicon.look_up(next.key);
    if and && !(entry.has(Entry::SURNAME) && entry.bucket() < 3 && next.case.is_capital()) {
        return None;
    }
    // "dos Santos" again, "de la Cruz"
    if entry.has(Entry::PARTICLE) {
        let word = read_word(cx.text, skip_gap(cx.text, next.end, false)?)?;
        return Some((word, true));
    }
    Some((next, true))
}

fn skip_gap(text: &str, mut pos: usize, initial: bool) -> Option<usize> {
    let start = pos;
    if initial && char_at(text, pos) == Some('.') {
        pos += 1;
    }
    for _ in 0..3 {
        match char_at(text, pos) {
            Some(c @ (' ' | '\u{a0}' | '\t')) => pos += c.len_utf8(),
            Some('-') if pos == start => return Some(pos + 1),
            _ => break,
        }
    }
    (pos > start).then_some(pos)
}

/// Endings of adjectives, participles and nouns of the ward that no unlisted name is likely to have.
pub(super) fn is_adjective(text: &str, word: &Word) -> bool {
    const ENDINGS: [&str; 50] = [
        "ado", "ada", "ados", "adas", "ido", "ida", "idos", "idas", "ico", "ica", "icos", "icas", "oso", "osa", "ivo",
        "iva", "ente", "ante", "entes", "antes", "vel", "veis", "ndo", "mente", "ção", "ções", "são", "sões", "dade",
        "ista", "ário", "ária", "ório", "ória", "enso", "ensa", "ismo", "ite", "ose", "emia", "patia", "tomia",
        "grafia", "scopia", "mento", "gia", "ou", "iu", "eram", "aram",
    ];
    let Some(spelled) = text.get(word.start..word.end) else { return false };
    if word.letters < 6 {
        return false;
    }
    let mut lower = [0u8; 64];
    let Some(buffer) = lower.get_mut(..spelled.len()) else { return true };
    buffer.copy_from_slice(spelled.as_bytes());
    lower_latin(buffer);
    ENDINGS.iter().any(|e| buffer.ends_with(e.as_bytes()))
}

/// Lower-cases ASCII and the two-byte letters À to Þ in place.
fn lower_latin(bytes: &mut [u8]) {
    bytes.make_ascii_lowercase();
    for i in 1..bytes.len() {
        if bytes[i - 1] == 0xc3 && (0x80..=0x9e).contains(&bytes[i]) {
            bytes[i] += 0x20;
        }
    }
}
