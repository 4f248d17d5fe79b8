//! Verifying a reference with the local index.

use std::sync::Arc;

use sigilo_citations::{Cited, Index, Reason, Status, Verdict, Weights, judge};

use super::{Check, Source};

/// Articles of the index that are compared with what was cited.
const CANDIDATES: usize = 20;
/// An index with fewer articles holds a part of PubMed, which has more than 39 million (2026).
const WHOLE: u64 = 35_000_000;
/// From this size on the index knows better than the shipped table which words are rare.
const KNOWS_WORDS: u64 = 100_000;

pub(super) struct Local {
    index: Arc<Index>,
}

impl Local {
    pub(super) fn new(index: Arc<Index>) -> Local {
        Local { index }
    }

    /// The index's verdict; none when it could not be read. That an article is not in it only means that there is no such
    /// article if it holds all of PubMed up to a time after the year cited.
    pub(super) async fn ask(&self, cited: &Cited) -> Option<Check> {
        let (index, wanted) = (self.index.clone(), cited.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let status = index.status();
            let records = index.candidates(&wanted, CANDIDATES)?;
            let weights = if status.records >= KNOWS_WORDS { index.weights() } else { Weights::shipped() };
            let judgement = judge(&wanted, &records, &weights);
            Ok::<_, sigilo_citations::IndexError>((status, Check::judged(judgement, &records, Source::IndiceLocal)))
        });
        let (status, mut check) = match looked.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the local citation index could not be read");
                return None;
            }
            Err(_) => return None,
        };
        let absent = check.verdict == Verdict::NotFound && matches!(check.reason, None | Some(Reason::NoSimilarTitle));
        if absent && !speaks_for(&status, cited) {
            check.verdict = Verdict::Unverified;
            check.reason = Some(Reason::PartialIndex);
        }
        check.index_date = status.newest_update;
        Some(check)
    }

    /// What it is, in Portuguese: `índice local de 2026-11-20`.
    pub(super) fn describe(&self) -> String {
        let status = self.index.status();
        let kind = if is_whole(&status) { "índice local" } else { "índice local parcial" };
        format!("{kind} de {}", status.newest_update.as_deref().unwrap_or("data desconhecida"))
    }
}

fn is_whole(status: &Status) -> bool {
    !status.bundled && status.records >= WHOLE
}

fn speaks_for(status: &Status, cited: &Cited) -> bool {
    let until: Option<u16> = status.newest_update.as_deref().and_then(|date| date.get(..4)?.parse().ok());
    is_whole(status) && cited.year.zip(until).is_some_and(|(cited, until)| cited < until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_and_newer_index_can_say_that_there_is_no_article() {
        let whole = Status {
            records: 39_000_000,
            retracted: 0,
            files: 1200,
            newest_update: Some("2026-11-20".into()),
            bytes: 0,
            bytes_per_record: 0,
            bundled: false,
        };
        let of = |year| Cited { year, ..Cited::default() };
        assert!(speaks_for(&whole, &of(Some(2025))));
        assert!(!speaks_for(&whole, &of(Some(2026))), "it may have appeared after the index was made");
        assert!(!speaks_for(&whole, &of(None)));
        assert!(!speaks_for(&Status { records: 30_000, ..whole.clone() }, &of(Some(2001))));
        assert!(!speaks_for(&Status { bundled: true, ..whole.clone() }, &of(Some(2001))));
        assert!(!speaks_for(&Status { newest_update: None, ..whole }, &of(Some(2001))));
    }
}
