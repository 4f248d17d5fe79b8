//! `sigilo verify`: one command for an auditor, with no network, no database and no keys of ours.

mod anchors;
mod text;

use std::{
    fs::{self, File},
    io::{BufReader, Read, Write, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use sigilo_proof::{
    bundle::{self, Options, Report},
    policy::Policy,
};

/// Arguments of `sigilo verify` and of `sigilo-verify`.
#[derive(Args, Debug)]
pub struct VerifyArgs {
    /// O pacote de provas (.tar) ou a prova de um registro (.tlog-proof)
    pub file: PathBuf,
    /// A política: chaves do registro e das testemunhas, e quantas testemunhas são precisas (C2SP tlog-policy). Obtenha-a
    /// por outro caminho que não o do pacote
    #[arg(long, value_name = "ARQUIVO")]
    pub policy: PathBuf,
    /// Um ponto de controle guardado antes, ou pedido a uma testemunha: a história do pacote tem de continuar dele
    #[arg(long, value_name = "ARQUIVO")]
    pub previous: Vec<PathBuf>,
    /// Certificados raiz das autoridades de carimbo do tempo (PEM ou DER)
    #[arg(long, value_name = "ARQUIVO")]
    pub tsa_root: Vec<PathBuf>,
    /// O relatório em JSON
    #[arg(long)]
    pub json: bool,
}

/// The largest file that is read whole: policies, checkpoints, certificates and proofs of rows.
const LARGEST: u64 = 8 << 20;

/// Examines what the arguments name and prints the report. Exit codes: 0 valid, 1 tampered, 2 incomplete.
pub fn run(args: &VerifyArgs) -> ExitCode {
    match examine(args) {
        Ok((report, entry)) => {
            let text = if args.json { json(&report, entry.as_deref()) } else { text::text(&report, entry.as_deref()) };
            // A closed pipe is the reader's choice.
            let _ = stdout().write_all(text.as_bytes());
            ExitCode::from(report.verdict.code())
        }
        Err(trouble) => {
            eprintln!("sigilo verify: {trouble}");
            ExitCode::from(2)
        }
    }
}

/// The report on a file, and the row's entry where it is the proof of a row that held.
///
/// # Errors
/// A sentence in Portuguese when a file cannot be read or is not what its option asks for.
pub fn examine(args: &VerifyArgs) -> Result<(Report, Option<String>), String> {
    let policy = Policy::parse(&read_text(&args.policy)?)
        .map_err(|error| format!("{}: a política não se lê: {error}", args.policy.display()))?;
    let mut previous = Vec::new();
    for path in &args.previous {
        previous.push((path.display().to_string(), read_text(path)?));
    }
    let authorities = anchors::store(&args.tsa_root)?;
    let options = Options { policy: &policy, previous: &previous, authorities: authorities.as_ref() };
    let mut file = BufReader::new(File::open(&args.file).map_err(|error| trouble(&args.file, &error))?);
    let mut start = [0; 23];
    let length = read_up_to(&mut file, &mut start).map_err(|error| trouble(&args.file, &error))?;
    let whole = start[..length].chain(file);
    if start[..length].starts_with(b"c2sp.org/tlog-proof@v1\n") {
        let mut text = String::new();
        whole.take(LARGEST).read_to_string(&mut text).map_err(|error| trouble(&args.file, &error))?;
        return Ok(bundle::verify_row(&text, &options));
    }
    Ok((bundle::verify(whole, &options), None))
}

fn json(report: &Report, entry: Option<&str>) -> String {
    let mut value = serde_json::json!(report);
    if let Some(entry) = entry {
        value["entry"] = entry.into();
    }
    format!("{value:#}\n")
}

fn read_up_to(file: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    match fs::metadata(path) {
        Ok(meta) if meta.len() > LARGEST => Err(format!("{}: o arquivo é grande demais", path.display())),
        Ok(_) => fs::read(path).map_err(|error| trouble(path, &error)),
        Err(error) => Err(trouble(path, &error)),
    }
}

fn read_text(path: &Path) -> Result<String, String> {
    String::from_utf8(read(path)?).map_err(|_| format!("{}: não é um arquivo de texto", path.display()))
}

fn trouble(path: &Path, error: &std::io::Error) -> String {
    format!("não foi possível ler {}: {error}", path.display())
}
