//! What is long past.

use super::Scopes;
use crate::text::{Gap, Token, number};

/// Words between a mark of the past and its verb, at most.
const NEAR: usize = 16;

/// `Há 10 anos teve …`, `na infância`: dropped for symptoms, kept for antecedents.
pub(super) fn mark(tokens: &[Token], used: &[bool], scopes: &mut Scopes) {
    let mut start = 0;
    while start < tokens.len() {
        let mut end = start + 1;
        while end < tokens.len() && tokens[end].gap < Gap::Stop {
            end += 1;
        }
        for at in start..end {
            if !marks_past(tokens, at) {
                continue;
            }
            let alone = matches!(tokens[at].text.as_str(), "infancia" | "adolescencia" | "juventude" | "passado");
            let around = start.max(at.saturating_sub(NEAR))..end.min(at + NEAR);
            let verb = around.clone().find(|near| !used[*near] && past_verb(&tokens[*near].text));
            if !alone && verb.is_none() {
                continue;
            }
            let near = verb.unwrap_or(at).max(at);
            let mut low = verb.unwrap_or(at).min(at);
            while alone && low > around.start && tokens[low].gap <= Gap::Space {
                low -= 1;
            }
            let mut high = near + 1;
            while high < end.min(near + NEAR) && tokens[high].gap <= Gap::Space {
                high += 1;
            }
            scopes.past[low..high].fill(true);
        }
        start = end;
    }
}

fn marks_past(tokens: &[Token], at: usize) -> bool {
    let text = tokens[at].text.as_str();
    let before = at.checked_sub(1).map_or("", |before| tokens[before].text.as_str());
    match text {
        "infancia" | "adolescencia" | "juventude" => true,
        "passado" => matches!(before, "no" | "ano" | "mes"),
        "anos" | "ano" => {
            let earlier = (at.saturating_sub(4)..at).any(|near| matches!(tokens[near].text.as_str(), "ha" | "faz"));
            earlier || tokens.get(at + 1).is_some_and(|next| next.text == "atras")
        }
        _ => text.len() == 4 && number(text).is_some_and(|year| (1940.0..=2100.0).contains(&year)) && before == "em",
    }
}

fn past_verb(text: &str) -> bool {
    matches!(
        text,
        "teve"
            | "tinha"
            | "apresentou"
            | "sofreu"
            | "operou"
            | "tratou"
            | "fez"
            | "internou"
            | "ficou"
            | "foi"
            | "apresentava"
    )
}
