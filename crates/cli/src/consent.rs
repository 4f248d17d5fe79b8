//! `sigilo consent`: checks the proof of a consent on any computer, without database or network.

use std::{
    fs,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Subcommand};
use data_encoding::BASE64;
use serde_json::json;

use sigilo_proof::{
    consent::{Document, Finding, MAX_DOCUMENT, Outcome, Part, Stamp, SubjectTrust, verify},
    timestamp::policy_of,
    x509::{Revocation, Trust},
};

use crate::signature::{crls, store};

/// Arguments of `sigilo consent`.
#[derive(Args, Debug)]
pub struct ConsentArgs {
    #[command(subcommand)]
    command: ConsentCommand,
}

#[derive(Subcommand, Debug)]
enum ConsentCommand {
    /// Confere a prova de um consentimento, parte por parte; sai com 0 se confere, 1 se algo foi mudado, 2 se falta com que
    /// conferir ou não é uma prova
    Verify(VerifyArgs),
}

#[derive(Args, Debug)]
struct VerifyArgs {
    /// O arquivo .json, baixado ao lado do comprovante ou tirado de dentro dele
    file: PathBuf,
    /// Chave pública da instalação em base64, obtida por outro caminho: /.well-known/sigilo-chaves.json
    #[arg(long, value_name = "BASE64")]
    key: Option<String>,
    /// Autoridades em que se confia, para a assinatura ICP-Brasil e o carimbo do tempo: arquivos ou pastas
    #[arg(long, value_name = "CAMINHO")]
    authority: Vec<PathBuf>,
    /// Listas de certificados revogados: arquivos ou pastas
    #[arg(long, value_name = "CAMINHO")]
    crl: Vec<PathBuf>,
    /// O relatório em JSON
    #[arg(long)]
    json: bool,
}

/// Runs `sigilo consent`.
pub fn run(args: &ConsentArgs) -> ExitCode {
    let ConsentCommand::Verify(args) = &args.command;
    match check(args) {
        Ok((findings, document)) => {
            let code = code(&findings);
            let text = if args.json { report(&findings, code) } else { sentences(&findings, &document, code) };
            // A closed pipe is the reader's choice.
            let _ = io::stdout().write_all(text.as_bytes());
            ExitCode::from(code)
        }
        Err(trouble) => {
            eprintln!("sigilo consent verify: {trouble}");
            ExitCode::from(2)
        }
    }
}

fn check(args: &VerifyArgs) -> Result<(Vec<Finding>, Document), String> {
    let trouble = |error: io::Error| format!("não foi possível ler {}: {error}", args.file.display());
    if fs::metadata(&args.file).map_err(trouble)?.len() > MAX_DOCUMENT as u64 {
        return Err("o arquivo é grande demais para ser uma prova de consentimento".into());
    }
    let bytes = fs::read(&args.file).map_err(trouble)?;
    let document = Document::parse(&bytes)
        .map_err(|_| "este arquivo não é uma prova de consentimento do Sigilo, ou foi reescrito".to_owned())?;
    let key = args.key.as_deref().map(|key| BASE64.decode(key.trim().as_bytes())).transpose();
    let key = key.map_err(|_| "a chave não está em base64".to_owned())?;
    if args.authority.is_empty() {
        return Ok((verify(&document, key.as_deref(), None), document));
    }
    let store = store(&args.authority).map_err(|error| error.to_string())?;
    let crls = crls(&args.crl).map_err(|error| error.to_string())?;
    // Which policy an authority of time works by is its own word; that it may, its certificate says.
    let policies: Vec<_> = match &document.stamp {
        Stamp::Granted(token) => policy_of(token).into_iter().collect(),
        Stamp::Pending => Vec::new(),
    };
    let trust = Trust { store: &store, crls: &crls, revocation: Revocation::IfGiven };
    let trust = SubjectTrust { trust, stamp_policies: &policies };
    Ok((verify(&document, key.as_deref(), Some(trust)), document))
}

/// 1 where something was changed; 2 where nobody said whose signature it must be.
fn code(findings: &[Finding]) -> u8 {
    let any = |wanted: Outcome, of: fn(Part) -> bool| findings.iter().any(|one| one.outcome == wanted && of(one.part));
    match () {
        () if any(Outcome::Fails, |_| true) => 1,
        () if any(Outcome::Unknown, |part| part == Part::Key) => 2,
        () => 0,
    }
}

fn name(part: Part) -> (&'static str, &'static str) {
    match part {
        Part::Text => ("texto", "O texto que a pessoa leu"),
        Part::Subject => ("titular", "De quem é o consentimento"),
        Part::Purposes => ("finalidades", "As finalidades"),
        Part::GivenAt => ("data", "A data e a hora"),
        Part::Salt => ("sal", "O sal"),
        Part::Hash => ("resumo", "O resumo de tudo"),
        Part::Signature => ("assinatura", "A assinatura da instalação"),
        Part::Key => ("chave", "A chave que assinou"),
        Part::SubjectSignature => ("assinatura_do_titular", "A assinatura da própria pessoa"),
        Part::Stamp => ("carimbo", "O carimbo do tempo"),
        Part::Withdrawal => ("revogacao", "A revogação"),
    }
}

fn word(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Holds => ("confere", "✓"),
        Outcome::Fails => ("nao_confere", "✗"),
        Outcome::Unknown => ("nao_conferido", "?"),
        Outcome::Absent => ("nao_ha", "–"),
    }
}

fn sentences(findings: &[Finding], document: &Document, code: u8) -> String {
    let mut text = format!("{}, versão {}\n", document.statement.text.title, document.statement.text.version);
    for Finding { part, outcome } in findings {
        let said = match outcome {
            Outcome::Holds => "confere",
            Outcome::Fails => "NÃO CONFERE: foi mudado depois de assinado",
            Outcome::Unknown => "não foi conferida aqui",
            Outcome::Absent => "não há",
        };
        text.push_str(&format!("{} {}: {said}\n", word(*outcome).1, name(*part).1));
    }
    text.push_str(match code {
        0 if document.withdrawal.is_some() => "Confere. O consentimento foi dado, e depois revogado.\n",
        0 => "Confere.\n",
        1 => "NÃO confere.\n",
        _ => "Confere com a chave que o próprio arquivo traz. Para saber que ela é da clínica, informe --key, de /.well-known/sigilo-chaves.json.\n",
    });
    text
}

fn report(findings: &[Finding], code: u8) -> String {
    let parts: serde_json::Map<_, _> =
        findings.iter().map(|one| (name(one.part).0.to_owned(), word(one.outcome).0.into())).collect();
    let verdict = ["confere", "nao_confere", "incompleto"].get(usize::from(code)).copied().unwrap_or_default();
    format!("{:#}\n", json!({ "veredito": verdict, "partes": parts }))
}
