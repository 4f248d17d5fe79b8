//! The binary `sigilo`.

mod args;
mod assistant;
mod audit;
mod backup;
mod boot;
mod citations;
mod consent;
mod db;
mod deid;
mod demo;
mod doctor;
mod drills;
mod eval;
mod evidence;
mod keys;
mod memory;
mod migrate;
mod outside;
mod receipt;
mod seal;
mod serve;
mod signature;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sigilo_anchor::witness::command as witness;

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
    /// Lacra a trilha de auditoria, onde isso não é feito dentro de sigilo serve
    Seal(seal::SealArgs),
    /// Leva o banco de dados à versão deste programa
    Migrate(migrate::MigrateArgs),
    /// Convida pessoas e devolve o acesso a quem o perdeu
    User(user::UserArgs),
    /// Índice local de artigos do PubMed, para conferir referências sem rede
    Citations(citations::CitationsArgs),
    /// Remove dados pessoais de um texto
    Deid(deid::DeidArgs),
    /// Confere a prova de um consentimento
    Consent(consent::ConsentArgs),
    /// Confere um recibo assinado
    Receipt(receipt::ReceiptArgs),
    /// Confere um pacote de provas ou a prova de um registro: sem rede, sem banco de dados; sai com 0 válido, 1 adulterado,
    /// 2 incompleto
    Verify(sigilo_verify::VerifyArgs),
    /// Assina um documento PDF com um certificado A1
    Sign(signature::SignArgs),
    /// Assinaturas de documentos PDF
    Signature(signature::SignatureArgs),
    /// Testemunha de um registro: guarda o maior ponto de controle que viu e só assina o que o continua
    Witness(witness::WitnessArgs),
    /// Mostra a um auditor, com fatos, que o sistema faz o que promete
    Audit(audit::AuditArgs),
    /// Cópia de segurança cifrada dos dois bancos, cada um em seu arquivo
    Backup(backup::BackupArgs),
    /// Repõe uma cópia de segurança numa instalação vazia
    Restore(backup::RestoreArgs),
    /// Ensaia a reposição: repõe uma cópia num servidor provisório e confere tudo; sai com 0 se deu certo, 1 se algo falhou,
    /// 2 se algo não pôde ser conferido
    Drill(backup::DrillArgs),
    /// Chaves: situação, troca, partilha e recuperação da chave raiz
    Keys(keys::KeysArgs),
    /// Conexões com o banco de dados
    Db(db::DbArgs),
    /// Avalia o motor local com casos inventados
    Eval(eval::EvalArgs),
    /// Confere a máquina, o banco de dados e a configuração
    Doctor(doctor::DoctorArgs),
}

fn main() -> ExitCode {
    memory::protect();
    match Cli::parse().command {
        // Byte work: it needs neither threads of a runtime nor a log.
        Command::Citations(args) => citations::run(&args),
        Command::Deid(args) => deid::run(args),
        Command::Consent(args) => consent::run(&args),
        Command::Receipt(args) => receipt::run(&args),
        Command::Verify(args) => sigilo_verify::run(&args),
        Command::Sign(args) => report(signature::sign(&args)),
        Command::Signature(args) => signature::run(&args),
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

async fn run(command: Command) -> ExitCode {
    match command {
        Command::Demo(args) => report(demo::run(&args).await),
        Command::Serve(args) => report(serve::run(&args).await),
        Command::Seal(args) => report(seal::run(&args).await),
        Command::Migrate(args) => report(migrate::run(&args).await),
        Command::User(args) => report(user::run(&args).await),
        Command::Audit(args) => report(audit::run(&args).await),
        Command::Backup(args) => report(backup::run(&args).await),
        Command::Restore(args) => report(backup::restore(&args).await),
        Command::Drill(args) => backup::drill(&args).await,
        Command::Keys(args) => report(keys::run(&args).await),
        Command::Eval(args) => report(eval::run(&args).await),
        Command::Doctor(args) => doctor::run(&args).await,
        Command::Witness(args) => witness::run(&args).await,
        Command::Citations(_)
        | Command::Deid(_)
        | Command::Consent(_)
        | Command::Receipt(_)
        | Command::Verify(_)
        | Command::Sign(_)
        | Command::Signature(_)
        | Command::Db(_) => ExitCode::SUCCESS,
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
