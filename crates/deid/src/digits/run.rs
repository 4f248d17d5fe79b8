//! Groups of digits joined over separators.

use crate::fold::{char_at, is_ignorable};

/// What stands between two groups, by its most telling character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sep {
    None,
    Dot,
    Dash,
    Slash,
    Space,
    /// A closing bracket, as after an area code.
    Bracket,
    /// The line was broken here.
    Line,
}

/// One unbroken group of digits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Number of digits.
    pub(crate) len: usize,
    /// What separates it from the group before.
    pub(crate) sep: Sep,
}

/// More digits than any identifier we know; a longer group is skipped whole.
const MAX_DIGITS: usize = 24;
const MAX_GROUPS: usize = 8;

/// Up to eight groups of digits from one starting point.
pub(crate) struct Run {
    digits: [u8; MAX_DIGITS],
    groups: [Group; MAX_GROUPS],
    count: usize,
    /// Where reading stopped, past the separator that led nowhere.
    stop: usize,
    /// Letters that look like digits were read as digits.
    pub(crate) lookalikes: bool,
}

/// The digit a character stands for.
fn digit(c: char, lookalikes: bool) -> Option<(u8, bool)> {
    match c {
        '0'..='9' => Some((c as u8 - b'0', false)),
        '\u{ff10}'..='\u{ff19}' => Some(((c as u32 - 0xff10) as u8, false)),
        'O' | 'o' if lookalikes => Some((0, true)),
        'l' | 'I' | '|' if lookalikes => Some((1, true)),
        _ => None,
    }
}

/// Whether a digit, ASCII or full-width, starts at the offset.
pub(crate) fn digit_at(text: &str, pos: usize) -> bool {
    match text.as_bytes().get(pos) {
        Some(b) if b.is_ascii() => b.is_ascii_digit(),
        Some(_) => char_at(text, pos).is_some_and(|c| digit(c, false).is_some()),
        None => false,
    }
}

/// Reads one separator and tells what it is and where the next group would start.
fn separator(text: &str, mut pos: usize) -> (Sep, usize) {
    let mut sep = Sep::None;
    let mut spaces = 0;
    // Three characters cover ") ", " - " and a broken line between two spaces.
    for _ in 0..4 {
        let Some(c) = char_at(text, pos) else { break };
        sep = match (sep, c) {
            (s, c) if is_ignorable(c) => s,
            (Sep::None, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '\t' | '_') => {
                spaces += 1;
                Sep::Space
            }
            (s, ' ' | '\u{a0}') if spaces < 2 && s != Sep::Dot => {
                spaces += 1;
                s
            }
            (Sep::None | Sep::Space, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}') => Sep::Dash,
            (Sep::None, '.' | '\u{b7}') => Sep::Dot,
            (Sep::None, '/') => Sep::Slash,
            (Sep::None | Sep::Space, ')') => Sep::Bracket,
            (Sep::Bracket, '-' | '\n' | '\r') => Sep::Bracket,
            (Sep::None | Sep::Space, '(') => Sep::Bracket,
            (Sep::None | Sep::Space | Sep::Dash | Sep::Dot, '\n') => Sep::Line,
            (Sep::None | Sep::Space, '\r') => Sep::Space,
            _ => break,
        };
        pos += c.len_utf8();
    }
    (sep, pos)
}

impl Run {
    /// Reads the run that starts at `start`. `None` if no digit stands there.
    pub(crate) fn read(text: &str, start: usize, lookalikes: bool) -> Option<Run> {
        let empty = Group { start, end: start, len: 0, sep: Sep::None };
        let mut run =
            Run { digits: [0; MAX_DIGITS], groups: [empty; MAX_GROUPS], count: 0, stop: start, lookalikes: false };
        let mut total = 0;
        let (mut pos, mut sep) = (start, Sep::None);
        while run.count < MAX_GROUPS {
            let mut group = Group { start: pos, end: pos, len: 0, sep };
            while let Some(c) = char_at(text, pos) {
                if let Some((d, is_lookalike)) = digit(c, lookalikes) {
                    if let Some(place) = run.digits.get_mut(total + group.len) {
                        *place = d;
                    }
                    run.lookalikes |= is_lookalike;
                    group.len += 1;
                    pos += c.len_utf8();
                    group.end = pos;
                    if total + group.len > MAX_DIGITS {
                        break;
                    }
                } else if group.len > 0 && is_ignorable(c) && c != '\u{ad}' {
                    pos += c.len_utf8();
                } else {
                    break;
                }
            }
            if group.len == 0 || total + group.len > MAX_DIGITS {
                break;
            }
            total += group.len;
            if let Some(place) = run.groups.get_mut(run.count) {
                *place = group;
            }
            run.count += 1;
            (sep, pos) = separator(text, group.end);
            if sep == Sep::None {
                break;
            }
        }
        run.stop = pos;
        (run.count > 0).then_some(run)
    }

