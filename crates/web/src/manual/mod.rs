//! The living manual on screen.

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use sigilo_features::manual::{self, CHAPTERS, Chapter, GLOSSARY, SCRIPT};

use crate::Web;
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
    chapters: &'static [Chapter],
    script: &'static [(&'static str, &'static str, &'static [u8])],
    glossary: &'static [(&'static str, &'static str)],
}

async fn show(who: Visitor) -> Response {
    let frame = Frame::inside("Manual de auditoria", Section::Manual, &who.viewer);
    layout::html(Page { frame, chapters: &CHAPTERS, script: &SCRIPT, glossary: &GLOSSARY })
}
