//! The form of a patient: new, or corrected.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use sigilo_features::patient::{self, Field, RACES, Registered, SEXES, Typed, WITHOUT_DOCUMENT};
use sigilo_features::{App, Error, FieldError};
use uuid::Uuid;

use super::list::BriefView;
use crate::body::Fields;
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

/// A field as the form shows it.
struct Input {
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    value: String,
    longest: usize,
    required: bool,
    hint: Option<&'static str>,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "patient/form.html")]
pub(crate) struct FormPage {
    pub(crate) frame: Frame,
    /// The record that is corrected, with the version that is seen.
    pub(crate) of: Option<(Uuid, i32)>,
    pub(crate) typed: Typed,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) refusal: Option<String>,
    /// Records that may be of the same person.
    pub(crate) alike: Vec<BriefView>,
}

impl FormPage {
    pub(crate) fn new(frame: Frame, of: Option<(Uuid, i32)>, typed: Typed) -> FormPage {
        FormPage { frame, of, typed, errors: Vec::new(), refusal: None, alike: Vec::new() }
    }

    fn input(&self, field: Field) -> Input {
        let (kind, longest, hint) = match field {
            Field::FullName => ("text", 200, None),
            Field::SocialName => {
                ("text", 200, Some("Como a pessoa quer ser chamada. É o que aparece na agenda e na chamada."))
            }
            Field::BirthDate => ("date", 10, None),
            Field::MotherName => ("text", 200, Some("Se não se sabe, deixe vazio.")),
            Field::Cpf => ("text", 14, None),
            Field::Cns => ("text", 20, None),
            Field::PhonePrimary | Field::PhoneSecondary => ("tel", 25, None),
            Field::Email => ("email", 254, None),
            Field::Address => ("text", 300, Some("Rua, número, bairro, cidade, CEP.")),
            Field::GuardianName => ("text", 200, Some("Obrigatório para menores de 18 anos.")),
            Field::GuardianRelation => ("text", 60, Some("Mãe, pai, tutora, curador…")),
            Field::Rg | Field::GuardianDocument | Field::Sex | Field::RaceColor => ("text", 40, None),
        };
        let typed = self.typed.get(field);
        Input {
            name: field.name(),
            label: field.label(),
            kind,
            value: match field {
                Field::Cpf => format::cpf(typed),
                Field::PhonePrimary | Field::PhoneSecondary => format::phone(typed),
                _ => typed.to_owned(),
            },
            longest,
            required: matches!(field, Field::FullName | Field::BirthDate),
            hint,
            error: self.error_of(field.name()).map(str::to_owned),
        }
    }

    fn identification(&self) -> [Input; 4] {
        [Field::FullName, Field::SocialName, Field::BirthDate, Field::MotherName].map(|field| self.input(field))
    }

    fn documents(&self) -> [Input; 3] {
        [Field::Cpf, Field::Cns, Field::Rg].map(|field| self.input(field))
    }

    fn contact(&self) -> [Input; 4] {
        [Field::PhonePrimary, Field::PhoneSecondary, Field::Email, Field::Address].map(|field| self.input(field))
    }

    fn guardian(&self) -> [Input; 3] {
        [Field::GuardianName, Field::GuardianRelation, Field::GuardianDocument].map(|field| self.input(field))
    }

    fn choices(&self) -> [(Input, &'static [(&'static str, &'static str)]); 2] {
        [(self.input(Field::Sex), &SEXES), (self.input(Field::RaceColor), &RACES)]
    }

    fn without(&self) -> &'static [(&'static str, &'static str)] {
        &WITHOUT_DOCUMENT
    }

    fn error_of(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }

    fn address(&self) -> String {
        match self.of {
            Some((id, _)) => format!("{}/{id}/editar", super::PATH),
            None => format!("{}/novo", super::PATH),
        }
    }

    fn back(&self) -> String {
        self.of.map_or_else(|| super::PATH.to_owned(), |(id, _)| format!("{}/{id}", super::PATH))
    }
}

fn title(of: Option<(Uuid, i32)>) -> &'static str {
    if of.is_some() { "Corrigir cadastro" } else { "Novo paciente" }
}

fn frame(who: &Member, of: Option<(Uuid, i32)>) -> Frame {
    Frame::inside(title(of), Section::Patients, &who.viewer)
}

pub(super) async fn new(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    patient::admit(&app, &who.session).await?;
    Ok(layout::html(FormPage::new(frame(&who, None), None, Typed::new(|_| ""))))
}

pub(super) async fn register(State(app): State<App>, who: Member, fields: Fields) -> Result<Response, Answer> {
    let typed = Typed::new(|name| fields.text(name));
    let done = patient::register(&app, &who.session, &typed, fields.has("mesmo_assim")).await;
    let page = FormPage::new(frame(&who, None), None, typed);
    match done {
        Ok(Registered::Done(id, _)) => Ok(Redirect::to(&format!("{}/{id}", super::PATH)).into_response()),
        Ok(Registered::Alike(found)) => {
            let alike = found.into_iter().map(BriefView::new).collect();
            Ok((StatusCode::CONFLICT, layout::html(FormPage { alike, ..page })).into_response())
        }
        Err(error) => again(page, error),
    }
}

pub(super) async fn edit(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    let record = patient::open(&app, &who.session, Answer::identifier(&id)?).await?;
    if record.gone.is_some() {
        return Ok(Redirect::to(&format!("{}/{}", super::PATH, record.id)).into_response());
    }
    let of = Some((record.id, record.version));
    Ok(layout::html(FormPage::new(frame(&who, of), of, Typed::of(&record.document))))
}

pub(super) async fn save(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let typed = Typed::new(|name| fields.text(name));
    let of = Some((id, fields.version()));
    match patient::update(&app, &who.session, id, fields.version(), &typed).await {
        Ok(()) => Ok(Redirect::to(&format!("{}/{id}", super::PATH)).into_response()),
        Err(error) => again(FormPage::new(frame(&who, of), of, typed), error),
    }
}

/// The form once more, with everything that was typed and what is wrong.
fn again(page: FormPage, error: Error) -> Result<Response, Answer> {
    match error {
        Error::Invalid(errors) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, layout::html(FormPage { errors, ..page })).into_response())
        }
        Error::Conflict(sentence) => {
            let refusal = Some(sentence.to_owned());
            Ok((StatusCode::CONFLICT, layout::html(FormPage { refusal, ..page })).into_response())
        }
        other => Err(other.into()),
    }
}
