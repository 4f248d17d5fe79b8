//! `sigilo witness`, and the small binary `sigilo-witness`: runs a witness.

use std::{
    fs,
    io::{self, ErrorKind, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::{Args, Subcommand};
use sigilo_domain::SystemClock;
use sigilo_proof::{note::VerifierKey, policy::MAX_POLICY};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use super::{
    folder::{Folder, FolderError, Kept},
    judge::Witness,
    key::Keys,
    logs::Logs,
    server::router,
};

/// The list of logs, in the folder.
const LOGS: &str = "registros.txt";
/// How long open requests may take after a signal to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Arguments of `sigilo witness`.
#[derive(Args, Debug)]
pub struct WitnessArgs {
    #[command(subcommand)]
    command: Option<WitnessCommand>,
    /// Pasta da testemunha: a chave e o que ela já viu
    #[arg(
        long = "data",
        value_name = "PASTA",
        env = "SIGILO_WITNESS_DATA",
        default_value = "/var/lib/sigilo-testemunha",
        global = true
    )]
    folder: PathBuf,
    /// Endereço em que a testemunha atende; porta 0 escolhe uma livre
    #[arg(long, value_name = "IP:PORTA", env = "SIGILO_WITNESS_LISTEN", default_value = "127.0.0.1:7380")]
    listen: SocketAddr,
    /// Chave de verificação de um registro a acompanhar; pode repetir. Também valem as linhas "log CHAVE" do arquivo
    /// registros.txt da pasta
    #[arg(long = "log", value_name = "CHAVE", value_parser = key)]
    logs: Vec<VerifierKey>,
}

#[derive(Subcommand, Debug)]
enum WitnessCommand {
    /// Cria a chave de uma testemunha nova e mostra as chaves de verificação
    Init {
        /// Nome nas assinaturas, como testemunha.example/nome
        #[arg(long)]
        name: String,
    },
    /// Mostra as chaves de verificação
    Keys,
    /// Mostra o último ponto de controle assinado de um registro, para a opção --previous do auditor
    Last {
        /// A origem do registro: a primeira linha do ponto de controle
        origin: String,
    },
}

fn key(text: &str) -> Result<VerifierKey, String> {
    VerifierKey::parse(text).map_err(|_| "não é uma chave de verificação".into())
}

/// Runs the command. Serves until SIGINT or SIGTERM.
pub async fn run(args: &WitnessArgs) -> ExitCode {
    let outcome = match &args.command {
        None => serve(args).await,
        Some(WitnessCommand::Init { name }) => {
            Keys::create(&args.folder, name).map_err(sentence).map(|keys| show(&keys))
        }
        Some(WitnessCommand::Keys) => Keys::open(&args.folder).map_err(sentence).map(|keys| show(&keys)),
        Some(WitnessCommand::Last { origin }) => last(args, origin),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("sigilo-witness: {trouble}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(args: &WitnessArgs) -> Result<(), String> {
    let witness = Witness::open(&args.folder, logs(args)?, SystemClock).map_err(sentence)?;
    let trouble = |error| format!("não foi possível atender em {}: {error}. Use --listen IP:PORTA.", args.listen);
    let listener = TcpListener::bind(args.listen).await.map_err(trouble)?;
    let address = listener.local_addr().map_err(trouble)?;
    print(&format!("Testemunha {} atendendo em http://{address}\n", witness.verifier_keys()[0].name()));
    for origin in witness.origins() {
        print(&format!("  acompanha {origin}\n"));
    }
    let (stop, mut stopped) = tokio::sync::watch::channel(());
    let serving = axum::serve(listener, router(witness)).with_graceful_shutdown(async move {
        asked_to_stop().await;
        drop(stop);
    });
    let overdue = async {
        while stopped.changed().await.is_ok() {}
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = async { serving.await } => served.map_err(trouble),
        () = overdue => Ok(()),
    }
}

/// The lines of the file and those of the command line.
fn logs(args: &WitnessArgs) -> Result<Logs, String> {
    let path = args.folder.join(LOGS);
    let long = fs::metadata(&path).is_ok_and(|meta| meta.len() > MAX_POLICY as u64);
    let mut text = match fs::read_to_string(&path) {
        _ if long => return Err(format!("{}: o arquivo é longo demais", path.display())),
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(sentence(FolderError::file(&path)(error))),
    };
    for key in &args.logs {
        text.push_str(&format!("\nlog {key}"));
    }
    Logs::parse(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn last(args: &WitnessArgs, origin: &str) -> Result<(), String> {
    let note = Folder::new(&args.folder).read(origin, Kept::Last).map_err(sentence)?;
    let note = note.ok_or_else(|| format!("esta testemunha ainda não assinou nada de {origin}"))?;
    print(&note);
    Ok(())
}

fn show(keys: &Keys) {
    for key in keys.verifier_keys() {
        print(&format!("{key}\n"));
    }
}

/// A closed pipe is the reader's choice.
fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
}

fn sentence(error: FolderError) -> String {
    error.to_string()
}

async fn asked_to_stop() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
