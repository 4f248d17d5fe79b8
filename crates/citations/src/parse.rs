//! Takes a reference apart that is written as one string.

use crate::{Cited, fold, journal as journals, people};

/// Words after which a full stop ends no sentence.
const ABBREVIATIONS: &[&str] = &[
    "al", "approx", "ca", "cf", "cv", "dr", "ed", "eds", "etc", "fig", "gen", "jr", "nov", "no", "nr", "pt", "sp",
    "spp", "sr", "ssp", "st", "subsp", "suppl", "var", "vol", "vs",
];
/// A journal's name has at most so many words.
const LONGEST_JOURNAL: usize = 14;

/// Takes a raw reference apart, as it stands in a list of references or comes out of a PDF: lines are joined, words
/// hyphenated at their end closed up, and authors, title, journal, year and DOI told apart where the usual styles
/// (Vancouver, BMC, APA, Harvard, ABNT and their mixtures) allow. What cannot be told stays empty.
pub fn parse_reference(raw: &str) -> Cited {
    let text = one_line(fold::beginning(raw));
    let text = without_number(&text);
    let doi = fold::doi(text);
    let text = without_links(text);
    let year = find_year(&text);
    let tokens: Vec<&str> = text.split_whitespace().collect();
    let end = plain_end(&tokens).max(people_end(&tokens));
    let authors = authors(&tokens[..end]);
    let rest = without_leading_year(&tokens[end..]);
    let (title, journal) = title_and_journal(rest);
    Cited { title, authors, journal, year: year.map(|found| found.0), keywords: Vec::new(), doi }
}

/// Lines joined; a hyphen at the end of a line goes where a word continues in lower case.
fn one_line(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for line in raw.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if out.ends_with('-') && line.starts_with(|c: char| c.is_lowercase()) && !out.ends_with(" -") {
            out.pop();
        } else if !out.is_empty() && !out.ends_with(['-', '–']) {
            out.push(' ');
        }
        out.push_str(line);
    }
    out.replace(['“', '”', '„', '«', '»'], "\"").replace('\u{a0}', " ")
}

/// Without `12.`, `[12]` or `(12)` in front.
fn without_number(text: &str) -> &str {
    let text = text.trim_start();
    let inner = text.trim_start_matches(['[', '(']);
    let digits = inner.bytes().take_while(u8::is_ascii_digit).count();
    let bracketed = inner.len() < text.len();
    let after = &inner[digits..];
    let ends = after.starts_with(if bracketed { [']', ')'] } else { ['.', ')'] });
    if (1..=3).contains(&digits) && ends { after[1..].trim_start() } else { text }
}

fn without_links(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let cut = ["doi:", "doi ", "https://", "http://", "pmid:", "(doi", "available from", "disponível em"]
        .iter()
        .filter_map(|mark| lower.find(mark))
        // What stands in front is then no reference to take apart.
        .filter(|&at| at > 20 && text.is_char_boundary(at))
        .min()
        .unwrap_or(text.len());
    text[..cut].trim_end_matches([' ', '(', '.', ',']).to_owned() + "."
}

fn plausible_year(token: &str) -> Option<u16> {
    let digits: String = token.chars().take_while(char::is_ascii_digit).collect();
    let rest = &token[digits.len()..];
    let year: u16 = digits.parse().ok().filter(|_| digits.len() == 4)?;
    // `1937-1940` are pages, `2004a` and `2004;64` are years.
    let letter = rest.chars().next();
    let fits = match letter {
        None => true,
        Some(c) if c.is_ascii_lowercase() => !rest[1..].starts_with(|c: char| c.is_alphanumeric()),
        Some(c) => !"-–—.".contains(c) || rest.len() == 1,
    };
    (fits && (1800..=2040).contains(&year)).then_some(year)
}

