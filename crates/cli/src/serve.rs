//! `sigilo serve`: the site and the scheduler, until told to stop.

use std::{net::SocketAddr, time::Duration};

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use sigilo_features::evidence::Outside;
use sigilo_store::job;
use sigilo_web::WebSettings;

use crate::{
    args::{SiteArgs, Trouble},
    boot::{self, Installation},
    db::DataArgs,
    drills::Drilling,
    keys::CustodyArgs,
    outside::OutsideArgs,
    seal::keep_sealing,
};

/// Arguments of `sigilo serve` and `sigilo demo`.
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// Where the data is.
    #[command(flatten)]
    pub data: DataArgs,
    /// How the site is reached.
    #[command(flatten)]
    pub site: SiteArgs,
    /// Who attests from outside.
    #[command(flatten)]
    pub outside: OutsideArgs,
    /// Who keeps the root key.
    #[command(flatten)]
    pub custody: CustodyArgs,
}

/// How often the scheduler looks for due jobs.
const TICK: Duration = Duration::from_secs(60);
/// How long open requests may take after the signal to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Runs until SIGINT or SIGTERM.
///
/// # Errors
/// A sentence in Portuguese that says what to do.
pub async fn run(args: &ServeArgs) -> Result<(), Trouble> {
    let installation = boot::start(&args.data, &args.site, &args.custody, false).await?;
    eprintln!("Sigilo atende em {}", installation.app.settings().origin);
    until_stopped(installation, args.site.web(), args.outside.open()?, args.custody.clone()).await
}

/// Serves the site and runs the jobs until a signal; then lets open requests finish and stops the database.
///
/// # Errors
/// When the site cannot be served.
pub async fn until_stopped(
    installation: Installation,
    web: WebSettings,
    outside: Outside,
    custody: CustodyArgs,
) -> Result<(), Trouble> {
    let Installation { app, listener, server, sealer, folder } = installation;
    let jobs = tokio::spawn(scheduler(app.clone()));
    let drilling = Drilling::start(server.urls().clone(), folder.clone(), custody);
    let sealing = sealer.map(|sealer| tokio::spawn(keep_sealing(app.db().clone(), sealer, folder, outside)));
    let router = sigilo_web::router(app, web);
    let (stopping, mut stopped) = tokio::sync::watch::channel(false);
    let serving = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            asked_to_stop().await;
            eprintln!("  Encerrando…");
            stopping.send(true).ok();
        });
    let overdue = async {
        if stopped.wait_for(|stopping| *stopping).await.is_ok() {
            tokio::time::sleep(GRACE).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        served = async { serving.await } => served.map_err(|e| Trouble(e.to_string()))?,
        () = overdue => {}
    }
    jobs.abort();
    drop(drilling);
    if let Some(sealing) = sealing {
        sealing.abort();
    }
    server.stop()?;
    Ok(())
}

async fn scheduler(app: sigilo_features::App) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = job::run_due(app.db()).await {
            tracing::warn!(%error, "scheduler");
        }
        if let Some(keystore) = app.keystore() {
            keystore.sweep();
        }
        if let Err(error) = sigilo_features::rights::close_due(&app).await {
            tracing::warn!(%error, "receipts of deletions");
        }
    }
}

/// Waits for SIGINT or SIGTERM.
pub async fn asked_to_stop() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
