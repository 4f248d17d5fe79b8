//! Reading answers. HTTP 200 proves nothing: breakdowns come with it, as JSON, as text and as HTML.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use sigilo_citations::Record;
use sigilo_citations::pubmed_xml::{Entry, Reader};

use super::{Failure, summary};

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// PMIDs, the most relevant first.
    pub pmids: Vec<u32>,
    /// Parts of the query that PubMed did not know and left out: what it found may have nothing to do with them.
    pub dropped: Vec<String>,
}

#[derive(Deserialize)]
struct SearchResult {
    idlist: Vec<String>,
    #[serde(default)]
    errorlist: ErrorList,
    #[serde(default)]
    warninglist: WarningList,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorList {
    phrasesnotfound: Vec<String>,
    fieldsnotfound: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WarningList {
    phrasesignored: Vec<String>,
    quotedphrasesnotfound: Vec<String>,
}

/// The JSON object of an answer under `name`, unless an error stands there or beside it.
fn object(body: &[u8], name: &str) -> Result<Map<String, Value>, Failure> {
    // Titles come with raw tabs and line ends inside strings now and then.
    let body: Vec<u8> = body.iter().map(|byte| if byte.is_ascii_control() { b' ' } else { *byte }).collect();
    let answer: Value = serde_json::from_slice(&body).map_err(|_| Failure::Malformed)?;
    if has_error(&answer) {
        return Err(Failure::Backend);
    }
    let inner = answer.get(name).ok_or(Failure::Malformed)?;
    if has_error(inner) {
        return Err(Failure::Backend);
    }
    inner.as_object().cloned().ok_or(Failure::Malformed)
}

fn has_error(value: &Value) -> bool {
    value.as_object().is_some_and(|fields| fields.keys().any(|key| key.eq_ignore_ascii_case("error")))
}

/// An `esearch` answer.
pub(super) fn search(body: &[u8]) -> Result<Found, Failure> {
    let result = object(body, "esearchresult")?;
    let result: SearchResult = serde_json::from_value(Value::Object(result)).map_err(|_| Failure::Malformed)?;
    let pmids = result.idlist.iter().map(|id| id.parse()).collect::<Result<_, _>>().map_err(|_| Failure::Malformed)?;
    let mut dropped = result.errorlist.phrasesnotfound;
    dropped.extend(result.errorlist.fieldsnotfound);
    dropped.extend(result.warninglist.phrasesignored);
    dropped.extend(result.warninglist.quotedphrasesnotfound);
    Ok(Found { pmids, dropped })
}

/// An `esummary` answer. An article without a summary (unknown, withdrawn) is left out.
pub(super) fn summaries(body: &[u8]) -> Result<HashMap<u32, Record>, Failure> {
    let mut result = object(body, "result")?;
    let uids = match result.remove("uids") {
        Some(Value::Array(uids)) => uids,
        _ => return Err(Failure::Malformed),
    };
    let mut records = HashMap::new();
    for uid in uids {
        let uid = uid.as_str().ok_or(Failure::Malformed)?;
        let entry = result.remove(uid).ok_or(Failure::Malformed)?;
        if has_error(&entry) {
            continue;
        }
        let pmid = uid.parse().map_err(|_| Failure::Malformed)?;
        let entry = serde_json::from_value(entry).map_err(|_| Failure::Malformed)?;
        records.insert(pmid, summary::record(pmid, entry));
    }
    Ok(records)
}

/// An `efetch` answer. A document without an article is an answer; one that breaks off or is no such document is not.
pub(super) fn records(body: &[u8]) -> Result<Vec<Record>, Failure> {
    let mut records = Vec::new();
    for entry in Reader::new(body) {
        if let Entry::Record(record) = entry.map_err(|_| Failure::Malformed)? {
            records.push(*record);
        }
    }
    let named = body.windows(SET.len()).any(|part| part == SET);
    if named { Ok(records) } else { Err(Failure::Malformed) }
}

const SET: &[u8] = b"PubmedArticleSet";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_phrase_is_told_even_when_something_was_found() {
        let body = r#"{"header":{"type":"esearch","version":"0.3"},"esearchresult":{"count":"1","retmax":"1","retstart":"0",
            "idlist":["31978945"],"translationset":[],"querytranslation":"x",
            "errorlist":{"phrasesnotfound":["zzyzx[ti]"],"fieldsnotfound":[]},
            "warninglist":{"phrasesignored":[],"quotedphrasesnotfound":["\"no such\"[ti]"],"outputmessages":[]}}}"#;
        let found = search(body.as_bytes()).unwrap();
        assert_eq!(found.pmids, [31_978_945]);
        assert_eq!(found.dropped, ["zzyzx[ti]", "\"no such\"[ti]"]);
    }

    #[test]
    fn nothing_found_is_an_answer() {
        let body =
            br#"{"esearchresult":{"count":"0","idlist":[],"warninglist":{"outputmessages":["No items found."]}}}"#;
        assert_eq!(search(body).unwrap(), Found::default());
    }

    #[test]
    fn a_breakdown_is_never_nothing_found() {
        let bodies: [&[u8]; 12] = [
            br#"{"esearchresult":{"ERROR":"Search Backend failed: PubMed is down"}}"#,
            br#"{"esearchresult":{"count":"0","idlist":[],"ERROR":"Search Backend failed"}}"#,
            br#"{"header":{},"error":"error forwarding request"}"#,
            br#"{"error":"API rate limit exceeded","api-key":"203.0.113.9","count":"4","limit":"3"}"#,
            b"<html><head><title>502 Bad Gateway</title></head></html>",
            b"NCBI C++ Exception:\n    Error: TXCLIENT(CException::eUnknown)",
            br#"{"esearchresult":{"count":"3","idlist":["1","#,
            br#"{"esearchresult":{"count":"0"}}"#,
            br#"{"esearchresult":{"idlist":["abc"]}}"#,
            br#"{"esearchresult":null}"#,
            b"[]",
            b"",
        ];
        for body in bodies {
            let failure = search(body).unwrap_err();
            assert!(failure.passes(), "{}", String::from_utf8_lossy(body));
        }
        for body in bodies {
            assert!(summaries(body).is_err());
        }
    }

    #[test]
    fn raw_control_characters_do_not_hide_an_article() {
        let records =
            summaries(b"{\"result\":{\"uids\":[\"2\"],\r\n\"2\":{\"title\":\"A\ttitle\nin two lines.\"}}}").unwrap();
        assert_eq!(records[&2].title, "A title in two lines.");
    }

    #[test]
    fn an_unknown_article_is_left_out() {
        let body = br#"{"result":{"uids":["1","2"],"1":{"uid":"1","error":"cannot get document summary"},
            "2":{"uid":"2","title":"A title."}}}"#;
        let records = summaries(body).unwrap();
        assert_eq!(records.keys().copied().collect::<Vec<_>>(), [2]);
        assert_eq!(records[&2].title, "A title.");
        assert!(summaries(br#"{"result":{"uids":["3"]}}"#).is_err(), "an article promised and not delivered");
    }
}
