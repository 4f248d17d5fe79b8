//! Names of persons: introduced by a word, or in the census list; then carried through the text.

mod carry;
mod chain;
mod judge;

pub(crate) use carry::Carried;

use crate::context::Context;
use crate::detection::Detection;
use crate::fold::{Case, Word, char_at};
use crate::kind::Kind;
use crate::lexicon::{Entry, Role};
use chain::Chain;

/// The word that introduces a name, while it still does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Indicator {
    end: usize,
    strength: Strength,
}

/// How strongly a word promises a name, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// Nothing introduces it.
    None,
    /// "filha de", "seu": only a listed name follows.
    Listed,
    /// "paciente", "filha".
    Person,
    /// "Dra.", "Dona".
    Honorific,
    /// "Nome:", "chama-se".
    Label,
}

/// Reads names while the scan goes by.
pub(crate) struct Names {
    indicator: Option<Indicator>,
    /// End of the last word after which a listed name is not a person's: "doença de", "Hospital".
    guard: Option<usize>,
    previous: Option<(u64, usize)>,
    pub(crate) carried: Carried,
}

impl Names {
    pub(crate) fn new() -> Self {
        Names { indicator: None, guard: None, previous: None, carried: Carried::new() }
    }

    /// A datum or an old tag went by: nothing before it introduces what follows.
    pub(crate) fn clear(&mut self) {
        self.indicator = None;
        self.guard = None;
        self.previous = None;
    }

    /// Takes in one word. Returns the name that starts there, if one does.
    #[inline]
    pub(crate) fn word(&mut self, cx: &Context, word: &Word, entry: Entry) -> Option<Detection> {
        if entry.is_empty() && self.indicator.is_none() && self.guard.is_none() {
            self.previous = None;
            return None;
        }
        self.known_word(cx, word, entry)
    }

    fn known_word(&mut self, cx: &Context, word: &Word, entry: Entry) -> Option<Detection> {
        let strength = self.strength_at(cx, word.start);
        let guarded = self.guard.is_some_and(|end| is_light(cx.text, end, word.start));
        if self.introduces(cx, word, entry, strength, guarded) {
            self.previous = Some((word.key, word.end));
            return None;
        }
        self.previous = Some((word.key, word.end));
        self.indicator = None;
        self.guard = None;
        // Reading ahead is dear: only for a word that could be a first name.
        let hopeless = strength <= Strength::Listed && (guarded || !judge::may_stand_alone(word, entry));
        if hopeless || (entry.has(Entry::BLOCKED) && strength < Strength::Honorific) {
            return None;
        }
        let chain = Chain::read(cx, word, entry, strength);
        let verdict = judge::judge(cx, &chain, strength)?;
        let end = chain.end_of(verdict.words);
        self.carried.learn(&chain, verdict.words, strength);
        let found = Detection::new(Kind::Nome, word.start, end, verdict.method);
        Some(found.with_confidence(verdict.confidence))
    }

    /// What the last indicator is worth for a word that starts at `start`.
    fn strength_at(&self, cx: &Context, start: usize) -> Strength {
        let Some(indicator) = self.indicator else { return Strength::None };
        match gap(cx.text, indicator.end, start) {
            Some(Gap::Light) => indicator.strength,
            Some(Gap::Colon) if indicator.strength == Strength::Person => Strength::Honorific,
            Some(Gap::Colon) => indicator.strength,
            Some(Gap::Point) if indicator.strength == Strength::Honorific => indicator.strength,
            Some(Gap::Point) => Strength::Listed.min(indicator.strength),
            None => Strength::None,
        }
    }

    /// Sets indicator and guard by the word's role. True if the word was nothing but that.
    fn introduces(&mut self, cx: &Context, word: &Word, entry: Entry, now: Strength, guarded: bool) -> bool {
        let end = word.end;
        let set = |strength| Some(Indicator { end, strength });
        match entry.role_of() {
            Role::Person => self.indicator = set(Strength::Person),
            Role::Honorific => self.indicator = set(Strength::Honorific),
            Role::WeakHonorific if word.letters > 1 => self.indicator = set(Strength::Listed),
            // "D. Maria"
            Role::WeakHonorific if word.case == Case::Initial && char_at(cx.text, end) == Some('.') => {
                self.indicator = set(Strength::Listed);
            }
            Role::Label => self.indicator = set(Strength::Label),
            Role::Calls => {
                let reflexive = self.previous.is_some_and(|(key, at)| (key == SE || key == ME) && word.start - at <= 2);
                self.indicator = set(if reflexive { Strength::Label } else { Strength::Listed });
            }
            _ if (word.key == SE)
                && self.previous.is_some_and(|(_, at)| word.start - at == 1 && at + 1 == word.start)
                && now == Strength::Listed
                && cx.text.as_bytes().get(word.start - 1) == Some(&b'-') =>
            {
                self.indicator = set(Strength::Label);
            }
            // Words between the indicator and the name: "nome completo:", "filha de".
            _ if now > Strength::None && entry.has(Entry::FILLER) && entry.bucket() == 0 => {
                let strength =
                    if now == Strength::Label || !entry.has(Entry::PARTICLE) { now } else { Strength::Listed };
                self.indicator = set(strength);
            }
            // "Charcot-Marie-Tooth"
            _ if entry.has(Entry::EPONYM) && now <= Strength::Listed && char_at(cx.text, end) == Some('-') => {
                self.guard = Some(end);
                self.indicator = None;
                return true;
            }
            _ if guarded && entry.has(Entry::PARTICLE) => {
                self.guard = Some(end);
                return true;
            }
            _ => {
                if entry.has(Entry::EPONYM_HEAD | Entry::PLACE_HEAD)
                    && !(entry.has(Entry::SURNAME) && now > Strength::None)
                {
                    self.guard = Some(end);
                    self.indicator = None;
                    return true;
                }
                return false;
            }
        }
        self.guard = None;
        true
    }
}

const SE: u64 = crate::fold::key("se");
const ME: u64 = crate::fold::key("me");

enum Gap {
    Light,
    Colon,
    Point,
}

fn is_light(text: &str, end: usize, start: usize) -> bool {
    matches!(gap(text, end, start), Some(Gap::Light))
}

/// What stands between an indicator and the word it may introduce. `None` if too much does.
fn gap(text: &str, end: usize, start: usize) -> Option<Gap> {
    const LONGEST: usize = 8;
    let between = text.get(end..start).filter(|g| g.len() <= LONGEST)?;
    let mut gap = Gap::Light;
    for c in between.chars() {
        match c {
            ' ' | '\t' | '\u{a0}' | '"' | '\'' | '“' | '”' | '(' | '*' | '_' | '-' | '–' | ',' | '/' | '>' => {}
            ':' | '=' => gap = Gap::Colon,
            '.' | ')' if !matches!(gap, Gap::Colon) => gap = Gap::Point,
            '\n' | '\r' if matches!(gap, Gap::Colon) => {}
            _ => return None,
        }
    }
    Some(gap)
}
