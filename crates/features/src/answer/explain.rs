//! How an answer was made, in plain Portuguese (LGPD art. 20; audit manual, step 5).

use sigilo_assistant::{
    provider::LOCAL,
    verify::{Check, Source},
};
use sigilo_citations::{Cited, Reason, Verdict};

use super::keep::Made;
use crate::App;

/// The explanation stored with an answer. Names PubMed E-utilities only when they were asked.
pub(super) fn text(app: &App, made: &Made, checked: &[(Cited, Check)]) -> String {
    let assistant = app.assistant();
    let provider = &assistant.provider;
    let mut lines = Vec::new();
    lines.push(match provider.name() {
        LOCAL => format!(
            "Resposta do motor de conhecimento local ({}), sem modelo de IA: regras sobre 49 condições da base DDXPlus (CC BY 4.0). Nada saiu desta instalação.",
            provider.model()
        ),
        _ => format!(
            "Resposta do modelo {} ({}{}). O modelo recebeu só o texto já sem dados pessoais.",
            provider.model(),
            provider.name(),
            provider.api_version().map_or_else(String::new, |version| format!(", API {version}"))
        ),
    });
    let capabilities = provider.capabilities();
    lines.push(match capabilities.temperature {
        Some(temperature) => format!("Temperatura: {}.", temperature.to_string().replace('.', ",")),
        None => format!("Temperatura: não se aplica ({}).", capabilities.temperature_reason.trim_end_matches('.')),
    });
    lines.push(format!(
        "Tokens: {} de entrada, {} de saída. Tempo: {} s até o texto completo e mais {} s de verificação; novas tentativas: {}.",
        made.usage.input,
        made.usage.output,
        seconds(made.written),
        seconds(made.verified),
        made.retries
    ));
    lines.push(match (made.answer.hipoteses.len(), &made.answer.abstencao) {
        (0, Some(why)) => format!("Sem hipóteses: {}.", why.trim_end_matches('.')),
        (0, None) => "Sem hipóteses.".to_owned(),
        (1, _) => "1 hipótese, com o que pesa a favor e contra.".to_owned(),
        (n, _) => format!("{n} hipóteses, cada uma com o que pesa a favor e contra."),
    });
    if let Some(confidence) = made.answer.confianca {
        lines.push(format!(
            "Confiança calculada na primeira hipótese: {} %, entre as condições cobertas.",
            (confidence * 100.0).round()
        ));
    }
    lines.push(verification(checked));
    let removed = made.report.unauthorised_identifiers + made.report.links_removed;
    if removed > 0 {
        lines.push(format!(
            "Removidos do texto do modelo: {} identificadores de artigos e {} links que ele não devia escrever.",
            made.report.unauthorised_identifiers, made.report.links_removed
        ));
    }
    if made.report.invalid_cid10 > 0 {
        lines.push(format!("Códigos CID-10 inexistentes descartados: {}.", made.report.invalid_cid10));
    }
    if made.dropped > 0 {
        lines.push(format!("Mensagens antigas que não couberam e não foram enviadas: {}.", made.dropped));
    }
    if !made.complete() {
        lines.push(format!("A resposta foi interrompida ({}).", made.stop_reason()));
    }
    lines.join("\n")
}

/// One sentence about the references.
pub(super) fn verification(checked: &[(Cited, Check)]) -> String {
    if checked.is_empty() {
        return "O modelo não citou referências.".to_owned();
    }
    let count = |verdict: Verdict| checked.iter().filter(|(_, check)| check.verdict == verdict).count();
    let guidelines = checked.iter().filter(|(_, check)| check.reason == Some(Reason::Guideline)).count();
    let retracted =
        checked.iter().filter(|(_, check)| check.record.as_ref().is_some_and(|r| r.flags.retracted)).count();
    let mut by = Vec::new();
    if checked.iter().any(|(_, check)| check.source == Source::Eutils) {
        by.push("PubMed E-utilities".to_owned());
    }
    if let Some(date) = checked
        .iter()
        .filter(|(_, check)| check.source == Source::IndiceLocal)
        .map(|(_, check)| check.index_date.clone().unwrap_or_else(|| "data desconhecida".into()))
        .max()
    {
        by.push(format!("índice local de {date}"));
    }
    let by = if by.is_empty() { "ninguém pôde ser consultado".to_owned() } else { by.join(" e ") };
    let mut said = vec![
        format!("{} verificadas", count(Verdict::Verified)),
        format!("{} verificadas com correção", count(Verdict::VerifiedWithCorrection)),
        format!("{} ambíguas", count(Verdict::Ambiguous)),
        format!(
            "{} não encontradas",
            count(Verdict::NotFound).saturating_sub(of_guidelines(checked, Verdict::NotFound))
        ),
        format!(
            "{} não verificadas",
            count(Verdict::Unverified).saturating_sub(of_guidelines(checked, Verdict::Unverified))
        ),
    ];
    if guidelines > 0 {
        said.push(format!("{guidelines} diretrizes, que o PubMed não tem"));
    }
    if retracted > 0 {
        said.push(format!("{retracted} de artigo RETRATADO"));
    }
    format!(
        "Verificação das {} referências por {by}: {}. Verificada quer dizer que o artigo existe e confere; o conteúdo dele não foi conferido.",
        checked.len(),
        said.join(", ")
    )
}

fn of_guidelines(checked: &[(Cited, Check)], verdict: Verdict) -> usize {
    checked.iter().filter(|(_, check)| check.reason == Some(Reason::Guideline) && check.verdict == verdict).count()
}

fn seconds(time: std::time::Duration) -> String {
    format!("{:.1}", time.as_secs_f64()).replace('.', ",")
}
