//! A clinic with a doctor, and a provider that says what the test tells it to.
#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{
    StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use serde_json::{Value, json};
use sigilo_assistant::{
    provider::{Capabilities, Checked, Failure, Piece, Provider, Request, Stop, Usage},
    verify::{Policy, Settings as VerifySettings, Verifier},
};
use sigilo_domain::{Clock, ConsentType, SystemClock};
use sigilo_features::{
    App, Settings, SignUp,
    answer::{self, Assistant, MemoryChecks, Update},
    message,
};
use sigilo_proof::{Keyring, envelope::LocalRoot};
use sigilo_store::{
    Db, Error, Session, SignInTx, Token, WriteTx, account, conversation,
    keystore::{Keystore, Limits},
    session,
};
use sigilo_testkit::{
    TestDatabase, TestKeystore,
    people::{self, Member, client, event},
};
use tokio::sync::Notify;
use uuid::Uuid;
use zeroize::Zeroizing;

/// What the provider does.
pub enum Script {
    /// Says this document, then ends this way.
    Say(Value, Stop),
    /// Says these texts, then fails.
    Fail(Vec<String>, Failure),
    /// Says these texts and then nothing more, until dropped.
    Hang(Vec<String>),
}

#[derive(Default)]
pub struct Seen {
    /// The texts it was asked with.
    pub turns: Vec<String>,
    /// How many images came along.
    pub images: usize,
}

pub struct Scripted {
    script: Script,
    capabilities: Capabilities,
    pub seen: Mutex<Vec<Seen>>,
    /// Streams that are alive.
    pub alive: Arc<AtomicUsize>,
    /// Told when a stream was dropped.
    pub dropped: Arc<Notify>,
}

struct Alive(Arc<AtomicUsize>, Arc<Notify>);
impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
        self.1.notify_one();
    }
}

impl Scripted {
    pub fn new(script: Script) -> Arc<Scripted> {
        let capabilities = Capabilities {
            images: true,
            max_image_base64: 7_000_000,
            temperature: Some(0.2),
            temperature_reason: "",
            max_output: 4096,
            max_input: None,
        };
        Arc::new(Scripted {
            script,
            capabilities,
            seen: Mutex::default(),
            alive: Arc::default(),
            dropped: Arc::default(),
        })
    }
}

impl Provider for Scripted {
    fn name(&self) -> &'static str {
        "anthropic"
    }
    fn model(&self) -> &str {
        "modelo-roteirizado"
    }
    fn api_version(&self) -> Option<&'static str> {
        Some("2023-06-01")
    }
    fn recipient(&self) -> Option<&str> {
        Some("api.modelo.example")
    }
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    fn check(&self) -> BoxFuture<'_, Result<Checked, Failure>> {
        Box::pin(async { Ok(Checked { model: "modelo-roteirizado".into() }) })
    }
    fn answer(&self, request: Request) -> BoxStream<'static, Result<Piece, Failure>> {
        self.seen.lock().unwrap().push(Seen {
            turns: request.turns.iter().map(|turn| turn.text.as_str().to_owned()).collect(),
            images: request.images.len(),
        });
        drop(request.images);
        self.alive.fetch_add(1, Ordering::AcqRel);
        let alive = Alive(self.alive.clone(), self.dropped.clone());
        let started =
            Piece::Started { request_id: Some("pedido-1".into()), model: Some("modelo-roteirizado-1".into()) };
        let mut items = vec![Ok(started)];
        let mut hangs = false;
        match &self.script {
            Script::Say(document, stop) => {
                let text = document.to_string();
                let chars: Vec<char> = text.chars().collect();
                items.extend(chars.chunks(17).map(|chunk| Ok(Piece::Text(chunk.iter().collect()))));
                items.push(Ok(Piece::Usage(Usage { input: 321, output: 123, ..Usage::default() })));
                items.push(Ok(Piece::Stopped(stop.clone())));
            }
            Script::Fail(texts, failure) => {
                items.extend(texts.iter().cloned().map(|text| Ok(Piece::Text(text))));
                items.push(Err(failure.clone()));
            }
            Script::Hang(texts) => {
                items.extend(texts.iter().cloned().map(|text| Ok(Piece::Text(text))));
                hangs = true;
            }
        }
        let rest = if hangs { stream::pending().left_stream() } else { stream::empty().right_stream() };
        stream::iter(items)
            .chain(rest)
            .map(move |item| {
                let _held = &alive;
                item
            })
            .boxed()
    }
}

pub struct Stand {
    pub app: App,
    pub database: TestDatabase,
    pub session: Session,
    pub clinic: Uuid,
    pub user: Uuid,
    pub conversation: Uuid,
}

