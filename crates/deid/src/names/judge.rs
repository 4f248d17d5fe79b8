//! Whether a chain of words is a person's name, and how surely.

use super::Strength;
use super::chain::{Chain, Part, is_adjective};
use crate::context::Context;
use crate::digits::digit_at;
use crate::fold::{Case, Word, char_at, read_word};
use crate::kind::Method;
use crate::lexicon::Entry;

pub(super) struct Verdict {
    /// How many words of the chain belong to the name.
    pub(super) words: usize,
    pub(super) method: Method,
    pub(super) confidence: f32,
}

/// Bearers from which a name is common (10,000) or very common (50,000).
const COMMON: u32 = 4;
const VERY_COMMON: u32 = 5;

pub(super) fn judge(cx: &Context, chain: &Chain, strength: Strength) -> Option<Verdict> {
    let first = chain.first();
    if matches!(char_at(cx.text, first.word.end), Some('@' | '_')) {
        return None;
    }
    let words = chain.parts().len();
    let accepted = match strength {
        Strength::None => return by_list(cx, chain),
        Strength::Listed => is_listed(first, 3) || by_list(cx, chain).is_some(),
        Strength::Person => after_person(cx, chain),
        Strength::Honorific => after_honorific(cx, chain),
        Strength::Label => after_label(cx, first),
    };
    let listed = first.entry.bucket() > 0;
    accepted.then_some(Verdict {
        words,
        method: Method::Indicador,
        confidence: match (strength, listed) {
            (Strength::Label | Strength::Honorific, true) => 0.95,
            (_, true) => 0.90,
            (Strength::Label | Strength::Honorific, false) => 0.85,
            (_, false) => 0.75,
        },
    })
}

/// Whether the list could ever take the word for a first name with little or nothing to introduce it.
pub(super) fn may_stand_alone(word: &Word, entry: Entry) -> bool {
    let plain = Entry::ORDINARY | Entry::LOWER_ORDINARY | Entry::EPONYM;
    entry.bucket() > 0 && word.case != Case::Initial && !(word.case == Case::Lower && entry.has(plain))
}

/// A listed name borne by enough people that is no ordinary word in this spelling.
fn is_listed(part: &Part, least: u32) -> bool {
    let plain = match part.word.case {
        Case::Lower => Entry::ORDINARY | Entry::LOWER_ORDINARY | Entry::BLOCKED | Entry::EPONYM,
        _ => Entry::ORDINARY | Entry::BLOCKED | Entry::EPONYM,
    };
    let eponym_but_common =
        part.entry.has(Entry::EPONYM) && part.entry.bucket() >= VERY_COMMON && part.word.case == Case::Title;
    part.entry.bucket() >= least
        && (!part.entry.has(plain) || (eponym_but_common && !part.entry.has(Entry::ORDINARY | Entry::BLOCKED)))
}

/// "Paciente Maria", "paciente maria", "filha ZULEIDE".
fn after_person(cx: &Context, chain: &Chain) -> bool {
    let first = chain.first();
    let entry = first.entry;
    let word = &first.word;
    if entry.has(Entry::BLOCKED) {
        return false;
    }
    let second = chain.parts().get(1);
    match word.case {
        Case::Title => {
            let ordinary = entry.has(Entry::ORDINARY);
            let alone = entry.bucket() >= COMMON || entry.has(Entry::SURNAME);
            let followed =
                second.is_some_and(|p| p.entry.bucket() >= 2 || p.entry.has(Entry::SURNAME) || p.after_particle);
            if ordinary || entry.has(Entry::EPONYM) {
                return (alone && entry.bucket() >= 2) || (entry.bucket() > 0 && followed);
            }
            entry.bucket() >= 2
                || entry.has(Entry::SURNAME)
                || (word.letters >= 3
                    && !entry.has(NOT_A_NAME)
                    && (!is_adjective(cx.text, word) || (entry.bucket() > 0 && followed)))
        }
        Case::Upper => {
            (word.letters >= 3 && is_listed(first, 2))
                || (is_listed(first, 1) || entry.bucket() >= COMMON) && second.is_some()
        }
        Case::Lower => {
            is_listed(first, 2) || (entry.bucket() >= 3 && second.is_some_and(|p| p.entry.has(Entry::SURNAME)))
        }
        Case::Initial => initials(cx, chain),
    }
}

/// Flags of words that are something definite and no name.
const NOT_A_NAME: u32 = Entry::BLOCKED
    | Entry::EPONYM
    | Entry::STOP
    | Entry::UNIT
    | Entry::FILLER
    | Entry::MONTH
    | Entry::PLACE_HEAD
    | Entry::EPONYM_HEAD;

