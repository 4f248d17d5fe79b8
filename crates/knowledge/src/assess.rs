//! The whole way from notes to an assessment.

use crate::lexicon::{Concept, Kind, LEXICON_DATA};
use crate::rank;
use crate::rank::{Known, TEMPERATURE, order, posterior, questions};
use crate::read::{Mention, read};
use crate::table::CONDITIONS;
use crate::{Abstention, Assessment, Finding, Hypothesis, Patient, Presence, cid10};

/// Fewer positive findings than this: no hypotheses.
const FEWEST: usize = 2;
/// More of the clinical words not understood than this: outside the coverage..
const MOST_FOREIGN: f32 = 0.40;
/// The first hypothesis must reach this: below, on the half `ajuste` with uncovered diseases, it is wrong more often than right.
const LEAST_LEADER: f64 = 0.45;
/// Hypotheses shown.
const SHOWN: usize = 5;
/// Questions asked.
const ASKED: usize = 6;

/// Notes joined: what stands at the end.
pub(crate) struct Joined {
    pub patient: Patient,
    pub mentions: Vec<(usize, Mention)>,
    pub known: Vec<Option<Known>>,
    pub unmapped: f32,
    /// A word that only a disease outside the coverage explains.
    pub decided: bool,
}

/// Reads the notes in order; a later note corrects an earlier one.
pub(crate) fn join(notes: &[&str]) -> Joined {
    let lexicon = &*LEXICON_DATA;
    let mut patient = Patient::default();
    let mut last: Vec<Option<(usize, Mention)>> = vec![None; lexicon.concepts.len()];
    let mut relatives: Vec<Option<(usize, Mention)>> = vec![None; lexicon.concepts.len()];
    let (mut understood, mut foreign, mut decided) = (0, 0, false);
    for (number, note) in notes.iter().enumerate() {
        let reading = read(note);
        patient.age = reading.patient.age.or(patient.age);
        patient.female = reading.patient.female.or(patient.female);
        understood += reading.understood;
        foreign += reading.foreign;
        decided |= reading.decided;
        for mention in reading.mentions {
            let place = if mention.presence == Presence::Family { &mut relatives } else { &mut last };
            let slot = &mut place[mention.concept];
            // Within a note, what is said to be there outweighs what is denied; the written outweighs the implied.
            let keep = slot.as_ref().is_some_and(|(note, old)| {
                *note == number
                    && old.presence == Presence::Present
                    && (mention.presence == Presence::Absent || mention.implied || !old.implied)
            });
            if !keep {
                *slot = Some((number, mention));
            }
        }
    }
    let mut known = vec![None; lexicon.concepts.len()];
    for (_, mention) in last.iter().flatten() {
        known[mention.concept] =
            Some(if mention.presence == Presence::Present { Known::Present } else { Known::Absent });
    }
    for (_, mention) in relatives.iter().flatten() {
        if lexicon.concepts[mention.concept].kind == Kind::Family {
            known[mention.concept] = Some(Known::Present);
        }
    }
    let mut mentions: Vec<(usize, Mention)> = last.into_iter().chain(relatives).flatten().collect();
    mentions.sort_by_key(|(note, mention)| (*note, mention.span, mention.concept));
    let words = understood + foreign;
    let unmapped = if words == 0 { 1.0 } else { foreign as f32 / words as f32 };
    Joined { patient, mentions, known, unmapped, decided }
}

/// Assesses the doctor's notes of one conversation, oldest first. Later notes correct earlier ones.
///
/// Deterministic: the same notes give the same answer, and answers hold nothing but what the notes and the data files say.
pub fn assess(notes: &[&str]) -> Assessment {
    assess_at(notes, TEMPERATURE)
}

/// As [`assess`], at a temperature: how far apart the hypotheses are drawn.
pub(crate) fn assess_at(notes: &[&str], temperature: f64) -> Assessment {
    let joined = join(notes);
    let posterior = posterior(&joined.known, joined.patient.age, temperature);
    let order = order(&posterior);
    let abstained = abstention(&joined, posterior[order[0]]);
    let mut hypotheses = Vec::new();
    let mut not_excluded = Vec::new();
    match abstained {
        None => {
            // The likeliest three, then the grave ones that are supported, then the rest.
            let all: Vec<Hypothesis> =
                order.iter().map(|condition| hypothesis(&joined, &posterior, *condition)).collect();
            let (first, rest) = all.split_at(3);
            let (grave, other): (Vec<&Hypothesis>, Vec<&Hypothesis>) = rest.iter().partition(|one| one.must_not_miss);
            let likely = |one: &&&Hypothesis| one.probability >= 0.01 && !one.supporting.is_empty();
            hypotheses = first.iter().filter(|one| one.probability >= 0.01 || one.must_not_miss).cloned().collect();
            hypotheses
                .extend(grave.iter().chain(other.iter().filter(likely)).take(SHOWN - 3).map(|one| (*one).clone()));
            hypotheses.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        }
        Some(Abstention::Undecided) => {
            let grave = order
                .iter()
                .map(|condition| hypothesis(&joined, &posterior, *condition))
                .filter(|one| one.must_not_miss);
            not_excluded = grave.take(3).collect();
        }
        Some(_) => {}
    }
    Assessment {
        patient: joined.patient.clone(),
        findings: findings(&joined),
        confidence: hypotheses.first().map(|first| first.probability),
        hypotheses,
        not_excluded,
        missing: questions(&joined.known, &posterior, &joined.patient, ASKED),
        abstained,
        unmapped: joined.unmapped,
    }
}

