//! The local knowledge engine and the CID-10 table.
//!
//! Rules over the condition and evidence table of DDXPlus (Fansi Tchango et al., 2022, CC BY 4.0), read with our own
//! Portuguese lexicon. No language model, no input or output. Abstaining is a normal answer: the table knows 49
//! conditions, and most of medicine is not among them.

mod assess;
pub mod cid10;
pub mod eval;
mod lexicon;
mod rank;
mod read;
mod table;
mod text;

use serde::Serialize;

pub use assess::assess;

/// What the note says of the patient.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Patient {
    /// Age in years.
    pub age: Option<u16>,
    /// `true` for female, `false` for male.
    pub female: Option<bool>,
}

/// How a finding stands in the note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Said to be there.
    Present,
    /// Said not to be there.
    Absent,
    /// Said of a relative.
    Family,
}

/// A finding read from the note.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The DDXPlus evidence, as `E_91`.
    pub evidence: String,
    /// What it is called in Portuguese.
    pub label: String,
    /// How it stands.
    pub presence: Presence,
    /// The note that it was read from, by its place among those given.
    pub note: usize,
    /// Byte range in that note.
    pub span: (usize, usize),
}

/// A condition that fits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hypothesis {
    /// Its name in Portuguese.
    pub name: String,
    /// Its name in English, for a literature search.
    pub english: &'static str,
    /// CID-10 code, as `I26`.
    pub cid10: String,
    /// What the CID-10 calls that code.
    pub cid10_text: &'static str,
    /// Posterior among the covered conditions, 0 to 1.
    pub probability: f32,
    /// DDXPlus severity, 1 the gravest, 5 the mildest.
    pub severity: u8,
    /// Findings that speak for it, in Portuguese.
    pub supporting: Vec<String>,
    /// Findings that speak against it, in Portuguese.
    pub opposing: Vec<String>,
    /// Grave, and supported by at least two findings.
    pub must_not_miss: bool,
}

/// Why there are no hypotheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Abstention {
    /// Fewer than two positive findings.
    TooFewFindings,
    /// Too much of the note means nothing to the engine.
    OutsideCoverage,
    /// No condition stands out.
    Undecided,
}

/// What the engine makes of a conversation's notes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assessment {
    /// The patient.
    pub patient: Patient,
    /// What was understood.
    pub findings: Vec<Finding>,
    /// Ranked, at most five; empty when abstaining.
    pub hypotheses: Vec<Hypothesis>,
    /// Grave conditions supported by at least two findings though the engine abstains undecided, at most three; empty otherwise.
    pub not_excluded: Vec<Hypothesis>,
    /// Questions that would best tell the first ones apart, in Portuguese.
    pub missing: Vec<String>,
    /// Why there are no hypotheses.
    pub abstained: Option<Abstention>,
    /// Probability of the first hypothesis, calibrated on generated notes; none when abstaining.
    pub confidence: Option<f32>,
    /// Share of the clinical words that were not understood, 0 to 1.
    pub unmapped: f32,
}

/// The engine and its data, as `motor-conhecimento-local/DDXPlus-1`.
pub const VERSION: &str = "motor-conhecimento-local/DDXPlus-1";

/// The source to be named wherever an answer is shown (CC BY 4.0).
pub const ATTRIBUTION: &str = "Condições e evidências: DDXPlus (Fansi Tchango et al., NeurIPS 2022), CC BY 4.0, adaptado. \
                               CID-10: DATASUS. Léxico em português: Sigilo.";

/// Names of the conditions covered, in Portuguese, in the order of the table.
pub fn coverage() -> impl Iterator<Item = &'static str> {
    table::CONDITIONS.iter().map(|condition| condition.name)
}
