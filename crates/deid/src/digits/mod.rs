//! Numbers: one run of digit groups, every recogniser, the strongest claim.

mod birth;
mod chart;
pub(crate) mod check;
mod cnpj;
mod cns;
mod council;
mod cpf;
mod phone;
mod place;
mod rg;
mod run;

pub(crate) use cnpj::alphanumeric as alphanumeric_cnpj;
pub(crate) use run::{digit_at, skip_digits};

use run::Run;

use crate::context::Context;
use crate::detection::Detection;

type Recogniser = fn(&Run, &Context) -> Option<Detection>;

/// In order of preference between equals.
const RECOGNISERS: [Recogniser; 9] =
    [cpf::find, cns::find, cnpj::find, birth::find, council::find, chart::find, rg::find, place::cep, phone::find];

/// What the number that starts at `start` is, if it is anybody's.
pub(crate) fn classify(cx: &Context, start: usize) -> Option<Detection> {
    let run = Run::read(cx.text, start, false)?;
    if !cx.cues.any() && is_small(&run) && !run.met_lookalike(cx.text) {
        return None;
    }
    let found = strongest(&run, cx);
    if !run.met_lookalike(cx.text) {
        return found;
    }
    // "97424-8l22": a match that stops before the letter would leave the rest of the number behind.
    let misread = misread(cx, start);
    match (found, misread) {
        (Some(a), Some(b)) => Some(if b.end > a.end { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// The same for a number in which letters were read for digits, as OCR does: O, l, I and | for 0 and 1.
pub(crate) fn misread(cx: &Context, start: usize) -> Option<Detection> {
    let run = Run::read(cx.text, start, true).filter(|run| run.lookalikes)?;
    strongest(&run, cx)
}

fn strongest(run: &Run, cx: &Context) -> Option<Detection> {
    let mut best: Option<Detection> = place::ipv4(run);
    for find in RECOGNISERS {
        if let Some(found) = find(run, cx)
            && best.is_none_or(|b| (found.confidence, found.end) > (b.confidence, b.end))
        {
            best = Some(found);
        }
    }
    best
}

/// A number too short to be personal by its shape, which is nearly all of them.
fn is_small(run: &Run) -> bool {
    let total: usize = run.groups().iter().map(|g| g.len).sum();
    total < 4
}
