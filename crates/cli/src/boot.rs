//! From nothing to an installation that answers.

use std::sync::Arc;

use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use uuid::Uuid;

use sigilo_domain::SystemClock;
use sigilo_features::{App, Client};
use sigilo_store::{
    Db, migrate,
    server::{Server, ServerSettings},
};

use crate::{
    args::{SiteArgs, Trouble},
    db::DataArgs,
    keys,
};

/// Everything that must stay alive while the site is up. The database server stops when this is dropped.
pub struct Installation {
    /// The use cases.
    pub app: App,
    /// Where the site will listen.
    pub listener: TcpListener,
    /// The database server.
    pub server: Server,
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

/// Starts the database, brings its schema up to date and puts the application together.
///
/// # Errors
/// A sentence in Portuguese that says what to do.
pub async fn start(data: &DataArgs, site: &SiteArgs, demo: bool) -> Result<Installation, Trouble> {
    let progress = |text: &str| eprintln!("  {text}");
    let listener = TcpListener::bind(site.listen)
        .await
        .map_err(|e| Trouble(format!("não foi possível atender em {}: {e}. Use --listen IP:PORTA.", site.listen)))?;
    let port = listener.local_addr().map_err(|e| Trouble(e.to_string()))?.port();
    let folder = data.folder();
    let server = Server::open(&ServerSettings::from_env(folder.clone())?, &progress).await?;
    progress("Conferindo a estrutura do banco de dados…");
    migrate(server.urls().owner.expose()).await?;
    if demo {
        sigilo_store::setup::mark_demo(server.urls().owner.expose()).await?;
    }
    let db = Db::new(server.urls(), site.db_connections)?;
    let app = App::new(db, keys::open(&folder)?, Arc::new(SystemClock), site.settings(port, demo)?)?;
    Ok(Installation { app, listener, server })
}

/// The origin of what the command line itself does.
pub fn terminal() -> Client {
    Client {
        ip: std::net::Ipv4Addr::LOCALHOST.into(),
        user_agent: concat!("sigilo ", env!("CARGO_PKG_VERSION"), " (linha de comando)").into(),
        request_id: Uuid::now_v7(),
    }
}
