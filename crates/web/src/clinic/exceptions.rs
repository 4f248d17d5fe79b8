//! Holidays, and the days and hours that are not as the week says.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use sigilo_domain::holiday;
use sigilo_features::schedule::{self, Exception, REASONS, TypedException};
use sigilo_features::{App, Error, FieldError};
use time::{Duration, PrimitiveDateTime, Time};
use uuid::Uuid;

use super::{EXCEPTIONS, Input, error_of, frame, refused, to};
use crate::body::Fields;
use crate::errors::Answer;
use crate::layout::{self, Frame};
use crate::visitor::Member;

/// An exception in words.
struct ExceptionView {
    id: Uuid,
    title: String,
    when: String,
    whose: String,
    opens: bool,
}

impl ExceptionView {
    fn new(exception: &Exception) -> ExceptionView {
        let reason = REASONS.iter().find(|(code, _)| *code == exception.reason).map_or("", |(_, label)| *label);
        let day = exception.starts.map(|starts| starts.date());
        let holiday = day.and_then(holiday::name).filter(|_| exception.reason == "holiday");
        ExceptionView {
            id: exception.id,
            title: holiday.unwrap_or(reason).to_owned(),
            when: exception.starts.zip(exception.ends).map(|(starts, ends)| period(starts, ends)).unwrap_or_default(),
            whose: exception.professional_name.clone().unwrap_or_else(|| "Clínica toda".to_owned()),
            opens: exception.kind == "open",
        }
    }
}

/// `24/12/2026`, `10/12/2026 a 20/12/2026`, `24/12/2026, 12:00 às 18:00`: whole days without their hours.
fn period(starts: PrimitiveDateTime, ends: PrimitiveDateTime) -> String {
    let day = |at: PrimitiveDateTime| format!("{:02}/{:02}/{}", at.day(), u8::from(at.month()), at.year());
    let clock = |at: PrimitiveDateTime| format!("{:02}:{:02}", at.hour(), at.minute());
    let whole = starts.time() == Time::MIDNIGHT && ends.time() == Time::MIDNIGHT;
    let last = if whole { ends - Duration::days(1) } else { ends };
    match (whole, starts.date() == last.date()) {
        (true, true) => day(starts),
        (true, false) => format!("{} a {}", day(starts), day(last)),
        (false, true) => format!("{}, {} às {}", day(starts), clock(starts), clock(ends)),
        (false, false) => format!("{} às {} até {} às {}", day(starts), clock(starts), day(ends), clock(ends)),
    }
}

#[derive(Template)]
#[template(path = "clinic/exceptions.html")]
pub(crate) struct ExceptionsPage {
    pub(crate) frame: Frame,
    exceptions: Vec<ExceptionView>,
    people: Vec<(Uuid, String)>,
    years: Vec<i32>,
    pub(crate) typed: TypedException,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) refusal: Option<String>,
    pub(crate) note: Option<String>,
}

impl ExceptionsPage {
    pub(crate) fn new(
        frame: Frame,
        exceptions: &[Exception],
        people: Vec<(Uuid, String)>,
        years: Vec<i32>,
    ) -> ExceptionsPage {
        ExceptionsPage {
            frame,
            exceptions: exceptions.iter().map(ExceptionView::new).collect(),
            people,
            years,
            typed: TypedException { kind: "closed".to_owned(), ..TypedException::default() },
            errors: Vec::new(),
            refusal: None,
            note: None,
        }
    }

    fn when(&self) -> [Input; 4] {
        let typed = &self.typed;
        let input = |name, label, value: &str, longest| Input::new(name, label, value, longest, &self.errors);
        [
            input("de", "Primeiro dia", &typed.from_day, 10).kind("date").required(),
            input("de_hora", "A partir de que hora", &typed.from_hour, 8)
                .kind("time")
                .hint("Vazio: desde o começo do dia."),
            input("ate", "Último dia", &typed.to_day, 10).kind("date").required(),
            input("ate_hora", "Até que hora", &typed.to_hour, 8).kind("time").hint("Vazio: até o fim do dia."),
        ]
    }

    fn reasons(&self) -> &'static [(&'static str, &'static str)] {
        &REASONS
    }

    fn error(&self, field: &str) -> Option<String> {
        error_of(&self.errors, field)
    }

    fn is_person(&self, id: &Uuid) -> bool {
        self.typed.professional == id.to_string()
    }
}

async fn page(app: &App, who: &Member) -> Result<ExceptionsPage, Answer> {
    let (exceptions, people) = schedule::exceptions(app, &who.session).await?;
    let years = schedule::holiday_years(app).collect();
    Ok(ExceptionsPage::new(frame("Feriados e exceções", who), &exceptions, people, years))
}

pub(super) async fn show(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    Ok(layout::html(page(&app, &who).await?))
}

pub(super) async fn except(State(app): State<App>, who: Member, fields: Fields) -> Result<Response, Answer> {
    let typed = TypedException::new(|name| fields.text(name));
    let Err(error) = schedule::except(&app, &who.session, &typed).await else { return Ok(to(EXCEPTIONS)) };
    let (status, errors, refusal) = refused(error)?;
    let page = ExceptionsPage { typed, errors, refusal, ..page(&app, &who).await? };
    Ok((status, layout::html(page)).into_response())
}

pub(super) async fn holidays(State(app): State<App>, who: Member, fields: Fields) -> Result<Response, Answer> {
    let year = fields.text("ano").parse().unwrap_or(0);
    match schedule::add_holidays(&app, &who.session, year).await {
        Ok(added) => {
            let note = match added {
                0 => format!("Nada a acrescentar: os feriados de {year} já estão na lista, ou foram retirados dela."),
                1 => format!("Um feriado de {year} foi acrescentado."),
                many => format!("{many} feriados de {year} foram acrescentados."),
            };
            Ok(layout::html(ExceptionsPage { note: Some(note), ..page(&app, &who).await? }))
        }
        Err(error) => again(&app, &who, error).await,
    }
}

pub(super) async fn withdraw(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    match schedule::withdraw(&app, &who.session, Answer::identifier(&id)?).await {
        Ok(()) => Ok(to(EXCEPTIONS)),
        Err(error) => again(&app, &who, error).await,
    }
}

async fn again(app: &App, who: &Member, error: Error) -> Result<Response, Answer> {
    let (status, sentence) = Answer::on_page(error)?;
    let page = ExceptionsPage { refusal: Some(sentence), ..page(app, who).await? };
    Ok((status, layout::html(page)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn periods_in_words() {
        for (starts, ends, words) in [
            (datetime!(2026-12-24 0:00), datetime!(2026-12-25 0:00), "24/12/2026"),
            (datetime!(2026-12-10 0:00), datetime!(2026-12-21 0:00), "10/12/2026 a 20/12/2026"),
            (datetime!(2026-12-24 12:00), datetime!(2026-12-24 18:00), "24/12/2026, 12:00 às 18:00"),
            (datetime!(2026-12-24 12:00), datetime!(2026-12-26 8:00), "24/12/2026 às 12:00 até 26/12/2026 às 08:00"),
            (datetime!(2026-12-24 12:00), datetime!(2026-12-25 0:00), "24/12/2026 às 12:00 até 25/12/2026 às 00:00"),
        ] {
            assert_eq!(period(starts, ends), words);
        }
    }
}
