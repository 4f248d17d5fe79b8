//! Requests that came another way: written down at the desk, with what proves who asked.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sigilo_domain::SubjectRight;
use sigilo_domain::arrival::{CHANNELS, IDENTITY_CHECKS, REPRESENTATIONS};
use sigilo_features::rights::{self, Arrival, Subject};
use sigilo_features::{App, Error, FieldError};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::download::attachment;
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::upload::Document;
use crate::visitor::Member;

#[derive(Template)]
#[template(path = "rights/intake.html")]
struct IntakePage {
    frame: Frame,
    id: Uuid,
    people: Vec<Subject>,
    form: Arrival,
    received: String,
    today: String,
    oldest: String,
    errors: Vec<FieldError>,
    /// Why it cannot be kept at all.
    refusal: Option<&'static str>,
}

impl IntakePage {
    fn rights(&self) -> [SubjectRight; 10] {
        SubjectRight::ALL
    }

    fn is_subject(&self, person: &Subject) -> bool {
        self.form.subject == Some(person.user_id)
    }

    fn channels(&self) -> &'static [(&'static str, &'static str)] {
        &CHANNELS
    }

    fn identities(&self) -> &'static [(&'static str, &'static str)] {
        &IDENTITY_CHECKS
    }

    fn representations(&self) -> &'static [(&'static str, &'static str)] {
        &REPRESENTATIONS
    }

    fn error_of(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }
}

async fn page(app: &App, who: &Member, form: Arrival, received: String) -> Result<IntakePage, Answer> {
    let now = app.now();
    Ok(IntakePage {
        frame: Frame::inside("Registrar um pedido", Section::Compliance, &who.viewer),
        // A form that is shown again is still the same request.
        id: form.id.unwrap_or_else(Uuid::now_v7),
        people: rights::subjects(app, &who.session).await?,
        form,
        received,
        today: format::date(&now),
        oldest: format::date(&(now - time::Duration::days(rights::MAX_AGE_DAYS))),
        errors: Vec::new(),
        refusal: None,
    })
}

pub(super) async fn form(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    Ok(layout::html(page(&app, &who, Arrival::default(), String::new()).await?))
}

/// Kept: the link is shown this once.
#[derive(Template)]
#[template(path = "rights/registered.html")]
struct RegisteredPage {
    frame: Frame,
    id: Uuid,
    link: String,
}

/// The beginning of a day in Brasília, as a browser's field for dates gives it.
fn day(text: &str) -> Option<OffsetDateTime> {
    (text.len() == 10).then(|| OffsetDateTime::parse(&format!("{text}T00:00:00-03:00"), &Rfc3339).ok()).flatten()
}

pub(super) async fn register(State(app): State<App>, who: Member, sent: Document) -> Result<Response, Answer> {
    let Document { fields, file } = sent;
    let received = fields.text("recebido").to_owned();
    let text = |name: &str| fields.text(name).to_owned();
    let form = Arrival {
        id: fields.text("envio").parse().ok(),
        subject: fields.text("titular").parse().ok(),
        right: text("direito"),
        description: text("descricao"),
        channel: text("canal"),
        received_at: day(&received),
        identity: text("identidade"),
        representation: text("representacao"),
        representative: text("representante"),
        file,
    };
    let (status, errors, refusal) = match rights::register(&app, &who.session, &form).await {
        Ok(link) => {
            let origin = app.settings().origin.as_str().trim_end_matches('/').to_owned();
            let frame = Frame::inside("Pedido registrado", Section::Compliance, &who.viewer);
            let link = format!("{origin}/recibo/{}", link.expose());
            return Ok(layout::html(RegisteredPage { frame, id: form.id.unwrap_or_default(), link }));
        }
        Err(Error::Invalid(errors)) => (StatusCode::UNPROCESSABLE_ENTITY, errors, None),
        Err(Error::Conflict(sentence)) => (StatusCode::CONFLICT, Vec::new(), Some(sentence)),
        Err(other) => return Err(other.into()),
    };
    let page = IntakePage { errors, refusal, ..page(&app, &who, form, received).await? };
    Ok((status, layout::html(page)).into_response())
}

pub(super) async fn evidence(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let file = rights::evidence_file(&app, &who.session, id).await?;
    let ending = match file.kind.as_str() {
        "application/pdf" => "pdf",
        "image/jpeg" => "jpg",
        _ => "png",
    };
    let id = id.simple().to_string();
    let name = format!("prova-{}.{ending}", &id[id.len() - 8..]);
    Ok(attachment(&name, &file.kind, file.bytes.to_vec()))
}
