//! Legal holds: listed, placed, released.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use sigilo_features::rights::{self, Basis, LegalHold, Subject};
use sigilo_features::{App, Error};
use time::Date;
use time::macros::format_description;

use crate::body::Fields;
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

/// A hold in words.
pub(crate) struct HoldView {
    pub(crate) hold: LegalHold,
    basis: &'static str,
    period: String,
    /// Until when somebody looks again, and whether that day has passed.
    review: String,
    late: bool,
}

impl HoldView {
    pub(crate) fn new(hold: LegalHold, today: Date) -> HoldView {
        let placed = hold.placed_name.as_deref().unwrap_or("–");
        let since = format!("Guarda desde {}, por {placed}", format::day(&hold.placed_at));
        HoldView {
            basis: Basis::from_code(&hold.basis).map_or("", Basis::label),
            period: match &hold.released_at {
                Some(at) => {
                    format!(
                        "{since}; encerrada em {}, por {}",
                        format::day(at),
                        hold.released_name.as_deref().unwrap_or("–")
                    )
                }
                None => since,
            },
            review: format!(
                "{:02}/{:02}/{}",
                hold.review_on.day(),
                u8::from(hold.review_on.month()),
                hold.review_on.year()
            ),
            late: hold.released_at.is_none() && hold.review_on < today,
            hold,
        }
    }
}

/// What was typed.
#[derive(Default)]
pub(crate) struct Typed {
    pub(crate) subject: String,
    /// The number of a patient's record.
    pub(crate) record: String,
    pub(crate) basis: String,
    pub(crate) reason: String,
    pub(crate) review_on: String,
}

#[derive(Template)]
#[template(path = "rights/holds.html")]
pub(crate) struct HoldsPage {
    pub(crate) frame: Frame,
    pub(crate) holds: Vec<HoldView>,
    pub(crate) people: Vec<Subject>,
    pub(crate) typed: Typed,
    /// Between which days a hold may be reviewed, as `2026-11-28`.
    pub(crate) days: (String, String),
    pub(crate) error: Option<String>,
}

impl HoldsPage {
    fn bases(&self) -> [Basis; 3] {
        Basis::ALL
    }

    fn is_basis(&self, basis: &Basis) -> bool {
        self.typed.basis == basis.code()
    }

    fn is_subject(&self, person: &Subject) -> bool {
        self.typed.subject == person.user_id.to_string()
    }
}

async fn page(app: &App, who: &Member) -> Result<HoldsPage, Answer> {
    let (holds, people) = rights::holds(app, &who.session).await?;
    let today = app.now().to_offset(sigilo_domain::BRASILIA).date();
    let later = |days| (today + time::Duration::days(days)).to_string();
    Ok(HoldsPage {
        frame: Frame::inside("Guarda legal", Section::Compliance, &who.viewer),
        holds: holds.into_iter().map(|hold| HoldView::new(hold, today)).collect(),
        people,
        typed: Typed { review_on: later(180), ..Typed::default() },
        days: (later(1), later(366)),
        error: None,
    })
}

pub(super) async fn list(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    Ok(layout::html(page(&app, &who).await?))
}

pub(super) async fn place(State(app): State<App>, who: Member, fields: Fields) -> Result<Response, Answer> {
    let typed = Typed {
        subject: fields.text("titular").to_owned(),
        record: fields.text("prontuario").to_owned(),
        basis: fields.text("fundamento").to_owned(),
        reason: fields.text("motivo").to_owned(),
        review_on: fields.text("revisao").to_owned(),
    };
    let subject = typed.subject.parse().ok();
    let day = Date::parse(&typed.review_on, format_description!("[year]-[month]-[day]")).ok();
    let placed = if typed.record.is_empty() {
        rights::place_hold(&app, &who.session, subject, &typed.basis, &typed.reason, day).await
    } else if typed.subject.is_empty() {
        rights::place_patient_hold(&app, &who.session, &typed.record, &typed.basis, &typed.reason, day).await
    } else {
        Err(Error::Conflict("Escolha uma pessoa da clínica ou escreva o número de um prontuário, não os dois."))
    };
    match placed {
        Ok(()) => Ok(Redirect::to(super::HOLDS).into_response()),
        Err(error) => again(&app, &who, typed, error).await,
    }
}

pub(super) async fn release(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    match rights::release_hold(&app, &who.session, Answer::identifier(&id)?, fields.text("motivo_fim")).await {
        Ok(()) => Ok(Redirect::to(super::HOLDS).into_response()),
        Err(error) => again(&app, &who, Typed::default(), error).await,
    }
}

async fn again(app: &App, who: &Member, typed: Typed, error: Error) -> Result<Response, Answer> {
    let (status, sentence): (StatusCode, String) = Answer::on_page(error)?;
    let page = HoldsPage { typed, error: Some(sentence), ..page(app, who).await? };
    Ok((status, layout::html(page)).into_response())
}
