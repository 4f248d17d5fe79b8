//! CPF: 11 digits, written 000.000.000-00.

use super::check;
use super::run::{Run, Sep};
use crate::context::Context;
use crate::cues::Cue;
use crate::detection::Detection;
use crate::kind::{Kind, Method};

pub(super) fn find(run: &Run, cx: &Context) -> Option<Detection> {
    let groups = run.groups_for(11)?;
    let (start, end) = (run.first().start, run.end_of(groups));
    let valid = check::cpf(&run.digits());
    let found = cx.weigh(Kind::Cpf, Cue::Cpf, start, end, valid);
    let context = cx.cues.near(Cue::Cpf, start);
    let backed = valid || context;

    let canonical = run.is_shaped(&[3, 3, 3, 2], &[Sep::Dot, Sep::Dot, Sep::Dash]);
    if canonical {
        return Some(if found.method == Method::Forma { found.with_confidence(0.80) } else { found });
    }
    if groups > 1 && run.goes_on_after(groups) && !context {
        return None;
    }
    // One mobile number in a hundred has the check digits of a CPF.
    if groups == 1 && !context && cx.cues.near(Cue::Phone, start) {
        return None;
    }
    let only_space = run.seps(groups).all(|s| matches!(s, Sep::Space | Sep::Line | Sep::Bracket));
    let usual = run.starts_with(&[3, 3, 3, 2]) || run.starts_with(&[9, 2]);
    let accepted = match groups {
        1 => !run.lookalikes || backed,
        // The shape of a NIS, the same person's number in another register.
        4 if run.starts_with(&[3, 5, 2, 1]) => backed || !only_space,
        _ if usual => backed || (!only_space && !run.lookalikes),
        // Any other grouping could be a row of vitals.
        _ => cx.cues.tight(Cue::Cpf, start) && groups <= 5,
    };
    if !accepted || (!backed && cx.is_measure(end)) {
        return None;
    }
    Some(match found.method {
        Method::Forma => found.with_confidence(0.55),
        // One bare number in a hundred passes by chance.
        Method::FormaDigito if groups == 1 => found.with_confidence(0.92),
        _ => found,
    })
}
