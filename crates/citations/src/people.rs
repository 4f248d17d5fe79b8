//! Comparing authors, however their names are written.

use crate::{Author, fold};

/// Written with a family name or without it, in front of it or behind it.
const PARTICLES: &[&str] = &[
    "al", "af", "da", "das", "de", "del", "della", "den", "der", "di", "do", "dos", "du", "e", "el", "la", "las", "le",
    "los", "st", "te", "ten", "ter", "van", "vom", "von", "y", "zu", "zur",
];
const SUFFIXES: &[&str] = &["jr", "sr", "ii", "iii", "iv", "2nd", "3rd"];
/// More authors than this are not compared.
const MOST_CITED: usize = 200;
/// No name has more words.
const LONGEST_NAME: usize = 12;
const GROUP_WORDS: &[&str] = &[
    "alliance",
    "association",
    "board",
    "brasil",
    "collaboration",
    "collaborative",
    "collaborators",
    "college",
    "committee",
    "consortium",
    "council",
    "foundation",
    "group",
    "initiative",
    "institute",
    "investigators",
    "network",
    "organization",
    "panel",
    "programme",
    "project",
    "registry",
    "researchers",
    "society",
    "study",
    "team",
    "trial",
    "trialists",
    "force",
    "grupo",
    "sociedade",
    "ministerio",
    "workshop",
];

/// A cited author, read in every way that makes sense.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    /// Possible family names as keys.
    families: Vec<String>,
    /// Folded words that may belong to the family name.
    words: Vec<String>,
    /// First letters of the given names, where they can be told; empty otherwise.
    initials: Vec<char>,
    /// A committee or study group.
    pub group: bool,
}

/// A family name without particles and suffixes, as one word: `De Felice` → `felice`.
fn key(words: &[String]) -> String {
    let kept: String = words
        .iter()
        .filter(|word| !PARTICLES.contains(&word.as_str()) && !SUFFIXES.contains(&word.as_str()))
        .map(String::as_str)
        .collect();
    if kept.is_empty() { words.concat() } else { kept }
}

/// A byte that most strangers do not share with a family name.
pub(crate) fn digest(family: &str) -> u8 {
    digest_of_key(&key(&fold::words(family)))
}

fn digest_of_key(key: &str) -> u8 {
    crc32fast::hash(key.as_bytes()).to_le_bytes()[0]
}

/// The words of a family name, for the index.
pub(crate) fn family_key(family: &str) -> String {
    key(&fold::words(family))
}

/// `JA`, `J.A.`, `J.-P.`, but not `Li`.
fn are_initials(token: &str) -> bool {
    let letters: Vec<char> = token.chars().filter(|c| c.is_alphabetic()).collect();
    let rest_fits = token.chars().all(|c| c.is_alphabetic() || ".-‐'’".contains(c));
    // `Yu.` and `Ch.` stand for one letter of another alphabet.
    let short = |part: &str| part.chars().filter(|c| c.is_alphabetic()).count() <= 2;
    let dotted =
        token.ends_with('.') && token.split('-').all(short) && letters.first().is_some_and(|c| c.is_uppercase());
    rest_fits && (1..=4).contains(&letters.len()) && (letters.iter().all(|c| c.is_uppercase()) || dotted)
}

fn letters(token: &str) -> usize {
    token.chars().filter(|c| c.is_alphabetic()).count()
}

impl Name {
    /// Reads `Silva JA`, `JA Silva`, `João A. Silva`, `Silva, João A.`, `SILVA JA`.
    pub fn read(cited: &str) -> Name {
        let cited = cited.trim().trim_end_matches([',', ';']);
        let all = fold::words(cited);
        let group = all.len() > 2 && all.iter().any(|word| GROUP_WORDS.contains(&word.as_str()));
        let first_letters =
            |text: &str| -> Vec<char> { fold::words(text).iter().filter_map(|word| word.chars().next()).collect() };
        if group {
            return Name { families: vec![key(&all)], words: all, initials: Vec::new(), group };
        }
        if let Some((family, given)) = cited.split_once(',') {
            let words = fold::words(family);
            let mut families = vec![key(&words)];
            families.extend(words.last().cloned());
            return Name { families, words, initials: first_letters(given), group };
        }
        let tokens: Vec<&str> = cited
            .split_whitespace()
            .take(LONGEST_NAME)
            .filter(|token| !SUFFIXES.contains(&fold::fold(token.trim_end_matches('.')).as_str()))
            .collect();
        let mut initials: Vec<bool> = tokens.iter().map(|token| are_initials(token)).collect();
        if initials.iter().all(|is| *is) && !tokens.is_empty() {
            // `LI X`, `Ma`: something must be the family name; the longest, the first of equals.
            let longest = tokens.iter().map(|token| letters(token)).max().unwrap_or(0);
            if let Some(at) = tokens.iter().position(|token| letters(token) == longest) {
                initials[at] = false;
            }
        }
        let words: Vec<String> =
            tokens.iter().zip(&initials).filter(|(_, is)| !**is).flat_map(|(token, _)| fold::words(token)).collect();
        let short: String = tokens.iter().zip(&initials).filter(|(_, is)| **is).map(|(token, _)| *token).collect();
        let mut families = vec![key(&words)];
        if short.is_empty() {
            families.extend((1..words.len()).map(|from| key(&words[from..])));
            families.extend(words.first().cloned());
        } else {
            families.extend(words.last().cloned());
            families.extend((1..words.len()).map(|from| key(&words[from..])));
            families.extend(words.first().cloned());
        }
        families.dedup();
        // `João A. Silva`: the given name counts with its first letter as well.
        let spelt = if initials.last() == Some(&true) { 0 } else { words.len().saturating_sub(1) };
        let mut letters: Vec<char> = first_letters(&short);
        if short.is_empty() && words.len() > 1 {
            letters.extend(words.iter().filter_map(|word| word.chars().next()));
        } else if !short.is_empty() {
            letters.extend(words[..spelt].iter().filter_map(|word| word.chars().next()));
        }
        let initials = letters;
        Name { families, words, initials, group }
    }

