//! Reading canonical JSON, and nothing else.

use thiserror::Error;

use super::{INTEGER_LIMIT, is_key};

/// The longest text that is read, in bytes.
pub const MAX_LENGTH: usize = 16 << 20;

/// How deep objects may lie in each other.
pub const MAX_DEPTH: usize = 16;

/// Why a text is not canonical JSON of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum JcsError {
    /// Longer than [`MAX_LENGTH`].
    #[error("the text is too long")]
    TooLong,
    /// Objects nested deeper than [`MAX_DEPTH`].
    #[error("the text is nested too deep")]
    TooDeep,
    /// Not UTF-8.
    #[error("the text is not UTF-8")]
    Encoding,
    /// Keys repeated or out of order.
    #[error("the key at byte {0} is repeated or out of order")]
    Order(usize),
    /// Anything else that the writer would not have written.
    #[error("the text is not canonical at byte {0}")]
    Syntax(usize),
}

/// A value that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer below 2⁵³.
    Integer(u64),
    /// A string.
    Text(String),
    /// Strings, or objects.
    Array(Vec<Value>),
    /// Members in the order of their keys.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// The member `key` of an object.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let members = self.as_object()?;
        let at = members.binary_search_by(|(name, _)| name.as_str().cmp(key)).ok()?;
        members.get(at).map(|(_, value)| value)
    }

    /// The string member `key` of an object.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_text()
    }

    /// The integer member `key` of an object.
    pub fn integer(&self, key: &str) -> Option<u64> {
        self.get(key)?.as_integer()
    }

    /// The strings of the array member `key` of an object; none where it is not an array of strings.
    pub fn texts(&self, key: &str) -> Option<Vec<&str>> {
        self.get(key)?.as_array()?.iter().map(Value::as_text).collect()
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        *self == Value::Null
    }

    /// A boolean.
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(value) = self { Some(*value) } else { None }
    }

    /// An integer.
    pub fn as_integer(&self) -> Option<u64> {
        if let Value::Integer(value) = self { Some(*value) } else { None }
    }

    /// A string.
    pub fn as_text(&self) -> Option<&str> {
        if let Value::Text(value) = self { Some(value) } else { None }
    }

    /// An array.
    pub fn as_array(&self) -> Option<&[Value]> {
        if let Value::Array(values) = self { Some(values) } else { None }
    }

    /// An object's members in the order of their keys.
    pub fn as_object(&self) -> Option<&[(String, Value)]> {
        if let Value::Object(members) = self { Some(members) } else { None }
    }
}

/// Reads an object of exactly the bytes that [`super::Object`] writes: no spaces, keys in order and once, no escapes
/// but the necessary ones, no numbers but integers below 2⁵³.
///
/// # Errors
/// [`JcsError`], with the place where the text leaves the canonical form.
pub fn parse(bytes: &[u8]) -> Result<Value, JcsError> {
    if bytes.len() > MAX_LENGTH {
        return Err(JcsError::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| JcsError::Encoding)?;
    let mut reader = Reader { text, at: 0 };
    let value = reader.object(0)?;
    if reader.at == text.len() { Ok(value) } else { Err(reader.wrong()) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn wrong(&self) -> JcsError {
        JcsError::Syntax(self.at)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.text.as_bytes()[self.at..].starts_with(token.as_bytes());
        if found {
            self.at += token.len();
        }
        found
    }

    fn need(&mut self, token: &str) -> Result<(), JcsError> {
        if self.take(token) { Ok(()) } else { Err(self.wrong()) }
    }

    fn value(&mut self, depth: usize) -> Result<Value, JcsError> {
        match self.peek() {
            Some(b'"') => self.string().map(Value::Text),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'0'..=b'9') => self.integer(),
            Some(b'n') => self.need("null").map(|()| Value::Null),
            Some(b't') => self.need("true").map(|()| Value::Bool(true)),
            _ => self.need("false").map(|()| Value::Bool(false)),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, JcsError> {
        if depth == MAX_DEPTH {
            return Err(JcsError::TooDeep);
        }
        self.need("{")?;
        let mut members: Vec<(String, Value)> = Vec::new();
        if self.take("}") {
            return Ok(Value::Object(members));
        }
        loop {
            let start = self.at;
            let key = self.string()?;
            if !is_key(&key) {
                return Err(JcsError::Syntax(start));
            }
            if members.last().is_some_and(|(before, _)| *before >= key) {
                return Err(JcsError::Order(start));
            }
            self.need(":")?;
            members.push((key, self.value(depth + 1)?));
            if self.take("}") {
                return Ok(Value::Object(members));
            }
            self.need(",")?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, JcsError> {
        self.need("[")?;
        let mut values = Vec::new();
        if self.take("]") {
            return Ok(Value::Array(values));
        }
        let objects = self.peek() == Some(b'{');
        loop {
            values.push(if objects { self.object(depth + 1)? } else { Value::Text(self.string()?) });
            if self.take("]") {
                return Ok(Value::Array(values));
            }
            self.need(",")?;
        }
    }

    fn integer(&mut self) -> Result<Value, JcsError> {
        let digits = self.text[self.at..].bytes().take_while(u8::is_ascii_digit).count();
        let written = &self.text[self.at..self.at + digits];
        let value = written.parse::<u64>().ok().filter(|value| *value < INTEGER_LIMIT).ok_or_else(|| self.wrong())?;
        if written.starts_with('0') && digits > 1 {
            return Err(self.wrong());
        }
        self.at += digits;
        Ok(Value::Integer(value))
    }

    fn string(&mut self) -> Result<String, JcsError> {
        self.need("\"")?;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.bytes().take_while(|&byte| byte >= b' ' && byte != b'"' && byte != b'\\').count();
            out.push_str(&rest[..plain]);
            self.at += plain;
            if self.take("\"") {
                return Ok(out);
            }
            out.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, JcsError> {
        const SHORT: [(&str, char); 7] = [
            ("\\\"", '"'),
            ("\\\\", '\\'),
            ("\\b", '\u{8}'),
            ("\\t", '\t'),
            ("\\n", '\n'),
            ("\\f", '\u{c}'),
            ("\\r", '\r'),
        ];
        for (written, meant) in SHORT {
            if self.take(written) {
                return Ok(meant);
            }
        }
        // Only control characters without a short form are written by number, in lower case.
        let start = self.at;
        self.need("\\u00")?;
        for byte in (0..b' ').filter(|byte| !SHORT.iter().any(|(_, short)| *short == char::from(*byte))) {
            if self.take(&format!("{byte:02x}")) {
                return Ok(char::from(byte));
            }
        }
        Err(JcsError::Syntax(start))
    }
}
