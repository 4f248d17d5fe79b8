//! The articles that the stand-in holds, read from PubMed's own XML.

use std::io::Read;
use std::ops::Range;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use roxmltree::{Document, Node, ParsingOptions};

/// One article.
#[derive(Debug, Clone, Default)]
pub(super) struct Article {
    pub pmid: u32,
    pub title: String,
    pub vernacular: String,
    pub text: String,
    pub authors: Vec<Name>,
    pub journal: String,
    pub abbreviation: String,
    pub pubdate: String,
    pub epubdate: String,
    pub year: u16,
    pub doi: Option<String>,
    pub languages: Vec<String>,
    pub kinds: Vec<String>,
    pub related: Vec<Related>,
    pub xml: String,
    pub words: Words,
}

/// Words of the texts that are searched, read once.
#[derive(Debug, Clone, Default)]
pub(super) struct Words {
    pub title: Vec<String>,
    pub vernacular: Vec<String>,
    pub text: Vec<String>,
    /// Of authors and journal.
    pub names: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Name {
    pub family: String,
    pub initials: String,
    pub group: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Related {
    /// As in XML, `RetractionIn`.
    pub kind: String,
    pub source: String,
    pub pmid: Option<u32>,
}

static SAMPLE: &[u8] = include_bytes!("../../../../data/pubmed/medsamp2014.xml.gz");

/// The articles of the sample that the National Library of Medicine gives out.
pub(super) fn sample() -> Vec<Article> {
    static READ: LazyLock<Vec<Article>> = LazyLock::new(|| {
        let mut xml = String::new();
        match GzDecoder::new(SAMPLE).read_to_string(&mut xml) {
            Ok(_) => articles(&xml),
            Err(_) => Vec::new(),
        }
    });
    READ.clone()
}

/// The articles in `MedlineCitation` elements; none when the XML is not well formed.
pub(super) fn articles(xml: &str) -> Vec<Article> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let Ok(document) = Document::parse_with_options(xml, options) else { return Vec::new() };
    document
        .descendants()
        .filter(|node| node.has_tag_name("MedlineCitation"))
        .map(|node| article(node, xml))
        .filter(|article| article.pmid > 0)
        .collect()
}

fn article(node: Node, xml: &str) -> Article {
    let text = |name: &str| find(node, name).map(whole).unwrap_or_default();
    let date = find(node, "PubDate").map(date).unwrap_or_default();
    let range: Range<usize> = node.range();
    let mut article = Article {
        pmid: child(node, "PMID").and_then(|pmid| whole(pmid).parse().ok()).unwrap_or_default(),
        title: text("ArticleTitle"),
        vernacular: text("VernacularTitle"),
        text: all(node, "AbstractText").map(whole).collect::<Vec<_>>().join(" "),
        authors: all(node, "Author").map(name).collect(),
        journal: find(node, "Journal").and_then(|journal| find(journal, "Title")).map(whole).unwrap_or_default(),
        abbreviation: text("MedlineTA"),
        year: year(&date),
        pubdate: date,
        epubdate: find(node, "ArticleDate").map(self::date).unwrap_or_default(),
        doi: all(node, "ELocationID").find(|id| id.attribute("EIdType") == Some("doi")).map(whole),
        languages: all(node, "Language").map(whole).collect(),
        kinds: all(node, "PublicationType").map(whole).collect(),
        related: all(node, "CommentsCorrections").map(related).collect(),
        xml: xml.get(range).unwrap_or_default().to_owned(),
        words: Words::default(),
    };
    let names = article.authors.iter().map(|name| name.family.as_str());
    let names = names.chain([article.journal.as_str(), &article.abbreviation]).flat_map(words).collect();
    article.words = Words {
        title: words(&article.title),
        vernacular: words(&article.vernacular),
        text: words(&article.text),
        names,
    };
    article
}

fn find<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.descendants().find(|node| node.has_tag_name(name))
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|node| node.has_tag_name(name))
}

fn all<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.descendants().filter(move |node| node.has_tag_name(name))
}

fn whole(node: Node) -> String {
    let text: String = node.descendants().filter_map(|node| if node.is_text() { node.text() } else { None }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn name(node: Node) -> Name {
    let of = |name| child(node, name).map(whole).unwrap_or_default();
    match child(node, "CollectiveName") {
        Some(group) => Name { family: whole(group), initials: String::new(), group: true },
        None => Name { family: of("LastName"), initials: of("Initials"), group: false },
    }
}

fn related(node: Node) -> Related {
    Related {
        kind: node.attribute("RefType").unwrap_or_default().to_owned(),
        source: child(node, "RefSource").map(whole).unwrap_or_default(),
        pmid: child(node, "PMID").and_then(|pmid| whole(pmid).parse().ok()),
    }
}

/// A date as summaries have it: `2001 Sep 15`, or PubMed's own words.
fn date(node: Node) -> String {
    let part = |name| child(node, name).map(whole);
    match part("MedlineDate") {
        Some(words) => words,
        None => [part("Year"), part("Month"), part("Day")].into_iter().flatten().collect::<Vec<_>>().join(" "),
    }
}

fn year(date: &str) -> u16 {
    date.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 4).and_then(|run| run.parse().ok()).unwrap_or(0)
}

/// Words in lower case without accents.
pub(super) fn words(text: &str) -> Vec<String> {
    let plain: String = text
        .chars()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'à'..='å' => 'a',
            'ç' => 'c',
            'è'..='ë' => 'e',
            'ì'..='ï' => 'i',
            'ñ' => 'n',
            'ò'..='ö' => 'o',
            'ù'..='ü' => 'u',
            'ý' | 'ÿ' => 'y',
            other => other,
        })
        .collect();
    plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
