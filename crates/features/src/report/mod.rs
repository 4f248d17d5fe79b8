//! Audit reports: gathered through the console, drawn once, kept as they were handed out.

mod clocks;
mod gather;

use serde_json::json;
use time::{Date, Duration};
use tokio::sync::Semaphore;
use uuid::Uuid;

use sigilo_domain::audit_query::Level;
use sigilo_report::{Demonstration, Outcome, Period, Report, digest, render};
use sigilo_store::{
    Action, Client, Error as StoreError, Event, ReadTx, Risk, Session, SignInTx, WriteTx, report as rows,
};

pub use sigilo_store::report::{Issued, Known};

use crate::{App, Error, FieldError, Result, console, simulation};

/// Longest period, in days.
const MAX_DAYS: i64 = 366;
/// Drawing keeps a processor busy for a second: one at a time, so that the site goes on answering.
static DRAWING: Semaphore = Semaphore::const_new(1);

/// A form that a report's file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// PDF/A-2a and PDF/UA-1.
    Pdf,
    /// A page that needs nothing else.
    Html,
    /// The data.
    Json,
}

impl Form {
    /// Every form.
    pub const ALL: [Form; 3] = [Form::Pdf, Form::Html, Form::Json];

    /// As stored, and as a file's name ends.
    pub fn code(self) -> &'static str {
        match self {
            Form::Pdf => "pdf",
            Form::Html => "html",
            Form::Json => "json",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Form::Pdf => "application/pdf",
            Form::Html => "text/html; charset=utf-8",
            Form::Json => "application/json",
        }
    }
}

/// Draws where blocking is allowed, one document at a time.
pub(crate) async fn drawn<T: Send + 'static>(
    draw: impl FnOnce() -> std::result::Result<T, sigilo_report::Error> + Send + 'static,
) -> Result<T> {
    let place = DRAWING.acquire().await.map_err(|_| Error::Internal)?;
    let drawn = tokio::task::spawn_blocking(draw).await.map_err(|_| Error::Internal)?;
    drop(place);
    drawn.map_err(|error| {
        tracing::error!(%error, "a document could not be drawn");
        Error::Internal
    })
}

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub to: Option<Date>,
    /// The simulation whose demonstrations are to be part of it.
    pub simulation: Option<Uuid>,
}

/// Asks the manual's queries, reads the clocks, and issues a report about it. Returns its identifier.
///
/// # Errors
/// [`Error::Forbidden`] without a live grant; [`Error::Invalid`] for `de`, `ate` or `simulacao`.
pub async fn issue(app: &App, session: &Session, wanted: &Wanted) -> Result<Uuid> {
    let period = period(app, wanted)?;
    let demonstrations = match wanted.simulation {
        None => Vec::new(),
        Some(id) => match simulation::one(app, session, id).await {
            Ok(found) if found.row.finished_at.is_some() => found.demonstrations,
            Ok(_) => return Err(Error::field("simulacao", "Esta simulação ainda não terminou.")),
            Err(Error::NotFound) => return Err(Error::field("simulacao", "Esta simulação não existe.")),
            Err(other) => return Err(other),
        },
    };
    issue_with(app, session, period, wanted.simulation, demonstrations).await
}

