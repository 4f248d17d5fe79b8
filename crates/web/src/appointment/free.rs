//! The next free times of a service.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use sigilo_features::App;
use sigilo_features::appointment::{self, Choices};
use time::{PrimitiveDateTime, Time};
use uuid::Uuid;

use super::{agenda, words};
use crate::errors::Answer;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    servico: String,
    profissional: String,
    dia: String,
}

/// A professional's free times, by day.
pub(crate) struct Row {
    pub(crate) professional: Uuid,
    pub(crate) name: String,
    /// A day in words; its times: what the address carries and what is read.
    pub(crate) days: Vec<(String, Vec<(String, String)>)>,
}

#[derive(Template)]
#[template(path = "appointment/free.html")]
pub(crate) struct FreePage {
    pub(crate) frame: Frame,
    pub(crate) choices: Choices,
    pub(crate) service: Option<Uuid>,
    pub(crate) professional: Option<Uuid>,
    pub(crate) day: String,
    /// None before a service is chosen.
    pub(crate) rows: Option<Vec<Row>>,
}

impl FreePage {
    fn is(&self, chosen: &Option<Uuid>, id: &Uuid) -> bool {
        chosen.as_ref() == Some(id)
    }

    fn booking(&self, row: &Row, at: &str) -> String {
        let (day, hour) = at.split_once('T').unwrap_or((at, ""));
        let service = self.service.map(|id| id.to_string()).unwrap_or_default();
        format!("/agenda/novo?servico={service}&profissional={}&dia={day}&hora={hour}", row.professional)
    }
}

pub(super) async fn show(State(app): State<App>, who: Member, Query(asked): Query<Asked>) -> Result<Response, Answer> {
    let choices = appointment::choices(&app, &who.session).await?;
    let service = Uuid::try_parse(asked.servico.trim()).ok();
    let professional = Uuid::try_parse(asked.profissional.trim()).ok();
    let from = agenda::day(&asked.dia).map(|day| PrimitiveDateTime::new(day, Time::MIDNIGHT));
    let rows = match service {
        Some(service) => {
            let found = appointment::free(&app, &who.session, service, professional, from).await?;
            Some(found.into_iter().map(|(choice, times)| by_day(choice.id, choice.full_name, &times)).collect())
        }
        None => None,
    };
    let frame = Frame::inside("Horários livres", Section::Agenda, &who.viewer);
    Ok(layout::html(FreePage { frame, choices, service, professional, day: asked.dia, rows }))
}

fn by_day(professional: Uuid, name: String, times: &[PrimitiveDateTime]) -> Row {
    let mut days: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for at in times {
        let day = words::short_day(at.date());
        let time = (words::iso(*at), words::hour(*at));
        match days.last_mut() {
            Some((last, list)) if *last == day => list.push(time),
            _ => days.push((day, vec![time])),
        }
    }
    Row { professional, name, days }
}
