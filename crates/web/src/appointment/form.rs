//! The form of a booking: new, or in the place of another appointment.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use sigilo_features::appointment::{self, Booked, Choices, MODALITIES, Refusal, ServiceChoice, Typed};
use sigilo_features::patient::{self, Brief};
use sigilo_features::{App, Error, FieldError};
use uuid::Uuid;

use super::words;
use crate::body::Fields;
use crate::errors::Answer;
use crate::layout::{self, Frame, Section};
use crate::patient::list::BriefView;
use crate::visitor::Member;

/// What the form opens with.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    paciente: String,
    servico: String,
    profissional: String,
    sala: String,
    dia: String,
    hora: String,
    /// The appointment whose place the new one takes.
    remarcar: String,
}

/// A list to choose from.
struct Choice<'a> {
    name: &'static str,
    label: &'static str,
    none: Option<&'static str>,
    chosen: &'a str,
    options: Vec<(Uuid, String)>,
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "appointment/form.html")]
pub(crate) struct FormPage {
    pub(crate) frame: Frame,
    pub(crate) choices: Choices,
    pub(crate) typed: Typed,
    /// The patient that is chosen.
    pub(crate) patient: Option<BriefView>,
    /// What the search for one found.
    pub(crate) found: Option<Vec<BriefView>>,
    pub(crate) query: String,
    /// The appointment whose place it takes, with the version that was seen.
    pub(crate) instead_of: Option<(Uuid, i32)>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) conflict: Option<String>,
    pub(crate) refusal: Option<Refusal>,
}

impl FormPage {
    fn error_of(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }

    fn service(&self) -> Choice<'_> {
        let name = |service: &ServiceChoice| {
            let category = service.category.as_deref().map(|name| format!(" · {name}")).unwrap_or_default();
            format!("{}{category} ({} min)", service.name, service.duration_minutes)
        };
        Choice {
            name: "servico",
            label: "Serviço",
            none: Some("Escolha"),
            chosen: &self.typed.service,
            options: self.choices.services.iter().map(|service| (service.id, name(service))).collect(),
            error: self.error_of("servico"),
        }
    }

    fn professional(&self) -> Choice<'_> {
        let options = self.choices.professionals.iter().map(|choice| {
            let specialty = choice.specialization.as_deref().map(|name| format!(" · {name}")).unwrap_or_default();
            (choice.id, format!("{}{specialty}", choice.full_name))
        });
        Choice {
            name: "profissional",
            label: "Profissional",
            none: Some("Escolha"),
            chosen: &self.typed.professional,
            options: options.collect(),
            error: self.error_of("profissional"),
        }
    }

    fn places(&self) -> [Choice<'_>; 2] {
        let room = Choice {
            name: "sala",
            label: "Sala",
            none: Some("Sem sala definida"),
            chosen: &self.typed.room,
            options: self.choices.rooms.iter().map(|room| (room.id, room.name.clone())).collect(),
            error: self.error_of("sala"),
        };
        let equipment = Choice {
            name: "equipamento",
            label: "Equipamento",
            none: Some("Nenhum"),
            chosen: &self.typed.equipment,
            options: self.choices.equipment.iter().map(|one| (one.id, one.name.clone())).collect(),
            error: self.error_of("equipamento"),
        };
        [room, equipment]
    }

    fn modalities(&self) -> &'static [(&'static str, &'static str)] {
        &MODALITIES
    }

    fn is_modality(&self, code: &str) -> bool {
        self.typed.modality == code || (self.typed.modality.is_empty() && code == MODALITIES[0].0)
    }

    fn reasons(&self) -> Vec<String> {
        let Some(refusal) = &self.refusal else { return Vec::new() };
        let several = self.typed.weeks.trim().parse().is_ok_and(|weeks: i64| weeks > 1);
        refusal.conflicts.iter().map(|conflict| words::against(conflict, several)).collect()
    }

    /// The next free times: what the button sends and what it says.
    fn free(&self) -> Vec<(String, String)> {
        let times = self.refusal.iter().flat_map(|refusal| &refusal.free);
        times.map(|at| (words::iso(*at), words::moment(*at))).collect()
    }

    fn may_insist(&self) -> bool {
        self.refusal.as_ref().is_some_and(Refusal::may_insist)
    }

    fn back(&self) -> String {
        match self.instead_of {
            Some((id, _)) => format!("{}/{id}", super::PATH),
            None if self.typed.day.is_empty() => super::PATH.to_owned(),
            None => format!("{}?dia={}", super::PATH, self.typed.day),
        }
    }
}

#[derive(Template)]
#[template(path = "appointment/patients.html")]
struct PatientsFragment {
    found: Vec<BriefView>,
}

/// An option that was chosen before.
fn is(chosen: &str, id: &Uuid) -> bool {
    Uuid::try_parse(chosen.trim()).is_ok_and(|chosen| chosen == *id)
}

