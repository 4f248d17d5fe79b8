//! Decides whether a cited article is a known one. No network.
//!
//! A reference is taken apart ([`parse_reference`]), looked up ([`Index`]) and compared ([`judge`]); records come from
//! PubMed's XML ([`pubmed_xml`]).

mod bundled;
mod cited;
mod codec;
mod fold;
mod guideline;
mod index;
mod journal;
mod judge;
mod parse;
mod people;
pub mod pubmed_xml;
mod record;
mod verdict;
mod weights;

pub use bundled::{pack, records as bundled_records};
pub use cited::Cited;
pub use fold::fold;
pub use guideline::is_guideline;
pub use index::{Index, IndexError, Options, Progress, Status, Step, Summary, build};
pub use journal::{is_small_in_journals, journal_names};
pub use judge::judge;
pub use parse::parse_reference;
pub use record::{Author, Flags, Record};
pub use verdict::{Correction, Judgement, Reason, Verdict};
pub use weights::Weights;
