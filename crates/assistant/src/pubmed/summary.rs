//! An `esummary` entry as a record.

use serde::Deserialize;
use serde_json::Value;

use sigilo_citations::{Author, Flags, Record};

/// The fields of an entry that matter here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Entry {
    title: String,
    vernaculartitle: String,
    authors: Vec<Name>,
    source: String,
    fulljournalname: String,
    pubdate: String,
    epubdate: String,
    sortpubdate: String,
    pubtype: Vec<String>,
    articleids: Vec<ArticleId>,
    elocationid: String,
    references: Vec<Related>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Name {
    name: String,
    authtype: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ArticleId {
    idtype: String,
    value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Related {
    refsource: String,
    reftype: String,
    /// A number or a string; 0, empty or absent when not known.
    pmid: Value,
}

pub(super) fn record(pmid: u32, entry: Entry) -> Record {
    let printed = years(&entry.pubdate);
    let mut all = printed.clone();
    all.extend([&entry.epubdate, &entry.sortpubdate].into_iter().flat_map(|text| years(text)));
    let year = all.first().copied();
    let mut other_years: Vec<u16> = all.into_iter().filter(|other| Some(*other) != year).collect();
    other_years.sort_unstable();
    other_years.dedup();
    let vernacular_title = Some(plain(&entry.vernaculartitle)).filter(|title| !title.is_empty());
    Record {
        pmid,
        title: plain(&entry.title),
        vernacular_title,
        authors: entry.authors.iter().filter_map(author).collect(),
        journal: plain(&entry.fulljournalname),
        journal_abbreviation: plain(&entry.source),
        year,
        other_years,
        doi: doi(&entry),
        flags: flags(&entry),
        ..Record::default()
    }
}

/// Every year in a date as PubMed writes it: `2001 Sep 15`, `2000 Dec-2001 Jan`, `1999/10/01 00:00`, `Winter 1998`.
fn years(date: &str) -> Vec<u16> {
    let runs = date.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() == 4);
    runs.filter_map(|run| run.parse().ok()).filter(|year| (1700..=2200).contains(year)).collect()
}

fn author(name: &Name) -> Option<Author> {
    let text = plain(&name.name);
    if text.is_empty() {
        return None;
    }
    if name.authtype.eq_ignore_ascii_case("CollectiveName") {
        return Some(Author { family: text, initials: String::new() });
    }
    let mut words: Vec<&str> = text.split(' ').collect();
    if words.len() > 2 && words.last().is_some_and(|w| matches!(*w, "Jr" | "Sr" | "2nd" | "3rd" | "4th")) {
        words.pop();
    }
    let initials = match words.last() {
        Some(last) if words.len() > 1 && is_initials(last) => (*last).to_owned(),
        _ => return Some(Author { family: text, initials: String::new() }),
    };
    words.pop();
    Some(Author { family: words.join(" "), initials })
}

fn is_initials(word: &str) -> bool {
    word.chars().count() <= 4 && word.chars().all(|c| c.is_uppercase() || c == '-')
}

/// The DOI stands among the identifiers or, for some articles, only where the article's place in the journal stands.
fn doi(entry: &Entry) -> Option<String> {
    let listed = entry.articleids.iter().find(|id| id.idtype == "doi").map(|id| id.value.as_str());
    let place = entry.elocationid.split("doi:").nth(1).and_then(|rest| rest.split_whitespace().next());
    let doi = listed.or(place)?.trim().trim_end_matches('.').to_lowercase();
    Some(doi).filter(|doi| doi.starts_with("10."))
}

fn flags(entry: &Entry) -> Flags {
    let is = |name: &str| entry.pubtype.iter().any(|kind| kind.eq_ignore_ascii_case(name));
    let related = |kind: &'static str| entry.references.iter().filter(move |one| letters(&one.reftype) == kind);
    let notice = is("Retraction of Publication") || is("Retraction Notice") || related("retractionof").next().is_some();
    // An article may have been retracted more than once; the notice that can be linked counts.
    let by = related("retractionin").max_by_key(|one| pmid(&one.pmid).is_some());
    let retracted = !notice && (is("Retracted Publication") || by.is_some());
    let by = by.filter(|_| retracted);
    Flags {
        retracted,
        retraction_pmid: by.and_then(|one| pmid(&one.pmid)),
        retraction_year: by.and_then(|one| years(&one.refsource).first().copied()),
        erratum: related("erratumin").next().is_some(),
        concern: related("expressionofconcernin").next().is_some(),
        notice,
    }
}

/// The kind of relation, however it is written: `Retraction in` here, `RetractionIn` in XML.
fn letters(kind: &str) -> String {
    kind.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect()
}

fn pmid(value: &Value) -> Option<u32> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok()?,
        other => u32::try_from(other.as_u64()?).ok()?,
    };
    (number > 0).then_some(number)
}

