//! The managed server against the real PostgreSQL of this machine.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use sigilo_store::server::{
    DatabaseUrl, DatabaseUrls, Durability, Level, Role, Server, ServerError, ServerSettings, examine_database,
    examine_machine, saved_keystore, saved_urls,
};
use tokio_postgres::{Client, NoTls};

/// Names the data folder for [`holder`], which plays the process that gets killed.
const HOLD: &str = "SIGILO_TEST_HOLD";

/// A folder that the unprivileged account can pass through when the tests run as root.
fn folder() -> tempfile::TempDir {
    let mut builder = tempfile::Builder::new();
    builder.permissions(fs::Permissions::from_mode(0o711));
    builder.tempdir_in("/tmp").unwrap()
}

fn settings(data: &Path) -> ServerSettings {
    let mut settings = ServerSettings::managed(data.to_owned());
    settings.durability = Durability::None;
    settings
}

async fn open(data: &Path) -> Result<Server, ServerError> {
    Server::open(&settings(data), &|_| {}).await
}

async fn connect(urls: &DatabaseUrls, role: Role) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(urls.of(role).expose(), NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The error of a refused open; `Server` itself has no `Debug`.
async fn refusal(data: &Path) -> ServerError {
    match open(data).await {
        Ok(_) => panic!("opened, and should have been refused"),
        Err(error) => error,
    }
}

fn pid(raw: i32) -> Pid {
    Pid::from_raw(raw).unwrap()
}

/// Waits until `done`, for what another process does.
async fn until<T>(what: &str, mut done: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(value) = done().await {
            return value;
        }
        assert!(Instant::now() < deadline, "gave up waiting: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn cluster(data: &Path) -> PathBuf {
    let found = fs::read_dir(data).unwrap().flatten().find(|entry| entry.path().join("PG_VERSION").exists());
    found.unwrap().path()
}

#[tokio::test]
async fn a_fresh_server_is_private_and_closes_cleanly() {
    let place = folder();
    let data = place.path().join("dados");
    let server = open(&data).await.unwrap();
    let urls = server.urls().clone();
    let postgres = server.pid().unwrap();

    for role in Role::ALL {
        let client = connect(&urls, *role).await.unwrap();
        let row = client.query_one("SELECT session_user::text, current_database()::text", &[]).await.unwrap();
        assert_eq!(row.get::<_, &str>(0), role.name());
        assert_eq!(row.get::<_, &str>(1), "sigilo");
        assert_eq!(client.query_one("SHOW timezone", &[]).await.unwrap().get::<_, &str>(0), "UTC");
    }

    // Modes, owner, no TCP.
    let cluster = cluster(&data);
    assert_eq!(mode(&cluster), 0o700);
    assert_eq!(mode(&data.join("socket")), 0o700);
    assert_eq!(mode(&data.join("segredos")), 0o700);
    assert_eq!(mode(&data.join("segredos/banco.json")), 0o600);
    assert_ne!(fs::metadata(format!("/proc/{postgres}")).unwrap().uid(), 0);
    assert_eq!(fs::metadata(&data).unwrap().uid(), rustix::process::geteuid().as_raw());
    assert_eq!(tcp_listeners(postgres), 0);

    // Nothing is left to guess: wrong passwords, no password, the superuser.
    let wrong = urls.app.expose().replace("sigilo_app:", "sigilo_app:x");
    assert!(tokio_postgres::connect(&wrong, NoTls).await.is_err());
    let saved = fs::read_to_string(data.join("segredos/banco.json")).unwrap();
    assert!(!format!("{urls:?}").contains(&saved[saved.len() - 40..saved.len() - 10]));

    // The examination that `sigilo doctor` prints agrees, fsync aside.
    let findings = examine_database(&urls).await;
    let bad: Vec<_> = findings.iter().filter(|f| f.level == Level::Fail).collect();
    assert!(bad.is_empty(), "{bad:?}");
    assert!(examine_machine(&settings(&data)).worst() == Level::Ok);

    server.stop().unwrap();
    assert!(test_kill_process(pid(postgres)).is_err(), "still running");
    assert!(!cluster.join("postmaster.pid").exists(), "not a clean stop");
}

#[tokio::test]
async fn the_keystore_is_another_database_with_passwords_of_its_own() {
    let place = folder();
    let data = place.path().join("dados");
    let server = open(&data).await.unwrap();
    let keystore = server.keystore().unwrap().clone();
    let enter = async |url: &DatabaseUrl| {
        let (client, connection) = tokio_postgres::connect(url.expose(), NoTls).await?;
        tokio::spawn(connection);
        let row = client.query_one("SELECT session_user || ' ' || current_database()", &[]).await?;
        Ok::<String, tokio_postgres::Error>(row.get(0))
    };
    assert_eq!(enter(&keystore.keys).await.unwrap(), "sigilo_keys sigilo_chaves");
    assert_eq!(enter(&keystore.owner).await.unwrap(), "sigilo_keys_owner sigilo_chaves");
    let file = data.join("segredos/chaves.json");
    assert_eq!(mode(&file), 0o600);
    assert_eq!(saved_keystore(&data).unwrap(), keystore);
    sigilo_store::migrate_keystore(keystore.owner.expose()).await.unwrap();
    server.stop().unwrap();

    // Opened again, it is the same; without its file it gets new passwords and keeps its tables.
    let server = open(&data).await.unwrap();
    assert_eq!(server.keystore(), Some(&keystore));
    server.stop().unwrap();
    fs::remove_file(&file).unwrap();
    assert!(matches!(saved_keystore(&data).unwrap_err(), ServerError::NoDatabase(_)));
    let server = open(&data).await.unwrap();
    let again = server.keystore().unwrap().clone();
    assert_ne!(again, keystore);
    assert!(enter(&keystore.keys).await.is_err() && enter(&again.keys).await.is_ok());
    sigilo_store::migrate_keystore(again.owner.expose()).await.unwrap();
}

/// Listening TCP sockets among the file descriptors of a process.
fn tcp_listeners(pid: i32) -> usize {
    let mut inodes = Vec::new();
    for table in ["tcp", "tcp6"] {
        let text = fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
        for line in text.lines().skip(1) {
            let fields: Vec<_> = line.split_whitespace().collect();
            if fields[3] == "0A" {
                inodes.push(format!("socket:[{}]", fields[9]));
            }
        }
    }
    fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .filter(|link| inodes.iter().any(|inode| link.as_os_str() == inode.as_str()))
        .count()
}

#[tokio::test]
async fn roles_are_limited_and_opening_again_mends_them() {
    let place = folder();
    let data = place.path().join("dados");
    let server = open(&data).await.unwrap();
    let urls = server.urls().clone();

    let auditor = connect(&urls, Role::Auditor).await.unwrap();
    let error = auditor.batch_execute("CREATE TEMP TABLE t ()").await.unwrap_err();
    assert!(error.as_db_error().is_some());
    let app = connect(&urls, Role::App).await.unwrap();
    for forbidden in [
        "CREATE TABLE public.t ()",
        "CREATE SCHEMA s",
        "CREATE TEMP TABLE t ()",
        "SET ROLE sigilo_owner",
        "CREATE ROLE r",
    ] {
        assert!(app.batch_execute(forbidden).await.is_err(), "{forbidden}");
    }
    let owner = connect(&urls, Role::Owner).await.unwrap();
    owner
        .batch_execute(
            "CREATE SCHEMA app; CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; \
             GRANT CREATE ON SCHEMA app TO sigilo_gate; ALTER FUNCTION app.f() OWNER TO sigilo_gate; \
             CREATE TABLE public.kept (n int); INSERT INTO public.kept VALUES (7); \
             GRANT CREATE ON SCHEMA public TO PUBLIC",
        )
        .await
        .unwrap();
    drop((auditor, app, owner));
    assert_eq!(examine_database(&urls).await.worst(), Level::Fail);
    drop(server);

    // The passwords are lost too: whoever owns the files owns the database.
    fs::remove_file(data.join("segredos/banco.json")).unwrap();
    let server = open(&data).await.unwrap();
    assert_ne!(server.urls(), &urls);
    let owner = connect(server.urls(), Role::Owner).await.unwrap();
    let kept: i32 = owner.query_one("SELECT n FROM kept", &[]).await.unwrap().get(0);
    assert_eq!(kept, 7);
    assert_ne!(examine_database(server.urls()).await.worst(), Level::Fail);
    assert_eq!(&saved_urls(&data).unwrap(), server.urls());
}

#[tokio::test]
async fn a_second_start_is_refused_and_names_the_first() {
    let place = folder();
    let first = open(place.path()).await.unwrap();
    let error = refusal(place.path()).await;
    assert!(matches!(error, ServerError::InUse { pid: Some(pid), .. } if pid == std::process::id()));
    assert!(error.to_string().contains(&std::process::id().to_string()));
    drop(first);
    open(place.path()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_comes_back_by_itself() {
    let place = folder();
    let server = open(place.path()).await.unwrap();
    let urls = server.urls().clone();
    let client = connect(&urls, Role::App).await.unwrap();
    let first = server.pid().unwrap();
    kill_process(pid(first), Signal::KILL).unwrap();

    until("the old connection fails", async || client.simple_query("SELECT 1").await.err()).await;
    until("the server is back", async || connect(&urls, Role::App).await.ok()).await;
    assert_ne!(server.pid(), Some(first));
    server.stop().unwrap();
}

/// Not a test of its own: the process that `an_orphan_is_stopped…` starts and kills.
#[tokio::test]
async fn holder() {
    let Some(data) = std::env::var_os(HOLD) else {
        return;
    };
    let server = open(Path::new(&data)).await.unwrap();
    println!("postgres={}", server.pid().unwrap());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn an_orphan_is_stopped_and_its_data_kept() {
    let place = folder();
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "holder", "--nocapture"])
        .env(HOLD, place.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let orphan: i32 = BufReader::new(holder.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.split_once("postgres=")?.1.trim().parse().ok())
        .unwrap();
    let urls = saved_urls(place.path()).unwrap();
    let owner = connect(&urls, Role::Owner).await.unwrap();
    owner.batch_execute("CREATE TABLE public.kept ()").await.unwrap();
    holder.kill().unwrap();
    holder.wait().unwrap();
    test_kill_process(pid(orphan)).expect("the server should have outlived its owner");

    let told = AtomicBool::new(false);
    let server = Server::open(&settings(place.path()), &|line| {
        told.fetch_or(line.contains("ficado ligado"), Ordering::Relaxed);
    })
    .await
    .unwrap();
    assert!(told.load(Ordering::Relaxed));
    assert_ne!(server.pid(), Some(orphan));
    let owner = connect(server.urls(), Role::Owner).await.unwrap();
    owner.batch_execute("SELECT FROM kept").await.unwrap();
}

#[tokio::test]
async fn another_major_version_is_refused_untouched() {
    let place = folder();
    drop(open(place.path()).await.unwrap());
    let version = cluster(place.path()).join("PG_VERSION");
    fs::write(&version, "9\n").unwrap();
    let error = refusal(place.path()).await;
    assert!(matches!(error, ServerError::OtherMajor { found: 9, .. }));
    assert!(error.to_string().contains("PostgreSQL 9"), "{error}");
    assert_eq!(fs::read_to_string(&version).unwrap(), "9\n");
    assert_eq!(examine_machine(&settings(place.path())).worst(), Level::Fail);
}

#[tokio::test]
async fn a_long_path_with_accents_gets_a_short_socket() {
    let place = folder();
    let data = place.path().join("clínica são josé ".repeat(6)).join("dados");
    fs::create_dir_all(data.parent().unwrap()).unwrap();
    let server = open(&data).await.unwrap();
    connect(server.urls(), Role::App).await.unwrap();
    let urls = server.urls().clone();
    let config: tokio_postgres::Config = urls.app.expose().parse().unwrap();
    let tokio_postgres::config::Host::Unix(socket) = &config.get_hosts()[0] else {
        panic!("not a socket");
    };
    assert!(!socket.starts_with(place.path()));
    assert_eq!(mode(socket), 0o700);
    drop(server);

    // Recorded, so that other processes and the next start find the same place.
    assert_eq!(saved_urls(&data).unwrap(), urls);
    let server = open(&data).await.unwrap();
    assert_eq!(server.urls(), &urls);
    drop(server);
    fs::remove_dir_all(socket).unwrap();
}

#[tokio::test]
async fn a_cut_off_first_start_is_begun_again() {
    let place = folder();
    let half = place.path().join("postgres-15.novo");
    fs::create_dir(&half).unwrap();
    fs::write(half.join("PG_VERSION"), "15\n").unwrap();
    open(place.path()).await.unwrap();
}

#[tokio::test]
async fn a_folder_the_account_cannot_enter_is_named() {
    if !rustix::process::geteuid().is_root() {
        return; // Only root runs PostgreSQL under another account.
    }
    let place = folder();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let data = place.path().join("dados");
    let error = refusal(&data).await;
    assert!(matches!(&error, ServerError::Unreachable { blocked, .. } if blocked == place.path()));
    assert!(error.to_string().contains("--data"));
}

#[tokio::test]
async fn missing_programs_are_said_with_the_remedy() {
    let place = folder();
    let mut settings = settings(place.path());
    settings.programs = Some(place.path().join("nada"));
    let Err(error) = Server::open(&settings, &|_| {}).await else {
        panic!("opened without programs");
    };
    assert!(error.to_string().contains("SIGILO_PG_BIN"), "{error}");
    assert!(error.to_string().contains("apt-get install postgresql"));
}

#[tokio::test]
async fn an_external_server_is_checked_before_use() {
    let place = folder();
    let server = open(place.path()).await.unwrap();
    let mut settings = settings(Path::new("/nonexistent"));
    settings.external = Some(server.urls().clone());
    let external = Server::open(&settings, &|_| {}).await.unwrap();
    assert_eq!(external.pid(), None);

    let superuser = sigilo_store::server::saved_superuser_url(place.path(), "sigilo").unwrap();
    let (client, connection) = tokio_postgres::connect(superuser.expose(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("ALTER ROLE sigilo_app BYPASSRLS; GRANT sigilo_owner TO sigilo_jobs").await.unwrap();
    let Err(error) = Server::open(&settings, &|_| {}).await else {
        panic!("opened with a role that bypasses row security");
    };
    let said = error.to_string();
    assert!(said.contains("sigilo_app tem poderes demais"), "{said}");
    assert!(said.contains("REVOKE sigilo_owner FROM sigilo_jobs;"), "{said}");
}
