//! Which server to open, from the command line and the environment.

use std::env;
use std::path::PathBuf;
use std::str::FromStr;

use super::error::ServerError;
use super::keystore::KeystoreUrls;
use super::urls::{DatabaseUrl, DatabaseUrls};

/// What [`Server::open`](super::Server::open) opens.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// The folder that holds the managed server and its passwords.
    pub data: PathBuf,
    /// The folder of PostgreSQL's programs, when the operator names it (`SIGILO_PG_BIN`).
    pub programs: Option<PathBuf>,
    /// The operator's own server, instead of a managed one.
    pub external: Option<DatabaseUrls>,
    /// The operator's own keystore, instead of one beside the managed database.
    pub keystore: Option<KeystoreUrls>,
    /// Whether a managed server keeps what it wrote through a power cut.
    pub durability: Durability,
}

/// Whether data must survive a power cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Everything committed survives.
    #[default]
    Full,
    /// Fast and forgetful, with many connections: test clusters only.
    None,
}

impl ServerSettings {
    /// A managed server in `data`, with the programs that `SIGILO_PG_BIN` names, if it does.
    pub fn managed(data: PathBuf) -> Self {
        let programs = env::var_os("SIGILO_PG_BIN").map(PathBuf::from);
        Self { data, programs, external: None, keystore: None, durability: Durability::Full }
    }

    /// What the environment says: `SIGILO_PG_BIN`, or `DATABASE_URL` (the owner's) together with
    /// `DATABASE_URL_APP`, `_AUTH`, `_JOBS`, `_AUDITOR`, `_CONSOLE` and `_SEALER`; and `KEYSTORE_URL` (the owner's) with
    /// `KEYSTORE_URL_KEYS`, for a keystore elsewhere.
    ///
    /// # Errors
    ///
    /// [`ServerError::Setting`] for a connection string that is missing beside `DATABASE_URL` or
    /// malformed.
    pub fn from_env(data: PathBuf) -> Result<Self, ServerError> {
        let mut settings = Self::managed(data);
        if env::var_os("DATABASE_URL").is_some_and(|value| !value.is_empty()) {
            settings.external = Some(DatabaseUrls {
                owner: url("DATABASE_URL")?,
                app: url("DATABASE_URL_APP")?,
                auth: url("DATABASE_URL_AUTH")?,
                jobs: url("DATABASE_URL_JOBS")?,
                auditor: url("DATABASE_URL_AUDITOR")?,
                console: url("DATABASE_URL_CONSOLE")?,
                sealer: url("DATABASE_URL_SEALER")?,
            });
        }
        if env::var_os("KEYSTORE_URL").is_some_and(|value| !value.is_empty()) {
            settings.keystore = Some(KeystoreUrls { owner: url("KEYSTORE_URL")?, keys: url("KEYSTORE_URL_KEYS")? });
        }
        Ok(settings)
    }
}

fn url(variable: &'static str) -> Result<DatabaseUrl, ServerError> {
    let wrong = |reason| ServerError::Setting { variable, reason };
    let text = env::var(variable).map_err(|_| {
        wrong("falta esta conexão; com DATABASE_URL ou KEYSTORE_URL é preciso dar a de cada papel (rode sigilo doctor)")
    })?;
    tokio_postgres::Config::from_str(&text)
        .map_err(|_| wrong("não é uma conexão válida (postgresql://papel:senha@servidor/banco)"))?;
    Ok(DatabaseUrl::new(text))
}
