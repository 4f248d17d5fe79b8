//! `sigilo citations`: the local citation index.

use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::json;
use sigilo_citations::{
    Cited, Index, IndexError, Judgement, Options, Progress, Reason, Record, Status, Step, Summary, Verdict, build,
    is_guideline, judge, parse_reference,
};

use crate::db::DataArgs;

/// Candidates that are compared with a reference.
const CANDIDATES: usize = 20;

/// Arguments of `sigilo citations`.
#[derive(Args, Debug)]
pub struct CitationsArgs {
    #[command(subcommand)]
    command: CitationsCommand,
    /// Pasta do índice [padrão: citacoes, na pasta dos dados]
    #[arg(long = "index", value_name = "PASTA", global = true, env = "SIGILO_CITATIONS")]
    index: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Subcommand, Debug)]
enum CitationsCommand {
    /// Cria o índice com os arquivos do PubMed, ou continua de onde parou
    ///
    /// Os arquivos são os da base anual do PubMed, que a NLM publica em ftp.ncbi.nlm.nih.gov/pubmed/baseline
    /// (pubmed26n0001.xml.gz e seguintes; uns 50 GB). Este comando não usa a rede: baixe-os antes, por exemplo com
    /// wget --mirror ou rsync, para uma pasta. Pode-se parar a qualquer momento e repetir o comando.
    Build(FilesArgs),
    /// Acrescenta ao índice os arquivos de atualização diária do PubMed
    ///
    /// Os arquivos estão em ftp.ncbi.nlm.nih.gov/pubmed/updatefiles; baixe-os antes para uma pasta, todos e sem pular
    /// nenhum. Os que já entraram são ignorados. O servidor passa a usar a nova versão sem reiniciar.
    Update(FilesArgs),
    /// Mostra o que o índice contém e de quando é
    Status {
        /// Escreve em JSON
        #[arg(long)]
        json: bool,
    },
    /// Confere uma referência pelo índice local; sem índice, pelo pequeno que acompanha o programa
    Check {
        /// A referência, como está na lista
        #[arg(value_name = "REFERÊNCIA")]
        reference: String,
        /// Escreve em JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args, Debug)]
struct FilesArgs {
    /// Pasta com os arquivos .xml.gz do PubMed
    #[arg(value_name = "PASTA")]
    files: PathBuf,
    /// Quantos arquivos ler ao mesmo tempo [padrão: um por processador, no máximo 4]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

/// Runs the command. Fails if a file had to be left out, although the others are in the index.
pub fn run(args: &CitationsArgs) -> ExitCode {
    let folder = args.index.clone().unwrap_or_else(|| args.data.folder().join("citacoes"));
    let done = match &args.command {
        CitationsCommand::Build(files) => read_files(files, &folder, false),
        CitationsCommand::Update(files) => read_files(files, &folder, true),
        CitationsCommand::Status { json } => status(&folder, *json),
        CitationsCommand::Check { reference, json } => check(reference, &folder, *json),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

// Nowhere is left to report a closed output.
fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "sigilo citations: {message}");
}

fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

fn read_files(args: &FilesArgs, folder: &std::path::Path, update: bool) -> Result<bool, IndexError> {
    let mut options = Options { update, ..Options::default() };
    options.threads = args.threads.unwrap_or(options.threads).clamp(1, 64);
    let mut watch = |progress: &Progress<'_>| {
        match &progress.step {
            Step::Read => {
                let left = progress.left.map(|left| format!(", faltam {}", duration(left))).unwrap_or_default();
                complain(&format!(
                    "{}/{} {}: {} registros, {:.0} por segundo{left}",
                    progress.done, progress.of, progress.file, progress.records, progress.rate
                ));
            }
            Step::Skipped(why) => complain(&format!("{}: {why}; o arquivo ficou de fora", progress.file)),
            Step::Committed => complain("gravado"),
        }
        ControlFlow::Continue(())
    };
    let Summary { files, known, skipped, records, deleted } = build(&args.files, folder, &options, &mut watch)?;
    say(&format!(
        "{files} arquivos lidos, {known} já estavam no índice; {records} registros lidos, {deleted} apagados pelo PubMed"
    ));
    for (name, why) in &skipped {
        say(&format!("ficou de fora: {name} ({why}); baixe-o de novo e repita o comando"));
    }
    Ok(skipped.is_empty())
}

fn duration(left: Duration) -> String {
    match left.as_secs() {
        seconds @ 0..=99 => format!("{seconds} s"),
        seconds @ 100..=7199 => format!("{} min", seconds / 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// The index of the folder; without one the small one that comes along.
fn open(folder: &std::path::Path) -> Result<Index, IndexError> {
    match Index::open(folder) {
        Err(IndexError::Missing(_)) => Index::bundled(),
        other => other,
    }
}

fn status(folder: &std::path::Path, as_json: bool) -> Result<bool, IndexError> {
    let status = open(folder)?.status();
    if as_json {
        say(&json!(status).to_string());
        return Ok(true);
    }
    let Status { records, retracted, files, newest_update, bytes, bytes_per_record, bundled } = status;
    if bundled {
        say(&format!(
            "Não há índice em {}. O que acompanha o programa contém uma parte mínima do PubMed:",
            folder.display()
        ));
    } else {
        say(&format!("Índice em {}:", folder.display()));
        say(&format!("  arquivos do PubMed: {files}"));
    }
    say(&format!("  artigos: {records}"));
    say(&format!("  retratados: {retracted}"));
    say(&format!("  última revisão: {}", newest_update.as_deref().map_or_else(|| "desconhecida".to_owned(), date)));
    say(&format!("  tamanho: {:.1} MB, {bytes_per_record} bytes por artigo", bytes as f64 / 1e6));
    Ok(true)
}

/// `2026-11-24` → `24/11/2026`.
fn date(iso: &str) -> String {
    let parts: Vec<&str> = iso.split('-').rev().collect();
    parts.join("/")
}

fn check(reference: &str, folder: &std::path::Path, as_json: bool) -> Result<bool, IndexError> {
    let index = open(folder)?;
    let cited = parse_reference(reference);
    let candidates = index.candidates(&cited, CANDIDATES)?;
    let judgement = judge(&cited, &candidates, &index.weights());
    let found = judgement.best.and_then(|at| candidates.get(at));
    let status = index.status();
    let guideline = judgement.verdict == Verdict::NotFound && is_guideline(&cited);
    if as_json {
        let answer = json!({
            "citada": cited,
            "veredito": judgement.verdict,
            "motivo": if guideline { Some(Reason::Guideline) } else { judgement.reason },
            "encontrada": found,
            "semelhanca": judgement.best.map(|at| judgement.scores[at]),
            "correcoes": judgement.corrections,
            "indice": status,
        });
        say(&answer.to_string());
    } else {
        tell(&cited, &judgement, found, guideline, &status);
    }
    Ok(true)
}

fn tell(cited: &Cited, judgement: &Judgement, found: Option<&Record>, guideline: bool, status: &Status) {
    say(match (judgement.verdict, judgement.reason) {
        _ if guideline => "NÃO VERIFICÁVEL: parece norma ou diretriz brasileira, que o PubMed não guarda.",
        (Verdict::Verified, _) => "VERIFICADA: o artigo existe e os campos conferem. O conteúdo não foi verificado.",
        (Verdict::VerifiedWithCorrection, _) => {
            "VERIFICADA COM CORREÇÃO: o artigo existe, mas foi citado com diferenças."
        }
        (Verdict::Ambiguous, _) => "AMBÍGUA: mais de um artigo serve.",
        (_, Some(Reason::AuthorshipMismatch)) => "NÃO ENCONTRADA: o título existe, mas a autoria não confere.",
        (_, Some(Reason::TooLittle)) => "NÃO ENCONTRADA: a referência traz dados de menos para procurar.",
        _ => "NÃO ENCONTRADA: nenhum artigo parecido no índice.",
    });
    if let Some(record) = found {
        if record.flags.retracted {
            let year = record.flags.retraction_year.map(|year| format!(" em {year}")).unwrap_or_default();
            say(&format!("ARTIGO RETRATADO{year}."));
        }
        if record.flags.concern {
            say("Há uma expressão de preocupação sobre este artigo.");
        }
        if record.flags.erratum {
            say("Há uma errata deste artigo.");
        }
    }
    let empty = "-".to_owned();
    let or_empty = |text: &str| if text.is_empty() { empty.clone() } else { text.to_owned() };
    say("");
    say("campo     citado → encontrado");
    let found_text = |text: Option<String>| text.filter(|text| !text.is_empty()).unwrap_or_else(|| empty.clone());
    let authors = |record: &Record| {
        let names: Vec<&str> = record.authors.iter().map(|author| author.family.as_str()).collect();
        let more = usize::from(record.author_count) > record.authors.len();
        format!("{}{}", names.join(", "), if more { " e outros" } else { "" })
    };
    let rows = [
        ("título", or_empty(&cited.title), found.map(|record| record.title.clone())),
        ("autores", or_empty(&cited.authors.join("; ")), found.map(authors)),
        ("revista", or_empty(&cited.journal), found.map(|record| record.journal_abbreviation.clone())),
        (
            "ano",
            cited.year.map_or_else(|| empty.clone(), |year| year.to_string()),
            found.and_then(|record| record.year).map(|year| year.to_string()),
        ),
    ];
    for (name, mine, theirs) in rows {
        say(&format!("{name:9} {mine} → {}", found_text(theirs)));
    }
    if let Some(record) = found {
        say(&format!("{:9} {}", "PMID", record.pmid));
    }
    for correction in &judgement.corrections {
        say(&format!("difere: {}", correction.field));
    }
    let kind = if status.bundled { "índice mínimo que acompanha o programa" } else { "índice local" };
    let when = status.newest_update.as_deref().map(|day| format!(" de {}", date(day))).unwrap_or_default();
    say(&format!("\nFonte: {kind}{when}, {} artigos.", status.records));
    if status.bundled && io::stdout().is_terminal() {
        say("Um artigo que falta nele pode existir no PubMed; veja sigilo citations build --help.");
    }
}