fn abstention(joined: &Joined, leader: f64) -> Option<Abstention> {
    let positive = joined.mentions.iter().filter(|(_, mention)| counts(joined, mention)).count();
    if positive < FEWEST {
        Some(Abstention::TooFewFindings)
    } else if joined.unmapped > MOST_FOREIGN || joined.decided {
        Some(Abstention::OutsideCoverage)
    } else if leader < LEAST_LEADER {
        Some(Abstention::Undecided)
    } else {
        None
    }
}

/// A positive finding of its own: written, about the patient or a family question, and one the table weighs.
fn counts(joined: &Joined, mention: &Mention) -> bool {
    let lexicon = &*LEXICON_DATA;
    let concept = &lexicon.concepts[mention.concept];
    let told = mention.presence == Presence::Present || concept.kind == Kind::Family;
    let bare = mention.concept == lexicon.pain
        && joined.mentions.iter().any(|(_, other)| {
            other.concept != mention.concept && other.span.0 <= mention.span.0 && other.span.1 >= mention.span.1
        });
    told && !mention.implied && !concept.neutral && !bare
}

fn findings(joined: &Joined) -> Vec<Finding> {
    let lexicon = &*LEXICON_DATA;
    let placed = joined.mentions.iter().any(|(_, mention)| lexicon.concepts[mention.concept].code.starts_with("E_55_"));
    let shown = joined.mentions.iter().filter(|(_, mention)| !(mention.concept == lexicon.pain && placed));
    shown
        .map(|(note, mention)| {
            let concept = &lexicon.concepts[mention.concept];
            Finding {
                evidence: concept.code.clone(),
                label: concept.label.clone(),
                presence: mention.presence,
                note: *note,
                span: mention.span,
            }
        })
        .collect()
}

/// Exposures without which Ebola is no concern.
const EXPOSURE: [&str; 2] = ["E_73", "E_204_@_V_1"];

/// Order among what supports: places first, then symptoms, then antecedents.
fn weight(concept: &Concept) -> u8 {
    match concept.kind {
        Kind::Symptom if concept.code.contains('@') => 0,
        Kind::Symptom => 1,
        Kind::Antecedent | Kind::Family => 2,
    }
}

fn hypothesis(joined: &Joined, posterior: &[f64], condition: usize) -> Hypothesis {
    let lexicon = &*LEXICON_DATA;
    let fits = &CONDITIONS[condition];
    let placed = joined.known.iter().zip(&lexicon.concepts).any(|(known, concept)| {
        *known == Some(Known::Present) && concept.code.starts_with("E_55_") && !concept.neutral
    });
    let (mut supporting, mut opposing) = (Vec::new(), Vec::new());
    for (index, (known, concept)) in joined.known.iter().zip(&lexicon.concepts).enumerate() {
        // Where the pain sits says more than that there is pain.
        let vague = index == lexicon.pain && placed;
        match known {
            Some(Known::Present) if concept.fits[condition] && !concept.neutral && !vague => {
                supporting.push((weight(concept), concept.label.clone()))
            }
            Some(Known::Absent) if concept.fits[condition] && !concept.neutral => {
                opposing.push(format!("ausência de {}", concept.label));
            }
            _ => {}
        }
    }
    // Ebola does not occur without exposure; fever and cough alone would name it in every cold.
    let exposed =
        fits.id != "ebola" || EXPOSURE.iter().any(|code| joined.known[lexicon.by_code(code)] == Some(Known::Present));
    let child = rank::of_childhood(fits.id) && joined.patient.age.is_some_and(|age| age >= rank::CHILDHOOD);
    supporting.sort_by_key(|(place, _): &(u8, String)| *place);
    let supporting: Vec<String> = supporting.into_iter().map(|(_, label)| label).collect();
    Hypothesis {
        name: fits.name.to_owned(),
        english: fits.english,
        cid10: fits.cid10.to_owned(),
        cid10_text: cid10::lookup(fits.cid10).unwrap_or_default(),
        probability: posterior[condition] as f32,
        severity: fits.severity,
        must_not_miss: fits.severity <= 2 && supporting.len() >= 2 && exposed && !child,
        supporting,
        opposing,
    }
}
