//! The result of verifying a reference, and what follows from it.

use serde::{Deserialize, Serialize};

use sigilo_citations::{Correction, Judgement, Reason, Record, Verdict};

/// Who may be asked, in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Only the local index: no query leaves.
    SomenteLocal,
    /// The local index first, PubMed for what it does not settle.
    LocalDepoisPubmed,
    /// Only PubMed.
    SomentePubmed,
}

/// Who gave the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// PubMed E-utilities.
    Eutils,
    /// The local citation index.
    IndiceLocal,
    /// Nobody.
    Nenhuma,
}

impl Source {
    /// As stored and counted, such as `indice_local`.
    pub fn code(self) -> &'static str {
        match self {
            Source::Eutils => "eutils",
            Source::IndiceLocal => "indice_local",
            Source::Nenhuma => "nenhuma",
        }
    }
}

/// The result of verifying one reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// The verdict.
    pub verdict: Verdict,
    /// What it rests on.
    pub reason: Option<Reason>,
    /// The article, when there is one worth showing.
    pub record: Option<Record>,
    /// What was cited differently.
    pub corrections: Vec<Correction>,
    /// Title similarity of the article shown, 0 to 1.
    pub score: f32,
    /// PMIDs looked at with their similarity.
    pub candidates: Vec<(u32, f32)>,
    /// Who gave the verdict.
    pub source: Source,
    /// Searches sent, without key and address of the clinic.
    pub queries: Vec<String>,
    /// Date of the local index, as `2026-11-20`, when it gave the verdict.
    pub index_date: Option<String>,
    /// How long it took, in milliseconds.
    pub latency_ms: u32,
}

impl Check {
    /// Nobody could be asked.
    pub fn unavailable() -> Check {
        Check {
            verdict: Verdict::Unverified,
            reason: Some(Reason::Unavailable),
            record: None,
            corrections: Vec::new(),
            score: 0.0,
            candidates: Vec::new(),
            source: Source::Nenhuma,
            queries: Vec::new(),
            index_date: None,
            latency_ms: 0,
        }
    }

    /// What the matcher says of these candidates.
    pub(super) fn judged(judgement: Judgement, records: &[Record], source: Source) -> Check {
        let Judgement { verdict, reason, best, scores, corrections } = judgement;
        let record = best.and_then(|best| records.get(best)).cloned();
        let score = best.and_then(|best| scores.get(best)).copied().unwrap_or_default();
        let candidates = records.iter().zip(scores).map(|(record, score)| (record.pmid, score)).collect();
        Check { verdict, reason, record, corrections, score, candidates, source, ..Check::unavailable() }
    }

    /// Whether the article exists and is this one; retracted ones exist, too.
    pub fn exists(&self) -> bool {
        matches!(self.verdict, Verdict::Verified | Verdict::VerifiedWithCorrection)
    }

    /// Whether it counts as a verified reference: it exists and was not retracted.
    pub fn counts_as_verified(&self) -> bool {
        self.exists() && !self.record.as_ref().is_some_and(|record| record.flags.retracted)
    }

    /// Who was asked, as a phrase in Portuguese.
    pub fn describe(&self) -> String {
        match (self.source, &self.index_date) {
            (Source::Eutils, _) => "PubMed E-utilities".into(),
            (Source::IndiceLocal, Some(date)) => format!("índice local de {date}"),
            (Source::IndiceLocal, None) => "índice local de data desconhecida".into(),
            (Source::Nenhuma, _) => "ninguém pôde ser consultado".into(),
        }
    }
}

/// Groups references that are one article: positions in order, each group at its first mention. References whose
/// article is not certain stand alone.
pub fn merge(checks: &[Check]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(Option<u32>, Vec<usize>)> = Vec::new();
    for (at, check) in checks.iter().enumerate() {
        let pmid = check.record.as_ref().filter(|_| check.exists()).map(|record| record.pmid);
        match groups.iter_mut().find(|(known, _)| pmid.is_some() && *known == pmid) {
            Some((_, positions)) => positions.push(at),
            None => groups.push((pmid, vec![at])),
        }
    }
    groups.into_iter().map(|(_, positions)| positions).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(verdict: Verdict, pmid: Option<u32>) -> Check {
        let record = pmid.map(|pmid| Record { pmid, ..Record::default() });
        Check { verdict, record, ..Check::unavailable() }
    }

    #[test]
    fn one_article_is_one_reference() {
        let checks = [
            check(Verdict::Verified, Some(1)),
            check(Verdict::NotFound, None),
            check(Verdict::VerifiedWithCorrection, Some(1)),
            check(Verdict::NotFound, Some(1)),
            check(Verdict::Ambiguous, Some(1)),
            check(Verdict::NotFound, None),
            check(Verdict::Verified, Some(2)),
        ];
        assert_eq!(merge(&checks), [vec![0, 2], vec![1], vec![3], vec![4], vec![5], vec![6]]);
        assert!(merge(&[]).is_empty());
    }

    #[test]
    fn a_retracted_article_keeps_its_verdict_and_does_not_count() {
        let mut check = check(Verdict::Verified, Some(1));
        assert!(check.counts_as_verified());
        if let Some(record) = &mut check.record {
            record.flags.retracted = true;
        }
        assert!(check.exists() && !check.counts_as_verified());
    }

    #[test]
    fn codes_are_those_stored() {
        for source in [Source::Eutils, Source::IndiceLocal, Source::Nenhuma] {
            assert_eq!(serde_json::to_value(source).unwrap(), source.code());
        }
    }
}
