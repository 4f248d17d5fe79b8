//! What is only feared, planned or to be watched for.

use super::Scopes;
use crate::text::{Gap, Token};

pub(super) fn mark(tokens: &[Token], used: &[bool], starts: &[bool], scopes: &mut Scopes) {
    let mut on = false;
    let mut until_comma = false;
    for at in 0..tokens.len() {
        let token = &tokens[at];
        if token.gap >= Gap::Stop || (until_comma && token.gap >= Gap::Comma) {
            on = false;
            until_comma = false;
        }
        if !used[at] {
            let next = tokens.get(at + 1).map_or("", |next| next.text.as_str());
            let feared = (at + 1..tokens.len().min(at + 4)).any(|near| starts[near] || subjunctive(&tokens[near].text));
            match token.text.as_str() {
                "se" => on |= token.gap > Gap::Joined && feared && !reflexive(next),
                "caso" => {
                    on |= feared && !matches!(next, "de" | "suspeito" | "confirmado" | "clinico")
                        || at > 0 && tokens[at - 1].text == "em"
                }
                "retornar" | "retorne" | "orientacoes" | "investigar" | "afastar" | "descartar" | "excluir"
                | "hipotese" | "profilaxia" | "vigiar" | "atentar" | "rastreio" | "rastreamento" | "prevenir"
                | "evitar" | "aventada" | "aventado" => on = true,
                "risco" | "suspeita" | "medo" | "receio" => on |= next == "de",
                "sinais" => {
                    on |= matches!(next, "de")
                        && tokens.get(at + 2).is_some_and(|word| matches!(word.text.as_str(), "alarme" | "alerta"))
                }
                "vacina" | "vacinado" | "vacinada" | "vacinacao" | "imunizacao"
                    if matches!(next, "de" | "contra" | "para" | "da") =>
                {
                    on = true;
                    until_comma = true;
                }
                text if text.starts_with("orientad") || text == "oriento" => {
                    on |= matches!(next, "a" | "ao" | "quanto" | "sobre" | "retorno" | "retornar" | "procurar" | "que")
                }
                _ => {}
            }
        }
        scopes.hypothetical[at] |= on;
    }
}

fn subjunctive(text: &str) -> bool {
    matches!(
        text,
        "houver"
            | "tiver"
            | "apresentar"
            | "apresente"
            | "surgir"
            | "surja"
            | "piorar"
            | "piore"
            | "aparecer"
            | "persistir"
            | "persista"
            | "evoluir"
            | "sentir"
            | "notar"
            | "ocorrer"
            | "ocorra"
            | "desenvolver"
            | "mantiver"
            | "voltar"
            | "tenha"
            | "haja"
            | "novo"
            | "nova"
            | "for"
            | "piora"
            | "novos"
            | "novas"
    )
}

fn reflexive(next: &str) -> bool {
    matches!(
        next,
        "sente"
            | "sentiu"
            | "queixa"
            | "queixou"
            | "apresenta"
            | "apresentou"
            | "encontra"
            | "iniciou"
            | "refere"
            | "trata"
            | "mostra"
            | "manteve"
            | "mantem"
            | "cansa"
            | "iniciaram"
            | "agrava"
            | "agravou"
    )
}