/// "Dra. Zuleica", "dona rosa".
fn after_honorific(cx: &Context, chain: &Chain) -> bool {
    let first = chain.first();
    let (word, entry) = (&first.word, first.entry);
    let surname = entry.has(Entry::SURNAME);
    match word.case {
        Case::Title => {
            word.letters >= 2
                && (surname || entry.bucket() >= 2 || !entry.has(NOT_A_NAME & !Entry::EPONYM))
                && (entry.bucket() > 0 || surname || !is_adjective(cx.text, word))
        }
        Case::Upper => {
            (word.letters >= 3 && (is_listed(first, 1) || entry.bucket() >= COMMON || surname))
                && !entry.has(Entry::BLOCKED)
        }
        Case::Lower => !entry.has(Entry::BLOCKED) && (is_listed(first, 1) || entry.bucket() >= 3 || surname),
        Case::Initial => initials(cx, chain),
    }
}

/// After "Nome:" anything that is no blank answer.
fn after_label(cx: &Context, first: &Part) -> bool {
    let (word, entry) = (&first.word, first.entry);
    if entry.has(Entry::BLOCKED) && !entry.has(Entry::SURNAME) {
        return false;
    }
    match word.case {
        Case::Lower => {
            word.letters >= 3 && (entry.bucket() > 0 || (!entry.has(NOT_A_NAME) && !is_adjective(cx.text, word)))
        }
        Case::Initial => char_at(cx.text, word.end) == Some('.'),
        _ => word.letters >= 2,
    }
}

/// "J. A. Souza": initials count when a surname or a listed name ends them.
fn initials(cx: &Context, chain: &Chain) -> bool {
    char_at(cx.text, chain.first().word.end) == Some('.')
        && chain
            .parts()
            .iter()
            .skip(1)
            .any(|p| p.word.case != Case::Initial && (p.entry.has(Entry::SURNAME) || p.entry.bucket() >= 3))
}

/// ", 45 anos" after the word: only a person has an age.
fn has_age(cx: &Context, end: usize) -> bool {
    const ANOS: u64 = crate::fold::key("anos");
    const MESES: u64 = crate::fold::key("meses");
    let Some(rest) = cx.text.get(end..) else { return false };
    let number = rest.trim_start_matches([',', ' ', '(']);
    let gap = rest.len() - number.len();
    let digits = number.bytes().take(4).take_while(u8::is_ascii_digit).count();
    if !(1..=3).contains(&gap) || !(1..=3).contains(&digits) {
        return false;
    }
    let unit = end + gap + digits;
    let space = usize::from(char_at(cx.text, unit) == Some(' '));
    read_word(cx.text, unit + space).is_some_and(|w| w.key == ANOS || w.key == MESES)
}

/// With nothing to introduce it, the census list decides.
fn by_list(cx: &Context, chain: &Chain) -> Option<Verdict> {
    let first = chain.first();
    let (word, entry) = (&first.word, first.entry);
    if entry.has(Entry::BLOCKED) || entry.bucket() == 0 {
        return None;
    }
    let verdict = |words, confidence| Some(Verdict { words, method: Method::Lista, confidence });
    let known = chain
        .parts()
        .iter()
        .skip(1)
        .take_while(|p| {
            matches!(p.word.case, Case::Initial | Case::Upper)
                || p.entry.has(Entry::SURNAME)
                || p.entry.bucket() >= 1
                || p.after_particle
        })
        .count();
    let backed = chain.parts().iter().skip(1).take(known).any(|p| p.entry.has(Entry::SURNAME) || p.entry.bucket() >= 3);
    let plain = entry.has(Entry::ORDINARY | Entry::EPONYM);
    // "Glasgow 15", "Wilson 3": a score, not a person.
    let scored = digit_at(cx.text, word.end + 1);
    match word.case {
        Case::Title => {
            if backed && known > 0 && (entry.bucket() >= if plain { 3 } else { 1 }) {
                return verdict(chain.parts().len(), 0.80);
            }
            if plain && entry.bucket() >= COMMON && chain.parts().len() == 1 && has_age(cx, word.end) {
                return Some(Verdict { words: 1, method: Method::Indicador, confidence: 0.80 });
            }
            (is_listed(first, 3) && !(entry.has(Entry::EPONYM) && scored)).then_some(())?;
            verdict(chain.parts().len(), if entry.bucket() >= VERY_COMMON { 0.65 } else { 0.55 })
        }
        Case::Upper => {
            if backed && known > 0 && is_listed(first, 2) {
                return verdict(chain.parts().len(), 0.75);
            }
            (word.letters >= 5 && is_listed(first, VERY_COMMON)).then_some(())?;
            verdict(1 + known, 0.60)
        }
        Case::Lower => {
            if backed && known > 0 && is_listed(first, 3) {
                return verdict(1 + known, 0.70);
            }
            is_listed(first, VERY_COMMON).then_some(())?;
            verdict(1 + known, 0.50)
        }
        Case::Initial => None,
    }
}
