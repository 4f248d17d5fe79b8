//! The files that prove a consent offline.

use axum::extract::{Path, State};
use axum::response::Response;
use sigilo_features::{App, consent};
use uuid::Uuid;

use crate::download::attachment;
use crate::errors::Answer;
use crate::visitor::Visitor;

pub(super) async fn download(State(app): State<App>, who: Visitor, Path(id): Path<String>) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let receipt = consent::receipt(&app, &who.session, id).await?;
    Ok(attachment(&name(id, "json"), "application/json", receipt.document.write().into_bytes()))
}

pub(super) async fn print(State(app): State<App>, who: Visitor, Path(id): Path<String>) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let pdf = consent::printed(&app, &who.session, id).await?;
    Ok(attachment(&name(id, "pdf"), "application/pdf", pdf))
}

fn name(id: Uuid, form: &str) -> String {
    let short = id.simple().to_string();
    format!("consentimento-{}.{form}", &short[short.len() - 8..])
}
