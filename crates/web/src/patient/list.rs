//! The patients that a search finds, or those registered last.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sigilo_features::App;
use sigilo_features::patient::{self, Brief, Found};

use crate::body::Fields;
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

/// A patient in a list.
pub(crate) struct BriefView {
    pub(crate) brief: Brief,
    pub(crate) born: String,
    pub(super) phone: Option<String>,
}

impl BriefView {
    pub(crate) fn new(brief: Brief) -> BriefView {
        let born = format::day_of(&brief.birth_date);
        BriefView {
            born: match brief.age {
                Some(age) => format!("{born} ({})", format::counted(age.into(), "ano")),
                None => born,
            },
            phone: brief.phone.as_deref().map(|phone| format::phone(phone)),
            brief,
        }
    }
}

/// What was found, in words.
pub(crate) struct FoundView {
    pub(crate) patients: Vec<BriefView>,
    searched: bool,
}

impl FoundView {
    pub(crate) fn new(found: Found) -> FoundView {
        FoundView { patients: found.patients.into_iter().map(BriefView::new).collect(), searched: found.searched }
    }

    fn announcement(&self) -> String {
        match (self.searched, self.patients.len()) {
            (false, _) => String::new(),
            (true, 0) => "Nenhum paciente encontrado.".to_owned(),
            (true, 20) => "Mostrando os 20 mais parecidos.".to_owned(),
            (true, found) => {
                format!(
                    "{} encontrado{}.",
                    format::counted(found.try_into().unwrap_or(0), "paciente"),
                    if found == 1 { "" } else { "s" }
                )
            }
        }
    }
}

#[derive(Template)]
#[template(path = "patient/list.html")]
pub(crate) struct ListPage {
    pub(crate) frame: Frame,
    pub(crate) query: String,
    /// None where this installation cannot have patients.
    pub(crate) found: Option<FoundView>,
}

#[derive(Template)]
#[template(path = "patient/found.html")]
struct FoundFragment {
    found: FoundView,
}

pub(super) async fn show(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    page(&app, &who, "").await
}

/// A search is a POST, so that what is typed never stands in an address or a log.
pub(super) async fn search(
    State(app): State<App>,
    who: Member,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Answer> {
    let query = fields.text("q");
    if headers.contains_key("hx-request") {
        let found = FoundView::new(patient::search(&app, &who.session, query).await?);
        return Ok(layout::html(FoundFragment { found }));
    }
    page(&app, &who, query).await
}

async fn page(app: &App, who: &Member, query: &str) -> Result<Response, Answer> {
    let found = if patient::is_possible(app) {
        Some(FoundView::new(patient::search(app, &who.session, query).await?))
    } else {
        patient::admit(app, &who.session).await?;
        None
    };
    let frame = Frame::inside("Pacientes", Section::Patients, &who.viewer);
    Ok(layout::html(ListPage { frame, query: query.to_owned(), found }))
}
