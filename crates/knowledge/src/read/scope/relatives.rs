//! What is said of relatives and other people.

use super::Scopes;
use crate::text::{Gap, Token, number};

/// Said to have come early in life: `precoce`, or at an age under 50 given close by.
pub(in crate::read) fn early(tokens: &[Token], first: usize, last: usize) -> bool {
    let after = (last + 1..tokens.len().min(last + 6)).take_while(|at| tokens[*at].gap <= Gap::Comma);
    (first..=last).chain(after).any(|at| {
        tokens[at].text.starts_with("precoce")
            || tokens[at].text == "jovem"
            || number(&tokens[at].text).is_some_and(|age| age < 50.0)
    })
}

fn relative(text: &str) -> bool {
    matches!(
        text,
        "pai"
            | "mae"
            | "irmao"
            | "irma"
            | "irmaos"
            | "irmas"
            | "avo"
            | "avos"
            | "tio"
            | "tia"
            | "tios"
            | "primo"
            | "prima"
            | "filho"
            | "filha"
            | "filhos"
            | "familia"
            | "familiar"
            | "familiares"
            | "parente"
            | "parentes"
            | "pais"
            | "marido"
            | "esposa"
            | "esposo"
            | "conjuge"
            | "vizinho"
            | "vizinha"
            | "colega"
            | "namorado"
            | "namorada"
            | "sobrinho"
            | "sobrinha"
    )
}

pub(super) fn mark(tokens: &[Token], used: &[bool], starts: &[bool], scopes: &mut Scopes) {
    for at in 0..tokens.len() {
        if used[at] || !relative(&tokens[at].text) {
            continue;
        }
        let before = at.checked_sub(1).map_or("", |before| tokens[before].text.as_str());
        if matches!(before, "pela" | "pelo" | "pelos" | "segundo" | "conforme" | "pelas") {
            continue;
        }
        if matches!(before, "na" | "no" | "nos" | "nas" | "em" | "historia" | "da" | "do") && tokens[at].text != "pais"
        {
            let mut back = at;
            while back > 0 && at - back < 12 && tokens[back].gap <= Gap::Space {
                back -= 1;
                if scopes.resumes[back] || matches!(tokens[back].text.as_str(), "nega" | "mas") {
                    back += 1;
                    break;
                }
            }
            if matches!(before, "na" | "no" | "nos" | "nas" | "em" | "historia") {
                scopes.family[back.min(at)..=at].fill(true);
            }
        }
        // What is said of the relative must follow at once: a mother who tells of a fever has none.
        let mut next = at + 1;
        let mut open = before == "historia" || matches!(tokens[at].text.as_str(), "familiar" | "familiares");
        while let Some(token) = tokens.get(next) {
            let clause = token.gap >= Gap::Stop || (token.gap == Gap::Comma && open);
            if clause || next > at + 14 {
                break;
            }
            let text = token.text.as_str();
            if !open {
                let predicate = starts[next]
                    || token.gap == Gap::Colon
                    || matches!(
                        text,
                        "com"
                            | "tem"
                            | "teve"
                            | "tinha"
                            | "morreu"
                            | "sofre"
                            | "sofria"
                            | "tambem"
                            | "portador"
                            | "portadora"
                    )
                    || text.starts_with("falec")
                    || text.starts_with("infart");
                let aside = matches!(
                    text,
                    "materno"
                        | "materna"
                        | "paterno"
                        | "paterna"
                        | "e"
                        | "do"
                        | "da"
                        | "mais"
                        | "velho"
                        | "velha"
                        | "de"
                        | "anos"
                ) || relative(text)
                    || number(text).is_some();
                if predicate {
                    open = true;
                } else if !aside {
                    break;
                }
            } else if next > at + 2 && scopes.resumes[next] && !matches!(text, "tem" | "teve") {
                break;
            }
            scopes.family[next] = true;
            next += 1;
        }
        if !open {
            scopes.family[at + 1..next].fill(false);
        }
    }
}
