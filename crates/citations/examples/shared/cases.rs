//! Which references are in the index, which are held out, and the ways they are cited.
#![allow(dead_code, clippy::unwrap_used)]

use std::{collections::BTreeMap, path::Path};

use sigilo_citations::{Author, Cited, Record};

use super::{
    gold::{self, Gold},
    padding::{Dice, Parts, recombined},
};

/// A reference with its article.
#[derive(Clone)]
pub struct Case {
    pub gold: Gold,
    pub record: Record,
}

pub struct Split {
    /// In the index; figures are reported on these.
    pub report: Vec<Case>,
    /// In the index; thresholds and parsing were looked at on these.
    pub tune: Vec<Case>,
    /// A quarter, not in the index.
    pub absent: Vec<Case>,
}

impl Split {
    pub fn known(&self) -> impl Iterator<Item = &Case> {
        self.report.iter().chain(&self.tune)
    }
}

/// One case an article, split by its PMID so that no run ever mixes the parts.
pub fn split(root: &Path) -> Split {
    let mut one_each: BTreeMap<u32, Case> = BTreeMap::new();
    for gold in gold::read(root) {
        if let Some(record) = gold.record() {
            one_each.entry(record.pmid).or_insert(Case { gold, record });
        }
    }
    let mut split = Split { report: Vec::new(), tune: Vec::new(), absent: Vec::new() };
    for (pmid, case) in one_each {
        match Dice::new(u64::from(pmid)).below(8) {
            0 | 1 => split.absent.push(case),
            2..=4 => split.tune.push(case),
            _ => split.report.push(case),
        }
    }
    split
}

/// What padding is made of: everything but the articles held out.
pub fn parts(split: &Split) -> Parts {
    let records: Vec<&Record> = split.known().map(|case| &case.record).collect();
    let mut surnames: Vec<String> =
        split.known().flat_map(|case| case.record.authors.iter().map(|author| author.family.clone())).collect();
    surnames.sort();
    Parts {
        titles: records.iter().map(|record| record.title.clone()).collect(),
        surnames,
        journals: records.iter().map(|record| record.journal_abbreviation.clone()).collect(),
        years: records.iter().filter_map(|record| record.year).collect(),
    }
}

pub fn cited(record: &Record) -> Cited {
    Cited {
        title: record.title.clone(),
        authors: record.authors.first().map(|author: &Author| author.family.clone()).into_iter().collect(),
        journal: record.journal_abbreviation.clone(),
        year: record.year,
        ..Cited::default()
    }
}

fn long_words(title: &str) -> Vec<String> {
    let mut words: Vec<String> = title
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| {
            word.chars().count() > 2 && !["the", "and", "for", "with", "from"].contains(&word.to_lowercase().as_str())
        })
        .map(str::to_lowercase)
        .collect();
    words.sort();
    words.dedup();
    words
}

/// Author, journal, year and so many words of the title; none where the title has not so many.
pub fn with_keywords(record: &Record, count: usize, dice: &mut Dice) -> Option<Cited> {
    let mut words = long_words(&record.title);
    dice.shuffle(&mut words);
    (words.len() >= count).then(|| Cited { title: String::new(), keywords: words[..count].to_vec(), ..cited(record) })
}

/// A fifth of the words lost, in half of the cases a wrong one put in; 30 % a year off, 15 % another author.
pub fn noisy(record: &Record, parts: &Parts, dice: &mut Dice) -> Cited {
    let mut one = cited(record);
    let mut words: Vec<&str> = record.title.split_whitespace().filter(|_| !dice.chance(20)).collect();
    let other = dice.pick(&parts.titles).clone();
    let wrong: Vec<&str> = other.split_whitespace().collect();
    if dice.chance(50) && !words.is_empty() {
        let at = dice.below(words.len());
        words[at] = dice.pick::<&str>(&wrong);
    }
    one.title = words.join(" ");
    if dice.chance(30) {
        one.year = one.year.map(|year| if dice.chance(50) { year + 1 } else { year - 1 });
    }
    if dice.chance(15) {
        one.authors = vec![dice.pick(&parts.surnames).clone()];
    }
    one
}

/// 35 % of the title's words, at least one, replaced by those of other titles.
pub fn near_miss(record: &Record, parts: &Parts, dice: &mut Dice) -> Cited {
    let mut words: Vec<String> = record.title.split_whitespace().map(str::to_owned).collect();
    let mut places: Vec<usize> = (0..words.len()).collect();
    dice.shuffle(&mut places);
    for &at in places.iter().take((words.len() * 35).div_ceil(100)) {
        let other = dice.pick(&parts.titles).clone();
        // A small word for another small word changes nothing that identifies an article.
        let long: Vec<&str> = other.split_whitespace().filter(|word| word.len() > 4).collect();
        if let Some(word) = long.first() {
            words[at] = (*word).to_owned();
        }
    }
    Cited { title: words.join(" "), ..cited(record) }
}

/// Half of each of two real titles, with the first one's author, journal and year.
pub fn chimera(record: &Record, other: &Record, dice: &mut Dice) -> Cited {
    Cited { title: recombined(&record.title, &other.title, dice), ..cited(record) }
}

/// Words of many titles, with a real author, journal and year.
pub fn fabricated(record: &Record, parts: &Parts, dice: &mut Dice) -> Cited {
    let count = 7 + dice.below(6);
    let words: Vec<String> = (0..count)
        .map(|_| {
            let title = dice.pick(&parts.titles).clone();
            let words: Vec<&str> = title.split_whitespace().collect();
            (*dice.pick(&words)).to_owned()
        })
        .collect();
    Cited { title: words.join(" "), ..cited(record) }
}

/// A real title under another article's author, journal and year.
pub fn other_metadata(record: &Record, other: &Record) -> Cited {
    Cited { title: record.title.clone(), ..cited(other) }
}
