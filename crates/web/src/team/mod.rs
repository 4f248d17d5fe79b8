//! The clinic's people: asked in by a link, with their roles.

pub(crate) mod invited;
pub(crate) mod list;

use axum::Router;
use axum::routing::{get, post};

use crate::Web;

pub(crate) const PATH: &str = "/clinica/equipe";

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route(PATH, get(list::show).post(list::invite))
        .route("/clinica/equipe/{id}/funcoes", post(list::change))
        .route("/clinica/equipe/{id}/situacao", post(list::activate))
        .route("/clinica/equipe/{id}/convite", post(list::renew))
}
