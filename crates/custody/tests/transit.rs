//! The transit engine's wire format, with a local server that speaks it and makes its faults.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use sigilo_custody::{TransitRoot, TransitSettings};
use sigilo_proof::envelope::{ClinicPlace, KeyBytes, Purpose, RootError, RootKey, WrappedKey};
use uuid::Uuid;

const PLACE: ClinicPlace = ClinicPlace { clinic: Uuid::from_u128(1), purpose: Purpose::Wrap, version: 1 };
const TOKEN: &str = "hvs.ficticio";

/// What the server does with the next requests, and what it has kept.
#[derive(Default)]
struct Engine {
    faults: Vec<Fault>,
    version: u32,
    oldest: u32,
    key: Value,
    kept: HashMap<String, (String, String)>,
    asked: usize,
}

#[derive(Clone, Copy)]
enum Fault {
    Status(u16),
    Silence,
    Redirect,
    Garbage,
    Endless,
}

type Shared = Arc<Mutex<Engine>>;

fn errors(status: u16, words: &[&str]) -> Response {
    (StatusCode::from_u16(status).unwrap(), Json(json!({ "errors": words }))).into_response()
}

/// What every request must bring, and the fault that is due.
async fn gate(engine: &Shared, headers: &HeaderMap) -> Option<Response> {
    let fault = {
        let mut engine = engine.lock().unwrap();
        engine.asked += 1;
        engine.faults.pop()
    };
    match fault {
        Some(Fault::Status(status)) => return Some(errors(status, &["segredo do servidor"])),
        Some(Fault::Silence) => std::future::pending().await,
        Some(Fault::Redirect) => return Some(Redirect::temporary("/v1/elsewhere").into_response()),
        Some(Fault::Garbage) => return Some("<html>".into_response()),
        Some(Fault::Endless) => return Some("x".repeat(300 * 1024).into_response()),
        None => {}
    }
    if headers.get("X-Vault-Token").is_none_or(|token| token != TOKEN) {
        return Some(errors(403, &["permission denied"]));
    }
    assert_eq!(headers["X-Vault-Request"], "true");
    None
}

async fn describe(State(engine): State<Shared>, Path(key): Path<String>, headers: HeaderMap) -> Response {
    if let Some(refused) = gate(&engine, &headers).await {
        return refused;
    }
    if key != "sigilo" {
        return errors(404, &[]);
    }
    Json(json!({ "request_id": "1", "data": engine.lock().unwrap().key.clone() })).into_response()
}

async fn encrypt(State(engine): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if let Some(refused) = gate(&engine, &headers).await {
        return refused;
    }
    let mut engine = engine.lock().unwrap();
    let ciphertext = format!("vault:v{}:{}", engine.version, Uuid::new_v4().simple());
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    engine.kept.insert(ciphertext.clone(), (text("plaintext"), text("associated_data")));
    Json(json!({ "data": { "ciphertext": ciphertext, "key_version": engine.version } })).into_response()
}

async fn decrypt(State(engine): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if let Some(refused) = gate(&engine, &headers).await {
        return refused;
    }
    let engine = engine.lock().unwrap();
    let ciphertext = body["ciphertext"].as_str().unwrap();
    if ciphertext.starts_with("vault:v1:") && engine.oldest > 1 {
        return errors(400, &["ciphertext or signature version is disallowed by policy (too old)"]);
    }
    match engine.kept.get(ciphertext) {
        Some((plaintext, aad)) if body["associated_data"] == *aad => {
            Json(json!({ "data": { "plaintext": plaintext } })).into_response()
        }
        _ => errors(400, &["cipher: message authentication failed"]),
    }
}

async fn server() -> (Shared, TransitSettings) {
    let key = json!({ "type": "aes256-gcm96", "latest_version": 1, "exportable": false, "derived": false });
    let engine: Shared = Arc::new(Mutex::new(Engine { version: 1, oldest: 1, key, ..Engine::default() }));
    let routes = Router::new()
        .route("/v1/clinica/transit/keys/{key}", get(describe))
        .route("/v1/clinica/transit/encrypt/sigilo", post(encrypt))
        .route("/v1/clinica/transit/decrypt/sigilo", post(decrypt))
        .with_state(Arc::clone(&engine));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let settings = TransitSettings::new(address, "sigilo".into(), TOKEN.to_owned().into());
    let pause = Duration::ZERO;
    (engine, TransitSettings { mount: "clinica/transit".into(), pause, timeout: Duration::from_secs(30), ..settings })
}

fn refused<T>(answer: Result<T, RootError>) -> RootError {
    answer.err().unwrap()
}

