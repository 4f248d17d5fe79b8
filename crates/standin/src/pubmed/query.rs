//! PubMed's query language, as far as Sigilo uses it: words and phrases with field tags, year ranges, brackets, and
//! AND, OR, NOT read from left to right. Words that no article has are left out of the query, as PubMed does.

use std::collections::BTreeSet;

use super::library::{Article, words};

/// What a query found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Positions of the articles.
    pub hits: BTreeSet<usize>,
    pub not_found: Vec<String>,
    pub quoted_not_found: Vec<String>,
    pub unknown_fields: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Term { text: String, quoted: bool, field: String },
}

/// Finds the articles that a query describes.
pub(super) fn run(query: &str, articles: &[Article]) -> Outcome {
    let tokens = tokens(query);
    let mut reader = Reader { tokens: &tokens, at: 0, articles, outcome: Outcome::default() };
    let hits = reader.expression();
    Outcome { hits: hits.unwrap_or_default(), ..reader.outcome }
}

fn tokens(query: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = query.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, used) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '"' => {
                let end = rest[1..].find('"').map_or(rest.len() - 1, |end| end + 1);
                let text = rest[1..end.max(1)].to_owned();
                let (field, length) = field(rest.get(end + 1..).unwrap_or_default());
                (Token::Term { text, quoted: true, field }, (end + 1 + length).min(rest.len()))
            }
            _ => {
                let end = rest.find(['(', ')', '"', '[']).unwrap_or(rest.len());
                let end = operator(rest).map_or_else(|| next_operator(&rest[..end]).unwrap_or(end), str::len);
                match &rest[..end] {
                    "AND" => (Token::And, end),
                    "OR" => (Token::Or, end),
                    "NOT" => (Token::Not, end),
                    text => {
                        let (field, length) = field(&rest[end..]);
                        let text = text.trim().to_owned();
                        // A bracket that starts no tag would stop the reading here.
                        (Token::Term { text, quoted: false, field }, (end + length).max(1))
                    }
                }
            }
        };
        tokens.push(token);
        rest = rest[used..].trim_start();
    }
    tokens
}

fn operator(text: &str) -> Option<&str> {
    let word = text.split(|c: char| c.is_whitespace() || c == '(').next()?;
    matches!(word, "AND" | "OR" | "NOT").then_some(word)
}

/// Where the next operator begins.
fn next_operator(text: &str) -> Option<usize> {
    let starts = text.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, c)| at + c.len_utf8());
    starts.into_iter().find(|at| operator(&text[*at..]).is_some())
}

/// A tag such as `[ti]` at the start, and its length.
fn field(text: &str) -> (String, usize) {
    match text.strip_prefix('[').and_then(|text| text.find(']')) {
        Some(end) => (text[1..=end].trim().to_lowercase(), end + 2),
        None => (String::new(), 0),
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    articles: &'a [Article],
    outcome: Outcome,
}

impl Reader<'_> {
    /// None: everything in it was left out.
    fn expression(&mut self) -> Option<BTreeSet<usize>> {
        let mut so_far: Option<BTreeSet<usize>> = None;
        let mut how = Token::And;
        while let Some(token) = self.tokens.get(self.at).cloned() {
            self.at += 1;
            let value = match token {
                Token::Close => break,
                Token::And | Token::Or | Token::Not => {
                    how = token;
                    continue;
                }
                Token::Open => self.expression(),
                Token::Term { text, quoted, field } => self.term(&text, quoted, &field),
            };
            so_far = match (so_far, value, &how) {
                (None, value, Token::Not) => value.map(|_| BTreeSet::new()),
                (None, value, _) => value,
                (before, None, _) => before,
                (Some(before), Some(value), Token::Or) => Some(&before | &value),
                (Some(before), Some(value), Token::Not) => Some(&before - &value),
                (Some(before), Some(value), _) => Some(&before & &value),
            };
            how = Token::And;
        }
        so_far
    }

    fn term(&mut self, text: &str, quoted: bool, field: &str) -> Option<BTreeSet<usize>> {
        if matches!(field, "dp" | "pdat" | "date - publication") {
            return Some(self.years(text));
        }
        let known = matches!(field, "ti" | "tt" | "tiab" | "1au" | "au" | "ta" | "doi" | "aid" | "" | "all");
        if !known {
            self.outcome.unknown_fields.push(field.to_owned());
        }
        let wanted = words(text);
        if wanted.is_empty() {
            return None;
        }
        let found: BTreeSet<usize> = (0..self.articles.len())
            .filter(|at| matches(&self.articles[*at], text, &wanted, quoted, if known { field } else { "all" }))
            .collect();
        if !found.is_empty() {
            return Some(found);
        }
        // Words that PubMed has, but never together, are a search without a hit; unknown ones are left out.
        let each_known = !quoted
            && wanted.len() > 1
            && wanted
                .iter()
                .all(|word| self.articles.iter().any(|a| matches(a, word, std::slice::from_ref(word), false, "all")));
        if each_known && field.is_empty() {
            return Some(found);
        }
        let tag = if field.is_empty() { String::new() } else { format!("[{field}]") };
        match quoted {
            true => self.outcome.quoted_not_found.push(format!("\"{text}\"{tag}")),
            false => self.outcome.not_found.push(format!("{text}{tag}")),
        }
        None
    }

    fn years(&self, text: &str) -> BTreeSet<usize> {
        let year = |text: &str| text.trim().get(..4).and_then(|year| year.parse::<u16>().ok());
        let (from, to) = match text.split_once(':') {
            Some((from, to)) => (year(from), year(to)),
            None => (year(text), year(text)),
        };
        let (from, to) = (from.unwrap_or(u16::MAX), to.unwrap_or(0));
        (0..self.articles.len()).filter(|at| (from..=to).contains(&self.articles[*at].year)).collect()
    }
}

