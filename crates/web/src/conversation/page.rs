//! Showing conversations.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use sigilo_domain::ConsentType;
use sigilo_features::conversation::{self, Summary};
use sigilo_features::session::Viewer;
use sigilo_features::{App, Error, Session, answer, message};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::answer::{Failure, View, shell};
use crate::body::Fields;
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::message::Shown;
use crate::visitor::Professional;

const UNANSWERED: &str = "A última mensagem ficou sem uma resposta completa.";

/// The list of conversations, in periods, newest first.
pub(crate) struct Sidebar {
    pub(crate) periods: Vec<(&'static str, Vec<Entry>)>,
    pub(crate) query: String,
}

/// One conversation in the list.
pub(crate) struct Entry {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) snippet: Option<String>,
    pub(crate) current: bool,
}

impl Sidebar {
    pub(crate) fn new(list: Vec<Summary>, current: Option<Uuid>, query: &str, now: &OffsetDateTime) -> Self {
        let mut periods: Vec<(&'static str, Vec<Entry>)> = Vec::new();
        for one in list {
            let period = if query.is_empty() { format::period(&one.updated_at, now) } else { "Resultados" };
            let entry = Entry { current: current == Some(one.id), id: one.id, title: one.title, snippet: one.snippet };
            match periods.last_mut() {
                Some((name, entries)) if *name == period => entries.push(entry),
                _ => periods.push((period, vec![entry])),
            }
        }
        Sidebar { periods, query: query.to_owned() }
    }

    fn found(&self) -> usize {
        self.periods.iter().map(|(_, entries)| entries.len()).sum()
    }

    /// What a screen reader hears after a search.
    pub(crate) fn announcement(&self) -> String {
        match (self.query.is_empty(), self.found()) {
            (true, _) => String::new(),
            (false, 0) => "Nenhuma conversa encontrada.".to_owned(),
            (false, 1) => "1 conversa encontrada.".to_owned(),
            (false, found) => format!("{found} conversas encontradas."),
        }
    }
}

/// The page of conversations, one of them open or none.
#[derive(Template)]
#[template(path = "conversation/page.html")]
pub(crate) struct Conversations {
    pub(crate) frame: Frame,
    pub(crate) list: Sidebar,
    pub(crate) open: Option<Open>,
}

/// The conversation in the middle.
pub(crate) struct Open {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) messages: Vec<Shown>,
    /// Answers that are being written.
    pub(crate) running: Vec<View>,
    /// A question that has no whole answer.
    pub(crate) failure: Option<Failure>,
    /// Whether the doctor has the assistant switched on.
    pub(crate) assistant: bool,
    /// Whether the consent to processing by artificial intelligence is live.
    pub(crate) may_write: bool,
    /// Whether the consent to processing of images is live.
    pub(crate) may_attach: bool,
    /// Whether the model reads images.
    pub(crate) sees_images: bool,
    pub(crate) max_bytes: usize,
}

#[derive(Template)]
#[template(path = "conversation/list.html")]
pub(crate) struct ListFragment {
    pub(crate) list: Sidebar,
}

pub(super) async fn index(State(app): State<App>, who: Professional) -> Result<Response, Answer> {
    render(&app, &who.session, &who.viewer, None, "").await
}

pub(super) async fn open(
    State(app): State<App>,
    who: Professional,
    Path(id): Path<String>,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    render(&app, &who.session, &who.viewer, Some(id), "").await
}

/// By POST, so that what is searched for never enters an address or a log of addresses.
pub(super) async fn search(
    State(app): State<App>,
    who: Professional,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Answer> {
    let query = fields.text("q");
    if !headers.contains_key("hx-request") {
        return render(&app, &who.session, &who.viewer, None, query).await;
    }
    let current = fields.text("aberta").parse().ok();
    Ok(layout::html(ListFragment { list: sidebar(&app, &who.session, current, query).await? }))
}

/// The list as it is now; `query` narrows it.
pub(crate) async fn sidebar(
    app: &App,
    session: &Session,
    current: Option<Uuid>,
    query: &str,
) -> Result<Sidebar, Error> {
    let list = if query.is_empty() {
        conversation::list(app, session).await?
    } else {
        conversation::search(app, session, query).await?
    };
    Ok(Sidebar::new(list, current, query, &app.now()))
}

async fn render(
    app: &App,
    session: &Session,
    viewer: &Viewer,
    id: Option<Uuid>,
    query: &str,
) -> Result<Response, Answer> {
    let open = match id {
        Some(id) => {
            let found = conversation::open(app, session, id).await?;
            if found.deleted {
                return Err(Answer::not_found());
            }
            let may_write = viewer.consents.contains(&ConsentType::AiProcessing);
            let unanswered = found.unanswered.filter(|_| may_write);
            Some(Open {
                id: found.id,
                title: found.title,
                messages: found.messages.into_iter().map(|message| Shown::new(message, id)).collect(),
                running: found.running.iter().map(|(answer, question)| shell(app, *answer, id, *question)).collect(),
                failure: unanswered.map(|question| Failure::unanswered(id, question, UNANSWERED)),
                assistant: found.assistant_enabled,
                may_write,
                may_attach: viewer.consents.contains(&ConsentType::ImageProcessing),
                sees_images: answer::card(app).images,
                max_bytes: message::MAX_TEXT_BYTES,
            })
        }
        None => None,
    };
    let title = open.as_ref().map_or_else(|| "Conversas".to_owned(), |open| open.title.clone());
    let list = sidebar(app, session, id, query).await?;
    Ok(layout::html(Conversations { frame: Frame::inside(title, Section::Conversations, viewer), list, open }))
}
