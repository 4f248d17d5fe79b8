//! Rights of data subjects: asked for in the own area, answered at the desk, followed with a link.

mod data;
mod desk;
mod follow;
pub(crate) mod hold;
mod intake;
mod notice;
mod own;
pub(crate) mod words;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};

use sigilo_features::Error;

use crate::Web;
use crate::download::attachment;
use crate::errors::Answer;

pub(crate) use own::OwnRequest;

pub(crate) const DESK: &str = "/conformidade/pedidos";
const HOLDS: &str = "/conformidade/guarda";

/// A document to be kept as a file.
fn file(name: &str, document: &serde_json::Value) -> Result<Response, Answer> {
    let body = serde_json::to_vec_pretty(document).map_err(|_| Answer::from(Error::Internal))?;
    Ok(attachment(name, "application/json", body))
}

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/account/pedidos", post(own::ask))
        .route("/account/pedidos/{id}/retirar", post(own::withdraw))
        .route("/account/dados", get(data::show))
        .route("/account/exportar", post(data::download))
        .route("/account/excluir", get(own::confirm).post(own::delete))
        .route(DESK, get(desk::list))
        .route("/conformidade/pedidos/registrar", get(intake::form).post(intake::register))
        .route("/conformidade/pedidos/{id}/prova", get(intake::evidence))
        .route("/conformidade/pedidos/{id}", get(desk::show))
        .route("/conformidade/pedidos/{id}/assumir", post(desk::take_up))
        .route("/conformidade/pedidos/{id}/responder", post(desk::answer))
        .route("/conformidade/pedidos/{id}/recusar", post(desk::refuse))
        .route("/conformidade/pedidos/{id}/plano", post(desk::draft))
        .route("/conformidade/pedidos/{id}/aprovar", post(desk::approve))
        .route("/conformidade/pedidos/{id}/descartar", post(desk::discard))
        .route("/conformidade/pedidos/{id}/avisos/{aviso}", post(notice::tell))
        .route(HOLDS, get(hold::list).post(hold::place))
        .route("/conformidade/guarda/{id}/encerrar", post(hold::release))
        .route("/recibo/{token}", get(follow::show))
        .route("/recibo/{token}/recibo.json", get(follow::document))
        .route("/.well-known/sigilo-chaves.json", get(follow::keys))
}
