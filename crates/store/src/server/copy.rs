//! What carries whole databases away and back: PostgreSQL's own programs, an instant that rows are counted at, and a place
//! beside the product's databases where a copy is put together before it takes their place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;

use tokio_postgres::{Client, Config, NoTls, config::Host};
use uuid::Uuid;

use super::error::ServerError;
use super::keystore::{self, KeystoreUrls};
use super::secrets::DATABASE;
use super::settings::ServerSettings;
use super::urls::{DatabaseUrl, DatabaseUrls};
use super::{folder::DataFolder, process, programs, roles, saved};
use crate::keystore::Subject;

/// Where a copy is put together; the keystore's lies beside it.
const STAGED: &str = "sigilo_retorno";
/// Where the empty databases go that a copy replaces.
const REPLACED: &str = "sigilo_antigo";

/// `pg_dump` and `pg_restore` of one version.
#[derive(Clone, Debug)]
pub struct CopyPrograms {
    folder: PathBuf,
    /// The major version.
    pub major: u32,
}

impl CopyPrograms {
    /// The programs for the cluster in the data folder; without one, the newest here.
    ///
    /// # Errors
    /// [`ServerError::NoPrograms`] when `pg_dump` or `pg_restore` is missing beside the server, as in the embedded one.
    pub fn find(settings: &ServerSettings) -> Result<Self, ServerError> {
        let cluster = match settings.data.exists() {
            true => DataFolder::open(&settings.data, false)?.newest_cluster()?.map(|(_, major)| major),
            false => None,
        };
        let mut search = programs::search(settings.programs.as_deref(), &settings.data);
        for found in search.found {
            if cluster.is_some_and(|major| major != found.major) {
                continue;
            }
            if found.folder.join("pg_dump").is_file() && found.folder.join("pg_restore").is_file() {
                return Ok(Self { folder: found.folder, major: found.major });
            }
            search.rejected.push(format!("{}: não contém pg_dump e pg_restore", found.folder.display()));
        }
        Err(ServerError::NoPrograms { rejected: search.rejected })
    }

    /// A command that writes the whole database to standard output, in PostgreSQL's custom format, as `snapshot` shows it.
    ///
    /// # Errors
    /// [`ServerError::Setting`] for a connection string that cannot be read.
    pub fn dump(&self, url: &DatabaseUrl, snapshot: &str) -> Result<Command, ServerError> {
        let mut command = self.command("pg_dump", url)?;
        command.args(["--format=custom", "--verbose", "--no-password"]).arg(format!("--snapshot={snapshot}"));
        Ok(command)
    }

    /// A command that puts what it reads from standard input into a database, whole or not at all.
    ///
    /// # Errors
    /// As [`CopyPrograms::dump`].
    pub fn restore(&self, url: &DatabaseUrl) -> Result<Command, ServerError> {
        let mut command = self.command("pg_restore", url)?;
        let name = config(url)?.get_dbname().unwrap_or_default().to_owned();
        command.args(["--single-transaction", "--exit-on-error", "--verbose", "--no-password"]);
        command.arg(format!("--dbname={name}"));
        Ok(command)
    }

