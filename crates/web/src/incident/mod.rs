//! Security incidents at the desk: registered, assessed, told, closed.

mod act;
mod page;
mod view;

use axum::Router;
use axum::routing::{get, post};

use crate::Web;

pub(crate) use view::View;

pub(crate) const PATH: &str = "/conformidade/incidentes";

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route(PATH, get(page::list).post(act::register))
        .route("/conformidade/incidentes/{id}", get(page::show).post(act::assess))
        .route("/conformidade/incidentes/{id}/passo", post(act::step))
        .route("/conformidade/incidentes/{id}/comunicado", get(page::notice))
}
