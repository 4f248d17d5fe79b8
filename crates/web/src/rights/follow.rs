//! Following a request without an account, and the key with which its receipt is checked.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;
use sigilo_features::App;
use sigilo_features::rights::{self, Followed, Receipt};

use super::{file, words};
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame};
use crate::visitor::Caller;

#[derive(Template)]
#[template(path = "rights/follow.html")]
struct FollowPage {
    frame: Frame,
    token: String,
    right: String,
    status: (&'static str, &'static str),
    asked: String,
    until: String,
    note: Option<String>,
    refusal_article: Option<String>,
    receipt: bool,
    key: String,
}

pub(super) async fn show(
    State(app): State<App>,
    Caller(client): Caller,
    Path(token): Path<String>,
) -> Result<Response, Answer> {
    let found = rights::follow(&app, &client, &token).await?;
    let day = |at: Option<time::OffsetDateTime>| at.map_or_else(|| "–".to_owned(), |at| format::day(&at));
    Ok(layout::html(FollowPage {
        frame: Frame::entry("Acompanhar pedido", app.settings().demo),
        token,
        right: words::noun(found.right_code.as_deref().unwrap_or_default()).to_owned(),
        status: words::status(found.status.as_deref().unwrap_or_default()),
        asked: day(found.requested_at),
        until: day(found.alert_at),
        receipt: found.receipt.is_some(),
        note: found.outcome_note,
        refusal_article: found.refusal_article,
        key: rights::public_key(&app)?,
    }))
}

pub(super) async fn document(
    State(app): State<App>,
    Caller(client): Caller,
    Path(token): Path<String>,
) -> Result<Response, Answer> {
    let Followed { receipt: Some(receipt), receipt_signature: Some(signature), .. } =
        rights::follow(&app, &client, &token).await?
    else {
        return Err(Answer::not_found());
    };
    let document = Receipt { receipt, signature, key: rights::public_key(&app)? }.document();
    file("recibo-sigilo.json", &document)
}

pub(super) async fn keys(State(app): State<App>) -> Result<axum::Json<serde_json::Value>, Answer> {
    let key = rights::public_key(&app)?;
    Ok(axum::Json(json!({ "recibos": [{ "algoritmo": "Ed25519", "chave": key }] })))
}
