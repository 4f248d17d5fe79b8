//! Canonical JSON: what is written, that nothing else is read, and that both are inverse.

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use sigilo_proof::jcs::{JcsError, MAX_LENGTH, Object, Value, parse};

#[test]
fn an_entry_is_written_as_rfc_8785_has_it() {
    let written = Object::new()
        .text("action", "UPDATE")
        .maybe("actor", None)
        .maybe("by", Some("ação"))
        .texts("changed", &["name", "note"])
        .object("in", Object::new().integer("size", (1 << 53) - 1).texts::<&str>("texts", &[]))
        .objects("of", vec![Object::new(), Object::new().boolean("ok", true)])
        .boolean("said", false)
        .integer("v", 1)
        .finish();
    assert_eq!(
        written,
        "{\"action\":\"UPDATE\",\"actor\":null,\"by\":\"ação\",\"changed\":[\"name\",\"note\"],\
         \"in\":{\"size\":9007199254740991,\"texts\":[]},\"of\":[{},{\"ok\":true}],\"said\":false,\"v\":1}"
    );
    let read = parse(written.as_bytes()).unwrap();
    assert_eq!(read.text("action"), Some("UPDATE"));
    assert!(read.get("actor").unwrap().is_null());
    assert_eq!(read.texts("changed"), Some(vec!["name", "note"]));
    assert_eq!(read.get("in").unwrap().integer("size"), Some((1 << 53) - 1));
    assert_eq!(read.get("of").unwrap().as_array().unwrap()[1].get("ok").unwrap().as_bool(), Some(true));
    assert_eq!(read.as_object().unwrap().len(), 8);
    assert_eq!(
        (read.get("missing"), read.text("v"), read.integer("action"), read.texts("of")),
        (None, None, None, None)
    );
}