    /// The connection goes through the environment: arguments are seen by everybody on the machine.
    fn command(&self, program: &str, url: &DatabaseUrl) -> Result<Command, ServerError> {
        let config = config(url)?;
        let mut command = Command::new(self.folder.join(program));
        command.env_clear().env("LC_ALL", "C").env("TZ", "UTC").current_dir("/");
        match config.get_hosts().first() {
            Some(Host::Unix(folder)) => drop(command.env("PGHOST", folder)),
            Some(Host::Tcp(name)) => drop(command.env("PGHOST", name)),
            None => {}
        }
        command.env("PGPORT", config.get_ports().first().copied().unwrap_or(5432).to_string());
        command.env("PGUSER", config.get_user().unwrap_or_default());
        command.env("PGDATABASE", config.get_dbname().unwrap_or_default());
        if let Some(password) = config.get_password() {
            command.env("PGPASSWORD", String::from_utf8_lossy(password).as_ref());
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(command)
    }
}

fn config(url: &DatabaseUrl) -> Result<Config, ServerError> {
    let wrong = ServerError::Setting { variable: "DATABASE_URL", reason: "não é uma conexão válida" };
    Config::from_str(url.expose()).map_err(|_| wrong)
}

/// A database at one instant, for as long as the value lives.
pub struct Snapshot {
    /// What `pg_dump --snapshot` takes.
    pub name: String,
    /// The number of the last migration; none in an empty database.
    pub schema: Option<i64>,
    /// How many rows each table has, by schema and name.
    pub tables: BTreeMap<String, u64>,
    /// How much disk it takes.
    pub bytes: u64,
    _client: Client,
}

impl Snapshot {
    /// Looks at a database with a role that no row security binds.
    ///
    /// # Errors
    /// What PostgreSQL refuses.
    pub async fn take(url: &DatabaseUrl) -> Result<Self, ServerError> {
        let refused = || ServerError::database("a leitura para a cópia");
        let (client, connection) = tokio_postgres::connect(url.expose(), NoTls).await.map_err(refused())?;
        tokio::spawn(connection);
        // A row that security hides would silently be missing in the copy: with this, it is an error.
        client
            .batch_execute("SET row_security = off; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await
            .map_err(refused())?;
        let sql = "SELECT pg_export_snapshot(), pg_database_size(current_database()), to_regclass('ops._sqlx_migrations') IS NOT NULL";
        let row = client.query_one(sql, &[]).await.map_err(refused())?;
        let schema = match row.get(2) {
            true => {
                let sql = "SELECT max(version) FROM ops._sqlx_migrations";
                client.query_one(sql, &[]).await.map_err(refused())?.get(0)
            }
            false => None,
        };
        let tables = counts(&client).await?;
        let bytes: i64 = row.get(1);
        Ok(Self { name: row.get(0), schema, tables, bytes: bytes.unsigned_abs(), _client: client })
    }
}

async fn counts(client: &Client) -> Result<BTreeMap<String, u64>, ServerError> {
    let refused = || ServerError::database("a contagem das linhas");
    let sql =
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname !~ '^(pg_|information_schema$)'";
    let mut counts = BTreeMap::new();
    for row in client.query(sql, &[]).await.map_err(refused())? {
        let name: String = row.get(0);
        let counted = client.query_one(&format!("SELECT count(*) FROM {name}"), &[]).await.map_err(refused())?;
        counts.insert(name, counted.get::<_, i64>(0).unsigned_abs());
    }
    Ok(counts)
}

/// Whose keys a keystore itself says were destroyed.
///
/// # Errors
/// What PostgreSQL refuses.
pub async fn destroyed_keys(url: &DatabaseUrl) -> Result<Vec<Subject>, ServerError> {
    let sql = "SELECT DISTINCT clinic_id, subject_id FROM public.subject_keys WHERE state = 'destroyed'";
    let client = roles::connect(url.expose()).await?;
    let rows = client.query(sql, &[]).await.map_err(ServerError::database("a leitura das destruições"))?;
    Ok(rows.iter().map(|row| Subject { clinic: row.get::<_, Uuid>(0), subject: row.get::<_, Uuid>(1) }).collect())
}

/// Runs a statement that only reads, and gives how many rows there are.
///
/// # Errors
/// What PostgreSQL refuses.
pub async fn rows_of(url: &DatabaseUrl, sql: &str) -> Result<usize, ServerError> {
    let refused = || ServerError::database("a consulta");
    let client = roles::connect(url.expose()).await?;
    client.batch_execute("BEGIN READ ONLY").await.map_err(refused())?;
    Ok(client.query(sql, &[]).await.map_err(refused())?.len())
}

/// The databases that a copy is put together in, on a running managed server.
pub struct Staging {
    data: PathBuf,
    /// The product's, as a superuser.
    pub application: DatabaseUrl,
    /// The keystore, as a superuser.
    pub keystore: DatabaseUrl,
    /// The product's, one connection a role.
    pub application_urls: DatabaseUrls,
    /// The keystore, one connection a role.
    pub keystore_urls: KeystoreUrls,
}

impl Staging {
    /// Makes them anew, empty.
    ///
    /// # Errors
    /// [`ServerError::NotEmpty`] when the installation already has data; what PostgreSQL refuses.
    pub async fn make(data: &Path) -> Result<Self, ServerError> {
        let secrets = saved(data)?;
        let keystore_name = keystore::beside(STAGED);
        for name in [DATABASE.to_owned(), keystore::beside(DATABASE)] {
            let client = roles::connect(secrets.superuser_url(&name).expose()).await?;
            let sql = "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                        WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|information_schema$)')";
            let used = client.query_one(sql, &[]).await.map_err(ServerError::database("a leitura do banco"))?;
            if used.get(0) {
                return Err(ServerError::NotEmpty(data.to_owned()));
            }
        }
        let maintenance = roles::connect(secrets.superuser_url("postgres").expose()).await?;
        for name in [STAGED.to_owned(), keystore_name.clone(), REPLACED.to_owned(), keystore::beside(REPLACED)] {
            remove(&maintenance, &name).await?;
        }
        // The rights inside come with the copy; on what they bring along the guards would be in the way.
        roles::prepare_database(&maintenance, &secrets, STAGED).await?;
        let (_, outside, _) = roles::parts(keystore::KEYSTORE_SQL);
        roles::run(&maintenance, outside, &secrets, &keystore_name).await?;
        Ok(Self {
            application: secrets.superuser_url(STAGED),
            keystore: secrets.superuser_url(&keystore_name),
            application_urls: secrets.urls(STAGED),
            keystore_urls: keystore::saved_beside(data, STAGED)?,
            data: data.to_owned(),
        })
    }

