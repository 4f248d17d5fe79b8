//! What was found, for the person at the terminal.

use std::fmt::Write as _;

use sigilo_signature::{Kind, Level, Report, Signature};
use time::{OffsetDateTime, UtcOffset};

/// The whole report.
pub(super) fn text(report: &Report, length: usize) -> String {
    let mut out = String::new();
    for (number, signature) in (1..).zip(&report.signatures) {
        let _ = writeln!(out, "{number}. {}: {}", title(signature), signature.verdict.word().to_uppercase());
        facts(&mut out, signature, length);
        for reason in &signature.reasons {
            let _ = writeln!(out, "   - {}", reason.text);
        }
    }
    for reason in &report.reasons {
        let _ = writeln!(out, "- {}", reason.text);
    }
    let _ = write!(out, "Conclusão: {}", report.verdict.word());
    out
}

fn title(signature: &Signature) -> String {
    match (signature.kind, &signature.signer, &signature.certificate) {
        (Kind::TimeStamp, _, Some(certificate)) => {
            format!("Carimbo do tempo do documento, de {}", printable(&certificate.common_name()))
        }
        (Kind::TimeStamp, ..) => "Carimbo do tempo do documento".to_owned(),
        (Kind::Signature, Some(person), _) => {
            format!("Assinatura de {}, CPF {}", printable(&person.name), person.cpf.digits())
        }
        (Kind::Signature, None, Some(certificate)) => {
            format!("Assinatura de {}", printable(&certificate.common_name()))
        }
        (Kind::Signature, None, None) => format!("Assinatura no campo {}", printable(&signature.field)),
    }
}

fn facts(out: &mut String, signature: &Signature, length: usize) {
    let mut fact = |name: &str, value: String| {
        let _ = writeln!(out, "   {name}: {value}");
    };
    if let Some(time) = signature.claimed_time {
        fact("Diz ter sido feita em", moment(time));
    }
    if let Some(time) = signature.proved_time {
        fact("Existia em, pelo carimbo do tempo", moment(time));
    }
    if let Some(policy) = signature.policy {
        fact("Política de assinatura", policy.to_string());
    }
    let level = match signature.level {
        Level::Basic => "PAdES B-B, sem carimbo do tempo",
        Level::Time => "PAdES B-T, com carimbo do tempo",
        Level::LongTerm => "PAdES B-LT, com certificados e listas guardados",
        Level::Archive => "PAdES B-LTA, com carimbo de arquivo",
    };
    if signature.kind == Kind::Signature && signature.certificate.is_some() {
        fact("Nível", level.to_owned());
    }
    match signature.revision {
        Some(revision) if revision == length => fact("Cobre", "o documento inteiro".to_owned()),
        Some(revision) => fact("Cobre", format!("os primeiros {revision} de {length} bytes")),
        None => {}
    }
}

fn moment(time: OffsetDateTime) -> String {
    let time = time.to_offset(UtcOffset::UTC);
    let (hour, minute, second) = time.to_hms();
    let (day, month, year) = (time.day(), u8::from(time.month()), time.year());
    format!("{day:02}/{month:02}/{year} {hour:02}:{minute:02}:{second:02} UTC")
}

/// What a certificate or a document says is not to steer a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
