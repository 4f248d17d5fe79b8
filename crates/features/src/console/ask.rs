//! Asking one question: recorded, examined, run, judged, recorded again.

use std::time::Duration;

use data_encoding::HEXLOWER;
use serde_json::json;
use uuid::Uuid;

use sigilo_domain::{
    AuditQuery,
    audit_query::{Rows, Verdict},
};
use sigilo_proof::sha256;
use sigilo_store::{
    Action, Error as StoreError, Event, ReadTx, Risk, Session, WriteTx,
    console::{self as rows, Answer, Column, Failure, Finished, Limits, NewRun, Refusal, Run},
};

use crate::{App, Error, FieldError, Result};

/// What stands for a hidden value.
pub const MASK: &str = "•••";

const ENDED: &str = "O acesso terminou enquanto a consulta era feita.";

/// On screen a person reads, in a file a program.
const SCREEN: Limits = Limits { rows: 500, bytes: 2 << 20, within: Duration::from_secs(20) };
const FILE: Limits = Limits { rows: 50_000, bytes: 16 << 20, within: Duration::from_secs(20) };

/// Where a question comes from and where its answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One of the manual's, unchanged or edited.
    Manual(u8),
    /// The auditor's own.
    Sql,
    /// The table browser's.
    Table,
    /// To a file for spreadsheets.
    Csv,
    /// To a file for programs.
    Json,
}

impl Kind {
    fn code(self) -> &'static str {
        match self {
            Kind::Manual(_) => "manual",
            Kind::Sql => "sql",
            Kind::Table => "table",
            Kind::Csv => "csv",
            Kind::Json => "json",
        }
    }

    fn limits(self) -> Limits {
        if matches!(self, Kind::Csv | Kind::Json) { FILE } else { SCREEN }
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// From where.
    pub kind: Kind,
    /// The statement as it was typed.
    pub sql: String,
    /// Why personal data is to be shown; none: it is hidden.
    pub unmask: Option<String>,
}

/// What became of a question.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its row in the record.
    pub run: Uuid,
    /// The answer, or a sentence in Portuguese that says why there is none.
    pub result: std::result::Result<Shown, String>,
}

/// An answer as it is shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The columns.
    pub columns: Vec<Column>,
    /// One list a row; hidden values are [`MASK`].
    pub rows: Vec<Vec<Option<String>>>,
    /// Whether there was more than is shown.
    pub truncated: bool,
    /// How many rows would be shown at most.
    pub limit: usize,
    /// Whether anything is hidden.
    pub masked: bool,
    /// How long it took.
    pub took: Duration,
    /// SHA-256 of exactly what is shown, in hexadecimal; see [`Answer::canonical`].
    pub hash: String,
    /// What the rows say, if it is one of the manual's.
    pub verdict: Option<Verdict>,
}

/// Asks. What is asked stands in the record and in the trail before it runs.
///
/// # Errors
/// [`Error::Forbidden`] without a live grant; [`Error::Invalid`] for a reason that is too short. A statement that is
/// refused, wrong, too slow or one too many at a time is an answer, not an error.
pub async fn ask(app: &App, session: &Session, question: &Question) -> Result<Asked> {
    let reason = question.unmask.as_deref().map(str::trim);
    if reason.is_some_and(|reason| !(5..=300).contains(&reason.chars().count())) {
        let message = "Diga por que precisa ver os dados pessoais, em 5 a 300 caracteres.";
        return Err(Error::Invalid(vec![FieldError::new("motivo", message)]));
    }
    if question.sql.trim().is_empty() {
        return Err(Error::Invalid(vec![FieldError::new("sql", "Escreva uma consulta.")]));
    }
    // What is longer than a question may be is cut for the record; it will be refused.
    let recorded: String = question.sql.chars().filter(|c| *c != '\0').take(rows::guard::MAX_SQL).collect();
    let run = start(app, session, question, &recorded, reason).await?;

    let examined = match rows::examine(&question.sql) {
        Ok(examined) => examined,
        Err(Refusal(why)) => {
            finish(app, session, run, Finished { outcome: "refused", ..ended(&why) }).await?;
            return Ok(Asked { run, result: Err(why) });
        }
    };
    let limits = question.kind.limits();
    let answer = match app.db().ask(session, &examined, limits).await {
        Ok(answer) => answer,
        Err(failure) => return failed(app, session, run, failure).await,
    };
    let shown = show(question.kind, answer, reason.is_some(), limits.rows);
    let end = Finished {
        outcome: "done",
        rows: i64::try_from(shown.rows.len()).ok(),
        bytes: shown.rows.iter().flatten().flatten().map(String::len).sum::<usize>().try_into().ok(),
        truncated: Some(shown.truncated),
        duration_ms: i32::try_from(shown.took.as_millis()).ok(),
        result_hash: Some(shown.hash.clone()),
        verdict: shown.verdict.as_ref().map(|verdict| verdict.level.code()),
        ..Finished::default()
    };
    if finish(app, session, run, end).await? { Ok(Asked { run, result: Ok(shown) }) } else { Err(no_grant()) }
}

