//! CEP and IPv4 address.

use super::run::{Run, Sep};
use crate::context::Context;
use crate::cues::Cue;
use crate::detection::Detection;
use crate::kind::{Kind, Method};

pub(super) fn cep(run: &Run, cx: &Context) -> Option<Detection> {
    let groups = run.groups_for(8)?;
    let (start, end) = (run.first().start, run.end_of(groups));
    let near = cx.cues.near(Cue::Cep, start);
    if groups > 3 || (run.goes_on_after(groups) && !near) {
        return None;
    }
    let shaped = run.is_shaped(&[5, 3], &[Sep::Dash]) || run.is_shaped(&[2, 3, 3], &[Sep::Dot, Sep::Dash]);
    let usual = groups == 1 || run.starts_with(&[5, 3]) || run.starts_with(&[2, 3, 3]);
    if near && (usual || cx.cues.tight(Cue::Cep, start)) {
        return Some(Detection::new(Kind::Cep, start, end, Method::Contexto));
    }
    (shaped && !run.lookalikes && !cx.is_measure(end))
        .then(|| Detection::new(Kind::Cep, start, end, Method::Forma).with_confidence(0.75))
}

pub(super) fn ipv4(run: &Run) -> Option<Detection> {
    let dotted =
        run.groups().len() >= 4 && run.seps(4).all(|s| s == Sep::Dot) && !run.goes_on_after(4) && !run.lookalikes;
    let octets = dotted && (0..4).all(|g| run.value(g).is_some_and(|v| v <= 255));
    // Four single digits are more often a section number than an address, except in the best known ones.
    let telling = run.groups().iter().take(4).any(|g| g.len > 1) || run.value(0) == run.value(1);
    let lens = run.groups().iter().take(4).all(|g| g.len <= 3);
    (octets && telling && lens)
        .then(|| Detection::new(Kind::Ip, run.first().start, run.end_of(4), Method::Forma).with_confidence(0.90))
}
