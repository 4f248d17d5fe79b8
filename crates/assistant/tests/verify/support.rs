use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use time::OffsetDateTime;
use zeroize::Zeroizing;

use sigilo_assistant::pubmed::{Client, Settings};
use sigilo_assistant::verify::{self, Clock, Policy, Verifier};
use sigilo_citations::{Cited, Record};
use sigilo_standin::pubmed::Server;

pub const KEY: &str = "chave0123456789secreta";
pub const EMAIL: &str = "clinica@exemplo.com.br";

/// Without the pauses that are for the real PubMed.
pub fn settings(server: &Server) -> Settings {
    Settings {
        base: server.base.clone(),
        email: Some(EMAIL.into()),
        api_key: Some(Zeroizing::new(KEY.into())),
        interval: Some(Duration::ZERO),
        back_off: Duration::ZERO,
        ..Settings::default()
    }
}

pub fn client(server: &Server) -> Client {
    Client::new(&settings(server)).unwrap()
}

pub fn verifier(server: &Server) -> Verifier {
    with(settings(server), &Hours::default())
}

/// A verifier with PubMed alone and no limit that a busy machine could reach.
pub fn with(pubmed: Settings, hours: &Hours) -> Verifier {
    let pubmed = Settings { timeout: Duration::from_secs(120), ..pubmed };
    let budget = Duration::from_secs(120);
    let settings = verify::Settings { policy: Policy::SomentePubmed, budget, pubmed: Some(pubmed) };
    Verifier::new(settings, None, hours.clock()).unwrap()
}

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub struct Hours(Arc<AtomicI64>);

impl Default for Hours {
    fn default() -> Hours {
        Hours(Arc::new(AtomicI64::new(1_790_000_000)))
    }
}

impl Hours {
    pub fn pass(&self, hours: i64) {
        self.0.fetch_add(hours * 3600, Ordering::Relaxed);
    }

    pub fn clock(&self) -> Clock {
        let seconds = self.0.clone();
        Arc::new(move || OffsetDateTime::from_unix_timestamp(seconds.load(Ordering::Relaxed)).unwrap())
    }
}

/// An article cited as it is.
pub fn cite(record: &Record) -> Cited {
    Cited {
        title: record.title.clone(),
        authors: record
            .authors
            .iter()
            .take(3)
            .map(|a| format!("{} {}", a.family, a.initials).trim().to_owned())
            .collect(),
        journal: record.journal_abbreviation.clone(),
        year: record.year,
        keywords: Vec::new(),
        doi: record.doi.clone(),
    }
}

pub async fn record(server: &Server, pmid: u32) -> Record {
    client(server).summaries(&[pmid]).await.unwrap().remove(0)
}

pub async fn cited(server: &Server, pmid: u32) -> Cited {
    let cited = cite(&record(server, pmid).await);
    server.forget();
    cited
}

/// An invented article.
pub fn invented(title: &str) -> Cited {
    Cited {
        title: title.into(),
        authors: vec!["Lander ES".into()],
        journal: "Nature".into(),
        year: Some(2001),
        ..Cited::default()
    }
}

/// An article in PubMed's XML.
pub fn xml(pmid: u32, title: &str, author: &str, journal: &str, year: u16, more: &str) -> String {
    format!(
        r#"<MedlineCitation><PMID Version="1">{pmid}</PMID><Article><Journal><JournalIssue><PubDate><Year>{year}</Year>
        </PubDate></JournalIssue><Title>{journal}</Title></Journal><ArticleTitle>{title}</ArticleTitle><AuthorList>{author}
        </AuthorList><Language>eng</Language></Article><MedlineJournalInfo><MedlineTA>{journal}</MedlineTA>
        </MedlineJournalInfo>{more}</MedlineCitation>"#
    )
}

pub fn person(family: &str, initials: &str) -> String {
    format!("<Author><LastName>{family}</LastName><Initials>{initials}</Initials></Author>")
}
