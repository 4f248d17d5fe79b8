//! Finds and removes personal data in Brazilian Portuguese text. No I/O, stands alone.
//!
//! ```
//! let (clean, found) = sigilo_deid::deidentify("Paciente Maria, CPF 123.456.789-00, PA 120x80", &[]);
//! assert_eq!(clean.as_str(), "Paciente [NOME REMOVIDO], CPF [CPF REMOVIDO], PA 120x80");
//! assert_eq!(found.len(), 2);
//! ```
//!
//! How it works: [`scan()`] reads the text once, byte by byte. Words are folded to lower case without accents
//! and looked up in one hash that holds names, context words and units; digits are joined over separators
//! into runs, which every recogniser judges. Names found are then looked for in the whole text. The result
//! is redacted and read again until nothing more is found, so that a redacted text always stays as it is.
//!
//! Each detection says by what evidence it was made ([`Method`]) and how sure it is; the README beside this
//! crate has the ladder.

mod added;
mod address;
mod codes;
mod contact;
mod context;
mod cues;
mod detection;
mod digits;
mod fold;
mod kind;
mod lexicon;
mod names;
mod redact;
mod scan;
mod tags;

/// Check digits of Brazilian documents, each digit a byte from 0 to 9.
pub mod check {
    pub use crate::digits::check::{cns, cpf};
}

pub use detection::{Detection, Detections};
pub use kind::{Kind, Method};
pub use redact::{Deidentified, deidentify, deidentify_outside, redact};
pub use scan::{scan, scan_with};