fn matches(article: &Article, text: &str, wanted: &[String], quoted: bool, field: &str) -> bool {
    let has = |held: &[&[String]]| match quoted {
        true => held.iter().any(|held| held.windows(wanted.len()).any(|part| part == wanted)),
        false => wanted.iter().all(|word| held.iter().any(|held| held.contains(word))),
    };
    let read = &article.words;
    let by = |family: &str, initials: &str| {
        let mut name = words(family);
        let with_initials = words(initials);
        match wanted.strip_prefix(name.as_slice()) {
            Some([]) => !quoted || with_initials.is_empty(),
            Some([start]) => with_initials.first().is_some_and(|initials| initials.starts_with(start.as_str())),
            _ => {
                name.extend(with_initials);
                name == wanted
            }
        }
    };
    match field {
        "ti" => has(&[&read.title]),
        "tt" => has(&[&read.vernacular]),
        "tiab" => has(&[&read.title, &read.text]),
        "1au" => article.authors.first().is_some_and(|name| by(&name.family, &name.initials)),
        "au" => article.authors.iter().any(|name| by(&name.family, &name.initials)),
        "ta" => [&article.journal, &article.abbreviation].iter().any(|name| words(name) == wanted),
        "doi" | "aid" => article.doi.as_deref().is_some_and(|doi| doi.eq_ignore_ascii_case(text)),
        _ => has(&[&read.title, &read.text, &read.names]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::library::sample;
    use super::*;

    fn pmids(query: &str) -> Vec<u32> {
        let articles = sample();
        run(query, &articles).hits.into_iter().map(|at| articles[at].pmid).collect()
    }

    #[test]
    fn fields_and_operators() {
        assert_eq!(pmids("genome[ti] AND sequencing[ti] AND lander[1au] AND 2000:2002[dp]"), [11_237_011]);
        assert_eq!(pmids("\"human genome\"[ti] AND lander es[1au]"), [11_237_011]);
        assert!(pmids("genome[ti] AND sequencing[ti] AND lander[1au] AND 2005:2006[dp]").is_empty());
        assert_eq!(pmids("(desigual[tt] OR halsoresurser[tt])"), [11_838_066]);
        assert_eq!(pmids("\"hum immunol\"[ta] AND arnaiz villena[1au]"), [11_543_891]);
        let either = pmids("(lander[1au] AND genome[ti]) OR (solomon[1au] AND bethesda[ti])");
        assert_eq!(either.len(), 2);
        assert_eq!(pmids("genome[ti] AND lander[1au] NOT nature[ta]"), Vec::<u32>::new());
    }

    #[test]
    fn unknown_words_are_left_out_and_told() {
        let articles = sample();
        let outcome = run("zzyzx[ti] AND genome[ti] AND lander[1au] AND \"no such thing\"[ti]", &articles);
        assert_eq!(outcome.hits.len(), 1);
        assert_eq!(outcome.not_found, ["zzyzx[ti]"]);
        assert_eq!(outcome.quoted_not_found, ["\"no such thing\"[ti]"]);
        assert!(run("zzyzx[ti]", &articles).hits.is_empty());
    }

    #[test]
    fn any_text_is_read_to_its_end() {
        for text in ["", "[", "[[[", "\"", "\"\"[", "()", "(", ")", "AND OR NOT", "a]b[ti", "é[ti] \" [", "OR[ti]"] {
            run(text, &[]);
        }
    }
}
