//! Security incidents at the desk: registered, assessed, told, closed.

mod act;
pub(crate) mod canary;
pub(crate) mod draft;
pub(crate) mod page;
pub(crate) mod view;

use axum::Router;
use axum::routing::{get, post};

use crate::Web;

pub(crate) use view::View;

pub(crate) const PATH: &str = "/conformidade/incidentes";
pub(crate) const CANARIES: &str = "/conformidade/iscas";

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route(PATH, get(page::list).post(act::register))
        .route("/conformidade/incidentes/prazos", post(act::declare))
        .route(CANARIES, get(canary::list).post(canary::create))
        .route("/conformidade/iscas/{id}/aposentar", post(canary::retire))
        .route("/conformidade/incidentes/suspeitas/{id}/confirmar", post(draft::confirm))
        .route("/conformidade/incidentes/suspeitas/{id}/descartar", post(draft::dismiss))
        .route("/conformidade/incidentes/{id}", get(page::show).post(act::assess))
        .route("/conformidade/incidentes/{id}/passo", post(act::step))
        .route("/conformidade/incidentes/{id}/comunicado", get(page::notice))
}
