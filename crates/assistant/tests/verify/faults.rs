use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sigilo_assistant::pubmed::Settings;
use sigilo_assistant::verify::{self, Check, Policy, Source, Verifier};
use sigilo_citations::{Reason, Verdict};
use sigilo_standin::pubmed::{Fault, Server};

use crate::support::*;

const PASSING: [Fault; 8] = [
    Fault::RateLimited(0),
    Fault::BadGateway,
    Fault::ServerError,
    Fault::BackendFailed,
    Fault::ErrorField,
    Fault::Exception,
    Fault::Truncated,
    Fault::Cut,
];

fn says_nothing(check: &Check) {
    assert_eq!((check.verdict, check.reason), (Verdict::Unverified, Some(Reason::Unavailable)), "{check:#?}");
    assert_eq!(check.source, Source::Nenhuma);
    assert!(check.record.is_none() && !check.describe().contains("PubMed"));
}

#[tokio::test]
async fn no_failure_says_anything_about_an_article() {
    let server = Server::start().await.unwrap();
    let verifier = verifier(&server);
    let (real, invented) = (cited(&server, 11_237_011).await, invented("Veloximab for zuranexol poisoning in adults"));
    for fault in PASSING {
        server.fault(fault);
        says_nothing(&verifier.verify(&real).await);
        says_nothing(&verifier.verify(&invented).await);
        says_nothing(&verifier.verify_fresh(&real).await);
    }
    // Failures are not kept: as soon as PubMed is back, both are settled.
    server.fault(Fault::None);
    assert_eq!(verifier.verify(&real).await.verdict, Verdict::Verified);
    assert_eq!(verifier.verify(&invented).await.verdict, Verdict::NotFound);
}

#[tokio::test]
async fn a_passing_failure_is_tried_again() {
    for fault in PASSING {
        let server = Server::start().await.unwrap();
        let cited = cited(&server, 11_237_011).await;
        server.fault_times(fault, 2);
        let check = verifier(&server).verify(&cited).await;
        assert_eq!(check.verdict, Verdict::Verified, "{fault:?}");
        assert_eq!(server.requests_to("esearch").len(), 3, "{fault:?}");
        assert_eq!(check.queries.len(), 1, "one search, however often it was sent");
    }
}

#[tokio::test]
async fn a_long_pause_asked_for_is_obeyed_by_everyone() {
    let server = Server::start().await.unwrap();
    let verifier = verifier(&server);
    server.fault_times(Fault::RateLimited(120), 1);
    says_nothing(&verifier.verify(&invented("Veloximab for zuranexol poisoning in adults")).await);
    assert_eq!(server.requests().len(), 1);
    // PubMed would answer now; we do not ask before the time it gave.
    says_nothing(&verifier.verify(&invented("Another article about quite different things")).await);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_refused_key_is_not_tried_again() {
    let server = Server::start().await.unwrap();
    server.fault(Fault::InvalidKey);
    says_nothing(&verifier(&server).verify(&invented("Veloximab for zuranexol poisoning in adults")).await);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn articles_found_and_not_described_are_no_answer() {
    for fault in [Fault::NoSummaries, Fault::BackendFailed, Fault::Truncated] {
        let server = Server::start().await.unwrap();
        let verifier = verifier(&server);
        let cited = cited(&server, 11_237_011).await;
        server.fault_only("esummary", fault);
        says_nothing(&verifier.verify(&cited).await);
        server.fault(Fault::None);
        assert_eq!(verifier.verify(&cited).await.verdict, Verdict::Verified);
    }
}

#[tokio::test]
async fn a_silent_service_costs_no_more_than_the_budget() {
    let server = Server::start().await.unwrap();
    let cited = cited(&server, 11_237_011).await;
    server.fault(Fault::Hang);
    let pubmed = Some(settings(&server));
    let settings = verify::Settings { policy: Policy::SomentePubmed, budget: Duration::from_millis(20), pubmed };
    let verifier = Verifier::new(settings, None, Hours::default().clock()).unwrap();
    let check = verifier.verify(&cited).await;
    says_nothing(&check);
    assert_eq!(check.queries.len(), 1, "what was asked is known even so");
}

#[tokio::test]
async fn a_server_that_is_away_is_unavailable() {
    let server = Server::start().await.unwrap();
    let settings = settings(&server);
    drop(server);
    tokio::task::yield_now().await;
    says_nothing(&with(settings, &Hours::default()).verify(&invented("Veloximab for zuranexol poisoning")).await);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn neither_key_nor_addresses_are_written_anywhere() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone());
    // For the whole process: with a subscriber of this thread only, a callsite that a test of another thread
    // reaches first is remembered as one nobody listens to.
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
    let server = Server::start().await.unwrap();
    let mut told = format!("{:?} {:#?}", settings(&server), settings(&server));
    for fault in PASSING.into_iter().chain([Fault::InvalidKey, Fault::RateLimitedSilently, Fault::None]) {
        for key in [settings(&server).api_key, None] {
            server.fault_times(fault, 1);
            let settings = Settings { api_key: key, ..settings(&server) };
            let check = with(settings, &Hours::default()).verify(&invented("Veloximab for zuranexol poisoning")).await;
            told.push_str(&serde_json::to_string(&check).unwrap());
            told.push_str(&format!("{check:?}"));
        }
    }
    let sent = server.requests();
    assert!(sent.iter().any(|one| one.param("api_key") == KEY) && sent.iter().all(|one| one.param("email") == EMAIL));
    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(log.contains("PubMed gave no answer"), "the failures are in the log");
    for secret in [KEY, EMAIL, "203.0.113.9", "Veloximab", "veloximab"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    for secret in [KEY, EMAIL, "203.0.113.9"] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
}
