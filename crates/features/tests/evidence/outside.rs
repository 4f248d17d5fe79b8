//! A real witness over loopback and a time-stamping authority that is `openssl ts`: asked, away, and asked again.

use std::{fs, path::Path, process::Command, sync::Arc};

use axum::{Router, body::Bytes, http::StatusCode, routing::post};
use sigilo_anchor::{
    Client,
    timestamp::Authority,
    witness::{Keys, Logs, Witness, router},
};
use sigilo_domain::SystemClock;
use sigilo_features::evidence::{Outside, examine, export_log, policy_of};
use sigilo_proof::{
    bundle::{self, Options, Verdict},
    consent::{Seal, Statement, Subject, Text},
    policy::Policy,
    timestamp,
    x509::{CaStore, Revocation, Trust, from_pem},
};
use sigilo_store::{Action, Error as StoreError, Event, Risk, WriteTx, consent, server::Role, trail::SealTx};
use sigilo_testkit::tokio_postgres;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::support::{Stand, key, sealer, stand};

async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
    url
}

/// A witness of the tests' log, with its public keys.
async fn witness(folder: &Path) -> (String, String) {
    if !folder.join("testemunha.chave").exists() {
        Keys::create(folder, "testemunha.example/t").unwrap();
    }
    let lines: String = key().verifier_keys().iter().map(|key| format!("log {key}\n")).collect();
    let witness = Witness::open(folder, Logs::parse(&lines).unwrap(), SystemClock).unwrap();
    let keys = witness.verifier_keys().map(|key| key.to_string()).join("\n");
    (serve(router(witness)).await, keys)
}

fn openssl(folder: &Path, arguments: &str) {
    let done = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&done.stderr));
}

/// An authority with a root of its own.
fn authority(folder: &Path) {
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    write(
        "ca.cnf",
        "[req]\ndistinguished_name=n\nx509_extensions=e\nprompt=no\n[n]\nCN=Raiz de Teste\n[e]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n",
    );
    write("tsa.cnf", "[req]\ndistinguished_name=n\nprompt=no\n[n]\nCN=Carimbo do Tempo de Teste\n");
    write(
        "ext.cnf",
        "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\nauthorityKeyIdentifier=keyid\n",
    );
    write(
        "ts.cnf",
        "[t]\nserial=serial\nsigner_cert=tsa.crt\nsigner_key=tsa.key\nsigner_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256\n",
    );
    write("serial", "01\n");
    openssl(folder, "ecparam -name prime256v1 -genkey -noout -out ca.key");
    openssl(folder, "req -new -x509 -key ca.key -config ca.cnf -days 30 -out ca.crt");
    openssl(folder, "ecparam -name prime256v1 -genkey -noout -out tsa.key");
    openssl(folder, "req -new -key tsa.key -config tsa.cnf -out tsa.csr");
    openssl(
        folder,
        "x509 -req -in tsa.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile ext.cnf -out tsa.crt",
    );
}

async fn stamping(folder: Arc<TempDir>) -> String {
    let reply = move |request: Bytes| async move {
        fs::write(folder.path().join("q"), &request).unwrap();
        openssl(folder.path(), "ts -reply -queryfile q -config ts.cnf -section t -out r");
        ([("content-type", "application/timestamp-reply")], fs::read(folder.path().join("r")).unwrap())
    };
    serve(Router::new().route("/", post(reply))).await
}

async fn roots(folder: &Path) -> CaStore {
    let mut store = CaStore::new("teste");
    for root in from_pem(&fs::read_to_string(folder.join("ca.crt")).unwrap()).unwrap() {
        store.add_root(&root).unwrap();
    }
    store
}

async fn know(stand: &Stand, url: &str, keys: &str) {
    let known = async |tx: &SealTx| tx.keep_witness("testemunha.example/t", keys, Some(url), true).await;
    stand.db.seal(known).await.unwrap();
}

async fn grow(stand: &Stand) {
    stand.rows(Some(stand.a.clinic), 3).await;
    stand.seal().await.unwrap();
    sealer().checkpoint(&stand.db, true).await.unwrap().unwrap();
}

async fn admin(stand: &Stand) -> tokio_postgres::Client {
    stand.database.superuser().await
}