/// The year and how sure it is: in brackets or before a volume surer than alone.
fn find_year(text: &str) -> Option<(u16, u8)> {
    let mut best: Option<(u16, u8)> = None;
    let mut before = "";
    for token in text.split_whitespace() {
        let open = token.starts_with('(');
        let inner = token.trim_start_matches(['(', '[']);
        if let Some(year) = plausible_year(inner) {
            let after = &inner[4..];
            let sure = match () {
                () if open && after.trim_start_matches(|c: char| c.is_ascii_lowercase()).starts_with(')') => 4,
                () if after.starts_with(';') || (after.starts_with(':') && after.len() > 1) => 4,
                () if before.ends_with(['-', ':', '–']) => 0,
                () if after.starts_with([',', '.']) || open => 2,
                () => 1,
            };
            // Equally sure: the last one, for a year in a title stands before.
            if sure > 0 && best.is_none_or(|(_, known)| sure > known || (sure == known && sure < 4)) {
                best = Some((year, sure));
            }
        }
        before = token;
    }
    best
}

fn bare(token: &str) -> &str {
    token.trim_matches(|c: char| ",.;:()&\"".contains(c))
}

/// `J`, `J.A.`, `JA,`, `J.-P.`; not `Li`.
fn initials(token: &str) -> bool {
    let letters: Vec<char> = token.chars().filter(|c| c.is_alphabetic()).collect();
    (1..=4).contains(&letters.len())
        && letters.iter().all(|c| c.is_uppercase())
        && token.chars().all(|c| c.is_alphabetic() || ".,;:-‐–'’)".contains(c))
}

fn capitalised(token: &str) -> bool {
    let word = bare(token);
    let word = word.strip_prefix(['\'', '’', '`']).unwrap_or(word);
    word.chars().next().is_some_and(char::is_uppercase)
        || word.chars().skip(1).take(3).any(char::is_uppercase)
        || ["d'", "d’", "o'", "l'", "al-", "el-", "de-"].iter().any(|start| word.to_lowercase().starts_with(start))
}

const PARTICLES: &[&str] = &[
    "al", "da", "das", "de", "del", "della", "den", "der", "di", "do", "dos", "du", "el", "la", "le", "ten", "ter",
    "van", "von", "y", "zu", "st", "bin", "ben", "af", "dal", "lo", "in't", "van't", "'t", "in", "den",
];

const SUFFIXES: &[&str] = &["jr", "sr", "ii", "iii", "2nd", "3rd"];

/// Where the authors end if a mark says so: a year in brackets with a title after it, or a colon behind initials. Saves
/// names that no rule foresees.
fn plain_end(tokens: &[&str]) -> usize {
    let year = tokens.iter().position(|token| {
        let inner = token.trim_start_matches('(');
        inner.len() < token.len() && plausible_year(inner).is_some()
    });
    if let Some(at) = year.filter(|at| (1..=80).contains(at)) {
        let after = &tokens[at + 1..];
        let words = after.iter().take(12).filter(|token| bare(token).chars().all(char::is_alphabetic)).count();
        let commas = tokens[..at].iter().filter(|token| token.ends_with([',', ';'])).count();
        let short = tokens[..at].iter().filter(|token| initials(token)).count();
        let opens = after.first().is_some_and(|token| bare(token).starts_with(|c: char| c.is_uppercase()));
        if words >= 4 && opens && (commas + short) * 3 >= at {
            return at;
        }
    }
    let colon = tokens.iter().take(80).position(|token| token.ends_with(':'));
    match colon {
        // `Itoh H: Title`; a colon inside a title follows a word.
        Some(at) if at > 0 && initials(tokens[at]) && !tokens[..at].iter().any(|token| is_year_mark(token)) => at + 1,
        _ => 0,
    }
}

