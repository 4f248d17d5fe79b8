//! From findings to a posterior over the 49 conditions, and to the questions that would sharpen it.
//!
//! The table says which evidences belong to a condition, not how often. So every condition gets the same generic
//! probabilities, softened by how many evidences it lists: of a long list each is mentioned less often.

use std::collections::BTreeSet;

use crate::Patient;
use crate::lexicon::{Concept, Kind, LEXICON_DATA};
use crate::table::CONDITIONS;

/// What is known of a concept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    Present,
    Absent,
}

/// Symptoms that a patient tells of on average; divides the length of a condition's list.
const TOLD: f64 = 5.0;
/// How often a symptom is told though the condition does not list it.
const STRAY: f64 = 0.04;
/// How often pain sits where the condition does not usually hurt.
const STRAY_PLACE: f64 = 0.05;
/// How far apart the conditions are drawn. Fitted by the Brier score on generated notes and as many notes about diseases
/// that are not covered (the half `ajuste`; see the example `figures`): on covered notes alone it would be lower, and the
/// engine far too sure of itself.
pub const TEMPERATURE: f64 = 0.9;

/// How often people have an antecedent whatever they suffer from. Round figures for adults in primary care.
fn usual(code: &str) -> f64 {
    match code {
        "E_104" => 0.25,
        "E_79" | "E_70" | "E_143" | "E_48" => 0.15,
        "E_35" | "E_207" => 0.30,
        "E_69" | "E_71" | "E_78" | "E_226" | "E_16" | "E_191" | "E_195" | "E_183" | "E_80" | "E_10" | "E_99" => 0.10,
        "E_124" | "E_81" | "E_116" | "E_24" | "E_125" | "E_222" | "E_225" => 0.07,
        _ => 0.03,
    }
}

/// Probability that a note on the condition tells of the concept.
fn told(concept: &Concept, condition: usize) -> f64 {
    let listed = concept.fits[condition];
    let place = concept.code.starts_with("E_55_")
        || concept.code.starts_with("E_57_")
        || concept.code.starts_with("E_152_")
        || concept.code.starts_with("E_133_");
    match concept.kind {
        Kind::Symptom if place && listed => 0.5,
        Kind::Symptom if place => STRAY_PLACE,
        Kind::Symptom if listed => (TOLD / CONDITIONS[condition].symptoms.len() as f64).clamp(0.35, 0.85),
        Kind::Symptom => STRAY,
        Kind::Antecedent | Kind::Family => {
            let usual = usual(&concept.code);
            if listed { (usual + 0.25).min(0.9) } else { usual }
        }
    }
}

/// The posterior over the conditions, all equally likely beforehand, at a temperature.
pub(crate) fn posterior(known: &[Option<Known>], age: Option<u16>, temperature: f64) -> Vec<f64> {
    let lexicon = &*LEXICON_DATA;
    let mut scores: Vec<f64> = vec![0.0; CONDITIONS.len()];
    for (concept, known) in lexicon.concepts.iter().zip(known) {
        let Some(known) = known else { continue };
        if concept.neutral {
            continue;
        }
        for (condition, score) in scores.iter_mut().enumerate() {
            let told = told(concept, condition);
            *score += match known {
                Known::Present => told.ln(),
                Known::Absent => (1.0 - told).ln(),
            };
        }
    }
    for (score, condition) in scores.iter_mut().zip(CONDITIONS.iter()) {
        if of_childhood(condition.id) && age.is_some_and(|age| age >= CHILDHOOD) {
            *score -= 4.0;
        }
        *score /= temperature;
    }
    let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut total = 0.0;
    for score in &mut scores {
        *score = (*score - highest).exp();
        total += *score;
    }
    for score in &mut scores {
        *score /= total;
    }
    scores
}

/// Bronchiolitis and croup are diseases of the first years of life: the table asks them of the child's mother.
pub(crate) fn of_childhood(id: &str) -> bool {
    matches!(id, "bronquiolite" | "crupe")
}

/// Age in years from which those are unlikely.
pub(crate) const CHILDHOOD: u16 = 12;

/// Conditions, likeliest first; ties in the order of the table.
pub(crate) fn order(posterior: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..posterior.len()).collect();
    order.sort_by(|a, b| posterior[*b].total_cmp(&posterior[*a]).then(a.cmp(b)));
    order
}

/// The questions, at most `most`, whose answers are expected to tell the first five conditions apart best.
pub(crate) fn questions(known: &[Option<Known>], posterior: &[f64], patient: &Patient, most: usize) -> Vec<String> {
    let lexicon = &*LEXICON_DATA;
    let first: Vec<usize> = order(posterior).into_iter().take(5).collect();
    let total: f64 = first.iter().map(|condition| posterior[*condition]).sum();
    // Half of the weight is shared out evenly, so that a clear leader is still put to the test.
    let weight: Vec<f64> = first.iter().map(|c| 0.5 * posterior[*c] / total + 0.5 / first.len() as f64).collect();
    let mut gains: Vec<(f64, usize)> = Vec::new();
    for (index, concept) in lexicon.concepts.iter().enumerate() {
        let women = matches!(concept.code.as_str(), "E_145" | "E_163" | "E_167" | "E_141" | "E_11");
        let small = concept.code == "E_32" && patient.age.is_none_or(|age| age > 3);
        if known[index].is_some()
            || small
            || concept.neutral
            || concept.question.is_empty()
            || (women && patient.female == Some(false))
        {
            continue;
        }
        let told: Vec<f64> = first.iter().map(|condition| told(concept, *condition)).collect();
        let yes: f64 = weight.iter().zip(&told).map(|(w, t)| w * t).sum();
        let gain = entropy(yes) - weight.iter().zip(&told).map(|(w, t)| w * entropy(*t)).sum::<f64>();
        if gain > 1e-6 {
            gains.push((gain, index));
        }
    }
    gains.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    // What was told or is already asked needs no second question in other words.
    let told = known.iter().zip(&lexicon.concepts).filter(|(known, _)| known.is_some());
    let mut settled: BTreeSet<&str> = told.flat_map(|(_, concept)| concept.evidences.iter().copied()).collect();
    let mut questions: Vec<String> = Vec::new();
    for (_, index) in gains {
        let concept = &lexicon.concepts[index];
        if !concept.evidences.iter().any(|evidence| settled.contains(evidence)) {
            settled.extend(&concept.evidences);
            questions.push(concept.question.clone());
        }
        if questions.len() == most {
            break;
        }
    }
    questions
}

/// Of a yes-or-no answer, in nats.
fn entropy(p: f64) -> f64 {
    let term = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    term(p) + term(1.0 - p)
}
