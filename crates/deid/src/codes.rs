//! Codes that mix letters and digits: random PIX keys, vehicle plates, IPv6 addresses.

use std::net::Ipv6Addr;

use crate::context::Context;
use crate::cues::Cue;
use crate::detection::Detection;
use crate::fold::{alnum_at, alnum_before};
use crate::kind::{Kind, Method};

/// A random PIX key, which is a UUID: 8-4-4-4-12 hexadecimal digits.
pub(crate) fn pix(cx: &Context, start: usize) -> Option<Detection> {
    let bytes = cx.text.as_bytes().get(start..start + 36)?;
    if bytes[8] != b'-' || bytes[13] != b'-' || bytes[18] != b'-' || bytes[23] != b'-' {
        return None;
    }
    // OCR turns 0 and 1 into letters; the hyphens leave no doubt about the rest.
    let hex = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b'O' | b'o' | b'l' | b'I');
    let all_hex = bytes.split(|&b| b == b'-').all(|group| group.iter().all(hex));
    let end = start + 36;
    if !all_hex || alnum_at(cx.text, end) || alnum_before(cx.text, start) {
        return None;
    }
    let found = cx.weigh(Kind::Pix, Cue::Pix, start, end, false);
    Some(if found.method == Method::Forma { found.with_confidence(0.90) } else { found })
}

/// A plate, ABC-1234 or ABC1D23. `start` is at its first letter and three letters follow there.
pub(crate) fn plate(cx: &Context, start: usize) -> Option<Detection> {
    let bytes = cx.text.as_bytes();
    let letters = bytes.get(start..start + 3)?;
    if !letters.iter().all(u8::is_ascii_alphabetic) || alnum_before(cx.text, start) {
        return None;
    }
    let near = cx.cues.near(Cue::Plate, start);
    let (hyphen, from) = match bytes.get(start + 3)? {
        b'-' | b'.' => (true, start + 4),
        b' ' | b'\n' if near => (false, start + 4),
        _ => (false, start + 3),
    };
    let number = bytes.get(from..from + 4)?;
    let end = from + 4;
    if alnum_at(cx.text, end) || matches!(bytes.get(end), Some(b'-' | b'/')) && alnum_at(cx.text, end + 1) {
        return None;
    }
    let digit = |b: u8| b.is_ascii_digit() || (near && matches!(b, b'O' | b'o' | b'l' | b'I'));
    let outer = digit(number[0]) && digit(number[2]) && digit(number[3]);
    let mercosul = outer && number[1].is_ascii_alphabetic();
    let old = outer && digit(number[1]);
    let upper = letters.iter().all(u8::is_ascii_uppercase);
    if near && (mercosul || old) {
        return Some(Detection::new(Kind::Placa, start, end, Method::Contexto));
    }
    // Laboratory and council initials also stand before four digits.
    let initials = crate::fold::read_word(cx.text, start).is_some_and(|w| !cx.lexicon.look_up(w.key).is_empty());
    let telling = upper && ((mercosul && number[1].is_ascii_uppercase()) || (old && hyphen && !initials));
    telling.then(|| Detection::new(Kind::Placa, start, end, Method::Forma))
}

/// An IPv6 address starting at a hexadecimal digit or at "::".
pub(crate) fn ipv6(cx: &Context, start: usize) -> Option<Detection> {
    const LONGEST: usize = 45;
    let bytes = cx.text.as_bytes();
    if alnum_before(cx.text, start) || (start > 0 && bytes.get(start - 1) == Some(&b':')) {
        return None;
    }
    let rest = bytes.get(start..)?;
    let len = rest.iter().take(LONGEST + 1).take_while(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.')).count();
    let candidate = cx.text.get(start..start + len)?.trim_end_matches(['.', ':']);
    let end = start + candidate.len();
    let digits = candidate.bytes().filter(u8::is_ascii_hexdigit).count();
    if digits < 4 || alnum_at(cx.text, end) || !candidate.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    candidate.parse::<Ipv6Addr>().ok()?;
    Some(Detection::new(Kind::Ip, start, end, Method::Forma).with_confidence(0.90))
}
