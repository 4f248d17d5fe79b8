use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use sigilo_assistant::verify::{self, Policy, Source, Verifier, merge};
use sigilo_citations::{Cited, Index, Reason, Record, Verdict};
use sigilo_standin::pubmed::{Fault, Server};

use crate::support::*;

async fn all(server: &Server) -> Vec<Record> {
    let records = client(server).summaries(&server.pmids()).await.unwrap();
    server.forget();
    records
}

#[tokio::test]
async fn every_real_article_is_found_and_never_another_one() {
    let server = Server::start().await.unwrap();
    let verifier = verifier(&server);
    let records = all(&server).await;
    assert_eq!(records.len(), 161);
    let all: Vec<Cited> = records.iter().map(cite).collect();
    let checks = join_all(all.iter().map(|cited| verifier.verify(cited))).await;
    let (mut right, mut missed) = (0, Vec::new());
    for (record, check) in records.iter().zip(&checks) {
        match check.exists() {
            true => {
                assert_eq!(check.record.as_ref().unwrap().pmid, record.pmid, "verified, but another article");
                right += 1;
            }
            false => missed.push((record.pmid, record.title.clone(), check.verdict, check.reason)),
        }
    }
    // All but the two notices of retraction.
    assert!(right == 159, "{right} of {}: {missed:#?}", records.len());
    let retracted: Vec<u32> = checks
        .iter()
        .filter_map(|check| check.record.as_ref())
        .filter(|record| record.flags.retracted)
        .map(|record| record.pmid)
        .collect();
    assert_eq!(retracted.len(), 3, "{retracted:?}");
    for pmid in [11_543_891, 8_655_018, 8_863_847] {
        assert!(retracted.contains(&pmid));
    }
    for check in &checks {
        let notice = check.record.as_ref().is_some_and(|record| [11_600_210, 9_634_358].contains(&record.pmid));
        assert!(!notice || !check.exists(), "a notice of retraction is no reference");
    }
    assert_eq!(checks.iter().filter(|check| check.counts_as_verified()).count(), right - 3);
}

#[tokio::test]
async fn the_notice_of_a_retraction_is_named() {
    let server = Server::start().await.unwrap();
    let check = verifier(&server).verify(&cited(&server, 11_543_891).await).await;
    assert_eq!(check.verdict, Verdict::Verified);
    let flags = check.record.as_ref().unwrap().flags.clone();
    assert_eq!((flags.retraction_pmid, flags.retraction_year), (Some(11_600_210), Some(2001)));
    assert!(!check.counts_as_verified());
    let check = verifier(&server).verify(&cited(&server, 8_863_847).await).await;
    let flags = check.record.unwrap().flags;
    assert!(flags.retracted && flags.erratum && !flags.concern);
}

#[tokio::test]
async fn a_translated_article_is_found_by_the_title_in_its_own_language() {
    let server = Server::start().await.unwrap();
    for (title, author, journal, year, pmid) in [
        ("Om beriberihjärta", "Palmborg", "Sven Lakartidn", 1950, 14_817_685),
        (
            "La lucha contra el tabaco en los niños, adolescentes y jóvenes: conocimiento, prevención y actuación",
            "de Granda Orive JI",
            "Arch Bronconeumol",
            1998,
            9_929_727,
        ),
    ] {
        let cited = Cited {
            title: title.into(),
            authors: vec![author.into()],
            journal: journal.into(),
            year: Some(year),
            ..Cited::default()
        };
        let check = verifier(&server).verify(&cited).await;
        assert!(check.exists(), "{title}: {check:#?}");
        assert_eq!(check.record.unwrap().pmid, pmid);
    }
}

#[tokio::test]
async fn what_was_cited_differently_is_shown() {
    let server = Server::start().await.unwrap();
    let mut cited = cited(&server, 11_237_011).await;
    cited.year = Some(2002);
    cited.journal = "Science".into();
    let check = verifier(&server).verify(&cited).await;
    assert_eq!(check.verdict, Verdict::VerifiedWithCorrection, "{check:#?}");
    let fields: Vec<_> = check.corrections.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields, ["revista", "ano"]);
    assert_eq!((check.corrections[1].cited.as_str(), check.corrections[1].found.as_str()), ("2002", "2001"));
}