async fn start(app: &App, session: &Session, question: &Question, sql: &str, reason: Option<&str>) -> Result<Uuid> {
    let number = if let Kind::Manual(number) = question.kind { Some(number) } else { None };
    app.db()
        .write(session, async |tx: &WriteTx| {
            let new = NewRun { kind: question.kind.code(), number, sql, unmask: reason };
            let run = match rows::start(tx, new).await {
                Err(StoreError::Denied) => return Err(no_grant()),
                other => other?,
            };
            let details = json!({
                "kind": question.kind.code(),
                "query": number,
                "sql_sha256": HEXLOWER.encode(&sha256(sql.as_bytes())),
                "unmasked": reason.is_some(),
            });
            let risk = if reason.is_some() { Risk::High } else { Risk::Medium };
            Ok((run, event("audit_query_started", run, details, risk)))
        })
        .await
}

/// Records how it ended. Whether the answer may still be shown: it may not when the access ended while it was computed.
async fn finish(app: &App, session: &Session, run: Uuid, end: Finished) -> Result<bool> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            let shown = end.outcome != "done" || rows::own_grant(tx).await?.is_some();
            let end = if shown { end.clone() } else { Finished { outcome: "refused", ..ended(ENDED) } };
            rows::finish(tx, run, &end).await?;
            let details = json!({
                "outcome": end.outcome, "rows": end.rows, "truncated": end.truncated, "result_hash": end.result_hash,
            });
            Ok((shown, event("audit_query_finished", run, details, Risk::Low)))
        })
        .await
}

async fn failed(app: &App, session: &Session, run: Uuid, failure: Failure) -> Result<Asked> {
    let over = failure == Failure::NoGrant;
    let (outcome, why) = match failure {
        Failure::NotSignedIn => return Err(Error::NotSignedIn),
        Failure::NoGrant => ("refused", ENDED.to_owned()),
        Failure::Refused(why) => ("failed", why),
        Failure::Timeout => (
            "timeout",
            "A consulta passou de 20 segundos e foi cancelada. Restrinja o período ou peça menos linhas.".to_owned(),
        ),
        Failure::Unavailable => ("failed", "Há consultas demais em andamento, ou o banco está fora do ar.".to_owned()),
    };
    finish(app, session, run, Finished { outcome, ..ended(&why) }).await?;
    if over { Err(no_grant()) } else { Ok(Asked { run, result: Err(why) }) }
}

fn ended(why: &str) -> Finished {
    Finished { detail: Some(why.chars().take(500).collect()), ..Finished::default() }
}

fn show(kind: Kind, mut answer: Answer, unmasked: bool, limit: usize) -> Shown {
    let query = if let Kind::Manual(number) = kind { AuditQuery::of(number) } else { None };
    // Judged as it is, before anything is hidden.
    let names: Vec<String> = answer.columns.iter().map(|column| column.name.clone()).collect();
    let verdict = query.map(|query| query.judge(&Rows { columns: &names, rows: &answer.rows }));
    let mut masked = false;
    if !unmasked {
        for (at, _) in answer.columns.iter().enumerate().filter(|(_, column)| column.masked) {
            masked = true;
            for value in answer.rows.iter_mut().filter_map(|row| row.get_mut(at)?.as_mut()) {
                MASK.clone_into(value);
            }
        }
    }
    let hash = HEXLOWER.encode(&sha256(&answer.canonical()));
    Shown {
        columns: answer.columns,
        rows: answer.rows,
        truncated: answer.truncated,
        limit,
        masked,
        took: answer.took,
        hash,
        verdict,
    }
}

/// Fifty questions of the clinic, latest first; those before `before` where one is given.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn recent(app: &App, session: &Session, before: Option<Uuid>) -> Result<Vec<Run>> {
    app.db().read(session, async |tx: &ReadTx| Ok(rows::runs(tx, before).await?)).await
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`] when it is not the clinic's, or the member may not see it.
pub async fn one(app: &App, session: &Session, id: Uuid) -> Result<Run> {
    app.db().read(session, async |tx: &ReadTx| Ok(rows::run(tx, id).await?)).await
}

fn no_grant() -> Error {
    Error::Forbidden(
        "Você não tem um acesso de auditoria em vigor. Peça ao responsável pela clínica ou ao encarregado.",
    )
}

fn event(name: &'static str, run: Uuid, details: serde_json::Value, risk: Risk) -> Event {
    Event {
        name,
        action: Action::View,
        resource_type: "audit_console_runs",
        resource_id: Some(run.to_string()),
        details,
        risk,
    }
}
