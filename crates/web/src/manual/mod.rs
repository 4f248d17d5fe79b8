//! The living manual on screen.

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use sigilo_features::App;
use sigilo_features::manual::{self, CHAPTERS, Chapter, GLOSSARY, SCRIPT};

use crate::Web;
use crate::errors::Answer;
use crate::layout::{self, Frame, Section};
use crate::visitor::Visitor;

const PATH: &str = "/manual";

pub(crate) fn routes() -> Router<Web> {
    Router::new().route(PATH, get(show))
}

#[derive(Template)]
#[template(path = "manual/page.html")]
struct Page {
    frame: Frame,
    /// Rows of the clinic by table; empty for who may not know.
    counts: HashMap<String, i64>,
    chapters: &'static [Chapter],
    script: &'static [(&'static str, &'static str, &'static [u8])],
    glossary: &'static [(&'static str, &'static str)],
}

async fn show(State(app): State<App>, who: Visitor) -> Result<Response, Answer> {
    let counts = manual::counts(&app, &who.session).await?;
    let frame = Frame::inside("Manual de auditoria", Section::Manual, &who.viewer);
    Ok(layout::html(Page { frame, counts, chapters: &CHAPTERS, script: &SCRIPT, glossary: &GLOSSARY }))
}
