//! PubMed's XML, from the samples of the National Library of Medicine and from files that attack the reader.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::path::Path;

use sigilo_citations::{
    Record,
    pubmed_xml::{self, Entry, Reader, XmlError},
};

fn read(xml: &str) -> Vec<Entry> {
    Reader::new(xml.as_bytes()).map(Result::unwrap).collect()
}

fn article(xml: &str) -> Record {
    let document = format!("<PubmedArticleSet><PubmedArticle>{xml}</PubmedArticle></PubmedArticleSet>");
    match read(&document).remove(0) {
        Entry::Record(record) => *record,
        Entry::Deleted(pmid) => panic!("{pmid} deleted"),
    }
}

fn sample(name: &str) -> Vec<Record> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/pubmed").join(name);
    let entries = pubmed_xml::open(&path).unwrap().map(Result::unwrap);
    entries
        .filter_map(|entry| match entry {
            Entry::Record(record) => Some(*record),
            Entry::Deleted(_) => None,
        })
        .collect()
}

#[test]
fn the_sample_has_three_retracted_articles_and_two_notices() {
    let records = sample("medsamp2014.xml.gz");
    let mut retracted: Vec<u32> = records.iter().filter(|r| r.flags.retracted).map(|r| r.pmid).collect();
    retracted.sort_unstable();
    assert_eq!(retracted, [8_655_018, 8_863_847, 11_543_891]);
    let mut notices: Vec<u32> = records.iter().filter(|r| r.flags.notice).map(|r| r.pmid).collect();
    notices.sort_unstable();
    assert_eq!(notices, [9_634_358, 11_600_210]);
    assert!(records.iter().all(|r| r.pmid > 0 && !r.title.is_empty() && !r.journal_abbreviation.is_empty()));
    assert!(records.iter().all(|r| r.year.is_some()), "a free-text date has a year too");
}

#[test]
fn the_other_sample_is_read_whole() {
    let records = sample("medline16n0902.xml.gz");
    assert_eq!(records.len(), 604);
    let first = &records[0];
    assert_eq!(first.pmid, 17_942_999);
    assert_eq!(first.authors[0].family, "Chandrasekaran");
    assert_eq!(first.authors[0].initials, "B");
    assert_eq!((first.year, first.journal.as_str()), (Some(2007), "Restorative neurology and neuroscience"));
}

