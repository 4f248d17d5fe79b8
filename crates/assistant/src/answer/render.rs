//! An answer as plain text.

use sigilo_citations::Cited;

use super::{Answer, Hypothesis, Likelihood};

/// Stands under every answer; the server writes it, never the model.
pub const DISCLAIMER: &str =
    "Esta é uma ferramenta de SUPORTE — o diagnóstico final é responsabilidade exclusiva do médico";

/// The answer as it is stored and given to the next question: sections with headings, references numbered, the
/// disclaimer last. `verdicts` has a line for each reference, in their order, where one is known.
pub fn text(answer: &Answer, verdicts: &[Option<String>]) -> String {
    let mut out = String::new();
    section(&mut out, "Raciocínio", [answer.raciocinio.trim()].into_iter().filter(|text| !text.is_empty()));
    section(&mut out, "Sem hipóteses", answer.abstencao.as_deref());
    let hypotheses: Vec<_> = answer.hipoteses.iter().enumerate().map(|(at, one)| hypothesis(at + 1, one)).collect();
    section(&mut out, "Hipóteses", hypotheses.iter().map(String::as_str));
    section(&mut out, "Sinais de alarme", bullets(&answer.sinais_de_alarme).iter().map(String::as_str));
    section(&mut out, "Dados que faltam", bullets(&answer.dados_faltantes).iter().map(String::as_str));
    section(&mut out, "Texto lido na imagem", answer.texto_na_imagem.as_deref());
    let references: Vec<_> = answer
        .referencias
        .iter()
        .enumerate()
        .map(|(at, one)| reference(at + 1, one, verdicts.get(at).and_then(Option::as_deref)))
        .collect();
    section(&mut out, "Referências", references.iter().map(String::as_str));
    out.push_str(DISCLAIMER);
    out
}

fn section<'a>(out: &mut String, heading: &str, lines: impl IntoIterator<Item = &'a str>) {
    let mut lines = lines.into_iter().peekable();
    if lines.peek().is_none() {
        return;
    }
    out.push_str(heading);
    out.push('\n');
    for line in lines {
        out.push_str(line);
        out.push('\n');
    }
    out.push('\n');
}

fn bullets(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| format!("- {text}")).collect()
}

fn hypothesis(number: usize, one: &Hypothesis) -> String {
    let likelihood = match one.probabilidade {
        Likelihood::Alta => "alta",
        Likelihood::Media => "média",
        Likelihood::Baixa => "baixa",
    };
    let mut line = format!("{number}. {}", one.nome);
    if let Some(code) = &one.cid10 {
        line.push_str(&format!(" (CID-10 {code})"));
    }
    line.push_str(&format!(", probabilidade {likelihood}"));
    if let Some(calculated) = one.probabilidade_calculada {
        line.push_str(&format!(" ({:.0} %)", calculated * 100.0));
    }
    if one.nao_perder {
        line.push_str(", não perder");
    }
    for (what, texts) in [("A favor", &one.a_favor), ("Contra", &one.contra), ("Próximos passos", &one.proximos_passos)]
    {
        if !texts.is_empty() {
            line.push_str(&format!("\n   {what}: {}", texts.join("; ")));
        }
    }
    line
}

fn reference(number: usize, cited: &Cited, verdict: Option<&str>) -> String {
    let mut line = format!("{number}. ");
    let year = cited.year.map(|year| year.to_string()).unwrap_or_default();
    // Without authors: names do not pass the de-identifier, through which the whole text goes once more.
    let fields = [cited.title.clone(), cited.journal.clone(), year];
    let fields: Vec<_> =
        fields.iter().map(|field| field.trim_end_matches('.')).filter(|field| !field.is_empty()).collect();
    line.push_str(&fields.join(". "));
    if fields.is_empty() {
        line.push_str(&cited.keywords.join(", "));
    }
    if let Some(verdict) = verdict {
        line.push_str(&format!(" [{verdict}]"));
    }
    line
}
