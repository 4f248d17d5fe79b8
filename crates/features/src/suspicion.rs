//! Suspicions: drafts of incidents that a person confirms or dismisses (Resolução CD/ANPD nº 15/2024, arts. 6 and 10), and
//! the refusals that some of them count.

use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use sigilo_domain::suspicion::Suspicion;
use sigilo_store::{Action, Error as StoreError, Event, ReadTx, Risk, Session, WriteTx, suspicion as rows};

pub use sigilo_store::suspicion::Draft;

use crate::{
    App, Error, Result,
    incident::{self, Report},
    moment::moment,
};

/// The drafts that wait for a decision, the latest first.
///
/// # Errors
/// [`Error::Forbidden`] for who answers for nothing.
pub async fn list(app: &App, session: &Session) -> Result<Vec<Draft>> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            incident::manages(tx)?;
            Ok(rows::open(tx).await?)
        })
        .await
}

/// Makes an incident of a draft; the clocks run from `knowledge_at`, or from now.
///
/// # Errors
/// [`Error::Invalid`] for an instant that has not come; [`Error::Conflict`] when it is decided; [`Error::NotFound`] for
/// another clinic's; [`Error::Forbidden`] for who answers for nothing.
pub async fn confirm(app: &App, session: &Session, id: Uuid, knowledge_at: Option<OffsetDateTime>) -> Result<Uuid> {
    if knowledge_at.is_some_and(|at| at > app.now()) {
        return Err(Error::field("soube", "A data em que se soube está no futuro."));
    }
    app.db()
        .write(session, async |tx: &WriteTx| {
            incident::manages(tx)?;
            let draft = taken(tx, id).await?;
            let report = report_of(&draft, knowledge_at.unwrap_or(draft.looked_at))?;
            let incident = incident::write_down(app, tx, &report).await?;
            decided(rows::confirm(tx, id, incident).await)?;
            let details = json!({ "rule": draft.rule, "incident": incident, "count": draft.event_count });
            Ok((incident, event("incident_draft_confirmed", id, details)))
        })
        .await
}

/// Closes a draft that was nothing.
///
/// # Errors
/// [`Error::Invalid`] without a reason; otherwise as [`confirm`].
pub async fn dismiss(app: &App, session: &Session, id: Uuid, reason: &str) -> Result<()> {
    let reason = reason.trim();
    if !(10..=2000).contains(&reason.chars().count()) {
        return Err(Error::field("motivo", "Diga por que não foi um incidente, em 10 a 2.000 caracteres."));
    }
    app.db()
        .write(session, async |tx: &WriteTx| {
            incident::manages(tx)?;
            let draft = taken(tx, id).await?;
            decided(rows::dismiss(tx, id, reason).await)?;
            Ok(((), event("incident_draft_dismissed", id, json!({ "rule": draft.rule, "count": draft.event_count }))))
        })
        .await
}

/// Writes into the trail that a signed-in member was refused: the pattern of the route and the status, nothing else.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn refused(app: &App, session: &Session, route: &str, status: u16) -> Result<()> {
    Ok(app.db().refused(session, route, status.into()).await?)
}

const DECIDED: Error = Error::Conflict("Outra pessoa já decidiu sobre esta suspeita. Veja a lista de novo.");

async fn taken(tx: &WriteTx, id: Uuid) -> Result<Draft> {
    rows::take(tx, id).await?.ok_or(DECIDED)
}

fn decided(result: sigilo_store::Result<()>) -> Result<()> {
    match result {
        Err(StoreError::Rule(_)) => Err(DECIDED),
        other => Ok(other?),
    }
}

/// The incident that a draft becomes, in words for the register: what was seen, never whom by name.
fn report_of(draft: &Draft, knowledge_at: OffsetDateTime) -> Result<Report> {
    let suspicion = Suspicion::of(&draft.rule).ok_or(Error::Internal)?;
    Ok(Report {
        kind: suspicion.kind.to_owned(),
        severity: suspicion.severity.to_owned(),
        description: format!(
            "{}: o sistema percebeu {} entre {} e {} (limite: {} em {} minutos).{} As provas estão na suspeita {}.",
            suspicion.label,
            times(draft.event_count),
            moment(draft.first_seen_at),
            moment(draft.last_seen_at),
            draft.threshold,
            draft.window_minutes,
            about(draft),
            draft.id,
        ),
        affected: Some(0),
        occurred_at: Some(draft.first_seen_at),
        knowledge_at: Some(knowledge_at),
        drill: false,
    })
}

fn about(draft: &Draft) -> String {
    let subject = match draft.subject_kind.as_str() {
        "member" => format!(" Conta: {}.", draft.subject_id),
        "canary" => format!(" Isca: {}.", draft.subject_id),
        "trail" => " O exame diz o que difere.".to_owned(),
        _ => " De um mesmo endereço de rede, que está nas provas.".to_owned(),
    };
    match draft.actor_id {
        Some(actor) => format!("{subject} Conta: {actor}."),
        None => subject,
    }
}

fn times(count: i32) -> String {
    if count == 1 { "1 ocorrência".into() } else { format!("{count} ocorrências") }
}

fn event(name: &'static str, id: Uuid, details: serde_json::Value) -> Event {
    Event {
        name,
        action: Action::Update,
        resource_type: "incident_drafts",
        resource_id: Some(id.to_string()),
        details,
        risk: Risk::High,
    }
}
