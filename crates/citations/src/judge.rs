//! Is this cited article one of these? The rule, field by field.

use std::cmp::Ordering;

use crate::{
    Cited, Correction, Judgement, Reason, Record, Verdict, Weights, codec,
    fold::{self, content_words},
    journal,
    people::{self, Name},
    weights::Memo,
};

/// A title this similar is the same title.
pub(crate) const SAME_TITLE: f32 = 0.85;
/// A second candidate this near makes the first one doubtful.
const MARGIN: f32 = 0.05;
/// A title less similar is not worth showing.
const WORTH_SHOWING: f32 = 0.6;
/// Share of the keywords' weight that must be in the title when no title is cited.
const KEYWORDS: f32 = 0.95;
/// Fewer keywords fit several of 39 million articles.
const FEWEST_KEYWORDS: usize = 5;

/// What speaks for one candidate.
struct Look {
    score: f32,
    /// All content words of the title agree, in order.
    exact: bool,
    author: bool,
    journal: bool,
    year: bool,
    same_year: bool,
    same_doi: bool,
    /// It may be the cited article.
    fits: bool,
}

impl Look {
    fn supports(&self) -> usize {
        usize::from(self.author) + usize::from(self.journal) + usize::from(self.year)
    }

    fn order(&self, other: &Look) -> Ordering {
        self.fits
            .cmp(&other.fits)
            .then(self.same_doi.cmp(&other.same_doi))
            .then(self.exact.cmp(&other.exact))
            .then(self.score.total_cmp(&other.score))
            .then(self.supports().cmp(&other.supports()))
            .then(self.same_year.cmp(&other.same_year))
    }

    /// Nothing speaks for the other one that does not speak for this one, and something speaks only for this one.
    fn beats(&self, other: &Look) -> bool {
        let least = self.exact >= other.exact
            && self.same_doi >= other.same_doi
            && self.supports() >= other.supports()
            && self.score >= other.score;
        least
            && ((self.exact && !other.exact)
                || (self.same_doi && !other.same_doi)
                || self.supports() > other.supports()
                || (self.supports() == 3 && self.same_year && !other.same_year))
    }
}

/// The cited fields, brought to a form in which they can be compared.
struct Wanted<'a> {
    cited: &'a Cited,
    title: Vec<String>,
    keywords: Vec<String>,
    /// Keywords as cited, small words included.
    keyword_count: usize,
    authors: Vec<Name>,
    doi: Option<String>,
}

/// Judges a cited article by candidates that somebody found for it.
///
/// Verified takes a title of at least 0.85 weighted similarity, two of first author, journal and year (± 1), and no
/// second candidate within 0.05. Keywords alone, or a shortened title, take 95 % of their weight and all three. Whatever
/// is then cited differently becomes a correction. A notice of retraction is never the article.
pub fn judge(cited: &Cited, candidates: &[Record], weights: &Weights) -> Judgement {
    let wanted = Wanted::new(cited);
    let mut memo = weights.memo();
    let looks: Vec<Look> = candidates.iter().map(|record| wanted.look(record, &mut memo)).collect();
    let scores = looks.iter().map(|look| look.score).collect();
    let not_found = |reason, best, scores| Judgement {
        verdict: Verdict::NotFound,
        reason: Some(reason),
        best,
        scores,
        corrections: Vec::new(),
    };
    if wanted.title.is_empty() && wanted.too_few_keywords() {
        return not_found(Reason::TooLittle, None, scores);
    }
    // The order of arrival decides nothing: between equals the lower identifier goes first.
    let best = (0..candidates.len())
        .filter(|&at| !candidates[at].flags.notice)
        .max_by(|&a, &b| looks[a].order(&looks[b]).then(candidates[b].pmid.cmp(&candidates[a].pmid)));
    let Some(best) = best else { return not_found(Reason::NoSimilarTitle, None, scores) };
    let look = &looks[best];
    if !look.fits {
        let nearest = (look.score >= WORTH_SHOWING).then_some(best);
        let reason = if look.score < SAME_TITLE || wanted.title.is_empty() {
            Reason::NoSimilarTitle
        } else if wanted.fields() < 2 {
            Reason::TooLittle
        } else {
            Reason::AuthorshipMismatch
        };
        return not_found(reason, nearest, scores);
    }
    let rival = (0..candidates.len()).any(|other| {
        other != best
            && looks[other].fits
            && looks[other].score >= look.score - MARGIN
            && !look.beats(&looks[other])
            && !same_article(&candidates[best], &candidates[other])
    });
    if rival {
        return Judgement {
            verdict: Verdict::Ambiguous,
            reason: None,
            best: Some(best),
            scores,
            corrections: Vec::new(),
        };
    }
    let corrections = wanted.corrections(&candidates[best], look.exact);
    let verdict = if corrections.is_empty() { Verdict::Verified } else { Verdict::VerifiedWithCorrection };
    Judgement { verdict, reason: None, best: Some(best), scores, corrections }
}

