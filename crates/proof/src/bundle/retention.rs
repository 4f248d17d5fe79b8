use std::{collections::BTreeMap, ops::Range};

use serde::Deserialize;

use super::Report;

/// How old a row must have been when the log said that it goes.
const YEARS: u32 = 5;

/// The leaves of a log that have no row any more, against what the log itself says of them: a row with the category
/// `retention` names leaves whose rows go because their time is over. It may name only what was sealed five years before.
#[derive(Default)]
pub(super) struct Retention {
    missing: Vec<Range<u64>>,
    declared: Vec<Declaration>,
    /// When the log had at least so many leaves, by the rounds that the bundle brings: UTC with microseconds.
    reached: BTreeMap<u64, (String, u64)>,
    /// How many rounds a time stamp covers, and when it was given.
    stamped: Vec<(u64, String)>,
}

struct Declaration {
    index: u64,
    at: String,
    ranges: Vec<Range<u64>>,
}

#[derive(Deserialize)]
struct Details {
    ranges: Vec<(u64, u64)>,
}

impl Retention {
    /// That the log had `size` leaves in a round.
    pub(super) fn reached(&mut self, size: u64, at: &str, round: u64) {
        let known = self.reached.entry(size).or_insert_with(|| (at.to_owned(), round));
        if at < known.0.as_str() {
            *known = (at.to_owned(), round);
        }
    }

    /// That a time stamp over the first `rounds` rounds was given at an instant.
    pub(super) fn stamped(&mut self, rounds: u64, at: String) {
        self.stamped.push((rounds, at));
    }

    /// That a leaf has no row.
    pub(super) fn missing(&mut self, index: u64) {
        match self.missing.last_mut() {
            Some(last) if last.end == index => last.end += 1,
            _ => self.missing.push(index..index + 1),
        }
    }

    /// What a row of the log declares; false when it cannot be read.
    pub(super) fn declared(&mut self, index: u64, at: &str, details: Option<&str>) -> bool {
        let Some(details) = details.and_then(|details| serde_json::from_str::<Details>(details).ok()) else {
            return false;
        };
        let ranges = details.ranges.into_iter().map(|(first, past)| first..past).collect();
        self.declared.push(Declaration { index, at: at.to_owned(), ranges });
        true
    }

    /// Tells what is missing without reason, and how much is missing with one. Of a log that was not read whole nobody can say:
    /// a later row may name the reason.
    pub(super) fn conclude(self, whole: bool, report: &mut Report) {
        let (mut due, mut early, mut stamped) = (Vec::new(), Vec::new(), Vec::new());
        for said in &self.declared {
            let sealed = self.reached.range(said.index + 1..).next();
            if sealed.is_some_and(|(_, (at, _))| *at < said.at) {
                let index = said.index;
                report
                    .tampered("retention_ahead", format!("folha {index}: a eliminação foi declarada antes do seu dia"));
                continue;
            }
            for range in said.ranges.iter().filter(|range| !range.is_empty()) {
                match self.reached.range(range.end..).next() {
                    Some((_, (at, round))) if later(at).is_some_and(|due| due <= said.at) => {
                        due.push(range.clone());
                        let proven = |(rounds, at): &(u64, String)| {
                            rounds > round && later(at).is_some_and(|due| due <= said.at)
                        };
                        if self.stamped.iter().any(proven) {
                            stamped.push(range.clone());
                        }
                    }
                    _ => early.push(range.clone()),
                }
            }
        }
        let (due, early, stamped) = (merged(due), merged(early), merged(stamped));
        let missing: u64 = self.missing.iter().map(|range| range.end - range.start).sum();
        let undeclared = without(&self.missing, &due);
        report.facts.expired = missing - undeclared.iter().map(|range| range.end - range.start).sum::<u64>();
        report.facts.expired_stamped =
            missing - without(&self.missing, &stamped).iter().map(|range| range.end - range.start).sum::<u64>();
        if !whole && let Some(first) = undeclared.first() {
            let first = first.start;
            return report.incomplete(
                "leaf_unexplained",
                format!("folha {first}: falta o registro, e o pacote não vai até o fim"),
            );
        }
        let unheard = without(&undeclared, &early);
        for index in unheard.iter().cloned().flatten() {
            report.tampered("leaf_deleted", format!("folha {index}: registro APAGADO"));
        }
        for index in without(&undeclared, &unheard).into_iter().flatten() {
            report.tampered("retention_early", format!("folha {index}: registro APAGADO antes de cinco anos"));
        }
    }
}