impl Stand {
    pub async fn new(provider: Arc<dyn Provider>) -> Stand {
        let database = TestDatabase::fresh().await;
        let db = Db::new(database.urls(), 6).unwrap();
        let verify = VerifySettings { policy: Policy::SomenteLocal, budget: Duration::from_secs(8), pubmed: None };
        let verifier = Verifier::new(verify, None, Arc::new(|| SystemClock.now())).unwrap();
        let assistant = Assistant { provider, verifier: Arc::new(verifier), memory: MemoryChecks::default() };
        let settings = Settings {
            origin: "http://localhost:8080".parse().unwrap(),
            demo: false,
            version: "0.1.0",
            dpo_contact: None,
            sign_up: SignUp::Invited,
            oidc: None,
        };
        let app =
            App::new(db.clone(), Keyring::new(&[7; 32]), None, Arc::new(SystemClock), assistant, settings).unwrap();
        let Member { user, clinic, session } = doctor(&db, 1).await;
        for kind in [ConsentType::AiProcessing, ConsentType::ImageProcessing] {
            db.write(&session, async |tx: &WriteTx| {
                people::consent(tx, kind.code()).await?;
                Ok::<_, Error>(((), event("test")))
            })
            .await
            .unwrap();
        }
        let conversation = db
            .write(&session, async |tx: &WriteTx| Ok::<_, Error>((conversation::create(tx).await?, event("test"))))
            .await
            .unwrap();
        Stand { app, database, session, clinic, user, conversation }
    }

    /// Another doctor of another clinic.
    pub async fn stranger(&self) -> Session {
        doctor(self.app.db(), 2).await.session
    }

    pub async fn send(&self, text: &str) -> message::Sent {
        self.send_with(text, Vec::new()).await
    }

    pub async fn send_with(&self, text: &str, images: Vec<answer::Attached>) -> message::Sent {
        message::send(&self.app, &self.session, self.conversation, Zeroizing::new(text.to_owned()), vec![], images)
            .await
            .unwrap()
    }

    /// Everything that is said of an answer, to its end.
    pub async fn hear(&self, answer: Uuid) -> Vec<Update> {
        let mut watch = answer::watch(&self.app, &self.session, answer).await.unwrap();
        let mut heard = Vec::new();
        while let Some(update) = watch.next().await {
            heard.push(update);
        }
        heard
    }

    pub async fn count(&self, sql: &str) -> i64 {
        self.database.superuser().await.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Waits until a count is so much.
    pub async fn until(&self, sql: &str, wanted: i64) {
        let reached = async {
            while self.count(sql).await != wanted {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), reached)
            .await
            .unwrap_or_else(|_| panic!("never {wanted}: {sql}"));
    }

    pub async fn text(&self, sql: &str) -> String {
        self.database.superuser().await.query_one(sql, &[]).await.unwrap().get(0)
    }
}

async fn doctor(db: &Db, seed: u8) -> Member {
    let token = Token::from_random(&[seed; 32]);
    people::member(db, &format!("Clínica {seed}"), "Dra. Alba Norte", &["owner", "professional"], token).await
}

/// Another member of the stand's clinic, signed in.
pub async fn colleague(stand: &Stand, name: &str, roles: &[&str], seed: u8) -> (Uuid, Session) {
    let (client, token) = (client(), Token::from_random(&[seed; 32]));
    let user = stand
        .app
        .db()
        .sign_in(&client, async |tx: &SignInTx| -> Result<_, Error> {
            let user = account::create(tx, true).await?;
            account::create_member(tx, stand.clinic, user.id, name, roles).await?;
            session::create(tx, &client, &token, user.id, stand.clinic, "passkey").await?;
            Ok(user.id)
        })
        .await
        .unwrap();
    (user, Session { token, client })
}

/// The same installation with a key for each patient.
pub async fn with_keys(stand: &Stand, keystore: &TestKeystore) -> App {
    let root = Arc::new(LocalRoot::new(&[7; 32]));
    let keys = Keystore::open(&keystore.urls().keys, root, &Limits::default(), &[]).await.unwrap();
    App::new(
        stand.app.db().clone(),
        Keyring::new(&[7; 32]),
        Some(keys),
        Arc::new(SystemClock),
        stand.app.assistant().clone(),
        stand.app.settings().clone(),
    )
    .unwrap()
}

/// A document as a model would write it.
pub fn document() -> Value {
    json!({
        "raciocinio": "Dor torácica opressiva com sudorese. Considere síndrome coronariana aguda.",
        "hipoteses": [{
            "nome": "Angina instável", "cid10": "I20.0", "probabilidade": "alta",
            "a_favor": ["dor opressiva"], "contra": ["sem eletrocardiograma"], "nao_perder": true,
            "proximos_passos": ["ECG em 10 minutos"]
        }],
        "sinais_de_alarme": ["dor em repouso"],
        "dados_faltantes": ["A dor irradia?"],
        "texto_na_imagem": "",
        "referencias": []
    })
}
