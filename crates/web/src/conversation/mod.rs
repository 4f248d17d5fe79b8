//! A doctor's conversations: the list beside, one of them in the middle.

mod manage;
mod page;

use axum::Router;
use axum::routing::{get, post};

#[cfg(test)]
pub(crate) use page::{Conversations, ListFragment, Open};
pub(crate) use page::{Sidebar, sidebar};

use crate::Web;

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/conversas", get(page::index).post(manage::create))
        .route("/conversas/busca", post(page::search))
        .route("/conversas/{id}", get(page::open))
        .route("/conversas/{id}/titulo", post(manage::rename))
        .route("/conversas/{id}/excluir", post(manage::delete))
        .route("/conversas/{id}/restaurar", post(manage::restore))
}
