//! What Sigilo adds between a model and the doctor: time to the first streamed text, and memory of an open stream.
//!
//! Two processes: `site` is Sigilo with its database; the other drives it, and is the model, too. Each doctor sends,
//! reads the answer to its end, and sends again, so that the given number of streams is always open.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

use std::{
    convert::Infallible,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
    routing::post,
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use sigilo_assistant::{
    provider::{self, Remote},
    verify::{Policy, Settings as VerifySettings, Verifier},
};
use sigilo_domain::{Clock, ConsentType, SystemClock};
use sigilo_features::{
    App, Settings, SignUp,
    answer::{Assistant, MemoryChecks},
};
use sigilo_proof::Keyring;
use sigilo_store::{Db, Error, Token, WriteTx, conversation};
use sigilo_testkit::{
    TestDatabase,
    people::{self, Member, event},
};
use tokio::net::TcpListener;
use uuid::Uuid;

const STREAMS: usize = 50;
const ANSWERS: usize = 1000;
const OPEN: usize = 150;
/// Between two pieces of the model, which makes an answer last about two seconds.
const PACE: Duration = Duration::from_millis(50);

#[tokio::main]
async fn main() {
    rustls::crypto::aws_lc_rs::default_provider().install_default().expect("the first provider");
    if std::env::args().nth(1).as_deref() == Some("site") {
        site(&std::env::args().nth(2).expect("the model's address")).await;
    } else {
        drive().await;
    }
}

async fn site(model: &str) {
    let database = TestDatabase::fresh().await;
    let db = Db::new(database.urls(), 16).unwrap();
    let remote = Remote {
        base: model.parse().unwrap(),
        model: "modelo".into(),
        key: None,
        idle: Duration::from_secs(60),
        total: Duration::from_secs(600),
    };
    let verification = VerifySettings { policy: Policy::SomenteLocal, budget: Duration::from_secs(8), pubmed: None };
    let assistant = Assistant {
        provider: provider::build(&provider::Settings::Anthropic(remote)).unwrap(),
        verifier: Arc::new(Verifier::new(verification, None, Arc::new(|| SystemClock.now())).unwrap()),
        memory: MemoryChecks::default(),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let settings = Settings {
        origin: origin.parse().unwrap(),
        demo: false,
        version: "bench",
        dpo_contact: None,
        sign_up: SignUp::Invited,
        oidc: None,
    };
    let app = App::new(db.clone(), Keyring::new(&[7; 32]), None, Arc::new(SystemClock), assistant, settings).unwrap();
    let mut doctors = Vec::new();
    for number in 0..STREAMS.max(OPEN) {
        doctors.push(doctor(&db, number).await);
    }
    let admin = database.superuser().await;
    admin
        .execute(
            "UPDATE profiles SET onboarded_at = now(), crm_state = 'SP', council_validation = 'format_ok', specialty = 'Cardiologia',
                    crm_number = (1000 + (SELECT count(*) FROM profiles p WHERE p.id < profiles.id))::text",
            &[],
        )
        .await
        .unwrap();
    println!("{}", json!({ "origin": origin, "doctors": doctors }));
    let rate = sigilo_web::Rate { burst: 10_000_000, per_second: 1e7 };
    let web = sigilo_web::WebSettings { rate, sign_in_rate: rate, ..sigilo_web::WebSettings::default() };
    let router = sigilo_web::router(app, web);
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await.unwrap();
}

/// A doctor with all consents and a conversation: session's token and conversation.
async fn doctor(db: &Db, number: usize) -> (String, Uuid) {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&(number as u64 + 1).to_be_bytes());
    let clinic = format!("Clínica {number}");
    let token = Token::from_random(&bytes);
    let Member { session, .. } = people::member(db, &clinic, "Dra. Alba Norte", &["professional"], token).await;
    for kind in [ConsentType::TermsOfService, ConsentType::DataProcessing, ConsentType::AiProcessing] {
        db.write(&session, async |tx: &WriteTx| {
            people::consent(tx, kind.code()).await?;
            Ok::<_, Error>(((), event("bench")))
        })
        .await
        .unwrap();
    }
    let conversation = db
        .write(&session, async |tx: &WriteTx| Ok::<_, Error>((conversation::create(tx).await?, event("bench"))))
        .await
        .unwrap();
    (session.token.expose().to_owned(), conversation)
}

/// A model that answers in the Messages format, one sentence every [`PACE`], and remembers when each request came and
/// when its first text left.
#[derive(Clone, Default)]
struct Model {
    /// Time between a request's arrival and the model's first text.
    own: Arc<Mutex<Vec<Duration>>>,
}

impl Model {
    fn answer(&self) -> Response {
        let arrived = Instant::now();
        let own = self.own.clone();
        let event = |name: &str, data: Value| format!("event: {name}\ndata: {data}\n\n");
        let text = |text: &str| {
            event(
                "content_block_delta",
                json!({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":text}}),
            )
        };
        let mut frames = vec![
            event(
                "message_start",
                json!({"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],"model":"modelo","stop_reason":null,"usage":{"input_tokens":1,"output_tokens":1}}}),
            ) + &event(
                "content_block_start",
                json!({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}),
            ) + &text(
                "{\"raciocinio\": \"Primeira frase da resposta. Segunda frase, que já vem com ela na mesma peça. ",
            ),
        ];
        frames.extend((0..38).map(|n| text(&format!("Frase número {n} do raciocínio sobre o caso. "))));
        frames.push(text("\", \"hipoteses\": [], \"sinais_de_alarme\": [], \"dados_faltantes\": [], \"texto_na_imagem\": \"\", \"referencias\": []}"));
        frames.push(
            event("content_block_stop", json!({"type":"content_block_stop","index":0}))
                + &event("message_delta", json!({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":99}}))
                + &event("message_stop", json!({"type":"message_stop"})),
        );
        let frames = stream::iter(frames.into_iter().enumerate()).then(move |(at, frame)| {
            let own = own.clone();
            async move {
                if at == 0 {
                    own.lock().unwrap().push(arrived.elapsed());
                } else {
                    tokio::time::sleep(PACE).await;
                }
                Ok::<_, Infallible>(Bytes::from(frame))
            }
        });
        ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(frames)).into_response()
    }
}

struct Site {
    child: Child,
    origin: String,
    doctors: Vec<(String, String)>,
}

impl Site {
    fn start(model: &str) -> Site {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["site", model])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let origin = said["origin"].as_str().unwrap().to_owned();
        let doctors = serde_json::from_value(said["doctors"].clone()).unwrap();
        Site { child, origin, doctors }
    }

    /// Resident memory, in KiB.
    fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a message; the answer's stream, with the time at which sending began.
async fn ask(http: &reqwest::Client, origin: &str, doctor: &(String, String)) -> (Instant, reqwest::Response) {
    let cookie = format!("__Host-sigilo={}", doctor.0);
    let begun = Instant::now();
    let sent = http
        .post(format!("{origin}/api/v1/process-message"))
        .header("Origin", origin)
        .header("Cookie", &cookie)
        .json(&json!({ "conversation_id": doctor.1, "message": "Homem, 58 anos, dor torácica há 2 horas" }))
        .send()
        .await
        .unwrap();
    assert!(sent.status().is_success(), "{}", sent.status());
    let sent: Value = sent.json().await.unwrap();
    let answer = sent["answer_id"].as_str().expect("an answer");
    let stream = http
        .get(format!("{origin}/conversas/{}/respostas/{answer}/fluxo", doctor.1))
        .header("Cookie", &cookie)
        .send()
        .await
        .unwrap();
    assert_eq!(stream.status().as_u16(), 200);
    (begun, stream)
}

/// Reads a stream until it says `what`; false when it ends before.
async fn until(stream: &mut reqwest::Response, what: &str) -> bool {
    let mut seen = String::new();
    while let Some(chunk) = stream.chunk().await.unwrap() {
        seen.push_str(&String::from_utf8_lossy(&chunk));
        if seen.contains(what) {
            return true;
        }
    }
    false
}

async fn drive() {
    let model = Model::default();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answering = model.clone();
    let router = Router::new().route("/v1/messages", post(move || async move { answering.answer() }));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let site = Site::start(&address);
    let http = reqwest::Client::builder().build().unwrap();

    let times = Arc::new(Mutex::new(Vec::new()));
    let workers = site.doctors.iter().take(STREAMS).cloned().enumerate().map(|(at, doctor)| {
        let (http, origin, times) = (http.clone(), site.origin.clone(), times.clone());
        tokio::spawn(async move {
            // Spread over one answer's time, as doctors are.
            tokio::time::sleep(Duration::from_millis(40) * u32::try_from(at).unwrap()).await;
            for round in 0..=ANSWERS / STREAMS {
                let (begun, mut stream) = ask(&http, &origin, &doctor).await;
                assert!(until(&mut stream, "Primeira frase").await, "no text came");
                let took = begun.elapsed();
                // The first round warms connections and statements.
                if round > 0 {
                    times.lock().unwrap().push(took);
                }
                until(&mut stream, "\"kind\":\"end\"").await;
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    let own = median(&mut model.own.lock().unwrap().clone());
    let mut times = times.lock().unwrap().clone();
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].saturating_sub(own).as_secs_f64() * 1e3;
    println!(
        "{STREAMS} streams open, {} answers: from send to the first streamed text, beyond the model's own {:.2} ms",
        times.len(),
        own.as_secs_f64() * 1e3
    );
    println!(
        "p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms, max {:.1} ms; limit for p99: 50 ms",
        at(0.5),
        at(0.95),
        at(0.99),
        at(1.0)
    );

    let before = site.resident();
    let mut open = Vec::new();
    for doctor in site.doctors.iter().take(OPEN) {
        let (_, mut stream) = ask(&http, &site.origin, doctor).await;
        until(&mut stream, "Primeira frase").await;
        open.push(stream);
    }
    let during = site.resident();
    println!(
        "resident memory: {before} KiB, with up to {OPEN} streams open {during} KiB: {} KiB a stream",
        (during.saturating_sub(before)) / OPEN as u64
    );
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
