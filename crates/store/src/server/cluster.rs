//! Makes a cluster and keeps its configuration as Sigilo wants it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use super::Durability;
use super::account::Account;
use super::error::ServerError;
use super::folder::{make_private, sync_folder, write_whole};
use super::programs::Programs;
use super::secrets::{SUPERUSER, Secrets};

/// Nobody is trusted without a password, not even over the private socket, and nothing else listens.
const HBA: &str = "local all all scram-sha-256\n";
const INCLUDE: &str = "include 'sigilo.conf'";

/// What a cluster is made of and run with.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    /// PostgreSQL's data directory.
    pub folder: PathBuf,
    pub programs: Programs,
    pub account: Account,
    pub socket: PathBuf,
    pub durability: Durability,
}

impl Cluster {
    /// Runs `initdb` beside the final place and moves the result there, so that a power cut in
    /// between leaves nothing that looks like a cluster.
    pub(super) fn create(&self, secrets: &Secrets) -> Result<(), ServerError> {
        let mut fresh = self.folder.as_os_str().to_owned();
        fresh.push(".novo");
        let fresh = PathBuf::from(fresh);
        if fresh.exists() {
            fs::remove_dir_all(&fresh).map_err(ServerError::file("apagar", &fresh))?;
        }
        make_private(&fresh)?;
        self.account.own(&fresh)?;

        let password_file = self.socket.join("senha");
        write_whole(&password_file, secrets.superuser().as_bytes(), None)?;
        self.account.own(&password_file)?;
        let made = run("initdb", &mut self.initdb(&fresh, &password_file));
        let _ = fs::remove_file(&password_file);
        made?;

        fs::rename(&fresh, &self.folder).map_err(ServerError::file("criar", &self.folder))?;
        sync_folder(&self.folder).map_err(ServerError::file("criar", &self.folder))
    }

    fn initdb(&self, fresh: &Path, password_file: &Path) -> Command {
        let mut initdb = self.account.command(&self.programs.initdb());
        initdb
            .args(["--username", SUPERUSER, "--auth", "scram-sha-256"])
            .args(["--encoding", "UTF8", "--data-checksums"])
            .arg("--pgdata")
            .arg(fresh)
            .arg("--pwfile")
            .arg(password_file);
        // The built-in provider knows all of Unicode and never changes with the system's C library.
        if self.programs.major >= 17 {
            initdb.args(["--locale", "C", "--locale-provider", "builtin"]);
            initdb.args(["--builtin-locale", "C.UTF-8"]);
        } else if Path::new("/usr/lib/locale/C.utf8").exists() {
            initdb.args(["--locale", "C.UTF-8"]);
        } else {
            initdb.args(["--locale", "C"]);
        }
        if self.durability == Durability::None {
            initdb.arg("--no-sync");
        }
        initdb
    }

    /// Writes the configuration; safe to repeat, done at every start.
    pub(super) fn configure(&self) -> Result<(), ServerError> {
        let socket = self.socket.to_string_lossy().replace('\'', "''");
        self.write("sigilo.conf", &settings(&socket, self.durability))?;
        self.write("pg_hba.conf", HBA)?;
        let path = self.folder.join("postgresql.conf");
        let main = fs::read_to_string(&path).map_err(ServerError::file("ler", &path))?;
        if !main.lines().any(|line| line.trim() == INCLUDE) {
            self.write("postgresql.conf", &format!("{main}\n{INCLUDE}\n"))?;
        }
        Ok(())
    }

    fn write(&self, name: &str, text: &str) -> Result<(), ServerError> {
        let path = self.folder.join(name);
        write_whole(&path, text.as_bytes(), self.account.switched())
    }

    /// Gives the superuser the password in `secrets`, for when the old one was lost. Whoever owns
    /// the files owns the database, so this opens nothing.
    pub(super) fn reset_superuser(&self, secrets: &Secrets) -> Result<(), ServerError> {
        use std::io::Write;
        let mut single = self.account.command(&self.programs.postgres());
        let mut child = single
            .args(["--single", "-D"])
            .arg(&self.folder)
            .arg("postgres")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(ServerError::file("executar", &self.programs.postgres()))?;
        let sql = Zeroizing::new(format!("ALTER ROLE {SUPERUSER} PASSWORD '{}'\n", secrets.superuser()));
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(sql.as_bytes()).map_err(ServerError::file("executar", &self.programs.postgres()))?;
        }
        let output = child.wait_with_output().map_err(ServerError::file("executar", &self.programs.postgres()))?;
        if output.status.success() {
            Ok(())
        } else {
            Err(ServerError::Program { program: "postgres --single", output: tail(&output.stderr) })
        }
    }
}

fn run(program: &'static str, command: &mut Command) -> Result<(), ServerError> {
    let path = PathBuf::from(command.get_program());
    let output = command.stdin(Stdio::null()).output().map_err(ServerError::file("executar", &path))?;
    if output.status.success() {
        return Ok(());
    }
    Err(ServerError::Program { program, output: tail(&output.stderr) })
}

/// The last lines of what a program said.
pub(super) fn tail(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<_> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}

/// `sigilo.conf`. The log tells the server's own life (level `log` and above leaves statement errors
/// out) and never a statement, a parameter or a row's values: those can be a patient's.
fn settings(socket: &str, durability: Durability) -> String {
    let memory = memory_megabytes().unwrap_or(2048);
    let shared = match durability {
        Durability::Full => (memory / 8).clamp(128, 2048),
        Durability::None => 128,
    };
    let cache = (memory / 2).max(512);
    let mut text = format!(
        "# Escrito pelo Sigilo a cada partida; mudanças vão em postgresql.auto.conf (ALTER SYSTEM).\n\
         listen_addresses = ''\n\
         port = 5432\n\
         unix_socket_directories = '{socket}'\n\
         unix_socket_permissions = 0700\n\
         password_encryption = 'scram-sha-256'\n\
         timezone = 'UTC'\n\
         log_timezone = 'UTC'\n\
         lc_messages = 'C'\n\
         shared_buffers = '{shared}MB'\n\
         effective_cache_size = '{cache}MB'\n\
         random_page_cost = 1.1\n\
         jit = off\n\
         max_wal_size = '2GB'\n\
         logging_collector = on\n\
         log_destination = 'stderr'\n\
         log_directory = 'log'\n\
         log_filename = 'postgresql-%a.log'\n\
         log_file_mode = 0600\n\
         log_rotation_age = '1d'\n\
         log_rotation_size = 0\n\
         log_truncate_on_rotation = on\n\
         log_line_prefix = '%m [%p] '\n\
         log_min_messages = log\n\
         log_min_error_statement = panic\n\
         log_error_verbosity = terse\n\
         log_statement = 'none'\n\
         log_duration = off\n\
         log_min_duration_statement = -1\n\
         log_min_duration_sample = -1\n\
         log_transaction_sample_rate = 0\n\
         log_parameter_max_length = 0\n\
         log_parameter_max_length_on_error = 0\n\
         log_lock_waits = on\n"
    );
    text.push_str(match durability {
        Durability::Full => "max_connections = 130\nwal_compression = on\n",
        // Copying a template logs each page, and compressing them took ten times as long as the copy.
        Durability::None => {
            "max_connections = 400\n\
             wal_compression = off\n\
             fsync = off\n\
             synchronous_commit = off\n\
             full_page_writes = off\n\
             wal_level = minimal\n\
             max_wal_senders = 0\n"
        }
    });
    text
}

fn memory_megabytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1024)
}