/// The same with demonstrations that were carried out just now.
///
/// # Errors
/// [`Error::Forbidden`] without a live grant.
pub async fn issue_with(
    app: &App,
    session: &Session,
    period: Period,
    simulation: Option<Uuid>,
    demonstrations: Vec<Demonstration>,
) -> Result<Uuid> {
    if console::standing(app, session).await?.is_none() {
        return Err(no_grant());
    }
    let report = gather::gather(app, session, period, demonstrations).await?;
    let id: Uuid = report.id.parse().map_err(|_| Error::Internal)?;
    let (queries, issued_at) = (tally(&report), report.issued_at);
    let files = drawn(move || render(&report)).await?;
    app.db()
        .write(session, async |tx: &WriteTx| {
            let new = rows::New {
                id,
                simulation,
                from: period.from,
                to: period.to,
                queries,
                version: app.settings().version,
                issued_at,
                files: [
                    (Form::Pdf.code(), files.pdf.as_slice()),
                    (Form::Html.code(), files.html.as_slice()),
                    (Form::Json.code(), files.json.as_slice()),
                ],
            };
            match rows::issue(tx, &new).await {
                Err(StoreError::Denied) => return Err(no_grant()),
                other => other?,
            }
            let details = json!({
                "from": period.from.to_string(), "to": period.to.to_string(), "simulation": simulation,
                "pdf_sha256": digest(&files.pdf), "html_sha256": digest(&files.html), "json_sha256": digest(&files.json),
            });
            Ok((id, event("audit_report_issued", Action::Create, id, details, Risk::Medium)))
        })
        .await
}

/// Today, for a report on what was just done.
pub fn today(app: &App) -> Period {
    let today = clocks::brasilia(app.now()).date();
    Period { from: today, to: today }
}

/// The days that are asked for: the last thirty where none are said.
fn period(app: &App, wanted: &Wanted) -> Result<Period> {
    let today = clocks::brasilia(app.now()).date();
    let to = wanted.to.unwrap_or(today);
    let from = wanted.from.unwrap_or(to - Duration::days(30));
    let mut wrong = Vec::new();
    if to > today {
        wrong.push(FieldError::new("ate", "O último dia está no futuro."));
    }
    if from > to {
        wrong.push(FieldError::new("de", "O primeiro dia vem depois do último."));
    }
    if (to - from).whole_days() >= MAX_DAYS {
        wrong.push(FieldError::new("de", "O período vai até um ano."));
    }
    if wrong.is_empty() { Ok(Period { from, to }) } else { Err(Error::Invalid(wrong)) }
}

fn tally(report: &Report) -> [i32; 4] {
    let mut tally = [0; 4];
    for query in &report.queries {
        let at = match &query.outcome {
            Outcome::Rows { finding, .. } => match finding.level {
                Level::Ok => 0,
                Level::Attention => 1,
                Level::Problem => 2,
                Level::Empty | Level::Information => 3,
            },
            Outcome::Failed { .. } => 1,
            Outcome::NotAsked { .. } => 3,
        };
        tally[at] += 1;
    }
    tally
}

/// The reports that were issued, latest first.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn recent(app: &App, session: &Session) -> Result<Vec<Issued>> {
    app.db().read(session, async |tx: &ReadTx| Ok(rows::recent(tx).await?)).await
}

/// One of a report's files, as it was issued. That it was fetched is an event.
///
/// # Errors
/// [`Error::NotFound`] when it is not the clinic's, or the member may not see it.
pub async fn file(app: &App, session: &Session, report: Uuid, form: Form) -> Result<Vec<u8>> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            let content = rows::file(tx, report, form.code()).await?;
            let details = json!({ "form": form.code() });
            Ok((content, event("audit_report_fetched", Action::Export, report, details, Risk::Low)))
        })
        .await
}

/// What a file is, by its SHA-256 in hexadecimal; none: no report of this installation.
///
/// # Errors
/// [`Error::Invalid`] for `sha256`.
pub async fn known(app: &App, client: &Client, hash: &str) -> Result<Option<Known>> {
    let hash: String = hash.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::field("sha256", "O resumo tem 64 caracteres, de 0 a 9 e de a a f."));
    }
    app.db().sign_in(client, async |tx: &SignInTx| Ok(rows::by_hash(tx, &hash).await?)).await
}

fn no_grant() -> Error {
    Error::Forbidden("Um relatório lê pelo console: é preciso um acesso de auditoria em vigor.")
}

fn event(name: &'static str, action: Action, id: Uuid, details: serde_json::Value, risk: Risk) -> Event {
    Event { name, action, resource_type: "audit_reports", resource_id: Some(id.to_string()), details, risk }
}
