//! The figures of the reference matcher and the local index; run by `bench/citations/run`.
//!
//! `figures make <folder> <articles> full|slim`: XML files of real and invented articles
//! `figures build <folder> <index>`: builds an index, with rate and peak memory
//! `figures rows <index>`: verdicts and look-up times on the references
//! `figures hallmark <index>`: verdicts on HALLMARK, whose originals are in the index
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

use std::{
    collections::BTreeMap,
    env,
    fs::{self, File},
    io::{Read, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use sigilo_citations::{
    Cited, Index, Options, Reason, Record, Step, Verdict, build, judge, parse_reference, pubmed_xml,
};

#[path = "shared/cases.rs"]
mod cases;
#[path = "shared/gold.rs"]
mod gold;
#[path = "shared/hallmark.rs"]
mod hallmark;
#[path = "shared/padding.rs"]
mod padding;

use cases::Case;
use padding::Dice;

const PER_FILE: usize = 30_000;
const ROW: usize = 2000;
/// The originals of HALLMARK's entries get PMIDs of their own.
const HALLMARK_PMID: u32 = 60_000_000;
const PADDING_PMID: u32 = 100_000_000;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["make", folder, count, kind] => make(Path::new(folder), count.parse().unwrap(), *kind == "full"),
        ["build", folder, index] => measure_build(Path::new(folder), Path::new(index)),
        ["rows", index] => rows(&Index::open(Path::new(index)).unwrap(), false),
        ["tune", index] => rows(&Index::open(Path::new(index)).unwrap(), true),
        ["hallmark", index] => hallmark_rows(&Index::open(Path::new(index)).unwrap()),
        _ => panic!("see the file's head"),
    }
}

fn originals() -> Vec<(Record, bool)> {
    let mut all = Vec::new();
    for name in ["hallmark-crossdomain.dev.jsonl.gz", "hallmark-dev.jsonl.gz"] {
        for entry in hallmark::read(&root(), name) {
            if let Some(record) = entry.original(HALLMARK_PMID + all.len() as u32) {
                all.push((record, entry.biomedical()));
            }
        }
    }
    all
}

/// Abstracts and headings of the samples, so that the XML has its real size.
fn fillers() -> Vec<String> {
    let mut text = String::new();
    let file = File::open(root().join("data/pubmed/medline16n0902.xml.gz")).unwrap();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text.split("</MedlineCitation>")
        .map(|one| {
            let cut = |from: &str, to: &str| {
                let start = one.find(from)?;
                Some(one[start..].find(to).map(|end| &one[start..start + end + to.len()])?.to_owned())
            };
            let parts = [
                cut("<Abstract>", "</Abstract>"),
                cut("<MeshHeadingList>", "</MeshHeadingList>"),
                cut("<ChemicalList>", "</ChemicalList>"),
                cut("<GrantList", "</GrantList>"),
                cut("<AuthorList", "</AuthorList>").map(|list| {
                    list.replace("AuthorList", "InvestigatorList")
                        .replace("<Author ", "<Investigator ")
                        .replace("</Author>", "</Investigator>")
                }),
            ];
            parts.into_iter().flatten().collect::<Vec<_>>().join("\n")
        })
        .collect()
}

fn make(folder: &Path, count: usize, full: bool) {
    fs::create_dir_all(folder).unwrap();
    let split = cases::split(&root());
    let parts = cases::parts(&split);
    let fillers = if full { fillers() } else { vec![String::new()] };
    let mut real: Vec<Record> = split.known().map(|case| case.record.clone()).collect();
    real.extend(originals().into_iter().map(|(record, _)| record));
    real.sort_by_key(|record| record.pmid);
    let mut dice = Dice::new(7);
    let mut real = real.into_iter();
    let (mut made, mut raw) = (0usize, 0usize);
    while made < count {
        let name = folder.join(format!("pubmed26n{:04}.xml.gz", made / PER_FILE + 1));
        let mut out = GzEncoder::new(File::create(name).unwrap(), Compression::fast());
        out.write_all(b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<PubmedArticleSet>\n").unwrap();
        for _ in 0..PER_FILE.min(count - made) {
            let record = real.next().unwrap_or_else(|| parts.article(PADDING_PMID + made as u32, &mut dice));
            let one = padding::xml(&record, dice.pick::<String>(&fillers));
            raw += one.len();
            out.write_all(one.as_bytes()).unwrap();
            made += 1;
        }
        out.write_all(b"</PubmedArticleSet>\n").unwrap();
        out.finish().unwrap();
    }
    println!("{made} records, {} bytes of XML a record", raw / made);
}

fn memory(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).unwrap_or(0) / 1024
}

