//! Putting tags in place of what was found, and the type that proves it was done.

use std::fmt;
use std::ops::{Deref, Range};

use crate::detection::Detections;
use crate::scan::scan_with;

/// The text with each detection replaced by its kind's tag.
///
/// `found` must come from a scan of this same text. Offsets that do not fit another text are
/// skipped rather than allowed to panic.
pub fn redact(text: &str, found: &Detections) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for d in found {
        let (Some(before), true) = (text.get(done..d.start), text.is_char_boundary(d.end)) else {
            continue;
        };
        out.push_str(before);
        out.push_str(d.kind.tag());
        done = d.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// A value that went through the de-identifier.
///
/// [`deidentify`] and [`deidentify_outside`] are its only constructors: there is deliberately no `From`, `Default` or
/// `Deserialize`, so that a function asking for a `Deidentified<String>` cannot be handed anything
/// else. It can be read and taken apart freely.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Deidentified<T>(T);

impl<T> Deidentified<T> {
    /// Gives the value up. The way back is through the de-identifier only.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl Deidentified<String> {
    /// The redacted text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T> Deref for Deidentified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: AsRef<str>> AsRef<str> for Deidentified<T> {
    fn as_ref(&self) -> &str {
        self.0.as_ref()
    }
}

impl<T: fmt::Display> fmt::Display for Deidentified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: fmt::Debug> fmt::Debug for Deidentified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Deidentified").field(&self.0).finish()
    }
}

/// Scans and redacts in one step; `added` are phrases marked by hand, as in [`scan_with`].
pub fn deidentify(text: &str, added: &[&str]) -> (Deidentified<String>, Detections) {
    let found = scan_with(text, added);
    (Deidentified(redact(text, &found)), found)
}

/// [`deidentify`], but names and places wholly inside a `known` span of the text stay; see [`Detections::outside`].
pub fn deidentify_outside(text: &str, added: &[&str], known: &[Range<usize>]) -> (Deidentified<String>, Detections) {
    let found = scan_with(text, added).outside(known);
    (Deidentified(redact(text, &found)), found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;
    use crate::scan::scan;

    #[test]
    fn tags_are_those_of_the_manual() {
        let tags: Vec<_> = Kind::ALL.iter().take(8).map(|k| k.tag()).collect();
        assert_eq!(
            tags,
            [
                "[CPF REMOVIDO]",
                "[TELEFONE REMOVIDO]",
                "[EMAIL REMOVIDO]",
                "[RG REMOVIDO]",
                "[ENDERECO REMOVIDO]",
                "[CEP REMOVIDO]",
                "[PRONTUARIO REMOVIDO]",
                "[NOME REMOVIDO]",
            ]
        );
    }

    #[test]
    fn detections_of_another_text_do_no_harm() {
        let found = scan("CPF 123.456.789-00 de Maria");
        assert_eq!(redact("oi", &found), "oi");
        assert_eq!(redact("ãããããããã", &found).chars().filter(|&c| c == 'ã').count(), 8);
    }

    #[test]
    fn the_clean_text_can_be_read_and_taken() {
        let (clean, found) = deidentify("o Tio Zé, CPF 123.456.789-00", &["tio zé"]);
        assert_eq!(clean.as_str(), "o [NOME REMOVIDO], CPF [CPF REMOVIDO]");
        assert_eq!(clean.len(), clean.to_string().len());
        assert_eq!(found[0].kind, Kind::Adicionado);
        assert_eq!(clean.into_inner(), "o [NOME REMOVIDO], CPF [CPF REMOVIDO]");
    }
}
