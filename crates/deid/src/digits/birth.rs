//! Dates of birth. A date is one only when the words before it say so; dates of care stay.

use super::run::{Run, Sep};
use crate::context::Context;
use crate::cues::Cue;
use crate::detection::Detection;
use crate::fold::{char_at, read_word};
use crate::kind::{Kind, Method};
use crate::lexicon::Entry;

/// Words that may stand between "nascido" and the date: "de parto normal em".
const WORDS_BETWEEN: usize = 2;

pub(super) fn find(run: &Run, cx: &Context) -> Option<Detection> {
    let start = run.first().start;
    if !cx.cues.within(Cue::Birth, start, WORDS_BETWEEN) {
        return None;
    }
    let end = if let Some(groups) = date_groups(run) {
        run.end_of(groups)
    } else if let Some(end) = with_month_name(run, cx) {
        end
    } else if cx.cues.tight(Cue::Birth, start) && is_compact(run) {
        run.first().end
    } else {
        return None;
    };
    Some(Detection::new(Kind::Nascimento, start, end, Method::Contexto))
}

/// Whether the run begins with a numeric date.
pub(super) fn is_date(run: &Run) -> bool {
    date_groups(run).is_some()
}

fn date_groups(run: &Run) -> Option<usize> {
    let groups = run.groups();
    let joined = |n: usize| run.seps(n).all(|s| matches!(s, Sep::Slash | Sep::Dot | Sep::Dash | Sep::Space));
    let same = |n: usize| {
        let mut seps = run.seps(n);
        seps.next().is_some_and(|first| seps.all(|s| s == first))
    };
    let (a, b) = (run.value(0)?, run.value(1).unwrap_or(0));
    let [first, second, rest @ ..] = groups else { return None };
    let day_month = first.len <= 2 && second.len <= 2 && (1..=31).contains(&a) && (1..=12).contains(&b);
    if let [third, ..] = rest
        && joined(3)
        && same(3)
    {
        let c = run.value(2)?;
        if day_month && matches!(third.len, 2 | 4) {
            return Some(3);
        }
        let year_first = first.len == 4 && (1850..=2100).contains(&a) && (1..=12).contains(&b) && (1..=31).contains(&c);
        if year_first && third.len <= 2 {
            return Some(3);
        }
    }
    (day_month && second.sep == Sep::Slash).then_some(2)
}

/// "ddmmaaaa", or the year alone.
fn is_compact(run: &Run) -> bool {
    let digits = run.slice(0, 8);
    let two = |i: usize| digits.get(i..i + 2).map_or(0, |p| u32::from(p[0]) * 10 + u32::from(p[1]));
    match run.first().len {
        8 => (1..=31).contains(&two(0)) && (1..=12).contains(&two(2)) && (18..=21).contains(&two(4)),
        4 => matches!(two(0), 18..=20),
        _ => false,
    }
}

/// "12 de março de 1980", "12/mar/1980", "1º de maio de 1975".
fn with_month_name(run: &Run, cx: &Context) -> Option<usize> {
    let text = cx.text;
    let day = run.value(0).filter(|_| run.first().len <= 2)?;
    if !(1..=31).contains(&day) {
        return None;
    }
    let mut pos = run.first().end;
    if matches!(char_at(text, pos), Some('º' | '°')) {
        pos += 2;
    }
    let mut month_end = None;
    for _ in 0..2 {
        pos = skip_joint(text, pos);
        let word = read_word(text, pos)?;
        pos = word.end;
        if cx.lexicon.look_up(word.key).has(Entry::MONTH) {
            month_end = Some(word.end);
            break;
        }
    }
    let mut end = month_end?;
    pos = skip_joint(text, end);
    if let Some(word) = read_word(text, pos)
        && word.letters <= 2
    {
        pos = skip_joint(text, word.end);
    }
    if let Some(year) = Run::read(text, pos, false)
        && matches!(year.first().len, 2 | 4)
    {
        end = year.first().end;
    }
    Some(end)
}

fn skip_joint(text: &str, mut pos: usize) -> usize {
    for _ in 0..2 {
        match char_at(text, pos) {
            Some(c @ (' ' | '\u{a0}' | '/' | '-' | '.')) => pos += c.len_utf8(),
            _ => break,
        }
    }
    pos
}
