//! Phrases that a region of the body completes: pain, radiation, swelling, lesions.

use super::Match;
use super::scope::Scopes;
use crate::lexicon::{Head, Lexicon};
use crate::text::{Gap, Token};

/// How many words after the head the region may come.
const REACH: usize = 8;

fn head(token: &Token) -> Option<Head> {
    let text = token.text.as_str();
    Some(match text {
        "dor" | "dores" | "doi" | "doem" | "doendo" | "dolorido" | "dolorida" | "doloridos" | "doloridas"
        | "doloroso" | "dolorosa" | "algia" | "dolorimento" | "latejando" => Head::Pain,
        "aperto" | "desconforto" | "incomodo" | "pontada" | "pontadas" | "opressao" | "fisgada" | "fisgadas"
        | "queimacao" | "ardencia" | "peso" | "pressao" => Head::Feeling,
        "edema" | "edemas" | "tumefacao" | "angioedema" => Head::Swelling,
        "exantema" | "rash" | "eritema" | "abaulamento" | "urticaria" | "caroco" | "tumoracao" | "nodulo"
        | "nodulos" => Head::Lesion,
        _ if text.starts_with("irradi") => Head::Radiation,
        _ if text.starts_with("inchac") || text.starts_with("inchad") || text.starts_with("edemaciad") => {
            Head::Swelling
        }
        _ if text.starts_with("mancha")
            || text.starts_with("lesoes")
            || text == "lesao"
            || text.starts_with("placa") =>
        {
            Head::Lesion
        }
        _ => return None,
    })
}

fn predicate(text: &str) -> bool {
    ["doi", "doend", "dolorid", "latej", "inchad", "edemaciad"].iter().any(|stem| text.starts_with(stem))
}

/// The region named at a token: its number and how many tokens it took.
fn region(tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<(usize, usize)> {
    lexicon.places.get(&tokens[at].stem)?.iter().find_map(|(stems, region)| {
        let mut next = at;
        for (position, stem) in stems.iter().enumerate() {
            let mut token = tokens.get(next)?;
            while position > 0 && crate::lexicon::joins(&token.text) && token.stem != *stem {
                next += 1;
                token = tokens.get(next)?;
            }
            if token.stem != *stem {
                return None;
            }
            next += 1;
        }
        Some((*region, next - at))
    })
}

/// Every head with the regions it reaches.
pub(super) fn matches(tokens: &[Token], lexicon: &Lexicon, scopes: &Scopes) -> Vec<Match> {
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let Some(head) = head(&tokens[at]) else { continue };
        let earlier = || {
            if matches!(head, Head::Pain | Head::Swelling | Head::Feeling) { before(tokens, lexicon, at) } else { None }
        };
        // `peito doendo`: what follows a predicate is another matter.
        let mut here: Vec<_> = if predicate(&tokens[at].text) { earlier().into_iter().collect() } else { Vec::new() };
        if here.is_empty() {
            here = after(tokens, lexicon, scopes, at, head);
        }
        if here.is_empty() {
            here.extend(earlier());
        }
        for (region, from, to) in here {
            let region = &lexicon.regions[region];
            let concept = match head {
                Head::Pain | Head::Feeling => region.pain,
                Head::Radiation => region.radiation,
                Head::Swelling => region.swelling,
                Head::Lesion => region.lesion,
            };
            let mut tokens: Vec<usize> = (from..to).collect();
            tokens.push(at);
            tokens.sort_unstable();
            found.push(Match { concept, negated: false, at: tokens });
        }
    }
    found
}

fn after(tokens: &[Token], lexicon: &Lexicon, scopes: &Scopes, at: usize, kind: Head) -> Vec<(usize, usize, usize)> {
    let reach = if kind == Head::Feeling { 5 } else { REACH };
    let mut found: Vec<(usize, usize, usize)> = Vec::new();
    let mut next = at + 1;
    while next < tokens.len() && next <= at + reach {
        let token = &tokens[next];
        // A comma ends the phrase once a region was named: what follows is another complaint.
        let over = token.gap >= Gap::Colon || (token.gap == Gap::Comma && (!found.is_empty() || kind == Head::Feeling));
        let turned = scopes.negated[next] != scopes.negated[at]
            || head(token).is_some_and(|other| other == Head::Radiation || !found.is_empty());
        if over || turned || matches!(token.text.as_str(), "mas" | "nega" | "sem") {
            break;
        }
        if token.text == "peso" || token.text == "pressao" {
            next += 1;
            continue;
        }
        match region(tokens, next, lexicon) {
            Some((region, length)) => {
                if !found.iter().any(|(known, _, _)| *known == region) {
                    found.push((region, next, next + length));
                }
                next += length;
            }
            None => next += 1,
        }
    }
    found
}

/// `peito doendo`, `perna direita inchada`: the region up to three words before the head.
fn before(tokens: &[Token], lexicon: &Lexicon, at: usize) -> Option<(usize, usize, usize)> {
    for back in 1..=3 {
        let start = at.checked_sub(back)?;
        if (start + 1..=at).any(|index| tokens[index].gap > Gap::Space) {
            return None;
        }
        if let Some((region, length)) = region(tokens, start, lexicon)
            && start + length <= at
        {
            return Some((region, start, start + length));
        }
    }
    None
}