#[tokio::test]
async fn a_real_title_under_foreign_names_is_never_verified() {
    let server = Server::start().await.unwrap();
    let verifier = verifier(&server);
    let records = all(&server).await;
    let mut mismatches = 0;
    let swapped: Vec<Cited> = (0..records.len())
        .step_by(4)
        .map(|at| (&records[at], cite(&records[(at + 71) % records.len()])))
        .map(|(record, other)| Cited { title: record.title.clone(), doi: None, ..other })
        .collect();
    for (cited, check) in swapped.iter().zip(join_all(swapped.iter().map(|cited| verifier.verify(cited))).await) {
        assert!(!check.exists(), "{cited:#?} {check:#?}");
        mismatches += usize::from(check.reason == Some(Reason::AuthorshipMismatch));
    }
    assert!(mismatches >= 25, "{mismatches}");
}

#[tokio::test]
async fn no_invented_article_is_verified() {
    let server = Server::start().await.unwrap();
    let verifier = verifier(&server);
    let records = all(&server).await;
    let half = |title: &str, second: bool| {
        let words: Vec<_> = title.split(' ').collect();
        let (one, two) = words.split_at(words.len() / 2);
        if second { two.join(" ") } else { one.join(" ") }
    };
    let mut made = Vec::new();
    for (at, record) in records.iter().enumerate().step_by(3) {
        let next = &records[(at + 1) % records.len()];
        let chimera = format!("{} {}", half(&record.title, false), half(&next.title, true));
        let invented =
            format!("Long-term outcome of veloximab in {} patients: a randomised trial", record.authors.len());
        for title in [chimera, invented] {
            if title != record.title {
                made.push(Cited { title, doi: None, ..cite(record) });
            }
        }
    }
    assert!(made.len() > 100);
    for (cited, check) in made.iter().zip(join_all(made.iter().map(|cited| verifier.verify(cited))).await) {
        assert!(!check.exists(), "{cited:#?} {check:#?}");
        assert_ne!(check.reason, Some(Reason::Unavailable));
    }
}

#[tokio::test]
async fn a_phrase_that_pubmed_dropped_makes_no_article_real() {
    let server = Server::start().await.unwrap();
    // "zuranexol" and "veloximab" are unknown: PubMed looks for the rest, and finds the human genome.
    let cited = invented("Zuranexol and veloximab in the human genome");
    let check = verifier(&server).verify(&cited).await;
    assert!(check.candidates.iter().any(|(pmid, _)| *pmid == 11_237_011), "{check:#?}");
    assert_eq!((check.verdict, check.reason), (Verdict::NotFound, Some(Reason::NoSimilarTitle)));
    assert!(check.record.is_none());
    let found = client(&server).search("zuranexol[ti] AND genome[ti] AND lander[1au]").await.unwrap();
    assert_eq!(
        (found.pmids.as_slice(), found.dropped.as_slice()),
        (&[11_237_011][..], &["zuranexol[ti]".to_owned()][..])
    );
}

#[tokio::test]
async fn twins_are_ambiguous() {
    let server = Server::start().await.unwrap();
    let title = "Management of acute pericarditis in rural hospitals of the coast";
    server.add(&format!(
        "<Set>{}{}</Set>",
        xml(900_001, title, &person("Moraes", "TA"), "Heart", 2009, ""),
        xml(900_002, title, &person("Moraes", "RB"), "Heart", 2011, "")
    ));
    let cited = Cited {
        title: title.into(),
        authors: vec!["Moraes".into()],
        journal: "Heart".into(),
        year: Some(2010),
        ..Cited::default()
    };
    let check = verifier(&server).verify(&cited).await;
    assert_eq!(check.verdict, Verdict::Ambiguous, "{check:#?}");
    assert!(!check.counts_as_verified());
    assert_eq!(check.candidates.len(), 2);
}

