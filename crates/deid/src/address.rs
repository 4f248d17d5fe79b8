//! Street addresses: from the street word to the end of the complements.

use crate::context::Context;
use crate::cues::Cue;
use crate::detection::Detection;
use crate::digits::{digit_at, skip_digits};
use crate::fold::{Case, Word, alnum_at, char_at, read_word};
use crate::kind::{Kind, Method};
use crate::lexicon::Entry;

/// Words in the name of a street, its particles included.
const NAME_WORDS: usize = 8;
/// Complements, district, city, state.
const SEGMENTS: usize = 8;

/// The address led by the street word `lead`. A `short` lead ("av", "r") needs more to go by.
pub(crate) fn find(cx: &Context, lead: &Word, short: bool) -> Option<Detection> {
    let text = cx.text;
    let dotted = char_at(text, lead.end) == Some('.');
    let avenue = lead.letters > 1 && matches!(lead.key, AV | ROD);
    if short && !dotted && !avenue {
        return None;
    }
    let start = skip_spaces(text, lead.end + usize::from(dotted));
    if start == lead.end {
        return None;
    }
    let street = street_name(cx, start);
    let number = house_number(cx, street.end);
    let home = cx.cues.near(Cue::Home, lead.start);
    let accepted = match number {
        Some(_) => street.words > 0 && (!short || dotted || street.first_letters > 2),
        None if street.words == 0 => false,
        None if street.first_case == Case::Title => !short || street.first_letters > 2,
        // Without a number or a capital, only "mora na rua das flores" is an address.
        None => home && !short && (street.first_case == Case::Upper || street.first_letters > 3),
    };
    if !accepted {
        return None;
    }
    let end = complements(cx, number.unwrap_or(street.end), lead.case == Case::Upper);
    let method = if home { Method::Contexto } else { Method::Forma };
    let found = Detection::new(Kind::Endereco, lead.start, end, method);
    Some(match (method, number.is_some()) {
        (Method::Forma, true) => found.with_confidence(0.85),
        (Method::Forma, false) => found.with_confidence(0.65),
        _ => found,
    })
}

const AV: u64 = crate::fold::key("av");
const ROD: u64 = crate::fold::key("rod");

struct Street {
    end: usize,
    /// Words that are neither particles nor numbers.
    words: usize,
    first_case: Case,
    first_letters: u32,
}

/// Reads "das Flores", "Dr. Arnaldo", "7 de Setembro", "XV de Novembro".
fn street_name(cx: &Context, start: usize) -> Street {
    let text = cx.text;
    let mut street = Street { end: start, words: 0, first_case: Case::Lower, first_letters: 0 };
    let mut pos = start;
    if digit_at(text, pos) {
        // A street named by a date or number: only with " de " after it or a house number later.
        let after = skip_digits(text, pos);
        let next = skip_spaces(text, after);
        match read_word(text, next) {
            Some(w) if w.key == crate::fold::key("de") => pos = next,
            _ => return street,
        }
    }
    for _ in 0..NAME_WORDS {
        let Some(word) = read_word(text, pos) else { break };
        let entry = cx.lexicon.look_up(word.key);
        let elided = word.letters == 1 && matches!(char_at(text, word.end), Some('\'' | '’'));
        let particle = elided || (entry.has(Entry::PARTICLE) && word.key != crate::fold::key("e"));
        // "Praça da Sé", "Rua Serra Azul": with a capital it is the street's own name.
        let place_word = word.case == Case::Title
            && street.words == 0
            && (pos > start || entry.has(Entry::PLACE_HEAD | Entry::SURNAME));
        let honorific = entry.role_of() == crate::lexicon::Role::Honorific;
        if !particle && !honorific && !place_word && entry.has(Entry::STOP | Entry::BLOCKED) {
            break;
        }
        if street.words > 0 && entry.has(Entry::UNIT_OF_HOME) && word.case == Case::Lower {
            break;
        }
        // In "rua Augusta há", "rua Augusta refere": the name ends where capitals end.
        if street.first_case == Case::Title && word.case == Case::Lower && !particle {
            break;
        }
        let mut next = word.end;
        if char_at(text, next) == Some('.')
            && word.letters <= 4
            && read_word(text, skip_spaces(text, next + 1)).is_some()
            && word.case.is_capital()
        {
            next += 1;
        }
        if !particle {
            if street.words == 0 {
                street.first_case = word.case;
                street.first_letters = word.letters;
            }
            street.words += 1;
            street.end = word.end;
        }
        if elided {
            pos = next + char_at(text, next).map_or(1, char::len_utf8);
            continue;
        }
        pos = skip_spaces(text, next);
        if pos == next {
            break;
        }
    }
    street
}

/// ", 123", " nº 45B", " 1000", ", s/n". Returns where it ends.
fn house_number(cx: &Context, street_end: usize) -> Option<usize> {
    let text = cx.text;
    let mut pos = skip_spaces(text, street_end);
    if matches!(char_at(text, pos), Some(',' | '-' | '–' | ':')) {
        pos = skip_spaces(text, pos + char_at(text, pos).map_or(1, char::len_utf8));
    }
    if text.get(pos..).is_some_and(|t| t.starts_with("s/n") || t.starts_with("S/N") || t.starts_with("s/nº")) {
        return Some(pos + 3);
    }
    pos = skip_number_word(cx, pos);
    if !digit_at(text, pos) || text.get(street_end..pos).is_some_and(|gap| gap.contains('\n')) {
        return None;
    }
    let mut end = skip_digits(text, pos);
    if char_at(text, end) == Some('.') && digit_at(text, end + 1) {
        end = skip_digits(text, end + 1);
    }
    let next = char_at(text, end);
    let is_time_or_date = matches!(next, Some(':' | '/' | 'h' | 'x' | 'X'));
    if end - pos > 7 || is_time_or_date || cx.is_measure(end) {
        return None;
    }
    // "123A", "45-B"
    if let Some(word) = read_word(text, end)
        && word.letters == 1
    {
        end = word.end;
    } else if next == Some('-')
        && let Some(word) = read_word(text, end + 1)
        && word.letters == 1
    {
        end = word.end;
    }
    Some(end)
}

