use std::fs;

use sigilo_assistant::pubmed::Settings;
use sigilo_citations::Verdict;
use sigilo_standin::pubmed::{Fault, Server};

use crate::support::*;

fn requests(server: &Server) -> (usize, usize) {
    let counts = (server.requests_to("esearch").len(), server.requests_to("esummary").len());
    server.forget();
    counts
}

#[tokio::test]
async fn an_article_found_is_believed_for_a_month_and_described_anew_each_week() {
    let server = Server::start().await.unwrap();
    let hours = Hours::default();
    let verifier = with(settings(&server), &hours);
    let cited = cited(&server, 11_237_011).await;
    for (wait, expected) in
        [(0, (1, 1)), (0, (0, 0)), (6 * 24, (0, 0)), (2 * 24, (0, 1)), (6 * 24, (0, 0)), (17 * 24, (1, 1))]
    {
        hours.pass(wait);
        let check = verifier.verify(&cited).await;
        assert_eq!((check.verdict, check.queries.len()), (Verdict::Verified, 1));
        assert_eq!(requests(&server), expected, "after {wait} hours more");
    }
}

#[tokio::test]
async fn a_later_retraction_is_seen_within_a_week_or_at_once_on_wish() {
    let server = Server::start().await.unwrap();
    let hours = Hours::default();
    let verifier = with(settings(&server), &hours);
    let (title, author) = ("Digital auscultation in rural clinics of the north", person("Moraes", "TA"));
    server.add(&xml(900_010, title, &author, "Heart", 2010, ""));
    let cited = cite(&record(&server, 900_010).await);
    assert!(verifier.verify(&cited).await.counts_as_verified());
    let retraction = "<CommentsCorrectionsList><CommentsCorrections RefType=\"RetractionIn\"><RefSource>Heart. 2012;1:2</RefSource>\
        <PMID>900011</PMID></CommentsCorrections></CommentsCorrectionsList>";
    server.add(&xml(900_010, title, &author, "Heart", 2010, retraction));
    hours.pass(24);
    assert!(verifier.verify(&cited).await.counts_as_verified(), "what is known is a day old");
    let fresh = verifier.verify_fresh(&cited).await;
    assert!(fresh.exists() && !fresh.counts_as_verified());
    assert_eq!(fresh.record.unwrap().flags.retraction_pmid, Some(900_011));
    let hours = Hours::default();
    let other = with(settings(&server), &hours);
    server.add(&xml(900_010, title, &author, "Heart", 2010, ""));
    assert!(other.verify(&cited).await.counts_as_verified());
    server.add(&xml(900_010, title, &author, "Heart", 2010, retraction));
    hours.pass(8 * 24);
    assert!(!other.verify(&cited).await.counts_as_verified());
}

#[tokio::test]
async fn that_nothing_was_found_is_believed_for_a_day() {
    let server = Server::start().await.unwrap();
    let hours = Hours::default();
    let verifier = with(settings(&server), &hours);
    let cited = invented("Digital auscultation in rural clinics of the north");
    assert_eq!(verifier.verify(&cited).await.verdict, Verdict::NotFound);
    assert!(requests(&server).0 > 0);
    hours.pass(23);
    assert_eq!(verifier.verify(&cited).await.verdict, Verdict::NotFound);
    assert_eq!(requests(&server).0, 0);
    server.add(&xml(900_012, &cited.title, &person("Lander", "ES"), "Nature", 2001, ""));
    assert_eq!(verifier.verify_fresh(&cited).await.verdict, Verdict::Verified, "on wish, at once");
    let hours = Hours::default();
    let other = with(settings(&server), &hours);
    let absent = invented("Digital percussion in rural clinics of the south");
    other.verify(&absent).await;
    requests(&server);
    hours.pass(25);
    other.verify(&absent).await;
    assert!(requests(&server).0 > 0);
}

#[tokio::test]
async fn answers_outlive_the_process_and_broken_files_do_no_harm() {
    let server = Server::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let hours = Hours::default();
    let fresh = || with(Settings { cache_dir: Some(folder.path().join("pubmed")), ..settings(&server) }, &hours);
    let cited = cited(&server, 11_237_011).await;
    assert_eq!(fresh().verify(&cited).await.verdict, Verdict::Verified);
    assert_eq!(requests(&server), (1, 1));
    server.fault(Fault::ServerError);
    assert_eq!(fresh().verify(&cited).await.verdict, Verdict::Verified, "another process, and PubMed away");
    server.fault(Fault::None);
    requests(&server);
    let files: Vec<_> = fs::read_dir(folder.path().join("pubmed")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 2);
    for (at, file) in files.iter().enumerate() {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
        let broken: &[u8] = if at == 0 { b"{\"at\":17" } else { &[0xff, 0x00] };
        fs::write(file, broken).unwrap();
    }
    assert_eq!(fresh().verify(&cited).await.verdict, Verdict::Verified);
    assert_eq!(requests(&server), (1, 1));
    assert_eq!(fresh().verify(&cited).await.verdict, Verdict::Verified);
    assert_eq!(requests(&server), (0, 0), "what was broken is whole again");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_costs_nothing_but_time() {
    let server = Server::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("file");
    fs::write(&in_the_way, "x").unwrap();
    let settings = Settings { cache_dir: Some(in_the_way.join("pubmed")), ..settings(&server) };
    let cited = cited(&server, 11_237_011).await;
    assert_eq!(with(settings, &Hours::default()).verify(&cited).await.verdict, Verdict::Verified);
}
