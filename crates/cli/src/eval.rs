//! `sigilo eval`: how good the local engine is, on invented cases; the figures also go onto the governance page.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use sigilo_knowledge::{VERSION, eval};
use sigilo_store::setup::Owner;

use crate::{args::Trouble, db::DataArgs};

/// Arguments of `sigilo eval`.
#[derive(Args, Debug)]
pub struct EvalArgs {
    /// O que avaliar
    #[arg(value_enum)]
    kind: Kind,
    /// Quantos casos
    #[arg(long, value_name = "N", default_value_t = 980)]
    cases: usize,
    /// Semente do sorteio: a mesma dá os mesmos casos
    #[arg(long, value_name = "N", default_value_t = 2026)]
    seed: u64,
    /// Grava o resultado na instalação, para a página “IA: governança”
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Kind {
    /// Acerto, abstenção e calibração em notas geradas
    Acuracia,
    /// Pares contrafactuais: o mesmo caso com outro sexo, idade, região ou cor
    Vies,
}

/// Prints the figures as JSON; with `--keep` also stores them.
///
/// # Errors
/// A sentence in Portuguese that says what to do.
pub async fn run(args: &EvalArgs) -> Result<(), Trouble> {
    let (kind, result) = match args.kind {
        Kind::Acuracia => ("acuracia", json!(eval::accuracy(args.cases, args.seed))),
        Kind::Vies => ("vies", json!(eval::bias(args.cases, args.seed))),
    };
    show(&result)?;
    if args.keep {
        Owner::connect(&args.data.urls()?.owner).await?.keep_evaluation(kind, VERSION, &result).await?;
    }
    Ok(())
}

#[allow(clippy::print_stdout, reason = "the figures are what this command is for")]
fn show(result: &Value) -> Result<(), Trouble> {
    println!("{}", serde_json::to_string_pretty(result).map_err(|e| Trouble(e.to_string()))?);
    Ok(())
}
