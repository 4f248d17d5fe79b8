//! "IA: governança": who answers here, with which limits, and how often it was right.

mod evaluation;
mod figures;
mod page;

use axum::Router;
use axum::routing::{get, post};

use crate::Web;

#[cfg(test)]
pub(crate) use evaluation::{EvaluationView, tests::sample as sample_evaluations};
#[cfg(test)]
pub(crate) use figures::{Month, tests::sample as sample_figures, versions};
#[cfg(test)]
pub(crate) use page::Page;

const PATH: &str = "/governanca-ia";

pub(crate) fn routes() -> Router<Web> {
    Router::new().route(PATH, get(page::show)).route("/governanca-ia/assistente", post(page::switch))
}
