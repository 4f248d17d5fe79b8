//! Floors for what `bench/citations` measures, on small samples against the bundled index. It holds the references
//! that are looked up, so these floors guard the rule; the figures with articles held out are the bench's.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, dead_code)]

use std::path::Path;

use sigilo_citations::{Index, Verdict, judge, parse_reference};

#[path = "../examples/shared/gold.rs"]
mod gold;
#[path = "../examples/shared/hallmark.rs"]
mod hallmark;

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn strings_out_of_pdfs_are_found() {
    let index = Index::bundled().unwrap();
    let weights = index.weights();
    let known: Vec<gold::Gold> =
        gold::read(&root()).into_iter().filter(|one| one.pmid().is_some()).step_by(20).take(300).collect();
    let (mut right, mut n) = (0, 0);
    for one in &known {
        let Some(meant) = one.record() else { continue };
        let cited = parse_reference(&one.reference);
        let candidates = index.candidates(&cited, 20).unwrap();
        let judgement = judge(&cited, &candidates, &weights);
        let exists = matches!(judgement.verdict, Verdict::Verified | Verdict::VerifiedWithCorrection);
        n += 1;
        right += usize::from(exists && judgement.best.is_some_and(|at| candidates[at].pmid == meant.pmid));
    }
    assert!(n > 200 && right * 1000 >= n * 955, "{right} of {n}");
}

#[test]
fn distorted_biomedical_references_are_detected_and_true_ones_are_not() {
    let entries: Vec<hallmark::Entry> = hallmark::read(&root(), "hallmark-crossdomain.dev.jsonl.gz")
        .into_iter()
        .filter(hallmark::Entry::biomedical)
        .collect();
    let originals: Vec<_> = entries.iter().zip(1..).filter_map(|(entry, pmid)| entry.original(pmid)).collect();
    let index = Index::of(&originals).unwrap();
    let weights = index.weights();
    let (mut detected, mut distorted) = (0, 0);
    for entry in &entries {
        let cited = entry.cited();
        let verdict = judge(&cited, &index.candidates(&cited, 20).unwrap(), &weights).verdict;
        if entry.valid() {
            assert_eq!(verdict, Verdict::Verified, "{cited:?}");
        } else {
            distorted += 1;
            detected += usize::from(verdict != Verdict::Verified);
        }
    }
    assert!(distorted > 200 && detected * 100 >= distorted * 94, "{detected} of {distorted}");
}
