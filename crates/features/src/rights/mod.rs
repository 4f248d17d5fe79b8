//! Rights of data subjects (LGPD art. 18): asking, answering in time, and deleting an account with a plan and a receipt.

mod delete;
mod desk;
mod evidence;
mod export;
mod hold;
mod intake;
mod notice;
mod plan;
mod receipt;

pub use delete::{CONFIRMATION, delete_account};
pub use desk::{Opened, Show, Step, answer, approve, discard, draft, list, open, refuse, take_up};
pub use evidence::{Evidence, EvidenceFile, MAX_FILE, evidence_file, kind_of};
pub use export::{Export, ExportedTable, Taken, export};
pub use hold::{Basis, LegalHold, holds, place_hold, place_patient_hold, release_hold};
pub use intake::{Arrival, MAX_AGE_DAYS, Subject, register, subjects};
pub use notice::tell;
pub use plan::deletion_rules;
pub use receipt::{Receipt, Verified, close_due, public_key, verify};
pub use sigilo_store::rights::{Followed, Notice, Plan, Request, RequestEvent, Sighting};

use serde_json::json;
use uuid::Uuid;

use sigilo_domain::SubjectRight;
use sigilo_store::{
    Action, Client, Error as StoreError, Event, ReadTx, Risk, Session, SignInTx, Token, WriteTx, rights as rows,
};

use crate::{App, Error, Result, new_token};

/// Longest description, in characters.
pub const MAX_DESCRIPTION: usize = 4000;

/// Asks for a right. The link lets whoever holds it follow the request without signing in.
///
/// # Errors
/// [`Error::Invalid`] for `descricao`; [`Error::Conflict`] for a second deletion.
pub async fn ask(app: &App, session: &Session, right: SubjectRight, description: &str) -> Result<(Uuid, Token)> {
    let description = description.trim();
    if description.chars().count() > MAX_DESCRIPTION {
        return Err(Error::field("descricao", "O texto passa de 4.000 caracteres."));
    }
    let needs_words = matches!(right, SubjectRight::Correction | SubjectRight::Restriction | SubjectRight::Objection);
    if needs_words && description.chars().count() < 10 {
        return Err(Error::field(
            "descricao",
            "Diga o que corrigir, eliminar ou a que se opõe, em pelo menos 10 caracteres.",
        ));
    }
    let link = new_token();
    let id = app
        .db()
        .write(session, async |tx: &WriteTx| {
            let words = (!description.is_empty()).then_some(description);
            let id = match rows::request(tx, right, words, &link).await {
                Err(StoreError::Duplicate(_)) => {
                    return Err(Error::Conflict("Você já pediu a exclusão da conta; veja o pedido em andamento."));
                }
                other => other?,
            };
            Ok((id, event("subject_request_made", Action::Create, id, json!({ "right": right.code() }))))
        })
        .await?;
    Ok((id, link))
}

/// The member's own requests, latest first.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn own(app: &App, session: &Session) -> Result<Vec<Request>> {
    app.db().read(session, async |tx: &ReadTx| Ok(rows::own(tx).await?)).await
}

/// Who of the clinic looked at what concerns the member, latest first: at their requests, or with the audit console, whose
/// queries may have shown rows of theirs.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn who_saw_me(app: &App, session: &Session) -> Result<Vec<Sighting>> {
    app.db().read(session, async |tx: &ReadTx| Ok(rows::who_saw_me(tx).await?)).await
}

/// Takes a request back that nobody has begun.
///
/// # Errors
/// [`Error::Conflict`] when somebody has; [`Error::NotFound`] when it is not the member's.
pub async fn withdraw(app: &App, session: &Session, id: Uuid) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            match rows::withdraw(tx, id).await {
                Err(StoreError::NotFound) => {
                    rows::one(tx, id).await?;
                    return Err(Error::Conflict(
                        "Este pedido já está sendo atendido; fale com quem responde pelos dados.",
                    ));
                }
                other => other?,
            }
            Ok(((), event("subject_request_withdrawn", Action::Update, id, json!({}))))
        })
        .await
}

/// What whoever holds the link may know.
///
/// # Errors
/// [`Error::NotFound`] for an unknown link.
pub async fn follow(app: &App, client: &Client, link: &str) -> Result<Followed> {
    let link = Token::parse(link).ok_or(Error::NotFound)?;
    app.db().sign_in(client, async |tx: &SignInTx| Ok(rows::by_link(tx, &link).await?)).await
}

fn event(name: &'static str, action: Action, id: Uuid, details: serde_json::Value) -> Event {
    Event {
        name,
        action,
        resource_type: "data_subject_requests",
        resource_id: Some(id.to_string()),
        details,
        risk: Risk::Medium,
    }
}
