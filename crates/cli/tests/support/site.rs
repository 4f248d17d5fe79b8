//! The real binary, running.

use std::fs::Permissions;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use sigilo_store::server::{DatabaseUrls, Role, saved_superuser_url, saved_urls};
use sigilo_testkit::tokio_postgres::{Client, NoTls};
use sigilo_testkit::{TestDatabase, TestKeystore};
use tempfile::TempDir;

use super::PATIENCE;

/// What outlives one run of the binary: its data folder and its database.
pub struct Stand {
    data: TempDir,
    database: Option<TestDatabase>,
    keystore: Option<TestKeystore>,
}

impl Stand {
    /// A database of its own on the server that all tests share.
    pub async fn shared() -> Stand {
        Stand { data: folder(), database: Some(TestDatabase::fresh().await), keystore: None }
    }

    /// The same with a keystore, without which nobody has a key of their own.
    pub async fn with_keys() -> Stand {
        Stand { keystore: Some(TestKeystore::fresh().await), ..Stand::shared().await }
    }

    /// A server of its own, made and looked after by the binary as on a bare machine.
    pub fn managed() -> Stand {
        Stand { data: folder(), database: None, keystore: None }
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    fn urls(&self) -> DatabaseUrls {
        match &self.database {
            Some(database) => database.urls().clone(),
            None => saved_urls(self.data()).expect("the managed server's connections"),
        }
    }

    /// A raw connection that no row security binds.
    pub async fn superuser(&self) -> Client {
        match &self.database {
            Some(database) => database.superuser().await,
            None => connect(saved_superuser_url(self.data(), "sigilo").expect("the managed server").expose()).await,
        }
    }

    /// A raw connection as one of the product's roles.
    pub async fn connect(&self, role: Role) -> Client {
        connect(self.urls().of(role).expose()).await
    }

    /// `sigilo` with this stand's folder and database, ready for more arguments.
    pub fn command(&self, command: &str) -> Command {
        let mut sigilo = Command::new(env!("CARGO_BIN_EXE_sigilo"));
        for (name, _) in std::env::vars_os() {
            let name_text = name.to_string_lossy();
            let ours = ["SIGILO_", "DATABASE_URL", "KEYSTORE_URL"].iter().any(|ours| name_text.starts_with(ours));
            if ours && name_text != "SIGILO_PG_BIN" {
                sigilo.env_remove(&name);
            }
        }
        sigilo.args([command, "--data"]).arg(self.data());
        if self.database.is_some() {
            let urls = self.urls();
            sigilo.env("DATABASE_URL", urls.owner.expose());
            for (role, name) in [
                (Role::App, "APP"),
                (Role::Auth, "AUTH"),
                (Role::Jobs, "JOBS"),
                (Role::Auditor, "AUDITOR"),
                (Role::Console, "CONSOLE"),
                (Role::Sealer, "SEALER"),
            ] {
                sigilo.env(format!("DATABASE_URL_{name}"), urls.of(role).expose());
            }
        }
        if let Some(keystore) = &self.keystore {
            sigilo.env("KEYSTORE_URL", keystore.urls().owner.expose());
            sigilo.env("KEYSTORE_URL_KEYS", keystore.urls().keys.expose());
        }
        sigilo
    }

    /// Starts `sigilo demo`, which prints a link for each invented person. It believes each visitor's own address.
    pub fn demo(&self) -> Site {
        self.demo_with(|_| {})
    }

    /// As [`Stand::demo`], with more settings.
    pub fn demo_with(&self, settings: impl FnOnce(&mut Command)) -> Site {
        let mut command = self.command("demo");
        command.args(["--listen", "127.0.0.1:0", "--trusted-proxy"]);
        settings(&mut command);
        Site::start(command, "Sigilo está em ", "Ctrl+C encerra.")
    }

    /// Starts `sigilo audit simulate` on this stand's folder, with a database in the environment that it must leave alone.
    pub fn simulation(&self, out: &Path, database: &str) -> Site {
        let mut command = self.command("audit");
        command.args(["simulate", "--listen", "127.0.0.1:0", "--out"]).arg(out).env("DATABASE_URL", database);
        Site::start(command, "Sigilo está em ", "Ctrl+C encerra.")
    }

    /// Starts `sigilo serve` on an empty installation where anyone may open an account.
    pub fn open(&self, settings: impl FnOnce(&mut Command)) -> Site {
        self.serve(|command| {
            command.args(["--sign-up", "aberto"]);
            settings(command);
        })
    }

    /// Starts `sigilo serve`, which by itself opens no accounts to people who were not invited.
    pub fn invited_only(&self, settings: impl FnOnce(&mut Command)) -> Site {
        self.serve(settings)
    }

    fn serve(&self, settings: impl FnOnce(&mut Command)) -> Site {
        let mut command = self.command("serve");
        command.args(["--listen", "127.0.0.1:0"]);
        settings(&mut command);
        Site::start(command, "Sigilo atende em ", "\n")
    }
}

/// In /tmp and passable, because PostgreSQL runs under another account when the tests run as root.
fn folder() -> TempDir {
    let mut builder = tempfile::Builder::new();
    builder.prefix("sigilo-e2e-").permissions(Permissions::from_mode(0o711));
    builder.tempdir_in("/tmp").expect("a temporary folder")
}

async fn connect(url: &str) -> Client {
    let (client, connection) =
        sigilo_testkit::tokio_postgres::connect(url, NoTls).await.expect("the database takes connections");
    tokio::spawn(connection);
    client
}

/// A running `sigilo`. Dropped, it is asked to stop and waited for.
pub struct Site {
    /// Where a browser finds it, such as `http://localhost:41234`.
    pub origin: String,
    child: Child,
    output: Arc<Output>,
}

#[derive(Default)]
struct Output {
    text: Mutex<Vec<u8>>,
    more: Condvar,
}

impl Site {
    fn start(mut command: Command, announces: &str, then: &str) -> Site {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let output = Arc::new(Output::default());
        collect(child.stdout.take().expect("piped"), &output);
        collect(child.stderr.take().expect("piped"), &output);
        let mut site = Site { origin: String::new(), child, output };
        site.origin = site.wait_for(|text| {
            let (_, rest) = text.split_once(announces)?;
            let (origin, rest) = rest.split_once('\n')?;
            (then == "\n" || rest.contains(then)).then(|| origin.trim().trim_end_matches('/').to_owned())
        });
        site
    }

