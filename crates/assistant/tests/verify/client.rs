use std::time::Duration;

use futures_util::future::join_all;
use url::Url;

use sigilo_assistant::pubmed::{BuildError, Client, Settings};
use sigilo_standin::pubmed::{Fault, Server};

use crate::support::*;

#[tokio::test]
async fn every_request_says_who_asks() {
    let server = Server::start().await.unwrap();
    let client = client(&server);
    client.search("genome[ti]").await.unwrap();
    client.summaries(&[11_237_011]).await.unwrap();
    client.fetch(&[11_237_011]).await.unwrap();
    let asked = server.requests();
    assert_eq!(asked.iter().map(|one| one.utility.as_str()).collect::<Vec<_>>(), ["esearch", "esummary", "efetch"]);
    for one in asked {
        assert_eq!((one.param("db"), one.param("tool"), one.param("email")), ("pubmed", "sigilo", EMAIL));
        assert_eq!(one.param("api_key"), KEY);
        assert!(!one.posted);
    }
    let plain = Settings { email: None, api_key: None, ..settings(&server) };
    Client::new(&plain).unwrap().search("genome[ti]").await.unwrap();
    let last = server.requests().pop().unwrap();
    assert_eq!(last.param("tool"), "sigilo");
    assert!(last.params.iter().all(|(name, _)| name != "api_key" && name != "email"));
}

#[tokio::test]
async fn a_long_query_goes_into_the_body() {
    let server = Server::start().await.unwrap();
    let term = vec!["genome[ti]"; 300].join(" AND ");
    let found = client(&server).search(&term).await.unwrap();
    assert!(!found.pmids.is_empty());
    let asked = server.requests();
    assert!(asked[0].posted);
    assert_eq!((asked[0].param("term"), asked[0].param("api_key")), (term.as_str(), KEY));
}

#[tokio::test]
async fn articles_asked_for_together_are_described_in_one_request() {
    let server = Server::start().await.unwrap();
    let client = client(&server);
    let pmids = server.pmids();
    let asked = pmids.chunks(20).map(|part| client.summaries(part));
    let answers = join_all(asked).await;
    for (part, answer) in pmids.chunks(20).zip(answers) {
        let found: Vec<u32> = answer.unwrap().iter().map(|record| record.pmid).collect();
        assert_eq!(found, part, "each gets its own, in order");
    }
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn no_request_describes_more_than_two_hundred() {
    let server = Server::start().await.unwrap();
    let pmids: Vec<u32> = (1..=450).collect();
    assert!(client(&server).summaries(&pmids).await.unwrap().is_empty(), "unknown articles are left out");
    let counts: Vec<usize> = server.requests().iter().map(|one| one.param("id").split(',').count()).collect();
    assert_eq!(counts, [200, 200, 50]);
}

#[tokio::test]
async fn a_failed_batch_fails_for_all_who_joined() {
    let server = Server::start().await.unwrap();
    let client = client(&server);
    server.fault(Fault::BackendFailed);
    let (one, other) = tokio::join!(client.summaries(&[11_237_011]), client.summaries(&[11_966_386]));
    assert!(one.is_err() && other.is_err());
    server.fault(Fault::None);
    assert_eq!(client.summaries(&[11_237_011]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn whole_records() {
    let server = Server::start().await.unwrap();
    let client = client(&server);
    let records = client.fetch(&[8_863_847, 1, 9_634_358]).await.unwrap();
    assert_eq!(records.iter().map(|record| record.pmid).collect::<Vec<_>>(), [8_863_847, 9_634_358]);
    assert!(records[0].flags.retracted && records[0].flags.erratum);
    assert_eq!(records[0].flags.retraction_pmid, Some(9_499_167));
    assert!(records[1].flags.notice && !records[1].flags.retracted);
    assert!(client.fetch(&[1]).await.unwrap().is_empty());
    for fault in [Fault::BadGateway, Fault::Exception, Fault::BackendFailed, Fault::Truncated] {
        server.fault(fault);
        assert!(client.fetch(&[8_863_847]).await.is_err(), "{fault:?}");
    }
}

#[tokio::test]
async fn summaries_and_whole_records_agree() {
    let server = Server::start().await.unwrap();
    let client = client(&server);
    let pmids = server.pmids();
    let (short, whole) = (client.summaries(&pmids).await.unwrap(), client.fetch(&pmids).await.unwrap());
    assert_eq!((short.len(), whole.len()), (161, 161));
    for record in short {
        let other = whole.iter().find(|other| other.pmid == record.pmid).unwrap();
        assert_eq!(
            (&record.flags, record.year, &record.doi),
            (&other.flags, other.year, &other.doi),
            "{}",
            record.pmid
        );
        assert_eq!(record.authors.len(), other.authors.len(), "{}", record.pmid);
    }
}

#[test]
fn the_key_is_never_sent_in_the_clear() {
    for base in [
        "http://eutils.ncbi.nlm.nih.gov/entrez/eutils/",
        "https://user:pass@eutils.ncbi.nlm.nih.gov/",
        "ftp://127.0.0.1/",
    ] {
        let settings = Settings { base: Url::parse(base).unwrap(), ..Settings::default() };
        assert_eq!(Client::new(&settings).err(), Some(BuildError::Address), "{base}");
    }
    assert!(Client::new(&Settings::default()).is_ok());
    assert_eq!(Settings::default().base.as_str(), "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/");
    assert_eq!(Settings::default().timeout, Duration::from_secs(6));
}
