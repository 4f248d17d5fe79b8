//! In the coverage: how often the engine is right, abstains and misreads.

use serde::Serialize;

use super::chance::Chance;
use super::notes::{Case, Style, case, note, opening};
use super::share::{Bin, Share, reliability};
use crate::assess::{assess_at, join};
use crate::lexicon::{Kind, LEXICON_DATA};
use crate::rank::{Known, TEMPERATURE, order, posterior};
use crate::table::CONDITIONS;
use crate::{Abstention, Assessment};

/// Figures for a part of the notes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stratum {
    /// Which part, in Portuguese.
    pub name: String,
    /// First hypothesis right, of the answered.
    pub top1: Share,
    /// Right one among the first three, of the answered.
    pub top3: Share,
    /// Abstained, of all.
    pub abstained: Share,
}

/// What [`accuracy`] found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccuracyReport {
    /// Notes.
    pub n: usize,
    /// Seed of the notes.
    pub seed: u64,
    /// Share of the findings told in words that the lexicon does not hold, in percent.
    pub held_out_percent: u64,
    /// First hypothesis right, of the answered.
    pub top1: Share,
    /// Right one among the first three, of the answered.
    pub top3: Share,
    /// Right one among those shown, of the answered.
    pub shown: Share,
    /// First hypothesis right, of all notes: abstaining counts as wrong.
    pub top1_of_all: Share,
    /// Abstained, of all.
    pub abstained: Share,
    /// Abstained because of too few findings, of all.
    pub too_few: Share,
    /// Abstained as outside the coverage, of all.
    pub outside: Share,
    /// Abstained undecided, of all.
    pub undecided: Share,
    /// Grave conditions (severity 1 or 2) shown, of the answered notes about one.
    pub must_not_miss: Share,
    /// Grave conditions shown or named as not excluded, of all notes about one.
    pub must_not_miss_of_all: Share,
    /// Findings of the case that were read, of those told.
    pub read: Share,
    /// Findings that the note denied or did not tell of the patient, of those read as present.
    pub misread: Share,
    /// Expected calibration error over ten bins, answered notes.
    pub ece: f64,
    /// Reliability, answered notes; empty bins left out.
    pub bins: Vec<Bin>,
    /// By sex and age band.
    pub strata: Vec<Stratum>,
}

/// One note and what came of it.
pub(super) struct Outcome {
    case: Case,
    pub assessment: Assessment,
    told: usize,
    read: usize,
    positive: usize,
    misread: usize,
}

impl Outcome {
    fn answered(&self) -> bool {
        self.assessment.abstained.is_none()
    }

    fn rank(&self) -> Option<usize> {
        let name = CONDITIONS[self.case.condition].name;
        self.assessment.hypotheses.iter().position(|one| one.name == name)
    }

    pub fn right(&self) -> bool {
        self.rank() == Some(0)
    }

    fn grave(&self) -> bool {
        CONDITIONS[self.case.condition].severity <= 2
    }

    fn alive(&self) -> bool {
        let name = CONDITIONS[self.case.condition].name;
        self.rank().is_some() || self.assessment.not_excluded.iter().any(|one| one.name == name)
    }
}

/// Runs `n` generated notes, half of their findings in words that the lexicon does not hold.
pub fn accuracy(n: usize, seed: u64) -> AccuracyReport {
    accuracy_with(n, seed, 50)
}

/// As [`accuracy`], with the share of held-out wordings in percent.
pub fn accuracy_with(n: usize, seed: u64, held_out_percent: u64) -> AccuracyReport {
    let outcomes: Vec<Outcome> = (0..n).map(|index| outcome(index, seed, held_out_percent, TEMPERATURE)).collect();
    let answered: Vec<&Outcome> = outcomes.iter().filter(|one| one.answered()).collect();
    let why = |reason: Abstention| Share::count(outcomes.iter().map(|one| one.assessment.abstained == Some(reason)));
    let sum = |part: fn(&Outcome) -> usize| outcomes.iter().map(part).sum::<usize>();
    let sure = |one: &&Outcome| (f64::from(one.assessment.confidence.unwrap_or_default()), one.right());
    let (bins, ece) = reliability(&answered.iter().map(sure).collect::<Vec<_>>());
    let bands: [(&str, Belongs); 6] = [
        ("feminino", |one| one.case.female),
        ("masculino", |one| !one.case.female),
        ("0 a 17 anos", |one| one.case.age < 18),
        ("18 a 39 anos", |one| (18..40).contains(&one.case.age)),
        ("40 a 64 anos", |one| (40..65).contains(&one.case.age)),
        ("65 anos ou mais", |one| one.case.age >= 65),
    ];
    AccuracyReport {
        n,
        seed,
        held_out_percent,
        top1: Share::count(answered.iter().map(|one| one.right())),
        top3: Share::count(answered.iter().map(|one| one.rank().is_some_and(|rank| rank < 3))),
        shown: Share::count(answered.iter().map(|one| one.rank().is_some())),
        top1_of_all: Share::count(outcomes.iter().map(|one| one.answered() && one.right())),
        abstained: Share::count(outcomes.iter().map(|one| !one.answered())),
        too_few: why(Abstention::TooFewFindings),
        outside: why(Abstention::OutsideCoverage),
        undecided: why(Abstention::Undecided),
        must_not_miss: Share::count(answered.iter().filter(|one| one.grave()).map(|one| one.rank().is_some())),
        must_not_miss_of_all: Share::count(outcomes.iter().filter(|one| one.grave()).map(Outcome::alive)),
        read: Share::of(sum(|one| one.read), sum(|one| one.told)),
        misread: Share::of(sum(|one| one.misread), sum(|one| one.positive)),
        ece,
        bins,
        strata: bands.iter().map(|(name, belongs)| stratum(name, &outcomes, *belongs)).collect(),
    }
}

