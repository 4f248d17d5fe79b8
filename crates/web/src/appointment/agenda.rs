//! A day of the agenda as a list, which is also what prints, what small screens show and what there is without scripts; the
//! calendar of wide screens takes its place.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use sigilo_features::App;
use sigilo_features::appointment::{self, Agenda, Entry, ProfessionalChoice, Status};
use sigilo_features::patient;
use time::{Date, Duration};
use uuid::Uuid;

use super::words;
use crate::errors::Answer;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    dia: String,
    #[serde(default)]
    profissional: String,
}

/// A line of the list.
struct Line<'a> {
    entry: &'a Entry,
    starts: String,
    ends: String,
    /// What one click makes of it, and what the button says.
    next: Option<(&'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "appointment/agenda.html")]
pub(crate) struct AgendaPage {
    pub(crate) frame: Frame,
    /// None where this installation cannot have patients.
    pub(crate) agenda: Option<Agenda>,
    pub(crate) professional: Option<Uuid>,
}

impl AgendaPage {
    fn lines<'a>(&self, agenda: &'a Agenda) -> Vec<Line<'a>> {
        agenda
            .entries
            .iter()
            .map(|entry| Line {
                entry,
                starts: words::hour(entry.starts),
                ends: words::hour(entry.ends),
                next: self.next(agenda, entry).map(|to| (to.code(), words::act(entry.status, to))),
            })
            .collect()
    }

    fn next(&self, agenda: &Agenda, entry: &Entry) -> Option<Status> {
        match entry.status {
            Status::Scheduled | Status::Confirmed if entry.starts.date() <= agenda.now.date() => Some(Status::Arrived),
            Status::Scheduled => Some(Status::Confirmed),
            Status::Requested => Some(Status::Scheduled),
            _ => None,
        }
    }

    fn title(&self, agenda: &Agenda) -> String {
        words::long_day(agenda.first)
    }

    fn is_chosen(&self, choice: &ProfessionalChoice) -> bool {
        self.professional == Some(choice.id)
    }

    fn link(&self, day: Date) -> String {
        let who = self.professional.map(|id| format!("&profissional={id}")).unwrap_or_default();
        format!("{}?dia={day}{who}", super::PATH)
    }

    fn beside(&self, agenda: &Agenda, days: i64) -> String {
        self.link(agenda.first.saturating_add(Duration::days(days)))
    }

    fn today(&self, agenda: &Agenda) -> String {
        self.link(agenda.now.date())
    }
}

pub(super) async fn show(State(app): State<App>, who: Member, Query(asked): Query<Asked>) -> Result<Response, Answer> {
    let frame = Frame::inside("Agenda", Section::Agenda, &who.viewer);
    let professional = Uuid::try_parse(asked.profissional.trim()).ok();
    if !patient::is_possible(&app) {
        patient::admit(&app, &who.session).await?;
        return Ok(layout::html(AgendaPage { frame, agenda: None, professional }));
    }
    let agenda = appointment::agenda(&app, &who.session, day(&asked.dia), 1, professional).await?;
    Ok(layout::html(AgendaPage { frame, agenda: Some(agenda), professional }))
}

/// A day as browsers write it; none for anything else.
pub(super) fn day(text: &str) -> Option<Date> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text.trim(), format).ok().filter(|day| (2000..=2199).contains(&day.year()))
}
