use std::{path::Path, sync::LazyLock};

use axum::Router;
use sigilo_anchor::{
    Client,
    witness::{AddCheckpoint, Keys, Logs, Witness, router},
};
use sigilo_domain::Clock;
use sigilo_proof::{
    checkpoint::LogKey,
    merkle::{Hash, consistency_proof, leaf_hash, range_root},
    note::{Note, VerifierKey},
};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::net::TcpListener;
use url::Url;

pub const ORIGIN: &str = "clinica.example/registro";
pub const NAME: &str = "testemunha.example/t";
pub const TIME: u64 = 1_790_000_000;

pub struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(TIME as i64).unwrap()
    }
}

pub fn log() -> LogKey {
    LogKey::from_seed(ORIGIN, &[1; 32]).unwrap()
}

/// The lines of a list that follows a log.
pub fn lines(log: &LogKey) -> String {
    log.verifier_keys().iter().map(|key| format!("log {key}\n")).collect()
}

/// The leaves of a tree; another story has other leaves from the first one on.
pub fn tree(size: u64, story: &str) -> Vec<Hash> {
    (0..size).map(|leaf| leaf_hash(format!("{story} {leaf}").as_bytes())).collect()
}

pub fn note(log: &LogKey, tree: &[Hash]) -> String {
    let checkpoint = log.checkpoint(tree.len() as u64, range_root(tree.iter().copied()));
    log.sign(&checkpoint, TIME, true).unwrap()
}

pub fn proof(tree: &[Hash], old_size: u64) -> Vec<Hash> {
    if old_size == 0 { Vec::new() } else { consistency_proof(tree, old_size).unwrap() }
}

/// A request as an honest log makes it.
pub fn request(tree: &[Hash], old_size: u64) -> AddCheckpoint {
    AddCheckpoint { old_size, proof: proof(tree, old_size), note: note(&log(), tree) }
}

/// A witness of [`log`] in a folder, with its keys.
pub fn open(folder: &Path) -> (Witness, Vec<VerifierKey>) {
    if !folder.join("testemunha.chave").exists() {
        Keys::create(folder, NAME).unwrap();
    }
    let witness = Witness::open(folder, Logs::parse(&lines(&log())).unwrap(), Fixed).unwrap();
    let keys = witness.verifier_keys().map(Clone::clone).to_vec();
    (witness, keys)
}

pub async fn serve(router: Router) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    url
}

/// A witness that is up.
pub struct Site {
    pub url: Url,
    pub keys: Vec<VerifierKey>,
    _folder: TempDir,
}

impl Site {
    pub async fn new() -> Site {
        let folder = TempDir::new().unwrap();
        let (witness, keys) = open(folder.path());
        Site { url: serve(router(witness)).await, keys, _folder: folder }
    }

    pub async fn add(&self, body: impl ToString) -> Answer {
        post(&self.url, body.to_string()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::read(WEB.get(self.url.join(path).unwrap()).send().await.unwrap()).await
    }
}

#[derive(Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub kind: String,
    pub text: String,
}

impl Answer {
    async fn read(response: reqwest::Response) -> Answer {
        let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        Answer { status, kind: kind.unwrap_or_default(), text: response.text().await.unwrap() }
    }

    pub fn conflict(size: u64) -> Answer {
        Answer { status: 409, kind: "text/x.tlog.size".into(), text: format!("{size}\n") }
    }
}

/// Made once: reading the system's roots is slow. No two tests ask the same server.
pub static CLIENT: LazyLock<Client> = LazyLock::new(|| Client::new().unwrap());

pub static WEB: LazyLock<reqwest::Client> = LazyLock::new(|| {
    // Sets up TLS for the whole process, which every client asks for.
    LazyLock::force(&CLIENT);
    reqwest::Client::builder().no_proxy().build().unwrap()
});

pub async fn post(url: &Url, body: String) -> Answer {
    Answer::read(WEB.post(url.join("add-checkpoint").unwrap()).body(body).send().await.unwrap()).await
}

/// The times that the keys state on a checkpoint with these lines.
pub fn times(note: &str, lines: &str, keys: &[VerifierKey]) -> Vec<u64> {
    let note = Note::parse(&format!("{note}{lines}")).unwrap();
    keys.iter().map(|key| note.verify(key).unwrap().unwrap()).collect()
}
