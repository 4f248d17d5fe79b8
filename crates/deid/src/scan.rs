//! The pass over the text: one look at each byte, words to the lexicon, digits to the recognisers.

use crate::added;
use crate::address;
use crate::codes;
use crate::contact;
use crate::context::Context;
use crate::cues::{Cue, Cues};
use crate::detection::{Detection, Detections};
use crate::digits;
use crate::fold::{Case, Word, char_at, read_word};
use crate::kind::Kind;
use crate::lexicon::{Entry, Lexicon, Role};
use crate::names::Names;
use crate::redact::redact;
use crate::tags::tag_end;

/// Finds the personal data in a text.
///
/// Takes any text in time linear in its length. Tags left by an earlier redaction are passed over.
pub fn scan(text: &str) -> Detections {
    scan_with(text, &[])
}

/// Like [`scan`], and also every occurrence of the phrases marked by hand, whatever their case, accents
/// and spacing. Blank phrases are ignored.
pub fn scan_with(text: &str, added: &[&str]) -> Detections {
    let mut found = pass(text);
    added::find(text, added, &mut found);
    let mut found = Detections::resolve(found);
    // What was passed over because of its neighbour may be recognised once the neighbour is gone. Looking
    // again at our own output is also what makes the promise true that a clean text stays as it is.
    for _ in 0..ROUNDS {
        if found.is_empty() {
            break;
        }
        let more = Detections::resolve(pass(&redact(text, &found)));
        if more.is_empty() {
            break;
        }
        found = found.with_later(&more);
    }
    found
}

/// Times a text is looked at again. Two have been enough for everything but texts made to need more.
const ROUNDS: usize = 8;

