//! From a cited reference to searches in PubMed's syntax.
//!
//! Cited text is cut into words of letters and digits in lower case, and each is tagged with its field. Nothing of
//! it can become an operator, a field tag, a phrase, a range or a truncation.

use sigilo_citations::Cited;
use sigilo_deid::{Kind, Method, scan};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Searches made for one reference at most.
pub(crate) const MOST_SEARCHES: usize = 3;
/// Title words in the first search: enough for one article in 39 million, few enough to survive a wrong one later.
const TITLE_WORDS: usize = 8;
const RAREST_WITH_AUTHOR: usize = 3;
const RAREST_ALONE: usize = 5;
const LONGEST_TEXT: usize = 1000;
const LONGEST_WORD: usize = 40;

/// The searches for one reference, the narrowest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder(Vec<String>);

impl Ladder {
    /// Builds the searches; none when too little was cited. `rarity` says how rare a word is: rare ones are searched
    /// for first.
    pub fn new(cited: &Cited, rarity: impl Fn(&str) -> f32) -> Ladder {
        let rank = |mut words: Vec<String>, most: usize| {
            // Stable, so that equally rare words stay in their order.
            words.sort_by(|a, b| rarity(b).total_cmp(&rarity(a)));
            words.truncate(most);
            words
        };
        let title = words(&cited.title);
        let mut keywords: Vec<String> = Vec::new();
        for word in cited.keywords.iter().take(20).flat_map(|keyword| words(keyword)) {
            if !keywords.contains(&word) {
                keywords.push(word);
            }
        }
        let author = cited.authors.first().and_then(|author| family(author)).map(|name| format!("{name}[1au]"));
        let years = cited.year.filter(|year| (1800..=2100).contains(year));
        let years = years.map(|year| format!("{}:{}[dp]", year - 1, year + 1));
        let foreign = is_foreign(&cited.title);
        let title_field = |word: &String| match foreign {
            true => format!("({word}[ti] OR {word}[tt])"),
            false => format!("{word}[ti]"),
        };
        let anywhere = |word: &String| format!("{word}[tiab]");

        let mut searches = Vec::new();
        let mut add = |parts: Vec<String>, author: Option<&String>, years: Option<&String>, least: usize| {
            if parts.len() >= least {
                let parts: Vec<_> = parts.iter().chain(author).chain(years).map(String::as_str).collect();
                searches.push(parts.join(" AND "));
            }
        };
        let (author, years) = (author.as_ref(), years.as_ref());
        let least = if author.is_some() { 1 } else { 2 };
        if title.is_empty() {
            add(rank(keywords.clone(), TITLE_WORDS).iter().map(anywhere).collect(), author, years, 3);
        } else {
            add(rank(title.clone(), TITLE_WORDS).iter().map(title_field).collect(), author, years, least);
        }
        let journal = words(&cited.journal).join(" ");
        if author.is_some() && foreign && keywords.len() < 3 && !journal.is_empty() {
            add(vec![format!("\"{journal}\"[ta]")], author, years, 1);
        } else {
            let from = if keywords.len() < 3 { &title } else { &keywords };
            add(rank(from.clone(), RAREST_WITH_AUTHOR).iter().map(anywhere).collect(), author, years, 2);
        }
        if title.len() > 1 {
            add(rank(title.clone(), RAREST_ALONE).iter().map(title_field).collect(), None, None, 2);
        } else {
            add(rank(keywords.clone(), RAREST_ALONE).iter().map(anywhere).collect(), None, None, 3);
        }
        if let Some(doi) = cited.doi.as_deref().and_then(doi) {
            match searches.first_mut() {
                Some(first) => *first = format!("({first}) OR \"{doi}\"[doi]"),
                None => searches.push(format!("\"{doi}\"[doi]")),
            }
        }
        let mut seen = Vec::new();
        searches.retain(|search| {
            !seen.contains(search) && {
                seen.push(search.clone());
                true
            }
        });
        searches.truncate(MOST_SEARCHES);
        Ladder(searches)
    }

    /// The searches, in PubMed's syntax.
    pub fn searches(&self) -> &[String] {
        &self.0
    }
}