    /// Waits until the output says something.
    fn wait_for<T>(&mut self, found: impl Fn(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut text = self.output.text.lock().expect("output");
        loop {
            if let Some(value) = found(&String::from_utf8_lossy(&text)) {
                return value;
            }
            let ended = self.child.try_wait().expect("status");
            let left = deadline.saturating_duration_since(Instant::now());
            if ended.is_some() || left.is_zero() {
                panic!("sigilo did not start ({ended:?}):\n{}", String::from_utf8_lossy(&text));
            }
            let wait = left.min(std::time::Duration::from_millis(200));
            text = self.output.more.wait_timeout(text, wait).expect("output").0;
        }
    }

    /// All that it has written to standard output and standard error.
    pub fn output(&self) -> Vec<u8> {
        self.output.text.lock().expect("output").clone()
    }

    /// The path of the single-use link printed for the person of this name.
    pub fn link(&self, name: &str) -> String {
        let output = self.output();
        let text = String::from_utf8_lossy(&output);
        let after = text.split_once(name).unwrap_or_else(|| panic!("no link for {name}")).1;
        let link = after.split_whitespace().find(|word| word.starts_with("http")).expect("a link after the name");
        link.strip_prefix(&self.origin).expect("a link to this site").to_owned()
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("status");
    }

    /// Ends it as an operator would; its status.
    pub fn stop(mut self) -> (ExitStatus, Vec<u8>) {
        let status = self.ask_to_stop();
        (status, self.output())
    }

    fn ask_to_stop(&mut self) -> ExitStatus {
        if let Ok(Some(status)) = self.child.try_wait() {
            return status;
        }
        let _ = kill_process(self.pid(), Signal::TERM);
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("status") {
                return status;
            }
            if Instant::now() > deadline {
                self.child.kill().expect("kill");
                return self.child.wait().expect("status");
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.ask_to_stop();
        if std::thread::panicking() {
            let output = self.output();
            let text = String::from_utf8_lossy(&output);
            let tail: Vec<&str> = text.lines().rev().take(25).collect();
            eprintln!("the end of sigilo's output:");
            tail.iter().rev().for_each(|line| eprintln!("  {line}"));
        }
    }
}

fn collect(mut from: impl Read + Send + 'static, into: &Arc<Output>) {
    let into = Arc::clone(into);
    std::thread::spawn(move || {
        let mut part = [0; 8192];
        while let Ok(read @ 1..) = from.read(&mut part) {
            into.text.lock().expect("output").extend_from_slice(&part[..read]);
            into.more.notify_all();
        }
    });
}
