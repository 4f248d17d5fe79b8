//! The pools, one a role, private to this crate.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts};
use tokio::sync::Semaphore;
use tokio_postgres::{Config, NoTls, types::ToSql};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    Error, Result,
    server::{DatabaseUrl, DatabaseUrls},
    statements::{suspicion, trail},
    trail::SealTx,
    tx::{JobTx, ReadTx, SignInTx, Transaction, WriteTx},
    {Client, Event, Session},
};

/// The database of one installation. Cheap to clone.
///
/// There is no way to a connection from outside: each method opens a transaction in somebody's name.
#[derive(Clone)]
pub struct Db {
    app: Pool,
    auth: Pool,
    jobs: Pool,
    sealer: Pool,
    console: Arc<Console>,
}

/// The key with which the trail encrypts what a record said before and after a change: of this process, for this database.
pub struct ImageKey {
    id: Uuid,
    secret: Zeroizing<String>,
}

impl ImageKey {
    /// A key of 32 random bytes, with a name of its own.
    pub fn from_random(bytes: &[u8; 32]) -> ImageKey {
        let mut secret = Zeroizing::new(String::with_capacity(64));
        for byte in bytes {
            // Writing to a text does not fail.
            let _ = write!(secret, "{byte:02x}");
        }
        ImageKey { id: Uuid::now_v7(), secret }
    }

    /// Its name.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Tells a connection the key, for as long as it lasts.
    fn hook(self: &Arc<ImageKey>) -> Hook {
        let key = self.clone();
        Hook::async_fn(move |client, _| {
            let key = key.clone();
            Box::pin(async move {
                let params: &[&(dyn ToSql + Sync)] = &[&key.secret.as_str(), &key.id.to_string()];
                client.query_one(trail::TELL_IMAGE_KEY, params).await.map(drop).map_err(HookError::Backend)
            })
        })
    }
}

/// How many statements of the console run at once.
const CONSOLE_PLACES: usize = 4;

/// What the audit console connects with, anew for each statement.
pub(crate) struct Console {
    pub(crate) config: Config,
    pub(crate) places: Semaphore,
}

impl Db {
    /// Prepares the pools; connections are made as they are needed.
    ///
    /// # Errors
    /// [`Error::Other`] when a connection string cannot be read.
    pub fn new(urls: &DatabaseUrls, connections: usize) -> Result<Db> {
        Db::with_images(urls, connections, None)
    }

    /// The same, with a key under which the trail keeps what changed records said. Without one it keeps commitments alone.
    ///
    /// # Errors
    /// As [`Db::new`].
    pub fn with_images(urls: &DatabaseUrls, connections: usize, key: Option<ImageKey>) -> Result<Db> {
        let key = key.map(Arc::new);
        let key = key.as_ref();
        Ok(Db {
            app: pool(&urls.app, connections, key)?,
            auth: pool(&urls.auth, connections.div_ceil(2), key)?,
            jobs: pool(&urls.jobs, 2, key)?,
            sealer: pool(&urls.sealer, 3, None)?,
            console: Arc::new(Console { config: console(&urls.console)?, places: Semaphore::new(CONSOLE_PLACES) }),
        })
    }

    /// Runs `work` in a read-only transaction of a session.
    ///
    /// # Errors
    /// [`Error::NotSignedIn`] or [`Error::Locked`] from the session; otherwise what `work` says.
    pub async fn read<T, E>(&self, session: &Session, work: impl AsyncFnOnce(&ReadTx) -> Result<T, E>) -> Result<T, E>
    where
        E: From<Error>,
    {
        let tx = ReadTx::open(self.connection(&self.app).await?, session, false).await?;
        match work(&tx).await {
            Ok(value) => tx.tx.commit().await.map(|()| value).map_err(E::from),
            Err(error) => {
                tx.tx.rollback().await;
                Err(error)
            }
        }
    }

    /// Runs `work` in a transaction of a session. It returns its value *with the event for the trail*; both are
    /// committed, or neither is.
    ///
    /// # Errors
    /// [`Error::NotSignedIn`] or [`Error::Locked`] from the session; otherwise what `work` says.
    pub async fn write<T, E>(
        &self,
        session: &Session,
        work: impl AsyncFnOnce(&WriteTx) -> Result<(T, Event), E>,
    ) -> Result<T, E>
    where
        E: From<Error>,
    {
        let tx = WriteTx(ReadTx::open(self.connection(&self.app).await?, session, true).await?);
        match work(&tx).await {
            Ok((value, event)) => tx.0.tx.commit_with(&event).await.map(|()| value).map_err(E::from),
            Err(error) => {
                tx.0.tx.rollback().await;
                Err(error)
            }
        }
    }

