//! The entry for the patient's record about the use of AI (CFM 2.454/2026, art. 4, V).

use uuid::Uuid;

use serde_json::json;
use sigilo_store::{
    Session, WriteTx,
    answer::{self as rows, NewReview, Reviewer},
};

use super::{DISCLAIMER, card, review::event, shown};
use crate::{App, Result, answer::Shown};

/// The text for the patient's record: tool, version, purpose, hypotheses, verified references, decision, reviewer.
/// That it was issued goes into the trail.
///
/// # Errors
/// [`crate::Error::NotFound`] when the doctor has no such answer.
pub async fn record(app: &App, session: &Session, answer: Uuid) -> Result<String> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            let stored = shown::load(tx, answer).await?;
            let reviewer = rows::reviewer(tx).await?;
            rows::review(tx, &NewReview::of(answer, "record_copied")).await?;
            let text = text(&stored, &reviewer, app.settings().version);
            Ok((text, event("ai_record_issued", answer, json!({ "decided": stored.confirmed }))))
        })
        .await
}

fn text(stored: &Shown, reviewer: &Reviewer, version: &str) -> String {
    let mut lines = vec![
        "USO DE INTELIGÊNCIA ARTIFICIAL (Resolução CFM nº 2.454/2026)".to_owned(),
        format!("Ferramenta: Sigilo {version}; modelo {}; classe de risco: {}.", stored.model, card::RISK_WORD),
        format!("Data e hora: {}.", moment(stored.created_at)),
        "Finalidade: apoio ao raciocínio diagnóstico, sobre texto sem identificação do paciente.".to_owned(),
    ];
    lines.push(match stored.answer.hipoteses.len() {
        0 => format!(
            "Hipóteses consideradas pela ferramenta: nenhuma{}.",
            stored
                .answer
                .abstencao
                .as_ref()
                .map_or_else(String::new, |why| format!(" ({})", why.trim_end_matches('.')))
        ),
        _ => "Hipóteses consideradas pela ferramenta:".to_owned(),
    });
    for (at, hypothesis) in stored.answer.hipoteses.iter().enumerate() {
        let code = hypothesis.cid10.as_ref().map_or_else(String::new, |code| format!(" (CID-10 {code})"));
        let decided = stored.decision(&format!("hipotese-{}", at + 1)).map_or("", |event| match event.kind.as_str() {
            "accepted" => ": aceita",
            "edited" => ": editada",
            _ => ": rejeitada",
        });
        lines.push(format!("  {}. {}{code}{decided}", at + 1, hypothesis.nome));
    }
    let verified: Vec<_> = stored
        .references
        .iter()
        .filter(|reference| reference.check.counts_as_verified())
        .filter_map(|reference| reference.check.record.as_ref())
        .collect();
    lines.push(if verified.is_empty() {
        "Referências verificadas: nenhuma.".to_owned()
    } else {
        "Referências verificadas (existem no PubMed; o conteúdo não foi conferido pela ferramenta):".to_owned()
    });
    for article in verified {
        let year = article.year.map_or_else(String::new, |year| format!(" {year}"));
        lines.push(format!(
            "  - {} {}{year}. PMID {}.",
            article.title.trim_end_matches('.').to_owned() + ".",
            article.journal_abbreviation,
            article.pmid
        ));
    }
    let decision = stored.decision("resposta");
    lines.push(match decision {
        None => "Decisão do médico: ainda não registrada.".to_owned(),
        Some(event) => {
            let word = match event.kind.as_str() {
                "accepted" => "resposta aceita",
                "edited" => "resposta editada",
                _ => "resposta rejeitada",
            };
            let why = event
                .reason
                .as_ref()
                .map_or_else(String::new, |why| format!("; motivo: {}", why.trim_end_matches('.')));
            format!("Decisão do médico: {word} em {}{why}.", moment(event.created_at))
        }
    });
    lines.push(format!("Revisão: {}, CRM {}/{}.", reviewer.full_name, reviewer.crm_number, reviewer.crm_state));
    lines.push(format!("{DISCLAIMER}."));
    lines.join("\n")
}

/// Day and time in Brasília, whose offset has been −3 h all year since 2019 (Decreto 9.772/2019).
fn moment(at: time::OffsetDateTime) -> String {
    let local = at.to_offset(sigilo_domain::BRASILIA);
    format!(
        "{:02}/{:02}/{} {:02}:{:02} (horário de Brasília)",
        local.day(),
        u8::from(local.month()),
        local.year(),
        local.hour(),
        local.minute()
    )
}