#[tokio::test]
async fn groups_markup_and_later_notes() {
    let server = Server::start().await.unwrap();
    let note = "<CommentsCorrectionsList><CommentsCorrections RefType=\"ExpressionOfConcernIn\"><RefSource>Heart. 2012</RefSource>\
        </CommentsCorrections><CommentsCorrections RefType=\"ErratumIn\"><RefSource>Heart. 2011</RefSource>\
        </CommentsCorrections></CommentsCorrectionsList>";
    let group = "<Author><CollectiveName>Grupo Brasileiro de Cardiologia</CollectiveName></Author>";
    server.add(&xml(
        900_003,
        "Effect of <i>Trypanosoma cruzi</i> &lt; 5 copies on heart failure",
        group,
        "Heart",
        2010,
        note,
    ));
    let cited = Cited {
        title: "Effect of Trypanosoma cruzi < 5 copies on heart failure".into(),
        authors: vec!["Grupo Brasileiro de Cardiologia".into()],
        journal: "Heart".into(),
        year: Some(2010),
        ..Cited::default()
    };
    let check = verifier(&server).verify(&cited).await;
    assert!(check.exists(), "{check:#?}");
    let record = check.record.unwrap();
    assert!(record.flags.concern && record.flags.erratum && !record.flags.retracted);
    assert_eq!(record.authors[0].family, "Grupo Brasileiro de Cardiologia");
}

#[tokio::test]
async fn a_guideline_is_no_article_and_nothing_against_it() {
    let server = Server::start().await.unwrap();
    for title in
        ["Protocolo Clínico e Diretrizes Terapêuticas da Asma", "Portaria SCTIE/MS nº 14, de 24 de agosto de 2021"]
    {
        let cited = Cited { title: title.into(), year: Some(2021), ..Cited::default() };
        let check = verifier(&server).verify(&cited).await;
        assert_eq!((check.verdict, check.reason), (Verdict::Unverified, Some(Reason::Guideline)), "{title}");
    }
}