    /// Notes that a session was refused at a route, by its pattern: the event is the whole transaction.
    ///
    /// # Errors
    /// [`Error::NotSignedIn`] or [`Error::Locked`] from the session; [`Error::Rule`] for what is no pattern.
    pub async fn refused(&self, session: &Session, route: &str, status: i32) -> Result<()> {
        let tx = ReadTx::open(self.connection(&self.app).await?, session, true).await?;
        tx.tx.commit_after(suspicion::REFUSED, &[&route, &status]).await
    }

    /// Runs `work` as the sign-in code: accounts, factors, sessions, and the two logs. No business table.
    ///
    /// # Errors
    /// What `work` says, or that the database is away.
    pub async fn sign_in<T, E>(
        &self,
        client: &Client,
        work: impl AsyncFnOnce(&SignInTx) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<Error>,
    {
        let tx = SignInTx(Transaction::describe(self.connection(&self.auth).await?, client).await?);
        match work(&tx).await {
            Ok(value) => tx.0.commit().await.map(|()| value).map_err(E::from),
            Err(error) => {
                tx.0.rollback().await;
                Err(error)
            }
        }
    }

    /// Runs one bounded piece of a job of the scheduler.
    ///
    /// # Errors
    /// What `work` says, or that the database is away.
    pub(crate) async fn job<T>(&self, work: impl AsyncFnOnce(&JobTx) -> Result<T>) -> Result<T> {
        let tx = JobTx(Transaction::begin(self.connection(&self.jobs).await?).await?);
        match work(&tx).await {
            Ok(value) => tx.0.commit().await.map(|()| value),
            Err(error) => {
                tx.0.rollback().await;
                Err(error)
            }
        }
    }

    /// Runs `work` as the sealer, in a transaction that sees one instant from beginning to end.
    ///
    /// # Errors
    /// What `work` says, or that the database is away.
    pub async fn seal<T, E>(&self, work: impl AsyncFnOnce(&SealTx) -> Result<T, E>) -> Result<T, E>
    where
        E: From<Error>,
    {
        let tx = SealTx(Transaction::begin_frozen(self.connection(&self.sealer).await?).await?);
        match work(&tx).await {
            Ok(value) => tx.0.commit().await.map(|()| value).map_err(E::from),
            Err(error) => {
                tx.0.rollback().await;
                Err(error)
            }
        }
    }

    /// A connection of the scheduler's role for as long as it leads.
    pub(crate) async fn leader_connection(&self) -> Result<Object> {
        self.connection(&self.jobs).await
    }

    pub(crate) fn console(&self) -> &Console {
        &self.console
    }

    async fn connection(&self, pool: &Pool) -> Result<Object> {
        Ok(pool.get().await?)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not.
    pub async fn check(&self) -> Result<()> {
        let object = self.connection(&self.app).await?;
        object.batch_execute("").await.map_err(Error::from)
    }
}

fn config(url: &DatabaseUrl) -> Result<Config> {
    let mut config: Config = url.expose().parse::<Config>().map_err(|_| Error::Other("connection string".into()))?;
    config.connect_timeout(Duration::from_secs(5)).application_name("sigilo");
    Ok(config)
}

/// The guard of the console reads texts as standard SQL has them, whatever the server's own setting.
fn console(url: &DatabaseUrl) -> Result<Config> {
    let mut config = config(url)?;
    let options = config.get_options().unwrap_or_default();
    let options = format!("{options} -c standard_conforming_strings=on");
    config.options(options.trim());
    Ok(config)
}

pub(crate) fn pool(url: &DatabaseUrl, size: usize, key: Option<&Arc<ImageKey>>) -> Result<Pool> {
    let manager = Manager::from_config(config(url)?, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    let mut builder = Pool::builder(manager);
    if let Some(key) = key {
        builder = builder.post_create(key.hook());
    }
    builder
        .max_size(size.max(2))
        .runtime(Runtime::Tokio1)
        .timeouts(Timeouts {
            wait: Some(Duration::from_secs(5)),
            create: Some(Duration::from_secs(5)),
            recycle: Some(Duration::from_secs(2)),
        })
        .build()
        .map_err(|_| Error::Other("connection pool".into()))
}
