//! Invented articles that look real: recombined titles with real names, journals and years.
#![allow(dead_code, clippy::unwrap_used)]

use std::fmt::Write;

use sigilo_citations::{Author, Record};

/// A small generator: the same seed gives the same numbers everywhere.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit.max(1)
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }
}

/// The first part of one title and the last part of another.
pub fn recombined(one: &str, other: &str, dice: &mut Dice) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (one.split_whitespace().collect(), other.split_whitespace().collect());
    let head = a.len() / 2 + dice.below(2);
    let tail = b.len() / 2;
    a[..head.min(a.len())].iter().chain(&b[tail..]).copied().collect::<Vec<_>>().join(" ")
}

/// What articles are invented from.
pub struct Parts {
    pub titles: Vec<String>,
    pub surnames: Vec<String>,
    pub journals: Vec<String>,
    pub years: Vec<u16>,
}

impl Parts {
    /// An invented article.
    pub fn article(&self, pmid: u32, dice: &mut Dice) -> Record {
        let (one, other) = (dice.pick(&self.titles).clone(), dice.pick(&self.titles).clone());
        let title = recombined(&one, &other, dice);
        // 6.6 authors on average, as in PubMed's samples.
        let count = 1 + dice.below(12);
        let letter = |dice: &mut Dice| char::from(b'A' + dice.below(26) as u8);
        let authors = (0..count)
            .map(|_| Author { family: dice.pick(&self.surnames).clone(), initials: letter(dice).to_string() })
            .collect();
        Record {
            pmid,
            title,
            authors,
            journal_abbreviation: dice.pick(&self.journals).clone(),
            year: Some(*dice.pick(&self.years)),
            doi: Some(format!("10.{}/j.{}.{:06}", 1000 + dice.below(9000), pmid, dice.below(1_000_000))),
            ..Record::default()
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A record in PubMed's XML, with `filler` where abstracts and headings stand.
pub fn xml(record: &Record, filler: &str) -> String {
    let mut out = String::with_capacity(1024 + filler.len());
    let _ = write!(
        out,
        "<PubmedArticle>\n<MedlineCitation Status=\"MEDLINE\" Owner=\"NLM\">\n<PMID Version=\"1\">{}</PMID>\n\
         <DateRevised><Year>2026</Year><Month>11</Month><Day>01</Day></DateRevised>\n<Article PubModel=\"Print\">\n<Journal>\n\
         <JournalIssue CitedMedium=\"Print\"><PubDate><Year>{}</Year></PubDate></JournalIssue>\n\
         <Title>{journal}</Title>\n<ISOAbbreviation>{journal}</ISOAbbreviation>\n</Journal>\n<ArticleTitle>{}.</ArticleTitle>\n{filler}\n<AuthorList CompleteYN=\"{}\">\n",
        record.pmid,
        record.year.unwrap_or(2000),
        escaped(&record.title),
        if record.author_count == u16::MAX { "N" } else { "Y" },
        journal = escaped(&record.journal_abbreviation),
    );
    for author in &record.authors {
        let _ = writeln!(
            out,
            "<Author ValidYN=\"Y\"><LastName>{}</LastName><ForeName>{i}</ForeName><Initials>{i}</Initials></Author>",
            escaped(&author.family),
            i = author.initials
        );
    }
    let _ = write!(
        out,
        "</AuthorList>\n</Article>\n<MedlineJournalInfo><MedlineTA>{}</MedlineTA></MedlineJournalInfo>\n</MedlineCitation>\n<PubmedData><ArticleIdList><ArticleId IdType=\"pubmed\">{}</ArticleId>",
        escaped(&record.journal_abbreviation),
        record.pmid
    );
    if let Some(doi) = &record.doi {
        let _ = write!(out, "<ArticleId IdType=\"doi\">{}</ArticleId>", escaped(doi));
    }
    out.push_str("</ArticleIdList></PubmedData>\n</PubmedArticle>\n");
    out
}
