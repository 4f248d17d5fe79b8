//! Server-sent events, split anywhere.

/// Longest event that is kept. An answer arrives in pieces of a few bytes; this is far beyond all of them.
const MAX_EVENT: usize = 1024 * 1024;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its name; empty when the stream gives none.
    pub(crate) name: String,
    /// Its data lines, joined by newlines.
    pub(crate) data: String,
}

/// An event longer than any answer's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Reads events from bytes as they come. Lines end by CR LF, LF or CR; invalid UTF-8 becomes U+FFFD.
#[derive(Default)]
pub(crate) struct Parser {
    line: Vec<u8>,
    after_cr: bool,
    past_start: bool,
    name: String,
    data: String,
    has_data: bool,
}

impl Parser {
    /// Takes the next bytes and appends the events they complete.
    ///
    /// # Errors
    /// [`TooLong`].
    pub(crate) fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), TooLong> {
        for &byte in bytes {
            let lf_of_crlf = self.after_cr && byte == b'\n';
            self.after_cr = byte == b'\r';
            match byte {
                _ if lf_of_crlf => {}
                b'\r' | b'\n' => self.end_line(events),
                _ => self.line.push(byte),
            }
        }
        if self.line.len() + self.data.len() > MAX_EVENT { Err(TooLong) } else { Ok(()) }
    }

    /// The event that the end of the stream completes. The standard drops it; some servers leave out the last
    /// blank line, and whoever reads the data sees whether it is whole.
    pub(crate) fn finish(mut self) -> Option<Event> {
        let mut events = Vec::new();
        if !self.line.is_empty() {
            self.end_line(&mut events);
        }
        self.end_line(&mut events);
        events.pop()
    }

    fn end_line(&mut self, events: &mut Vec<Event>) {
        let line = std::mem::take(&mut self.line);
        let mut line = line.as_slice();
        if !std::mem::replace(&mut self.past_start, true) {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        if line.is_empty() {
            let name = std::mem::take(&mut self.name);
            let data = std::mem::take(&mut self.data);
            if std::mem::take(&mut self.has_data) {
                events.push(Event { name, data });
            }
            return;
        }
        let (field, value) = match line.iter().position(|&byte| byte == b':') {
            // A comment.
            Some(0) => return,
            Some(colon) => {
                let value = &line[colon + 1..];
                (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
            }
            None => (line, &b""[..]),
        };
        match field {
            b"event" => self.name = String::from_utf8_lossy(value).into_owned(),
            b"data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.data.push_str(&String::from_utf8_lossy(value));
                self.has_data = true;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(pieces: &[&[u8]]) -> Vec<Event> {
        let mut parser = Parser::default();
        let mut events = Vec::new();
        for piece in pieces {
            parser.push(piece, &mut events).unwrap();
        }
        events.extend(parser.finish());
        events
    }

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn lines_end_in_three_ways() {
        for end in ["\n", "\r\n", "\r"] {
            let text =
                format!(": comment{end}event: a{end}data: 1{end}data:2{end}{end}data{end}id: 7{end}{end}data:  x");
            assert_eq!(all(&[text.as_bytes()]), [event("a", "1\n2"), event("", ""), event("", " x")], "{end:?}");
        }
    }

    #[test]
    fn a_mark_at_the_start_and_empty_events_are_nothing() {
        assert_eq!(all(&["\u{feff}data: é\n\n\n\nevent: b\n\n".as_bytes()]), [event("", "é")]);
    }

    #[test]
    fn an_endless_event_is_refused() {
        let mut parser = Parser::default();
        let piece = vec![b'x'; 64 * 1024];
        let mut events = Vec::new();
        let refused = (0..17).any(|_| parser.push(&piece, &mut events).is_err());
        assert!(refused && events.is_empty());
    }

    const RECORDED: &[&str] = &[
        include_str!("../../tests/wire/anthropic_sdk_basic_response.txt"),
        include_str!("../../tests/wire/anthropic_sdk_refusal_response.txt"),
        include_str!("../../tests/wire/anthropic_sdk_incomplete_partial_json_response.txt"),
        include_str!("../../tests/wire/anthropic_stream.txt"),
        include_str!("../../tests/wire/openai_stream.txt"),
    ];

    #[test]
    fn recorded_streams_split_at_every_byte() {
        for recorded in RECORDED {
            for text in [recorded.to_string(), recorded.replace('\n', "\r\n"), recorded.replace('\n', "\r")] {
                let whole = all(&[text.as_bytes()]);
                assert!(whole.len() > 4);
                for at in 0..=text.len() {
                    let (left, right) = text.as_bytes().split_at(at);
                    assert_eq!(all(&[left, right]), whole, "split at {at}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn recorded_streams_split_anywhere(which in 0..RECORDED.len(), sizes in prop::collection::vec(1_usize..40, 1..60)) {
            let bytes = RECORDED[which].as_bytes();
            let mut pieces = Vec::new();
            let mut rest = bytes;
            for size in sizes.iter().cycle() {
                if rest.is_empty() { break; }
                let (piece, more) = rest.split_at((*size).min(rest.len()));
                pieces.push(piece);
                rest = more;
            }
            prop_assert_eq!(all(&pieces), all(&[bytes]));
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            all(&[&bytes]);
        }
    }
}
