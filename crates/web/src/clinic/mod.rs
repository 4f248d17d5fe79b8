//! The clinic's catalogue, for who runs it: professionals and their week, services, rooms, holidays and exceptions.

pub(crate) mod exceptions;
pub(crate) mod hours;
pub(crate) mod named;
pub(crate) mod people;
pub(crate) mod person;
pub(crate) mod person_form;
pub(crate) mod rooms;
pub(crate) mod service_form;
pub(crate) mod services;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use sigilo_features::{Error, FieldError};

use crate::Web;
use crate::errors::Answer;
use crate::layout::{Frame, Section};
use crate::visitor::Member;

const PEOPLE: &str = "/clinica/profissionais";
const SERVICES: &str = "/clinica/servicos";
const ROOMS: &str = "/clinica/salas";
const EXCEPTIONS: &str = "/clinica/excecoes";

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route(PEOPLE, get(people::show))
        .route("/clinica/profissionais/novo", get(person_form::new).post(person_form::create))
        .route("/clinica/profissionais/{id}", get(person::show))
        .route("/clinica/profissionais/{id}/editar", get(person_form::edit).post(person_form::save))
        .route("/clinica/profissionais/{id}/situacao", post(person::activate))
        .route("/clinica/profissionais/{id}/conselho", post(person::check))
        .route("/clinica/profissionais/{id}/servicos", post(person::perform))
        .route("/clinica/profissionais/{id}/horarios", get(hours::show).post(hours::save))
        .route(SERVICES, get(services::show))
        .route("/clinica/servicos/novo", get(service_form::new).post(service_form::create))
        .route("/clinica/servicos/{id}/editar", get(service_form::edit).post(service_form::save))
        .route("/clinica/servicos/{id}/situacao", post(services::activate))
        .route("/clinica/servicos/categorias", post(services::group))
        .route("/clinica/servicos/categorias/{id}", post(services::rename))
        .route(ROOMS, get(rooms::show))
        .route("/clinica/salas/{especie}", post(rooms::create))
        .route("/clinica/salas/{especie}/{id}", post(rooms::rename))
        .route("/clinica/salas/{especie}/{id}/situacao", post(rooms::activate))
        .route(EXCEPTIONS, get(exceptions::show).post(exceptions::except))
        .route("/clinica/excecoes/feriados", post(exceptions::holidays))
        .route("/clinica/excecoes/{id}/retirar", post(exceptions::withdraw))
}

fn frame(title: &str, who: &Member) -> Frame {
    Frame::inside(title, Section::Clinic, &who.viewer)
}

fn to(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// A field as a form shows it.
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

impl Input {
    fn new(name: &'static str, label: &'static str, value: &str, longest: usize, errors: &[FieldError]) -> Input {
        Input {
            name,
            label,
            kind: "text",
            value: value.to_owned(),
            longest,
            required: false,
            hint: None,
            error: error_of(errors, name),
        }
    }

    fn required(self) -> Input {
        Input { required: true, ..self }
    }

    fn kind(self, kind: &'static str) -> Input {
        Input { kind, ..self }
    }

    fn hint(self, hint: &'static str) -> Input {
        Input { hint: Some(hint), ..self }
    }
}

fn error_of(errors: &[FieldError], field: &str) -> Option<String> {
    errors.iter().find(|error| error.field == field).map(|error| error.message.clone())
}

/// What a form that was not accepted is shown again with: its status, the sentences by field, and one for the whole.
fn refused(error: Error) -> Result<(StatusCode, Vec<FieldError>, Option<String>), Answer> {
    match error {
        Error::Invalid(errors) => Ok((StatusCode::UNPROCESSABLE_ENTITY, errors, None)),
        Error::Conflict(sentence) => Ok((StatusCode::CONFLICT, Vec::new(), Some(sentence.to_owned()))),
        other => Err(other.into()),
    }
}
