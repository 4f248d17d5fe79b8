//! The editor of a professional's week: rows of a day, a beginning and an end, that come and go without a script.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sigilo_features::schedule::{self, DAYS, Saved, TypedHours, WEEKDAYS, WrongRow};
use sigilo_features::{App, professional};
use uuid::Uuid;

use super::person::capital;
use super::{PEOPLE, frame, to};
use crate::body::Fields;
use crate::errors::Answer;
use crate::layout::{self, Frame};
use crate::visitor::Member;

#[derive(Template)]
#[template(path = "clinic/hours.html")]
pub(crate) struct HoursPage {
    pub(crate) frame: Frame,
    pub(crate) id: Uuid,
    pub(crate) version: i32,
    pub(crate) name: String,
    pub(crate) rows: Vec<TypedHours>,
    pub(crate) wrong: Vec<WrongRow>,
    pub(crate) refusal: Option<String>,
}

impl HoursPage {
    fn days(&self) -> Vec<(&'static str, String)> {
        let days = DAYS.into_iter().map(|(number, name)| (number, capital(name)));
        days.chain([(WEEKDAYS, "Segunda a sexta".to_owned())]).collect()
    }

    fn wrong(&self, row: &usize) -> Option<&str> {
        self.wrong.iter().find(|wrong| wrong.row == *row).map(|wrong| wrong.message.as_str())
    }
}

/// A row to be filled in: on Monday to Friday where the week is empty, else on the day that comes last.
fn blank(rows: &[TypedHours]) -> TypedHours {
    let day = rows.last().map_or(WEEKDAYS, |row| row.day.as_str()).to_owned();
    TypedHours { day, ..TypedHours::default() }
}

async fn page(app: &App, who: &Member, id: Uuid) -> Result<HoursPage, Answer> {
    let opened = professional::open(app, &who.session, id).await?;
    let mut rows: Vec<TypedHours> = opened.week.iter().map(TypedHours::of).collect();
    if rows.is_empty() {
        rows.push(blank(&[]));
    }
    Ok(HoursPage {
        frame: frame("Horários da semana", who),
        id,
        version: opened.professional.version,
        name: opened.professional.full_name,
        rows,
        wrong: Vec::new(),
        refusal: None,
    })
}

pub(super) async fn show(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    Ok(layout::html(page(&app, &who, Answer::identifier(&id)?).await?))
}

pub(super) async fn save(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Result<Response, Answer> {
    let (id, version) = (Answer::identifier(&id)?, fields.version());
    let remove: Option<usize> = fields.text("remover").parse().ok();
    let add = fields.text("acao") == "mais";
    let (days, starts, ends) = (fields.take_all("dia"), fields.take_all("inicio"), fields.take_all("fim"));
    let mut rows: Vec<TypedHours> = days
        .into_iter()
        .zip(starts)
        .zip(ends)
        .map(|((day, starts), ends)| TypedHours { day, starts, ends })
        .take(100)
        .collect();
    if add || remove.is_some() {
        if let Some(row) = remove.filter(|row| *row < rows.len()) {
            rows.remove(row);
        }
        if add || rows.is_empty() {
            rows.push(blank(&rows));
        }
        return Ok(layout::html(HoursPage { rows, version, ..page(&app, &who, id).await? }));
    }
    match schedule::set_week(&app, &who.session, id, version, &rows).await {
        Ok(Saved::Done) => Ok(to(&format!("{PEOPLE}/{id}"))),
        Ok(Saved::Wrong(wrong)) => {
            let page = HoursPage { rows, version, wrong, ..page(&app, &who, id).await? };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, layout::html(page)).into_response())
        }
        Err(error) => {
            let (status, sentence) = Answer::on_page(error)?;
            let page = HoursPage { rows, version, refusal: Some(sentence), ..page(&app, &who, id).await? };
            Ok((status, layout::html(page)).into_response())
        }
    }
}
