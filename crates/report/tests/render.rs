//! What is drawn, whatever the data holds.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::{env, fs, process::Command};

use sigilo_report::{Files, MAX_RECORDS, MAX_ROWS, Outcome, Report, digest, render};
use support::{answered, report};

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What a reader takes out of the PDF; none where poppler is not installed.
fn read(pdf: &[u8]) -> Option<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("relatorio.pdf");
    fs::write(&file, pdf).unwrap();
    let run = |command: &mut Command| command.output().ok().map(|output| text(&output.stdout));
    let info = run(Command::new("pdfinfo").arg(&file))?;
    let text = run(Command::new("pdftotext").arg(&file).arg("-"))?;
    Some((info, tight(&text)))
}

/// Without what lines and columns add between words.
fn tight(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c == '\u{200B}').collect()
}

fn keep(name: &str, files: &Files) {
    if let Some(folder) = env::var_os("SIGILO_REPORTS") {
        let folder = std::path::PathBuf::from(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.pdf")), &files.pdf).unwrap();
        fs::write(folder.join(format!("{name}.html")), &files.html).unwrap();
        fs::write(folder.join(format!("{name}.json")), &files.json).unwrap();
    }
}

#[test]
fn the_same_data_gives_the_same_bytes_and_the_data_can_be_read_back() {
    let report = report();
    let files = render(&report).unwrap();
    keep("inteiro", &files);
    let again: Report = serde_json::from_slice(&files.json).unwrap();
    assert_eq!(again, report);
    assert!(files == render(&again).unwrap(), "bytes differ");
    let mut other = report;
    other.figures[0].value = "43".into();
    let other = render(&other).unwrap();
    assert!(other.pdf != files.pdf && other.html != files.html && other.json != files.json);
}

#[test]
fn the_parts_stand_in_both_drawings() {
    let files = render(&report()).unwrap();
    let page = text(&files.html);
    let hash = digest(&files.json);
    let wanted = [
        "Clínica Jardim das Acácias",
        "01/11/2026 a 28/11/2026",
        "28/11/2026 às 14:05:09",
        "Breno Salgueiro",
        &hash,
        "SQL-01",
        "SQL-34",
        "Nenhuma conversa foi feita ainda.",
        "passou de 20 segundos",
        "O prazo venceu e não há registro.",
        "Respondido dentro do prazo.",
        "Criou uma conta com chave de acesso.",
        "PENDENTE",
        "O que este relatório não prova",
        "/relatorio/conferir",
    ];
    for part in wanted {
        assert!(page.contains(part), "{part}");
    }
    assert!(page.contains("default-src 'none'") && !page.contains("<script") && !page.contains("http://"));
    assert!(files.pdf.starts_with(b"%PDF-1.7"));
    for part in ["pdfaid:part", "pdfuaid:part", "pt-BR"] {
        let found = files.pdf.windows(part.len()).any(|window| window == part.as_bytes());
        assert!(found, "{part}");
    }
    let Some((info, read)) = read(&files.pdf) else { return };
    assert!(info.contains("Tagged:          yes") && info.contains("Relatório de auditoria"), "{info}");
    for part in wanted {
        assert!(read.contains(&tight(part)), "{part}");
    }
}

#[test]
fn nothing_in_the_data_is_taken_for_anything_else() {
    let evil = "#panic(\"x\") $x$ *b* _i_ `r` <a href=x> </style><script>alert(1)</script> & \0 \u{202E}\u{200B} 漢字 🦀 \u{E000} \u{FFFF} a\u{301}\u{327}\n= não\n[x](y)\\";
    let mut report = report();
    let mut query = answered(1, &["a", evil], vec![vec![Some(evil.into()), None], vec![], vec![Some("é".into()); 5]]);
    query.title = evil.into();
    query.sql = evil.into();
    report.queries = vec![query];
    report.clinic = evil.into();
    report.issued_by = evil.into();
    report.demonstrations[0].title = evil.into();
    report.retention[0].table = evil.into();
    if let Some(requests) = &mut report.requests {
        requests[0].right = evil.into();
    }
    let files = render(&report).unwrap();
    keep("hostil", &files);
    let page = text(&files.html);
    assert!(!page.contains("<script") && !page.contains("<a href=x>") && page.contains("&#60;script&#62;"));
    assert!(page.contains("[U+0000]") && page.contains("[U+202E]") && page.contains("漢字"));
    let Some((_, read)) = read(&files.pdf) else { return };
    assert!(read.contains(&tight("#panic(\"x\") $x$ *b* _i_ `r`")), "{read}");
    assert!(read.contains("[U+0000]") && read.contains("[U+6F22]") && !read.contains('漢'));
}

#[test]
fn ten_thousand_rows_are_cut_and_counted() {
    let mut report = report();
    let wide: Vec<String> = (0..9).map(|at| format!("coluna_{at}")).collect();
    let wide: Vec<&str> = wide.iter().map(String::as_str).collect();
    let rows = |columns: usize| {
        (0..10_000).map(|row| (0..columns).map(|column| Some(format!("r{row}c{column}"))).collect()).collect()
    };
    report.queries = vec![answered(1, &["a", "b"], rows(2)), answered(2, &wide, rows(9))];
    if let Outcome::Rows { truncated, .. } = &mut report.queries[1].outcome {
        *truncated = true;
    }
    let requests = report.requests.take().unwrap();
    report.requests = Some(vec![requests[0].clone(); 1_000]);
    let files = render(&report).unwrap();
    let page = text(&files.html);
    assert!(page.contains(&format!("10000 linhas. Aqui estão as {MAX_ROWS} primeiras")));
    assert!(page.contains(&format!("Mais de 10000 linhas; o console lê até 10000. Aqui estão as {MAX_RECORDS}")));
    assert!(page.contains("r19c1") && !page.contains("r20c1") && !page.contains("r4c8"));
    assert!(page.contains("São 1000 pedidos; aqui estão 200."));
    assert!(text(&files.json).contains("r9999c8"), "the data is whole");
    assert!(files.pdf.len() < 2_000_000, "{}", files.pdf.len());
}

#[test]
fn a_report_may_be_almost_empty() {
    let mut report = report();
    report.queries.clear();
    report.demonstrations.clear();
    report.retention.clear();
    report.figures.clear();
    report.versions.clear();
    (report.requests, report.incidents) = (None, Some(Vec::new()));
    let files = render(&report).unwrap();
    keep("vazio", &files);
    let page = text(&files.html);
    assert!(page.contains("Nenhum incidente no período") && !page.contains("id=\"consultas\""));
    assert!(page.contains("demonstrações da simulação de auditoria não fazem parte"));
}
