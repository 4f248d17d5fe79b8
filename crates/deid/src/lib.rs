//! Finds and removes personal data in Brazilian Portuguese text. No I/O, stands alone.
//!
//! ```
//! let (clean, found) = sigilo_deid::deidentify("Paciente Maria, CPF 123.456.789-00, PA 120x80", &[]);
//! # let _ = (clean, found);
//! ```

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

pub use detection::{Detection, Detections};
pub use kind::{Kind, Method};
pub use redact::{Deidentified, deidentify, redact};
pub use scan::{scan, scan_with};
