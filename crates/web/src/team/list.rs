//! Everybody of the clinic, and the form that asks somebody in.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use sigilo_domain::Role;
use sigilo_features::team::{self, Member};
use sigilo_features::{App, Error, FieldError};

use super::invited::InvitedPage;
use crate::body::Fields;
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::visitor;

#[derive(Template)]
#[template(path = "team/list.html")]
pub(crate) struct TeamPage {
    pub(crate) frame: Frame,
    pub(crate) members: Vec<Member>,
    /// Whether who looks answers for the clinic, and so may make others answer for it.
    pub(crate) is_owner: bool,
    pub(crate) name: String,
    pub(crate) chosen: Vec<String>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) refusal: Option<String>,
}

impl TeamPage {
    /// The roles that may be given: code, label, what it means.
    fn roles(&self) -> Vec<(&'static str, &'static str, &'static str)> {
        Role::ALL
            .into_iter()
            .filter(|role| self.is_owner || *role != Role::Owner)
            .map(|role| (role.code(), role.label(), about(role)))
            .collect()
    }

    fn labels(&self, member: &Member) -> String {
        let labels = member.roles.iter().filter_map(|code| Role::from_code(code)).map(Role::label);
        labels.collect::<Vec<_>>().join(", ")
    }

    fn has(&self, member: &Member, code: &str) -> bool {
        member.roles.iter().any(|role| role == code)
    }

    fn is_chosen(&self, code: &str) -> bool {
        self.chosen.iter().any(|role| role == code)
    }

    fn is_active(&self, member: &Member) -> bool {
        member.status == "active"
    }

    /// Whether who looks may change the member.
    fn may_change(&self, member: &Member) -> bool {
        !member.is_own && (self.is_owner || !self.has(member, Role::Owner.code()))
    }

    fn is_waiting(&self, member: &Member) -> bool {
        member.last_sign_in_at.is_none() && self.is_active(member)
    }

    fn since(&self, member: &Member) -> String {
        match (member.last_sign_in_at, member.invited_until) {
            (Some(at), _) => format!("último acesso em {}", format::moment(&at)),
            (None, Some(until)) => format!("convite válido até {}", format::moment(&until)),
            (None, None) => "nunca entrou; o convite venceu".to_owned(),
        }
    }

    fn error_of(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }
}

/// What a role may do, in one sentence.
fn about(role: Role) -> &'static str {
    match role {
        Role::Owner => "Responde pela clínica: equipe, cadastros, conformidade.",
        Role::Administrator => "Cuida de equipe, cadastros e agenda; não usa o assistente.",
        Role::Professional => "Atende: agenda, prontuários, assistente.",
        Role::Receptionist => "Agenda e cadastro de pacientes.",
        Role::Dpo => "Direitos dos titulares, incidentes, conformidade; não abre prontuários.",
        Role::Auditor => "Console de auditoria, por prazo autorizado.",
    }
}

async fn page(app: &App, who: &visitor::Member) -> Result<TeamPage, Answer> {
    let members = team::list(app, &who.session).await?;
    Ok(TeamPage {
        frame: Frame::inside("Equipe", Section::Clinic, &who.viewer),
        members,
        is_owner: who.viewer.has(Role::Owner),
        name: String::new(),
        chosen: Vec::new(),
        errors: Vec::new(),
        refusal: None,
    })
}

pub(super) async fn show(State(app): State<App>, who: visitor::Member) -> Result<Response, Answer> {
    Ok(layout::html(page(&app, &who).await?))
}

pub(super) async fn invite(
    State(app): State<App>,
    who: visitor::Member,
    mut fields: Fields,
) -> Result<Response, Answer> {
    let (name, chosen) = (fields.text("nome").trim().to_owned(), fields.take_all("funcao"));
    match team::invite(&app, &who.session, &name, &chosen).await {
        Ok(token) => Ok(invited(&app, &who, name, token.expose())),
        Err(error) => refused(&app, &who, error, name, chosen).await,
    }
}

pub(super) async fn renew(
    State(app): State<App>,
    who: visitor::Member,
    Path(id): Path<String>,
) -> Result<Response, Answer> {
    match team::renew(&app, &who.session, Answer::identifier(&id)?).await {
        Ok(token) => Ok(invited(&app, &who, String::new(), token.expose())),
        Err(error) => refused(&app, &who, error, String::new(), Vec::new()).await,
    }
}

fn invited(app: &App, who: &visitor::Member, name: String, token: &str) -> Response {
    let link = format!("{}/entrar/link/{token}", app.settings().origin.origin().ascii_serialization());
    let frame = Frame::inside("Convite pronto", Section::Clinic, &who.viewer);
    layout::html(InvitedPage { frame, name, link })
}

pub(super) async fn change(
    State(app): State<App>,
    who: visitor::Member,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Result<Response, Answer> {
    let chosen = fields.take_all("funcao");
    match team::change(&app, &who.session, Answer::identifier(&id)?, &chosen).await {
        Ok(()) => Ok(Redirect::to(super::PATH).into_response()),
        Err(error) => refused(&app, &who, error, String::new(), Vec::new()).await,
    }
}

pub(super) async fn activate(
    State(app): State<App>,
    who: visitor::Member,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let is_active = fields.text("situacao") == "active";
    match team::activate(&app, &who.session, Answer::identifier(&id)?, is_active).await {
        Ok(()) => Ok(Redirect::to(super::PATH).into_response()),
        Err(error) => refused(&app, &who, error, String::new(), Vec::new()).await,
    }
}

/// The page once more, with what was typed and what is wrong.
async fn refused(
    app: &App,
    who: &visitor::Member,
    error: Error,
    name: String,
    chosen: Vec<String>,
) -> Result<Response, Answer> {
    let errors = if let Error::Invalid(errors) = &error { errors.clone() } else { Vec::new() };
    let (status, sentence) = Answer::on_page(error)?;
    let page = TeamPage { refusal: Some(sentence), errors, name, chosen, ..page(app, who).await? };
    Ok((status, layout::html(page)).into_response())
}
