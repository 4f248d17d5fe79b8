//! The files that prove a consent offline.

use axum::extract::{Path, State};
use axum::response::Response;
use sigilo_features::{App, Session, consent};
use uuid::Uuid;

use crate::download::attachment;
use crate::errors::Answer;
use crate::visitor::Visitor;

pub(super) async fn download(State(app): State<App>, who: Visitor, Path(id): Path<String>) -> Result<Response, Answer> {
    document(&app, &who.session, Answer::identifier(&id)?).await
}

pub(super) async fn print(State(app): State<App>, who: Visitor, Path(id): Path<String>) -> Result<Response, Answer> {
    printed(&app, &who.session, Answer::identifier(&id)?).await
}

/// The proof of a consent, for programs.
pub(crate) async fn document(app: &App, session: &Session, id: Uuid) -> Result<Response, Answer> {
    let receipt = consent::receipt(app, session, id).await?;
    Ok(attachment(&name(id, "json"), "application/json", receipt.document.write().into_bytes()))
}

/// The receipt of a consent, for people.
pub(crate) async fn printed(app: &App, session: &Session, id: Uuid) -> Result<Response, Answer> {
    let pdf = consent::printed(app, session, id).await?;
    Ok(attachment(&name(id, "pdf"), "application/pdf", pdf))
}

fn name(id: Uuid, form: &str) -> String {
    let short = id.simple().to_string();
    format!("consentimento-{}.{form}", &short[short.len() - 8..])
}
