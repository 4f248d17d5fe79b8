//! The client against the real server, and against others.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
    routing::post,
};
use sigilo_anchor::{
    Client,
    witness::{Keys, WitnessError, add_checkpoint},
};
use sigilo_proof::{checkpoint::Checkpoint, cosignature::WitnessKey, note::VerifierKey};
use tokio::net::TcpListener;
use url::Url;

use crate::support::{CLIENT, NAME, ORIGIN, Site, TIME, log, note, proof, serve, times, tree};

async fn ask(url: &Url, keys: &[VerifierKey], tree: &[[u8; 32]], old_size: u64) -> Result<Vec<String>, WitnessError> {
    add_checkpoint(&CLIENT, url, keys, old_size, &proof(tree, old_size), &note(&log(), tree)).await
}

#[tokio::test]
async fn cosignatures_come_back_verified() {
    let site = Site::new().await;
    let five = tree(5, "a");
    let lines = ask(&site.url, &site.keys, &five, 0).await.unwrap();
    assert_eq!(lines.len(), 2);
    assert_eq!(times(&note(&log(), &five), &lines.concat(), &site.keys), [TIME, TIME]);
    // Whoever knows one key gets its line alone.
    let one = ask(&site.url, &site.keys[1..], &five, 5).await.unwrap();
    assert_eq!(times(&note(&log(), &five), &one.concat(), &site.keys[1..]), [TIME]);
    let strangers = Keys::from_seed(NAME, &[8; 32]).unwrap().verifier_keys().map(Clone::clone);
    assert_eq!(ask(&site.url, &strangers, &five, 5).await, Err(WitnessError::BadAnswer));
}

#[tokio::test]
async fn a_prefix_may_have_a_path() {
    let site = Site::new().await;
    let proxied = serve(Router::new().nest(
        "/t",
        Router::new().route("/add-checkpoint", {
            let url = site.url.clone();
            post(move |body: String| async move { crate::support::post(&url, body).await.text })
        }),
    ))
    .await;
    for prefix in ["t", "t/", "t/?x#y"] {
        let five = tree(5, "a");
        let old_size = if prefix == "t" { 0 } else { 5 };
        assert!(ask(&proxied.join(prefix).unwrap(), &site.keys, &five, old_size).await.is_ok(), "{prefix}");
    }
}

#[tokio::test]
async fn what_the_witness_holds_against_us_is_told_apart() {
    let site = Site::new().await;
    ask(&site.url, &site.keys, &tree(5, "a"), 0).await.unwrap();
    let conflict = Err(WitnessError::Conflict { size: 5 });
    assert_eq!(ask(&site.url, &site.keys, &tree(7, "a"), 0).await, conflict);
    assert_eq!(ask(&site.url, &site.keys, &tree(3, "a"), 2).await, conflict, "the log has gone back");
    assert_eq!(ask(&site.url, &site.keys, &tree(5, "b"), 5).await, Err(WitnessError::Contradiction));
    assert_eq!(ask(&site.url, &site.keys, &tree(9, "b"), 5).await, Err(WitnessError::Contradiction));
    assert!(ask(&site.url, &site.keys, &tree(7, "a"), 5).await.is_ok());
    let garbage = add_checkpoint(&CLIENT, &site.url, &site.keys, 7, &[], "nada").await;
    assert_eq!(garbage, Err(WitnessError::Note));
}

/// A server that says the same to everybody.
async fn says(answer: impl IntoResponse + Clone + Send + Sync + 'static) -> Url {
    serve(Router::new().route("/add-checkpoint", post(move || async move { answer.into_response() }))).await
}

