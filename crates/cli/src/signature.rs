//! `sigilo sign` and `sigilo signature`: signatures of PDF documents, without database or network.

mod authorities;
mod password;
mod report;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand, ValueEnum};

use sigilo_domain::{Clock, SystemClock};
use sigilo_proof::{
    icp::{Cpf, DOCUMENT},
    x509::{Oid, Revocation, Trust},
};
use sigilo_signature::{
    A1, A1Error, Checks, Details, MAX_PDF, MAX_PKCS12, PdfError, Progress, SignError, SignaturePolicy, Signer as _,
    Verdict, begin, verify,
};

use crate::args::Trouble;

pub use authorities::{crls, store};

/// Arguments of `sigilo sign`.
#[derive(Args, Debug)]
pub struct SignArgs {
    /// Certificado A1: o arquivo .pfx ou .p12. A senha vem de SIGILO_A1_PASSWORD ou é pedida
    #[arg(long, value_name = "ARQUIVO")]
    a1: PathBuf,
    /// Documento a assinar
    #[arg(long = "in", value_name = "PDF")]
    input: PathBuf,
    /// Documento assinado, que ainda não pode existir
    #[arg(long = "out", value_name = "PDF")]
    output: PathBuf,
    /// Motivo, que os leitores de PDF mostram
    #[arg(long, value_name = "TEXTO")]
    reason: Option<String>,
    /// Lugar, que os leitores de PDF mostram
    #[arg(long, value_name = "TEXTO")]
    location: Option<String>,
    /// Política de assinatura da ICP-Brasil
    #[arg(long, value_enum, requires = "policy_hash")]
    policy: Option<PolicyArg>,
    /// SHA-256 da política, em hexadecimal, como o ITI publica
    #[arg(long, value_name = "HEX", requires = "policy")]
    policy_hash: Option<String>,
    /// Endereço em que a política está publicada
    #[arg(long, value_name = "URL", requires = "policy")]
    policy_uri: Option<String>,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum PolicyArg {
    /// Referência básica, PAdES
    AdRb,
}

/// Arguments of `sigilo signature`.
#[derive(Args, Debug)]
pub struct SignatureArgs {
    #[command(subcommand)]
    command: SignatureCommand,
}

#[derive(Subcommand, Debug)]
enum SignatureCommand {
    /// Confere as assinaturas de um PDF; sai com 0 se são válidas, 1 se alguma é inválida, 2 se falta algo para saber
    Verify(VerifyArgs),
}

#[derive(Args, Debug)]
struct VerifyArgs {
    /// O documento
    file: PathBuf,
    /// Certificados das autoridades, em PEM ou DER: arquivo ou pasta; os autoassinados valem como raízes
    #[arg(long, value_name = "CAMINHO")]
    ca: Vec<PathBuf>,
    /// Listas de certificados revogados, em PEM ou DER: arquivo ou pasta; as do documento são usadas também
    #[arg(long, value_name = "CAMINHO")]
    crl: Vec<PathBuf>,
    /// Política de carimbo do tempo que é aceita, como 2.16.76.1.6.1
    #[arg(long, value_name = "OID")]
    time_policy: Vec<Oid>,
    /// CPF de quem deve ter assinado
    #[arg(long, value_name = "CPF")]
    cpf: Option<String>,
    /// Guarda exatamente a versão que a primeira pessoa assinou
    #[arg(long, value_name = "PDF")]
    signed_version: Option<PathBuf>,
}

/// Runs `sigilo sign`.
///
/// # Errors
/// When a file cannot be read or written, the password is another, or the certificate is not valid now.
pub fn sign(args: &SignArgs) -> Result<(), Trouble> {
    let policy = policy(args)?;
    let pdf = read(&args.input, MAX_PDF)?;
    let file = read(&args.a1, MAX_PKCS12)?;
    let a1 = A1::open(&file, password::ask()?).map_err(a1_trouble)?;
    let now = SystemClock.now();
    let certificate = a1.certificate();
    if certificate.not_after().is_none_or(|end| end < now) || certificate.not_before().is_none_or(|begin| begin > now) {
        return Err(Trouble(format!("o certificado de {} não vale hoje", certificate.common_name())));
    }
    let (reason, location) = (args.reason.clone(), args.location.clone());
    let details = Details { reason, location, policy, name: Some(certificate.common_name()), ..Details::at(now) };
    let signed = match begin(&a1, &pdf, &details).map_err(|error| sign_trouble(&error))? {
        Progress::Complete(completed) => completed.into_pdf().map_err(|error| sign_trouble(&error))?,
        Progress::Waiting(_) => return Err(Trouble("a chave não assinou".into())),
    };
    write(&args.output, &signed)?;
    say(&format!("Assinado por {}, sem carimbo do tempo: {}", certificate.common_name(), args.output.display()));
    Ok(())
}

/// Runs `sigilo signature`.
pub fn run(args: &SignatureArgs) -> ExitCode {
    let SignatureCommand::Verify(args) = &args.command;
    match verify_file(args) {
        Ok(Verdict::Valid) => ExitCode::SUCCESS,
        Ok(Verdict::Invalid) => ExitCode::from(1),
        Ok(Verdict::Indeterminate) => ExitCode::from(2),
        Err(error) => {
            eprintln!("sigilo: {error}");
            ExitCode::from(2)
        }
    }
}

fn verify_file(args: &VerifyArgs) -> Result<Verdict, Trouble> {
    let cpf = match &args.cpf {
        Some(text) => Some(Cpf::parse(text).ok_or_else(|| Trouble("o CPF não confere: veja os dígitos".into()))?),
        None => None,
    };
    let pdf = read(&args.file, MAX_PDF)?;
    let store = authorities::store(&args.ca)?;
    let crls = authorities::crls(&args.crl)?;
    let trust = Trust { store: &store, crls: &crls, revocation: Revocation::Required };
    let now = SystemClock.now();
    let checks = Checks { trust, time_policies: &args.time_policy, kinds: DOCUMENT, cpf, now };
    let judged = verify(&pdf, &checks);
    say(&report::text(&judged, pdf.len()));
    if let Some(path) = &args.signed_version {
        let revision = judged.signatures.iter().find_map(|signature| signature.signed_revision(&pdf));
        write(path, revision.ok_or_else(|| Trouble("não há uma versão assinada para guardar".into()))?)?;
    }
    Ok(judged.verdict)
}

fn policy(args: &SignArgs) -> Result<Option<SignaturePolicy>, Trouble> {
    let (Some(PolicyArg::AdRb), Some(digits)) = (args.policy, &args.policy_hash) else { return Ok(None) };
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok();
    let hash = bytes.and_then(|bytes| bytes.try_into().ok());
    let hash = hash.ok_or_else(|| Trouble("--policy-hash deve ter 64 dígitos hexadecimais".into()))?;
    Ok(Some(SignaturePolicy { oid: SignaturePolicy::AD_RB, hash, uri: args.policy_uri.clone() }))
}

fn read(path: &Path, most: usize) -> Result<Vec<u8>, Trouble> {
    let trouble = |error: &dyn std::fmt::Display| Trouble(format!("não foi possível ler {}: {error}", path.display()));
    let length = fs::metadata(path).map_err(|error| trouble(&error))?.len();
    if length > most as u64 {
        return Err(trouble(&"o arquivo é grande demais"));
    }
    fs::read(path).map_err(|error| trouble(&error))
}

/// Never over a file that is there: it may be the only signed one.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
    let file = fs::OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .map_err(|error| Trouble(format!("não foi possível gravar {}: {error}", path.display())))
}

fn say(text: &str) {
    // A closed pipe is the reader's choice.
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn a1_trouble(error: A1Error) -> Trouble {
    Trouble(
        match error {
            A1Error::TooLong | A1Error::Malformed => {
                "o arquivo do certificado não pode ser lido: não é um .pfx ou .p12"
            }
            A1Error::Password => "a senha não abre o certificado",
            A1Error::NoKey => "o arquivo do certificado não tem a chave",
            A1Error::Algorithm => "a chave do certificado é de um tipo que não assina aqui",
        }
        .into(),
    )
}

fn sign_trouble(error: &SignError) -> Trouble {
    let text = match error {
        SignError::Pdf(PdfError::Encrypted) => "o documento está cifrado",
        SignError::Pdf(PdfError::Damaged) => "a tabela de objetos do documento está danificada",
        SignError::Pdf(PdfError::NoPage) => "o documento não tem páginas",
        SignError::Pdf(_) => "o arquivo não é um documento PDF que possa ser assinado",
        _ => "a assinatura não pôde ser feita com esta chave",
    };
    Trouble(text.into())
}
