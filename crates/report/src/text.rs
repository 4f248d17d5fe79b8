//! Text from the database as a page can carry it.

use std::fmt::Write;

/// What a break inside a long word is: seen by nobody, copied by nobody.
pub(crate) const SOFT_BREAK: char = '\u{200B}';

/// Makes every character visible: what cannot be shown, or would change how its neighbours are shown, is named by its
/// number, as `[U+202E]`. Line ends stay only if `lines`.
pub(crate) fn readable(text: &str, lines: bool, shows: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' if lines => out.push(c),
            '\n' | '\t' => out.push(' '),
            '\r' => {}
            c if is_hidden(c) || !shows(c) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "[U+{:04X}]", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// Characters without a shape of their own: controls, directions, joiners, tags, private use, and what is no character.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xAD | 0x34F | 0x61C | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F
            | 0xE000..=0xF8FF | 0xFDD0..=0xFDEF | 0xFE00..=0xFE0F | 0xFEFF | 0xFFF0..=0xFFFF | 0xE0000..=0x10_FFFF)
}

/// The first `most` characters, with an ellipsis in place of the rest.
pub(crate) fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Lets words longer than `most` characters break, after a sign where there is one, so that they stay inside their cell.
pub(crate) fn breakable(text: &str, most: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, word) in text.split(' ').enumerate() {
        if at > 0 {
            out.push(' ');
        }
        if word.chars().count() <= most {
            out.push_str(word);
            continue;
        }
        let mut run = 0;
        for c in word.chars() {
            if run == most {
                out.push(SOFT_BREAK);
                run = 0;
            }
            out.push(c);
            run += 1;
            if "-_./:;,@=&?|".contains(c) {
                out.push(SOFT_BREAK);
                run = 0;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hides_and_nothing_is_lost() {
        let all = |_| true;
        assert_eq!(readable("ação – “ok” 1\u{301}", false, all), "ação – “ok” 1\u{301}");
        assert_eq!(readable("a\0b\u{202E}c\u{E001}d\r\n\te", false, all), "a[U+0000]b[U+202E]c[U+E001]d  e");
        assert_eq!(readable("a\nb", true, all), "a\nb");
        assert_eq!(readable("saúde 漢", false, |c| c < '\u{3000}'), "saúde [U+6F22]");
    }

    #[test]
    fn long_text_is_cut_and_long_words_break() {
        assert_eq!(short("ação", 4), "ação");
        assert_eq!(short("ações", 4), "açõe…");
        assert_eq!(breakable("abcdef gh", 4), "abcd\u{200B}ef gh");
        assert_eq!(breakable("ab_cd-efgh  i", 4), "ab_\u{200B}cd-\u{200B}efgh  i");
        assert_eq!(breakable("", 4), "");
    }
}