#[tokio::test]
async fn an_answer_that_does_not_hold_is_refused() {
    let five = tree(5, "a");
    let keys = Keys::from_seed(NAME, &[3; 32]).unwrap();
    let known = keys.verifier_keys().map(Clone::clone);
    let cosign = |tree: &[[u8; 32]], seed| {
        let text = note(&log(), tree).split_once("\n\n").unwrap().0.to_owned() + "\n";
        WitnessKey::from_seed(NAME, &[seed; 32]).unwrap().cosign(&Checkpoint::parse(&text).unwrap(), TIME).unwrap()
    };
    let good = cosign(&five, 3);
    assert_eq!(ask(&says(good.clone()).await, &known, &five, 0).await, Ok(vec![good.clone()]));
    assert_eq!(ask(&says(good.repeat(3)).await, &known, &five, 0).await, Ok(vec![good.clone()]));
    assert_eq!(ask(&says(cosign(&five, 9) + &good).await, &known, &five, 0).await, Ok(vec![good.clone()]));
    let other_tree = cosign(&tree(6, "a"), 3);
    let not_ours = cosign(&five, 9);
    for bad in [
        String::new(),
        "\n".into(),
        "ok".into(),
        good.trim_end().to_owned(),
        format!("{good}\n"),
        format!("{good}lixo\n"),
        format!("{good}{other_tree}"),
        other_tree,
        not_ours,
        "x".repeat(100_000),
    ] {
        assert_eq!(ask(&says(bad.clone()).await, &known, &five, 0).await, Err(WitnessError::BadAnswer), "{bad:.80}");
    }
    assert_eq!(ask(&says(vec![0xff_u8, 0xfe]).await, &known, &five, 0).await, Err(WitnessError::BadAnswer));
    // The log's own signature is nobody's cosignature, whoever is listed as a witness.
    let [ed25519, _] = log().verifier_keys().clone();
    let own = note(&log(), &five).lines().find(|line| line.starts_with('—')).unwrap().to_owned() + "\n";
    assert_eq!(ask(&says(own).await, &[ed25519], &five, 0).await, Err(WitnessError::BadAnswer));
}

#[tokio::test]
async fn every_status_has_its_error() {
    let five = tree(5, "a");
    for status in [400, 403, 404, 413, 500, 503] {
        let url = says((StatusCode::from_u16(status).unwrap(), "segredo")).await;
        assert_eq!(ask(&url, &[], &five, 0).await, Err(WitnessError::Refused { status }));
    }
    let conflict = |kind: &'static str, body: &'static str| (StatusCode::CONFLICT, [("content-type", kind)], body);
    let size = "text/x.tlog.size";
    let cases = [
        (conflict(size, "7\n"), 2, WitnessError::Conflict { size: 7 }),
        (conflict("Text/X.Tlog.Size; charset=utf-8", "7\n"), 2, WitnessError::Conflict { size: 7 }),
        (conflict(size, "2\n"), 2, WitnessError::Contradiction),
        (conflict("text/plain", "outra raiz"), 5, WitnessError::Contradiction),
        (conflict("text/plain", "7\n"), 2, WitnessError::BadAnswer),
        (conflict(size, "07\n"), 2, WitnessError::BadAnswer),
        (conflict(size, "-1\n"), 2, WitnessError::BadAnswer),
        (conflict(size, "7"), 2, WitnessError::BadAnswer),
    ];
    for (answer, old_size, error) in cases {
        assert_eq!(ask(&says(answer).await, &[], &five, old_size).await, Err(error), "{answer:?}");
    }
    assert_eq!(
        ask(&says(StatusCode::UNPROCESSABLE_ENTITY).await, &[], &five, 2).await,
        Err(WitnessError::Contradiction)
    );
}

#[tokio::test]
async fn redirects_are_not_followed_and_nothing_is_asked_twice() {
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    let answer = move || -> Response {
        count.fetch_add(1, Ordering::Relaxed);
        (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, "/add-checkpoint")]).into_response()
    };
    let url = serve(Router::new().route("/add-checkpoint", post(move || async move { answer() }))).await;
    assert_eq!(ask(&url, &[], &tree(5, "a"), 0).await, Err(WitnessError::Refused { status: 307 }));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_witness_that_is_down_or_silent_is_not_available() {
    let five = tree(5, "a");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let brief = Client::waiting(Duration::from_millis(200)).unwrap();
    // Connections are taken by the system and never answered.
    let silent = add_checkpoint(&brief, &url, &[], 0, &[], &note(&log(), &five)).await;
    assert_eq!(silent, Err(WitnessError::Unavailable));
    drop(listener);
    assert_eq!(ask(&url, &[], &five, 0).await, Err(WitnessError::Unavailable));
    let nonsense = Url::parse("ftp://testemunha.example/").unwrap();
    assert_eq!(ask(&nonsense, &[], &five, 0).await, Err(WitnessError::Unavailable));
    assert_eq!(ORIGIN, log().origin());
}
