//! The form of a professional: new, or corrected.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use sigilo_domain::council::{COUNCILS, SPECIALTIES, Uf};
use sigilo_features::professional::{self, Colleague, Typed};
use sigilo_features::{App, Error, FieldError};
use uuid::Uuid;

use super::{Input, PEOPLE, error_of, frame, refused, to};
use crate::body::Fields;
use crate::errors::Answer;
use crate::layout::{self, Frame};
use crate::visitor::Member;

#[derive(Template)]
#[template(path = "clinic/person_form.html")]
pub(crate) struct PersonForm {
    pub(crate) frame: Frame,
    /// The professional who is corrected, with the version that is seen.
    pub(crate) of: Option<(Uuid, i32)>,
    pub(crate) typed: Typed,
    pub(crate) colleagues: Vec<Colleague>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) refusal: Option<String>,
}

impl PersonForm {
    pub(crate) fn new(frame: Frame, of: Option<(Uuid, i32)>, typed: Typed, colleagues: Vec<Colleague>) -> PersonForm {
        PersonForm { frame, of, typed, colleagues, errors: Vec::new(), refusal: None }
    }

    fn name(&self) -> Input {
        Input::new("nome", "Nome completo", &self.typed.name, 200, &self.errors).required()
    }

    fn number(&self) -> Input {
        Input::new("numero", "Número no conselho", &self.typed.number, 30, &self.errors)
            .required()
            .hint("Como na carteira: 12345, 123456-ENF, 06/12345.")
    }

    fn daily_maximum(&self) -> Input {
        Input::new("maximo", "Máximo de atendimentos por dia", &self.typed.daily_maximum, 3, &self.errors)
            .hint("Vazio: sem limite.")
    }

    fn councils(&self) -> Vec<(&'static str, &'static str)> {
        let mut councils = COUNCILS.to_vec();
        if self.typed.council == "CNEP" {
            councils.push(("CNEP", "CNEP (registro antigo)"));
        }
        councils
    }

    fn states(&self) -> [&'static str; 27] {
        Uf::ALL
    }

    fn specialties(&self) -> [&'static str; 55] {
        SPECIALTIES
    }

    fn error(&self, field: &str) -> Option<String> {
        error_of(&self.errors, field)
    }

    fn is_member(&self, colleague: &Colleague) -> bool {
        self.typed.member == colleague.user_id.to_string()
    }

    fn back(&self) -> String {
        self.of.map_or_else(|| PEOPLE.to_owned(), |(id, _)| format!("{PEOPLE}/{id}"))
    }

    fn address(&self) -> String {
        self.of.map_or_else(|| format!("{PEOPLE}/novo"), |(id, _)| format!("{PEOPLE}/{id}/editar"))
    }
}

fn typed(fields: &Fields) -> Typed {
    Typed::new(|name| fields.text(name))
}

fn title(of: Option<(Uuid, i32)>) -> &'static str {
    if of.is_some() { "Corrigir profissional" } else { "Novo profissional" }
}

pub(super) async fn new(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    let colleagues = professional::colleagues(&app, &who.session).await?;
    Ok(layout::html(PersonForm::new(frame(title(None), &who), None, Typed::default(), colleagues)))
}

pub(super) async fn create(State(app): State<App>, who: Member, fields: Fields) -> Result<Response, Answer> {
    let typed = typed(&fields);
    match professional::create(&app, &who.session, &typed).await {
        Ok(id) => Ok(to(&format!("{PEOPLE}/{id}"))),
        Err(error) => again(&app, &who, None, typed, error).await,
    }
}

pub(super) async fn edit(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    let one = professional::open(&app, &who.session, Answer::identifier(&id)?).await?.professional;
    let mut colleagues = professional::colleagues(&app, &who.session).await?;
    if let (Some(user_id), Some(name)) = (one.user_id, &one.member_name)
        && colleagues.iter().all(|colleague| colleague.user_id != user_id)
    {
        colleagues.push(Colleague { user_id, display_name: name.clone() });
    }
    let of = Some((one.id, one.version));
    Ok(layout::html(PersonForm::new(frame(title(of), &who), of, Typed::of(&one), colleagues)))
}

pub(super) async fn save(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let (id, typed) = (Answer::identifier(&id)?, typed(&fields));
    match professional::update(&app, &who.session, id, fields.version(), &typed).await {
        Ok(()) => Ok(to(&format!("{PEOPLE}/{id}"))),
        Err(error) => again(&app, &who, Some((id, fields.version())), typed, error).await,
    }
}

async fn again(
    app: &App,
    who: &Member,
    of: Option<(Uuid, i32)>,
    typed: Typed,
    error: Error,
) -> Result<Response, Answer> {
    let (status, errors, refusal) = refused(error)?;
    let colleagues = professional::colleagues(app, &who.session).await?;
    let page = PersonForm { errors, refusal, ..PersonForm::new(frame(title(of), who), of, typed, colleagues) };
    Ok((status, layout::html(page)).into_response())
}
