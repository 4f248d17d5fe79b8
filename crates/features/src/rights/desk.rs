//! The desk of whoever answers for the clinic or its data.

use serde_json::{Value, json};
use uuid::Uuid;

use sigilo_domain::SubjectRight;
use sigilo_store::{Action, Error as StoreError, ReadTx, Session, WriteTx, job, rights as rows};

use super::evidence::{self, Evidence};
use super::plan::{Fate, RULES};
use super::{MAX_DESCRIPTION, Notice, Plan, Request, RequestEvent, event, receipt};
use crate::{App, Error, Result, session::answers_for_clinic};

/// A request with all that belongs to it.
pub struct Opened {
    /// The request.
    pub request: Request,
    /// What happened, in order.
    pub events: Vec<RequestEvent>,
    /// The plan of a deletion.
    pub plan: Option<Plan>,
    /// Who must be told of what was done.
    pub notices: Vec<Notice>,
    /// What proves who asked, where it came another way.
    pub evidence: Option<Evidence>,
    /// Whether the data of who asked must be kept for now.
    pub held: bool,
    /// Whether it is the reader's own, who then decides nothing.
    pub own: bool,
}

/// One line of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The table.
    pub table: String,
    /// `delete`, `anonymise` or `keep`.
    pub action: String,
    /// Rows found when it was drafted, where they are counted.
    pub rows: Option<i64>,
    /// Why, with the article.
    pub reason: String,
}

impl Step {
    /// The steps of a plan.
    pub fn of(plan: &Plan) -> Vec<Step> {
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let steps = plan.steps.as_array().map_or(&[][..], Vec::as_slice);
        steps
            .iter()
            .map(|step| Step {
                table: text(step, "table"),
                action: text(step, "action"),
                rows: step["rows"].as_i64(),
                reason: text(step, "reason"),
            })
            .collect()
    }
}

pub(super) fn manages(tx: &ReadTx) -> Result<()> {
    if answers_for_clinic(tx) {
        Ok(())
    } else {
        Err(Error::Forbidden("Os pedidos são atendidos por quem responde pela clínica ou pelos dados."))
    }
}

/// Which requests the desk shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Show {
    /// Those that wait for something: an answer, or recipients to be told.
    #[default]
    Open,
    /// Those whose earlier deadline has passed.
    Late,
    /// All, ended ones too.
    All,
}

impl Show {
    /// All of them, as the desk lists them.
    pub const ALL: [Show; 3] = [Show::Open, Show::Late, Show::All];

    fn code(self) -> &'static str {
        match self {
            Show::Open => "open",
            Show::Late => "late",
            Show::All => "all",
        }
    }
}

/// The clinic's requests, those that stand still and those that end first in front.
///
/// # Errors
/// [`Error::Forbidden`] for who answers for nothing.
pub async fn list(app: &App, session: &Session, show: Show, right: Option<SubjectRight>) -> Result<Vec<Request>> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            manages(tx)?;
            Ok(rows::all(tx, show.code(), right).await?)
        })
        .await
}

/// One request. Looking at it is an event.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Forbidden`] for who answers for nothing.
pub async fn open(app: &App, session: &Session, id: Uuid) -> Result<Opened> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            let request = rows::one(tx, id).await?;
            let own = request.requester_user_id == tx.entered().user_id;
            let held = sigilo_store::legal_hold::holds(tx, request.requester_user_id).await?;
            let opened = Opened {
                held,
                events: rows::events(tx, id).await?,
                plan: rows::plan(tx, id).await?,
                notices: rows::notices(tx, id).await?,
                evidence: evidence::shown(app, tx, id).await?,
                own,
                request,
            };
            Ok((opened, event("subject_request_viewed", Action::View, id, json!({}))))
        })
        .await
}

/// Begins to work on a request; its receipt is thereby acknowledged.
///
/// # Errors
/// As [`answer`].
pub async fn take_up(app: &App, session: &Session, id: Uuid, version: i32) -> Result<()> {
    decide(app, session, id, version, "in_progress", None, None).await
}

/// Answers a request. A deletion is answered by its plan alone.
///
/// # Errors
/// [`Error::Invalid`] for `resposta`; [`Error::Conflict`] when somebody else has decided meanwhile, it has ended, or it
/// is the member's own.
pub async fn answer(app: &App, session: &Session, id: Uuid, version: i32, note: &str) -> Result<()> {
    let note = words(note, "resposta", "Escreva o que foi feito, em 10 a 4.000 caracteres.")?;
    decide(app, session, id, version, "completed", Some(note), None).await
}

/// Refuses a request, which needs the reason and the article (LGPD art. 18, § 4).
///
/// # Errors
/// [`Error::Invalid`] for `motivo` or `artigo`; otherwise as [`answer`].
pub async fn refuse(app: &App, session: &Session, id: Uuid, version: i32, note: &str, article: &str) -> Result<()> {
    let note = words(note, "motivo", "Explique o motivo de fato ou de direito, em 10 a 4.000 caracteres.")?;
    let article = article.trim();
    if !(3..=200).contains(&article.chars().count()) {
        return Err(Error::field("artigo", "Cite o artigo em que a recusa se apoia."));
    }
    decide(app, session, id, version, "refused", Some(note), Some(article)).await
}

