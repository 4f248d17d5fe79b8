//! A private database a test, with the product's schema, in a few milliseconds.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use sigilo_store::server::{
    DatabaseUrl, DatabaseUrls, ROLES_SQL, Role, create_database, drop_database, saved_superuser_url, saved_urls_for,
};
use tokio_postgres::{Client, NoTls};

use crate::cluster::{shared, superuser};

/// Any number: one process at a time builds templates.
const BUILDING: i64 = 0x5167_1107;
/// Templates of older schemas that are kept, for whoever works on two branches.
const KEPT: i64 = 4;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A database of one test, dropped with the value.
pub struct TestDatabase {
    data: PathBuf,
    name: String,
    urls: DatabaseUrls,
}

impl TestDatabase {
    /// A database with all migrations applied and nothing else in it.
    pub async fn fresh() -> Self {
        Self::from_template(&migrations(), async |urls| {
            sigilo_store::migrate(urls.owner.expose()).await.unwrap_or_else(|error| panic!("migrations: {error}"));
        })
        .await
    }

    /// A copy of the database that `prepare` filled the first time somebody asked for this `key`. Whatever
    /// `prepare` depends on belongs in the key.
    pub async fn from_template(key: &str, prepare: impl AsyncFnOnce(&DatabaseUrls)) -> Self {
        let data = shared().await.data.clone();
        let template = template(&data, key, prepare).await;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("teste_{}_{number}", std::process::id());
        create_database(&data, &name, Some(&template)).await.unwrap_or_else(|error| panic!("{error}"));
        let urls = saved_urls_for(&data, &name).expect("connection strings");
        Self { data, name, urls }
    }

    /// The connection strings, one a role.
    pub fn urls(&self) -> &DatabaseUrls {
        &self.urls
    }

    /// A raw connection as `role`, for what the product itself would never send.
    pub async fn connect(&self, role: Role) -> Client {
        let connected = tokio_postgres::connect(self.urls.of(role).expose(), NoTls).await;
        let (client, connection) = connected.expect("the test database takes connections");
        tokio::spawn(connection);
        client
    }

    /// The superuser's connection string, for programs that take the whole database away.
    pub fn superuser_url(&self) -> DatabaseUrl {
        saved_superuser_url(&self.data, &self.name).expect("connection string")
    }

    /// A raw connection as the server's superuser, which no row security binds.
    pub async fn superuser(&self) -> Client {
        superuser(&self.data, &self.name).await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        drop_now(&self.data, &self.name);
    }
}

/// Drops a test's database while its own runtime ends.
pub(crate) fn drop_now(data: &Path, name: &str) {
    // On its own thread: the test's runtime is busy dropping us, and may not wait.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let dropped = runtime.map(|runtime| runtime.block_on(drop_database(data, name)));
            if !matches!(dropped, Ok(Ok(()))) {
                // The next test process sweeps it away; a second panic here would hide the test's own.
                eprintln!("test database {name} stays for now");
            }
        });
    });
}

/// The name of the template for `key`, built when it is missing.
async fn template(data: &Path, key: &str, prepare: impl AsyncFnOnce(&DatabaseUrls)) -> String {
    let name = format!("modelo_{:016x}", hash(key));
    let client = superuser(data, "postgres").await;
    if exists(&client, &name).await {
        return name;
    }
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    // Held until this connection ends, also by a panic.
    run(&format!("SELECT pg_advisory_lock({BUILDING})")).await;
    if exists(&client, &name).await {
        return name;
    }
    const FRESH: &str = "modelo_novo";
    drop_database(data, FRESH).await.expect("room for a template");
    create_database(data, FRESH, None).await.unwrap_or_else(|error| panic!("{error}"));
    prepare(&saved_urls_for(data, FRESH).expect("connection strings")).await;
    // A database with connections can be neither renamed nor copied.
    run(&format!(
        "ALTER DATABASE {FRESH} ALLOW_CONNECTIONS false; \
         SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{FRESH}'; \
         ALTER DATABASE {FRESH} RENAME TO {name}"
    ))
    .await;
    let old = client
        .query(
            "SELECT datname::text FROM pg_database WHERE datname LIKE 'modelo\\_%' ORDER BY oid DESC OFFSET $1",
            &[&KEPT],
        )
        .await
        .expect("list of templates");
    for row in old {
        let _ = drop_database(data, row.get(0)).await;
    }
    name
}

async fn exists(client: &Client, name: &str) -> bool {
    client
        .query_one("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", &[&name])
        .await
        .expect("list of templates")
        .get(0)
}

/// Tells schemas apart by the migrations in the checkout, which are what the tests were built from, and by the roles' rights.
fn migrations() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let mut files: Vec<_> =
        fs::read_dir(&folder).expect("folder of migrations").map(|entry| entry.expect("migration").path()).collect();
    files.sort();
    let texts = files.iter().map(|file| (file.file_name(), fs::read(file).expect("migration")));
    format!("migrations {:016x}", hash((texts.collect::<Vec<_>>(), ROLES_SQL)))
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