    /// Sets what this product's version sets inside both, once the copy is in them.
    ///
    /// # Errors
    /// What PostgreSQL refuses.
    pub async fn set_rights(&self) -> Result<(), ServerError> {
        let secrets = saved(&self.data)?;
        let client = roles::connect(self.application.expose()).await?;
        roles::prepare_inside(&client, &secrets, STAGED).await?;
        let client = roles::connect(self.keystore.expose()).await?;
        let (_, _, inside) = roles::parts(keystore::KEYSTORE_SQL);
        roles::run(&client, inside, &secrets, &keystore::beside(STAGED)).await
    }

    /// Removes both: what could not be put together whole.
    ///
    /// # Errors
    /// What PostgreSQL refuses.
    pub async fn discard(&self) -> Result<(), ServerError> {
        let maintenance = roles::connect(saved(&self.data)?.superuser_url("postgres").expose()).await?;
        remove(&maintenance, STAGED).await?;
        remove(&maintenance, &keystore::beside(STAGED)).await
    }

    /// Puts both in the place of the empty ones, in one transaction.
    ///
    /// # Errors
    /// What PostgreSQL refuses; then nothing has changed.
    pub async fn put_in_place(&self) -> Result<(), ServerError> {
        let secrets = saved(&self.data)?;
        let refused = || ServerError::database("a troca dos bancos");
        let maintenance = roles::connect(secrets.superuser_url("postgres").expose()).await?;
        let names = [DATABASE, STAGED].map(|name| [name.to_owned(), keystore::beside(name)]).concat();
        // A database with connections cannot be renamed.
        maintenance
            .execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = ANY ($1)",
                &[&names],
            )
            .await
            .map_err(refused())?;
        let mut sql = String::from("BEGIN;");
        for (from, to) in [(DATABASE, REPLACED), (STAGED, DATABASE)] {
            sql.push_str(&format!("ALTER DATABASE {from} RENAME TO {to};"));
            sql.push_str(&format!("ALTER DATABASE {} RENAME TO {};", keystore::beside(from), keystore::beside(to)));
        }
        sql.push_str("COMMIT");
        maintenance.batch_execute(&sql).await.map_err(refused())?;
        remove(&maintenance, REPLACED).await?;
        remove(&maintenance, &keystore::beside(REPLACED)).await
    }
}

async fn remove(maintenance: &Client, name: &str) -> Result<(), ServerError> {
    let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    maintenance.batch_execute(&sql).await.map_err(ServerError::database("a remoção de um banco"))
}

/// Removes a data folder with its server, whoever left it running: what a drill that was killed leaves behind.
///
/// # Errors
/// [`ServerError::WillNotStop`], [`ServerError::File`].
pub fn remove_data(data: &Path) -> Result<(), ServerError> {
    if !data.exists() {
        return Ok(());
    }
    if let Some((cluster, _)) = DataFolder::open(data, false)?.newest_cluster()? {
        process::stop_orphan(&cluster)?;
    }
    // It lies elsewhere where the folder's own path is too long for a socket.
    if let Ok(secrets) = saved(data)
        && let Some(socket) = secrets.socket().filter(|socket| !socket.starts_with(data))
    {
        let _ = std::fs::remove_dir_all(socket);
    }
    std::fs::remove_dir_all(data).map_err(ServerError::file("apagar", data))
}
