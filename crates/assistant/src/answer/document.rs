//! Reads the answer's JSON document while it arrives: the reasoning letter by letter, lists element by element.
//!
//! Tolerant on purpose. A schema may be broken by a token limit, a refusal or a small model, so whatever does not fit
//! is skipped and whatever is complete is kept.

/// Characters looked through for the document before all of it counts as prose.
const MAX_PREFACE: usize = 64 * 1024;
/// Longest element that is kept, in bytes.
const MAX_ELEMENT: usize = 64 * 1024;

/// A field of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Reasoning,
    Hypotheses,
    Alarms,
    Missing,
    ImageText,
    References,
    Abstention,
    Searches,
    Confidence,
    Other,
}

const NAMES: &[(&str, Field)] = &[
    ("raciocinio", Field::Reasoning),
    ("hipoteses", Field::Hypotheses),
    ("sinais_de_alarme", Field::Alarms),
    ("dados_faltantes", Field::Missing),
    ("texto_na_imagem", Field::ImageText),
    ("referencias", Field::References),
    ("abstencao", Field::Abstention),
    ("buscas_sugeridas", Field::Searches),
    ("confianca", Field::Confidence),
];

fn field(name: &str) -> Field {
    NAMES.iter().find(|(known, _)| *known == name).map_or(Field::Other, |(_, field)| *field)
}

/// What the document says next.
#[derive(Debug, PartialEq)]
pub(super) enum Bit {
    /// More of the reasoning.
    Text(String),
    /// The reasoning is complete.
    TextEnd,
    /// A complete element of a list, or a complete value, as JSON.
    Value(Field, String),
    /// An element was too long and is left out.
    TooLong,
}

/// How the document ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It was closed.
    Closed,
    /// It broke off.
    Open,
    /// There was no document; the text counts as reasoning.
    NoDocument,
}

enum State {
    /// Before the document.
    Preface {
        held: String,
        from: usize,
    },
    /// There is no document.
    Prose,
    /// Where a key may begin.
    Key,
    InKey {
        key: String,
        escaped: bool,
    },
    Colon(Field),
    Value(Field),
    Reasoning(Unescape),
    /// Between the elements of a list.
    List(Field),
    Raw(Raw),
    Closed,
}

struct Raw {
    field: Field,
    in_list: bool,
    json: String,
    depth: usize,
    in_string: bool,
    escaped: bool,
    scalar: bool,
    too_long: bool,
}

/// Turns the inside of a JSON string into text, a character at a time.
#[derive(Default)]
struct Unescape {
    escaped: bool,
    digits: Option<(u8, u32)>,
    high: Option<u32>,
}

pub(super) struct Document {
    state: State,
    reasoned: bool,
    bits: Vec<Bit>,
    text: String,
}

impl Document {
    pub(super) fn new() -> Document {
        Document {
            state: State::Preface { held: String::new(), from: 0 },
            reasoned: false,
            bits: Vec::new(),
            text: String::new(),
        }
    }

    /// Takes the next piece and returns what it completes.
    pub(super) fn push(&mut self, piece: &str) -> Vec<Bit> {
        let mut rest = piece;
        if let State::Preface { held, .. } = &mut self.state {
            held.push_str(piece);
            rest = "";
            self.look_for_document();
        }
        match self.state {
            State::Prose => self.text.push_str(rest),
            _ => rest.chars().for_each(|c| self.take(c)),
        }
        self.flush();
        std::mem::take(&mut self.bits)
    }