/// Where the authors end, as a number of tokens.
fn people_end(tokens: &[&str]) -> usize {
    let mut at = 0;
    let mut end = 0;
    let dotted = tokens.iter().take(8).find(|token| initials(token)).is_some_and(|token| {
        let letters = token.chars().filter(|c| c.is_alphabetic()).count();
        token.contains('.') && (letters == 1 || token.matches('.').count() >= 2)
            // `Itoh H. Title` with one author: nothing but a title follows.
            && tokens.iter().take(30).filter(|token| initials(token) && token.contains('.')).count() > 1
    });
    while let Some(token) = tokens.get(at) {
        let word = bare(token).to_lowercase();
        if is_year_mark(token) {
            break;
        }
        if at > 0 && ["et", "and", "&", "with"].contains(&token.to_lowercase().as_str()) {
            let others = token.eq_ignore_ascii_case("et");
            at += if others { 2.min(tokens.len() - at) } else { 1 };
            if others {
                end = at;
                // `et al.` is the last of them, but for `... et al. (2010)`.
                break;
            }
            continue;
        }
        if ["...", "…"].contains(token) || word == "editors" || word == "eds" || word == "(eds)" {
            at += 1;
            end = at;
            continue;
        }
        let Some(used) = one_name(&tokens[at..]) else { break };
        at += used;
        end = at;
        let last = tokens[at - 1];
        if last.ends_with(':') {
            break;
        }
        let stops = last.ends_with('.');
        if stops && !dotted {
            break;
        }
        if stops && dotted && !starts_name(&tokens[at..]) {
            break;
        }
    }
    end
}

fn starts_name(tokens: &[&str]) -> bool {
    match tokens.first() {
        Some(token) if ["and", "&", "et", "with", "...", "…"].contains(&token.to_lowercase().as_str()) => true,
        Some(_) => one_name(tokens).is_some(),
        None => false,
    }
}

fn is_year_mark(token: &str) -> bool {
    plausible_year(token.trim_start_matches(['(', '['])).is_some()
}

/// How many tokens the name in front takes: family then initials, or initials then family.
fn one_name(tokens: &[&str]) -> Option<usize> {
    let mut at = 0;
    // Initials first: `GL Moseley,`, `J. A. Silva,`.
    while tokens.get(at).is_some_and(|token| initials(token) && !token.ends_with([',', ':', ';'])) {
        at += 1;
    }
    if at > 0 {
        let mut words = 0;
        while let Some(token) = tokens.get(at) {
            let particle = PARTICLES.contains(&bare(token).to_lowercase().as_str());
            if !(capitalised(token) || particle) || token.starts_with(['(', '"']) || words > 3 {
                return None;
            }
            at += 1;
            words += 1;
            if token.ends_with([',', ':', ';', '.'])
                || tokens
                    .get(at)
                    .is_none_or(|next| ["and", "&", "et"].contains(&next.to_lowercase().as_str()) || is_year_mark(next))
            {
                return Some(at);
            }
        }
        return None;
    }
    let mut family = 0;
    loop {
        let token = tokens.get(at)?;
        let particle = PARTICLES.contains(&bare(token).to_lowercase().as_str());
        if !(capitalised(token) || particle) || token.starts_with(['(', '"']) || family > 4 {
            return None;
        }
        at += 1;
        family += 1;
        if token.ends_with(['.', ':', ';', '?']) {
            return None;
        }
        if tokens.get(at).is_some_and(|next| initials(next)) {
            break;
        }
        if token.ends_with(',') {
            // `Silva, João A.`: a given name in full and nothing but given names up to the comma or stop.
            let suffix = tokens.get(at).is_some_and(|next| SUFFIXES.contains(&bare(next).to_lowercase().as_str()));
            if suffix {
                at += 1;
                break;
            }
            return None;
        }
    }
    while tokens.get(at).is_some_and(|token| initials(token)) {
        let done = tokens[at].ends_with([',', ':', ';']);
        at += 1;
        if done {
            // `Ross, J., Jr.`
            if tokens.get(at).is_some_and(|next| SUFFIXES.contains(&bare(next).to_lowercase().as_str())) {
                at += 1;
            }
            return Some(at);
        }
    }
    if tokens.get(at).is_some_and(|next| SUFFIXES.contains(&bare(next).to_lowercase().as_str())) {
        at += 1;
    }
    Some(at)
}