#[tokio::test]
async fn a_witness_cosigns_what_grew_and_says_when_it_did_not() {
    let stand = stand().await;
    let folder = TempDir::new().unwrap();
    let (url, keys) = witness(folder.path()).await;
    let outside = Outside::new(Client::new().unwrap(), None);
    know(&stand, "http://127.0.0.1:9/", &keys).await;
    grow(&stand).await;
    outside.attest(&stand.db).await.unwrap();
    let witness = async || stand.db.seal(async |tx: &SealTx| tx.witnesses().await).await.unwrap().remove(0);
    let away = witness().await;
    assert!(away.problem.is_some() && away.seen_at.is_none() && away.size == 0, "{away:?}");

    know(&stand, &url, &keys).await;
    for size in 1..=3 {
        if size > 1 {
            grow(&stand).await;
        }
        outside.attest(&stand.db).await.unwrap();
        let seen = witness().await;
        assert_eq!((seen.size, seen.problem, seen.contradicts), (size, None, false));
    }
    // What an auditor gets asks for the witness, and has it.
    let log: String = key().verifier_keys().iter().map(|key| format!("log {key}\n")).collect();
    let first = keys.lines().next().unwrap();
    let policy = Policy::parse(&format!("{log}witness t {first}\nquorum t\n")).unwrap();
    let told = stand.db.seal(async |tx: &SealTx| policy_of(tx).await).await;
    assert!(told.is_err(), "the database was not told the log's keys");
    let mut bytes = Vec::new();
    stand.db.seal(async |tx: &SealTx| export_log(tx, stand.a.clinic, &mut bytes).await).await.unwrap();
    let options = Options { policy: &policy, previous: &[], authorities: None };
    let report = bundle::verify(bytes.as_slice(), &options);
    assert_eq!((report.verdict, report.facts.witnesses.len()), (Verdict::Valid, 1), "{:?}", report.findings);

    // A copy of the database from before: the witness knows more, and everybody is told.
    let admin = admin(&stand).await;
    admin
        .batch_execute("SET session_replication_role = replica; ALTER EVENT TRIGGER sigilo_guard_alter DISABLE")
        .await
        .unwrap();
    for table in ["cosignatures", "checkpoints", "heads", "rounds"] {
        admin.batch_execute(&format!("ALTER TABLE trail.{table} DISABLE TRIGGER no_change")).await.unwrap();
        admin.batch_execute(&format!("DELETE FROM trail.{table} WHERE round > 0")).await.unwrap();
    }
    admin.batch_execute("UPDATE trail.witnesses SET size = 1").await.unwrap();
    sealer().round(&stand.db).await.unwrap().unwrap();
    sealer().checkpoint(&stand.db, true).await.unwrap().unwrap();
    outside.attest(&stand.db).await.unwrap();
    let told = witness().await;
    assert_eq!(told.size, 3, "{told:?}");
    assert!(told.problem.unwrap().contains("já assinou 3 rodadas, e aqui há 2"));
    let found = examine(&stand.db, None).await.unwrap().differences;
    assert!(found.iter().any(|one| one.code == "rollback"), "{found:?}");
    // It goes on, as another history of the same size and beyond: the witness says so.
    for _ in 0..2 {
        grow(&stand).await;
        outside.attest(&stand.db).await.unwrap();
    }
    assert!(witness().await.contradicts);
    let found = examine(&stand.db, None).await.unwrap().differences;
    assert!(found.iter().any(|one| one.code == "fork"), "{found:?}");
}

#[tokio::test]
async fn a_checkpoint_is_stamped_once_a_day_and_asked_for_again_when_the_authority_is_away() {
    let stand = stand().await;
    let folder = Arc::new(TempDir::new().unwrap());
    authority(folder.path());
    let url = stamping(folder.clone()).await;
    let down = serve(Router::new().route("/", post(async || StatusCode::SERVICE_UNAVAILABLE))).await;
    let outside = async |url: &str| {
        let authority = Authority::new(url.parse().unwrap(), None).unwrap();
        Outside::new(Client::new().unwrap(), Some((authority, roots(folder.path()).await)))
    };
    grow(&stand).await;
    outside(&down).await.attest(&stand.db).await.unwrap();
    let stamps = async || stand.db.seal(async |tx: &SealTx| tx.stamps(i64::MAX, 10).await).await.unwrap();
    let waiting = stamps().await.remove(0);
    assert_eq!((waiting.status.as_str(), waiting.tries), ("pending", 1));
    assert!(waiting.problem.unwrap().contains("503"));
    // Not before its pause is over.
    outside(&url).await.attest(&stand.db).await.unwrap();
    assert_eq!(stamps().await[0].status, "pending");
    admin(&stand).await.batch_execute("UPDATE trail.stamps SET next_try_at = now()").await.unwrap();
    outside(&url).await.attest(&stand.db).await.unwrap();
    let stamped = stamps().await.remove(0);
    assert_eq!((stamped.status.as_str(), stamped.tries, stamped.problem), ("granted", 2, None));
    grow(&stand).await;
    outside(&url).await.attest(&stand.db).await.unwrap();
    assert_eq!(stamps().await.len(), 1, "one a day");

    // The auditor believes it under the authority's root, and under no other.
    let mut bytes = Vec::new();
    stand.db.seal(async |tx: &SealTx| export_log(tx, stand.a.clinic, &mut bytes).await).await.unwrap();
    let verify = |authorities: Option<&CaStore>| {
        bundle::verify(bytes.as_slice(), &Options { policy: &crate::tamper::policy(), previous: &[], authorities })
    };
    let known = roots(folder.path()).await;
    let report = verify(Some(&known));
    assert_eq!((report.verdict, report.facts.stamps.len()), (Verdict::Valid, 1), "{:?}", report.findings);
    assert!(report.facts.stamps[0].contains("Carimbo do Tempo de Teste"));
    assert_eq!(verify(None).facts.stamps_unread, 1);
    let report = verify(Some(&CaStore::new("nada")));
    assert_eq!((report.verdict, report.findings[0].code), (Verdict::Tampered, "stamp_invalid"));
}

