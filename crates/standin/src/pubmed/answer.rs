//! Answers in the E-utilities' own format.

use serde_json::{Map, Value, json};

use super::library::{Article, Related};
use super::query::Outcome;

pub(super) fn search(term: &str, most: usize, outcome: &Outcome, articles: &[Article]) -> Value {
    let mut pmids: Vec<u32> = outcome.hits.iter().map(|at| articles[*at].pmid).collect();
    pmids.sort_unstable_by(|a, b| b.cmp(a));
    let count = pmids.len().to_string();
    let idlist: Vec<String> = pmids.iter().take(most).map(u32::to_string).collect();
    let mut result = json!({
        "count": count,
        "retmax": idlist.len().to_string(),
        "retstart": "0",
        "idlist": idlist,
        "translationset": [],
        "querytranslation": term,
    });
    if let Some(result) = result.as_object_mut() {
        if !outcome.not_found.is_empty() || !outcome.unknown_fields.is_empty() {
            let lists = json!({"phrasesnotfound": outcome.not_found, "fieldsnotfound": outcome.unknown_fields});
            result.insert("errorlist".into(), lists);
        }
        if !outcome.quoted_not_found.is_empty() || pmids.is_empty() {
            let messages: &[&str] = if pmids.is_empty() { &["No items found."] } else { &[] };
            let lists = json!({
                "phrasesignored": [],
                "quotedphrasesnotfound": outcome.quoted_not_found,
                "outputmessages": messages,
            });
            result.insert("warninglist".into(), lists);
        }
    }
    json!({"header": {"type": "esearch", "version": "0.3"}, "esearchresult": result})
}

pub(super) fn summaries(ids: &[&str], articles: &[Article], broken: bool) -> Value {
    let mut result = Map::new();
    result.insert("uids".into(), json!(ids));
    for id in ids {
        let article = articles.iter().find(|article| article.pmid.to_string() == *id).filter(|_| !broken);
        let entry = match article {
            Some(article) => summary(article),
            None => json!({"uid": id, "error": "cannot get document summary"}),
        };
        result.insert((*id).into(), entry);
    }
    json!({"header": {"type": "esummary", "version": "0.3"}, "result": result})
}

fn summary(article: &Article) -> Value {
    let authors: Vec<Value> = article
        .authors
        .iter()
        .map(|name| {
            let full = format!("{} {}", name.family, name.initials);
            let kind = if name.group { "CollectiveName" } else { "Author" };
            json!({"name": full.trim(), "authtype": kind, "clusterid": ""})
        })
        .collect();
    let pmid = article.pmid.to_string();
    let mut ids = vec![json!({"idtype": "pubmed", "idtypen": 1, "value": pmid})];
    ids.extend(article.doi.as_ref().map(|doi| json!({"idtype": "doi", "idtypen": 3, "value": doi})));
    json!({
        "uid": pmid,
        "pubdate": article.pubdate,
        "epubdate": article.epubdate,
        "source": article.abbreviation,
        "authors": authors,
        "lastauthor": authors.last().map(|author| author["name"].clone()).unwrap_or_default(),
        "title": article.title.replace('<', "&lt;").replace('>', "&gt;"),
        "sorttitle": article.title.to_lowercase(),
        "volume": "", "issue": "", "pages": "",
        "lang": article.languages,
        "pubtype": article.kinds,
        "recordstatus": "PubMed - indexed for MEDLINE",
        "articleids": ids,
        "fulljournalname": article.journal,
        "elocationid": article.doi.as_ref().map(|doi| format!("doi: {doi}")).unwrap_or_default(),
        "references": article.related.iter().map(related).collect::<Vec<_>>(),
        "sortpubdate": format!("{}/01/01 00:00", article.year),
        "vernaculartitle": article.vernacular,
    })
}

/// Relations stand in words here: `Retraction in`.
fn related(related: &Related) -> Value {
    let mut kind = String::new();
    for c in related.kind.chars() {
        if c.is_uppercase() && !kind.is_empty() {
            kind.push(' ');
            kind.extend(c.to_lowercase());
        } else {
            kind.push(c);
        }
    }
    json!({"refsource": related.source, "reftype": kind, "pmid": related.pmid.unwrap_or(0), "note": ""})
}

/// Articles as XML; unknown ones are left out.
pub(super) fn xml(ids: &[&str], articles: &[Article]) -> String {
    let held = ids.iter().filter_map(|id| articles.iter().find(|article| article.pmid.to_string() == *id));
    let held: String = held.map(|article| format!("<PubmedArticle>{}</PubmedArticle>\n", article.xml)).collect();
    format!("<?xml version=\"1.0\" ?>\n<PubmedArticleSet>\n{held}</PubmedArticleSet>")
}
