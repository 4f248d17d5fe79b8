//! HALLMARK's labelled references (MIT), for measuring.
#![allow(dead_code, clippy::unwrap_used)]

use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use flate2::read::GzDecoder;
use serde::Deserialize;
use sigilo_citations::{Author, Cited, Record};

/// A reference with its label.
#[derive(Debug, Clone, Deserialize)]
pub struct Entry {
    pub fields: HashMap<String, String>,
    pub label: String,
    #[serde(default)]
    pub hallucination_type: Option<String>,
    #[serde(default)]
    pub explanation: String,
    #[serde(default)]
    pub source: Option<String>,
}

pub fn read(root: &Path, name: &str) -> Vec<Entry> {
    let file = File::open(root.join("data/references").join(name)).unwrap();
    BufReader::new(GzDecoder::new(file)).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}

impl Entry {
    pub fn valid(&self) -> bool {
        self.label == "VALID"
    }

    /// From PubMed or bioRxiv.
    pub fn biomedical(&self) -> bool {
        matches!(self.source.as_deref(), Some("pubmed" | "biorxiv"))
    }

    pub fn kind(&self) -> &str {
        self.hallucination_type.as_deref().unwrap_or("valid")
    }

    fn get(&self, name: &str) -> String {
        self.fields.get(name).cloned().unwrap_or_default()
    }

    pub fn cited(&self) -> Cited {
        let journal = self.get("journal");
        Cited {
            title: self.get("title"),
            authors: self.get("author").split(" and ").map(str::to_owned).collect(),
            journal: if journal.is_empty() { self.get("booktitle") } else { journal },
            year: self.get("year").parse().ok(),
            keywords: Vec::new(),
            doi: Some(self.get("doi")).filter(|doi| !doi.is_empty()),
        }
    }

    /// The article as PubMed would hold it, if this entry tells it: a valid one, or the original of a near miss.
    pub fn original(&self, pmid: u32) -> Option<Record> {
        let cited = self.cited();
        let title = match self.kind() {
            "valid" => cited.title,
            "near_miss_title" => self.explanation.split_once("(original: '")?.1.strip_suffix("')")?.to_owned(),
            _ => return None,
        };
        let authors = cited.authors.iter().map(|name| author(name)).collect();
        Some(Record {
            pmid,
            title,
            authors,
            journal: cited.journal.clone(),
            journal_abbreviation: cited.journal,
            year: cited.year,
            doi: cited.doi.map(|doi| doi.to_lowercase()),
            ..Record::default()
        })
    }
}

fn author(name: &str) -> Author {
    let words: Vec<&str> = name.split_whitespace().collect();
    let short = |word: &str| {
        let letters: Vec<char> = word.chars().filter(|c| c.is_alphabetic()).collect();
        let dotted =
            word.ends_with('.') && word.split('-').all(|part| part.chars().filter(|c| c.is_alphabetic()).count() <= 2);
        letters.len() <= 3 && (letters.iter().all(|c| c.is_uppercase()) || dotted)
    };
    let (given, family): (Vec<&str>, Vec<&str>) =
        if words.first().is_some_and(|word| short(word)) || words.last().is_some_and(|word| short(word)) {
            words.iter().partition(|word| short(word))
        } else {
            words.split_at(words.len().saturating_sub(1)).to_owned_pair()
        };
    if family.is_empty() {
        return Author { family: name.to_owned(), initials: String::new() };
    }
    Author { family: family.join(" "), initials: given.iter().filter_map(|word| word.chars().next()).collect() }
}

trait Pair<'a> {
    fn to_owned_pair(self) -> (Vec<&'a str>, Vec<&'a str>);
}

impl<'a> Pair<'a> for (&[&'a str], &[&'a str]) {
    fn to_owned_pair(self) -> (Vec<&'a str>, Vec<&'a str>) {
        (self.0.to_vec(), self.1.to_vec())
    }
}
