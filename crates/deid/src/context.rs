//! What a recogniser may look at.

use crate::cues::{Cue, Cues};
use crate::detection::Detection;
use crate::fold::{char_at, read_word};
use crate::kind::{Kind, Method};
use crate::lexicon::{Entry, Lexicon};

/// The text, what has been read of it, and the lexicon.
pub(crate) struct Context<'a> {
    pub(crate) text: &'a str,
    pub(crate) cues: &'a Cues,
    pub(crate) lexicon: Lexicon,
}

impl Context<'_> {
    /// Whether a unit makes the number that ends at `pos` a measure: "mg", "/mm³", "%", "x 10".
    pub(crate) fn is_measure(&self, pos: usize) -> bool {
        let mut at = pos;
        while char_at(self.text, at).is_some_and(|c| c == ' ' || c == '\u{a0}') && at - pos < 4 {
            at += char_at(self.text, at).map_or(1, char::len_utf8);
        }
        match char_at(self.text, at) {
            Some('%' | '‰' | '°' | 'º' | 'µ' | 'μ' | '×') => true,
            Some('/') => read_word(self.text, at + 1).is_some_and(|w| self.lexicon.look_up(w.key).has(Entry::UNIT)),
            _ => {
                read_word(self.text, at).is_some_and(|w| w.letters < 14 && self.lexicon.look_up(w.key).has(Entry::UNIT))
            }
        }
    }

    /// A detection whose method follows from its check digits and from a cue nearby.
    pub(crate) fn weigh(&self, kind: Kind, cue: Cue, start: usize, end: usize, valid: bool) -> Detection {
        let method = match (valid, self.cues.near(cue, start)) {
            (true, true) => Method::DigitoContexto,
            (true, false) => Method::FormaDigito,
            (false, true) => Method::Contexto,
            (false, false) => Method::Forma,
        };
        Detection::new(kind, start, end, method)
    }
}
