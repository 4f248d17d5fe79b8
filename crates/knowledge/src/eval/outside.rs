//! Notes written by hand: on diseases outside the coverage, and one on each condition inside.

use serde::Serialize;

use super::accuracy::outcome;
use super::share::{Bin, Share, reliability};
use crate::assess;
use crate::assess::assess_at;
use crate::table::{CONDITIONS, rows};

const OUTSIDE: &str = include_str!("../../../../data/ddxplus/fora_cobertura.tsv");
const BY_HAND: &str = include_str!("../../../../data/ddxplus/cobertura.tsv");

/// What [`outside`] found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutsideReport {
    /// Which half of the notes, `ajuste` (used to choose limits) or `teste`.
    pub half: String,
    /// Abstained, of all.
    pub abstained: Share,
    /// Diagnoses answered though not covered, with what was answered and its confidence.
    pub answered: Vec<(String, String, f32)>,
}

/// Runs the notes about diseases that are not covered. Half is `ajuste` or `teste`.
pub fn outside(half: &str) -> OutsideReport {
    let mut answered = Vec::new();
    let rows: Vec<_> = rows(OUTSIDE).filter(|row| row[0] == half).collect();
    for row in &rows {
        let assessment = assess(&[row[2]]);
        if let (None, Some(first)) = (assessment.abstained, assessment.hypotheses.first()) {
            answered.push((row[1].to_owned(), first.name.clone(), first.probability));
        }
    }
    OutsideReport { half: half.to_owned(), abstained: Share::of(rows.len() - answered.len(), rows.len()), answered }
}

/// What [`by_hand`] found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HandReport {
    /// First hypothesis right, of the answered.
    pub top1: Share,
    /// Right one among the first three, of the answered.
    pub top3: Share,
    /// Abstained, of all.
    pub abstained: Share,
    /// Conditions whose note was answered with another first, with the place of the right one when it was shown.
    pub missed: Vec<(String, String, Option<usize>)>,
    /// Conditions whose note was not answered.
    pub unanswered: Vec<String>,
}

/// Runs the notes written by hand on the conditions covered, one on each.
pub fn by_hand() -> HandReport {
    let (mut places, mut missed, mut unanswered) = (Vec::new(), Vec::new(), Vec::new());
    let notes: Vec<_> =
        rows(BY_HAND).filter_map(|row| Some((CONDITIONS.iter().find(|one| one.id == row[0])?, row[1]))).collect();
    for (condition, note) in &notes {
        let assessment = assess(&[note]);
        let Some(first) = assessment.hypotheses.first() else {
            unanswered.push(condition.id.to_owned());
            continue;
        };
        let place = assessment.hypotheses.iter().position(|one| one.name == condition.name);
        if place != Some(0) {
            missed.push((condition.id.to_owned(), first.name.clone(), place.map(|place| place + 1)));
        }
        places.push(place);
    }
    HandReport {
        top1: Share::count(places.iter().map(|place| *place == Some(0))),
        top3: Share::count(places.iter().map(|place| place.is_some_and(|place| place < 3))),
        abstained: Share::of(unanswered.len(), notes.len()),
        missed,
        unanswered,
    }
}

/// What [`open_world`] found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OpenReport {
    /// How far apart the hypotheses were drawn.
    pub temperature: f64,
    /// First hypothesis right, of the answered, generated and uncovered notes weighing the same.
    pub right: f64,
    /// Expected calibration error over ten bins.
    pub ece: f64,
    /// Mean squared error of the confidence (Brier).
    pub brier: f64,
    /// Reliability; `n` counts generated notes, to which the uncovered ones are scaled up.
    pub bins: Vec<Bin>,
}

/// Calibration where half of the notes are about diseases that are not covered: what the temperature is fitted on.
pub fn open_world(n: usize, seed: u64, half: &str, temperature: f64) -> OpenReport {
    let mut answers: Vec<(f64, bool)> = Vec::new();
    for index in 0..n {
        let one = outcome(index, seed, 50, temperature);
        answers.extend(one.assessment.confidence.map(|confidence| (f64::from(confidence), one.right())));
    }
    let notes: Vec<&str> = rows(OUTSIDE).filter(|row| row[0] == half).map(|row| row[2]).collect();
    for note in &notes {
        let confidence = assess_at(&[note], temperature).confidence.map(f64::from);
        answers.extend(
            confidence.into_iter().flat_map(|confidence| std::iter::repeat_n((confidence, false), n / notes.len())),
        );
    }
    let total = answers.len().max(1) as f64;
    let (bins, ece) = reliability(&answers);
    OpenReport {
        temperature,
        right: answers.iter().filter(|(_, right)| *right).count() as f64 / total,
        ece,
        brier: answers
            .iter()
            .map(|(confidence, right)| (confidence - f64::from(u8::from(*right))).powi(2))
            .sum::<f64>()
            / total,
        bins,
    }
}
