//! One appointment: what it is and what may become of it. Beside the calendar, and as a page of its own.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use sigilo_features::App;
use sigilo_features::appointment::{self, Appointment, CANCELLATIONS, Status};

use super::words;
use crate::body::Fields;
use crate::errors::Answer;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

/// A card's content.
pub(crate) struct Card {
    pub(crate) found: Appointment,
    pub(crate) error: Option<String>,
}

/// A button that leads to another state.
struct Act {
    to: &'static str,
    label: &'static str,
    is_main: bool,
}

impl Card {
    fn who(&self) -> &str {
        self.found.called.as_deref().map_or("Paciente eliminado", String::as_str)
    }

    fn when(&self) -> String {
        let row = &self.found.row;
        format!("{}, das {} às {}", words::long_day(row.starts.date()), words::hour(row.starts), words::hour(row.ends))
    }

    /// What happened to it, in order.
    fn steps(&self) -> Vec<(&'static str, String)> {
        let row = &self.found.row;
        let by = row.booked_by.as_deref().map(|name| format!(", por {name}")).unwrap_or_default();
        let mut steps = vec![("Marcado", words::whole_moment(row.created_at) + &by)];
        for (label, at) in [
            ("Confirmado", row.confirmed_at),
            ("Chegou", row.arrived_at),
            ("Atendimento iniciado", row.started_at),
            ("Concluído", row.ended_at),
        ] {
            steps.extend(at.map(|at| (label, words::whole_moment(at))));
        }
        if row.times_moved > 0 {
            steps.push((
                "Mudou de horário",
                if row.times_moved == 1 { "1 vez".to_owned() } else { format!("{} vezes", row.times_moved) },
            ));
        }
        steps
    }

    fn acts(&self) -> Vec<Act> {
        let from = self.found.status;
        let mut acts: Vec<Act> = from
            .next()
            .iter()
            .filter(|to| !matches!(to, Status::Cancelled | Status::Rescheduled))
            .filter(|to| **to != Status::NoShow || self.found.is_due)
            // Back to what it was before: confirmed, where it had been.
            .filter(|to| {
                let was = if self.found.row.confirmed_at.is_some() { Status::Confirmed } else { Status::Scheduled };
                from != Status::Arrived || !matches!(to, Status::Scheduled | Status::Confirmed) || **to == was
            })
            .map(|to| Act { to: to.code(), label: words::act(from, *to), is_main: false })
            .collect();
        let main = match from {
            Status::Requested => Some(Status::Scheduled),
            Status::Scheduled | Status::Confirmed => Some(Status::Arrived),
            Status::Arrived => Some(Status::InProgress),
            Status::InProgress => Some(Status::Completed),
            _ => None,
        };
        for act in &mut acts {
            act.is_main = main.is_some_and(|main| main.code() == act.to);
        }
        acts.sort_by_key(|act| !act.is_main);
        acts
    }

    fn may_cancel(&self) -> bool {
        self.found.status.next().contains(&Status::Cancelled)
    }

    fn may_reschedule(&self) -> bool {
        self.found.status.next().contains(&Status::Rescheduled)
    }

    fn reasons(&self) -> &'static [(&'static str, &'static str)] {
        &CANCELLATIONS
    }

    fn cancelled(&self) -> Option<&'static str> {
        let code = self.found.row.cancellation_reason.as_deref()?;
        CANCELLATIONS.iter().find(|(known, _)| *known == code).map(|(_, words)| *words)
    }

    fn day(&self) -> String {
        self.found.row.starts.date().to_string()
    }
}

#[derive(Template)]
#[template(path = "appointment/page.html")]
pub(crate) struct CardPage {
    pub(crate) frame: Frame,
    pub(crate) card: Card,
}

#[derive(Template)]
#[template(path = "appointment/card.html")]
struct CardFragment {
    card: Card,
}

fn is_part(headers: &HeaderMap) -> bool {
    headers.contains_key("hx-request")
}

fn answer(who: &Member, headers: &HeaderMap, status: StatusCode, card: Card) -> Response {
    if is_part(headers) {
        return (status, layout::html(CardFragment { card })).into_response();
    }
    let frame = Frame::inside("Agendamento", Section::Agenda, &who.viewer);
    (status, layout::html(CardPage { frame, card })).into_response()
}

pub(super) async fn show(
    State(app): State<App>,
    who: Member,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Answer> {
    let found = appointment::open(&app, &who.session, Answer::identifier(&id)?).await?;
    Ok(answer(&who, &headers, StatusCode::OK, Card { found, error: None }))
}

/// Arrived, confirmed, cancelled and so on. From the list it leads back to the list.
pub(super) async fn advance(
    State(app): State<App>,
    who: Member,
    headers: HeaderMap,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let to =
        Status::from_code(fields.text("situacao")).ok_or_else(|| Answer::malformed("Esta situação não existe."))?;
    let reason = Some(fields.text("motivo")).filter(|reason| !reason.is_empty());
    let done = appointment::advance(&app, &who.session, id, fields.version(), to, reason).await;
    let (status, error) = match done {
        Ok(_) => (StatusCode::OK, None),
        Err(error) => Answer::on_page(error).map(|(status, sentence)| (status, Some(sentence)))?,
    };
    let found = appointment::open(&app, &who.session, id).await?;
    if error.is_none() && !is_part(&headers) {
        let day = found.row.starts.date();
        let back =
            if fields.text("volta") == "agenda" { format!("/agenda?dia={day}") } else { format!("/agenda/{id}") };
        return Ok(Redirect::to(&back).into_response());
    }
    Ok(answer(&who, &headers, status, Card { found, error }))
}
