//! Finding candidates for a cited article.

use tantivy::{
    DocAddress, Searcher, Term,
    collector::TopDocs,
    query::{BooleanQuery, Occur, Query, TermQuery},
    schema::{Field, IndexRecordOption},
};

use super::{Index, IndexError, schema};
use crate::{
    Cited, Record, codec,
    fold::{self, content_words},
    judge,
    people::{self, Name},
};

/// Words that are asked for; the rarest say enough.
const WORDS: usize = 10;
/// One of so many of the rarest words must be there beside the author's name; a typing error in one is then no matter.
const NEEDED: usize = 3;
/// Words written together that may be kept apart, or the other way round.
const COMPOUNDS: usize = 3;

impl Index {
    /// Articles that a cited one may be, the most similar first. Asks first for the first author's name with the rarest
    /// word of the title and only then for any of the words; a DOI only adds candidates.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn candidates(&self, cited: &Cited, limit: usize) -> Result<Vec<Record>, IndexError> {
        let searcher = self.reader.searcher();
        let words = self.rarest(&searcher, cited);
        let families =
            people::split(&cited.authors).first().map(|name| Name::read(name).keys().to_vec()).unwrap_or_default();
        let mut found = Found { index: self, searcher: &searcher, at: Vec::new(), records: Vec::new() };
        let limit = limit.max(1);
        if let Some(digest) = cited.doi.as_deref().and_then(fold::doi).map(|doi| codec::doi_digest(&doi)) {
            let bucket = Term::from_field_u64(self.fields.doi, schema::bucket(digest));
            let mut query: Vec<(Occur, Box<dyn Query>)> = vec![(Occur::Must, plain(bucket))];
            query.extend(words.iter().map(|word| (Occur::Should, self.word(word))));
            found.add(query, limit)?;
            found.records.retain(|record| record.doi_digest == Some(digest));
        }
        let weights = self.weights();
        let mut memo = weights.memo();
        if !words.is_empty() {
            let any = |words: &[String]| -> Vec<(Occur, Box<dyn Query>)> {
                words.iter().map(|word| (Occur::Should, self.word(word))).collect()
            };
            let author: Vec<(Occur, Box<dyn Query>)> = families
                .iter()
                .map(|family| (Occur::Should, plain(Term::from_field_text(self.fields.author, family))))
                .collect();
            if !author.is_empty() {
                let (needed, others) = words.split_at(NEEDED.min(words.len()));
                let mut query: Vec<(Occur, Box<dyn Query>)> = vec![
                    (Occur::Must, Box::new(BooleanQuery::new(author))),
                    (Occur::Must, Box::new(BooleanQuery::new(any(needed)))),
                ];
                query.extend(any(others));
                found.add(query, limit)?;
            }
            let good =
                found.records.iter().any(|record| judge::likeness(cited, record, &mut memo) >= judge::SAME_TITLE);
            if !good {
                found.add(any(&words), limit)?;
            }
        }
        let mut records: Vec<(f32, Record)> =
            found.records.into_iter().map(|record| (judge::likeness(cited, &record, &mut memo), record)).collect();
        records.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.pmid.cmp(&b.1.pmid)));
        records.truncate(limit);
        Ok(records.into_iter().map(|(_, record)| record).collect())
    }

    /// The rarest known words of the title or, without one, of the keywords.
    fn rarest(&self, searcher: &Searcher, cited: &Cited) -> Vec<String> {
        let mut words = content_words(&cited.title);
        if words.is_empty() {
            words =
                cited.keywords.iter().flat_map(|word| fold::words(word)).filter(|word| !fold::is_small(word)).collect();
        }
        let pairs: Vec<String> = words.windows(2).map(|pair| pair.concat()).collect();
        let mut rarest = self.known(searcher, words, WORDS);
        // A compound may be kept in one word or in two.
        rarest.extend(self.known(searcher, pairs, COMPOUNDS));
        rarest
    }

    /// Words that the index knows, the rarest first, at most so many.
    fn known(&self, searcher: &Searcher, mut words: Vec<String>, most: usize) -> Vec<String> {
        words.sort_unstable();
        words.dedup();
        let frequency = |word: &String| searcher.doc_freq(&Term::from_field_text(self.fields.title, word)).unwrap_or(0);
        let mut known: Vec<(u64, String)> =
            words.into_iter().map(|word| (frequency(&word), word)).filter(|(count, _)| *count > 0).collect();
        known.sort_unstable();
        known.into_iter().take(most).map(|(_, word)| word).collect()
    }

    fn word(&self, word: &str) -> Box<dyn Query> {
        scored(self.fields.title, word)
    }
}

fn plain(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

fn scored(field: Field, word: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, word), IndexRecordOption::WithFreqs))
}

/// Candidates so far, each once.
struct Found<'a> {
    index: &'a Index,
    searcher: &'a Searcher,
    at: Vec<DocAddress>,
    records: Vec<Record>,
}

impl Found<'_> {
    fn add(&mut self, query: Vec<(Occur, Box<dyn Query>)>, limit: usize) -> Result<(), IndexError> {
        let hits = self.searcher.search(&BooleanQuery::new(query), &TopDocs::with_limit(limit).order_by_score())?;
        for (_, at) in hits {
            if !self.at.contains(&at) {
                self.at.push(at);
                self.records.extend(self.index.record(self.searcher, at)?);
            }
        }
        Ok(())
    }
}