#[test]
fn an_answer_of_efetch_gives_every_field() {
    let record = article(
        r#"<MedlineCitation><PMID Version="1">42</PMID><DateRevised><Year>2026</Year><Month>03</Month><Day>04</Day></DateRevised>
        <Article><Journal><JournalIssue><PubDate><MedlineDate>1998 Dec-1999 Jan</MedlineDate></PubDate></JournalIssue>
        <Title>Invented journal of tests</Title><ISOAbbreviation>Invent. J. Tests</ISOAbbreviation></Journal>
        <ArticleTitle>[Effect of CO<sub>2</sub> &amp; H<sub>2</sub>O on <i>E. coli</i>: p&lt;0&#46;05].</ArticleTitle>
        <ELocationID EIdType="pii">x1</ELocationID><ELocationID EIdType="doi">10.1/OWN</ELocationID>
        <Abstract><AbstractText>Not the <i>title</i>.</AbstractText></Abstract>
        <AuthorList CompleteYN="Y"><Author><LastName>Souza</LastName><ForeName>Ana Lia</ForeName><Initials>AL</Initials></Author>
        <Author><CollectiveName>Invented Study Group</CollectiveName></Author>
        <Author><LastName>Lima</LastName><ForeName>Rui-Paulo</ForeName></Author></AuthorList>
        <PublicationTypeList><PublicationType UI="1">Journal Article</PublicationType></PublicationTypeList>
        <VernacularTitle>Efeito em <i>E. coli</i></VernacularTitle>
        <ArticleDate DateType="Electronic"><Year>1997</Year></ArticleDate></Article>
        <MedlineJournalInfo><MedlineTA>Invent J Tests</MedlineTA></MedlineJournalInfo>
        <CommentsCorrectionsList>
        <CommentsCorrections RefType="ErratumIn"><RefSource>X. 2001;1</RefSource><PMID>7</PMID></CommentsCorrections>
        <CommentsCorrections RefType="ExpressionOfConcernIn"><RefSource>X. 2002;1</RefSource></CommentsCorrections>
        <CommentsCorrections RefType="RetractionIn"><RefSource>Someone. X. 2003 Jan;1(1):5</RefSource><PMID Version="1">9</PMID></CommentsCorrections>
        <CommentsCorrections RefType="Cites"><RefSource>X. 2004</RefSource><PMID>11</PMID></CommentsCorrections>
        </CommentsCorrectionsList></MedlineCitation>
        <PubmedData><ArticleIdList><ArticleId IdType="pubmed">42</ArticleId><ArticleId IdType="doi">10.1/Own</ArticleId></ArticleIdList>
        <ReferenceList><Reference><ArticleIdList><ArticleId IdType="doi">10.9/theirs</ArticleId><ArticleId IdType="pubmed">13</ArticleId></ArticleIdList></Reference></ReferenceList></PubmedData>"#,
    );
    assert_eq!(record.pmid, 42, "not one of those it cites");
    assert_eq!(record.title, "[Effect of CO2 & H2O on E. coli: p<0.05].");
    assert_eq!(record.vernacular_title.as_deref(), Some("Efeito em E. coli"));
    let names: Vec<(&str, &str)> = record.authors.iter().map(|a| (a.family.as_str(), a.initials.as_str())).collect();
    assert_eq!(names, [("Souza", "AL"), ("Invented Study Group", ""), ("Lima", "RP")]);
    assert_eq!((record.year, record.other_years.as_slice()), (Some(1998), [1999, 1997].as_slice()));
    assert_eq!(record.doi.as_deref(), Some("10.1/own"));
    assert_eq!(record.journal_abbreviation, "Invent J Tests");
    let flags = record.flags;
    assert!(flags.retracted && flags.erratum && flags.concern && !flags.notice);
    assert_eq!((flags.retraction_pmid, flags.retraction_year), (Some(9), Some(2003)));
}

#[test]
fn deletions_are_told_and_the_newest_revision_is_known() {
    let mut reader = Reader::new(
        "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>5</PMID><DateRevised><Year>2026</Year><Month>11</Month>\
         <Day>02</Day></DateRevised></MedlineCitation></PubmedArticle><DeleteCitation><PMID Version=\"1\">6</PMID>\
         <PMID Version=\"1\">7</PMID></DeleteCitation></PubmedArticleSet>"
            .as_bytes(),
    );
    let entries: Vec<Entry> = (&mut reader).map(Result::unwrap).collect();
    assert!(matches!(entries.as_slice(), [Entry::Record(_), Entry::Deleted(6), Entry::Deleted(7)]));
    assert_eq!(reader.newest_revision().as_deref(), Some("2026-11-02"));
    assert!(read("<PubmedArticleSet/>").is_empty() && read("<PubmedArticleSet></PubmedArticleSet>").is_empty());
}

#[test]
fn what_is_not_whole_is_an_error_and_not_an_end() {
    let whole = "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>5</PMID></MedlineCitation></PubmedArticle></PubmedArticleSet>";
    for cut in (1..whole.len()).filter(|cut| !whole[..*cut].is_empty()) {
        let ended = Reader::new(&whole.as_bytes()[..cut]).last();
        assert!(matches!(ended, Some(Err(_))), "cut at {cut}: {ended:?}");
    }
    assert!(matches!(Reader::new("<a><b></b>".as_bytes()).last(), Some(Err(XmlError::Truncated))));
    assert!(Reader::new("no XML at all".as_bytes()).next().unwrap().is_err());
    assert!(Reader::new(&b"<PubmedArticleSet>\xff\xfe</PubmedArticleSet>"[..]).next().unwrap().is_err());
    assert!(pubmed_xml::from_read(&b"\x1f\x8bnot gzip"[..]).unwrap().next().unwrap().is_err());
}

#[test]
fn entities_do_not_expand() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\"><!ENTITY f SYSTEM \"file:///etc/passwd\">]>\
        <PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>5</PMID><Article><ArticleTitle>x&b;y&f;z</ArticleTitle></Article>\
        </MedlineCitation></PubmedArticle></PubmedArticleSet>";
    match Reader::new(bomb.as_bytes()).next().unwrap().unwrap() {
        Entry::Record(record) => assert_eq!(record.title, "xyz"),
        Entry::Deleted(_) => panic!(),
    }
}
