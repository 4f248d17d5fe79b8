//! A patient's record.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use sigilo_features::App;
use sigilo_features::appointment::{self, Status, VisitRow};
use sigilo_features::patient::{self, Field, INACTIVE, RACES, Record, SEXES, WITHOUT_DOCUMENT};
use uuid::Uuid;

use crate::appointment::words;
use crate::body::Fields;
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

/// One line of the record.
struct Line {
    label: &'static str,
    value: String,
}

#[derive(Template)]
#[template(path = "patient/record.html")]
pub(crate) struct RecordPage {
    pub(crate) frame: Frame,
    pub(crate) record: Record,
    /// Latest first, fifty at most.
    pub(crate) visits: Vec<VisitRow>,
    pub(crate) error: Option<String>,
}

/// What is left of a record whose patient was eliminated.
#[derive(Template)]
#[template(path = "patient/gone.html")]
pub(crate) struct GonePage {
    pub(crate) frame: Frame,
    pub(crate) number: i64,
    pub(crate) at: String,
    pub(crate) id: Uuid,
    /// Whether it is signed.
    pub(crate) receipt: bool,
}

impl RecordPage {
    /// Whether the reader may ask that the registration goes.
    fn may_eliminate(&self) -> bool {
        self.frame.person.as_ref().is_some_and(|person| person.answers_for)
    }

    fn groups(&self) -> Vec<(&'static str, Vec<Line>)> {
        let group = |title, fields: &[Field]| {
            let lines: Vec<Line> = fields.iter().filter_map(|field| self.line(*field)).collect();
            (title, lines)
        };
        let mut groups = vec![
            group(
                "Identificação",
                &[
                    Field::FullName,
                    Field::SocialName,
                    Field::BirthDate,
                    Field::Sex,
                    Field::RaceColor,
                    Field::MotherName,
                ],
            ),
            group("Documentos", &[Field::Cpf, Field::Cns, Field::Rg]),
            group("Contato", &[Field::PhonePrimary, Field::PhoneSecondary, Field::Email, Field::Address]),
            group("Responsável", &[Field::GuardianName, Field::GuardianRelation, Field::GuardianDocument]),
        ];
        if let (Some(code), Some((_, lines))) = (self.record.document.without_document, groups.get_mut(1)) {
            lines.push(Line { label: "Sem CPF e sem CNS", value: word(&WITHOUT_DOCUMENT, code) });
        }
        groups.retain(|(_, lines)| !lines.is_empty());
        groups
    }

    fn line(&self, field: Field) -> Option<Line> {
        let value = self.record.document.get(field)?;
        let value = match field {
            Field::BirthDate => match self.record.age {
                Some(age) => format!("{} ({})", format::day_of(value), format::counted(age.into(), "ano")),
                None => format::day_of(value),
            },
            Field::Sex => word(&SEXES, value),
            Field::RaceColor => word(&RACES, value),
            Field::Cpf => format::cpf(value),
            Field::PhonePrimary | Field::PhoneSecondary => format::phone(value),
            _ => value.to_owned(),
        };
        Some(Line { label: field.label(), value })
    }

    fn when(&self, visit: &VisitRow) -> String {
        words::whole_moment(visit.starts)
    }

    /// The style and the words of how it stands.
    fn standing(&self, visit: &VisitRow) -> Option<(&'static str, &'static str)> {
        Status::from_code(&visit.status).map(|status| (words::tag(status), status.label()))
    }

    fn years(&self) -> Option<String> {
        self.record.age.map(|age| format::counted(age.into(), "ano"))
    }

    fn since(&self) -> String {
        let by = self.record.registered_by.as_deref().unwrap_or("–");
        format!("Cadastro de {}, por {by}", format::day(&self.record.created_at))
    }

    fn changed(&self) -> Option<String> {
        (self.record.version > 1).then(|| format!("última mudança em {}", format::moment(&self.record.updated_at)))
    }

    fn inactive(&self) -> Option<String> {
        self.record.inactive.as_deref().map(|code| word(&INACTIVE, code))
    }

    fn reasons(&self) -> &'static [(&'static str, &'static str)] {
        &INACTIVE
    }
}

fn word(of: &[(&'static str, &'static str)], code: &str) -> String {
    of.iter().find(|(known, _)| *known == code).map_or(code, |(_, word)| *word).to_owned()
}

async fn page(app: &App, who: &Member, id: &str) -> Result<RecordPage, Answer> {
    let record = patient::open(app, &who.session, Answer::identifier(id)?).await?;
    let visits = appointment::visits(app, &who.session, record.id).await?;
    let frame = Frame::inside(format!("Prontuário nº {}", record.number), Section::Patients, &who.viewer);
    Ok(RecordPage { frame, record, visits, error: None })
}

/// The record, or what is left of it.
fn shown(page: RecordPage) -> Response {
    match page.record.gone {
        Some(gone) => {
            let (number, at) = (page.record.number, format::day(&gone.at));
            layout::html(GonePage { frame: page.frame, number, at, id: page.record.id, receipt: gone.receipt })
        }
        None => layout::html(page),
    }
}

pub(super) async fn show(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    Ok(shown(page(&app, &who, &id).await?))
}

pub(super) async fn activate(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let of = Answer::identifier(&id)?;
    let reason = fields.has("motivo").then(|| fields.text("motivo"));
    match patient::activate(&app, &who.session, of, fields.version(), reason).await {
        Ok(()) => Ok(Redirect::to(&format!("{}/{of}", super::PATH)).into_response()),
        Err(error) => {
            let (status, sentence) = Answer::on_page(error)?;
            let page = RecordPage { error: Some(sentence), ..page(&app, &who, &id).await? };
            Ok((status, shown(page)).into_response())
        }
    }
}
