//! How much a word says about which article it is.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use crate::{bundled, fold::content_words};

/// Weights of title words: the rarer, the heavier (inverse document frequency). Cheap to clone.
#[derive(Clone)]
pub struct Weights {
    titles: u64,
    source: Source,
}

#[derive(Clone)]
enum Source {
    Table(Arc<HashMap<String, u32>>),
    Asked(Arc<dyn Fn(&str) -> u64 + Send + Sync>),
}

static SHIPPED: LazyLock<Weights> =
    LazyLock::new(|| Weights::from_titles(bundled::records().iter().map(|record| record.title.as_str())));

impl Weights {
    /// Those that come along, counted in the titles of the bundled records.
    pub fn shipped() -> Weights {
        SHIPPED.clone()
    }

    /// Counts the words of titles.
    pub fn from_titles<'a>(titles: impl IntoIterator<Item = &'a str>) -> Weights {
        let mut count = 0;
        let mut seen: HashMap<String, u32> = HashMap::new();
        for title in titles {
            count += 1;
            let mut words = content_words(title);
            words.sort_unstable();
            words.dedup();
            for word in words {
                *seen.entry(word).or_default() += 1;
            }
        }
        Weights { titles: count, source: Source::Table(Arc::new(seen)) }
    }

    /// Weights by the number of titles, of all, that hold a folded word.
    pub(crate) fn asked(titles: u64, of: impl Fn(&str) -> u64 + Send + Sync + 'static) -> Weights {
        Weights { titles, source: Source::Asked(Arc::new(of)) }
    }

    /// The weight of a folded word: 0.3 or more, `ln(1 + n)` for one that no title holds.
    pub fn of(&self, word: &str) -> f32 {
        let seen = match &self.source {
            Source::Table(table) => table.get(word).map_or(0, |count| u64::from(*count)),
            Source::Asked(of) => of(word),
        };
        (1.0 + self.titles.max(1) as f64 / (seen as f64 + 1.0)).ln().max(0.3) as f32
    }

    /// Asks for each word once.
    pub(crate) fn memo(&self) -> Memo<'_> {
        Memo { weights: self, known: HashMap::new() }
    }
}

impl fmt::Debug for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Weights({} titles)", self.titles)
    }
}

/// Weights for the words of one comparison.
pub(crate) struct Memo<'a> {
    weights: &'a Weights,
    known: HashMap<String, f32>,
}

impl Memo<'_> {
    fn of(&mut self, word: &str) -> f32 {
        if let Some(weight) = self.known.get(word) {
            return *weight;
        }
        let weight = self.weights.of(word);
        self.known.insert(word.to_owned(), weight);
        weight
    }

    /// Weighted overlap of two bags of words over what either has, 0 to 1.
    pub(crate) fn similarity(&mut self, one: &[String], other: &[String]) -> f32 {
        let (shared, first, second) = self.overlap(one, other);
        let all = first + second - shared;
        if all > 0.0 { shared / all } else { 0.0 }
    }

    /// Weighted share of `wanted` that is in `text`, 0 to 1.
    pub(crate) fn containment(&mut self, wanted: &[String], text: &[String]) -> f32 {
        let (shared, all, _) = self.overlap(wanted, text);
        if all > 0.0 { shared / all } else { 0.0 }
    }

    fn overlap(&mut self, one: &[String], other: &[String]) -> (f32, f32, f32) {
        let mut left: HashMap<&str, u32> = HashMap::new();
        let (mut shared, mut first, mut second) = (0.0, 0.0, 0.0);
        for word in other {
            *left.entry(word).or_default() += 1;
            second += self.of(word);
        }
        for word in one {
            let weight = self.of(word);
            first += weight;
            if let Some(count) = left.get_mut(word.as_str()).filter(|count| **count > 0) {
                *count -= 1;
                shared += weight;
            }
        }
        (shared, first, second)
    }
}
