//! Creating, renaming, deleting and bringing back a conversation.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use sigilo_features::App;
use sigilo_features::conversation;
use uuid::Uuid;

use crate::body::Fields;
use crate::errors::Answer;
use crate::layout;
use crate::visitor::Professional;

#[derive(Template)]
#[template(path = "conversation/renamed.html")]
struct Renamed {
    id: Uuid,
    title: String,
}

#[derive(Template)]
#[template(path = "conversation/deleted.html")]
struct Deleted {
    id: Uuid,
}

fn address(id: Uuid) -> String {
    format!("/conversas/{id}")
}

pub(super) async fn create(State(app): State<App>, who: Professional) -> Result<Redirect, Answer> {
    let id = conversation::create(&app, &who.session).await?;
    Ok(Redirect::to(&address(id)))
}

pub(super) async fn rename(
    State(app): State<App>,
    who: Professional,
    Path(id): Path<String>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let title = conversation::rename(&app, &who.session, id, fields.text("title")).await?;
    if headers.contains_key("hx-request") {
        Ok(layout::html(Renamed { id, title }))
    } else {
        Ok(Redirect::to(&address(id)).into_response())
    }
}

pub(super) async fn delete(
    State(app): State<App>,
    who: Professional,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    conversation::delete(&app, &who.session, id).await?;
    if headers.contains_key("hx-request") {
        Ok(layout::html(Deleted { id }))
    } else {
        Ok(Redirect::to("/conversas").into_response())
    }
}

pub(super) async fn restore(
    State(app): State<App>,
    who: Professional,
    Path(id): Path<String>,
) -> Result<Redirect, Answer> {
    let id = Answer::identifier(&id)?;
    conversation::restore(&app, &who.session, id).await?;
    Ok(Redirect::to(&address(id)))
}
