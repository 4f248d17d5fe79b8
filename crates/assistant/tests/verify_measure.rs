#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
#[path = "verify/support.rs"]
mod support;
use sigilo_assistant::pubmed::Settings;
use sigilo_standin::pubmed::Server;
use support::*;
#[tokio::test]
async fn five() {
    let server = Server::start().await.unwrap();
    let mut cited = client(&server)
        .summaries(&[11237011, 11966386, 18719013, 16949478, 12230355])
        .await
        .unwrap()
        .iter()
        .map(cite)
        .collect::<Vec<_>>();
    for key in [None, settings(&server).api_key] {
        server.forget();
        let v = with(Settings { interval: None, api_key: key, ..settings(&server) }, &Hours::default());
        let t = std::time::Instant::now();
        let checks = futures_util::future::join_all(cited.iter().map(|c| v.verify(c))).await;
        println!(
            "{:?} {} requests {:?} lat {:?}",
            t.elapsed(),
            server.requests().len(),
            checks.iter().map(|c| c.verdict.code()).collect::<Vec<_>>(),
            checks.iter().map(|c| c.latency_ms).collect::<Vec<_>>()
        );
    }
    cited.push(invented("Veloximab for zuranexol poisoning in adults"));
    server.forget();
    let v = with(Settings { interval: None, api_key: None, ..settings(&server) }, &Hours::default());
    let t = std::time::Instant::now();
    let checks = futures_util::future::join_all(cited.iter().map(|c| v.verify(c))).await;
    println!(
        "{:?} {} requests {:?}",
        t.elapsed(),
        server.requests().len(),
        checks.iter().map(|c| c.latency_ms).collect::<Vec<_>>()
    );
}
