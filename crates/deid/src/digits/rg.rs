//! State identity cards: up to ten digits and perhaps an X, differing by state.

use super::check;
use super::run::{Run, Sep};
use crate::context::Context;
use crate::cues::Cue;
use crate::detection::Detection;
use crate::fold::alnum_at;
use crate::kind::{Kind, Method};

pub(super) fn find(run: &Run, cx: &Context) -> Option<Detection> {
    let start = run.first().start;
    let state = state_before(cx, start);
    let from = state.unwrap_or(start);
    let canonical =
        run.is_shaped(&[2, 3, 3], &[Sep::Dot, Sep::Dot]) || run.is_shaped(&[1, 3, 3], &[Sep::Dot, Sep::Dot]);
    if canonical && !run.starts_with(&[1, 3, 3, 3]) {
        let bare_end = run.end_of(3);
        if let Some((end, last)) = check_character(run, cx, bare_end) {
            let valid = run.starts_with(&[2, 3, 3]) && check::rg_sp(&run.digits(), last);
            let found = cx.weigh(Kind::Rg, Cue::Rg, from, end, valid);
            return Some(if found.method == Method::Forma { found.with_confidence(0.75) } else { found });
        }
        if state.is_some() && !run.goes_on_after(3) {
            return Some(cx.weigh(Kind::Rg, Cue::Rg, from, bare_end, false).with_confidence(0.80));
        }
    }
    if state.is_some() && run.first().len >= 7 && run.first().len <= 9 {
        return Some(cx.weigh(Kind::Rg, Cue::Rg, from, run.first().end, false));
    }
    if !cx.cues.near(Cue::Rg, start) {
        return None;
    }
    // With the word before it: whatever punctuation holds together, five to eleven digits.
    let mut total = run.first().len;
    let mut groups = 1;
    for group in run.groups().iter().skip(1) {
        let tight = matches!(group.sep, Sep::Dot | Sep::Dash) || (group.sep == Sep::Space && group.len == 3);
        if !tight || total + group.len > 11 {
            break;
        }
        total += group.len;
        groups += 1;
    }
    if !(5..=11).contains(&total) || run.groups().get(groups).is_some_and(|g| g.sep == Sep::Slash) {
        return None;
    }
    let end = run.end_of(groups);
    let end = x_after(cx, end).unwrap_or(end);
    Some(Detection::new(Kind::Rg, from, end, Method::Contexto))
}

/// The check character after eight digits: "-9", "-X". Returns its end and value.
fn check_character(run: &Run, cx: &Context, end: usize) -> Option<(usize, u8)> {
    if let Some(group) = run.groups().get(3) {
        let digits: usize = run.groups().iter().take(3).map(|g| g.len).sum();
        return (group.len == 1 && group.sep == Sep::Dash && !run.goes_on_after(4))
            .then(|| (group.end, run.slice(digits, 1).first().copied().unwrap_or(0)));
    }
    x_after(cx, end).map(|end| (end, 10))
}

fn x_after(cx: &Context, end: usize) -> Option<usize> {
    let rest = cx.text.as_bytes().get(end..)?;
    let len = match rest {
        [b'-', b'x' | b'X', ..] => 2,
        [b'x' | b'X', ..] => 1,
        _ => return None,
    };
    (!alnum_at(cx.text, end + len)).then_some(end + len)
}

/// Where a state's code before the number starts, as in "MG-12.345.678". In capitals and joined by a
/// hyphen only: "mg" is a dose.
fn state_before(cx: &Context, start: usize) -> Option<usize> {
    let bytes = cx.text.as_bytes();
    let from = start.checked_sub(3)?;
    let &[a, b, b'-'] = bytes.get(from..start)? else { return None };
    let upper = a.is_ascii_uppercase() && b.is_ascii_uppercase();
    let alone = from == 0 || !bytes.get(from - 1).is_some_and(|b| b.is_ascii_alphanumeric() || *b >= 0x80);
    let word = crate::fold::step(crate::fold::step(0, u32::from(a)), u32::from(b));
    let known = cx.lexicon.look_up(word).has(crate::lexicon::Entry::STATE);
    (upper && alone && known).then_some(from)
}