    /// The end of the stream, with what was still held.
    pub(super) fn finish(mut self) -> (Vec<Bit>, End) {
        let end = match self.state {
            State::Closed => End::Closed,
            State::Preface { ref mut held, .. } => {
                self.text = without_thinking(&std::mem::take(held)).trim().to_owned();
                End::NoDocument
            }
            State::Prose => End::NoDocument,
            _ => End::Open,
        };
        self.flush();
        self.bits.push(Bit::TextEnd);
        (self.bits, end)
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.bits.push(Bit::Text(std::mem::take(&mut self.text)));
        }
    }

    /// The document begins at a brace whose first key is one of ours, whatever stands before it.
    fn look_for_document(&mut self) {
        let State::Preface { held, from } = &mut self.state else { return };
        while let Some(at) = held.get(*from..).and_then(|rest| rest.find('{')).map(|found| *from + found) {
            let inside = held.get(at + 1..).unwrap_or_default();
            match begins_document(inside) {
                Some(true) => {
                    let inside = inside.to_owned();
                    self.state = State::Key;
                    inside.chars().for_each(|c| self.take(c));
                    return;
                }
                Some(false) => *from = at + 1,
                None => {
                    *from = at;
                    return;
                }
            }
        }
        *from = held.len();
        if held.len() > MAX_PREFACE {
            self.text = std::mem::take(held);
            self.state = State::Prose;
        }
    }

    fn take(&mut self, c: char) {
        match &mut self.state {
            State::Preface { .. } | State::Prose | State::Closed => {}
            State::Key => match c {
                '"' => self.state = State::InKey { key: String::new(), escaped: false },
                '}' => self.state = State::Closed,
                _ => {}
            },
            State::InKey { key, escaped } => match c {
                '"' if !*escaped => self.state = State::Colon(field(key)),
                _ => {
                    *escaped = c == '\\' && !*escaped;
                    if key.len() < 64 {
                        key.push(c);
                    }
                }
            },
            State::Colon(field) => match c {
                ':' => self.state = State::Value(*field),
                c if c.is_whitespace() => {}
                // It was no key.
                _ => {
                    self.state = State::Key;
                    self.take(c);
                }
            },
            State::Value(field) => {
                let field = *field;
                match c {
                    c if c.is_whitespace() => {}
                    '"' if field == Field::Reasoning && !self.reasoned => {
                        self.reasoned = true;
                        self.state = State::Reasoning(Unescape::default());
                    }
                    '[' if field != Field::Other => self.state = State::List(field),
                    ',' | '}' => {
                        self.state = State::Key;
                        self.take(c);
                    }
                    _ => self.open_raw(field, false, c),
                }
            }
            State::Reasoning(unescape) => {
                if c == '"' && !unescape.escaped {
                    self.flush();
                    self.bits.push(Bit::TextEnd);
                    self.state = State::Key;
                } else {
                    unescape.take(c, &mut self.text);
                }
            }
            State::List(field) => {
                let field = *field;
                match c {
                    ']' => self.state = State::Key,
                    ',' => {}
                    c if c.is_whitespace() => {}
                    // The list was never closed.
                    '}' => {
                        self.state = State::Key;
                        self.take(c);
                    }
                    _ => self.open_raw(field, true, c),
                }
            }
            State::Raw(raw) => {
                if raw.take(c) {
                    let again = raw.scalar;
                    self.close_raw();
                    if again {
                        self.take(c);
                    }
                }
            }
        }
    }

    fn open_raw(&mut self, field: Field, in_list: bool, first: char) {
        let mut raw = Raw {
            field,
            in_list,
            json: String::new(),
            depth: 0,
            in_string: false,
            escaped: false,
            scalar: !matches!(first, '"' | '{' | '['),
            too_long: false,
        };
        raw.take(first);
        self.state = State::Raw(raw);
    }

    fn close_raw(&mut self) {
        let State::Raw(raw) = std::mem::replace(&mut self.state, State::Key) else { return };
        if raw.in_list {
            self.state = State::List(raw.field);
        }
        if raw.field == Field::Other || raw.field == Field::Reasoning {
            return;
        }
        self.bits.push(if raw.too_long { Bit::TooLong } else { Bit::Value(raw.field, raw.json) });
    }
}

