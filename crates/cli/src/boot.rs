//! From nothing to an installation that answers.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use uuid::Uuid;

use sigilo_domain::SystemClock;
use sigilo_features::{
    App, Client,
    evidence::{Sealer, new_image_key},
};
use sigilo_proof::Keyring;
use sigilo_store::{
    Db, ImageKey,
    keystore::{Keystore, Limits},
    migrate, migrate_keystore,
    rights::destroyed,
    server::{DatabaseUrls, Server, ServerSettings},
    setup::Owner,
};

use crate::{
    args::{SiteArgs, Trouble},
    assistant,
    db::DataArgs,
    keys::{self, CustodyArgs},
};

/// Everything that must stay alive while the site is up. The database server stops when this is dropped.
pub struct Installation {
    /// The use cases.
    pub app: App,
    /// Where the site will listen.
    pub listener: TcpListener,
    /// The database server.
    pub server: Server,
    /// What seals the trail; none when its key is missing or another one, which was said.
    pub sealer: Option<Sealer>,
    /// The data folder.
    pub folder: PathBuf,
}

/// A log on standard error: human on a terminal, one JSON object a line elsewhere.
pub fn start_log() {
    use std::io::IsTerminal;
    let filter = EnvFilter::try_from_env("SIGILO_LOG").unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        log.with_target(false).init();
    } else {
        log.json().init();
    }
}

/// Starts the database that the environment names, or a managed one in the data folder, and what [`start_on`] starts.
///
/// # Errors
/// A sentence in Portuguese that says what to do.
pub async fn start(
    data: &DataArgs,
    site: &SiteArgs,
    custody: &CustodyArgs,
    demo: bool,
) -> Result<Installation, Trouble> {
    let folder = if demo { data.demo_folder() } else { data.folder() };
    start_on(ServerSettings::from_env(folder)?, site, custody, demo).await
}

/// Starts a database, brings its schema up to date and puts the application together.
///
/// # Errors
/// A sentence in Portuguese that says what to do.
pub async fn start_on(
    database: ServerSettings,
    site: &SiteArgs,
    custody: &CustodyArgs,
    demo: bool,
) -> Result<Installation, Trouble> {
    let progress = |text: &str| eprintln!("  {text}");
    let listener = TcpListener::bind(site.listen)
        .await
        .map_err(|e| Trouble(format!("não foi possível atender em {}: {e}. Use --listen IP:PORTA.", site.listen)))?;
    let port = listener.local_addr().map_err(|e| Trouble(e.to_string()))?.port();
    let folder = database.data.clone();
    let server = Server::open(&database, &progress).await?;
    progress("Conferindo a estrutura do banco de dados…");
    migrate(server.urls().owner.expose()).await?;
    if let Some(keystore) = server.keystore() {
        migrate_keystore(keystore.owner.expose()).await?;
    }
    let Settled { keys, sealer, images } = settle(server.urls(), &folder, demo, &site.host()).await?;
    let db = Db::with_images(server.urls(), site.db_connections, Some(images))?;
    let keystore = match server.keystore() {
        Some(urls) => {
            progress("Abrindo o banco de chaves…");
            let destroyed = destroyed(&db).await?;
            Some(Keystore::open(&urls.keys, custody.open(&folder).await?, &Limits::default(), &destroyed).await?)
        }
        None => None,
    };
    let assistant = site.assistant.open(&folder)?;
    assistant::check(&assistant).await?;
    let app = App::new(db, keys, keystore, Arc::new(SystemClock), assistant, site.settings(port, demo)?)?;
    let sealer = sealer.filter(|_| !site.no_seal);
    Ok(Installation { app, listener, server, sealer, folder })
}

/// Refuses to mix up installations: a demonstration is never served as a real one, a real one never becomes a
/// demonstration, and a key that is not this database's never seals anything in it.
async fn settle(urls: &DatabaseUrls, folder: &Path, demo: bool, host: &str) -> Result<Settled, Trouble> {
    let owner = Owner::connect(&urls.owner).await?;
    let installation = owner.installation().await?;
    if installation.demo && !demo {
        return Err(Trouble(
            "este banco de dados é de uma demonstração: use sigilo demo, ou outra pasta (--data)".into(),
        ));
    }
    if demo && !installation.demo {
        if installation.has_clinics == Some(true) {
            return Err(Trouble(
                "este banco de dados já tem clínicas de verdade e não vira demonstração: use outra pasta (--data)"
                    .into(),
            ));
        }
        owner.mark_demo().await?;
    }
    let keys = keys::open(folder, installation.root_key_check.is_none())?;
    match installation.root_key_check {
        Some(known) if known != keys.check_value() => {
            return Err(Trouble(
                "a chave em segredos/ não é a deste banco de dados: recupere a certa da cópia de segurança".into(),
            ));
        }
        Some(_) => {}
        None => owner.keep_key_check(&keys.check_value()).await?,
    }
    owner.baseline().await?;
    let sealer = match keys::open_log(folder, installation.log_keys.as_deref(), host) {
        Ok(key) => {
            owner.keep_log_keys(&keys::public(&key)).await?;
            Some(Sealer::new(key))
        }
        // The clinic goes on working; what it writes waits to be sealed, and the pages say so.
        Err(trouble) => {
            tracing::error!(%trouble, "the trail is not sealed");
            None
        }
    };
    let (images, sealed) = new_image_key(&keys);
    owner.keep_image_key(images.id(), &sealed).await?;
    Ok(Settled { keys, sealer, images })
}

/// What a start settles.
struct Settled {
    keys: Keyring,
    sealer: Option<Sealer>,
    images: ImageKey,
}

/// The origin of what the command line itself does.
pub fn terminal() -> Client {
    Client {
        ip: std::net::Ipv4Addr::LOCALHOST.into(),
        user_agent: concat!("sigilo ", env!("CARGO_PKG_VERSION"), " (linha de comando)").into(),
        request_id: Uuid::now_v7(),
    }
}