/// One pass for what can be seen from the left, and one for the names it found.
fn pass(text: &str) -> Vec<Detection> {
    let mut scanner = Scanner::new(text);
    scanner.run();
    let Scanner { mut found, mut names, .. } = scanner;
    if !names.carried.is_empty() {
        names.carried.seal();
        carry(text, &names, &mut found);
    }
    found
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    lexicon: Lexicon,
    cues: Cues,
    names: Names,
    found: Vec<Detection>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        Scanner {
            text,
            bytes: text.as_bytes(),
            lexicon: Lexicon::get(),
            cues: Cues::new(),
            names: Names::new(),
            found: Vec::new(),
        }
    }

    fn run(&mut self) {
        let mut pos = 0;
        while let Some(&b) = self.bytes.get(pos) {
            pos = match b {
                b'a'..=b'z' | b'A'..=b'Z' => self.word(pos),
                b'0'..=b'9' => self.number(pos),
                0x80.. => self.wide(pos),
                b'@' => self.at_sign(pos),
                b'[' => self.bracket(pos),
                b'.' => self.dot(pos),
                b':' if self.bytes.get(pos + 1) == Some(&b':') => {
                    let found = codes::ipv6(&self.context(), pos);
                    self.take(found, pos + 2)
                }
                _ => pos + 1,
            };
        }
    }

    fn context(&self) -> Context<'_> {
        Context { text: self.text, cues: &self.cues, lexicon: self.lexicon }
    }

    /// Records a detection and steps past it, or steps to `otherwise`.
    fn take(&mut self, found: Option<Detection>, otherwise: usize) -> usize {
        let Some(found) = found else { return otherwise };
        self.found.push(found);
        self.spend();
        if found.kind == Kind::Telefone {
            // "3333-4444 ou 99999-0000"
            self.cues.set(Cue::MorePhones, found.end);
        }
        found.end.max(otherwise)
    }

    /// What stood before a datum or a tag says nothing about what follows.
    fn spend(&mut self) {
        self.cues.clear();
        self.names.clear();
    }

    /// A character beyond ASCII: a letter, a full-width digit, or nothing of interest.
    fn wide(&mut self, pos: usize) -> usize {
        if self.bytes[pos] == 0xc3 {
            return self.word(pos).max(pos + 2);
        }
        match char_at(self.text, pos) {
            Some(c) if c.is_alphabetic() => self.word(pos),
            Some(_) if digits::digit_at(self.text, pos) => self.number(pos),
            Some(c) => pos + c.len_utf8(),
            None => pos + 1,
        }
    }

    fn word(&mut self, pos: usize) -> usize {
        let Some(word) = read_word(self.text, pos) else { return pos + 1 };
        if let Some(code) = self.code(&word) {
            return self.take(Some(code), word.end);
        }
        let entry = self.lexicon.look_up(word.key);
        if entry.is_empty() {
            self.cues.pass_word();
        } else if let Some(found) = self.role(&word, entry) {
            return self.take(Some(found), word.end);
        }
        let cx = Context { text: self.text, cues: &self.cues, lexicon: self.lexicon };
        let name = self.names.word(&cx, &word, entry);
        self.take(name, word.end)
    }

    /// What the word's role says of the scan: a cue for numbers, the lead of an address.
    fn role(&mut self, word: &Word, entry: Entry) -> Option<Detection> {
        match entry.role_of() {
            Role::Cue(cue) => self.cues.set(cue, word.end),
            Role::Street => return address::find(&self.context(), word, false),
            Role::StreetShort => {
                let found = address::find(&self.context(), word, true);
                if found.is_some() {
                    return found;
                }
                self.cues.pass_word();
            }
            Role::Web => return contact::url(&self.context(), word.start, word.end),
            _ if entry.has(Entry::FILLER) => {
                // "D.N."
                if word.key == N && self.text.get(..word.start).is_some_and(|t| t.ends_with("D.") || t.ends_with("d."))
                {
                    self.cues.set(Cue::Birth, word.end);
                }
            }
            // "CRM-SP 123456"
            _ if entry.has(Entry::STATE)
                && word.letters == 2
                && (word.case == Case::Upper || self.after_council(word)) => {}
            // "D.N."
            _ => self.cues.pass_word(),
        }
        None
    }

    /// A code that begins with letters: plate, PIX key, CNPJ, IPv6, or digits misread as letters.
    fn code(&self, word: &Word) -> Option<Detection> {
        let next = *self.bytes.get(word.end)?;
        let joined = next.is_ascii_digit() || matches!(next, b'-' | b'.' | b':' | b'/' | b' ' | b'\n' | b'|');
        if !joined || word.letters > 14 || word.letters as usize != word.end - word.start {
            return None;
        }
        let cx = self.context();
        let first = self.bytes[word.start];
        if word.letters == 3
            && let Some(plate) = codes::plate(&cx, word.start)
        {
            return Some(plate);
        }
        if word.letters <= 8
            && first.is_ascii_hexdigit()
            && (next.is_ascii_digit() || next == b'-')
            && let Some(pix) = codes::pix(&cx, word.start)
        {
            return Some(pix);
        }
        if (next == b':' || next.is_ascii_digit())
            && word.letters <= 4
            && first.is_ascii_hexdigit()
            && let Some(ip) = codes::ipv6(&cx, word.start)
        {
            return Some(ip);
        }
        if word.letters <= 3
            && matches!(first, b'O' | b'l' | b'I')
            && self
                .bytes
                .get(word.start..word.end)
                .is_some_and(|w| w.iter().all(|b| matches!(b, b'O' | b'o' | b'l' | b'I')))
            && let Some(number) = digits::misread(&cx, word.start)
        {
            return Some(number);
        }
        if first.is_ascii_uppercase()
            && (next.is_ascii_digit() || word.letters == 2 || word.letters == 14 || word.letters == 12)
        {
            return digits::alphanumeric_cnpj(&cx, word.start);
        }
        None
    }

    fn after_council(&self, word: &Word) -> bool {
        self.cues.tight(Cue::Crm, word.start) || self.cues.tight(Cue::Coren, word.start)
    }

    fn number(&mut self, pos: usize) -> usize {
        let end = digits::skip_digits(self.text, pos);
        if end - pos < 4 && !self.cues.any() && self.stands_alone(end) {
            self.cues.pass_word();
            self.names.clear();
            return end;
        }
        let found = self.classify(pos, end);
        if found.is_none() {
            self.cues.pass_word();
            self.names.clear();
        }
        let next = self.take(found, end);
        next.max(end)
    }

    /// Whether nothing that could continue a number follows the short group that ends here.
    #[inline]
    fn stands_alone(&self, end: usize) -> bool {
        match self.bytes.get(end) {
            None => true,
            Some(b' ' | b'.' | b'-' | b'/') => self
                .bytes
                .get(end + 1)
                .is_none_or(|b| !matches!(b, b'0'..=b'9' | b'(' | b' ' | b'-' | b'A'..=b'Z' | b'l' | b'o' | 0x80..)),
            Some(b) => matches!(b, b',' | b'%' | b';' | b'x' | b'm' | b'k' | b'g'),
        }
    }

    fn classify(&self, pos: usize, end: usize) -> Option<Detection> {
        let cx = self.context();
        let next = self.bytes.get(end).copied().unwrap_or(b' ');
        // Before the others, which would take its first eight digits for something else.
        if end - pos <= 8
            && (next == b'-' || next.is_ascii_alphabetic())
            && let Some(found) = codes::pix(&cx, pos)
        {
            return Some(found);
        }
        if let Some(found) = digits::classify(&cx, pos) {
            return Some(found);
        }
        if end - pos <= 12
            && (next.is_ascii_alphabetic() || matches!(next, b'-' | b'.' | b' ' | b'/' | b'\n'))
            && let Some(found) = digits::alphanumeric_cnpj(&cx, pos)
        {
            return Some(found);
        }
        if next == b':' || next.is_ascii_hexdigit() {
            return codes::ipv6(&cx, pos);
        }
        None
    }

    fn at_sign(&mut self, pos: usize) -> usize {
        let found = contact::email(&self.context(), pos);
        self.take(found, pos + 1)
    }

    fn dot(&mut self, pos: usize) -> usize {
        // Only the endings we know begin with these.
        if !matches!(
            self.bytes.get(pos + 1),
            Some(b'c' | b'o' | b'g' | b'n' | b'e' | b'm' | b'C' | b'O' | b'G' | b'N' | b'E' | b'M')
        ) {
            return pos + 1;
        }
        let found = contact::bare_domain(&self.context(), pos);
        self.take(found, pos + 1)
    }

    fn bracket(&mut self, pos: usize) -> usize {
        let Some(end) = tag_end(self.text, pos) else { return pos + 1 };
        self.spend();
        if self.text.get(pos..end) == Some(Kind::Telefone.tag()) {
            self.cues.set(Cue::MorePhones, end);
        }
        end
    }
}

const N: u64 = crate::fold::key("n");

/// Looks for the names found in the whole text, before and after where they were found.
fn carry(text: &str, names: &Names, found: &mut Vec<Detection>) {
    let bytes = text.as_bytes();
    let mut pos = 0;
    while let Some(&b) = bytes.get(pos) {
        pos = match b {
            b'[' => tag_end(text, pos).unwrap_or(pos + 1),
            _ if b.is_ascii_alphabetic() || b >= 0x80 => match read_word(text, pos) {
                Some(word) => {
                    found.extend(names.carried.find(&word));
                    word.end
                }
                None => pos + char_at(text, pos).map_or(1, char::len_utf8),
            },
            _ => pos + 1,
        };
    }
}
