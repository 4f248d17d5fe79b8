//! Writing canonical JSON, key after key.

use std::{fmt::Write as _, ops::Range};

use super::{INTEGER_LIMIT, is_key};

/// An object under construction. Members are given in the byte order of their keys: a key that is not greater than the
/// one before, or an integer of 2⁵³ or more, is a programming error, caught in debug builds and refused by
/// [`super::parse`].
#[derive(Debug, Clone)]
pub struct Object {
    out: String,
    last_key: Range<usize>,
}

impl Default for Object {
    fn default() -> Object {
        Object::new()
    }
}

impl Object {
    /// An object without members.
    pub fn new() -> Object {
        Object { out: String::from("{"), last_key: 0..0 }
    }

    /// A string.
    pub fn text(mut self, key: &str, value: &str) -> Object {
        self.key(key);
        string(&mut self.out, value);
        self
    }

    /// A string, or null where there is none.
    pub fn maybe(mut self, key: &str, value: Option<&str>) -> Object {
        self.key(key);
        match value {
            Some(value) => string(&mut self.out, value),
            None => self.out.push_str("null"),
        }
        self
    }

    /// An integer below 2⁵³.
    pub fn integer(mut self, key: &str, value: u64) -> Object {
        debug_assert!(value < INTEGER_LIMIT, "an integer of 2^53 or more is not exact in JSON");
        self.key(key);
        let _ = write!(self.out, "{value}");
        self
    }

    /// A boolean.
    pub fn boolean(mut self, key: &str, value: bool) -> Object {
        self.key(key);
        self.out.push_str(if value { "true" } else { "false" });
        self
    }

    /// An array of strings, in the order given.
    pub fn texts<S: AsRef<str>>(mut self, key: &str, values: &[S]) -> Object {
        self.key(key);
        self.array(values, |out, value| string(out, value.as_ref()));
        self
    }

    /// An object.
    pub fn object(mut self, key: &str, value: Object) -> Object {
        self.key(key);
        self.out.push_str(&value.finish());
        self
    }

    /// An array of objects, in the order given.
    pub fn objects(mut self, key: &str, values: Vec<Object>) -> Object {
        self.key(key);
        self.array(values, |out, value| out.push_str(&value.finish()));
        self
    }

    /// The object's text.
    pub fn finish(mut self) -> String {
        self.out.push('}');
        self.out
    }

    fn key(&mut self, key: &str) {
        debug_assert!(is_key(key), "{key:?} is no key");
        debug_assert!(key > &self.out[self.last_key.clone()], "{key:?} is out of order");
        if self.out.len() > 1 {
            self.out.push(',');
        }
        self.out.push('"');
        let start = self.out.len();
        self.out.push_str(key);
        self.last_key = start..self.out.len();
        self.out.push_str("\":");
    }

    fn array<T>(&mut self, values: impl IntoIterator<Item = T>, write: impl Fn(&mut String, T)) {
        self.out.push('[');
        for (at, value) in values.into_iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            write(&mut self.out, value);
        }
        self.out.push(']');
    }
}

/// Writes a string with the escapes of RFC 8785, § 3.2.2.2, and no others.
fn string(out: &mut String, value: &str) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in value.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&value[plain..at]);
        plain = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            0x08 => out.push_str("\\b"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            0x0c => out.push_str("\\f"),
            b'\r' => out.push_str("\\r"),
            control => {
                let _ = write!(out, "\\u{control:04x}");
            }
        }
    }
    out.push_str(&value[plain..]);
    out.push('"');
}
