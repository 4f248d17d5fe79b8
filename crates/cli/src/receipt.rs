//! `sigilo receipt`: checks a signed receipt on any computer, without database or network.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::{fs, io};

use clap::{Args, Subcommand};

use sigilo_features::rights::{Verified, verify};

/// Larger files are no receipts.
const LARGEST: u64 = 4 << 20;

/// Arguments of `sigilo receipt`.
#[derive(Args, Debug)]
pub struct ReceiptArgs {
    #[command(subcommand)]
    command: ReceiptCommand,
}

#[derive(Subcommand, Debug)]
enum ReceiptCommand {
    /// Confere a assinatura de um recibo de exclusão; sai com 0 se confere, 1 se não, 2 se não é um recibo
    Verify {
        /// O arquivo recibo-sigilo.json
        file: PathBuf,
        /// Chave pública em base64, obtida por outro caminho: /.well-known/sigilo-chaves.json da instalação
        #[arg(long)]
        key: Option<String>,
    },
}

/// Runs `sigilo receipt`.
pub fn run(args: &ReceiptArgs) -> ExitCode {
    let ReceiptCommand::Verify { file, key } = &args.command;
    let readable = fs::metadata(file).is_ok_and(|meta| meta.len() <= LARGEST);
    let document = readable.then(|| fs::read(file).ok()).flatten();
    let document: Option<serde_json::Value> = document.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let verified = document.as_ref().map_or(Verified::Unreadable, |document| verify(document, key.as_deref()));
    let (code, sentence) = match (verified, key.is_some()) {
        (Verified::Yes, true) => (0, "Confere: o recibo foi assinado por esta chave e não foi alterado."),
        (Verified::Yes, false) => (
            0,
            "Confere com a chave que o próprio arquivo traz. Para saber que ela é da clínica, compare-a com \
             /.well-known/sigilo-chaves.json ou informe --key.",
        ),
        (Verified::No, _) => (1, "NÃO confere: o recibo foi alterado, ou assinado por outra chave."),
        (Verified::Unreadable, _) => (2, "Este arquivo não é um recibo do Sigilo."),
    };
    // A closed pipe is the reader's choice.
    let _ = writeln!(io::stdout(), "{sentence}");
    ExitCode::from(code)
}
