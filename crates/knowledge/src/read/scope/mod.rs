//! What stands under a negation, belongs to a relative, is only feared or asked for, or is long past.

mod fears;
mod negation;
mod past;
mod relatives;
mod sections;

use crate::text::Token;

pub(super) use negation::denied_after;
pub(super) use relatives::early;

/// By token.
#[derive(Debug)]
pub(super) struct Scopes {
    pub negated: Vec<bool>,
    pub family: Vec<bool>,
    pub hypothetical: Vec<bool>,
    pub past: Vec<bool>,
    /// A verb or conjunction begins a new statement here.
    resumes: Vec<bool>,
}

/// Reads the scopes. `used` are the tokens of forms (`sem ar` is no negation), `starts` where a form begins.
pub(super) fn scopes(tokens: &[Token], used: &[bool], starts: &[bool]) -> Scopes {
    let none = vec![false; tokens.len()];
    let mut scopes = Scopes {
        negated: none.clone(),
        family: none.clone(),
        hypothetical: none.clone(),
        past: none.clone(),
        resumes: (0..tokens.len()).map(|at| !used[at] && resumes(&tokens[at].text)).collect(),
    };
    sections::mark(tokens, &mut scopes);
    negation::mark(tokens, used, starts, &mut scopes);
    fears::mark(tokens, used, starts, &mut scopes);
    relatives::mark(tokens, used, starts, &mut scopes);
    past::mark(tokens, used, &mut scopes);
    scopes
}

/// Words that begin a new statement.
fn resumes(text: &str) -> bool {
    matches!(
        text,
        "refere"
            | "relata"
            | "apresenta"
            | "apresentou"
            | "apresentando"
            | "queixa"
            | "evolui"
            | "evoluiu"
            | "evoluindo"
            | "iniciou"
            | "comecou"
            | "teve"
            | "tem"
            | "desde"
            | "hoje"
            | "ontem"
            | "agora"
            | "atualmente"
            | "persiste"
            | "mantem"
            | "manteve"
            | "surgiu"
            | "admite"
            | "confirma"
            | "informa"
            | "segue"
            | "paciente"
            | "ha"
            | "sente"
            | "sentiu"
            | "fuma"
            | "usa"
            | "relatou"
            | "referiu"
            | "queixando"
            | "esta"
            | "ficou"
            | "passou"
            | "procura"
            | "procurou"
            | "vem"
            | "veio"
            | "conta"
            | "diz"
            | "toma"
    )
}
