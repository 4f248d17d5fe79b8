//! "Auditoria": the manual's queries, the tables, SQL, and the record of what was asked. Simulations and reports have rooms of
//! their own and the same navigation.

mod access;
mod export;
mod history;
mod manual;
mod result;
mod sql;
mod tables;

use axum::Router;
use axum::routing::{get, post};
use sigilo_features::{App, console};
use time::OffsetDateTime;

use crate::Web;
use crate::errors::Answer;
use crate::format;
use crate::visitor::Member;

pub(crate) const PATH: &str = "/auditoria";

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route(PATH, get(manual::list))
        .route("/auditoria/consultas/{numero}", get(manual::show).post(manual::run))
        .route("/auditoria/tabelas", get(tables::list))
        .route("/auditoria/tabelas/{tabela}", get(tables::show).post(tables::filter))
        .route("/auditoria/sql", get(sql::show).post(sql::run))
        .route("/auditoria/exportar", post(export::download))
        .route("/auditoria/historico", get(history::list))
        .route("/auditoria/historico/{id}", get(history::show))
        .route("/auditoria/acessos", get(access::show).post(access::give))
        .route("/auditoria/acessos/{id}/revogar", post(access::revoke))
}

/// The part of the console that is marked in its navigation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Manual,
    Tables,
    Sql,
    History,
    Simulation,
    Reports,
    Evidence,
    Access,
}

/// The console's own navigation, and until when it is open.
pub(crate) struct Place {
    pub(crate) part: Part,
    /// Until when; none for who only gives access.
    pub(crate) until: Option<String>,
    /// Whether the member gives and takes access.
    pub(crate) gives: bool,
}

impl Place {
    pub(crate) fn is(&self, part: &str) -> bool {
        let own = match self.part {
            Part::Manual => "consultas",
            Part::Tables => "tabelas",
            Part::Sql => "sql",
            Part::History => "historico",
            Part::Simulation => "simulacao",
            Part::Reports => "relatorios",
            Part::Evidence => "provas",
            Part::Access => "acessos",
        };
        own == part
    }
}

/// Lets in whoever has a live grant; for everybody else ends with the page that says how to have one.
async fn entered(app: &App, who: &Member, part: Part) -> axum::response::Result<Place> {
    match console::standing(app, &who.session).await.map_err(Answer::from)? {
        Some(until) => Ok(place(who, part, Some(&until))),
        None => Err(access::closed(app, who).await?.into()),
    }
}

/// Lets in whoever audits or answers for the clinic, with a live grant or without.
pub(crate) async fn beside(app: &App, who: &Member, part: Part) -> Result<Place, Answer> {
    access::may_know(&who.viewer)?;
    let until = console::standing(app, &who.session).await?;
    Ok(place(who, part, until.as_ref()))
}

fn place(who: &Member, part: Part, until: Option<&OffsetDateTime>) -> Place {
    Place { part, until: until.map(format::moment), gives: who.viewer.answers_for_clinic() }
}
