//! E-mail and web addresses.

use crate::context::Context;
use crate::cues::Cue;
use crate::detection::Detection;
use crate::fold::{alnum_at, char_at, char_before};
use crate::kind::{Kind, Method};

/// RFC 5321 allows 64 bytes before the "@" and 255 after it.
const LOCAL_BYTES: usize = 64;
const DOMAIN_BYTES: usize = 255;

/// The e-mail address around the "@" at `at`.
pub(crate) fn email(cx: &Context, at: usize) -> Option<Detection> {
    let mut start = at;
    while let Some(c) = char_before(cx.text, start) {
        let part = c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '%');
        if !part || at - start + c.len_utf8() > LOCAL_BYTES {
            break;
        }
        start -= c.len_utf8();
    }
    let local = cx.text.get(start..at)?;
    start += local.len() - local.trim_start_matches(['.', '-', '+', '%']).len();
    if start == at {
        return None;
    }
    let (end, labels) = domain(cx.text, at + 1)?;
    if labels < 2 && !cx.cues.near(Cue::Email, start) {
        return None;
    }
    let found = cx.weigh(Kind::Email, Cue::Email, start, end, false);
    Some(if found.method == Method::Forma { found.with_confidence(0.90) } else { found.with_confidence(0.95) })
}

/// Reads a domain name; returns its end and how many labels it has. The last label must be letters.
fn domain(text: &str, start: usize) -> Option<(usize, usize)> {
    let (mut pos, mut end, mut labels) = (start, start, 0);
    loop {
        let label = pos;
        let mut letters_only = true;
        while let Some(c) = char_at(text, pos) {
            if !(c.is_alphanumeric() || c == '-' || c == '_') || pos - start > DOMAIN_BYTES {
                break;
            }
            letters_only &= c.is_alphabetic();
            pos += c.len_utf8();
        }
        if pos == label {
            break;
        }
        labels += 1;
        if labels == 1 || (letters_only && pos - label >= 2) {
            end = pos;
        }
        if char_at(text, pos) != Some('.') {
            break;
        }
        pos += 1;
    }
    let named = text.get(start..end)?;
    let labels = if named.contains('.') { labels } else { 1 };
    (end > start).then_some((end, labels))
}

/// The address that starts with the word "http", "https" or "www" at `start`.
pub(crate) fn url(cx: &Context, start: usize, word_end: usize) -> Option<Detection> {
    let rest = cx.text.get(word_end..)?;
    let lead = if rest.starts_with("://") {
        3
    } else if rest.starts_with('.') && alnum_at(cx.text, word_end + 1) {
        1
    } else {
        return None;
    };
    let end = url_end(cx.text, word_end + lead);
    (end > word_end + lead).then(|| Detection::new(Kind::Url, start, end, Method::Forma).with_confidence(0.95))
}

/// A domain written without "www", from the dot before its ending: ".com.br", ".gov.br", ".com/".
pub(crate) fn bare_domain(cx: &Context, dot: usize) -> Option<Detection> {
    const ENDINGS: [&str; 9] =
        [".com.br", ".org.br", ".gov.br", ".net.br", ".edu.br", ".med.br", ".com/", ".org/", ".net/"];
    let rest = cx.text.as_bytes().get(dot..)?;
    let ending =
        ENDINGS.iter().find(|e| rest.get(..e.len()).is_some_and(|head| head.eq_ignore_ascii_case(e.as_bytes())))?;
    let slash = ending.ends_with('/');
    let after = dot + ending.len() - usize::from(slash);
    if !slash && alnum_at(cx.text, after) {
        return None;
    }
    let mut start = dot;
    while let Some(c) = char_before(cx.text, start) {
        if !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_')) || dot - start > LOCAL_BYTES {
            break;
        }
        start -= c.len_utf8();
    }
    if start == dot || char_before(cx.text, start) == Some('@') {
        return None;
    }
    let end = if matches!(char_at(cx.text, after), Some('/' | '?' | ':')) { url_end(cx.text, after) } else { after };
    Some(Detection::new(Kind::Url, start, end, Method::Forma).with_confidence(0.85))
}

/// Runs to the next space, quote or bracket, less the punctuation of the sentence.
fn url_end(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let stop = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '\'' | '[' | ']' | '`' | '“' | '”')
    };
    let len = rest.find(stop).unwrap_or(rest.len());
    let body = rest.get(..len).unwrap_or_default();
    start + body.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '*', '_']).len()
}