pub(super) fn words<'a>(text: &'a str, field: &'static str, message: &'static str) -> Result<&'a str> {
    let text = text.trim();
    if (10..=MAX_DESCRIPTION).contains(&text.chars().count()) { Ok(text) } else { Err(Error::field(field, message)) }
}

async fn decide(
    app: &App,
    session: &Session,
    id: Uuid,
    version: i32,
    status: &'static str,
    note: Option<&str>,
    article: Option<&str>,
) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            let request = rows::one(tx, id).await?;
            if request.requester_user_id == tx.entered().user_id {
                return Err(Error::Conflict("Ninguém decide sobre o próprio pedido: peça a outra pessoa responsável."));
            }
            if status == "completed" && request.right_code == SubjectRight::Deletion.code() {
                return Err(Error::Conflict("A exclusão de uma conta é concluída pelo plano, depois de aprovado."));
            }
            if status == "refused" && rows::plan(tx, id).await?.is_some() {
                return Err(Error::Conflict("Há um plano de exclusão para este pedido. Descarte-o antes de recusar."));
            }
            match rows::decide(tx, id, version, status, note, article).await {
                Err(StoreError::NotFound) => {
                    return Err(Error::Conflict(
                        "Outra pessoa mudou este pedido enquanto você o via. Recarregue a página.",
                    ));
                }
                Err(StoreError::Rule(_)) => return Err(Error::Conflict("Este pedido já terminou.")),
                other => other?,
            }
            let details = json!({ "status": status, "article": article });
            Ok(((), event("subject_request_decided", Action::Update, id, details)))
        })
        .await
}

/// Drafts the plan of a deletion: every table, what happens to it and why, with the rows as they are now.
///
/// # Errors
/// [`Error::Conflict`] when there is one, or the request is not being worked on.
pub async fn draft(app: &App, session: &Session, id: Uuid) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            let request = rows::one(tx, id).await?;
            let counts = match rows::count(tx, id).await {
                Err(StoreError::NotFound) => {
                    return Err(Error::Conflict("Comece a atender o pedido de exclusão antes de preparar o plano."));
                }
                other => other?,
            };
            let rows_of = |table: &str| {
                let found = counts.iter().find(|count| count.table_name.as_deref() == Some(table));
                found.and_then(|count| count.row_count)
            };
            let steps: Vec<Value> = RULES
                .iter()
                .map(|rule| {
                    let rows = match rule.fate {
                        Fate::Anonymise => Some(1),
                        _ => rows_of(rule.table),
                    };
                    json!({ "table": rule.table, "action": rule.fate.code(), "rows": rows, "reason": rule.reason })
                })
                .collect();
            match rows::draft(tx, id, request.requester_user_id, &Value::Array(steps)).await {
                Err(StoreError::Duplicate(_)) => return Err(Error::Conflict("Já há um plano para este pedido.")),
                Err(StoreError::Rule(_) | StoreError::Denied) => {
                    return Err(Error::Conflict("Ninguém prepara o plano do próprio pedido."));
                }
                other => other?,
            };
            Ok(((), event("deletion_plan_drafted", Action::Create, id, json!({}))))
        })
        .await
}

/// Approves the plan of a request; from then on it is carried out.
///
/// # Errors
/// [`Error::Conflict`] for who drafted it, where somebody else could approve.
pub async fn approve(app: &App, session: &Session, id: Uuid) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            let plan = rows::plan(tx, id).await?.ok_or(Error::NotFound)?;
            match rows::approve(tx, plan.id).await {
                Err(StoreError::Rule(rule)) if rule == "plans_second_look" => {
                    return Err(Error::Conflict(
                        "Quem preparou o plano não o aprova: peça a outra pessoa responsável. Onde não há outra, espere 24 horas.",
                    ));
                }
                Err(StoreError::Rule(rule)) if rule == "plans_held" => {
                    return Err(Error::Conflict(
                        "Os dados desta pessoa estão sob guarda legal. Encerre a guarda, ou recuse o pedido dizendo o artigo.",
                    ));
                }
                Err(StoreError::NotFound | StoreError::Rule(_)) => {
                    return Err(Error::Conflict("Este plano já não espera por aprovação."));
                }
                other => other?,
            }
            Ok(((), event("deletion_plan_approved", Action::Update, id, json!({ "plan": plan.id }))))
        })
        .await?;
    // Not only when the scheduler next looks: whoever approved is waiting for it.
    let app = app.clone();
    tokio::spawn(async move {
        if let Err(error) = carry_out(&app).await {
            tracing::warn!(%error, "an approved deletion waits for the scheduler");
        }
    });
    Ok(())
}

async fn carry_out(app: &App) -> Result<()> {
    job::fulfil(app.db()).await?;
    receipt::close_due(app).await.map(drop)
}

/// Gives the plan of a request up.
///
/// # Errors
/// [`Error::Conflict`] when it is being carried out.
pub async fn discard(app: &App, session: &Session, id: Uuid) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            let plan = rows::plan(tx, id).await?.ok_or(Error::NotFound)?;
            match rows::discard(tx, plan.id).await {
                Err(StoreError::NotFound) => return Err(Error::Conflict("O plano já está sendo executado.")),
                other => other?,
            }
            Ok(((), event("deletion_plan_discarded", Action::Update, id, json!({ "plan": plan.id }))))
        })
        .await
}