    /// Whether the family name is this author's.
    pub fn same_family(&self, author: &Author) -> bool {
        let theirs = fold::words(&author.family);
        let family = key(&theirs);
        if family.is_empty() {
            return false;
        }
        let plain = theirs.concat();
        self.families.iter().any(|mine| *mine == family || *mine == plain)
            // One side may know only a part of a double name.
            || (theirs.len() > 1 && theirs.iter().any(|part| part.len() > 3 && self.families.contains(part)))
            || (self.words.len() > 1 && family.len() > 3 && self.words.contains(&family))
    }

    /// Whether it is this author, given names included where both are known.
    pub fn same(&self, author: &Author) -> bool {
        let given = author.initials.chars().flat_map(char::to_lowercase).next();
        let given_fits = match given {
            Some(given) if !self.initials.is_empty() => {
                let folded = fold::fold(&given.to_string());
                self.initials.iter().any(|mine| folded.starts_with(*mine))
            }
            _ => true,
        };
        given_fits && self.same_family(author)
    }

    /// Whether an author of whom only a byte was kept may be this one.
    pub fn may_be(&self, digest: u8) -> bool {
        self.families.iter().any(|family| digest_of_key(family) == digest)
    }

    /// Keys under which the index may hold the family name, the likeliest first.
    pub fn keys(&self) -> &[String] {
        &self.families
    }
}

/// Whether an entry stands for "and others".
pub(crate) fn is_others(cited: &str) -> bool {
    let words = fold::words(cited);
    matches!(
        words.join(" ").as_str(),
        "" | "et al"
            | "al"
            | "and others"
            | "others"
            | "e outros"
            | "e cols"
            | "cols"
            | "et alii"
            | "e colaboradores"
            | "cited"
    )
}

/// Authors one by one, without "and others", although several may stand in one entry.
pub(crate) fn split(cited: &[String]) -> Vec<String> {
    cited
        .iter()
        .flat_map(|entry| split_entry(fold::beginning(entry)))
        .filter(|name| !is_others(name))
        .take(MOST_CITED)
        .collect()
}

fn split_entry(entry: &str) -> Vec<String> {
    let entry = fold::unescaped(entry)
        .replace(" and ", "; ")
        .replace(" & ", "; ")
        .replace(" et al", "; et al")
        .replace(" e cols", "; et al");
    entry.split(';').flat_map(split_commas).filter(|name| !name.is_empty()).collect()
}

/// `Silva J, Souza P` are two, `Silva, João` and `Silva, J. A.` are one, `Silva, J., Souza, P.` are two.
fn split_commas(part: &str) -> Vec<String> {
    let pieces: Vec<&str> = part.split(',').map(str::trim).filter(|piece| !piece.is_empty()).collect();
    let given_only = |piece: &str| piece.split_whitespace().all(are_initials);
    let mut names: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        let next = pieces.get(at + 1);
        let alone = piece.split_whitespace().any(are_initials) && piece.split_whitespace().count() > 1;
        match next {
            Some(next)
                if !alone && (given_only(next) || pieces.len() == 2 && piece.split_whitespace().count() == 1) =>
            {
                names.push(format!("{piece}, {next}"));
                at += 2;
            }
            _ => {
                names.push((*piece).to_owned());
                at += 1;
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn author(family: &str, initials: &str) -> Author {
        Author { family: family.into(), initials: initials.into() }
    }

    fn same(cited: &str, author: &Author) -> bool {
        Name::read(cited).same(author)
    }

    #[test]
    fn one_author_is_written_many_ways() {
        for cited in ["Silva JA", "João A. Silva", "Silva, João A.", "SILVA J", "Silva", "JA Silva", "J. A. Silva"] {
            assert!(same(cited, &author("Silva", "JA")), "{cited}");
        }
        assert!(same("de Souza MR", &author("de Souza", "MR")));
        assert!(same("Maria R. de Souza", &author("de Souza", "MR")));
        assert!(same("Souza MR", &author("de Souza", "MR")));
        assert!(same("Felice FG De", &author("De Felice", "FG")));
        assert!(same("RJ Jr Thorpe", &author("Thorpe", "RJ")));
        assert!(same("Garcia-Lopez A", &author("García-López", "A")));
        assert!(same("Wang Xiaohong", &author("Wang", "X")));
        assert!(same("LI X", &author("Li", "X")) && same("X Li", &author("Li", "X")));
        for cited in ["Souza JA", "Silveira J", "Ana Costa", "Silva PM", ""] {
            assert!(!same(cited, &author("Silva", "JA")), "{cited}");
        }
        assert!(is_others("et al.") && is_others("e outros") && !is_others("Alves E"));
    }

    #[test]
    fn several_in_one_entry_are_told_apart() {
        let split = |entry: &str| split(&[entry.to_owned()]);
        assert_eq!(split("Silva J, Souza P, et al."), ["Silva J", "Souza P"]);
        assert_eq!(split("Silva, J. A., Souza, P."), ["Silva, J. A.", "Souza, P."]);
        assert_eq!(split("Silva, João"), ["Silva, João"]);
        assert_eq!(split("João Silva and Ana Costa"), ["João Silva", "Ana Costa"]);
        assert_eq!(split("Silva J et al"), ["Silva J"]);
    }
}
