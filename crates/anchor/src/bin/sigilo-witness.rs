//! The binary `sigilo-witness`: what somebody outside runs.

use std::process::ExitCode;

use clap::Parser;
use sigilo_anchor::witness::command::{WitnessArgs, run};
use tracing_subscriber::EnvFilter;

/// Testemunha de um registro do Sigilo: guarda o maior ponto de controle que viu e só assina o que o continua.
#[derive(Parser)]
#[command(name = "sigilo-witness", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    args: WitnessArgs,
}

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("SIGILO_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("sigilo-witness: {error}");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(run(&Cli::parse().args))
}
