//! Texts of consents on their way through review.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use sigilo_domain::consent::{CONSENT_TYPES, Purpose};
use sigilo_features::consent::LANGUAGE;
use sigilo_features::consent::text::{self, Change, Content, Piece, Step, Version, compare};
use sigilo_features::{App, Error, FieldError};
use uuid::Uuid;

use super::TEXTS;
use crate::body::Fields;
use crate::errors::Answer;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

/// Style and words of a state.
fn status(code: &str) -> (&'static str, &'static str) {
    match code {
        "draft" => ("tag-soft", "Rascunho"),
        "reviewed" => ("tag-warn", "Espera aprovação"),
        "approved" => ("tag-ok", "Em uso"),
        _ => ("tag-off", "Retirado"),
    }
}

#[derive(Template)]
#[template(path = "consent/texts.html")]
pub(crate) struct ListPage {
    pub(crate) frame: Frame,
    pub(crate) texts: Vec<Version>,
}

impl ListPage {
    fn kinds(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        CONSENT_TYPES.into_iter()
    }

    fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Version> {
        self.texts.iter().filter(move |text| text.consent_type == kind)
    }

    /// What a new version starts from.
    fn base<'a>(&'a self, kind: &'a str) -> Option<&'a Version> {
        self.of(kind).find(|text| text.status == "approved").or_else(|| self.of(kind).next())
    }
}

#[derive(Template)]
#[template(path = "consent/text.html")]
pub(crate) struct TextPage {
    pub(crate) frame: Frame,
    pub(crate) text: Version,
    /// The one in use, by version, and what would change.
    pub(crate) changes: Option<(String, Vec<Piece>)>,
    /// Whether the reader wrote or reviewed it, and so does not approve it.
    pub(crate) own: bool,
    pub(crate) notes: String,
    pub(crate) error: Option<String>,
}

impl TextPage {
    fn kind(&self) -> &'static str {
        CONSENT_TYPES.iter().find(|(code, _)| *code == self.text.consent_type).map_or("", |(_, label)| label)
    }

    fn purposes(&self) -> impl Iterator<Item = &'static str> {
        self.text.purposes.iter().filter_map(|code| Purpose::from_code(code)).map(Purpose::label)
    }

    fn is(&self, status: &str) -> bool {
        self.text.status == status
    }

    fn is_added(&self, piece: &Piece) -> bool {
        piece.change == Change::Added
    }

    fn is_removed(&self, piece: &Piece) -> bool {
        piece.change == Change::Removed
    }
}

#[derive(Template)]
#[template(path = "consent/text_form.html")]
pub(crate) struct FormPage {
    pub(crate) frame: Frame,
    /// The draft that is changed.
    pub(crate) id: Option<Uuid>,
    pub(crate) kind: &'static str,
    pub(crate) content: Content,
    pub(crate) months: String,
    pub(crate) errors: Vec<FieldError>,
}

impl FormPage {
    fn offered(&self) -> impl Iterator<Item = Purpose> {
        Purpose::of_type(&self.content.consent_type)
    }

    fn has(&self, purpose: &Purpose) -> bool {
        self.content.purposes.iter().any(|code| code == purpose.code())
    }

    fn categories(&self) -> String {
        self.content.data_categories.join(", ")
    }

    fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }
}

fn form(who: &Member, id: Option<Uuid>, content: Content, months: String, errors: Vec<FieldError>) -> FormPage {
    let kind = CONSENT_TYPES.iter().find(|(code, _)| *code == content.consent_type).map_or("", |(_, label)| label);
    let title = if id.is_some() { "Mudar o rascunho" } else { "Nova versão" };
    FormPage { frame: Frame::inside(title, Section::Compliance, &who.viewer), id, kind, content, months, errors }
}

pub(super) async fn list(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    let texts = text::list(&app, &who.session).await?;
    let frame = Frame::inside("Textos de consentimento", Section::Compliance, &who.viewer);
    Ok(layout::html(ListPage { frame, texts }))
}

#[derive(Deserialize)]
pub(super) struct From {
    /// The version that the new one starts from.
    de: Option<Uuid>,
    tipo: Option<String>,
}

pub(super) async fn new(State(app): State<App>, who: Member, Query(from): Query<From>) -> Result<Response, Answer> {
    // Also without a base, so that nobody writes who may not.
    let texts = text::list(&app, &who.session).await?;
    let base = from.de.and_then(|id| texts.into_iter().find(|text| text.id == id));
    let (id, content) = match base {
        Some(draft) if draft.status == "draft" => (Some(draft.id), content_of(draft)),
        Some(base) => (None, Content { version: next(&base.version), ..content_of(base) }),
        None => {
            let consent_type = from.tipo.filter(|kind| CONSENT_TYPES.iter().any(|(code, _)| code == kind));
            let consent_type = consent_type.ok_or_else(Answer::not_found)?;
            (None, Content { consent_type, version: "1.0".into(), language: LANGUAGE.into(), ..Content::default() })
        }
    };
    let months = content.valid_months.map(|months| months.to_string()).unwrap_or_default();
    Ok(layout::html(form(&who, id, content, months, Vec::new())))
}

