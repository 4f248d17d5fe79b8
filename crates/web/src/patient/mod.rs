//! Patients: found while somebody types, registered, opened, corrected.

pub(crate) mod consents;
pub(crate) mod eliminate;
pub(crate) mod form;
pub(crate) mod list;
pub(crate) mod record;

use axum::Router;
use axum::routing::{get, post};

use crate::Web;

pub(crate) const PATH: &str = "/pacientes";

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route(PATH, get(list::show))
        .route("/pacientes/busca", post(list::search))
        .route("/pacientes/novo", get(form::new).post(form::register))
        .route("/pacientes/{id}", get(record::show))
        .route("/pacientes/{id}/editar", get(form::edit).post(form::save))
        .route("/pacientes/{id}/situacao", post(record::activate))
        .route("/pacientes/{id}/eliminar", get(eliminate::show).post(eliminate::ask))
        .route("/conformidade/eliminacoes", get(eliminate::list).post(eliminate::ask_by_number))
        .route("/pacientes/{id}/recibo.json", get(eliminate::receipt))
        .route("/conformidade/eliminacoes/{id}/{passo}", post(eliminate::decide))
        .route("/pacientes/{id}/consentimentos", get(consents::show).post(consents::agree))
        .route("/pacientes/{id}/consentimentos/{tipo}/revogar", post(consents::withdraw))
        .route("/pacientes/{id}/consentimentos/{ato}/{forma}", get(consents::proof))
}
