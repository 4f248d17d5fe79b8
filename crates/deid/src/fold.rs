//! Words, read without regard to case and accents.

/// How a word is capitalised. A single capital letter is [`Case::Initial`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Initial,
    Title,
    Upper,
}

impl Case {
    pub(crate) fn is_capital(self) -> bool {
        self != Case::Lower
    }
}

/// A maximal run of letters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The same for every spelling of the word that differs only in case and accents.
    pub(crate) key: u64,
    pub(crate) letters: u32,
    pub(crate) case: Case,
}

/// Adds one folded letter to a word's key. Up to twelve letters a–z the key is the word itself,
/// five bits a letter; beyond that it is a hash.
#[inline(always)]
pub(crate) const fn step(key: u64, letter: u32) -> u64 {
    let unit = if letter < 128 { (letter & 31) as u64 } else { letter as u64 };
    key.rotate_left(5) ^ unit
}

/// The key of a word written in lower-case ASCII.
pub(crate) const fn key(word: &str) -> u64 {
    let bytes = word.as_bytes();
    let mut k = 0;
    let mut i = 0;
    while i < bytes.len() {
        k = step(k, bytes[i] as u32);
        i += 1;
    }
    k
}

/// Marks that sit on or between letters without ending the word: combining accents, soft hyphen,
/// and the invisible characters that word processors and hostile senders leave inside words.
pub(crate) fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// Lower case without accent. Only Latin letters in use in Portuguese and in immigrants' names are mapped.
pub(crate) fn fold_char(c: char) -> char {
    match c {
        'A'..='Z' => c.to_ascii_lowercase(),
        '\0'..='\u{7f}' => c,
        'À'..='Å' | 'à'..='å' | 'Ā'..='ą' | 'ª' => 'a',
        'È'..='Ë' | 'è'..='ë' | 'Ē'..='ě' => 'e',
        'Ì'..='Ï' | 'ì'..='ï' | 'Ĩ'..='ı' => 'i',
        'Ò'..='Ö' | 'Ø' | 'ò'..='ö' | 'ø' | 'Ō'..='ő' | 'º' => 'o',
        'Ù'..='Ü' | 'ù'..='ü' | 'Ũ'..='ų' => 'u',
        'Ç' | 'ç' | 'Ć'..='č' => 'c',
        'Ñ' | 'ñ' | 'Ń'..='ň' => 'n',
        'Ý' | 'ý' | 'ÿ' | 'Ŷ'..='Ÿ' => 'y',
        'Ś'..='š' => 's',
        'Ź'..='ž' => 'z',
        'Ł' | 'ł' => 'l',
        // Full-width forms, as pasted from some input methods.
        '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' | '\u{ff10}'..='\u{ff19}' => {
            let ascii = (c as u32 - 0xfee0) as u8;
            ascii.to_ascii_lowercase() as char
        }
        _ => c.to_lowercase().next().unwrap_or(c),
    }
}

/// The character at a byte offset that lies on a boundary.
#[inline]
pub(crate) fn char_at(text: &str, pos: usize) -> Option<char> {
    text.get(pos..)?.chars().next()
}

/// The character that ends at a byte offset.
#[inline]
pub(crate) fn char_before(text: &str, pos: usize) -> Option<char> {
    text.get(..pos)?.chars().next_back()
}

/// Whether a letter or digit of any script stands at the offset.
pub(crate) fn alnum_at(text: &str, pos: usize) -> bool {
    char_at(text, pos).is_some_and(char::is_alphanumeric)
}

/// Whether a letter or digit of any script ends at the offset.
pub(crate) fn alnum_before(text: &str, pos: usize) -> bool {
    char_before(text, pos).is_some_and(char::is_alphanumeric)
}

/// The letters À to ÿ without case and accent, in the order of Latin-1; 0 where no single letter will do.
const LATIN1: &[u8; 64] = b"aaaaaa\0ceeeeiiii\0nooooo\0ouuuuy\0\0aaaaaa\0ceeeeiiii\0nooooo\0ouuuuy\0y";

/// The folded letter and case of a two-byte letter of Portuguese, without decoding it.
#[inline(always)]
fn latin1_letter(lead: u8, next: Option<&u8>) -> Option<(u32, bool)> {
    let &next = next.filter(|_| lead == 0xc3)?;
    let letter = *LATIN1.get(usize::from(next & 0x3f))?;
    (letter != 0).then_some((u32::from(letter), next < 0xa0))
}

/// Reads the word that starts at `start`, if a letter stands there.
#[inline]
pub(crate) fn read_word(text: &str, start: usize) -> Option<Word> {
    let bytes = text.as_bytes();
    let (mut pos, mut end) = (start, start);
    let (mut key, mut letters, mut upper) = (0u64, 0u32, 0u32);
    let mut first_upper = false;
    while let Some(&b) = bytes.get(pos) {
        if b.is_ascii_alphabetic() {
            let is_upper = b & 0x20 == 0;
            first_upper |= is_upper && letters == 0;
            upper += is_upper as u32;
            letters += 1;
            key = step(key, b as u32);
            pos += 1;
            end = pos;
        } else if let Some((letter, is_upper)) = latin1_letter(b, bytes.get(pos + 1)) {
            first_upper |= is_upper && letters == 0;
            upper += is_upper as u32;
            letters += 1;
            key = step(key, letter);
            pos += 2;
            end = pos;
        } else if b >= 0x80 {
            let Some(c) = char_at(text, pos) else { break };
            if c.is_alphabetic() {
                let is_upper = c.is_uppercase();
                first_upper |= is_upper && letters == 0;
                upper += is_upper as u32;
                letters += 1;
                key = step(key, fold_char(c) as u32);
                pos += c.len_utf8();
                end = pos;
            } else if letters > 0 && is_ignorable(c) {
                pos += c.len_utf8();
                // A combining accent belongs to its letter even at the end of the word.
                if ('\u{300}'..='\u{36f}').contains(&c) {
                    end = pos;
                }
            } else {
                break;
            }
        } else {
            break;
        }
    }
    if letters == 0 {
        return None;
    }
    let case = match (first_upper, letters, upper) {
        (false, ..) => Case::Lower,
        (true, 1, _) => Case::Initial,
        (true, n, u) if n == u => Case::Upper,
        _ => Case::Title,
    };
    Some(Word { start, end, key, letters, case })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_word_share_a_key() {
        for spelling in ["João", "JOAO", "joão", "joa\u{303}o", "Jo\u{200b}ão"] {
            let word = read_word(spelling, 0).unwrap();
            assert_eq!(word.key, key("joao"), "{spelling}");
            assert_eq!(word.end, spelling.len());
        }
    }

    #[test]
    fn the_quick_fold_agrees_with_the_full_one() {
        for c in 'À'..='ÿ' {
            let mut bytes = [0; 2];
            c.encode_utf8(&mut bytes);
            if let Some((letter, is_upper)) = latin1_letter(bytes[0], bytes.get(1)) {
                assert_eq!((letter, is_upper), (fold_char(c) as u32, c.is_uppercase()), "{c}");
            }
        }
    }

    #[test]
    fn case_is_told_apart() {
        let case = |s| read_word(s, 0).unwrap().case;
        assert_eq!(case("maria"), Case::Lower);
        assert_eq!(case("Maria"), Case::Title);
        assert_eq!(case("MARIA"), Case::Upper);
        assert_eq!(case("Á"), Case::Initial);
        assert!(read_word("1a", 0).is_none());
    }
}
