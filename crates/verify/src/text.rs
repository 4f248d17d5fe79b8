use std::fmt::Write as _;

use sigilo_proof::bundle::{Report, Verdict};

/// The report for people.
pub(crate) fn text(report: &Report, entry: Option<&str>) -> String {
    let mut out = String::new();
    // Writing to a text does not fail.
    let _ = write(&mut out, report, entry);
    out
}

fn write(out: &mut String, report: &Report, entry: Option<&str>) -> std::fmt::Result {
    let facts = &report.facts;
    writeln!(
        out,
        "{}\n",
        match report.verdict {
            Verdict::Valid => "VÁLIDO: tudo estava lá e tudo conferiu.",
            Verdict::Tampered => "ADULTERADO: algo contradiz o que foi assinado.",
            Verdict::Incomplete => "INCOMPLETO: nada contradiz, mas falta o que permitiria concluir.",
        }
    )?;
    for finding in &report.findings {
        let mark = if finding.verdict == Verdict::Tampered { "✗" } else { "?" };
        writeln!(out, "{mark} {}", finding.sentence)?;
    }
    let told = report.findings.len() as u64;
    if report.finding_count > told {
        writeln!(out, "… e mais {}", report.finding_count - told)?;
    }
    if !report.findings.is_empty() {
        writeln!(out)?;
    }
    if let Some(origin) = &facts.origin {
        let signed = facts.signatures.join(" e ");
        writeln!(
            out,
            "Registro da plataforma  {origin}, {}{}",
            counted(facts.rounds, "rodada"),
            paren(&signed, "assinado com ")
        )?;
    }
    if let Some(log) = &facts.log {
        let (leaves, entries) = (counted(facts.leaves, "folha"), counted(facts.entries, "registro"));
        let checked = if facts.entries == 1 { "conferido" } else { "conferidos" };
        writeln!(out, "Registro da clínica     {log}, {leaves}, {entries} {checked}")?;
    }
    if facts.expired > 0 {
        let (expired, stamped) = (counted(facts.expired, "registro"), facts.expired_stamped);
        writeln!(
            out,
            "Eliminados no prazo     {expired}, como o próprio registro declara; idade confirmada por carimbo: {stamped}"
        )?;
    }
    if let (Some(from), Some(to)) = (&facts.from, &facts.to) {
        writeln!(out, "Período                 de {from} a {to}")?;
    }
    if let Some(at) = &facts.sealed_at {
        writeln!(out, "Lacrado em              {at}")?;
    }
    let list = |names: &[String]| if names.is_empty() { "nenhuma".to_owned() } else { names.join(", ") };
    writeln!(out, "Testemunhas             {}", list(&facts.witnesses))?;
    for stamp in &facts.stamps {
        writeln!(out, "Carimbo do tempo        {stamp}")?;
    }
    if facts.stamps_unread > 0 {
        writeln!(out, "Carimbos não conferidos {} (dê a raiz da autoridade com --tsa-root)", facts.stamps_unread)?;
    }
    for name in &facts.previous {
        writeln!(out, "Continua de             {name}")?;
    }
    if report.verdict != Verdict::Tampered && facts.previous.is_empty() && facts.witnesses.is_empty() {
        writeln!(
            out,
            "\nSem testemunha e sem um ponto de controle guardado antes (--previous), quem tem a chave do registro\n\
             poderia ter reescrito a história inteira: esta conferência não veria."
        )?;
    }
    if let Some(entry) = entry {
        writeln!(out, "\nO registro, como foi lacrado:\n{entry}")?;
    }
    Ok(())
}

fn paren(text: &str, before: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" ({before}{text})") }
}

fn counted(count: u64, one: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {one}{plural}")
}