fn measure_build(folder: &Path, index: &Path) {
    let (stop, own) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                own.fetch_max(memory("RssAnon"), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let started = Instant::now();
        let mut watch = |progress: &sigilo_citations::Progress<'_>| {
            if progress.step == Step::Committed {
                println!("  {} records, {:.0}/s", progress.records, progress.rate);
            }
            ControlFlow::Continue(())
        };
        let done = build(folder, index, &Options::default(), &mut watch).unwrap();
        let took = started.elapsed();
        stop.store(true, Ordering::Relaxed);
        println!(
            "built {} records in {:.1} s: {:.0} records/s; peak own memory {} MB, peak resident with mapped index {} MB",
            done.records,
            took.as_secs_f64(),
            done.records as f64 / took.as_secs_f64(),
            own.load(Ordering::Relaxed),
            memory("VmHWM")
        );
    });
    let status = Index::open(index).unwrap().status();
    println!("{status:?}");
    println!("{:.1} bytes a record", status.bytes as f64 / status.records as f64);
    // What reading alone costs.
    let first = folder.join("pubmed26n0002.xml.gz");
    if let Ok(reader) = pubmed_xml::open(&first) {
        let started = Instant::now();
        let count = reader.count();
        println!("reading alone, one thread: {:.0} records/s", count as f64 / started.elapsed().as_secs_f64());
    }
}

#[derive(Default)]
struct Row {
    n: usize,
    right: usize,
    right_corrected: usize,
    wrong: usize,
    wrong_corrected: usize,
    /// Not the labelled article, but the one whose title stands letter for letter in the string: the label is wrong.
    label: usize,
    ambiguous: usize,
    authorship: usize,
    none: usize,
    times: Vec<Duration>,
}

struct Bench<'a> {
    index: &'a Index,
    weights: sigilo_citations::Weights,
    show: bool,
}