/// Skips "nº", "n.", "n°", "número".
fn skip_number_word(cx: &Context, pos: usize) -> usize {
    let Some(word) = read_word(cx.text, pos) else { return pos };
    const WORDS: [u64; 5] = [
        crate::fold::key("n"),
        crate::fold::key("no"),
        crate::fold::key("num"),
        crate::fold::key("numero"),
        crate::fold::key("km"),
    ];
    if !WORDS.contains(&word.key) {
        return pos;
    }
    let mut pos = word.end;
    while let Some(c @ ('.' | '°' | 'º' | ':' | ' ')) = char_at(cx.text, pos) {
        pos += c.len_utf8();
        if pos > word.end + 6 {
            break;
        }
    }
    pos
}

/// Apartment, block, district, city and state after the street or number.
fn complements(cx: &Context, mut end: usize, capitals: bool) -> usize {
    let text = cx.text;
    for _ in 0..SEGMENTS {
        let mut pos = skip_spaces(text, end);
        let mark = char_at(text, pos).filter(|c| matches!(c, ',' | '-' | '–' | '/' | ';'));
        if let Some(c) = mark {
            pos = skip_spaces(text, pos + c.len_utf8());
        } else if pos == end {
            break;
        }
        let Some(word) = read_word(text, pos) else { break };
        let entry = cx.lexicon.look_up(word.key);
        if entry.has(Entry::UNIT_OF_HOME) {
            end = unit_of_home(cx, &word, capitals).unwrap_or(end);
            if end < word.end {
                break;
            }
            continue;
        }
        if mark.is_none() {
            break;
        }
        if word.letters == 2 && word.case == Case::Upper && entry.has(Entry::STATE) {
            return word.end;
        }
        let proper = word.case == Case::Title || (capitals && word.case == Case::Upper);
        if mark == Some('/') || !proper || (entry.has(Entry::BLOCKED | Entry::STOP) && !entry.has(Entry::PLACE_HEAD)) {
            break;
        }
        end = proper_words(cx, &word, capitals);
    }
    end
}

/// "apto 45", "bloco B", "fundos", "bairro Jardim América".
fn unit_of_home(cx: &Context, word: &Word, capitals: bool) -> Option<usize> {
    let text = cx.text;
    let mut pos = word.end;
    while let Some(c @ ('.' | ':' | ' ' | 'º' | '°')) = char_at(text, pos) {
        pos += c.len_utf8();
        if pos > word.end + 4 {
            break;
        }
    }
    pos = skip_number_word(cx, pos);
    if digit_at(text, pos) {
        let end = skip_digits(text, pos);
        let next = read_word(text, end).filter(|w| w.letters == 1).map_or(end, |w| w.end);
        return (!cx.is_measure(next)).then_some(next);
    }
    let standing = matches!(word.key, FUNDOS | FRENTE | CENTRO).then_some(word.end);
    let Some(next) = read_word(text, pos) else { return standing };
    if next.letters == 1
        && next.start > word.end
        && !alnum_at(text, next.end)
        && next.key != crate::fold::key("e")
        && next.key != crate::fold::key("a")
    {
        return Some(next.end);
    }
    let entry = cx.lexicon.look_up(next.key);
    let proper = next.case == Case::Title || (capitals && next.case == Case::Upper);
    if proper && next.start > word.end && (entry.has(Entry::PLACE_HEAD) || !entry.has(Entry::BLOCKED | Entry::STOP)) {
        return Some(proper_words(cx, &next, capitals));
    }
    standing
}

const FUNDOS: u64 = crate::fold::key("fundos");
const FRENTE: u64 = crate::fold::key("frente");
const CENTRO: u64 = crate::fold::key("centro");

/// Capitalised words with particles between: "Jardim das Américas". Returns where the last one ends.
fn proper_words(cx: &Context, first: &Word, capitals: bool) -> usize {
    let mut end = first.end;
    for _ in 0..5 {
        let pos = skip_spaces(cx.text, end);
        let Some(mut word) = read_word(cx.text, pos).filter(|_| pos > end) else { break };
        let mut entry = cx.lexicon.look_up(word.key);
        if entry.has(Entry::PARTICLE) && word.key != crate::fold::key("e") {
            let after = skip_spaces(cx.text, word.end);
            let Some(next) = read_word(cx.text, after) else { break };
            word = next;
            entry = cx.lexicon.look_up(word.key);
        }
        let proper = word.case == Case::Title || (capitals && word.case == Case::Upper);
        if !proper || entry.has(Entry::BLOCKED | Entry::STOP) {
            break;
        }
        end = word.end;
    }
    end
}

/// Skips up to three spaces, never a line's end.
fn skip_spaces(text: &str, mut pos: usize) -> usize {
    for _ in 0..3 {
        match char_at(text, pos) {
            Some(c @ (' ' | '\t' | '\u{a0}')) => pos += c.len_utf8(),
            _ => break,
        }
    }
    pos
}
