//! Registration with a professional council: CRM and COREN, both written with the state.

use super::run::{Run, Sep};
use crate::context::Context;
use crate::cues::Cue;
use crate::detection::Detection;
use crate::fold::read_word;
use crate::kind::{Kind, Method};
use crate::lexicon::Entry;

pub(super) fn find(run: &Run, cx: &Context) -> Option<Detection> {
    let start = run.first().start;
    let kind = if cx.cues.tight(Cue::Crm, start) {
        Kind::Crm
    } else if cx.cues.tight(Cue::Coren, start) {
        Kind::Coren
    } else {
        return None;
    };
    let mut groups = 1;
    for group in run.groups().iter().skip(1) {
        if !matches!(group.sep, Sep::Dot | Sep::Dash | Sep::Slash) {
            break;
        }
        groups += 1;
    }
    let digits: usize = run.groups().iter().take(groups).map(|g| g.len).sum();
    let mut end = run.end_of(groups);
    let (suffix, has_state) = suffix(cx, end);
    // "CRM" is also a bypass operation, and then a year or the number of grafts follows.
    let year = digits == 4 && run.value(0).is_some_and(|y| (1900..=2100).contains(&y));
    let state_before = cx.text.get(..start).is_some_and(|t| {
        let tail = t.trim_end_matches([' ', ':', '-', '/', '.']);
        let bytes = tail.as_bytes();
        bytes.len() >= 2 && bytes[bytes.len() - 2..].iter().all(u8::is_ascii_uppercase) && !tail.ends_with("CRM")
    });
    if !(3..=10).contains(&digits) || (!(4..=9).contains(&digits) && !has_state && !state_before) {
        return None;
    }
    if super::birth::is_date(run) || (year && !has_state && !state_before) || (!has_state && cx.is_measure(end)) {
        return None;
    }
    end = suffix;
    Some(Detection::new(kind, start, end, Method::Contexto))
}

/// "-ENF", "/SP", "-TE": category or state after the number. Returns the new end and whether it is a state.
fn suffix(cx: &Context, end: usize) -> (usize, bool) {
    let bytes = cx.text.as_bytes();
    if !matches!(bytes.get(end), Some(b'-' | b'/')) {
        return (end, false);
    }
    let Some(word) = read_word(cx.text, end + 1) else { return (end, false) };
    if word.letters > 3 {
        return (end, false);
    }
    (word.end, word.letters == 2 && cx.lexicon.look_up(word.key).has(Entry::STATE))
}
