//! `sigilo deid`: takes personal data out of a file or of standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use sigilo_deid::{Detections, deidentify};

/// Remove dados pessoais de um texto em português
#[derive(Debug, clap::Args)]
pub struct DeidArgs {
    /// Arquivo a ler; sem ele, lê a entrada padrão
    #[arg(value_name = "ARQUIVO")]
    file: Option<PathBuf>,

    /// Lê um objeto JSON {"id", "text"} por linha e escreve {"id", "redacted", "detections"};
    /// as posições são em caracteres (pontos de código) do texto de entrada
    #[arg(long)]
    jsonl: bool,

    /// Expressão que também deve ser removida, em qualquer grafia; pode ser repetida
    #[arg(long = "add", value_name = "EXPRESSÃO")]
    added: Vec<String>,
}

/// Runs the command. Fails if the input cannot be read, is not UTF-8, or has a bad JSON line.
pub fn run(args: DeidArgs) -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut complain = |message: &str| {
        // Nowhere is left to report a closed standard error.
        let _ = writeln!(io::stderr(), "sigilo deid: {message}");
    };
    let input: Box<dyn Read> = match &args.file {
        None => Box::new(io::stdin().lock()),
        Some(path) => match File::open(path) {
            Ok(file) => Box::new(file),
            Err(error) => {
                complain(&format!("não foi possível abrir {}: {error}", path.display()));
                return ExitCode::FAILURE;
            }
        },
    };
    let added: Vec<&str> = args.added.iter().map(String::as_str).collect();
    let mut input = BufReader::new(input);
    let done = if args.jsonl {
        convert_lines(&mut input, &mut out, &added, &mut complain)
    } else {
        convert_text(&mut input, &mut out, &added)
    };
    match done.and_then(|all_good| out.flush().map(|()| all_good)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // The reader, such as `head`, has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            complain("a entrada não é texto em UTF-8; nada foi escrito");
            ExitCode::FAILURE
        }
        Err(error) => {
            complain(&format!("erro de leitura ou escrita: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Redacts the whole input as one text, because a name found late is removed early too.
fn convert_text(input: &mut impl Read, out: &mut impl Write, added: &[&str]) -> io::Result<bool> {
    let mut text = String::new();
    input.read_to_string(&mut text)?;
    let (clean, _) = deidentify(&text, added);
    out.write_all(clean.as_bytes())?;
    Ok(true)
}

/// Converts one JSON object a line, telling `complain` of each line that is none. The text of a bad line
/// is never repeated in the message. Returns whether every line was good.
fn convert_lines(
    input: &mut impl BufRead,
    out: &mut impl Write,
    added: &[&str],
    complain: &mut impl FnMut(&str),
) -> io::Result<bool> {
    let mut all_good = true;
    let mut line = Vec::new();
    for number in 1u64.. {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match convert_line(&line, added) {
            Ok(converted) => {
                out.write_all(&converted)?;
                out.write_all(b"\n")?;
            }
            Err(reason) => {
                all_good = false;
                complain(&format!("linha {number}: {reason}"));
            }
        }
    }
    Ok(all_good)
}

#[derive(Deserialize)]
struct Record {
    id: serde_json::Value,
    text: String,
}

#[derive(Serialize)]
struct Converted<'a> {
    id: serde_json::Value,
    redacted: &'a str,
    detections: Vec<Found>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Found {
    #[serde(rename = "type")]
    kind: &'static str,
    start: usize,
    end: usize,
    confidence: f32,
    method: &'static str,
}

/// Converts one line of JSON. The error says what is wrong without quoting the line.
fn convert_line(line: &[u8], added: &[&str]) -> Result<Vec<u8>, &'static str> {
    let line = std::str::from_utf8(line).map_err(|_| "não é texto em UTF-8")?;
    let line = line.strip_prefix('\u{feff}').unwrap_or(line);
    let record: Record = serde_json::from_str(line).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => "faltam os campos \"id\" e \"text\", ou \"text\" não é texto",
        _ => "não é um objeto JSON válido",
    })?;
    let (clean, found) = deidentify(&record.text, added);
    let converted =
        Converted { id: record.id, redacted: clean.as_str(), detections: in_code_points(&record.text, &found) };
    serde_json::to_vec(&converted).map_err(|_| "o resultado não pôde ser escrito em JSON")
}

