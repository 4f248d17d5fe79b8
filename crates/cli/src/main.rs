//! The binary `sigilo`.

mod args;
mod boot;
mod db;
mod deid;
mod demo;
mod doctor;
mod keys;
mod migrate;
mod serve;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Sigilo: plataforma de saúde com privacidade que se prova.
#[derive(Parser)]
#[command(name = "sigilo", version, about, propagate_version = true, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sobe uma demonstração com duas clínicas inventadas e mostra os links de entrada
    Demo(serve::ServeArgs),
    /// Sobe a instalação
    Serve(serve::ServeArgs),
    /// Leva o banco de dados à versão deste programa
    Migrate(migrate::MigrateArgs),
    /// Convida pessoas e devolve o acesso a quem o perdeu
    User(user::UserArgs),
    /// Remove dados pessoais de um texto
    Deid(deid::DeidArgs),
    /// Conexões com o banco de dados
    Db(db::DbArgs),
    /// Confere a máquina, o banco de dados e a configuração
    Doctor(doctor::DoctorArgs),
}

fn main() -> ExitCode {
    keep_memory_private();
    match Cli::parse().command {
        // Byte work: it needs neither threads of a runtime nor a log.
        Command::Deid(args) => deid::run(args),
        Command::Db(args) => report(db::run(&args)),
        command => {
            boot::start_log();
            let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return report(Err(error)),
            };
            runtime.block_on(run(command))
        }
    }
}

/// What is in memory stays there: a panic says where, not what, since its message may quote a text, and the system
/// writes no core file.
fn keep_memory_private() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        eprintln!("sigilo: erro interno em {place}");
    }));
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    if rustix::process::setrlimit(rustix::process::Resource::Core, none).is_err() {
        eprintln!("sigilo: não foi possível impedir arquivos core");
    }
}

async fn run(command: Command) -> ExitCode {
    match command {
        Command::Demo(args) => report(demo::run(&args).await),
        Command::Serve(args) => report(serve::run(&args).await),
        Command::Migrate(args) => report(migrate::run(&args).await),
        Command::User(args) => report(user::run(&args).await),
        Command::Doctor(args) => doctor::run(&args).await,
        Command::Deid(_) | Command::Db(_) => ExitCode::SUCCESS,
    }
}

fn report<E: std::fmt::Display>(outcome: Result<(), E>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sigilo: {error}");
            ExitCode::FAILURE
        }
    }
}