pub(super) fn style(held_out: u64, chance: &mut Chance) -> Style {
    Style { held_out, telegraphic: chance.percent(50) }
}

pub(super) fn outcome(index: usize, seed: u64, held_out: u64, temperature: f64) -> Outcome {
    let mut chance = Chance::new(seed.wrapping_mul(1_000_003).wrapping_add(index as u64));
    let case = case(index % CONDITIONS.len(), &mut chance);
    let style = style(held_out, &mut chance);
    let opening = opening(&case, style, &mut chance);
    let text = note(&case, style, &opening, &mut chance);
    let joined = join(&[&text]);
    let concepts = &LEXICON_DATA.concepts;
    let code = |concept: usize| concepts[concept].code.split('_').take(2).collect::<Vec<_>>();
    let told: Vec<usize> = case.present.iter().chain(&case.stray).copied().collect();
    let written = |concept: usize| joined.mentions.iter().any(|(_, one)| one.concept == concept && !one.implied);
    let present: Vec<usize> =
        (0..joined.known.len()).filter(|concept| joined.known[*concept] == Some(Known::Present)).collect();
    let read = told.iter().filter(|concept| present.contains(concept)).count();
    // What the condition lists or what follows from the told is close enough (a cough from an expectoration).
    let near = |one: usize, other: usize| {
        code(one) == code(other) || concepts[one].implies.contains(&other) || concepts[other].implies.contains(&one)
    };
    let weighed = |concept: &&usize| {
        written(**concept) && !concepts[**concept].neutral && concepts[**concept].kind != Kind::Family
    };
    let wrong = |concept: &&usize| {
        let close = concepts[**concept].fits[case.condition] || told.iter().any(|one| near(*one, **concept));
        weighed(concept) && (case.absent.contains(*concept) || !close)
    };
    let positive = present.iter().filter(weighed).count();
    let misread = present.iter().filter(wrong).count();
    Outcome { told: told.len(), case, assessment: assess_at(&[&text], temperature), read, positive, misread }
}

/// Whether a note belongs to a part.
type Belongs = fn(&Outcome) -> bool;

fn stratum(name: &str, outcomes: &[Outcome], belongs: Belongs) -> Stratum {
    let part: Vec<&Outcome> = outcomes.iter().filter(|one| belongs(one)).collect();
    let answered = || part.iter().filter(|one| one.answered());
    Stratum {
        name: name.to_owned(),
        top1: Share::count(answered().map(|one| one.right())),
        top3: Share::count(answered().map(|one| one.rank().is_some_and(|rank| rank < 3))),
        abstained: Share::count(part.iter().map(|one| !one.answered())),
    }
}

/// Checks of the ranking alone, without any reading: every finding of the case is known as told.
pub fn ranking(n: usize, seed: u64) -> (Share, Share) {
    let ranks: Vec<usize> = (0..n)
        .map(|index| {
            let mut chance = Chance::new(seed.wrapping_mul(1_000_003).wrapping_add(index as u64));
            let case = case(index % CONDITIONS.len(), &mut chance);
            let lexicon = &*LEXICON_DATA;
            let mut known = vec![None; lexicon.concepts.len()];
            for concept in case.present.iter().chain(&case.stray) {
                known[*concept] = Some(Known::Present);
                for implied in &lexicon.concepts[*concept].implies {
                    known[*implied] = Some(Known::Present);
                }
            }
            for concept in &case.absent {
                known[*concept] = Some(Known::Absent);
            }
            let posterior = posterior(&known, Some(case.age), TEMPERATURE);
            order(&posterior).iter().position(|condition| *condition == case.condition).unwrap_or(usize::MAX)
        })
        .collect();
    (Share::count(ranks.iter().map(|rank| *rank == 0)), Share::count(ranks.iter().map(|rank| *rank < 3)))
}
