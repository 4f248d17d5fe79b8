//! What the simulation's DPO sees in the audit console: every look is a recorded query, and its rows are the evidence.

use sigilo_domain::{AuditQuery, audit_query::Level};
use sigilo_report::{Evidence, Finding, Stage};
use sigilo_store::Session;

use crate::{
    App, Error, Result,
    console::{self, Kind, Question, Shown},
};

/// Rows kept of a look.
const ROWS: usize = 12;
/// Everybody in the clinic is invented, so nothing needs to be hidden.
const REASON: &str = "Simulação de auditoria: todas as pessoas são inventadas.";

pub(super) struct Eye<'a> {
    pub(super) app: &'a App,
    pub(super) session: Session,
}

/// What was done, where it is to be seen, and by which article.
pub(super) struct Told {
    pub(super) done: &'static str,
    pub(super) stored: &'static str,
    pub(super) article: &'static str,
}

impl Told {
    /// A stage without rows of its own.
    pub(super) fn found(self, finding: Finding) -> Stage {
        Stage {
            done: self.done.into(),
            stored: self.stored.into(),
            article: self.article.into(),
            finding,
            evidence: None,
        }
    }

    fn seen(self, finding: Finding, evidence: Evidence) -> Stage {
        Stage { evidence: Some(evidence), ..self.found(finding) }
    }
}

impl Eye<'_> {
    /// Asks, and lets `judge` say what the rows show.
    pub(super) async fn look(
        &self,
        told: Told,
        sql: String,
        judge: impl FnOnce(&Seen<'_>) -> Finding,
    ) -> Result<Stage> {
        self.ask(told, Kind::Sql, String::new(), sql, |seen, _| judge(seen)).await
    }

    /// Asks one of the manual's queries, whose rows it judges itself: a problem stays one, nothing to judge is one too.
    pub(super) async fn manual(&self, told: Told, number: u8, values: &[(&str, String)]) -> Result<Stage> {
        let query = AuditQuery::of(number).ok_or(Error::Internal)?;
        let mut sql = query.sql().to_owned();
        for (placeholder, value) in values {
            sql = sql.replace(placeholder, value);
        }
        self.ask(told, Kind::Manual(number), query.code(), sql, |_, shown| match &shown.verdict {
            Some(verdict) => Finding { level: verdict.level, sentence: verdict.sentence.clone() },
            None => problem("A consulta não pôde ser julgada."),
        })
        .await
    }

    async fn ask(
        &self,
        told: Told,
        kind: Kind,
        code: String,
        sql: String,
        judge: impl FnOnce(&Seen<'_>, &Shown) -> Finding,
    ) -> Result<Stage> {
        let question = Question { kind, sql: sql.clone(), unmask: Some(REASON.to_owned()) };
        let asked = console::ask(self.app, &self.session, &question).await?;
        match asked.result {
            Err(why) => Ok(told.found(problem(format!("A consulta não teve resposta. {why}")))),
            Ok(shown) => {
                let finding = judge(&Seen(&shown), &shown);
                let evidence = Evidence {
                    code,
                    sql,
                    columns: shown.columns.iter().map(|column| column.name.clone()).collect(),
                    count: shown.rows.len(),
                    rows: shown.rows.into_iter().take(ROWS).collect(),
                    hash: shown.hash,
                    run: asked.run.to_string(),
                };
                Ok(told.seen(finding, evidence))
            }
        }
    }
}

/// The rows of a look.
pub(super) struct Seen<'a>(&'a Shown);

impl Seen<'_> {
    pub(super) fn len(&self) -> usize {
        self.0.rows.len()
    }

    /// The values of a column, NULL as nothing.
    pub(super) fn column(&self, name: &str) -> Vec<&str> {
        let at = self.0.columns.iter().position(|column| column.name == name);
        let values = self.0.rows.iter().map(|row| at.and_then(|at| row.get(at)?.as_deref()).unwrap_or_default());
        values.collect()
    }

    /// Whether there is a row, and every row's value in a column passes.
    pub(super) fn all(&self, name: &str, passes: impl Fn(&str) -> bool) -> bool {
        self.len() > 0 && self.column(name).into_iter().all(passes)
    }
}

/// As it should be or not, with the sentence for each.
pub(super) fn expect(holds: bool, yes: &str, no: &str) -> Finding {
    if holds { Finding { level: Level::Ok, sentence: yes.into() } } else { problem(no) }
}

pub(super) fn problem(sentence: impl Into<String>) -> Finding {
    Finding { level: Level::Problem, sentence: sentence.into() }
}