#[tokio::test]
async fn with_too_little_nobody_is_asked() {
    let server = Server::start().await.unwrap();
    for cited in [Cited::default(), Cited { title: "A".into(), authors: vec!["Silva".into()], ..Cited::default() }] {
        let check = verifier(&server).verify(&cited).await;
        assert_eq!((check.verdict, check.reason), (Verdict::Unverified, Some(Reason::TooLittle)));
        assert_eq!(check.source, Source::Nenhuma);
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn cited_text_gives_pubmed_no_orders() {
    let server = Server::start().await.unwrap();
    let verifier = verifier(&server);
    for title in [
        "\" OR all[sb]",
        "asthma[ti] OR 1900:2100[dp] OR heart",
        "genome&retmax=100000&db=gene&term=x",
        "heart* NOT (genome)",
    ] {
        let cited = Cited { authors: vec!["Lander\"[au] OR all[sb]".into()], ..invented(title) };
        let check = verifier.verify(&cited).await;
        assert!(!check.exists());
    }
    let asked = server.requests_to("esearch");
    assert!(!asked.is_empty());
    for one in asked {
        assert_eq!((one.param("db"), one.param("retmax")), ("pubmed", "5"));
        assert_eq!(one.params.iter().filter(|(name, _)| name == "term").count(), 1);
        for part in one.param("term").split(" AND ") {
            assert!(!part.contains(['"', '*', '(']) && !part.contains(" OR ") && !part.contains("NOT"), "{part}");
        }
    }
}

#[tokio::test]
async fn nothing_about_a_person_leaves() {
    let server = Server::start().await.unwrap();
    let cited = Cited {
        title: "Genome sequencing do paciente Joaquim Teixeira, CPF 529.982.247-25, joaquim@exemplo.com.br".into(),
        keywords: vec!["tel (11) 98765-4321".into()],
        ..invented("")
    };
    let check = verifier(&server).verify(&cited).await;
    let sent = format!("{:?} {:?}", server.requests(), check.queries);
    for part in ["529", "98765", "joaquim", "exemplo[", "teixeira"] {
        assert!(!sent.to_lowercase().contains(part), "{part} in {sent}");
    }
}

#[tokio::test]
async fn one_article_cited_twice_is_one() {
    let server = Server::start().await.unwrap();
    let verifier = verifier(&server);
    let first = cited(&server, 11_237_011).await;
    let second = Cited { year: first.year.map(|year| year + 1), ..first.clone() };
    let other = cited(&server, 11_966_386).await;
    let checks = [verifier.verify(&first).await, verifier.verify(&other).await, verifier.verify(&second).await];
    assert_eq!(merge(&checks), [vec![0, 2], vec![1]]);
}

#[tokio::test]
async fn nothing_leaves_where_only_the_local_index_may_be_asked() {
    let server = Server::start().await.unwrap();
    let pubmed = Some(settings(&server));
    let settings = verify::Settings { policy: Policy::SomenteLocal, budget: Duration::from_secs(8), pubmed };
    let verifier = Verifier::new(settings, None, Hours::default().clock()).unwrap();
    let check = verifier.verify(&invented("A map of the human genome")).await;
    assert_eq!((check.verdict, check.reason), (Verdict::Unverified, Some(Reason::Policy)));
    let again = verifier.verify_fresh(&invented("A map of the human genome")).await;
    assert_eq!(again.source, Source::Nenhuma);
    assert!(server.requests().is_empty());
    assert!(!verifier.describe_policy().contains("PubMed E-utilities"));
    assert!(!check.describe().contains("PubMed"));
}

fn local(server: &Server, policy: Policy) -> Verifier {
    let pubmed = Some(settings(server));
    let settings = verify::Settings { policy, budget: Duration::from_secs(120), pubmed };
    Verifier::new(settings, Some(Arc::new(Index::bundled().unwrap())), Hours::default().clock()).unwrap()
}

#[tokio::test]
async fn the_local_index_goes_first_and_says_its_date() {
    let server = Server::start().await.unwrap();
    let known = cited(&server, 11_237_011).await;
    for policy in [Policy::SomenteLocal, Policy::LocalDepoisPubmed] {
        let verifier = local(&server, policy);
        let check = verifier.verify(&known).await;
        assert_eq!((check.verdict, check.source), (Verdict::Verified, Source::IndiceLocal), "{check:#?}");
        let date = check.index_date.clone().unwrap();
        assert_eq!(check.describe(), format!("índice local de {date}"));
        assert!(verifier.describe_policy().contains(&format!("índice local parcial de {date}")));
        assert_eq!(verifier.describe_policy().contains("PubMed E-utilities"), policy == Policy::LocalDepoisPubmed);
        let retracted = verifier.verify(&cited(&server, 11_543_891).await).await;
        assert!(retracted.exists() && !retracted.counts_as_verified());
        server.forget();
    }
    let verifier = local(&server, Policy::SomentePubmed);
    assert_eq!(verifier.verify(&known).await.source, Source::Eutils);
    assert!(!verifier.describe_policy().contains("local"));
}

#[tokio::test]
async fn a_partial_index_says_nothing_of_what_it_does_not_hold() {
    let server = Server::start().await.unwrap();
    let title = "Digital auscultation in rural clinics of the north";
    server.add(&xml(900_020, title, &person("Moraes", "TA"), "Heart", 2010, ""));
    let absent = cited(&server, 900_020).await;
    let check = local(&server, Policy::SomenteLocal).verify(&absent).await;
    assert_eq!((check.verdict, check.reason), (Verdict::Unverified, Some(Reason::PartialIndex)), "{check:#?}");
    assert!(check.record.is_none());
    assert!(server.requests().is_empty(), "nothing leaves");
    let check = local(&server, Policy::LocalDepoisPubmed).verify(&absent).await;
    assert_eq!((check.verdict, check.source), (Verdict::Verified, Source::Eutils));
    let guideline = Cited { title: "Protocolo Clínico e Diretrizes Terapêuticas da Asma".into(), ..Cited::default() };
    let check = local(&server, Policy::SomenteLocal).verify(&guideline).await;
    assert_eq!((check.verdict, check.reason), (Verdict::Unverified, Some(Reason::Guideline)));
    server.fault(Fault::ServerError);
    let check = local(&server, Policy::LocalDepoisPubmed).verify(&absent).await;
    assert_eq!((check.verdict, check.reason), (Verdict::Unverified, Some(Reason::Unavailable)));
}

#[tokio::test]
async fn who_was_asked_is_said_in_words() {
    let server = Server::start().await.unwrap();
    let verifier = verifier(&server);
    assert_eq!(verifier.policy(), Policy::SomentePubmed);
    assert!(verifier.describe_policy().contains("PubMed E-utilities"));
    let check = verifier.verify(&cited(&server, 11_237_011).await).await;
    assert_eq!(check.describe(), "PubMed E-utilities");
    assert_eq!(check.queries.len(), 1);
}
