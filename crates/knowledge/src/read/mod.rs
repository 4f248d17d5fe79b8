//! From a note to what it says: findings with their standing, the patient, and how much was understood.

mod body;
mod matching;
mod patient;
mod scope;
mod vitals;

use crate::lexicon::{Kind, LEXICON_DATA, Lexicon};
use crate::text::{Token, tokens};
use crate::{Patient, Presence};

/// A concept as it stands in a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mention {
    pub concept: usize,
    pub presence: Presence,
    pub span: (usize, usize),
    /// Follows from another mention; nobody wrote it.
    pub implied: bool,
}

/// What one note says.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub patient: Patient,
    pub mentions: Vec<Mention>,
    /// Clinical words understood.
    pub understood: u32,
    /// Clinical words not understood, those of other diseases counted twice.
    pub foreign: u32,
    /// A word about the patient that only a disease outside the coverage explains.
    pub decided: bool,
}

/// A stretch of tokens that names a concept.
#[derive(Debug, Clone)]
pub(crate) struct Match {
    pub concept: usize,
    pub negated: bool,
    /// The tokens that carried it, in order.
    pub at: Vec<usize>,
}

/// Reads one note.
pub(crate) fn read(note: &str) -> Reading {
    let lexicon = &*LEXICON_DATA;
    let tokens = spelled_out(tokens(note), lexicon);
    let mut matches = matching::solid(&tokens, lexicon);
    let mut used = vec![false; tokens.len()];
    for found in &matches {
        if let (Some(first), Some(last)) = (found.at.first(), found.at.last()) {
            used[*first..=*last].fill(true);
        }
    }
    matches.extend(matching::windows(&tokens, lexicon));
    let starts: Vec<bool> = starts(&matches, tokens.len());
    let scopes = scope::scopes(&tokens, &used, &starts);
    matches.extend(body::matches(&tokens, lexicon, &scopes));

    let mut reading = Reading::default();
    for found in &matches {
        let (Some(first), Some(last)) = (found.at.first(), found.at.last()) else { continue };
        let concept = &lexicon.concepts[found.concept];
        let any = |flags: &[bool]| found.at.iter().any(|at| flags[*at]);
        if any(&scopes.hypothetical) {
            continue;
        }
        let denied = any(&scopes.negated) || scope::denied_after(&tokens, *last, &scopes);
        let family = any(&scopes.family);
        let presence = match (family, concept.kind) {
            (true, _) if denied || found.negated => continue,
            (true, _) if found.concept == lexicon.early_heart && !scope::early(&tokens, *first, *last) => continue,
            (true, _) => Presence::Family,
            (false, Kind::Family) => continue,
            (false, Kind::Symptom) if any(&scopes.past) => continue,
            (false, _) if denied && found.negated => continue,
            (false, _) if denied || found.negated => Presence::Absent,
            (false, _) => Presence::Present,
        };
        let span = (tokens[*first].span.0, tokens[*last].span.1);
        reading.mentions.push(Mention { concept: found.concept, presence, span, implied: false });
        if presence == Presence::Present {
            for implied in &concept.implies {
                reading.mentions.push(Mention { concept: *implied, presence, span, implied: true });
            }
        }
    }
    let mut covered = vec![false; tokens.len()];
    for at in matches.iter().flat_map(|found| found.at.iter()) {
        covered[*at] = true;
    }
    reading.patient = patient::patient(&tokens, &scopes);
    reading.mentions.extend(vitals::mentions(&tokens, lexicon, &reading.patient, &mut covered));
    for (at, (token, covered)) in tokens.iter().zip(&covered).enumerate() {
        let elsewhere =
            [&scopes.negated, &scopes.family, &scopes.hypothetical, &scopes.past].iter().any(|flags| flags[at]);
        if !covered && !elsewhere && lexicon.decides(&token.stem) && !scope::denied_after(&tokens, at, &scopes) {
            reading.decided = true;
        }
        if *covered {
            reading.understood += 1;
        } else {
            reading.foreign += lexicon.foreign(&token.text, &token.stem);
        }
    }
    reading
}

/// Where a match begins.
fn starts(matches: &[Match], count: usize) -> Vec<bool> {
    let mut starts = vec![false; count];
    for at in matches.iter().filter_map(|found| found.at.first()) {
        starts[*at] = true;
    }
    starts
}

/// Abbreviations written out, misspellings set right; spans stay those of the note.
fn spelled_out(tokens: Vec<Token>, lexicon: &Lexicon) -> Vec<Token> {
    let mut out = Vec::with_capacity(tokens.len());
    for token in tokens {
        if let Some(long) = lexicon.expansion(&token.text) {
            for (index, text) in long.iter().enumerate() {
                let gap = if index == 0 { token.gap } else { crate::text::Gap::Space };
                out.push(Token { stem: crate::text::stem(text), text: text.clone(), span: token.span, gap });
            }
        } else if let Some(stem) = lexicon.near_miss(&token.text, &token.stem) {
            out.push(Token { stem: stem.to_owned(), ..token });
        } else {
            out.push(token);
        }
    }
    out
}