fn authors(tokens: &[&str]) -> Vec<String> {
    let text = tokens.join(" ");
    let text = text.trim_end_matches([':', ';', ',', ' ', '(']);
    if text.is_empty() {
        return Vec::new();
    }
    people::split(&[text.to_owned()])
        .into_iter()
        .map(|name| name.trim_end_matches([',', ';', ':']).to_owned())
        .collect()
}

/// Without `(2010).`, `2008`, `(2010a)` and stray marks in front.
fn without_leading_year<'a>(mut tokens: &'a [&'a str]) -> &'a [&'a str] {
    while let Some(token) = tokens.first() {
        let year = is_year_mark(token) && bare(token).len() <= 5;
        if !(year
            || bare(token).is_empty()
            || ["(eds)", "(ed)", "editors.", "al.", "al"].contains(&token.to_lowercase().as_str()))
        {
            break;
        }
        tokens = &tokens[1..];
    }
    tokens
}

/// Whether the sentence ends with this token.
fn ends_sentence(token: &str, next: Option<&&str>) -> bool {
    let closed = token.trim_end_matches(['"', '\'', ')', ']', '’']);
    if closed.ends_with(['?', '!']) {
        return true;
    }
    if !token.ends_with('.') && !closed.ends_with('.') {
        return false;
    }
    let word = bare(token).to_lowercase();
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let single = letters == 1 && word.chars().count() == 1;
    let next_fits = next.is_none_or(|next| {
        next.trim_start_matches(['"', '(', '[']).chars().next().is_some_and(|c| c.is_uppercase() || c.is_ascii_digit())
            || next.starts_with("eLife")
    });
    next_fits
        && !ABBREVIATIONS.contains(&word.as_str())
        && (!single || next.is_some_and(|next| bare(next).chars().count() > 1))
}

/// The title ends with a sentence after which something like a journal and then a number stands.
fn title_and_journal(tokens: &[&str]) -> (String, String) {
    // In quotation marks it is plain.
    if let Some(open) = tokens.first().filter(|token| token.starts_with('"') && token.len() > 1)
        && let Some(close) = tokens.iter().position(|token| token[1..].contains('"') && token.len() > 1)
        && (close > 0 || open[1..].contains('"'))
    {
        return (clean(&tokens[..=close]), journal(&tokens[close + 1..]).0);
    }
    // A journal that is in the list settles it, however many sentences the title has.
    for at in 0..tokens.len() {
        let closed = tokens[at].trim_end_matches(['"', '\'', ')', ']', '’']);
        if at >= 1 && (tokens[at].ends_with(['.', ',']) || closed.ends_with(['.', '?', '!'])) {
            let (name, words, numbered) = journal(&tokens[at + 1..]);
            if numbered && words > 0 && words <= LONGEST_JOURNAL && journals::is_known(&name) {
                return (clean(&tokens[..=at]), name);
            }
        }
    }
    let ends: Vec<usize> =
        (0..tokens.len()).filter(|&at| ends_sentence(tokens[at], tokens.get(at + 1))).map(|at| at + 1).collect();
    for &end in &ends {
        let (name, words, numbered) = journal(&tokens[end..]);
        let starts = name.chars().next().is_some_and(char::is_alphabetic);
        if end >= 2
            && starts
            && numbered
            && (1..=LONGEST_JOURNAL).contains(&words)
            && !has_sentence(&tokens[end..end + words])
        {
            return (clean(&tokens[..end]), name);
        }
    }
    // No such sentence, as in `Title, Journal 12 (2003)`: the title is the first one, or all before the numbers.
    let end = ends.first().copied().unwrap_or(tokens.len());
    let (name, ..) = journal(&tokens[end..]);
    (clean(&tokens[..end]), name)
}

/// A long lower-case word that ends a sentence does not occur inside a journal's name.
fn has_sentence(tokens: &[&str]) -> bool {
    tokens.iter().take(tokens.len().saturating_sub(1)).enumerate().any(|(at, token)| {
        let word = bare(token);
        token.ends_with(['?', '!'])
            || (token.ends_with('.')
                && word.len() > 7
                && word.chars().all(char::is_lowercase)
                && ends_sentence(token, tokens.get(at + 1)))
    })
}

/// The journal's name up to the first number, how many tokens it has, and whether a number follows.
fn journal(tokens: &[&str]) -> (String, usize, bool) {
    let stop = tokens.iter().position(|token| {
        let inner = token.trim_start_matches(['(', '[']);
        inner.starts_with(|c: char| c.is_ascii_digit())
            || ["vol.", "vol", "v.", "volume", "suppl", "supplement", "p.", "pp."]
                .contains(&token.to_lowercase().as_str())
    });
    let end = stop.unwrap_or(tokens.len());
    let from = usize::from(tokens.first().is_some_and(|token| token.eq_ignore_ascii_case("in:") || *token == "In"));
    let name = tokens[from.min(end)..end].join(" ");
    // `J Clin Oncol. Off J Am Soc`: what follows a long first part is not the name.
    (name.trim_matches(|c: char| " .,;:\"".contains(c)).to_owned(), end, stop.is_some())
}

fn clean(tokens: &[&str]) -> String {
    tokens.join(" ").trim_matches(|c: char| " .,;:\"".contains(c)).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, authors: &[&str], title: &str, journal: &str, year: u16) {
        let cited = parse_reference(raw);
        assert_eq!(cited.authors, authors, "{raw}");
        assert_eq!(cited.title, title, "{raw}");
        assert_eq!(cited.journal, journal, "{raw}");
        assert_eq!(cited.year, Some(year), "{raw}");
    }

    #[test]
    fn the_usual_styles_are_taken_apart() {
        check(
            "12. Almeida S, Prado M, et al. Endo-\nscopic repair: Long-term results in 408 patients. Endoscopy. 1988;20:13-7.",
            &["Almeida S", "Prado M"],
            "Endoscopic repair: Long-term results in 408 patients",
            "Endoscopy",
            1988,
        );
        check(
            "Kuba S, Seleno MC: L1 jumps in nondividing \nhuman cells. Proc Natl Acad Sci USA 2006, 103(21):8036-8041.",
            &["Kuba S", "Seleno MC"],
            "L1 jumps in nondividing human cells",
            "Proc Natl Acad Sci USA",
            2006,
        );
        check(
            "Walho, K. B., Fjelde, A. M., et al. (2005). Effects of age on volumes of cortex. Neurobiology of \nAging, 26(9), 1261-1270.",
            &["Walho, K. B.", "Fjelde, A. M."],
            "Effects of age on volumes of cortex",
            "Neurobiology of Aging",
            2005,
        );
        check(
            "Heyden, A. J. & Negro, A. P. 1999 Natural inducers for \ncoral larval change. Coral Reefs 18, 273-279. (doi: ",
            &["Heyden, A. J.", "Negro, A. P."],
            "Natural inducers for coral larval change",
            "Coral Reefs",
            1999,
        );
        check(
            "GL Mosel, PW Hodge, Are the changes in posture caused by pain? The Clinical journal of pain. 21, 323-329 (2005). doi: ",
            &["GL Mosel", "PW Hodge"],
            "Are the changes in posture caused by pain?",
            "The Clinical journal of pain",
            2005,
        );
    }

    #[test]
    fn nothing_makes_it_fail() {
        for raw in ["", "-", "\"", "1.", "(2010)", "et al.", "A", "\u{fffd} ; ; ( ) \" 2004", "10.1/x", "ÀÉ. ÇÕ?"] {
            let _ = parse_reference(raw);
        }
    }
}
