//! Telephone numbers, Brazilian numbering plan (Anatel, Resolução 749/2022).

use super::run::{Group, Run, Sep};
use crate::context::Context;
use crate::cues::Cue;
use crate::detection::Detection;
use crate::fold::char_before;
use crate::kind::{Kind, Method};

/// Whether these two digits are an area code in use.
fn is_area(a: u8, b: u8) -> bool {
    match a {
        1 | 4 | 6 | 8 | 9 => (1..=9).contains(&b),
        2 => matches!(b, 1 | 2 | 4 | 7 | 8),
        3 => matches!(b, 1..=5 | 7 | 8),
        5 => matches!(b, 1 | 3 | 4 | 5),
        7 => matches!(b, 1 | 3 | 4 | 5 | 7 | 9),
        _ => false,
    }
}

/// How telling the digits themselves are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// Eight or nine digits without area code.
    Local,
    /// Area code and number.
    National,
    /// With +55 or as a service number.
    Marked,
}

/// Reads the digits as a number of the plan.
fn form(digits: &[u8], plus: bool) -> Option<Form> {
    match *digits {
        [0, 8, 0, 0, ..] if matches!(digits.len(), 10 | 11) => Some(Form::Marked),
        [5, 5, ref rest @ ..] if matches!(rest.len(), 10 | 11) => {
            form(rest, false).filter(|f| plus || *f == Form::National).map(|_| Form::Marked)
        }
        [0, ref rest @ ..] if matches!(rest.len(), 10 | 11) => form(rest, false),
        [a, b, 9, ..] if digits.len() == 11 && is_area(a, b) => Some(Form::National),
        [a, b, 2..=9, ..] if digits.len() == 10 && is_area(a, b) => Some(Form::National),
        [9, ..] if digits.len() == 9 => Some(Form::Local),
        [2..=9, ..] if digits.len() == 8 => Some(Form::Local),
        _ => None,
    }
}

pub(super) fn find(run: &Run, cx: &Context) -> Option<Detection> {
    // Longest first, so that an area code is not left behind.
    [13, 12, 11, 10, 9, 8].into_iter().find_map(|total| with_digits(run, cx, total))
}

fn with_digits(run: &Run, cx: &Context, total: usize) -> Option<Detection> {
    let groups = run.groups_for(total)?;
    let first = run.first();
    let (mut start, end) = (first.start, run.end_of(groups));
    let context = cx.cues.near(Cue::Phone, start) || cx.cues.within(Cue::MorePhones, start, 1);
    // A row of equal groups is a longer number of some other kind.
    if total == 8 && run.groups().get(groups).is_some_and(|g| g.sep == Sep::Space && g.len == 4) {
        return None;
    }
    if groups > 6 || (run.goes_on_after(groups) && !context) || is_date(run, groups) {
        return None;
    }
    let mut before = char_before(cx.text, start);
    let bracket = before == Some('(') && run.groups().get(1).is_some_and(|g| g.sep == Sep::Bracket);
    if bracket {
        start -= 1;
        before = char_before(cx.text, start);
    }
    let plus = before == Some('+');
    if plus {
        start -= 1;
    }
    let digits = run.slice(0, total);
    // A bracketed pair before eight or nine digits is an area code even where no such area exists.
    let form = form(digits, plus).or((bracket && matches!(total, 10 | 11)).then_some(Form::National))?;

    let shape = Shape::of(run.groups().get(..groups).unwrap_or_default(), form, bracket || plus);
    let confidence = match (shape, context) {
        (_, true) => return Some(Detection::new(Kind::Telefone, start, end, Method::Contexto)),
        (Some(Shape::Telling), _) => 0.80,
        (Some(Shape::Plain), _) if !run.lookalikes && !cx.is_measure(end) => 0.60,
        (Some(Shape::Local), _) if !run.lookalikes && !cx.is_measure(end) && !is_range(run) => 0.50,
        _ => return None,
    };
    Some(Detection::new(Kind::Telefone, start, end, Method::Forma).with_confidence(confidence))
}

#[derive(Clone, Copy)]
enum Shape {
    Telling,
    Plain,
    Local,
}

impl Shape {
    /// The ways people group a telephone number, each as telling as its punctuation.
    fn of(groups: &[Group], form: Form, marked: bool) -> Option<Shape> {
        let mut lens = [0; 6];
        for (place, group) in lens.iter_mut().zip(groups) {
            *place = group.len;
        }
        let lens = lens.get(..groups.len())?;
        let last = groups.last().map_or(Sep::None, |g| g.sep);
        let hyphen = matches!(last, Sep::Dash | Sep::Dot);
        if groups.iter().any(|g| g.sep == Sep::Slash) {
            return None;
        }
        let broken = groups.iter().any(|g| g.sep == Sep::Line);
        match (form, lens) {
            (Form::Marked, _) => Some(Shape::Telling),
            (Form::National, _) if marked => Some(Shape::Telling),
            _ if broken => None,
            (Form::National, [2, 5, 4] | [2, 1, 4, 4] | [3, 5, 4] | [3, 1, 4, 4]) => Some(Shape::Telling),
            (Form::National, [2, 4, 4] | [3, 4, 4]) if hyphen => Some(Shape::Telling),
            (Form::National, [2, 9] | [2, 3, 3, 3] | [11] | [10] | [12] | [7, 4] | [6, 4]) => Some(Shape::Plain),
            (Form::National, [2, 8]) if hyphen => Some(Shape::Plain),
            (Form::Local, [5, 4] | [1, 4, 4]) if hyphen => Some(Shape::Plain),
            (Form::Local, [5, 4] | [9]) => Some(Shape::Local),
            (Form::Local, [4, 4]) if last == Sep::Dash => Some(Shape::Local),
            _ => None,
        }
    }
}

/// "2019-2023", "3500-4500": two plain quantities with a dash between.
fn is_range(run: &Run) -> bool {
    let (Some(from), Some(to)) = (run.value(0), run.value(1)) else { return false };
    let years = (1900..=2100).contains(&from) && (1900..=2100).contains(&to);
    years || (run.starts_with(&[4, 4]) && from % 50 == 0 && to % 50 == 0)
}

/// Day, month and year, or year, month and day: eight digits that are no telephone.
fn is_date(run: &Run, groups: usize) -> bool {
    groups == 3 && (run.starts_with(&[2, 2, 4]) || run.starts_with(&[4, 2, 2]))
}