fn content_of(text: Version) -> Content {
    Content {
        consent_type: text.consent_type,
        version: text.version,
        language: text.language,
        title: text.title,
        summary: text.summary,
        body: text.body,
        purpose: text.purpose,
        purposes: text.purposes,
        legal_basis: text.legal_basis,
        data_categories: text.data_categories,
        retention_justification: text.retention_justification,
        valid_months: text.valid_months,
    }
}

/// The version after one that ends with a number, as `1.2` after `1.1`.
fn next(version: &str) -> String {
    let (head, last) = version.rsplit_once('.').map_or(("", version), |(head, last)| (head, last));
    match (head, last.parse::<u32>()) {
        ("", Ok(_)) => format!("{version}.1"),
        (head, Ok(number)) => format!("{head}.{}", number + 1),
        _ => String::new(),
    }
}

pub(super) async fn write(State(app): State<App>, who: Member, mut fields: Fields) -> Result<Response, Answer> {
    let id = match fields.text("id") {
        "" => None,
        id => Some(Answer::identifier(id)?),
    };
    let text = |name: &str| fields.text(name).trim().replace("\r\n", "\n");
    let months = text("meses");
    let categories = text("categorias");
    let mut content = Content {
        consent_type: text("tipo"),
        version: text("versao"),
        language: LANGUAGE.into(),
        title: text("titulo"),
        summary: text("resumo"),
        body: text("texto"),
        purpose: text("finalidade"),
        purposes: Vec::new(),
        legal_basis: text("base"),
        data_categories: categories.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect(),
        retention_justification: text("guarda"),
        // What is no number is none that the check takes.
        valid_months: (!months.is_empty()).then(|| months.parse().unwrap_or(0)),
    };
    content.purposes = fields.take_all("finalidades");
    match text::write(&app, &who.session, id, &content).await {
        Ok(id) => Ok(Redirect::to(&format!("{TEXTS}/{id}")).into_response()),
        Err(error) => {
            let (status, errors) = match error {
                Error::Invalid(errors) => (StatusCode::UNPROCESSABLE_ENTITY, errors),
                Error::Conflict(sentence) => (StatusCode::CONFLICT, vec![FieldError::new("versao", sentence)]),
                other => return Err(other.into()),
            };
            Ok((status, layout::html(form(&who, id, content, months, errors))).into_response())
        }
    }
}

async fn page(app: &App, who: &Member, id: Uuid) -> Result<TextPage, Answer> {
    let (text, current) = text::open(app, &who.session, id).await?;
    let whole = |text: &Version| format!("{}\n\n{}\n\n{}", text.title, text.summary, text.body);
    let changes = current.filter(|_| text.status == "draft" || text.status == "reviewed");
    let changes = changes.map(|current| (current.version.clone(), compare(&whole(&current), &whole(&text))));
    let me = Some(who.viewer.user_id);
    let own = text.author_id == me || text.reviewed_by == me;
    let frame = Frame::inside(text.title.clone(), Section::Compliance, &who.viewer);
    Ok(TextPage { frame, text, changes, own, notes: String::new(), error: None })
}

pub(super) async fn open(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    Ok(layout::html(page(&app, &who, Answer::identifier(&id)?).await?))
}

pub(super) async fn advance(
    State(app): State<App>,
    who: Member,
    Path((id, step)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let step = Step::from_code(&step).ok_or_else(Answer::not_found)?;
    match text::advance(&app, &who.session, id, fields.text("estado"), step, fields.text("notas")).await {
        Ok(()) => Ok(Redirect::to(&format!("{TEXTS}/{id}")).into_response()),
        Err(error) => {
            let (status, sentence) = Answer::on_page(error)?;
            let notes = fields.text("notas").to_owned();
            let page = TextPage { notes, error: Some(sentence), ..page(&app, &who, id).await? };
            Ok((status, layout::html(page)).into_response())
        }
    }
}

#[test]
fn the_next_version_counts_its_last_number() {
    for (old, new) in [("1.0", "1.1"), ("2.9", "2.10"), ("3", "3.1"), ("2026-a", ""), ("1.x", "")] {
        assert_eq!(next(old), new);
    }
}
