//! The agenda: who is attended when, by whom and where.

pub(crate) mod agenda;
pub(crate) mod card;
mod data;
pub(crate) mod form;
pub(crate) mod free;
mod live;
pub(crate) mod words;

use axum::Router;
use axum::routing::{get, post};

use crate::Web;

pub(crate) const PATH: &str = "/agenda";

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route(PATH, get(agenda::show))
        .route("/agenda/dados", get(data::show))
        .route("/agenda/mudancas", get(live::follow))
        .route("/agenda/novo", get(form::new).post(form::book))
        .route("/agenda/pacientes", post(form::patients))
        .route("/agenda/horarios", get(free::show))
        .route("/agenda/{id}", get(card::show))
        .route("/agenda/{id}/situacao", post(card::advance))
        .route("/agenda/{id}/mover", post(data::relocate))
}
