//! Headings: family history, past history, plan.

use super::{Scopes, resumes};
use crate::text::{Gap, Token};

/// What a heading makes of the lines under it.
#[derive(Clone, Copy, PartialEq)]
enum Section {
    Plain,
    Family,
    Past,
    Plan,
}

fn heading(tokens: &[Token], at: usize) -> Option<(Section, usize)> {
    let colon = (at + 1..tokens.len().min(at + 5))
        .take_while(|next| tokens[*next].gap <= Gap::Colon)
        .find(|next| tokens[*next].gap == Gap::Colon)?;
    let words: Vec<&str> = tokens[at..colon].iter().map(|token| token.text.as_str()).collect();
    let section = match words.as_slice() {
        ["hf" | "af" | "heredograma"] => Section::Family,
        [.., "familiar" | "familiares" | "familia"] => Section::Family,
        ["ap" | "hpp" | "hmp" | "app" | "comorbidades" | "antecedentes" | "passado"] => Section::Past,
        [
            "antecedentes" | "antecedente" | "historia",
            ..,
            "pessoais" | "patologicos" | "pregressa" | "pregressos" | "morbidos",
        ] => Section::Past,
        ["hd" | "cd" | "conduta" | "plano" | "orientacoes" | "hipotese" | "hipoteses" | "retorno" | "orientacao"] => {
            Section::Plan
        }
        [.., "diagnostica" | "diagnosticas" | "diagnostico"] => Section::Plan,
        [
            "qp" | "hda" | "hma" | "isda" | "mau" | "mmuu" | "hv" | "ef" | "id" | "subjetivo" | "objetivo" | "s" | "o"
            | "evolucao" | "queixa",
        ] => Section::Plain,
        ["exame" | "queixa" | "historia" | "habitos" | "medicacoes" | "sinais" | "ao", ..] => Section::Plain,
        _ => return None,
    };
    Some((section, colon))
}

pub(super) fn mark(tokens: &[Token], scopes: &mut Scopes) {
    let mut section = Section::Plain;
    for at in 0..tokens.len() {
        // A history given within a line ends with its line or sentence; a plan goes on to the next heading.
        let gap = tokens[at].gap;
        let ends = match section {
            Section::Past => gap >= Gap::Stop,
            Section::Family => gap == Gap::Line || (gap == Gap::Stop && resumes(&tokens[at].text)),
            Section::Plain | Section::Plan => false,
        };
        if ends && at > 0 {
            section = Section::Plain;
        }
        if tokens[at].gap >= Gap::Stop
            && let Some((next, _)) = heading(tokens, at)
        {
            section = next;
        }
        match section {
            Section::Plain => {}
            Section::Family => scopes.family[at] = true,
            Section::Past => scopes.past[at] = true,
            Section::Plan => scopes.hypothetical[at] = true,
        }
    }
}
