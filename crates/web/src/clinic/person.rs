//! One professional: registration, services, week, and whether they attend.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use sigilo_domain::CouncilValidation;
use sigilo_features::professional::{self, Opened};
use sigilo_features::schedule::{DAYS, Hours};
use sigilo_features::{App, Error};
use uuid::Uuid;

use super::people::PersonView;
use super::{PEOPLE, frame, to};
use crate::body::Fields;
use crate::errors::Answer;
use crate::layout::{self, Frame};
use crate::visitor::Member;

#[derive(Template)]
#[template(path = "clinic/person.html")]
pub(crate) struct PersonPage {
    pub(crate) frame: Frame,
    view: PersonView,
    opened: Opened,
    pub(crate) error: Option<String>,
}

impl PersonPage {
    pub(crate) fn new(frame: Frame, opened: Opened) -> PersonPage {
        PersonPage { frame, view: PersonView::new(opened.professional.clone()), opened, error: None }
    }

    /// Each day with hours, and what they are.
    fn week(&self) -> Vec<(String, String)> {
        let of = |number: usize| {
            let hours = self.opened.week.iter().filter(|hours| usize::try_from(hours.weekday) == Ok(number));
            hours.map(written).collect::<Vec<_>>().join(", ")
        };
        let days = (1..).zip(DAYS).map(|(number, (_, name))| (capital(name), of(number)));
        days.filter(|(_, hours)| !hours.is_empty()).collect()
    }

    /// The next step of the check, and the words of its button.
    fn next(&self) -> Option<(&'static str, &'static str)> {
        let step = professional::next_check(self.view.validation)?;
        let words = match step {
            CouncilValidation::DocumentChecked => "Vi o documento e ele confere",
            CouncilValidation::RegistryChecked => "Conferi no site do conselho",
            _ => "O formato confere",
        };
        Some((step.code(), words))
    }

    fn can_undo(&self) -> bool {
        matches!(self.view.validation, CouncilValidation::DocumentChecked | CouncilValidation::RegistryChecked)
    }
}

fn written(hours: &Hours) -> String {
    let clock = |time: time::Time| format!("{:02}:{:02}", time.hour(), time.minute());
    format!("{} às {}", clock(hours.starts), clock(hours.ends))
}

pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

async fn page(app: &App, who: &Member, id: Uuid) -> Result<PersonPage, Answer> {
    let opened = professional::open(app, &who.session, id).await?;
    Ok(PersonPage::new(frame("Profissional", who), opened))
}

pub(super) async fn show(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    Ok(layout::html(page(&app, &who, Answer::identifier(&id)?).await?))
}

pub(super) async fn activate(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let active = fields.text("situacao") == "ativo";
    let done = professional::activate(&app, &who.session, id, fields.version(), active).await;
    back(&app, &who, id, done, None).await
}

pub(super) async fn check(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let done = professional::check(&app, &who.session, id, fields.version(), fields.text("passo")).await;
    back(&app, &who, id, done, None).await
}

pub(super) async fn perform(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Result<Response, Answer> {
    let (id, seen) = (Answer::identifier(&id)?, fields.version());
    let chosen = fields.take_all("servico");
    let chosen: Vec<Uuid> = chosen.iter().map(|text| Answer::identifier(text)).collect::<Result<_, _>>()?;
    let done = professional::set_services(&app, &who.session, id, seen, &chosen).await;
    back(&app, &who, id, done, Some(&chosen)).await
}

/// The page again; with what was chosen of the services, where somebody else was faster.
async fn back(
    app: &App,
    who: &Member,
    id: Uuid,
    done: Result<(), Error>,
    chosen: Option<&[Uuid]>,
) -> Result<Response, Answer> {
    let Err(error) = done else { return Ok(to(&format!("{PEOPLE}/{id}"))) };
    let (status, sentence) = Answer::on_page(error)?;
    let mut page = PersonPage { error: Some(sentence), ..page(app, who, id).await? };
    if let Some(chosen) = chosen {
        for service in &mut page.opened.services {
            service.performed = chosen.contains(&service.id);
        }
    }
    Ok((status, layout::html(page)).into_response())
}
