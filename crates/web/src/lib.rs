//! Pages and the JSON API: what people see of Sigilo.
//!
//! One folder a feature, named as in `sigilo-features`, its templates beside its handlers. A handler
//! reads the request, calls one use case and renders; rules live below. Around all of them stands
//! [`shell`]: security headers, origin check, limits, request log and the pages of failures.

mod account;
mod answer;
mod api;
mod appointment;
mod assets;
mod body;
mod clinic;
mod compliance;
mod consent;
mod console;
mod conversation;
mod cookies;
mod copies;
mod download;
mod errors;
mod evidence;
mod format;
mod governance;
mod health;
mod incident;
mod layout;
mod manual;
mod message;
mod onboarding;
mod patient;
mod refusal;
mod report;
mod rights;
mod second_factor;
mod session;
mod sheet;
mod shell;
mod sign_in;
mod sign_up;
mod simulation;
mod team;
mod upload;
mod visitor;

#[cfg(test)]
mod gallery;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::from_fn_with_state;
use axum::response::Redirect;
use axum::routing::get;
use sigilo_features::App;

pub use shell::{Rate, WebSettings};

/// What every handler can reach.
#[derive(Clone)]
pub(crate) struct Web {
    app: App,
    settings: WebSettings,
}

impl FromRef<Web> for App {
    fn from_ref(web: &Web) -> App {
        web.app.clone()
    }
}

/// The whole site. Serve it with `into_make_service_with_connect_info::<SocketAddr>()`: addresses
/// are part of the access log that the law asks for, and requests without one are refused.
pub fn router(app: App, settings: WebSettings) -> Router {
    let origin = app.settings().origin.clone();
    let demo = app.settings().demo;
    let web = Web { app, settings: settings.clone() };
    let pages = Router::new()
        .route("/", get(home))
        .merge(sign_in::routes())
        .merge(sign_up::routes())
        .merge(second_factor::routes())
        .merge(onboarding::routes())
        .merge(conversation::routes())
        .merge(appointment::routes())
        .merge(patient::routes())
        .merge(team::routes())
        .merge(clinic::routes())
        .merge(message::routes())
        .merge(answer::routes())
        .merge(governance::routes())
        .merge(consent::routes())
        .merge(console::routes())
        .merge(compliance::routes())
        .merge(copies::routes())
        .merge(rights::routes())
        .merge(incident::routes())
        .merge(manual::routes())
        .merge(simulation::routes())
        .merge(report::routes())
        .merge(evidence::routes())
        .merge(account::routes())
        .merge(session::routes())
        .merge(api::routes())
        .merge(health::routes())
        .route_layer(from_fn_with_state(web.clone(), refusal::note))
        .with_state(web)
        .merge(assets::routes());
    shell::wrap(pages, &shell::Site { origin: origin.origin().ascii_serialization(), demo, settings })
}

async fn home(visitor: visitor::Visitor) -> Redirect {
    Redirect::to(visitor.viewer.home())
}
