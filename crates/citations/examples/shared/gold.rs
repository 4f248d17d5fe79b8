//! The references with known PMID (biblio-glutton, Apache-2.0), for measuring.
#![allow(dead_code, clippy::unwrap_used)]

use std::{fs::File, path::Path};

use flate2::read::GzDecoder;
use serde::Deserialize;
use sigilo_citations::{Author, Cited, Record, parse_reference};

/// A reference as it stands in a PDF, with what is known of it.
#[derive(Debug, Clone, Deserialize)]
pub struct Gold {
    pub reference: String,
    #[serde(default)]
    pub doi: String,
    #[serde(default)]
    pub pmid: Option<String>,
    #[serde(default)]
    pub atitle: Option<String>,
    #[serde(default, rename = "firstAuthor")]
    pub first_author: Option<String>,
    #[serde(default)]
    pub jtitle: Option<String>,
}

/// All of them, in the order of the file.
pub fn read(root: &Path) -> Vec<Gold> {
    let file = File::open(root.join("data/references/reference-to-pmid.dev.json.gz")).unwrap();
    serde_json::from_reader(GzDecoder::new(file)).unwrap()
}

impl Gold {
    pub fn pmid(&self) -> Option<u32> {
        self.pmid.as_deref()?.parse().ok()
    }

    /// The article, if its title, journal, author and year are known. Year and, where the metadata have none, the first
    /// author are read from the string.
    pub fn record(&self) -> Option<Record> {
        let parsed = parse_reference(&self.reference);
        let family = match self.first_author.clone().filter(|name| name.len() > 1) {
            Some(name) => name,
            None => family(parsed.authors.first()?)?,
        };
        let title = self.atitle.clone().filter(|title| title.split_whitespace().count() >= 2 && !self.is_cut(title))?;
        Some(Record {
            pmid: self.pmid()?,
            title,
            authors: vec![Author { family, initials: String::new() }],
            // The others are not known.
            author_count: u16::MAX,
            journal_abbreviation: self.jtitle.clone().filter(|name| !name.is_empty())?,
            year: Some(parsed.year?),
            doi: Some(self.doi.to_lowercase()).filter(|doi| doi.starts_with("10.")),
            ..Record::default()
        })
    }

    /// Whether the metadata lost a part of the title, as they do where it had italics or indices: the string then goes on
    /// where the title ends, or a sentence does not begin where it begins.
    fn is_cut(&self, title: &str) -> bool {
        if title.starts_with(' ') || title.ends_with([' ', '(', '[']) {
            return true;
        }
        let letters = |text: &str| -> Vec<char> {
            text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        let (title_letters, raw) = (letters(title), letters(&self.reference));
        let Some(at) = raw.windows(title_letters.len()).position(|window| window == title_letters) else {
            return false;
        };
        let end = at + title_letters.len();
        let mut seen = 0;
        let rest = self.reference.char_indices().find_map(|(offset, c)| {
            seen += usize::from(c.is_alphanumeric());
            (seen == end).then(|| &self.reference[offset + c.len_utf8()..])
        });
        rest.is_some_and(|rest| {
            !rest
                .trim_start_matches([' ', '\n', ')', ']', '\'', '"', '”', '’'])
                .starts_with(['.', '?', '!', ',', ':', ';', '"', '“'])
        })
    }

    /// As a person cites it who has the metadata.
    pub fn cited(&self) -> Option<Cited> {
        let record = self.record()?;
        Some(Cited {
            title: record.title,
            authors: vec![record.authors[0].family.clone()],
            journal: record.journal_abbreviation,
            year: record.year,
            ..Cited::default()
        })
    }
}

/// The family name in `Silva JA`, `J. Silva` or `Silva, J.`.
fn family(author: &str) -> Option<String> {
    if let Some((family, _)) = author.split_once(',') {
        return Some(family.to_owned());
    }
    let words: Vec<&str> = author
        .split_whitespace()
        .filter(|word| {
            let letters = word.chars().filter(|c| c.is_alphabetic()).count();
            !(letters <= 3 && word.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase))
        })
        .collect();
    Some(words.join(" ")).filter(|name| name.len() > 1)
}
