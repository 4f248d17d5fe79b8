//! The 34 queries of the audit manual: what each asks, in words, and what its rows say.
//!
//! The SQL stands once, as the manual has it, in `docs/audit/queries.sql`; here is what a person who reads no SQL needs.

mod list;
mod verdict;

use std::sync::LazyLock;

pub use verdict::{Level, Rows, Verdict};

static SQL: &str = include_str!("../../../../docs/audit/queries.sql");

/// Which part of the manual a query belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// 1: sign-up.
    SignUp,
    /// 2: onboarding and consents.
    Consents,
    /// 3: messages and the removal of personal data.
    Messages,
    /// 4: images.
    Images,
    /// 5: answers of the assistant.
    Answers,
    /// 6: sign-ins and sign-outs.
    Accesses,
    /// 7: deletion of an account.
    Deletion,
    /// 8: the other rights of data subjects.
    Rights,
    /// Protections of the database.
    Protections,
    /// Ready answers to an auditor's questions.
    Quick,
}

impl Step {
    /// Every part, in the manual's order.
    pub const ALL: [Step; 10] = [
        Step::SignUp,
        Step::Consents,
        Step::Messages,
        Step::Images,
        Step::Answers,
        Step::Accesses,
        Step::Deletion,
        Step::Rights,
        Step::Protections,
        Step::Quick,
    ];

    /// Its name on screen.
    pub fn label(self) -> &'static str {
        match self {
            Step::SignUp => "1. Cadastro",
            Step::Consents => "2. Perfil e consentimentos",
            Step::Messages => "3. Mensagens e remoção de dados",
            Step::Images => "4. Imagens",
            Step::Answers => "5. Respostas da IA",
            Step::Accesses => "6. Entradas e saídas",
            Step::Deletion => "7. Exclusão da conta",
            Step::Rights => "8. Outros direitos do titular",
            Step::Protections => "Proteções do banco",
            Step::Quick => "Perguntas rápidas",
        }
    }
}

/// What a placeholder of the manual stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// `[ID_DO_MEDICO]`.
    Doctor,
    /// `[ID_DA_CONVERSA]`.
    Conversation,
    /// `[ID_DA_MENSAGEM]`.
    Message,
}

impl Parameter {
    /// Every placeholder.
    pub const ALL: [Parameter; 3] = [Parameter::Doctor, Parameter::Conversation, Parameter::Message];

    /// The placeholder in the SQL.
    pub fn placeholder(self) -> &'static str {
        match self {
            Parameter::Doctor => "[ID_DO_MEDICO]",
            Parameter::Conversation => "[ID_DA_CONVERSA]",
            Parameter::Message => "[ID_DA_MENSAGEM]",
        }
    }

    /// Its name in a form and in an address.
    pub fn code(self) -> &'static str {
        match self {
            Parameter::Doctor => "medico",
            Parameter::Conversation => "conversa",
            Parameter::Message => "mensagem",
        }
    }

    /// Its name on screen.
    pub fn label(self) -> &'static str {
        match self {
            Parameter::Doctor => "Médico",
            Parameter::Conversation => "Conversa",
            Parameter::Message => "Mensagem da IA",
        }
    }
}

/// One query of the manual.
pub struct AuditQuery {
    /// From 1 to 34, in the manual's order.
    pub number: u8,
    /// Where it stands in the manual.
    pub step: Step,
    /// What it shows, in a few words.
    pub title: &'static str,
    /// The question an auditor asks.
    pub question: &'static str,
    /// What a sound installation answers, and how to read it.
    pub expected: &'static str,
    /// The article that asks for it. Where the manual cites another, this one is right (LGPD, as in force).
    pub article: &'static str,
    judge: fn(&Rows<'_>) -> Verdict,
}

impl AuditQuery {
    /// All 34, in order.
    pub fn all() -> &'static [AuditQuery] {
        &list::QUERIES
    }

    /// The query of this number.
    pub fn of(number: u8) -> Option<&'static AuditQuery> {
        Self::all().iter().find(|query| query.number == number)
    }

    /// `SQL-07`.
    pub fn code(&self) -> String {
        format!("SQL-{:02}", self.number)
    }

    /// The statement as the manual has it, without its final semicolon.
    pub fn sql(&self) -> &'static str {
        static PARTS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
            let parts = SQL.split("\n-- SQL-").skip(1).filter_map(|part| part.split_once('\n'));
            parts.map(|(_, sql)| sql.trim().trim_end_matches(';')).collect()
        });
        PARTS.get(usize::from(self.number) - 1).copied().unwrap_or_default()
    }

    /// The placeholders to be filled.
    pub fn parameters(&self) -> Vec<Parameter> {
        Parameter::ALL.into_iter().filter(|parameter| self.sql().contains(parameter.placeholder())).collect()
    }

    /// What the rows say.
    pub fn judge(&self, rows: &Rows<'_>) -> Verdict {
        (self.judge)(rows)
    }
}

/// Puts an identifier in a placeholder's place; none when it is no identifier, so that nothing else can get into the SQL.
pub fn fill(sql: &str, parameter: Parameter, value: &str) -> Option<String> {
    let value = value.trim();
    let shape = value.len() == 36
        && value
            .char_indices()
            .all(|(at, c)| if [8, 13, 18, 23].contains(&at) { c == '-' } else { c.is_ascii_hexdigit() });
    shape.then(|| sql.replace(parameter.placeholder(), value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_query_of_the_manual_has_its_words() {
        assert_eq!(SQL.matches("\n-- SQL-").count(), 34);
        let numbers: Vec<u8> = AuditQuery::all().iter().map(|query| query.number).collect();
        assert_eq!(numbers, (1..=34).collect::<Vec<_>>());
        for query in AuditQuery::all() {
            assert!(SQL.contains(&format!("-- {}\n{};", query.code(), query.sql())), "{}", query.code());
            assert!(query.sql().starts_with("SELECT") && !query.sql().contains("-- "), "{}", query.code());
            for text in [query.title, query.question, query.expected, query.article] {
                assert!(!text.is_empty(), "{}", query.code());
            }
            assert!(query.question.ends_with('?') && query.expected.ends_with('.'), "{}", query.code());
        }
        let steps: Vec<Step> = AuditQuery::all().iter().map(|query| query.step).collect();
        assert!(steps.is_sorted(), "in the manual's order");
    }

    #[test]
    fn only_an_identifier_fills_a_placeholder() {
        let sql = AuditQuery::of(4).unwrap().sql();
        assert_eq!(AuditQuery::of(4).unwrap().parameters(), [Parameter::Doctor]);
        let filled = fill(sql, Parameter::Doctor, " 01a21e90-2773-7973-81d3-98e6fe09a0c0 ").unwrap();
        assert!(filled.contains("user_id = '01a21e90-2773-7973-81d3-98e6fe09a0c0'"));
        for wrong in
            ["", "x' OR 'a'='a", "01a21e90-2773-7973-81d3-98e6fe09a0c0'", "01a21e9002773-7973-81d3-98e6fe09a0c0"]
        {
            assert_eq!(fill(sql, Parameter::Doctor, wrong), None, "{wrong}");
        }
    }
}
