//! Who attends in the clinic.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sigilo_domain::CouncilValidation;
use sigilo_features::App;
use sigilo_features::professional::{self, Professional};

use super::frame;
use crate::errors::Answer;
use crate::layout::{self, Frame};
use crate::visitor::Member;

/// A professional in a list.
pub(crate) struct PersonView {
    pub(super) person: Professional,
    /// Council, number and specialty.
    pub(super) registration: String,
    pub(super) validation: CouncilValidation,
}

impl PersonView {
    pub(crate) fn new(person: Professional) -> PersonView {
        let council = if person.council_license == "OUTRO" { "Registro" } else { &person.council_license };
        let mut registration = format!("{council} {} ({})", person.license_number, person.license_state);
        if let Some(specialty) = &person.specialization {
            registration.push_str(" · ");
            registration.push_str(specialty);
        }
        let validation = CouncilValidation::from_code(&person.council_validation).unwrap_or(CouncilValidation::Pending);
        PersonView { person, registration, validation }
    }

    pub(super) fn tag(&self) -> &'static str {
        match self.validation {
            CouncilValidation::RegistryChecked => "tag-ok",
            CouncilValidation::DocumentChecked => "",
            CouncilValidation::FormatOk | CouncilValidation::Pending => "tag-warn",
        }
    }

    /// How far the registration was checked, as whoever reads a list understands it.
    pub(super) fn checked(&self) -> &'static str {
        match self.validation {
            CouncilValidation::RegistryChecked => "Registro conferido no conselho",
            CouncilValidation::DocumentChecked => "Documento conferido",
            CouncilValidation::FormatOk | CouncilValidation::Pending => "Registro por conferir",
        }
    }
}

#[derive(Template)]
#[template(path = "clinic/people.html")]
pub(crate) struct PeoplePage {
    pub(crate) frame: Frame,
    active: Vec<PersonView>,
    inactive: Vec<PersonView>,
}

impl PeoplePage {
    pub(crate) fn new(frame: Frame, people: Vec<Professional>) -> PeoplePage {
        let (active, inactive) = people.into_iter().map(PersonView::new).partition(|view| view.person.is_active);
        PeoplePage { frame, active, inactive }
    }
}

pub(super) async fn show(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    let people = professional::list(&app, &who.session).await?;
    Ok(layout::html(PeoplePage::new(frame("Profissionais", &who), people)))
}
