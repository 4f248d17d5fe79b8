//! The member's own area: data, consents, factors, sessions, access.

mod act;
mod page;
mod words;

use axum::Router;
use axum::routing::{get, post};

#[cfg(test)]
pub(crate) use act::{CodesPage, TotpPage};
#[cfg(test)]
pub(crate) use page::{AccessRow, FactorRow, Page, SessionRow};

pub(crate) use page::refused;

use crate::Web;

pub(crate) const PATH: &str = "/account";

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route(PATH, get(page::show))
        .route("/account/sessoes/{id}/encerrar", post(act::end_session))
        .route("/account/sessoes/encerrar-outras", post(act::end_other_sessions))
        .route("/account/fatores/aplicativo", get(act::totp_again).post(act::totp_begin))
        .route("/account/fatores/aplicativo/confirmar", post(act::totp_confirm))
        .route("/account/fatores/chave/opcoes", post(act::key_options))
        .route("/account/fatores/chave", post(act::key_finish))
        .route("/account/fatores/{id}/remover", post(act::remove_factor))
        .route("/account/codigos", post(act::new_codes))
        .route("/account/consentimentos/{tipo}/revogar", post(act::revoke_consent))
        .route("/account/consentimentos/{tipo}/conceder", post(act::grant_consent))
}