/// Detections with their byte offsets turned into code points, in one pass.
fn in_code_points(text: &str, found: &Detections) -> Vec<Found> {
    let (mut bytes, mut chars) = (0, 0);
    let mut count_to = |offset: usize| {
        chars += text.get(bytes..offset).map_or(0, |part| part.chars().count());
        bytes = offset;
        chars
    };
    found
        .iter()
        .map(|d| Found {
            kind: d.kind.code(),
            start: count_to(d.start),
            end: count_to(d.end),
            confidence: d.confidence,
            method: d.method.code(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8], added: &[&str]) -> (Vec<serde_json::Value>, Vec<String>, bool) {
        let (mut out, mut complaints) = (Vec::new(), Vec::new());
        let good = convert_lines(&mut &input[..], &mut out, added, &mut |m| complaints.push(m.to_owned())).unwrap();
        let parsed = String::from_utf8(out).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        (parsed, complaints, good)
    }

    #[test]
    fn text_is_redacted_whole() {
        let mut out = Vec::new();
        convert_text(&mut "Maria voltou.\nPaciente Maria, CPF 123.456.789-00\n".as_bytes(), &mut out, &[]).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "[NOME REMOVIDO] voltou.\nPaciente [NOME REMOVIDO], CPF [CPF REMOVIDO]\n");
    }

    #[test]
    fn text_that_is_not_utf8_is_an_error_and_writes_nothing() {
        let mut out = Vec::new();
        let error = convert_text(&mut &b"abc \xff"[..], &mut out, &[]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(out.is_empty());
    }

    #[test]
    fn offsets_are_code_points_of_the_input() {
        let (out, complaints, good) = lines("{\"id\": 7, \"text\": \"🩺 não: CPF 529.982.247-25\"}\n".as_bytes(), &[]);
        assert!(good && complaints.is_empty());
        assert_eq!(out[0]["id"], 7);
        assert_eq!(out[0]["redacted"], "🩺 não: CPF [CPF REMOVIDO]");
        let found = &out[0]["detections"][0];
        assert_eq!((found["type"].as_str(), found["method"].as_str()), (Some("cpf"), Some("digito+contexto")));
        assert_eq!((found["start"].as_u64(), found["end"].as_u64()), (Some(11), Some(25)));
    }

    #[test]
    fn a_bad_line_is_named_by_number_and_the_rest_is_converted() {
        let input = b"{\"id\":1,\"text\":\"oi\"}\n{\"id\":2,\"text\":\"segredo\n\n{\"id\":3}\n\xff\n{\"id\":\"x\",\"text\":\"fim\"}";
        let (out, complaints, good) = lines(input, &[]);
        assert!(!good);
        assert_eq!(out.len(), 2);
        assert_eq!(out[1]["redacted"], "fim");
        assert_eq!(complaints.len(), 3);
        assert!(
            complaints[0].starts_with("linha 2:")
                && complaints[1].starts_with("linha 4:")
                && complaints[2].starts_with("linha 5:")
        );
        assert!(complaints.iter().all(|c| !c.contains("segredo")));
    }

    #[test]
    fn added_phrases_are_removed_and_named() {
        let (out, ..) = lines("{\"id\":1,\"text\":\"o motorista da Kombi azul\"}".as_bytes(), &["kombi  AZUL"]);
        assert_eq!(out[0]["redacted"], "o motorista da [NOME REMOVIDO]");
        assert_eq!(out[0]["detections"][0]["type"], "adicionado");
    }
}