/// The words of a text worth searching for, each once, without personal data.
pub(crate) fn words(text: &str) -> Vec<String> {
    let text: String = text.chars().take(LONGEST_TEXT).collect();
    let mut words: Vec<String> = Vec::new();
    for word in split(&without_personal_data(&text)) {
        let counts = (2..=LONGEST_WORD).contains(&word.chars().count());
        if counts && !is_stop_word(&word) && !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

fn split(text: &str) -> Vec<String> {
    // Lower case before and after: the decomposition of some signs holds capitals.
    let folded: String = text.chars().flat_map(char::to_lowercase).nfkd().filter(|c| !is_combining_mark(*c)).collect();
    let folded: String = folded.chars().flat_map(char::to_lowercase).filter(|c| !is_combining_mark(*c)).collect();
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Numbers, addresses and contacts of a person never leave; names only go when nothing introduces them as a patient's,
/// because references are full of names.
fn without_personal_data(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for found in &scan(text) {
        let name = matches!(found.kind, Kind::Nome);
        if name && !matches!(found.method, Method::Indicador | Method::Contexto) {
            continue;
        }
        if let Some(before) = text.get(done..found.start) {
            out.push_str(before);
            out.push(' ');
            done = found.end;
        }
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// The family name of an author as cited: `Silva JA`, `Silva, João A.` or `João A. Silva`.
pub(crate) fn family(author: &str) -> Option<String> {
    let author: String = author.chars().take(200).collect();
    let author = author.trim().trim_end_matches("et al.").trim_end_matches("et al").trim_end_matches([',', ';', ' ']);
    // A name is left in the query, a number in the place of one is not.
    let author = without_personal_data(author);
    let family = match author.split_once(',') {
        Some((family, _)) => family.to_owned(),
        None => {
            let words: Vec<&str> = author.split_whitespace().collect();
            let initials = |word: &str| {
                let letters = word.chars().filter(|c| !matches!(c, '.' | '-')).count();
                letters <= 3 && word.chars().all(|c| c.is_uppercase() || matches!(c, '.' | '-'))
            };
            match words.as_slice() {
                [] => return None,
                [family @ .., last] if !family.is_empty() && initials(last) => family.join(" "),
                [.., last] => (*last).to_owned(),
            }
        }
    };
    let words: Vec<_> = split(&family).into_iter().filter(|word| !is_operator(word)).take(6).collect();
    let name = words.join(" ");
    (1..=80).contains(&name.chars().count()).then_some(name)
}

/// A DOI that can stand between quotation marks; anything else is not searched for.
fn doi(cited: &str) -> Option<String> {
    let doi = cited.trim().to_lowercase();
    let doi = ["https://", "http://", "dx.doi.org/", "doi.org/", "doi:"]
        .iter()
        .fold(doi.as_str(), |doi, prefix| doi.strip_prefix(prefix).unwrap_or(doi))
        .trim();
    let rest = doi.strip_prefix("10.")?;
    let (registrant, suffix) = rest.split_once('/')?;
    let fits = (4..=9).contains(&registrant.len())
        && registrant.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && (1..=200).contains(&suffix.len())
        && suffix.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._;()/:".contains(&b));
    let personal = |kind| matches!(kind, Kind::Cpf | Kind::Cns | Kind::Email | Kind::Telefone);
    // Runs of digits in a DOI look like numbers of many kinds; only check digits or a word before them convince.
    let sure = |method| matches!(method, Method::DigitoContexto | Method::FormaDigito | Method::Contexto);
    let leaks = scan(doi).iter().any(|found| personal(found.kind) && sure(found.method));
    (fits && !leaks).then(|| doi.to_owned())
}

/// Whether a title is in a language other than English, which PubMed keeps in a field of its own.
fn is_foreign(title: &str) -> bool {
    let accents = title.nfd().filter(|c| is_combining_mark(*c)).count();
    let mut small = split(title);
    small.retain(|word| FOREIGN.contains(&word.as_str()));
    small.sort_unstable();
    small.dedup();
    accents >= 2 || small.len() >= 2
}

fn is_operator(word: &str) -> bool {
    matches!(word, "and" | "or" | "not")
}

fn is_stop_word(word: &str) -> bool {
    is_operator(word) || STOP_WORDS.contains(&word) || FOREIGN.contains(&word)
}

/// Words that PubMed leaves out of searches.
const STOP_WORDS: &[&str] = &[
    "about",
    "again",
    "all",
    "almost",
    "also",
    "although",
    "always",
    "among",
    "an",
    "another",
    "any",
    "are",
    "as",
    "at",
    "be",
    "because",
    "been",
    "before",
    "being",
    "between",
    "both",
    "but",
    "by",
    "can",
    "could",
    "did",
    "do",
    "does",
    "done",
    "due",
    "during",
    "each",
    "either",
    "enough",
    "especially",
    "etc",
    "for",
    "found",
    "from",
    "further",
    "had",
    "has",
    "have",
    "having",
    "here",
    "how",
    "however",
    "if",
    "in",
    "into",
    "is",
    "it",
    "its",
    "itself",
    "just",
    "made",
    "mainly",
    "make",
    "may",
    "might",
    "most",
    "mostly",
    "must",
    "nearly",
    "neither",
    "no",
    "nor",
    "obtained",
    "of",
    "often",
    "on",
    "our",
    "overall",
    "perhaps",
    "quite",
    "rather",
    "really",
    "regarding",
    "seem",
    "seen",
    "several",
    "should",
    "show",
    "showed",
    "shown",
    "shows",
    "significantly",
    "since",
    "so",
    "some",
    "such",
    "than",
    "that",
    "the",
    "their",
    "theirs",
    "them",
    "then",
    "there",
    "therefore",
    "these",
    "they",
    "this",
    "those",
    "through",
    "thus",
    "to",
    "upon",
    "use",
    "used",
    "using",
    "various",
    "very",
    "was",
    "we",
    "were",
    "what",
    "when",
    "which",
    "while",
    "with",
    "within",
    "without",
    "would",
];

/// Small words of Portuguese, Spanish and French that English titles rarely have.
const FOREIGN: &[&str] = &[
    "ao", "aos", "com", "como", "con", "da", "das", "de", "del", "des", "do", "dos", "du", "el", "em", "en", "entre",
    "et", "la", "las", "les", "los", "na", "nas", "nos", "os", "para", "pela", "pelo", "por", "que", "sobre", "um",
    "uma", "una",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cited(title: &str, authors: &[&str], year: Option<u16>) -> Cited {
        let authors = authors.iter().map(|author| (*author).to_owned()).collect();
        Cited { title: title.into(), authors, year, ..Cited::default() }
    }

    fn length(word: &str) -> f32 {
        f32::from(u8::try_from(word.chars().count()).unwrap_or(u8::MAX))
    }

    fn searches(cited: &Cited) -> Vec<String> {
        Ladder::new(cited, length).0
    }

    #[test]
    fn the_three_searches() {
        let mut cited =
            cited("Diagnosis and management of infective endocarditis", &["Souza AB", "Lima C"], Some(2015));
        assert_eq!(
            searches(&cited),
            [
                "endocarditis[ti] AND management[ti] AND diagnosis[ti] AND infective[ti] AND souza[1au] AND 2014:2016[dp]",
                "endocarditis[tiab] AND management[tiab] AND diagnosis[tiab] AND souza[1au] AND 2014:2016[dp]",
                "endocarditis[ti] AND management[ti] AND diagnosis[ti] AND infective[ti]",
            ]
        );
        cited.doi = Some("https://doi.org/10.1000/ABC.12(3)".into());
        cited.keywords = vec!["Valve surgery".into(), "bacteremia".into()];
        let found = searches(&cited);
        assert!(found[0].starts_with('(') && found[0].ends_with(") OR \"10.1000/abc.12(3)\"[doi]"), "{}", found[0]);
        assert_eq!(found[1], "bacteremia[tiab] AND surgery[tiab] AND valve[tiab] AND souza[1au] AND 2014:2016[dp]");
    }

    #[test]
    fn too_little_is_not_searched_for() {
        assert!(searches(&Cited::default()).is_empty());
        assert!(searches(&cited("The", &["Silva A"], Some(2000))).is_empty());
        assert!(searches(&cited("Sepsis", &[], Some(2000))).is_empty());
        assert_eq!(searches(&cited("Sepsis", &["Silva A"], None)), ["sepsis[ti] AND silva[1au]"]);
    }

    #[test]
    fn a_foreign_title_is_looked_for_in_both_fields() {
        let mut cited = cited("Prevenção da insuficiência cardíaca", &["João A. Conceição"], Some(2010));
        cited.journal = "Arq Bras Cardiol".into();
        let found = searches(&cited);
        assert!(found[0].contains("(insuficiencia[ti] OR insuficiencia[tt])"), "{}", found[0]);
        assert!(found[0].contains("conceicao[1au]"));
        assert_eq!(found[1], "\"arq bras cardiol\"[ta] AND conceicao[1au] AND 2009:2011[dp]");
    }

    #[test]
    fn family_names() {
        for (author, name) in [
            ("Silva JA", "silva"),
            ("Silva, João A.", "silva"),
            ("João A. Silva", "silva"),
            ("van der Berg A", "van der berg"),
            ("Arnaiz-Villena A et al.", "arnaiz villena"),
            ("Silva J.-A.", "silva"),
            ("O'Brien K", "o brien"),
            ("Lima, et al.", "lima"),
            ("Or B", ""),
            ("", ""),
            (" , ", ""),
        ] {
            assert_eq!(family(author).unwrap_or_default(), name, "{author}");
        }
    }

    #[test]
    fn cited_text_cannot_give_orders() {
        for title in [
            "\" OR all[sb]",
            "asthma[ti]) OR (all[filter]",
            "heart NOT failure",
            "1900:2100[dp] OR cancer*",
            "asthma&retmax=100000&db=gene",
            "ＯＲ ＡＮＤ ｈｅａｒｔ disease",
            "asthma #1 AND #2",
            "heart\u{0}\r\nfailure",
            "⒪⒭ heart ⒩",
        ] {
            for search in searches(&cited(title, &[title, "x"], Some(2000))) {
                well_formed(&search);
            }
        }
        assert_eq!(
            searches(&cited("\" OR all[sb] sepsis", &[], None)),
            ["sepsis[ti] AND sb[ti]", "sepsis[tiab] AND sb[tiab]"]
        );
    }

    #[test]
    fn personal_data_stays_here() {
        let cited = Cited {
            title: "Sepsis outcome of CPF 529.982.247-25 tel (11) 98765-4321 joao@exemplo.com.br in elderly".into(),
            authors: vec!["529.982.247-25".into()],
            keywords: vec!["maria@exemplo.com.br".into(), "sepsis".into(), "mortality".into(), "elderly".into()],
            doi: Some("10.1000/529.982.247-25".into()),
            ..Cited::default()
        };
        let all = searches(&cited).join("\n");
        for part in ["529", "982", "98765", "4321", "joao", "maria", "exemplo"] {
            assert!(!all.contains(part), "{part} in {all}");
        }
        assert!(all.contains("sepsis") && all.contains("elderly"));
    }

    #[test]
    fn dois() {
        assert_eq!(doi("10.1056/NEJMoa2001017").as_deref(), Some("10.1056/nejmoa2001017"));
        assert_eq!(doi("doi: 10.1016/S0140-6736(20)30183-5").as_deref(), Some("10.1016/s0140-6736(20)30183-5"));
        for bad in
            ["", "10.1", "10.1000/", "10.1000/a\"[doi] OR all[sb]", "10.1000/a b", "11.1000/a", "10.x/a", "10.1000/é"]
        {
            assert_eq!(doi(bad), None, "{bad}");
        }
    }

    /// `alternative` = `(a[ti] OR a[tt])` or `atom`; a search = alternatives joined by ` AND `, in brackets with a DOI.
    fn well_formed(search: &str) {
        let (inner, doi) = match search.strip_prefix('(').and_then(|rest| rest.split_once(") OR \"")) {
            // Not the bracket of a foreign title, which goes on with a word.
            Some((inner, doi)) => (inner, Some(doi)),
            None => (search, None),
        };
        if let Some(doi) = doi {
            let doi = doi.strip_suffix("\"[doi]").unwrap();
            assert!(!doi.contains(['"', '[', ']', ' ', '*']), "{search}");
        }
        if inner.starts_with('"') && inner.ends_with("\"[doi]") {
            return;
        }
        for part in inner.split(" AND ") {
            match part.strip_prefix('(').and_then(|part| part.strip_suffix(')')) {
                Some(both) => {
                    let (one, other) = both.split_once(" OR ").unwrap_or_else(|| panic!("{search}"));
                    assert_eq!(atom(one, search), atom(other, search));
                }
                None => drop(atom(part, search)),
            }
        }
    }

    fn atom<'a>(part: &'a str, search: &str) -> &'a str {
        let (word, tag) =
            part.strip_suffix(']').and_then(|part| part.split_once('[')).unwrap_or_else(|| panic!("{search}"));
        assert!(["ti", "tt", "tiab", "1au", "dp", "ta"].contains(&tag), "{search}");
        let bare = match tag {
            "dp" => {
                let (from, to) = word.split_once(':').unwrap_or_else(|| panic!("{search}"));
                assert!(from.parse::<u16>().is_ok() && to.parse::<u16>().is_ok(), "{search}");
                return word;
            }
            "ta" => {
                word.strip_prefix('"').and_then(|word| word.strip_suffix('"')).unwrap_or_else(|| panic!("{search}"))
            }
            _ => word,
        };
        assert!(!bare.is_empty());
        for word in bare.split(' ') {
            assert!(!word.is_empty() && word.chars().all(char::is_alphanumeric), "{search}");
            assert!(!["and", "or", "not"].contains(&word.to_lowercase().as_str()), "{search}");
        }
        if !["1au", "ta"].contains(&tag) {
            assert!(!bare.contains(' '), "{search}");
        }
        word
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_citation_gives_well_formed_searches(
            title in "\\PC{0,120}|([a-z]{2,8}| OR | AND | NOT |\\[ti\\]|\"|\\)|\\(|:|\\*|é|de |da ){0,30}",
            author in "\\PC{0,40}|[A-Z][a-z]{1,8} (OR|AND|NOT|\\[au\\]|[A-Z]{1,2})",
            journal in "\\PC{0,40}",
            keywords in prop::collection::vec("\\PC{0,30}", 0..6),
            doi in prop::option::of("10\\.[0-9]{4}/\\PC{1,20}|\\PC{0,30}"),
            year in prop::option::of(any::<u16>()),
        ) {
            let cited = Cited { title, authors: vec![author], journal, keywords, doi, year };
            let searches = searches(&cited);
            prop_assert!(searches.len() <= MOST_SEARCHES);
            for search in searches {
                well_formed(&search);
            }
        }
    }
}
