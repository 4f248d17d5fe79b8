//! The binary `sigilo-verify`: what an auditor runs.

use std::process::ExitCode;

use clap::Parser;

/// Confere, sem rede e sem banco de dados, as provas da trilha de auditoria do Sigilo.
#[derive(Parser)]
#[command(name = "sigilo-verify", version, about)]
struct Cli {
    #[command(flatten)]
    args: sigilo_verify::VerifyArgs,
}

fn main() -> ExitCode {
    sigilo_verify::run(&Cli::parse().args)
}
