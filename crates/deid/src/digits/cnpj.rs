//! CNPJ: 14 characters, written 00.000.000/0000-00, the first twelve also letters from 2026 on.

use super::check;
use super::run::{Run, Sep};
use crate::context::Context;
use crate::cues::Cue;
use crate::detection::Detection;
use crate::fold::{alnum_at, alnum_before};
use crate::kind::{Kind, Method};

const GROUPS: [usize; 5] = [2, 3, 3, 4, 2];

pub(super) fn find(run: &Run, cx: &Context) -> Option<Detection> {
    let groups = run.groups_for(14)?;
    let (start, end) = (run.first().start, run.end_of(groups));
    let digits: [u8; 14] = run.digits();
    let valid = check::cnpj(&digits.map(|d| d + b'0'));
    let context = cx.cues.near(Cue::Cnpj, start);
    let canonical = run.is_shaped(&GROUPS, &[Sep::Dot, Sep::Dot, Sep::Slash, Sep::Dash]);
    let punctuated =
        run.starts_with(&GROUPS) && run.seps(groups).any(|s| matches!(s, Sep::Dot | Sep::Slash | Sep::Dash));
    let accepted = canonical || valid || context || punctuated;
    if !accepted || (groups > 1 && run.goes_on_after(groups) && !context) || (groups > 6 && !canonical) {
        return None;
    }
    let found = cx.weigh(Kind::Cnpj, Cue::Cnpj, start, end, valid);
    Some(if found.method == Method::Forma && canonical { found.with_confidence(0.80) } else { found })
}

/// Reads a CNPJ with letters at `start`, which may be a letter or a digit. The caller has seen that
/// letters and digits meet here.
pub(crate) fn alphanumeric(cx: &Context, start: usize) -> Option<Detection> {
    let bytes = cx.text.as_bytes();
    let mut chars = [0u8; 14];
    let (mut len, mut pos, mut letters, mut digits, mut end) = (0, start, 0, 0, start);
    let (mut seps, mut canonical) = (0usize, true);
    while len < 14 {
        let b = *bytes.get(pos)?;
        if b.is_ascii_digit() || b.is_ascii_uppercase() {
            if len >= 12 && !b.is_ascii_digit() {
                // OCR reads these two as letters.
                chars[len] = match b {
                    b'O' => b'0',
                    b'I' => b'1',
                    _ => return None,
                };
            } else {
                chars[len] = b;
            }
            letters += usize::from(b.is_ascii_uppercase());
            digits += usize::from(b.is_ascii_digit());
            len += 1;
            pos += 1;
            end = pos;
        } else if b == b'l' {
            chars[len] = b'1';
            len += 1;
            pos += 1;
            end = pos;
        } else {
            let expected = match (len, b) {
                (2 | 5, b'.') | (8, b'/') | (12, b'-') => true,
                (2 | 5 | 8 | 12, b' ' | b'\n') => false,
                _ => return None,
            };
            seps += 1;
            canonical &= expected;
            pos += 1;
        }
    }
    if letters == 0
        || (digits < 2 && !(seps == 4 && canonical))
        || alnum_at(cx.text, end)
        || alnum_before(cx.text, start)
    {
        return None;
    }
    let valid = check::cnpj(&chars);
    let shaped = seps == 4 && canonical;
    let context = cx.cues.near(Cue::Cnpj, start);
    if !(shaped || context || (valid && (seps == 0 || seps == 4))) {
        return None;
    }
    let found = cx.weigh(Kind::Cnpj, Cue::Cnpj, start, end, valid);
    Some(if found.method == Method::Forma { found.with_confidence(0.80) } else { found })
}