impl Bench<'_> {
    /// Looks cases up. `right` says whether a record is the article meant.
    fn row(&self, name: &str, cases: impl Iterator<Item = (Cited, Option<Record>)>) {
        self.row_of(name, cases.map(|(cited, meant)| (cited, meant, "")));
    }

    fn row_of<'a>(&self, name: &str, cases: impl Iterator<Item = (Cited, Option<Record>, &'a str)>) {
        let mut row = Row::default();
        let (mut shown, mut shown_wrong) = (0, 0);
        for (cited, meant, raw) in cases.take(ROW) {
            let started = Instant::now();
            let candidates = self.index.candidates(&cited, 20).unwrap();
            let judgement = judge(&cited, &candidates, &self.weights);
            row.times.push(started.elapsed());
            row.n += 1;
            let best = judgement.best.map(|at| &candidates[at]);
            let right = best.zip(meant.as_ref()).is_some_and(|(best, meant)| same(best, meant));
            let in_string = best.is_some_and(|best| letters(raw).contains(&letters(&best.title)));
            let corrected = judgement.verdict == Verdict::VerifiedWithCorrection;
            let counter = match (judgement.verdict, right) {
                (Verdict::Verified, true) => &mut row.right,
                (Verdict::Verified | Verdict::VerifiedWithCorrection, false) if in_string => &mut row.label,
                (Verdict::Verified, false) => &mut row.wrong,
                (Verdict::VerifiedWithCorrection, true) => &mut row.right_corrected,
                (Verdict::VerifiedWithCorrection, false) => &mut row.wrong_corrected,
                (Verdict::Ambiguous, _) => &mut row.ambiguous,
                _ if judgement.reason == Some(Reason::AuthorshipMismatch) => &mut row.authorship,
                _ => &mut row.none,
            };
            *counter += 1;
            let missed = meant.is_some() && !right;
            let wrong = !right && !in_string && (judgement.verdict == Verdict::Verified || corrected);
            if self.show && (wrong && shown_wrong < 12 || missed && shown < 40) {
                if wrong {
                    shown_wrong += 1
                } else {
                    shown += 1
                }
                println!(
                    "    {wrong} {:?} {:?}\n      {cited:?}\n      meant {:?}\n      best {:?}",
                    judgement.verdict,
                    judgement.reason,
                    meant.as_ref().map(brief),
                    best.map(brief)
                );
            }
        }
        if row.label > 0 {
            println!(
                "    {name}: {} more verified as the article named in the string, which is not the labelled one",
                row.label
            );
        }
        row.times.sort();
        let at = |share: f64| row.times[((row.n - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        let percent = |count: usize| 100.0 * count as f64 / row.n as f64;
        println!(
            "| {name} | {} | {:.2} ({:.2} + {:.2}) | {:.2} ({} + {}) | {:.2} | {:.2} | {:.2} | {:.2} / {:.2} / {:.2} |",
            row.n,
            percent(row.right + row.right_corrected),
            percent(row.right),
            percent(row.right_corrected),
            percent(row.wrong + row.wrong_corrected),
            row.wrong,
            row.wrong_corrected,
            percent(row.ambiguous),
            percent(row.authorship),
            percent(row.none),
            at(0.5),
            at(0.95),
            at(0.99)
        );
    }
}

fn brief(record: &Record) -> (u32, &str, Option<&str>, &str, Option<u16>) {
    (
        record.pmid,
        &record.title,
        record.authors.first().map(|a| a.family.as_str()),
        &record.journal_abbreviation,
        record.year,
    )
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The same article; the references hold some under two identifiers.
fn same(one: &Record, other: &Record) -> bool {
    one.pmid == other.pmid || (letters(&one.title) == letters(&other.title) && one.year == other.year)
}

fn rows(index: &Index, tune: bool) {
    let split = cases::split(&root());
    let parts = cases::parts(&split);
    let bench = Bench { index, weights: index.weights(), show: tune };
    let known: &[Case] = if tune { &split.tune } else { &split.report };
    let mut dice = Dice::new(if tune { 11 } else { 13 });
    println!(
        "index of {} records; cases {} in the index, {} held out",
        index.status().records,
        known.len(),
        split.absent.len()
    );
    println!(
        "| query | n | verified right % (plain + corrected) | verified wrong % (count plain + corrected) | ambiguous % | authorship % | none % | ms p50 / p95 / p99 |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let meant = |case: &Case| Some(case.record.clone());
    bench.row("full title", known.iter().map(|case| (cases::cited(&case.record), meant(case))));
    let noisy: Vec<_> = known.iter().map(|case| (cases::noisy(&case.record, &parts, &mut dice), meant(case))).collect();
    let show = Bench { show: false, weights: bench.weights.clone(), index };
    show.row("noisy title", noisy.into_iter());
    for count in [3, 5, 8] {
        let rows: Vec<_> = known
            .iter()
            .filter_map(|case| Some((cases::with_keywords(&case.record, count, &mut dice)?, meant(case))))
            .collect();
        (if count == 3 { &show } else { &bench })
            .row(&format!("author, journal, year, {count} keywords"), rows.into_iter());
    }
    let raw = |case: &Case| parse_reference(&case.gold.reference);
    bench.row_of("raw string", known.iter().map(|case| (raw(case), meant(case), case.gold.reference.as_str())));
    let absent = &split.absent;
    bench.row("absent: full title", absent.iter().map(|case| (cases::cited(&case.record), None)));
    bench.row_of("absent: raw string", absent.iter().map(|case| (raw(case), None, case.gold.reference.as_str())));
    let mut pairs = |make: &dyn Fn(&Record, &Record, &mut Dice) -> Cited| -> Vec<(Cited, Option<Record>)> {
        known
            .iter()
            .enumerate()
            .map(|(at, case)| {
                let other = &known[(at + 1 + dice.below(known.len() - 1)) % known.len()];
                (make(&case.record, &other.record, &mut dice), None)
            })
            .collect()
    };
    bench.row("chimera of two titles", pairs(&cases::chimera).into_iter());
    bench.row("fabricated title", pairs(&|one, _, dice| cases::fabricated(one, &parts, dice)).into_iter());
    bench.row("real title, metadata of another", pairs(&|one, other, _| cases::other_metadata(one, other)).into_iter());
    let near: Vec<_> =
        known.iter().map(|case| (cases::near_miss(&case.record, &parts, &mut dice), meant(case))).collect();
    bench.row("35 % of the words replaced", near.into_iter());
}

fn hallmark_rows(index: &Index) {
    let weights = index.weights();
    let originals = originals();
    for (file, biomedical) in [("hallmark-crossdomain.dev.jsonl.gz", true), ("hallmark-dev.jsonl.gz", false)] {
        // Kind → how many, with any verdict but plain verified, of those whose original is in the index, of those detected.
        let mut kinds: BTreeMap<String, [usize; 4]> = BTreeMap::new();
        for entry in hallmark::read(&root(), file).iter().filter(|entry| !biomedical || entry.biomedical()) {
            let cited = entry.cited();
            let candidates = index.candidates(&cited, 20).unwrap();
            let judgement = judge(&cited, &candidates, &weights);
            let detected = judgement.verdict != Verdict::Verified;
            let held = originals.iter().any(|(original, _)| {
                original.doi.is_some() && original.doi == cited.doi.as_ref().map(|doi| doi.to_lowercase())
                    || original.title.eq_ignore_ascii_case(&cited.title)
            });
            let counts = kinds.entry(entry.kind().to_owned()).or_default();
            for (at, add) in [true, detected, held, held && detected].into_iter().enumerate() {
                counts[at] += usize::from(add);
            }
            if (entry.valid() && detected) || (!entry.valid() && !detected && env::var_os("SHOW").is_some()) {
                println!(
                    "    {} {:?} {:?} {:?}\n       {cited:?}",
                    entry.kind(),
                    judgement.verdict,
                    judgement.reason,
                    judgement.corrections
                );
            }
        }
        println!("{file}{}", if biomedical { " (biomedical)" } else { "" });
        let mut all = [0; 4];
        for (kind, counts) in &kinds {
            println!(
                "  {kind}: {} of {} not plainly verified; original in the index: {} of {}",
                counts[1], counts[0], counts[3], counts[2]
            );
            if kind != "valid" {
                counts.iter().zip(&mut all).for_each(|(one, sum)| *sum += one);
            }
        }
        println!(
            "  detected {} of {} ({:.1} %); with the original in the index {} of {} ({:.1} %)",
            all[1],
            all[0],
            100.0 * all[1] as f64 / all[0] as f64,
            all[3],
            all[2],
            100.0 * all[3] as f64 / all[2].max(1) as f64
        );
    }
}
