//! The compliance desk.

mod officer;
mod overview;
mod record;

use axum::Router;
use axum::routing::get;

use crate::Web;

#[cfg(test)]
pub(crate) use officer::OfficerPage;

pub(crate) const PATH: &str = "/conformidade";

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/encarregado", get(officer::show))
        .route(PATH, get(overview::show))
        .route("/conformidade/registro", get(record::show))
        .route("/conformidade/registro.csv", get(record::csv))
        .route("/conformidade/registro.json", get(record::json))
}
