//! Negation: where it begins, how far it carries, and what only looks like one.

use super::{Scopes, resumes};
use crate::text::{Gap, Token};

/// Verbs that only carry a negation further: `não tem febre` denies the fever, `não dorme de dor` does not deny the pain.
fn carries(text: &str) -> bool {
    matches!(
        text,
        "tem"
            | "teve"
            | "tinha"
            | "apresenta"
            | "apresentou"
            | "apresentava"
            | "refere"
            | "referiu"
            | "relata"
            | "relatou"
            | "sente"
            | "sentiu"
            | "ha"
            | "houve"
            | "possui"
            | "esta"
            | "faz"
            | "usa"
            | "fuma"
            | "bebe"
            | "queixa"
            | "percebeu"
            | "notou"
            | "viu"
            | "observado"
            | "observada"
            | "evidenciado"
            | "foi"
            | "e"
            | "sao"
            | "eram"
            | "observo"
            | "palpo"
            | "ausculto"
            | "havia"
            | "toma"
            | "faco"
            | "se"
            | "foram"
            | "ficou"
            | "mais"
    )
}

fn pseudo(text: &str) -> bool {
    matches!(
        text,
        "melhora"
            | "melhorar"
            | "melhorou"
            | "alivio"
            | "alivia"
            | "resposta"
            | "sucesso"
            | "efeito"
            | "controle"
            | "mudanca"
            | "causa"
            | "relacao"
            | "so"
            | "somente"
            | "apenas"
            | "passa"
            | "passou"
            | "cede"
            | "cedeu"
            | "resolucao"
            | "remissao"
            | "fatores"
            | "motivo"
            | "conseguir"
            | "consegue"
            | "diagnostico"
            | "tratamento"
            | "investigacao"
            | "acompanhamento"
            | "horario"
    )
}

#[derive(Clone, Copy, PartialEq)]
enum Negation {
    Off,
    /// `sem`, `não`: ends at a comma unless a list is being closed.
    Weak,
    /// `nega`: goes on through a list.
    Strong,
}

pub(super) fn mark(tokens: &[Token], used: &[bool], starts: &[bool], scopes: &mut Scopes) {
    let mut state = Negation::Off;
    let mut since = 0;
    for at in 0..tokens.len() {
        let token = &tokens[at];
        let text = token.text.as_str();
        if token.gap >= Gap::Colon {
            state = Negation::Off;
        }
        if token.gap == Gap::Comma && state == Negation::Weak && !listed(tokens, at) {
            state = Negation::Off;
        }
        if used[at] {
            scopes.negated[at] = state != Negation::Off;
            continue;
        }
        let directly = at == since + 1;
        match text {
            "mas" | "porem" | "exceto" | "contudo" | "entretanto" | "todavia" | "salvo" | "apenas" | "somente"
            | "embora" => {
                state = Negation::Off;
            }
            "so" if state != Negation::Off => state = Negation::Off,
            "com" if state == Negation::Weak || token.gap == Gap::Comma => state = Negation::Off,
            _ if scopes.resumes[at] && state != Negation::Off && !(directly && carries(text)) => state = Negation::Off,
            _ => {}
        }
        let cue = match text {
            "nega" | "negou" | "negam" | "negando" | "negado" | "negada" | "denega" => Negation::Strong,
            "sem" | "nem" | "ausencia" | "nenhum" | "nenhuma" | "isento" | "isenta" | "jamais" | "tampouco"
            | "inexistencia" => Negation::Weak,
            "nao" | "nunca" => Negation::Weak,
            _ => Negation::Off,
        };
        // `negado` after what it denies looks backwards, which is settled elsewhere.
        let backwards = text.starts_with("negad") && at > 0 && token.gap <= Gap::Space && used[at - 1];
        if cue != Negation::Off && !backwards {
            let next = tokens.get(at + 1);
            let void = next.is_none_or(|next| {
                let verb = matches!(text, "nao" | "nunca") && !starts[at + 1] && !carries(&next.text);
                verb || pseudo(&next.text)
            });
            if !void {
                state = if state == Negation::Strong && text == "nem" { state } else { cue };
                since = at;
            }
        }
        scopes.negated[at] = state != Negation::Off;
    }
}

/// Words looked at for the end of a list.
const LONGEST_LIST: usize = 40;

/// After a comma: is the list still going, and closed by `ou`, `nem` or `e`?
fn listed(tokens: &[Token], at: usize) -> bool {
    let mut length = 0;
    for (index, token) in tokens.iter().enumerate().skip(at).take(LONGEST_LIST) {
        if token.gap >= Gap::Colon {
            return false;
        }
        if index > at && token.gap == Gap::Comma {
            length = 0;
        }
        match token.text.as_str() {
            "ou" | "nem" => return true,
            "e" if length > 0 => return !tokens.get(index + 1).is_some_and(|next| resumes(&next.text)),
            text if resumes(text) => return false,
            "com" | "mas" | "porem" => return false,
            _ => length += 1,
        }
        if length > 5 {
            return false;
        }
    }
    false
}

/// A denial that follows what it denies: `febre ausente`, `tosse (-)`, `febre: não`.
pub(in crate::read) fn denied_after(tokens: &[Token], last: usize, scopes: &Scopes) -> bool {
    let mut next = last + 1;
    let mut list = false;
    while let Some(token) = tokens.get(next) {
        if token.gap >= Gap::Stop || scopes.resumes[next] && !matches!(token.text.as_str(), "esta") {
            return false;
        }
        let near = next - last <= 2;
        match token.text.as_str() {
            "ausente" | "negado" | "negada" | "negativo" | "negativa" | "inexistente" => return near && !list,
            "ausentes" | "negados" | "negadas" | "negativos" | "inexistentes" => return true,
            "(-)" => return near && !list,
            "nao" | "nega" if token.gap == Gap::Colon => return next == last + 1,
            "foi" | "foram" | "esta" | "e" => {}
            "com" | "mas" | "porem" | "sem" | "nega" => return false,
            _ => list = true,
        }
        list |= token.gap == Gap::Comma || token.text == "e";
        next += 1;
        if next - last > 12 {
            return false;
        }
    }
    false
}
