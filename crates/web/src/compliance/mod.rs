//! The compliance desk.

mod overview;

use axum::Router;
use axum::routing::get;

use crate::Web;

pub(crate) const PATH: &str = "/conformidade";

pub(crate) fn routes() -> Router<Web> {
    Router::new().route(PATH, get(overview::show))
}
