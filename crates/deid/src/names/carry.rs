//! Names once found, looked for in the whole text.

use super::Strength;
use super::chain::Chain;
use crate::detection::Detection;
use crate::fold::{Case, Word};
use crate::kind::{Kind, Method};
use crate::lexicon::Entry;

/// In which spelling a carried word is taken for the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Spelling {
    /// Capitalised as a name, because the word is ordinary otherwise: "Dias", not "3 dias".
    Title,
    /// In capitals of any kind.
    Capital,
    /// In any case.
    Any,
}

/// The words of the names found so far.
pub(crate) struct Carried {
    words: Vec<(u64, Spelling)>,
    /// One bit for each of 64 classes of key, to pass most words by.
    mask: u64,
}

#[inline(always)]
fn class(key: u64) -> u64 {
    1 << (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58)
}

impl Carried {
    pub(crate) fn new() -> Self {
        Carried { words: Vec::new(), mask: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Takes in the first `count` words of a name.
    pub(super) fn learn(&mut self, chain: &Chain, count: usize, strength: Strength) {
        for (i, part) in chain.parts().iter().take(count).enumerate() {
            let (word, entry) = (&part.word, part.entry);
            if word.letters < 3 {
                continue;
            }
            let ordinary = entry.has(Entry::ORDINARY | Entry::BLOCKED | Entry::UNIT | Entry::FILLER);
            let spelling = match (ordinary, i) {
                // Written small by its author, it will be written small again.
                (true, 0) if word.case == Case::Lower => Spelling::Any,
                (true, 0) => Spelling::Capital,
                (true, _) => Spelling::Title,
                (false, _) if entry.has(Entry::LOWER_ORDINARY) && word.case != Case::Lower => Spelling::Capital,
                // An unlisted word taken for a name on weak grounds must not blank the word elsewhere.
                (false, _) if entry.is_empty() && strength < Strength::Honorific => Spelling::Capital,
                (false, _) => Spelling::Any,
            };
            self.mask |= class(word.key);
            self.words.push((word.key, spelling));
        }
    }

    /// Call once after the last name and before [`Carried::find`]. Keeps the widest spelling of each word.
    pub(crate) fn seal(&mut self) {
        self.words.sort_unstable();
        self.words.reverse();
        self.words.dedup_by_key(|(key, _)| *key);
        self.words.reverse();
    }

    /// Whether this word is one of the names.
    #[inline]
    pub(crate) fn find(&self, word: &Word) -> Option<Detection> {
        if self.mask & class(word.key) == 0 {
            return None;
        }
        let at = self.words.binary_search_by_key(&word.key, |(key, _)| *key).ok()?;
        let taken = match self.words.get(at)?.1 {
            Spelling::Any => true,
            Spelling::Capital => word.case.is_capital(),
            Spelling::Title => word.case == Case::Title,
        };
        taken.then(|| Detection::new(Kind::Nome, word.start, word.end, Method::Repeticao))
    }
}
