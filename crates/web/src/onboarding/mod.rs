//! The first visit: professional data, then the four consents, each by itself.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use sigilo_domain::{ConsentType, SPECIALTIES, Uf};
use sigilo_features::consent::{self, Shown};
use sigilo_features::onboarding::{self, Command, State as Profile};
use sigilo_features::session::Viewer;
use sigilo_features::{App, Error, FieldError};

use crate::Web;
use crate::body::Fields;
use crate::errors::Answer;
use crate::layout::{self, Frame, Section};
use crate::visitor::Visitor;

pub(crate) const PATH: &str = "/boas-vindas";

pub(crate) fn routes() -> Router<Web> {
    Router::new().route(PATH, get(page).post(complete))
}

#[derive(Template)]
#[template(path = "onboarding/page.html")]
pub(crate) struct Page {
    pub(crate) frame: Frame,
    pub(crate) profile: Profile,
    pub(crate) texts: Vec<Shown>,
    pub(crate) ticked: Vec<ConsentType>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) states: &'static [&'static str],
    pub(crate) specialties: &'static [&'static str],
}

impl Page {
    pub(crate) fn new(
        viewer: &Viewer,
        profile: Profile,
        texts: Vec<Shown>,
        ticked: Vec<ConsentType>,
        errors: Vec<FieldError>,
    ) -> Self {
        Page {
            frame: Frame::inside("Boas-vindas", Section::None, viewer),
            profile,
            texts,
            ticked,
            errors,
            states: &Uf::ALL,
            specialties: &SPECIALTIES,
        }
    }

    fn is_ticked(&self, kind: &ConsentType) -> bool {
        self.ticked.contains(kind)
    }

    fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }

    /// The element that an entry of the summary leads to.
    fn anchor(&self, field: &str) -> String {
        format!("campo-{field}")
    }
}

async fn page(State(app): State<App>, visitor: Visitor) -> Result<Response, Answer> {
    if visitor.viewer.home() != PATH {
        return Ok(Redirect::to(visitor.viewer.home()).into_response());
    }
    let profile = onboarding::state(&app, &visitor.session).await?;
    let texts = consent::texts(&app, &visitor.session).await?;
    // No box comes ticked: consent is an act.
    Ok(layout::html(Page::new(&visitor.viewer, profile, texts, Vec::new(), Vec::new())))
}

async fn complete(State(app): State<App>, visitor: Visitor, fields: Fields) -> Result<Response, Answer> {
    let text = |name: &str| fields.text(name).to_owned();
    let consents: Vec<ConsentType> = ConsentType::ALL.into_iter().filter(|kind| fields.has(kind.code())).collect();
    let command = Command {
        full_name: text("full_name"),
        crm_number: text("crm_number"),
        crm_state: text("crm_state"),
        specialty: text("specialty"),
        consents: consents.clone(),
        shown: consents.iter().map(|kind| (*kind, text(&format!("texto_{}", kind.code())))).collect(),
    };
    match onboarding::complete(&app, &visitor.session, command).await {
        Ok(()) => Ok(Redirect::to("/").into_response()),
        Err(Error::Invalid(errors)) => {
            let stored = onboarding::state(&app, &visitor.session).await?;
            let typed = Profile {
                full_name: text("full_name"),
                crm_number: text("crm_number"),
                crm_state: text("crm_state"),
                specialty: text("specialty"),
                ..stored
            };
            let texts = consent::texts(&app, &visitor.session).await?;
            let page = Page::new(&visitor.viewer, typed, texts, consents, errors);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, layout::html(page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}