/// A consent of the first clinic's member with a seal of its own.
async fn consented(stand: &Stand) -> Seal {
    let statement = Statement {
        text: Text {
            kind: "ai_processing".into(),
            version: "1.0".into(),
            language: "pt-BR".into(),
            title: "Título".into(),
            summary: "Resumo".into(),
            body: "Texto".into(),
        },
        text_hash: "0".repeat(64),
        subject: Subject {
            id: stand.a.user.to_string(),
            name: "Dra. Alba Norte".into(),
            birth_date: None,
            cpf: None,
            representative: None,
        },
        purposes: vec!["ai_assistant".into()],
        given_at: "2026-11-28T12:00:00Z".into(),
        salt: [5; 16],
    };
    let seal = statement.seal();
    stand
        .db
        .write(&stand.a.session, async |tx: &WriteTx| {
            let texts = consent::in_force(tx, "pt-BR").await?;
            let text = texts.into_iter().find(|text| text.consent_type == "ai_processing").unwrap();
            let new = consent::New {
                patient: None,
                text: &text,
                purposes: &text.purposes,
                until: None,
                collection_method: "web_form",
            };
            let id = consent::grant(tx, &new).await?.unwrap();
            let proof = consent::NewProof {
                subject_sealed: &[0],
                salt_sealed: &[0],
                has_representative: false,
                evidence_sealed: None,
                consent_hash: &seal.consent_hash,
                parts: &seal.parts.json(),
                signature: &[0; 64],
                key: &[0; 32],
                code: &[7; 16],
                code_sealed: &[0],
            };
            consent::prove(tx, id, text.id, &proof).await?;
            let event = Event {
                name: "test",
                action: Action::Update,
                resource_type: "consent_records",
                resource_id: None,
                details: serde_json::json!({}),
                risk: Risk::Low,
            };
            Ok::<_, StoreError>(((), event))
        })
        .await
        .unwrap();
    seal
}

#[tokio::test]
async fn a_consent_has_a_stamp_of_its_own_which_is_asked_for_again_when_the_authority_is_away() {
    let stand = stand().await;
    let folder = Arc::new(TempDir::new().unwrap());
    authority(folder.path());
    let url = stamping(folder.clone()).await;
    let down = serve(Router::new().route("/", post(async || StatusCode::SERVICE_UNAVAILABLE))).await;
    let seal = consented(&stand).await;
    grow(&stand).await;
    let attest = async |url: &str| {
        let authority = Authority::new(url.parse().unwrap(), None).unwrap();
        let outside = Outside::new(Client::new().unwrap(), Some((authority, roots(folder.path()).await)));
        outside.attest(&stand.db).await.unwrap();
    };
    let admin = admin(&stand).await;
    let standing = async || {
        let sql = "SELECT timestamp_status, timestamp_tries, timestamp_problem, timestamp_token FROM lgpd_consents";
        let row = admin.query_one(sql, &[]).await.unwrap();
        let read: (String, i32, Option<String>, Option<Vec<u8>>) = (row.get(0), row.get(1), row.get(2), row.get(3));
        read
    };
    attest(&down).await;
    let (status, tries, problem, _) = standing().await;
    assert_eq!((status.as_str(), tries), ("pending", 1));
    assert!(problem.unwrap().contains("503"));
    attest(&url).await;
    assert_eq!(standing().await.0, "pending", "not before its pause is over");
    admin.batch_execute("UPDATE lgpd_consents SET timestamp_next_try_at = now()").await.unwrap();
    attest(&url).await;
    let (status, tries, problem, token) = standing().await;
    assert_eq!((status.as_str(), tries, problem), ("granted", 2, None));
    let (token, known) = (token.unwrap(), roots(folder.path()).await);
    let policy = timestamp::policy_of(&token).unwrap();
    let trust = Trust { store: &known, crls: &[], revocation: Revocation::IfGiven };
    assert!(timestamp::verify(&token, &seal.bytes(), None, std::slice::from_ref(&policy), trust).is_ok());
    assert!(timestamp::verify(&token, b"another", None, &[policy], trust).is_err());
    let events = "SELECT string_agg(kind, ',' ORDER BY created_at, id) FROM consent_events";
    let events: String = admin.query_one(events, &[]).await.unwrap().get(0);
    assert_eq!(events, "granted,stamped");
    // The sealer's role sees what is stamped, and nothing of whom; a stamp that came stays.
    let role = stand.database.connect(Role::Sealer).await;
    for sql in
        ["SELECT subject_sealed FROM lgpd_consents", "SELECT user_id FROM lgpd_consents", "DELETE FROM lgpd_consents"]
    {
        assert_eq!(role.execute(sql, &[]).await.unwrap_err().code().unwrap().code(), "42501", "{sql}");
    }
    let undone =
        role.execute("UPDATE lgpd_consents SET timestamp_status = 'pending', timestamp_token = NULL", &[]).await;
    assert_eq!(undone.unwrap(), 0);
}
