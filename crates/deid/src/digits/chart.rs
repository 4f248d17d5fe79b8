//! Number of a medical record or attendance. It has no shape of its own: the word before it decides.

use super::run::{Run, Sep};
use crate::context::Context;
use crate::cues::Cue;
use crate::detection::Detection;
use crate::fold::char_at;
use crate::kind::{Kind, Method};

pub(super) fn find(run: &Run, cx: &Context) -> Option<Detection> {
    let start = run.first().start;
    let chart = cx.cues.tight(Cue::Chart, start);
    if !chart && !cx.cues.tight(Cue::Record, start) {
        return None;
    }
    let groups =
        1 + run.groups().iter().skip(1).take_while(|g| matches!(g.sep, Sep::Dot | Sep::Dash | Sep::Slash)).count();
    let end = run.end_of(groups);
    let digits: usize = run.groups().iter().take(groups).map(|g| g.len).sum();
    let least = if chart { 3 } else { 5 };
    let next = char_at(cx.text, end);
    let is_time = next == Some(':') || next == Some('h');
    let is_decimal = next == Some(',') && super::digit_at(cx.text, end + 1);
    if !(least..=18).contains(&digits) || super::birth::is_date(run) || is_time || is_decimal || cx.is_measure(end) {
        return None;
    }
    let start = prefix_start(cx, start);
    Some(Detection::new(Kind::Prontuario, start, end, Method::Contexto))
}

/// Letters joined to the number belong to it: "HC-123456", "A12345".
fn prefix_start(cx: &Context, start: usize) -> usize {
    let bytes = cx.text.as_bytes();
    let dash = start > 0 && bytes.get(start - 1) == Some(&b'-');
    let end = if dash { start - 1 } else { start };
    let letters = bytes.get(..end).map_or(0, |b| b.iter().rev().take(5).take_while(|c| c.is_ascii_uppercase()).count());
    if (1..=4).contains(&letters) { end - letters } else { start }
}
