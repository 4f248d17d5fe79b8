//! The one PostgreSQL server that all tests of a user share.
//!
//! Its folder is `SIGILO_TEST_PG`, set by `make test`, else one in the temporary folder. Whoever needs it first
//! starts it. Every test process holds a shared lock on a file in the folder; a small watcher, started with the
//! server, waits for the exclusive lock and then stops the server. So it ends soon after the last test process,
//! however that ended, and servers never pile up.

use std::env;
use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sigilo_store::server::{Durability, Server, ServerSettings, saved_superuser_url};
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();

/// Fast shutdown of `$0`, whose data folder is `$1`. Its pid file goes last; a dead process may linger as a zombie
/// where nobody reaps. Gives up after ten seconds, so that the lock cannot stay taken for ever.
const STOP: &str = r#"kill -INT "$0"; n=0; set -- "$1"/postgres-*/postmaster.pid
while [ -e "$1" ] && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done"#;

/// The shared server, in use by this process until it ends.
pub(crate) struct Cluster {
    /// The data folder, as `sigilo_store::server` knows it.
    pub data: PathBuf,
    _in_use: File,
}

/// The shared server, started if it was not running.
pub(crate) async fn shared() -> &'static Cluster {
    CLUSTER.get_or_init(open).await
}

/// A superuser's connection to `database`.
pub(crate) async fn superuser(data: &Path, database: &str) -> Client {
    try_superuser(data, database).await.expect("the test server takes connections")
}

async fn try_superuser(data: &Path, database: &str) -> Option<Client> {
    let url = saved_superuser_url(data, database).ok()?;
    let (client, connection) = tokio_postgres::connect(url.expose(), NoTls).await.ok()?;
    tokio::spawn(connection);
    Some(client)
}

async fn open() -> Cluster {
    let folder = env::var_os("SIGILO_TEST_PG").map_or_else(default_folder, PathBuf::from);
    fs::create_dir_all(&folder).expect("folder of the test server");
    // PostgreSQL runs under another account when the tests run as root, and must pass through.
    let ours = fs::symlink_metadata(&folder).is_ok_and(|found| found.is_dir() && found.uid() == user());
    assert!(ours, "{} belongs to somebody else", folder.display());
    fs::set_permissions(&folder, Permissions::from_mode(0o711)).expect("mode of the test server's folder");

    let in_use_path = folder.join("em-uso.lock");
    let in_use = lock_file(&in_use_path);
    in_use.lock_shared().expect("lock of the test server");
    let starting = lock_file(&folder.join("partida.lock"));
    starting.lock().expect("lock of the test server's start");

    let data = folder.join("dados");
    if try_superuser(&data, "postgres").await.is_none() {
        start(&data, &in_use_path).await;
    }
    sweep(&data).await;
    Cluster { data, _in_use: in_use }
}

fn lock_file(path: &Path) -> File {
    OpenOptions::new().write(true).create(true).truncate(false).open(path).expect("lock file of the test server")
}

fn user() -> u32 {
    fs::metadata("/proc/self").expect("proc is mounted").uid()
}

fn default_folder() -> PathBuf {
    env::temp_dir().join(format!("sigilo-teste-{}", user()))
}

#[expect(clippy::zombie_processes, reason = "the watcher outlives this process, which is its purpose")]
async fn start(data: &Path, in_use: &Path) {
    let mut settings = ServerSettings::from_env(data.to_owned()).expect("settings of the test server");
    settings.external = None;
    settings.durability = Durability::None;
    let server = match Server::open(&settings, &|_| {}).await {
        Ok(server) => server,
        // It forgets what a crash interrupts, so what cannot be opened is made anew.
        Err(_) => {
            let _ = fs::remove_dir_all(data);
            Server::open(&settings, &|_| {}).await.unwrap_or_else(|error| panic!("{error}"))
        }
    };
    let pid = server.leave_running().expect("a running test server");
    Command::new("flock")
        .args(["--exclusive", "--close"])
        .arg(in_use)
        .args(["sh", "-c", STOP])
        .arg(pid.to_string())
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("flock (package util-linux) watches the test server");
    // Connection limits are for production; here many tests run at once.
    superuser(data, "postgres")
        .await
        .batch_execute(
            "ALTER ROLE sigilo_owner CONNECTION LIMIT -1; ALTER ROLE sigilo_app CONNECTION LIMIT -1; \
             ALTER ROLE sigilo_auth CONNECTION LIMIT -1; ALTER ROLE sigilo_jobs CONNECTION LIMIT -1; \
             ALTER ROLE sigilo_auditor CONNECTION LIMIT -1; ALTER ROLE sigilo_console CONNECTION LIMIT -1; \
             ALTER ROLE sigilo_sealer CONNECTION LIMIT -1; ALTER ROLE sigilo_keys CONNECTION LIMIT -1; \
             ALTER ROLE sigilo_keys_owner CONNECTION LIMIT -1",
        )
        .await
        .expect("roles of the test server");
}

/// Drops what killed test processes left behind.
async fn sweep(data: &Path) {
    let client = superuser(data, "postgres").await;
    let rows = client
        .query("SELECT datname::text FROM pg_database WHERE datname LIKE 'teste\\_%'", &[])
        .await
        .expect("list of test databases");
    for row in rows {
        let name: String = row.get(0);
        let owner = name.split('_').nth(1).unwrap_or_default();
        if !Path::new("/proc").join(owner).exists() {
            // Another process may sweep at the same moment.
            let _ = sigilo_store::server::drop_database(data, &name).await;
        }
    }
}
