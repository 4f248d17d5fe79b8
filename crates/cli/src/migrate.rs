//! `sigilo migrate`: brings the schema up to this program's version.

use clap::Args;

use sigilo_store::server::{Server, ServerSettings};

use crate::{args::Trouble, db::DataArgs};

/// Arguments of `sigilo migrate`.
#[derive(Args, Debug)]
pub struct MigrateArgs {
    #[command(flatten)]
    data: DataArgs,
}

/// Migrates and stops.
///
/// # Errors
/// A sentence in Portuguese that says what to do.
pub async fn run(args: &MigrateArgs) -> Result<(), Trouble> {
    let progress = |text: &str| eprintln!("  {text}");
    let server = Server::open(&ServerSettings::from_env(args.data.folder())?, &progress).await?;
    sigilo_store::migrate(server.urls().owner.expose()).await?;
    if let Some(keystore) = server.keystore() {
        sigilo_store::migrate_keystore(keystore.owner.expose()).await?;
    }
    progress("O banco de dados está na versão deste programa.");
    server.stop()?;
    Ok(())
}