async fn page(app: &App, who: &Member, typed: Typed, instead_of: Option<(Uuid, i32)>) -> Result<FormPage, Answer> {
    let choices = appointment::choices(app, &who.session).await?;
    let patient = match Uuid::try_parse(typed.patient.trim()) {
        Ok(id) => patient::brief_of(app, &who.session, id).await?.map(BriefView::new),
        Err(_) => None,
    };
    let title = if instead_of.is_some() { "Remarcar" } else { "Agendar" };
    Ok(FormPage {
        frame: Frame::inside(title, Section::Agenda, &who.viewer),
        choices,
        typed,
        patient,
        found: None,
        query: String::new(),
        instead_of,
        errors: Vec::new(),
        conflict: None,
        refusal: None,
    })
}

pub(super) async fn new(State(app): State<App>, who: Member, Query(asked): Query<Asked>) -> Result<Response, Answer> {
    let mut typed = Typed {
        patient: asked.paciente,
        service: asked.servico,
        professional: asked.profissional,
        room: asked.sala,
        day: asked.dia,
        hour: asked.hora,
        ..Typed::default()
    };
    let mut instead_of = None;
    if !asked.remarcar.is_empty() {
        let old = appointment::open(&app, &who.session, Answer::identifier(&asked.remarcar)?).await?;
        let text = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        typed = Typed {
            patient: old.row.patient_id.to_string(),
            service: old.row.service_type_id.to_string(),
            professional: old.row.professional_id.to_string(),
            room: text(old.row.room_id),
            equipment: text(old.row.equipment_id),
            modality: old.row.modality.clone(),
            minutes: old.slot().minutes.to_string(),
            day: if typed.day.is_empty() { old.row.starts.date().to_string() } else { typed.day },
            hour: typed.hour,
            weeks: String::new(),
        };
        instead_of = Some((old.row.id, old.row.version));
    }
    Ok(layout::html(page(&app, &who, typed, instead_of).await?))
}

/// The patients that a search finds, to choose from.
pub(super) async fn patients(State(app): State<App>, who: Member, fields: Fields) -> Result<Response, Answer> {
    let found = search(&app, &who, fields.text("q")).await?;
    Ok(layout::html(PatientsFragment { found }))
}

async fn search(app: &App, who: &Member, query: &str) -> Result<Vec<BriefView>, Answer> {
    if query.trim().is_empty() {
        return Ok(Vec::new());
    }
    let found = patient::search(app, &who.session, query).await?.patients;
    let active = |brief: &Brief| brief.is_active;
    Ok(found.into_iter().filter(active).take(8).map(BriefView::new).collect())
}

pub(super) async fn book(State(app): State<App>, who: Member, fields: Fields) -> Result<Response, Answer> {
    let mut typed = Typed {
        patient: fields.text("paciente").to_owned(),
        service: fields.text("servico").to_owned(),
        professional: fields.text("profissional").to_owned(),
        room: fields.text("sala").to_owned(),
        equipment: fields.text("equipamento").to_owned(),
        modality: fields.text("modalidade").to_owned(),
        day: fields.text("dia").to_owned(),
        hour: fields.text("hora").to_owned(),
        minutes: fields.text("minutos").to_owned(),
        weeks: fields.text("semanas").to_owned(),
    };
    // One of the free times that a refusal offered.
    if let Some((day, hour)) = fields.text("horario").split_once('T') {
        (typed.day, typed.hour) = (day.to_owned(), hour.to_owned());
    }
    let instead_of = match fields.text("remarcar") {
        "" => None,
        id => Some((Answer::identifier(id)?, fields.version())),
    };
    if fields.has("buscar") {
        let query = fields.text("q").to_owned();
        let found = Some(search(&app, &who, &query).await?);
        return Ok(layout::html(FormPage { found, query, ..page(&app, &who, typed, instead_of).await? }));
    }
    let done = appointment::book(&app, &who.session, &typed, fields.has("mesmo_assim"), instead_of).await;
    let (status, errors, conflict, refusal) = match done {
        Ok(Booked::Done(_)) => {
            return Ok(Redirect::to(&format!("{}?dia={}", super::PATH, typed.day.trim())).into_response());
        }
        Ok(Booked::Refused(refusal)) => (StatusCode::CONFLICT, Vec::new(), None, Some(refusal)),
        Err(Error::Invalid(errors)) => (StatusCode::UNPROCESSABLE_ENTITY, errors, None, None),
        Err(Error::Conflict(sentence)) => (StatusCode::CONFLICT, Vec::new(), Some(sentence.to_owned()), None),
        Err(other) => return Err(other.into()),
    };
    let page = FormPage { errors, conflict, refusal, ..page(&app, &who, typed, instead_of).await? };
    Ok((status, layout::html(page)).into_response())
}
