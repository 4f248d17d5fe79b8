//! The desk: requests with their clocks, and what is done about each.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use sigilo_domain::SubjectRight;
use sigilo_features::rights::{self, Evidence, Opened, Plan, Request, Show, Step};
use sigilo_features::{App, Error};
use time::OffsetDateTime;
use uuid::Uuid;

use super::notice::{self, NoticeRow};
use super::words;
use crate::body::Fields;
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

/// One request in the list.
struct Row {
    id: Uuid,
    who: String,
    right: String,
    article: String,
    asked: String,
    until: String,
    status: (&'static str, &'static str),
    left: Option<(&'static str, String)>,
    /// Why it stands still.
    stall: Option<String>,
    /// Recipients that are still to be told.
    notices: Option<String>,
}

impl Row {
    fn new(request: &Request, now: OffsetDateTime) -> Row {
        let who = request.requester_name.clone().unwrap_or_default();
        Row {
            id: request.id,
            who: if who.is_empty() { "–".to_owned() } else { who },
            right: words::noun(&request.right_code).to_owned(),
            article: request.legal_article.clone(),
            asked: format::day(&request.requested_at),
            until: format::day(&request.alert_at),
            status: words::status(&request.status),
            left: words::left(request, now),
            stall: words::stall(request, now),
            notices: notice::open(request.notices_open.unwrap_or(0)),
        }
    }
}

#[derive(Template)]
#[template(path = "rights/list.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
    show: Show,
    right: Option<SubjectRight>,
    late: usize,
    soon: usize,
}

impl ListPage {
    fn shows(&self) -> [Show; 3] {
        Show::ALL
    }

    fn rights(&self) -> [SubjectRight; 10] {
        SubjectRight::ALL
    }

    fn is_shown(&self, show: &Show) -> bool {
        self.show == *show
    }

    fn is_right(&self, right: Option<&SubjectRight>) -> bool {
        self.right.as_ref() == right
    }

    /// Where another choice leads, the other one staying as it is.
    fn link(&self, show: &Show, right: Option<&SubjectRight>) -> String {
        let right = right.map(|right| format!("&direito={}", right.code())).unwrap_or_default();
        format!("{}?mostrar={}{right}", super::DESK, words::show(*show).0)
    }
}

#[derive(Template)]
#[template(path = "rights/request.html")]
struct RequestPage {
    frame: Frame,
    row: Row,
    request: Request,
    events: Vec<(String, String, String)>,
    plan: Option<Plan>,
    steps: Vec<Step>,
    notices: Vec<NoticeRow>,
    evidence: Option<Evidence>,
    own: bool,
    /// Whether the data must be kept for now.
    held: bool,
    error: Option<String>,
    /// What was typed and could not be kept.
    unsaved: String,
}

impl RequestPage {
    fn is_open(&self) -> bool {
        words::is_open(&self.request)
    }

    fn deletes(&self) -> bool {
        self.request.right_code == "deletion"
    }

    fn plan_is(&self, status: &str) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.status == status)
    }

    fn done(&self, step: &Step) -> Option<i64> {
        self.plan.as_ref()?.done[&step.table].as_i64()
    }
}

#[derive(Deserialize)]
pub(super) struct Shown {
    mostrar: Option<String>,
    direito: Option<String>,
}

pub(super) async fn list(State(app): State<App>, who: Member, Query(shown): Query<Shown>) -> Result<Response, Answer> {
    let asked = shown.mostrar.unwrap_or_default();
    let show = Show::ALL.into_iter().find(|show| words::show(*show).0 == asked).unwrap_or_default();
    let right = shown.direito.as_deref().and_then(SubjectRight::from_code);
    let now = app.now();
    let requests = rights::list(&app, &who.session, show, right).await?;
    let soon = requests.iter().filter(|request| words::is_soon(request, now)).count();
    let late = requests.iter().filter(|request| words::is_late(request, now)).count();
    let rows = requests.iter().map(|request| Row::new(request, now)).collect();
    let frame = Frame::inside("Pedidos de titulares", Section::Compliance, &who.viewer);
    Ok(layout::html(ListPage { frame, rows, show, right, late, soon }))
}

async fn page(app: &App, who: &Member, id: Uuid, error: Option<String>) -> Result<RequestPage, Answer> {
    let Opened { request, events, plan, notices, evidence, held, own } = rights::open(app, &who.session, id).await?;
    let row = Row::new(&request, app.now());
    let written_down = words::channel(&request.channel).is_some();
    let events = events
        .into_iter()
        .map(|event| {
            let actor = event.actor_name.unwrap_or_else(|| "Sigilo".to_owned());
            let what = match event.kind.as_str() {
                "created" if written_down => "Pedido registrado por quem o recebeu",
                kind => words::event(kind),
            };
            (format::moment(&event.created_at), what.to_owned(), actor)
        })
        .collect();
    let steps = plan.as_ref().map(Step::of).unwrap_or_default();
    let notices = notices.into_iter().map(|one| NoticeRow::new(one, &request.right_code)).collect();
    let frame = Frame::inside(row.right.clone(), Section::Compliance, &who.viewer);
    Ok(RequestPage {
        frame,
        row,
        request,
        events,
        plan,
        steps,
        notices,
        evidence,
        own,
        held,
        error,
        unsaved: String::new(),
    })
}

pub(super) async fn show(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    Ok(layout::html(page(&app, &who, Answer::identifier(&id)?, None).await?))
}

/// Back to the request, or its page with the reason of the refusal and what was typed, so that it is not lost.
pub(super) async fn then(
    app: &App,
    who: &Member,
    id: Uuid,
    done: Result<(), Error>,
    typed: &str,
) -> Result<Response, Answer> {
    let (status, sentence) = match done {
        Ok(()) => return Ok(Redirect::to(&format!("{}/{id}", super::DESK)).into_response()),
        Err(error) => Answer::on_page(error)?,
    };
    let page = RequestPage { unsaved: typed.to_owned(), ..page(app, who, id, Some(sentence)).await? };
    Ok((status, layout::html(page)).into_response())
}

pub(super) async fn take_up(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let done = rights::take_up(&app, &who.session, id, fields.version()).await;
    then(&app, &who, id, done, "").await
}

pub(super) async fn answer(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let note = fields.text("resposta");
    let done = rights::answer(&app, &who.session, id, fields.version(), note).await;
    then(&app, &who, id, done, note).await
}

pub(super) async fn refuse(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let (note, article) = (fields.text("motivo"), fields.text("artigo"));
    let done = rights::refuse(&app, &who.session, id, fields.version(), note, article).await;
    then(&app, &who, id, done, note).await
}

pub(super) async fn draft(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let done = rights::draft(&app, &who.session, id).await;
    then(&app, &who, id, done, "").await
}

pub(super) async fn approve(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let done = rights::approve(&app, &who.session, id).await;
    then(&app, &who, id, done, "").await
}

pub(super) async fn discard(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let done = rights::discard(&app, &who.session, id).await;
    then(&app, &who, id, done, "").await
}
