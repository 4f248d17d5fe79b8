//! The database server: one that Sigilo makes and looks after by itself, or the operator's own.
//!
//! Without `DATABASE_URL`, [`Server::open`] makes a private PostgreSQL cluster in the data folder
//! (socket only, no TCP, passwords for everyone, never as root), keeps it running while the value
//! lives and stops it on drop. With `DATABASE_URL` it checks that the operator's server has what
//! Sigilo needs.

mod account;
mod cluster;
mod copy;
mod databases;
mod error;
mod examine;
mod findings;
mod folder;
mod keystore;
mod process;
mod programs;
mod roles;
mod secrets;
mod settings;
mod urls;

use std::fs::File;
use std::path::{Path, PathBuf};

pub use copy::{CopyPrograms, Snapshot, Staging, destroyed_keys, remove_data, rows_of};
pub use databases::{create_database, drop_database};
pub use error::ServerError;
pub use examine::{examine_database, examine_machine};
pub use findings::{Finding, Findings, Level};
pub use keystore::{KEYSTORE_SQL, KeystoreUrls, create_keystore, saved_keystore};
pub use programs::{OLDEST_MAJOR, Programs};
pub use roles::ROLES_SQL;
pub use settings::{Durability, ServerSettings};
pub use urls::{DatabaseUrl, DatabaseUrls, Role};

use account::Account;
use cluster::Cluster;
use folder::DataFolder;
use process::Supervisor;
use secrets::{DATABASE, Secrets};

/// An open database server. A managed one stops when this is dropped.
pub struct Server {
    urls: DatabaseUrls,
    keystore: Option<KeystoreUrls>,
    managed: Option<Managed>,
}

struct Managed {
    // Dropped in this order: the server stops before another process may take the folder.
    supervisor: Supervisor,
    _lock: File,
    version: String,
}

impl Server {
    /// Opens the server that `settings` name, making what is missing. `progress` gets short
    /// sentences for the person who waits.
    ///
    /// Blocks the calling thread while PostgreSQL's programs run (a second or two the first time),
    /// so call it at start-up, before serving.
    ///
    /// # Errors
    ///
    /// Every [`ServerError`] is a Portuguese sentence that says what to do.
    pub async fn open(settings: &ServerSettings, progress: &(dyn Fn(&str) + Sync)) -> Result<Self, ServerError> {
        if let Some(urls) = &settings.external {
            return Self::open_external(urls.clone(), settings.keystore.clone()).await;
        }
        let data = DataFolder::open(&settings.data, true)?;
        let lock = data.lock()?;
        let existing = data.newest_cluster()?;
        let known = existing.as_ref().map(|(path, major)| (path.as_path(), *major));
        let account = Account::choose(data.path(), known.map(|(path, _)| path))?;
        account.check_reach(data.path())?;
        let programs = programs::search(settings.programs.as_deref(), data.path()).pick(&account, known)?;

        let saved = Secrets::read(&data)?;
        let unsaved = saved.is_none();
        let mut secrets = saved.unwrap_or_else(Secrets::fresh);
        let socket = data.socket_folder(&account, secrets.socket())?;
        let completed = secrets.complete();
        if secrets.set_socket(&socket) || unsaved || completed {
            secrets.write(&data)?;
        }
        let version = programs.version.clone();
        let cluster = Cluster {
            folder: known.map_or_else(|| data.cluster(programs.major), |(path, _)| path.to_owned()),
            programs,
            account,
            socket,
            durability: settings.durability,
        };
        if existing.is_some() {
            cluster.account.own_if_roots(&cluster.folder)?;
            if process::stop_orphan(&cluster.folder)? {
                progress("Um PostgreSQL tinha ficado ligado sem o Sigilo; encerrei e vou ligar de novo.");
            }
        } else {
            progress("Criando o banco de dados…");
            cluster.create(&secrets)?;
        }
        cluster.configure()?;

        progress("Ligando o PostgreSQL…");
        let mut supervisor = Supervisor::start(cluster.clone(), data.clone()).await?;
        let mut ready = roles::bootstrap(&secrets).await;
        if let Err(ServerError::PasswordRefused) = ready {
            progress("As senhas guardadas não são as deste banco; gravando senhas novas nele…");
            supervisor.stop()?;
            cluster.reset_superuser(&secrets)?;
            supervisor = Supervisor::start(cluster, data.clone()).await?;
            ready = roles::bootstrap(&secrets).await;
        }
        ready?;
        let keystore = match &settings.keystore {
            Some(urls) => urls.clone(),
            None => keystore::bootstrap(&data, &secrets, DATABASE).await?,
        };
        Ok(Self {
            urls: secrets.urls(DATABASE),
            keystore: Some(keystore),
            managed: Some(Managed { supervisor, _lock: lock, version }),
        })
    }

    async fn open_external(urls: DatabaseUrls, keystore: Option<KeystoreUrls>) -> Result<Self, ServerError> {
        let findings = examine_database(&urls).await;
        if findings.worst() == Level::Fail {
            return Err(ServerError::External(findings));
        }
        Ok(Self { urls, keystore, managed: None })
    }

    /// The connection strings, one a role.
    pub fn urls(&self) -> &DatabaseUrls {
        &self.urls
    }

    /// The keystore's connection strings; `None` beside the operator's own server when it was given no keystore.
    pub fn keystore(&self) -> Option<&KeystoreUrls> {
        self.keystore.as_ref()
    }

    /// The version of the managed server's programs; `None` for the operator's own server.
    pub fn version(&self) -> Option<&str> {
        self.managed.as_ref().map(|m| m.version.as_str())
    }

    /// The managed server's process id, while it runs.
    pub fn pid(&self) -> Option<i32> {
        self.managed.as_ref().and_then(|m| m.supervisor.pid())
    }

    /// Stops a managed server and waits for its end, as dropping it does; says when it would not.
    ///
    /// # Errors
    ///
    /// [`ServerError::WillNotStop`].
    pub fn stop(self) -> Result<(), ServerError> {
        match &self.managed {
            Some(managed) => managed.supervisor.stop(),
            None => Ok(()),
        }
    }

    /// Leaves a managed server running, unwatched, and gives its process id. For test clusters that
    /// several processes share; the next [`Server::open`] on the folder would stop it.
    pub fn leave_running(self) -> Option<i32> {
        let managed = self.managed.as_ref()?;
        managed.supervisor.leave();
        managed.supervisor.pid()
    }
}

/// The connection strings saved in a data folder, whether or not its server runs now.
///
/// # Errors
///
/// [`ServerError::NoDatabase`] before the first start, and what keeps the file from being read.
pub fn saved_urls(data: &Path) -> Result<DatabaseUrls, ServerError> {
    Ok(saved(data)?.urls(DATABASE))
}

/// The bootstrap superuser's connection to `database` on a managed server. For tests and mending;
/// the product itself never uses it after start-up.
///
/// # Errors
///
/// As [`saved_urls`].
pub fn saved_superuser_url(data: &Path, database: &str) -> Result<DatabaseUrl, ServerError> {
    Ok(saved(data)?.superuser_url(database))
}

/// As [`saved_urls`], for another database of the same server.
///
/// # Errors
///
/// As [`saved_urls`].
pub fn saved_urls_for(data: &Path, database: &str) -> Result<DatabaseUrls, ServerError> {
    Ok(saved(data)?.urls(database))
}

fn saved(data: &Path) -> Result<Secrets, ServerError> {
    let absent = || ServerError::NoDatabase(PathBuf::from(data));
    if !data.exists() {
        return Err(absent());
    }
    Secrets::read(&DataFolder::open(data, false)?)?.ok_or_else(absent)
}
