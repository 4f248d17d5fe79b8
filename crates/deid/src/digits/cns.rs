//! National health card: 15 digits, written 000 0000 0000 0000.

use super::check;
use super::run::Run;
use crate::context::Context;
use crate::cues::Cue;
use crate::detection::Detection;
use crate::kind::{Kind, Method};

pub(super) fn find(run: &Run, cx: &Context) -> Option<Detection> {
    let groups = run.groups_for(15)?;
    let (start, end) = (run.first().start, run.end_of(groups));
    let digits = run.digits();
    let valid = check::cns(&digits);
    let context = cx.cues.near(Cue::Cns, start);
    if groups > 1 && run.goes_on_after(groups) && !context {
        return None;
    }
    let usual = groups == 1 || run.starts_with(&[3, 4, 4, 4]);
    let issued = matches!(digits[0], 1 | 2 | 7 | 8 | 9);
    let accepted = match (usual, issued) {
        (true, true) => !run.lookalikes || valid || context,
        (true, false) => context,
        (false, _) => groups <= 5 && (cx.cues.tight(Cue::Cns, start) || (valid && groups <= 3)),
    };
    if !accepted {
        return None;
    }
    let found = cx.weigh(Kind::Cns, Cue::Cns, start, end, valid);
    Some(match found.method {
        Method::Forma => found.with_confidence(0.65),
        _ => found,
    })
}