#[tokio::test]
async fn a_clinics_key_comes_back_in_its_place_and_nowhere_else() {
    let (engine, settings) = server().await;
    let root = TransitRoot::open(settings).await.unwrap();
    let key = KeyBytes::random();
    let wrapped = root.wrap(PLACE, &key).await.unwrap();
    assert_eq!(wrapped.root_version, 1);
    assert_eq!(root.unwrap(PLACE, &wrapped).await.unwrap().expose(), key.expose());

    let elsewhere = ClinicPlace { clinic: Uuid::from_u128(2), ..PLACE };
    assert_eq!(refused(root.unwrap(elsewhere, &wrapped).await), RootError::Refused);
    let changed = WrappedKey { bytes: b"vault:v1:outra".to_vec(), root_version: 1 };
    assert_eq!(refused(root.unwrap(PLACE, &changed).await), RootError::Refused);
    let noise = WrappedKey { bytes: vec![0xff], root_version: 1 };
    assert_eq!(refused(root.unwrap(PLACE, &noise).await), RootError::Refused);

    // The server's key is rotated: new texts say so, old ones still open until the server forbids it.
    engine.lock().unwrap().version = 2;
    assert_eq!(root.wrap(PLACE, &key).await.unwrap().root_version, 2);
    root.unwrap(PLACE, &wrapped).await.unwrap();
    engine.lock().unwrap().oldest = 2;
    assert!(matches!(refused(root.unwrap(PLACE, &wrapped).await), RootError::Misconfigured(_)));
}

#[tokio::test]
async fn what_passes_is_tried_again_and_what_does_not_is_told_at_once() {
    let (engine, settings) = server().await;
    let root = TransitRoot::open(settings.clone()).await.unwrap();
    let key = KeyBytes::random();
    let faults = |faults: &[Fault]| {
        let mut engine = engine.lock().unwrap();
        engine.faults = faults.to_vec();
        engine.asked = 0;
    };
    let asked = || engine.lock().unwrap().asked;

    faults(&[Fault::Status(503), Fault::Status(429)]);
    root.wrap(PLACE, &key).await.unwrap();
    assert_eq!(asked(), 3);

    faults(&[Fault::Status(500); 5]);
    let error = refused(root.wrap(PLACE, &key).await);
    assert!(matches!(error, RootError::Unavailable(_)) && asked() == 3);
    assert!(!error.to_string().contains("segredo"), "the server's words are not repeated");

    for (status, denied) in [(403, true), (401, true), (404, false), (405, false)] {
        faults(&[Fault::Status(status)]);
        let error = refused(root.wrap(PLACE, &key).await);
        assert_eq!((matches!(error, RootError::Denied(_)), asked()), (denied, 1), "{status}");
    }
    for fault in [Fault::Garbage, Fault::Endless, Fault::Redirect] {
        faults(&[fault]);
        assert!(matches!(refused(root.wrap(PLACE, &key).await), RootError::Misconfigured(_)));
        assert_eq!(asked(), 1, "a redirect is not followed, so the token stays here");
    }

    let hasty = TransitRoot::open(TransitSettings { timeout: Duration::from_millis(200), ..settings }).await.unwrap();
    faults(&[Fault::Silence; 3]);
    assert!(matches!(refused(hasty.wrap(PLACE, &key).await), RootError::Unavailable(_)));
}

#[tokio::test]
async fn settings_that_would_fail_later_fail_at_once() {
    let (engine, settings) = server().await;
    let open = async |settings| refused(TransitRoot::open(settings).await);
    let token = "outro".to_owned().into();
    assert!(matches!(open(TransitSettings { token, ..settings.clone() }).await, RootError::Denied(_)));
    let key = "ausente".into();
    assert!(matches!(open(TransitSettings { key, ..settings.clone() }).await, RootError::Misconfigured(_)));
    let token = "com\nquebra".to_owned().into();
    assert!(matches!(open(TransitSettings { token, ..settings.clone() }).await, RootError::Misconfigured(_)));
    // The clinics' keys would cross the network in the clear.
    let address = "http://cofre.example:8200".parse().unwrap();
    assert!(matches!(open(TransitSettings { address, ..settings.clone() }).await, RootError::Misconfigured(_)));
    let address = "http://127.0.0.1:1".parse().unwrap();
    assert!(matches!(open(TransitSettings { address, ..settings.clone() }).await, RootError::Unavailable(_)));
    for key in [
        json!({ "type": "rsa-2048", "latest_version": 1 }),
        json!({ "type": "aes256-gcm96", "latest_version": 1, "exportable": true }),
        json!({ "type": "aes256-gcm96", "latest_version": 1, "derived": true }),
    ] {
        engine.lock().unwrap().key = key;
        assert!(matches!(open(settings.clone()).await, RootError::Misconfigured(_)));
    }
}
