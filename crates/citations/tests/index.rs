//! The local index: building, resuming, updating, looking up.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use sigilo_citations::{
    Cited, Index, IndexError, Options, Progress, Step, Summary, Verdict, build, judge, parse_reference,
};
use tempfile::TempDir;

fn article(pmid: u32, title: &str, extra: &str) -> String {
    format!(
        "<PubmedArticle><MedlineCitation><PMID Version=\"1\">{pmid}</PMID><DateRevised><Year>2026</Year><Month>05</Month><Day>06</Day>\
         </DateRevised><Article><Journal><JournalIssue><PubDate><Year>2020</Year></PubDate></JournalIssue><Title>Lancet</Title></Journal>\
         <ArticleTitle>{title}</ArticleTitle><AuthorList><Author><LastName>Valverde</LastName><Initials>M</Initials></Author>\
         <Author><LastName>Okonjo</LastName><Initials>T</Initials></Author></AuthorList></Article><MedlineJournalInfo>\
         <MedlineTA>Lancet</MedlineTA></MedlineJournalInfo>{extra}</MedlineCitation><PubmedData><ArticleIdList>\
         <ArticleId IdType=\"doi\">10.1000/test.{pmid}</ArticleId></ArticleIdList></PubmedData></PubmedArticle>"
    )
}

fn write(folder: &Path, name: &str, articles: &[String]) {
    let xml = format!("<PubmedArticleSet>{}</PubmedArticleSet>", articles.concat());
    let mut gz = GzEncoder::new(fs::File::create(folder.join(name)).unwrap(), Compression::fast());
    gz.write_all(xml.as_bytes()).unwrap();
    gz.finish().unwrap();
}

/// Five files with four articles each.
fn baseline(folder: &Path) {
    for file in 1..=5u32 {
        let articles: Vec<String> = (0..4)
            .map(|at| {
                article(
                    file * 10 + at,
                    &format!("Invented finding number {} about kidney stones and marathon runners", file * 10 + at),
                    "",
                )
            })
            .collect();
        write(folder, &format!("pubmed26n000{file}.xml.gz"), &articles);
    }
}

struct Place {
    xml: TempDir,
    index: TempDir,
}

impl Place {
    fn new() -> Place {
        let place = Place { xml: TempDir::new().unwrap(), index: TempDir::new().unwrap() };
        baseline(place.xml.path());
        place
    }

    fn build(&self, watch: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>) -> Result<Summary, IndexError> {
        // A commit after every file, so that a stop in the middle leaves something.
        let options = Options { threads: 2, memory: 40 << 20, batch: 1, update: false };
        build(self.xml.path(), self.index.path(), &options, watch)
    }

    fn open(&self) -> Index {
        Index::open(self.index.path()).unwrap()
    }
}