#[test]
fn strings_have_the_escapes_of_rfc_8785_alone() {
    // The example of § 3.2.2.2, then every control character.
    let text = Object::new().text("s", "€$\u{f}\nA'B\"\\\\\"/").finish();
    assert_eq!(text, r#"{"s":"€$\u000f\nA'B\"\\\\\"/"}"#);
    let controls: String = (0..=0x20).chain([0x7f]).map(char::from).collect();
    let text = Object::new().text("s", &controls).finish();
    let expected = concat!(
        r#"{"s":"\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#,
        r#"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f "#,
        "\u{7f}\"}"
    );
    assert_eq!(text, expected);
    assert_eq!(parse(text.as_bytes()).unwrap().text("s"), Some(controls.as_str()));
}

#[test]
fn what_the_writer_does_not_write_is_not_read() {
    let refused = [
        // Not an object, or more than one.
        "",
        " ",
        "null",
        "[]",
        "\"a\"",
        "1",
        "{",
        "}",
        "{}{}",
        "{}\n",
        " {}",
        "{ }",
        "{,}",
        // Spaces and commas.
        r#"{"a": 1}"#,
        r#"{"a" :1}"#,
        r#"{"a":1 }"#,
        r#"{"a":1,}"#,
        r#"{"a":1, "b":1}"#,
        r#"{"a":["x", "y"]}"#,
        r#"{"a":["x",]}"#,
        r#"{"a":[,"x"]}"#,
        r#"{"a":1"b":2}"#,
        "{\"a\":1,\n\"b\":2}",
        r#"{"a"}"#,
        r#"{"a":}"#,
        // Order and duplicates.
        r#"{"b":1,"a":1}"#,
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"a":2}"#,
        r#"{"a":1,"B":1}"#,
        r#"{"ab":1,"a":1}"#,
        // Keys.
        r#"{"":1}"#,
        r#"{"á":1}"#,
        r#"{"\u0061":1}"#,
        r#"{"a\"b":1}"#,
        r#"{"a\\b":1}"#,
        r#"{a:1}"#,
        r#"{'a':1}"#,
        // Numbers.
        r#"{"a":01}"#,
        r#"{"a":-1}"#,
        r#"{"a":+1}"#,
        r#"{"a":1.0}"#,
        r#"{"a":1e3}"#,
        r#"{"a":0x1}"#,
        r#"{"a":-0}"#,
        r#"{"a":9007199254740992}"#,
        r#"{"a":99999999999999999999999}"#,
        r#"{"a":NaN}"#,
        r#"{"a":00}"#,
        // Other values.
        r#"{"a":True}"#,
        r#"{"a":nul}"#,
        r#"{"a":undefined}"#,
        r#"{"a":[1]}"#,
        r#"{"a":[null]}"#,
        r#"{"a":[[]]}"#,
        r#"{"a":["x",{}]}"#,
        r#"{"a":[{},"x"]}"#,
        r#"{"a":[true]}"#,
        // Escapes that are not needed, or written otherwise.
        r#"{"a":"\/"}"#,
        r#"{"a":"\u0041"}"#,
        r#"{"a":"\u000A"}"#,
        r#"{"a":"\u000a"}"#,
        r#"{"a":"\u000F"}"#,
        r#"{"a":"\u0020"}"#,
        r#"{"a":"\u00e9"}"#,
        r#"{"a":"\ud83d\ude00"}"#,
        r#"{"a":"\ud800"}"#,
        r#"{"a":"\u007f"}"#,
        r#"{"a":"\x41"}"#,
        r#"{"a":"\"}"#,
        r#"{"a":"\u00"}"#,
        r#"{"a":"b"#,
        "{\"a\":\"\n\"}",
        "{\"a\":\"\0\"}",
        // A byte order mark and comments.
        "\u{feff}{}",
        "{}//",
        "/**/{}",
    ];
    for text in refused {
        assert!(parse(text.as_bytes()).is_err(), "{text:?} was read");
    }
    assert_eq!(parse(br#"{"b":1,"a":1}"#), Err(JcsError::Order(7)));
    assert_eq!(parse(br#"{"a":1,"a":1}"#), Err(JcsError::Order(7)));
    assert_eq!(parse(b"{\"a\":\"\xff\"}"), Err(JcsError::Encoding));
    assert_eq!(parse(br#"{"a":1.5}"#), Err(JcsError::Syntax(6)));
}

#[test]
fn depth_and_length_are_limited() {
    let nested = |depth: usize| (1..depth).fold(Object::new(), |inner, _| Object::new().object("a", inner)).finish();
    assert!(parse(nested(16).as_bytes()).is_ok());
    assert_eq!(parse(nested(17).as_bytes()), Err(JcsError::TooDeep));
    assert_eq!(parse("{\"a\":".repeat(100_000).as_bytes()), Err(JcsError::TooDeep));
    assert_eq!(parse("{\"a\":[".repeat(100_000).as_bytes()), Err(JcsError::TooDeep));
    assert_eq!(parse(&vec![b' '; MAX_LENGTH + 1]), Err(JcsError::TooLong));
}

#[cfg(debug_assertions)]
mod a_programming_error_is_caught {
    use super::Object;

    #[test]
    #[should_panic(expected = "out of order")]
    fn keys_out_of_order() {
        let _ = Object::new().text("b", "").text("a", "");
    }

    #[test]
    #[should_panic(expected = "out of order")]
    fn a_key_twice() {
        let _ = Object::new().text("a", "").integer("a", 1);
    }

    #[test]
    #[should_panic(expected = "is no key")]
    fn a_key_that_is_not_ascii() {
        let _ = Object::new().text("ação", "");
    }

    #[test]
    #[should_panic(expected = "2^53")]
    fn an_integer_that_is_not_exact() {
        let _ = Object::new().integer("a", 1 << 53);
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[\\x00-\\x22\\\\/é\u{7f}]{0,8}"]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (0..1_u64 << 53).prop_map(Value::Integer),
        text().prop_map(Value::Text),
        prop::collection::vec(text().prop_map(Value::Text), 0..4).prop_map(Value::Array),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        prop_oneof![object(inner.clone()), prop::collection::vec(object(inner), 0..3).prop_map(Value::Array)]
    })
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let members = prop::collection::btree_map("[ !#-\\[\\]-~]{1,6}", value, 0..5);
    members.prop_map(|members| Value::Object(members.into_iter().collect()))
}

fn write(value: &Value) -> Object {
    let mut out = Object::new();
    for (key, value) in value.as_object().unwrap() {
        out = match value {
            Value::Null => out.maybe(key, None),
            Value::Bool(value) => out.boolean(key, *value),
            Value::Integer(value) => out.integer(key, *value),
            Value::Text(value) => out.text(key, value),
            Value::Object(_) => out.object(key, write(value)),
            Value::Array(values) if values.first().is_some_and(|first| first.as_object().is_some()) => {
                out.objects(key, values.iter().map(write).collect())
            }
            Value::Array(values) => {
                out.texts(key, &values.iter().map(|value| value.as_text().unwrap()).collect::<Vec<_>>())
            }
        };
    }
    out
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in object(value())) {
        prop_assert_eq!(parse(write(&value).finish().as_bytes()), Ok(value));
    }

    #[test]
    fn what_is_read_is_written_back(value in object(value()), at in any::<usize>(), byte in any::<u8>(), how in 0..4) {
        let mut bytes = write(&value).finish().into_bytes();
        let at = at % bytes.len();
        match how {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            2 => { bytes.remove(at); }
            _ => bytes.truncate(at),
        }
        if let Ok(value) = parse(&bytes) {
            prop_assert_eq!(write(&value).finish().into_bytes(), bytes);
        }
    }

    #[test]
    fn noise_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn noise_of_the_right_letters_is_read_or_refused(text in "[{}\\[\\]\",:0-9a-ntrue\\\\ufls]{0,40}") {
        if let Ok(value) = parse(text.as_bytes()) {
            prop_assert_eq!(write(&value).finish(), text);
        }
    }
}
