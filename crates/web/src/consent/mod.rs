//! Proofs of consents: handed out to whose they are, and checked by anybody who holds a code. Texts and their review.

mod check;
pub(crate) mod proof;
mod texts;

use axum::Router;
use axum::routing::{get, post};

use crate::Web;

#[cfg(test)]
pub(crate) use check::{CheckPage, Shape};
#[cfg(test)]
pub(crate) use texts::{FormPage, ListPage, TextPage};

const TEXTS: &str = "/conformidade/textos";

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/account/consentimentos/{id}/comprovante.json", get(proof::download))
        .route("/account/consentimentos/{id}/comprovante.pdf", get(proof::print))
        .route("/consentimento/conferir/{codigo}", get(check::show))
        .route(TEXTS, get(texts::list).post(texts::write))
        .route("/conformidade/textos/novo", get(texts::new))
        .route("/conformidade/textos/{id}", get(texts::open))
        .route("/conformidade/textos/{id}/{passo}", post(texts::advance))
}