/// Text without the markup of titles (`<i>`, `<sup>` …), entities resolved, spaces single.
fn plain(text: &str) -> String {
    // Markup arrives as tags in some answers and escaped in others.
    let text = without_tags(&entities(&without_tags(text)));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').filter(|end| *end <= 10);
        let resolved = end.and_then(|end| {
            let name = &rest[1..end];
            let number = match name.strip_prefix('#') {
                Some(hex) if hex.starts_with(['x', 'X']) => u32::from_str_radix(&hex[1..], 16).ok(),
                Some(decimal) => decimal.parse().ok(),
                None => None,
            };
            let named = match name {
                "lt" => Some('<'),
                "gt" => Some('>'),
                "amp" => Some('&'),
                "quot" => Some('"'),
                "apos" => Some('\''),
                "nbsp" => Some(' '),
                _ => None,
            };
            number.and_then(char::from_u32).or(named).map(|c| (c, end + 1))
        });
        let (c, used) = resolved.unwrap_or(('&', 1));
        out.push(c);
        rest = &rest[used..];
    }
    out.push_str(rest);
    out
}

/// Removes the tags that titles have; `p < 0.05 and x > 3` stays.
fn without_tags(text: &str) -> String {
    const TAGS: [&str; 6] = ["i", "b", "u", "sup", "sub", "sc"];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let tag = rest.find('>').filter(|end| {
            let name = rest[1..*end].trim_matches('/').trim();
            TAGS.iter().any(|tag| tag.eq_ignore_ascii_case(name))
        });
        match tag {
            Some(end) => rest = &rest[end + 1..],
            None => {
                out.push('<');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(entry: Value) -> Record {
        record(7, serde_json::from_value(entry).unwrap())
    }

    #[test]
    fn the_whole_entry() {
        let record = read(json!({
            "uid": "7", "pubdate": "2000 Dec-2001 Jan", "epubdate": "2000 Nov 30", "sortpubdate": "2000/12/01 00:00",
            "source": "Arq Bras Cardiol", "fulljournalname": "Arquivos brasileiros de cardiologia",
            "authors": [{"name": "van der Silva JA Jr", "authtype": "Author"}, {"name": "Grupo de Estudo X", "authtype": "CollectiveName"}],
            "title": "[&lt;i&gt;Trypanosoma cruzi&lt;/i&gt; in patients with p &lt; 0.05 &amp;amp; x &gt; 3].",
            "vernaculartitle": "Trypanosoma cruzi em pacientes.",
            "pubtype": ["Journal Article"], "articleids": [{"idtype": "pubmed", "value": "7"}],
            "elocationid": "pii: S1. doi: 10.1000/ABC.", "references": [], "attributes": ["Has Abstract"]
        }));
        assert_eq!(record.title, "[Trypanosoma cruzi in patients with p < 0.05 &amp; x > 3].");
        assert_eq!(record.vernacular_title.as_deref(), Some("Trypanosoma cruzi em pacientes."));
        assert_eq!(record.authors[0], Author { family: "van der Silva".into(), initials: "JA".into() });
        assert_eq!(record.authors[1], Author { family: "Grupo de Estudo X".into(), initials: String::new() });
        assert_eq!((record.year, record.other_years), (Some(2000), vec![2001]));
        assert_eq!(record.doi.as_deref(), Some("10.1000/abc"));
        assert_eq!(record.flags, Flags::default());
    }

    #[test]
    fn what_happened_later() {
        let of = |pubtype: Value, references: Value| read(json!({"pubtype": pubtype, "references": references})).flags;
        let by_type = of(json!(["Journal Article", "Retracted Publication"]), json!([]));
        assert!(by_type.retracted && by_type.retraction_pmid.is_none());
        let by_note = of(
            json!([]),
            json!([{"refsource": "Hum Immunol. 2001 Oct;62(10):1063", "reftype": "Retraction in", "pmid": 11_600_210},
                {"refsource": "X. 2002", "reftype": "Retraction in", "pmid": 0}]),
        );
        assert_eq!((by_note.retracted, by_note.retraction_pmid), (true, Some(11_600_210)));
        assert_eq!(by_note.retraction_year, Some(2001));
        let notice = of(json!(["Retraction of Publication"]), json!([{"reftype": "RetractionOf", "pmid": "5"}]));
        assert!(notice.notice && !notice.retracted);
        let newer = of(json!(["Retraction Notice", "Retracted Publication"]), json!([]));
        assert!(newer.notice && !newer.retracted);
        let both =
            of(json!([]), json!([{"reftype": "Erratum in"}, {"reftype": "Expression of concern in", "pmid": null}]));
        assert!(both.erratum && both.concern && !both.retracted);
        assert_eq!(of(json!([]), json!([{"reftype": "Erratum for"}, {"reftype": "Comment in"}])), Flags::default());
    }

    #[test]
    fn odd_dates_and_names() {
        assert_eq!(years("Winter 1998"), [1998]);
        assert_eq!(years("12345"), Vec::<u16>::new());
        assert_eq!(years(""), Vec::<u16>::new());
        let name = |text: &str| author(&Name { name: text.into(), authtype: "Author".into() }).unwrap();
        assert_eq!(name("Madonna").family, "Madonna");
        assert_eq!(name("Li Y").initials, "Y");
        assert_eq!(name("WIRTH W"), Author { family: "WIRTH".into(), initials: "W".into() });
    }

    #[test]
    fn broken_markup_stays_text() {
        for text in ["a < b", "&", "&;", "&#xZZ;", "<", "a &amp", "&#99999999;", "é<i", "<<i>>"] {
            assert!(!plain(text).is_empty());
        }
        assert_eq!(plain("H<sub>2</sub>O &#946;"), "H2O β");
    }
}
