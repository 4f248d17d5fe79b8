//! The receipt of a consent as a file that keeps.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::{env, fs, path::PathBuf, process::Command};

use sigilo_report::{ConsentReceipt, consent_receipt};

fn receipt() -> ConsentReceipt {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    ConsentReceipt {
        title: "Atendimento a distância".into(),
        summary: "Autorizo ser atendida por vídeo.".into(),
        body: "Primeiro parágrafo, com #strong[nada] a interpretar.\n\nVocê pode revogar a qualquer momento.".into(),
        facts: vec![pair("De quem", "Iara Bastos 漢 \u{202E}oirártnoc"), pair("Quando", "28/11/2026 às 09:00")],
        state: "Em vigor quando este comprovante foi feito.".into(),
        proofs: vec![pair("Resumo", &"ab".repeat(32))],
        drawing: None,
        address: "https://sigilo.clinica.example/consentimento/conferir/0123456789abcdef0123456789abcdef".into(),
        document: br#"{"type":"sigilo-consent-proof"}"#.to_vec(),
        hash: "cd".repeat(32),
        date: (2026, 11, 28),
    }
}

#[test]
fn it_is_pdf_a_with_the_proof_inside_and_says_what_was_agreed_to() {
    let pdf = consent_receipt(&receipt()).unwrap();
    assert_eq!(pdf, consent_receipt(&receipt()).unwrap(), "the same receipt, the same bytes");
    let has = |part: &str| pdf.windows(part.len()).any(|window| window == part.as_bytes());
    assert!(has("pdfaid:part>3<") && has("pdfuaid:part") && has("prova.json") && has("pt-BR"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("comprovante.pdf");
    fs::write(&file, &pdf).unwrap();
    if let Some(kept) = env::var_os("SIGILO_REPORTS") {
        fs::copy(&file, PathBuf::from(kept).join("comprovante.pdf")).unwrap();
    }
    // Where poppler is, somebody else's program reads it and takes the proof out again.
    let Ok(text) = Command::new("pdftotext").arg(&file).arg("-").output() else { return };
    let text = String::from_utf8(text.stdout).unwrap();
    for part in ["Atendimento a distância", "#strong[nada]", "Iara Bastos [U+6F22] [U+202E]oirártnoc", "Como conferir"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    let taken = folder.path().join("tirada.json");
    let detached = Command::new("pdfdetach").args(["-save", "1", "-o"]).arg(&taken).arg(&file).status().unwrap();
    assert!(detached.success());
    assert_eq!(fs::read(&taken).unwrap(), receipt().document);
}

#[test]
fn a_drawing_stands_on_the_page_and_one_that_is_none_does_not_spoil_it() {
    // One dark pixel.
    let pixel = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55\0\0\0\nIDATx\x9cc\x60\0\0\0\x02\0\x01\x48\xaf\xa4\x71\0\0\0\0IEND\xaeB`\x82";
    let plain = consent_receipt(&receipt()).unwrap();
    let drawn = consent_receipt(&ConsentReceipt { drawing: Some(pixel.to_vec()), ..receipt() }).unwrap();
    assert!(drawn.len() > plain.len());
    let broken = consent_receipt(&ConsentReceipt { drawing: Some(b"\x89PNG broken".to_vec()), ..receipt() }).unwrap();
    assert_eq!(broken, plain);
}

#[test]
fn the_code_leads_to_the_page() {
    // Another address, another drawing.
    let mut other = receipt();
    other.address = other.address.replace('0', "f");
    assert_ne!(consent_receipt(&other).unwrap(), consent_receipt(&receipt()).unwrap());
}