/// Similarity of the titles alone, to order candidates by.
pub(crate) fn likeness(cited: &Cited, record: &Record, memo: &mut Memo<'_>) -> f32 {
    Wanted::new(cited).look(record, memo).score
}

impl<'a> Wanted<'a> {
    fn new(cited: &'a Cited) -> Wanted<'a> {
        let mut keywords: Vec<String> = cited.keywords.iter().flat_map(|word| fold::words(word)).collect();
        keywords.sort_unstable();
        keywords.dedup();
        let keyword_count = keywords.len();
        keywords.retain(|word| !fold::is_small(word));
        Wanted {
            cited,
            title: content_words(&cited.title),
            keywords,
            keyword_count,
            authors: people::split(&cited.authors).iter().map(|name| Name::read(name)).collect(),
            doi: cited.doi.as_deref().and_then(fold::doi),
        }
    }

    fn too_few_keywords(&self) -> bool {
        self.keyword_count < FEWEST_KEYWORDS || self.keywords.len() + 2 < FEWEST_KEYWORDS
    }

    /// How many of author, journal and year are cited at all.
    fn fields(&self) -> usize {
        usize::from(!self.authors.is_empty())
            + usize::from(!self.cited.journal.trim().is_empty())
            + usize::from(self.cited.year.is_some())
    }

    fn look(&self, record: &Record, memo: &mut Memo<'_>) -> Look {
        let year = self.cited.year;
        let mut look = Look {
            score: 0.0,
            exact: false,
            author: self.first_author(record),
            journal: same_journal(&self.cited.journal, record),
            year: years(record).any(|known| year.is_some_and(|year| known.abs_diff(year) <= 1)),
            same_year: years(record).any(|known| year == Some(known)),
            same_doi: self.same_doi(record) == Some(true),
            fits: false,
        };
        let mut contained = 0.0f32;
        for title in titles(record) {
            let (mine, theirs) = fold::closed_up(&self.title, &content_words(title));
            if mine.is_empty() {
                let (keywords, theirs) = fold::closed_up(&self.keywords, &theirs);
                let share = memo.containment(&keywords, &theirs);
                look.score = look.score.max(share);
                contained = contained.max(if self.too_few_keywords() { 0.0 } else { share });
            } else {
                look.exact |= mine == theirs;
                look.score = look.score.max(memo.similarity(&mine, &theirs));
                if mine.len() >= FEWEST_KEYWORDS {
                    contained = contained.max(memo.containment(&mine, &theirs));
                }
            }
        }
        look.fits = !record.flags.notice
            && ((!self.title.is_empty() && look.score >= SAME_TITLE && look.supports() >= 2)
                || (contained >= KEYWORDS && look.supports() == 3));
        look
    }

    fn first_author(&self, record: &Record) -> bool {
        self.authors.first().zip(record.authors.first()).is_some_and(|(name, author)| name.same_family(author))
    }

    /// Whether the DOI is the record's; none where either side has none.
    fn same_doi(&self, record: &Record) -> Option<bool> {
        let doi = self.doi.as_ref()?;
        match (&record.doi, record.doi_digest) {
            (Some(known), _) => Some(fold::doi(known).as_ref() == Some(doi)),
            (None, Some(digest)) => Some(codec::doi_digest(doi) == digest),
            (None, None) => None,
        }
    }

    /// What is cited differently from the record. An abbreviated journal, a list of authors that stops early and a year
    /// of electronic publication are no differences.
    fn corrections(&self, record: &Record, exact: bool) -> Vec<Correction> {
        let cited = self.cited;
        let mut all = Vec::new();
        let mut differs = |field: &str, cited: String, found: String| {
            all.push(Correction { field: field.to_owned(), cited, found });
        };
        if !self.title.is_empty() && !exact {
            differs("titulo", cited.title.clone(), record.title.clone());
        }
        if !self.authors_agree(record) {
            differs("autores", cited.authors.join(", "), author_line(record));
        }
        if !cited.journal.trim().is_empty() && !same_journal(&cited.journal, record) {
            differs("revista", cited.journal.clone(), name_of_journal(record).to_owned());
        }
        if let (Some(year), Some(known)) = (cited.year, record.year)
            && !years(record).any(|known| known == year)
        {
            differs("ano", year.to_string(), known.to_string());
        }
        if self.same_doi(record) == Some(false) {
            let found = record.doi.clone().unwrap_or_else(|| "outro DOI".to_owned());
            differs("doi", cited.doi.clone().unwrap_or_default(), found);
        }
        all
    }

    /// The first cited author is the first one, and the others follow in the record's order without a gap and without a
    /// stranger. Leaving out the end of the list is usual; study groups may stand anywhere or be left out.
    fn authors_agree(&self, record: &Record) -> bool {
        let named: Vec<&Name> = self.authors.iter().filter(|name| !name.group).collect();
        if named.is_empty() || record.authors.is_empty() {
            return true;
        }
        let known = record.authors.len();
        let total = known.max(usize::from(record.author_count));
        // Only persons count for the order; a group has no initials and many words.
        let persons: Vec<&crate::Author> = record
            .authors
            .iter()
            .filter(|author| !(author.initials.is_empty() && Name::read(&author.family).group))
            .collect();
        if persons.is_empty() {
            return true;
        }
        if named.len() > total {
            return false;
        }
        let first = named.iter().zip(&persons).all(|(name, author)| name.same(author));
        let rest = named.iter().skip(persons.len());
        if known == total {
            // Everybody is known: nobody may be left over.
            return first && rest.count() == 0;
        }
        first && rest.zip(&record.further_authors).all(|(name, digest)| name.may_be(*digest))
    }
}

/// The titles under which a record may be cited.
fn titles(record: &Record) -> impl Iterator<Item = &str> {
    let translated = record.title.trim_end_matches('.').trim_end_matches("(author's transl)");
    [Some(translated), record.vernacular_title.as_deref()].into_iter().flatten().filter(|title| !title.is_empty())
}

fn years(record: &Record) -> impl Iterator<Item = u16> + '_ {
    record.year.iter().chain(&record.other_years).copied()
}

fn same_journal(cited: &str, record: &Record) -> bool {
    [&record.journal, &record.journal_abbreviation].iter().any(|name| journal::same(cited, name))
}

/// PubMed holds some articles under two identifiers.
fn same_article(one: &Record, other: &Record) -> bool {
    let both = |a: &str, b: &str| (a.is_empty() && b.is_empty()) || journal::same(a, b);
    one.pmid == other.pmid
        || (one.doi.is_some() && one.doi == other.doi)
        || (content_words(&one.title) == content_words(&other.title)
            && one.year == other.year
            && both(name_of_journal(one), name_of_journal(other)))
}

fn name_of_journal(record: &Record) -> &str {
    if record.journal_abbreviation.is_empty() { &record.journal } else { &record.journal_abbreviation }
}

fn author_line(record: &Record) -> String {
    const SHOWN: usize = 6;
    let mut names: Vec<String> =
        record.authors.iter().take(SHOWN).map(|a| format!("{} {}", a.family, a.initials).trim().to_owned()).collect();
    if usize::from(record.author_count).max(record.authors.len()) > names.len() {
        names.push("et al.".into());
    }
    names.join(", ")
}