impl Raw {
    /// Takes a character; `true` when the value is complete. A scalar ends before the character given.
    fn take(&mut self, c: char) -> bool {
        if self.scalar && (matches!(c, ',' | ']' | '}') || c.is_whitespace()) {
            return true;
        }
        if self.json.len() >= MAX_ELEMENT {
            self.too_long = true;
        } else {
            // A line break inside a string is a frequent fault of small models.
            self.json.push(if self.in_string && c.is_control() { ' ' } else { c });
        }
        if self.in_string {
            if self.escaped {
                self.escaped = false;
            } else if c == '\\' {
                self.escaped = true;
            } else if c == '"' {
                self.in_string = false;
            }
        } else {
            match c {
                '"' => self.in_string = true,
                '{' | '[' => self.depth += 1,
                '}' | ']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        !self.scalar && !self.in_string && self.depth == 0
    }
}

impl Unescape {
    fn take(&mut self, c: char, text: &mut String) {
        if let Some((count, value)) = &mut self.digits {
            let Some(digit) = c.to_digit(16) else {
                *self = Unescape::default();
                text.push(char::REPLACEMENT_CHARACTER);
                self.take(c, text);
                return;
            };
            *value = *value * 16 + digit;
            *count += 1;
            if *count == 4 {
                let value = *value;
                self.digits = None;
                self.escaped = false;
                self.unit(value, text);
            }
            return;
        }
        if !self.escaped {
            match c {
                '\\' => self.escaped = true,
                _ => {
                    self.lone(text);
                    text.push(c);
                }
            }
            return;
        }
        if c == 'u' {
            self.digits = Some((0, 0));
            return;
        }
        self.escaped = false;
        self.lone(text);
        match c {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' | 'b' | 'f' => text.push(' '),
            other => text.push(other),
        }
    }

    /// A UTF-16 unit of a `\u` escape.
    fn unit(&mut self, value: u32, text: &mut String) {
        match (self.high.take(), value) {
            (Some(high), 0xdc00..=0xdfff) => {
                let c = 0x10000 + ((high - 0xd800) << 10) + (value - 0xdc00);
                text.push(char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            (before, value) => {
                if before.is_some() {
                    text.push(char::REPLACEMENT_CHARACTER);
                }
                match value {
                    0xd800..=0xdbff => self.high = Some(value),
                    _ => text.push(char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER)),
                }
            }
        }
    }

    /// Half of a pair without the other half.
    fn lone(&mut self, text: &mut String) {
        if self.high.take().is_some() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

/// Whether what follows a brace is a key of ours; none while that cannot be said.
fn begins_document(inside: &str) -> Option<bool> {
    let inside = inside.trim_start();
    if inside.is_empty() {
        return None;
    }
    let Some(key) = inside.strip_prefix('"') else { return Some(false) };
    match key.split_once('"') {
        Some((key, _)) => Some(field(key) != Field::Other),
        None if NAMES.iter().any(|(name, _)| name.starts_with(key)) => None,
        None => Some(false),
    }
}

/// What a small model writes before its answer.
fn without_thinking(text: &str) -> &str {
    let start = text.trim_start();
    match start.strip_prefix("<think>").and_then(|rest| rest.split_once("</think>")) {
        Some((_, answer)) => answer,
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(pieces: &[&str]) -> (Vec<Bit>, End) {
        let mut document = Document::new();
        let mut bits: Vec<_> = pieces.iter().flat_map(|piece| document.push(piece)).collect();
        let (last, end) = document.finish();
        bits.extend(last);
        // Neighbouring texts count as one, and an end without anything open as none.
        let mut joined: Vec<Bit> = Vec::new();
        for bit in bits {
            match (joined.last_mut(), bit) {
                (Some(Bit::Text(before)), Bit::Text(more)) => before.push_str(&more),
                (Some(Bit::TextEnd), Bit::TextEnd) => {}
                (_, bit) => joined.push(bit),
            }
        }
        (joined, end)
    }

    fn text(bits: &[Bit]) -> String {
        bits.iter().filter_map(|bit| if let Bit::Text(text) = bit { Some(text.as_str()) } else { None }).collect()
    }

    fn values(bits: &[Bit]) -> Vec<(Field, &str)> {
        bits.iter()
            .filter_map(|bit| if let Bit::Value(f, json) = bit { Some((*f, json.as_str())) } else { None })
            .collect()
    }

    const WHOLE: &str = r#"{"raciocinio": "D\u00f3i \"aqui\"\n\ud83d\ude00 fim\\", "hipoteses": [{"nome": "a]}\"", "x": [1, {"y": 2}]}, {"nome": "b"}],
        "estranho": {"a": ["]"]}, "sinais_de_alarme": ["um", "dois"], "texto_na_imagem": null, "confianca": 0.5,"referencias":[]}"#;

    #[test]
    fn a_whole_document() {
        let (bits, end) = read(&[WHOLE]);
        assert_eq!(end, End::Closed);
        assert_eq!(text(&bits), "Dói \"aqui\"\n😀 fim\\");
        assert_eq!(
            values(&bits),
            [
                (Field::Hypotheses, r#"{"nome": "a]}\"", "x": [1, {"y": 2}]}"#),
                (Field::Hypotheses, r#"{"nome": "b"}"#),
                (Field::Alarms, "\"um\""),
                (Field::Alarms, "\"dois\""),
                (Field::ImageText, "null"),
                (Field::Confidence, "0.5"),
            ]
        );
    }

    #[test]
    fn cut_anywhere_it_keeps_what_was_complete() {
        let (all, _) = read(&[WHOLE]);
        let all = values(&all).len();
        for (at, _) in WHOLE.char_indices() {
            let (bits, end) = read(&[&WHOLE[..at]]);
            assert_ne!(end, End::Closed);
            assert!(values(&bits).len() <= all);
        }
        let cut = &WHOLE[..WHOLE.find("dois").unwrap()];
        assert_eq!(values(&read(&[cut]).0).len(), 3);
    }

    #[test]
    fn fences_prose_and_wrappers_around_it() {
        for around in [
            "```json\n{}\n```",
            "Claro! Segue {a resposta}:\n\n{}\n\nEspero ter ajudado.",
            "<think>Talvez {\"nome\": 1}</think>{}",
            "{\"resposta\": {}}",
        ] {
            let (bits, end) = read(&[&around.replace("{}", WHOLE)]);
            assert_eq!(end, End::Closed, "{around}");
            assert_eq!(values(&bits).len(), 6, "{around}");
        }
    }

    #[test]
    fn no_document_is_prose() {
        let (bits, end) = read(&["<think>hm</think>Sugiro ", "hemograma {e} PCR."]);
        assert_eq!((text(&bits).as_str(), end), ("Sugiro hemograma {e} PCR.", End::NoDocument));
        let long = "palavra ".repeat(10_000);
        let (bits, end) = read(&[&long]);
        assert_eq!((text(&bits).as_str(), end), (long.as_str(), End::NoDocument));
        assert_eq!(read(&[]), (vec![Bit::TextEnd], End::NoDocument));
    }

    #[test]
    fn faults_of_small_models() {
        let (bits, end) = read(&["{\"raciocinio\": \"a\nb\", hipoteses: [], \"dados_faltantes\": [\"x\ny\", 3, ], }"]);
        assert_eq!((text(&bits).as_str(), end), ("a\nb", End::Closed));
        assert_eq!(values(&bits), [(Field::Missing, "\"x y\""), (Field::Missing, "3")]);
        let (bits, _) = read(&["{\"raciocinio\": \"um\", \"raciocinio\": \"dois\", \"sinais_de_alarme\": \"s\"}"]);
        assert_eq!(text(&bits), "um");
        assert_eq!(values(&bits), [(Field::Alarms, "\"s\"")]);
        let (bits, _) = read(&[r#"{"raciocinio": "\ud83d x \uZZ \u00e9"}"#]);
        assert_eq!(text(&bits), "\u{fffd} x \u{fffd}ZZ é");
    }

    #[test]
    fn an_endless_element_is_left_out() {
        let long = format!("{{\"raciocinio\":\"\",\"hipoteses\":[{{\"nome\":\"{}\"}},{{}}]}}", "x".repeat(70_000));
        let (bits, end) = read(&[&long]);
        assert_eq!(end, End::Closed);
        assert!(bits.contains(&Bit::TooLong));
        assert_eq!(values(&bits), [(Field::Hypotheses, "{}")]);
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(sizes in prop::collection::vec(1_usize..9, 1..80)) {
            let mut pieces = Vec::new();
            let mut rest = WHOLE;
            for size in sizes.iter().cycle() {
                if rest.is_empty() { break; }
                let (piece, more) = rest.split_at(rest.ceil_char_boundary(*size));
                pieces.push(piece);
                rest = more;
            }
            prop_assert_eq!(read(&pieces), read(&[WHOLE]));
        }

        #[test]
        fn any_text_is_survived(text in "[\\{\\}\\[\\]\",:a-z\\\\ u0-9]{0,80}") {
            read(&[&text]);
            read(&[&format!("{{\"raciocinio\":\"\",{text}")]);
            read(&[&format!("{{\"hipoteses\":[{text}")]);
        }
    }
}
