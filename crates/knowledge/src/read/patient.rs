//! Age and sex from the text.

use super::scope::Scopes;
use crate::Patient;
use crate::text::{Gap, Token, number};

/// Reads the patient. The first mention wins; relatives are left out.
pub(super) fn patient(tokens: &[Token], scopes: &Scopes) -> Patient {
    let mut patient = Patient::default();
    for at in 0..tokens.len() {
        if scopes.family[at] || scopes.past[at] {
            continue;
        }
        if patient.age.is_none() {
            patient.age = age(tokens, at);
        }
        if patient.female.is_none() {
            patient.female = sex(tokens, at);
        }
    }
    patient
}

fn text(tokens: &[Token], at: Option<usize>) -> &str {
    at.and_then(|at| tokens.get(at)).map_or("", |token| token.text.as_str())
}

fn age(tokens: &[Token], at: usize) -> Option<u16> {
    let here = tokens[at].text.as_str();
    let before = text(tokens, at.checked_sub(1));
    if matches!(here, "lactente" | "neonato" | "recem") {
        // The age that follows says more, if it is given.
        let told = (at + 1..tokens.len().min(at + 5)).any(|next| number(&tokens[next].text).is_some());
        return (!told).then_some(0);
    }
    let value = number(here)?;
    if value.fract() != 0.0 || value > 125.0 {
        return None;
    }
    if before == "idade" {
        return Some(value as u16);
    }
    // A stretch of time is no age.
    let time = matches!(
        before,
        "ha" | "faz" | "por" | "durante" | "aos" | "cerca" | "desde" | "ultimos" | "dos" | "menos" | "mais"
    );
    let unit = tokens.get(at + 1).filter(|unit| unit.gap <= Gap::Space)?;
    let after = text(tokens, Some(at + 2));
    if time
        || matches!(after, "atras" | "maco" | "macos")
        || (after == "de" && !text(tokens, Some(at + 3)).starts_with("idade"))
    {
        return None;
    }
    match unit.text.as_str() {
        "anos" | "ano" | "a" | "anso" => {
            let article = unit.text == "a"
                && unit.gap == Gap::Space
                && tokens.get(at + 2).is_some_and(|next| next.gap <= Gap::Space);
            (!article).then_some(value as u16)
        }
        "m" | "mes" | "meses" => {
            let child = at < 8
                || (at.saturating_sub(4)..at).any(|near| matches!(tokens[near].text.as_str(), "lactente" | "bebe"));
            (child && (unit.text != "m" || value <= 36.0)).then_some((value / 12.0) as u16)
        }
        _ => None,
    }
}

fn sex(tokens: &[Token], at: usize) -> Option<bool> {
    let before = text(tokens, at.checked_sub(1));
    let with = matches!(before, "pela" | "pelo" | "sua" | "seu" | "da" | "do" | "com");
    match tokens[at].text.as_str() {
        "homem" | "senhor" | "menino" | "garoto" | "rapaz" if !with => Some(false),
        "mulher" | "senhora" | "menina" | "garota" | "moca" if !with => Some(true),
        "masculino" | "masc" => Some(false),
        "feminino" | "feminina" | "fem" | "gestante" | "gravida" | "puerpera" | "primigesta" => Some(true),
        "m" | "f" if matches!(before, "sexo") || matches!(before, "anos" | "a") && tokens[at].gap >= Gap::Comma => {
            Some(tokens[at].text == "f")
        }
        "paciente" if before == "a" => Some(true),
        "paciente" if before == "o" => Some(false),
        _ => None,
    }
}
