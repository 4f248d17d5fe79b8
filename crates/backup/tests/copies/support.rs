use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::Arc,
};

use sigilo_backup::{Identity, Made, Manifest, Plan, Progress, Source, make};
use sigilo_features::evidence::{Sealer, checkpoint_note};
use sigilo_proof::{
    checkpoint::LogKey,
    envelope::{LocalRoot, Place},
};
use sigilo_store::{
    Db, Token,
    keystore::{Keystore, Limits, Subject},
    server::{CopyPrograms, Durability, ServerSettings},
    setup::Owner,
};
use sigilo_testkit::{
    TestDatabase, TestKeystore,
    people::{self, Member},
};
use tempfile::TempDir;
use uuid::Uuid;

/// What of the planted people must be found nowhere outside the databases.
pub const PLANTED: [&str; 4] = ["Iracema Quixadense", "529.982.247-25", "iracema@exemplo.example", "(85) 99876-5432"];
pub const NAME: Place<'_> = Place { table: "identity.people", column: "name" };
const ROOT: [u8; 32] = [9; 32];

pub struct Stand {
    pub database: TestDatabase,
    pub keys: TestKeystore,
    pub key: LogKey,
    /// The first of the planted people.
    pub first: Member,
    pub source: Source,
    pub identity: Identity,
    pub folder: TempDir,
}

pub fn root() -> Arc<LocalRoot> {
    Arc::new(LocalRoot::new(&ROOT))
}

pub fn subject(number: u128) -> Subject {
    Subject { clinic: Uuid::from_u128(1), subject: Uuid::from_u128(number) }
}

pub fn silent(_: Progress) {}

/// In /tmp and passable, because PostgreSQL runs under another account when the tests run as root.
pub fn folder() -> TempDir {
    let mut builder = tempfile::Builder::new();
    builder.prefix("sigilo-copia-").permissions(Permissions::from_mode(0o711));
    builder.tempdir_in("/tmp").unwrap()
}

pub fn settings(data: &Path) -> ServerSettings {
    ServerSettings { durability: Durability::None, ..ServerSettings::managed(data.to_owned()) }
}

/// Two clinics with planted people, a sealed trail, and a keystore with two people.
pub async fn stand() -> Stand {
    let (database, keys) = (TestDatabase::fresh().await, TestKeystore::fresh().await);
    let db = Db::new(database.urls(), 2).unwrap();
    let [name, cpf, mail, phone] = PLANTED;
    let first = people::member(&db, &format!("{name} {cpf}"), name, &["owner"], Token::from_random(&[1; 32])).await;
    people::member(&db, &format!("{mail} {phone}"), name, &["owner"], Token::from_random(&[2; 32])).await;
    let key = LogKey::from_seed("clinica.example/trilha", &[7; 32]).unwrap();
    let public: String = key.verifier_keys().iter().map(|key| format!("{key}\n")).collect();
    Owner::connect(&database.urls().owner).await.unwrap().keep_log_keys(&public).await.unwrap();
    let mut sealer = Sealer::new(LogKey::from_seed("clinica.example/trilha", &[7; 32]).unwrap());
    while sealer.round(&db).await.unwrap().is_some() {}
    sealer.checkpoint(&db, true).await.unwrap();

    let keystore = Keystore::open(&keys.urls().keys, root(), &Limits::default(), &[]).await.unwrap();
    keystore.create_clinic(Uuid::from_u128(1)).await.unwrap();
    for number in [1, 2] {
        keystore.create(subject(number)).await.unwrap();
    }
    let programs = CopyPrograms::find(&settings(Path::new("/nowhere"))).unwrap();
    let source = Source { application: database.superuser_url(), keystore: keys.superuser_url(), programs };
    Stand { database, keys, key, first, source, identity: Identity::generate(), folder: folder() }
}

impl Stand {
    pub fn copies(&self) -> std::path::PathBuf {
        self.folder.path().join("copias")
    }

    pub async fn copy(&self) -> Made {
        self.copy_for(&self.identity).await
    }

    pub async fn copy_for(&self, identity: &Identity) -> Made {
        let db = Db::new(self.database.urls(), 1).unwrap();
        let checkpoint = checkpoint_note(&db).await.unwrap().map(|(_, note)| note);
        let recipient = identity.recipient();
        let plan = Plan { source: &self.source, to: &self.copies(), recipient: &recipient, keep_days: 35, checkpoint };
        make(plan, &silent).await.unwrap()
    }
}

/// Every byte of a folder.
pub fn bytes_of(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => all.extend(bytes_of(&entry.path())),
            false => all.extend(fs::read(entry.path()).unwrap()),
        }
    }
    all
}

pub fn holds(all: &[u8], text: &str) -> bool {
    all.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Changes a byte of the application's archive, and the manifest with it, as whoever can write into the folder would.
pub fn tamper(copy: &Path) {
    let path = copy.join("prontuario.age");
    let mut bytes = fs::read(&path).unwrap();
    let end = bytes.len() - 100;
    bytes[end] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let mut manifest = Manifest::read(copy).unwrap();
    let sum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
    manifest.application.sha256 = data_encoding::HEXLOWER.encode(sum.as_ref());
    fs::write(copy.join("manifesto.json"), serde_json::to_vec(&manifest).unwrap()).unwrap();
}
