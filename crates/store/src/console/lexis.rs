//! One reading of a text for two parsers.
//!
//! The guard's parser and PostgreSQL's split a text into words each by its own rules. Where these differ, a text could hide
//! code from the guard inside what it takes for a string, an operator or a comment. So comments are taken out here, by
//! PostgreSQL's rules, and the ways of writing that only one of the two knows are refused. What is left has one reading
//! (PostgreSQL 15 to 18, section 4.1 "Lexical Structure", with `standard_conforming_strings`, which the connection sets).

use super::{Refusal, guard::refuse};

/// The text without its comments.
///
/// # Errors
/// What can be written more plainly, in words.
pub(super) fn plain(sql: &str) -> Result<String, Refusal> {
    let mut text = Reader { rest: sql.chars().peekable(), out: String::with_capacity(sql.len()) };
    let mut last = ' ';
    while let Some(c) = text.rest.next() {
        match (c, text.rest.peek()) {
            ('-', Some('-')) => {
                while text.rest.next_if(|c| !matches!(c, '\n' | '\r')).is_some() {}
                text.out.push(' ');
                last = ' ';
                continue;
            }
            ('/', Some('*')) => {
                text.comment()?;
                last = ' ';
                continue;
            }
            ('\'', _) if last.is_alphanumeric() || "_&\"".contains(last) => {
                return refuse(
                    "Deixe um espaço antes das aspas simples, e escreva o texto sem prefixo (E, U&, B, X, N).",
                );
            }
            ('"', _) if last == '&' => return refuse("Escreva o nome entre aspas duplas sem o prefixo U&."),
            ('\'', _) => text.quoted('\'')?,
            ('"', _) => text.quoted('"')?,
            ('$' | '\\' | '`', _) => {
                return refuse(format!("O caractere {c} só pode estar dentro de um texto entre aspas."));
            }
            _ if c.is_ascii_graphic() || " \t\n\r".contains(c) || c.is_alphabetic() => text.out.push(c),
            _ if c.is_control() || c.is_whitespace() || ('\u{200b}'..='\u{200f}').contains(&c) || c == '\u{feff}' => {
                return refuse(
                    "Há um espaço ou um caractere invisível que o PostgreSQL não entende. Digite-o de novo.",
                );
            }
            _ => return refuse(format!("O caractere {c} só pode estar dentro de um texto entre aspas.")),
        }
        last = c;
    }
    Ok(text.out)
}

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    out: String,
}

impl Reader<'_> {
    /// Up to the closing mark; twice the mark stands for itself.
    fn quoted(&mut self, mark: char) -> Result<(), Refusal> {
        self.out.push(mark);
        while let Some(c) = self.rest.next() {
            self.out.push(c);
            if c == mark && self.rest.next_if_eq(&mark).is_none() {
                return Ok(());
            } else if c == mark {
                self.out.push(mark);
            }
        }
        refuse("Falta fechar as aspas.")
    }

    /// A comment in a comment counts, as in PostgreSQL. A space stays in its place.
    fn comment(&mut self) -> Result<(), Refusal> {
        let mut depth = 1;
        self.rest.next();
        while let Some(c) = self.rest.next() {
            match (c, self.rest.peek()) {
                ('/', Some('*')) => depth += 1,
                ('*', Some('/')) => depth -= 1,
                _ => continue,
            }
            self.rest.next();
            if depth == 0 {
                self.out.push(' ');
                return Ok(());
            }
        }
        refuse("Falta fechar o comentário com */.")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn comments_go_and_texts_stay() {
        for (sql, left) in [
            ("SELECT 1 -- um\n, 2", "SELECT 1  \n, 2"),
            ("SELECT 1 -- um\r, 2", "SELECT 1  \r, 2"),
            ("SELECT/* a /* b */ c */1", "SELECT 1"),
            ("SELECT 1 */**/ 2", "SELECT 1 *  2"),
            ("SELECT '--', '/*', 'it''s', \"a--\"\"b\"", "SELECT '--', '/*', 'it''s', \"a--\"\"b\""),
            ("SELECT 'C:\\', 'R$ 5', '“é”' AS média", "SELECT 'C:\\', 'R$ 5', '“é”' AS média"),
            ("SELECT 5 - -3 AS x--", "SELECT 5 - -3 AS x "),
        ] {
            assert_eq!(plain(sql).unwrap(), left);
        }
    }

    #[test]
    fn what_reads_in_two_ways_is_refused() {
        for (sql, word) in [
            (r"SELECT E'\'' || '", "prefixo"),
            ("SELECT e'a'\n'b'", "prefixo"),
            (r"SELECT U&'\0041'", "prefixo"),
            (r#"SELECT U&"full\005Fname""#, "U&"),
            ("SELECT x'41', b'1'", "prefixo"),
            ("SELECT date'2026-01-01'", "espaço"),
            ("SELECT $$a$$", "$"),
            ("SELECT a$b", "$"),
            ("SELECT $1", "$"),
            ("SELECT \\x", "\\"),
            ("SELECT `a`", "`"),
            ("SELECT full_name\u{a0}x", "invisível"),
            ("SELECT full\u{200b}name", "invisível"),
            ("SELECT ‘a’", "‘"),
            ("SELECT 1 /* a", "comentário"),
            ("SELECT 1 /* /* */", "comentário"),
            ("SELECT 'a", "aspas"),
            ("SELECT \"a", "aspas"),
            ("SELECT 'a\"''", "aspas"),
        ] {
            let why = plain(sql).expect_err(sql).0;
            assert!(why.contains(word), "{sql}: {why}");
        }
    }

    proptest! {
        /// Outside of quotes nothing is left that begins a comment or another kind of text, and reading twice changes nothing.
        #[test]
        fn what_is_left_has_one_reading(sql in r#"([a-zE'"/*\-&$\\ \n]|--|/\*|\*/|''|U&)(1){0,1}([a-zE'"/*\-&$\\ \n]|--|/\*|\*/|''|U&){0,30}"#) {
            if let Ok(left) = plain(&sql) {
                prop_assert_eq!(plain(&left).unwrap(), left.clone());
                let code = left.split(['\'', '"']).step_by(2).collect::<Vec<_>>().join(" ");
                if !left.contains('"') || !left.contains('\'') {
                    prop_assert!(!code.contains("--") && !code.contains("/*") && !code.contains('$'), "{}", left);
                }
            }
        }
    }
}