fn go_on(_: &Progress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn cited(pmid: u32) -> Cited {
    parse_reference(&format!(
        "Valverde M, Okonjo T. Invented finding number {pmid} about kidney stones and marathon runners. Lancet. 2020;1:1-2."
    ))
}

fn verdict(index: &Index, cited: &Cited) -> (Verdict, Option<u32>) {
    let candidates = index.candidates(cited, 20).unwrap();
    let judgement = judge(cited, &candidates, &index.weights());
    (judgement.verdict, judgement.best.map(|at| candidates[at].pmid))
}

#[test]
fn what_was_built_is_found() {
    let place = Place::new();
    let summary = place.build(&mut go_on).unwrap();
    assert_eq!((summary.files, summary.records, summary.skipped.len()), (5, 20, 0));
    let index = place.open();
    assert_eq!(verdict(&index, &cited(32)), (Verdict::Verified, Some(32)));
    assert_eq!(verdict(&index, &Cited { year: Some(2011), ..cited(32) }), (Verdict::VerifiedWithCorrection, Some(32)));
    let invented = parse_reference("Valverde M. Zebra fish in the dental office of tomorrow. Lancet. 2020;1:1-2.");
    assert_eq!(verdict(&index, &invented).0, Verdict::NotFound);
    let record = index.by_pmid(41).unwrap().unwrap();
    assert_eq!(record.authors.iter().map(|a| a.family.as_str()).collect::<Vec<_>>(), ["Valverde", "Okonjo"]);
    assert!(index.by_pmid(4242).unwrap().is_none());
    // A DOI alone finds candidates, and only the right one.
    let by_doi = Cited { doi: Some("doi:10.1000/TEST.23".into()), ..Cited::default() };
    assert_eq!(index.candidates(&by_doi, 5).unwrap().iter().map(|r| r.pmid).collect::<Vec<_>>(), [23]);
    let status = index.status();
    assert_eq!((status.records, status.files, status.newest_update.as_deref()), (20, 5, Some("2026-05-06")));
    assert!(!status.bundled && status.bytes > 0);
}

#[test]
fn a_build_that_broke_off_goes_on_and_ends_the_same() {
    let whole = Place::new();
    whole.build(&mut go_on).unwrap();
    for stop_at in 1..=9 {
        let place = Place::new();
        let mut steps = 0;
        // Dropping everything between two writes is what a crash does; what was not committed is lost.
        let stopped = place.build(&mut |_| {
            steps += 1;
            if steps == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(matches!(stopped, Err(IndexError::Stopped)), "{stopped:?}");
        let before = place.open().status();
        assert_eq!(before.records, before.files as u64 * 4, "a file is in the index whole or not at all");
        let summary = place.build(&mut go_on).unwrap();
        assert_eq!(summary.files + summary.known, 5);
        assert_eq!(summary.known, before.files);
        let (one, other) = (place.open().status(), whole.open().status());
        assert_eq!((one.records, one.files, one.newest_update), (other.records, other.files, other.newest_update));
        assert_eq!(verdict(&place.open(), &cited(50)), (Verdict::Verified, Some(50)));
    }
}

#[test]
fn a_second_run_reads_nothing_again() {
    let place = Place::new();
    place.build(&mut go_on).unwrap();
    let again = place.build(&mut go_on).unwrap();
    assert_eq!((again.files, again.known, again.records), (0, 5, 0));
    assert_eq!(place.open().status().records, 20);
}

#[test]
fn updates_replace_delete_and_retract_and_open_readers_see_it() {
    let place = Place::new();
    place.build(&mut go_on).unwrap();
    let index = place.open();
    assert_eq!(index.status().retracted, 0);
    let retraction = "<CommentsCorrectionsList><CommentsCorrections RefType=\"RetractionIn\"><RefSource>Lancet. 2026 Jan;1</RefSource>\
        <PMID>99</PMID></CommentsCorrections></CommentsCorrectionsList>";
    let updates = TempDir::new().unwrap();
    write(
        updates.path(),
        "pubmed26n0006.xml.gz",
        &[
            article(32, "Invented finding number 32 about kidney stones and marathon runners", retraction),
            article(60, "Invented finding number 60 about kidney stones and marathon runners", ""),
            // Twice in one file: the last one counts.
            article(60, "Invented finding number 60 about kidney stones and marathon runners, corrected", ""),
            "<DeleteCitation><PMID Version=\"1\">11</PMID><PMID Version=\"1\">777</PMID></DeleteCitation>".to_owned(),
        ],
    );
    let options = Options { update: true, ..Options::default() };
    let summary = build(updates.path(), place.index.path(), &options, &mut go_on).unwrap();
    assert_eq!((summary.files, summary.records, summary.deleted), (1, 3, 2));
    let fresh = place.open();
    let flags = fresh.by_pmid(32).unwrap().unwrap().flags;
    assert!(flags.retracted);
    assert_eq!((flags.retraction_pmid, flags.retraction_year), (Some(99), Some(2026)));
    assert!(fresh.by_pmid(11).unwrap().is_none());
    assert!(fresh.by_pmid(60).unwrap().unwrap().title.ends_with("corrected"));
    let status = fresh.status();
    assert_eq!((status.records, status.retracted, status.files), (20, 1, 6));
    // The one that was open all the time.
    index.reload().unwrap();
    assert!(index.by_pmid(32).unwrap().unwrap().flags.retracted);
    assert!(index.by_pmid(11).unwrap().is_none());
}

#[test]
fn a_file_that_comes_late_undoes_nothing() {
    let place = Place::new();
    place.build(&mut go_on).unwrap();
    let title = |what: &str| format!("Invented finding number 32 about kidney stones and marathon runners, {what}");
    let deletion = "<DeleteCitation><PMID Version=\"1\">11</PMID></DeleteCitation>".to_owned();
    let newer = [article(32, &title("third version"), ""), deletion];
    let older =
        [article(32, &title("second version"), ""), article(11, "Invented finding that is taken back later", "")];
    write(place.xml.path(), "pubmed26n0008.xml.gz", &newer);
    place.build(&mut go_on).unwrap();
    // Without the newer file at hand the older one stays out, and is named.
    let alone = TempDir::new().unwrap();
    write(alone.path(), "pubmed26n0007.xml.gz", &older);
    let summary = build(alone.path(), place.index.path(), &Options::default(), &mut go_on).unwrap();
    assert_eq!((summary.files, summary.skipped.len(), summary.skipped[0].0.as_str()), (0, 1, "pubmed26n0007.xml.gz"));
    // With it, both are read in their order.
    write(place.xml.path(), "pubmed26n0007.xml.gz", &older);
    let summary = place.build(&mut go_on).unwrap();
    assert_eq!((summary.files, summary.known, summary.skipped.len()), (2, 5, 0));
    let index = place.open();
    assert!(index.by_pmid(32).unwrap().unwrap().title.ends_with("third version"));
    assert!(index.by_pmid(11).unwrap().is_none());
    assert_eq!(place.build(&mut go_on).unwrap().files, 0);
}

#[test]
fn a_damaged_file_is_named_and_adds_nothing() {
    let place = Place::new();
    let damaged = place.xml.path().join("pubmed26n0003.xml.gz");
    let bytes = fs::read(&damaged).unwrap();
    for damage in [bytes[..bytes.len() / 2].to_vec(), Vec::new(), b"not gzip at all".to_vec()] {
        let place = Place::new();
        fs::write(place.xml.path().join("pubmed26n0003.xml.gz"), &damage).unwrap();
        let mut told = Vec::new();
        let summary = place
            .build(&mut |progress| {
                if let Step::Skipped(_) = &progress.step {
                    told.push(progress.file.to_owned());
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(told, ["pubmed26n0003.xml.gz"]);
        assert_eq!(summary.skipped[0].0, "pubmed26n0003.xml.gz");
        assert_eq!((place.open().status().records, summary.files), (16, 4));
        // Downloaded again, it comes in.
        fs::write(place.xml.path().join("pubmed26n0003.xml.gz"), &bytes).unwrap();
        assert_eq!(place.build(&mut go_on).unwrap().files, 1);
        assert_eq!(place.open().status().records, 20);
    }
}

#[test]
fn two_builders_do_not_meet() {
    let place = Place::new();
    let mut second = None;
    place
        .build(&mut |_| {
            second.get_or_insert_with(|| place.build(&mut go_on));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(matches!(second, Some(Err(IndexError::Locked))), "{second:?}");
    assert_eq!(place.open().status().records, 20);
}

#[test]
fn what_is_missing_is_said() {
    let empty = TempDir::new().unwrap();
    assert!(matches!(Index::open(empty.path()), Err(IndexError::Missing(_))));
    let index = empty.path().join("index");
    assert!(matches!(build(empty.path(), &index, &Options::default(), &mut go_on), Err(IndexError::NoFiles(_))));
    let nowhere = empty.path().join("nowhere");
    assert!(matches!(build(&nowhere, &index, &Options::default(), &mut go_on), Err(IndexError::Folder(..))));
    let place = Place::new();
    let update = Options { update: true, ..Options::default() };
    assert!(matches!(build(place.xml.path(), &index, &update, &mut go_on), Err(IndexError::Missing(_))));
    fs::write(empty.path().join("meta.json"), "{}").unwrap();
    assert!(Index::open(empty.path()).is_err());
}

#[test]
fn the_bundled_one_knows_its_retracted_articles() {
    let index = Index::bundled().unwrap();
    let status = index.status();
    assert!(status.bundled && status.records > 5000, "{status:?}");
    assert_eq!(status.retracted, 3);
    let record = index.by_pmid(11_543_891).unwrap().unwrap();
    assert!(record.flags.retracted);
    let cited = Cited {
        title: record.title.clone(),
        authors: vec![record.authors[0].family.clone()],
        journal: record.journal_abbreviation.clone(),
        year: record.year,
        ..Cited::default()
    };
    assert_eq!(verdict(&index, &cited), (Verdict::Verified, Some(11_543_891)));
}
