//! Months of the trail past their time: one person proposes that a clinic's rows go, another approves, the trail itself says
//! which leaves they were, and then they go. Their hashes stay (docs/retention.md).

use serde_json::json;
use time::Date;
use uuid::Uuid;

use sigilo_store::{Action, Error as StoreError, Event, ReadTx, Risk, Session, WriteTx, disposal as rows};

pub use sigilo_store::disposal::{Disposal, ExpiredMonth};

use crate::{App, Error, Result, session::answers_for_clinic};

/// What the clinic's trail has of months past their time, and what was proposed and decided, latest first.
///
/// # Errors
/// [`Error::Forbidden`] for who answers for nothing.
pub async fn disposals(app: &App, session: &Session) -> Result<(Vec<ExpiredMonth>, Vec<Disposal>)> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            manages(tx)?;
            Ok((rows::expired(tx).await?, rows::all(tx).await?))
        })
        .await
}

/// Proposes that the clinic's rows of a month go.
///
/// # Errors
/// [`Error::Conflict`] for a month that is younger than five years or on its way; [`Error::Forbidden`] for who answers for
/// nothing.
pub async fn propose_disposal(app: &App, session: &Session, month: Date) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            let id = match rows::propose(tx, month).await {
                Err(StoreError::Rule(_)) => {
                    return Err(Error::Conflict("Este mês ainda não completou cinco anos: a trilha dele fica."));
                }
                Err(StoreError::Duplicate(_)) => {
                    return Err(Error::Conflict("A eliminação deste mês já foi proposta."));
                }
                other => other?,
            };
            Ok(((), event("trail_disposal_proposed", Action::Create, id)))
        })
        .await
}

/// Approves or discards what was proposed. Until the rows are gone takes two runs of the scheduler and what others answer to
/// the checkpoint between them.
///
/// # Errors
/// [`Error::Conflict`] for who proposed it, where somebody else could approve, and for what is decided; [`Error::NotFound`] for
/// another clinic's.
pub async fn decide_disposal(app: &App, session: &Session, id: Uuid, approve: bool) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            match rows::decide(tx, id, approve).await {
                Err(StoreError::Rule(rule)) if rule == "trail_disposals_second_look" => {
                    return Err(Error::Conflict(
                        "Quem propôs a eliminação não a aprova: peça a outra pessoa responsável. Onde não há outra, espere 24 horas.",
                    ));
                }
                Err(StoreError::Rule(_)) => return Err(Error::Conflict("Esta eliminação já foi decidida.")),
                other => other?,
            }
            let name = if approve { "trail_disposal_approved" } else { "trail_disposal_discarded" };
            Ok(((), event(name, Action::Update, id)))
        })
        .await
}

fn manages(tx: &ReadTx) -> Result<()> {
    if answers_for_clinic(tx) {
        return Ok(());
    }
    Err(Error::Forbidden("A trilha vencida é decidida por quem responde pela clínica ou pelos dados."))
}

fn event(name: &'static str, action: Action, id: Uuid) -> Event {
    let resource_id = Some(id.to_string());
    Event { name, action, resource_type: "trail_disposals", resource_id, details: json!({}), risk: Risk::High }
}