/// The same instant, years later. None for what is no instant.
fn later(at: &str) -> Option<String> {
    let (year, rest) = at.split_at_checked(4)?;
    Some(format!("{:04}{rest}", year.parse::<u32>().ok()? + YEARS))
}

/// The same leaves in as few ranges as can be, in order.
fn merged(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut out: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

/// What of `all` is not in `taken`; both are in order and do not overlap.
fn without(all: &[Range<u64>], taken: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut out = Vec::new();
    let mut taken = taken.iter().peekable();
    for range in all {
        let mut start = range.start;
        while let Some(next) = taken.peek().copied() {
            if next.start >= range.end {
                break;
            }
            if next.start > start {
                out.push(start..next.start);
            }
            start = start.max(next.end);
            if next.end > range.end {
                break;
            }
            taken.next();
        }
        if start < range.end {
            out.push(start..range.end);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const THEN: &str = "2026-02-28T10:00:00.000000Z";
    const NOW: &str = "2031-02-28T10:00:00.000000Z";

    /// A log of ten leaves, the first four sealed `then`, whose leaf 9 declares `ranges` at an instant.
    fn concluded(then: &str, at: &str, ranges: &str, missing: &[u64]) -> Report {
        let mut retention = Retention::default();
        retention.reached(4, then, 0);
        retention.reached(10, NOW, 7);
        assert!(retention.declared(9, at, Some(&format!("{{\"rule\": \"P5Y\", \"ranges\": {ranges}}}"))));
        missing.iter().for_each(|index| retention.missing(*index));
        let mut report = Report::new();
        retention.conclude(true, &mut report);
        report
    }

    fn codes(report: &Report) -> Vec<&'static str> {
        report.findings.iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn what_is_declared_and_old_may_be_missing() {
        let report = concluded(THEN, NOW, "[[0, 2], [3, 4]]", &[0, 1, 3]);
        assert_eq!((codes(&report), report.facts.expired), (vec![], 3));
        // What was declared may still be there.
        assert_eq!(codes(&concluded(THEN, NOW, "[[0, 4]]", &[2])), Vec::<&str>::new());
    }

    #[test]
    fn what_is_not_declared_or_too_young_or_declared_ahead_is_tampering() {
        assert_eq!(codes(&concluded(THEN, NOW, "[[0, 2]]", &[0, 2])), ["leaf_deleted"]);
        let report = concluded("2026-02-28T10:00:00.000001Z", NOW, "[[0, 2]]", &[0, 1]);
        assert_eq!(codes(&report), ["retention_early"; 2]);
        assert_eq!(report.facts.expired, 0);
        // Leaf 5 is first seen in the last round: nobody can say how old it is.
        assert_eq!(codes(&concluded(THEN, NOW, "[[4, 6]]", &[5])), ["retention_early"]);
        let ahead = concluded("2027-01-01T00:00:00.000000Z", "2033-01-01T00:00:00.000000Z", "[[0, 2]]", &[0]);
        assert_eq!(codes(&ahead), ["retention_ahead", "leaf_deleted"]);
    }

    #[test]
    fn a_stamp_confirms_the_age() {
        let mut retention = Retention::default();
        retention.reached(4, THEN, 3);
        retention.reached(10, NOW, 7);
        retention.stamped(4, "2026-02-28T10:00:00.000000Z".to_owned());
        retention.declared(9, NOW, Some("{\"ranges\": [[0, 1]]}"));
        retention.missing(0);
        let mut report = Report::new();
        retention.conclude(true, &mut report);
        assert_eq!((report.facts.expired, report.facts.expired_stamped), (1, 1));
    }

    proptest! {
        #[test]
        fn ranges_are_sets(all in proptest::collection::vec((0_u64..60, 0_u64..9), 0..12),
                           taken in proptest::collection::vec((0_u64..60, 0_u64..9), 0..12)) {
            let ranges = |of: &[(u64, u64)]| {
                merged(of.iter().map(|(start, length)| *start..start + length).filter(|range| !range.is_empty()).collect())
            };
            let (all, taken) = (ranges(&all), ranges(&taken));
            let left = without(&all, &taken);
            for index in 0..80 {
                let is_in = |of: &[Range<u64>]| of.iter().any(|range| range.contains(&index));
                prop_assert_eq!(is_in(&left), is_in(&all) && !is_in(&taken));
            }
        }
    }
}
