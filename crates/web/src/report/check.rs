//! Whether a file is a report of this installation: for anybody, without an account. The browser computes the hash; the
//! file does not leave the computer.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sigilo_features::report::{self, Known};
use sigilo_features::{App, Error};

use crate::body::Fields;
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame};
use crate::visitor::Caller;

/// What came of it.
pub(crate) enum Found {
    /// Nothing was asked yet.
    Nothing,
    /// It is one.
    Yes(Box<Known>),
    /// It is none.
    No,
}

#[derive(Template)]
#[template(path = "report/check.html")]
pub(crate) struct CheckPage {
    pub(crate) frame: Frame,
    pub(crate) hash: String,
    pub(crate) found: Found,
    pub(crate) error: Option<String>,
}

impl CheckPage {
    fn when(&self, known: &Known) -> String {
        known.issued_at.as_ref().map_or_else(|| "–".to_owned(), format::moment)
    }
}

fn page(app: &App, hash: String, found: Found, error: Option<String>) -> CheckPage {
    CheckPage { frame: Frame::entry("Conferir um relatório", app.settings().demo), hash, found, error }
}

pub(super) async fn show(State(app): State<App>) -> Response {
    layout::html(page(&app, String::new(), Found::Nothing, None))
}

pub(super) async fn check(State(app): State<App>, Caller(client): Caller, fields: Fields) -> Result<Response, Answer> {
    let hash = fields.text("sha256").trim().chars().take(100).collect::<String>();
    match report::known(&app, &client, &hash).await {
        Ok(Some(known)) => Ok(layout::html(page(&app, hash, Found::Yes(Box::new(known)), None))),
        Ok(None) => Ok(layout::html(page(&app, hash, Found::No, None))),
        Err(Error::Invalid(errors)) => {
            let sentence = errors.into_iter().map(|error| error.message).collect::<Vec<_>>().join(" ");
            let page = page(&app, hash, Found::Nothing, Some(sentence));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, layout::html(page)).into_response())
        }
        Err(other) => Err(other.into()),
    }
}