    /// Whether a letter that looks like a digit is what ended the run.
    pub(crate) fn met_lookalike(&self, text: &str) -> bool {
        char_at(text, self.stop).is_some_and(|c| matches!(digit(c, true), Some((_, true))))
    }

    /// All groups read.
    pub(crate) fn groups(&self) -> &[Group] {
        self.groups.get(..self.count).unwrap_or_default()
    }

    /// The first group, on which every run begins.
    pub(crate) fn first(&self) -> Group {
        self.groups[0]
    }

    /// How many leading groups hold exactly `digits` digits, if any number of them does.
    pub(crate) fn groups_for(&self, digits: usize) -> Option<usize> {
        let mut sum = 0;
        for (i, group) in self.groups().iter().enumerate() {
            sum += group.len;
            if sum >= digits {
                return (sum == digits).then_some(i + 1);
            }
        }
        None
    }

    /// Whether the run's first groups have these lengths.
    pub(crate) fn starts_with(&self, lens: &[usize]) -> bool {
        self.count >= lens.len() && self.groups().iter().zip(lens).all(|(g, &len)| g.len == len)
    }

    /// Whether the first groups have these lengths and the separators between them are these.
    pub(crate) fn is_shaped(&self, lens: &[usize], seps: &[Sep]) -> bool {
        self.starts_with(lens) && self.seps(lens.len()).zip(seps).all(|(a, &b)| a == b)
    }

    /// The separators between the first `groups` groups.
    pub(crate) fn seps(&self, groups: usize) -> impl Iterator<Item = Sep> + '_ {
        self.groups().iter().take(groups).skip(1).map(|g| g.sep)
    }

    /// The first digits as an array.
    pub(crate) fn digits<const N: usize>(&self) -> [u8; N] {
        std::array::from_fn(|i| self.digits.get(i).copied().unwrap_or(0))
    }

    /// Digits from `from` on, at most `len` of them.
    pub(crate) fn slice(&self, from: usize, len: usize) -> &[u8] {
        self.digits.get(from..from + len).unwrap_or_default()
    }

    /// Where the first `groups` groups end in the text.
    pub(crate) fn end_of(&self, groups: usize) -> usize {
        self.groups().get(groups.saturating_sub(1)).map_or(self.groups[0].end, |g| g.end)
    }

    /// Whether the next group hangs on these by a tight separator, so that they are part of a longer
    /// number such as a date or a protocol.
    pub(crate) fn goes_on_after(&self, groups: usize) -> bool {
        self.groups().get(groups).is_some_and(|g| matches!(g.sep, Sep::Dot | Sep::Dash | Sep::Slash))
    }

    /// The value of one group, for dates and address octets.
    pub(crate) fn value(&self, group: usize) -> Option<u32> {
        let before: usize = self.groups().iter().take(group).map(|g| g.len).sum();
        let len = self.groups().get(group)?.len;
        (len <= 8).then(|| self.slice(before, len).iter().fold(0, |v, &d| v * 10 + u32::from(d)))
    }
}

/// The offset just past a group of digits of any length.
pub(crate) fn skip_digits(text: &str, mut pos: usize) -> usize {
    while digit_at(text, pos) {
        pos += char_at(text, pos).map_or(1, char::len_utf8);
    }
    pos
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lens(text: &str) -> Vec<usize> {
        Run::read(text, 0, false).unwrap().groups().iter().map(|g| g.len).collect()
    }

    #[test]
    fn groups_are_joined_over_separators() {
        assert_eq!(lens("123.456.789-00, 5"), [3, 3, 3, 2]);
        assert_eq!(lens("11) 99999 - 0000"), [2, 5, 4]);
        assert_eq!(lens("452\n672.070-47"), [3, 3, 3, 2]);
        assert_eq!(lens("123\u{200b}456"), [6]);
        assert_eq!(lens("１２３.456"), [3, 3]);
        assert_eq!(lens("120x80"), [3]);
    }

    #[test]
    fn an_overlong_group_is_not_read() {
        assert!(Run::read(&"7".repeat(1000), 0, false).is_none());
    }

    #[test]
    fn lookalikes_are_read_only_when_asked() {
        assert_eq!(lens("32l.1"), [2]);
        let run = Run::read("32l.O75", 0, true).unwrap();
        assert!(run.lookalikes);
        assert_eq!(run.slice(0, 6), [3, 2, 1, 0, 7, 5]);
    }
}
