//! Showing the member's area.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sigilo_domain::{Role, SubjectRight};
use sigilo_features::consent::{self, ConsentState};
use sigilo_features::factor::{self, Factor, FactorKind};
use sigilo_features::onboarding::{self, State as Profile};
use sigilo_features::rights::Sighting;
use sigilo_features::session::{self, Access, SessionSummary, Viewer};
use sigilo_features::{App, Session, rights};
use uuid::Uuid;

use super::words;
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::rights::OwnRequest;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "account/page.html")]
pub(crate) struct Page {
    pub(crate) frame: Frame,
    /// Why the last act was refused.
    pub(crate) error: Option<String>,
    /// None for members who are not health professionals.
    pub(crate) profile: Option<Profile>,
    pub(crate) consents: Vec<ConsentState>,
    pub(crate) requests: Vec<OwnRequest>,
    pub(crate) sightings: Vec<SightingRow>,
    pub(crate) factors: Vec<FactorRow>,
    pub(crate) recovery_left: u32,
    pub(crate) sessions: Vec<SessionRow>,
    pub(crate) accesses: Vec<AccessRow>,
    pub(crate) dpo_contact: Option<String>,
    pub(crate) version: &'static str,
}

impl Page {
    /// The rights that are asked for with a form; the account is deleted on a page of its own.
    fn rights(&self) -> impl Iterator<Item = SubjectRight> {
        SubjectRight::ALL.into_iter().filter(|right| *right != SubjectRight::Deletion)
    }

    fn has_app(&self) -> bool {
        self.factors.iter().any(|factor| factor.app)
    }

    fn other_sessions(&self) -> bool {
        self.sessions.iter().any(|session| !session.current)
    }
}

/// Who saw something of the member, in words.
pub(crate) struct SightingRow {
    pub(crate) when: String,
    pub(crate) who: String,
    pub(crate) what: &'static str,
}

impl From<Sighting> for SightingRow {
    fn from(one: Sighting) -> Self {
        SightingRow {
            when: one.seen_at.map_or_else(|| "–".to_owned(), |at| format::moment(&at)),
            who: one.who.unwrap_or_else(|| "Pessoa que já saiu da clínica".to_owned()),
            what: match (one.what.as_deref(), one.unmasked) {
                (Some("request"), _) => "abriu um pedido seu para atendê-lo",
                (_, Some(true)) => "consulta de auditoria, com dados pessoais à mostra",
                _ => "consulta de auditoria, com dados pessoais ocultos",
            },
        }
    }
}

pub(crate) struct FactorRow {
    pub(crate) id: Uuid,
    pub(crate) app: bool,
    pub(crate) label: String,
    pub(crate) created: String,
    pub(crate) used: Option<String>,
}

impl From<Factor> for FactorRow {
    fn from(factor: Factor) -> Self {
        let app = match factor.kind {
            FactorKind::Totp => true,
            FactorKind::Passkey => false,
        };
        FactorRow {
            id: factor.id,
            app,
            label: if factor.label.is_empty() { "Chave de acesso".to_owned() } else { factor.label },
            created: format::day(&factor.created_at),
            used: factor.last_used_at.map(|at| format::moment(&at)),
        }
    }
}

pub(crate) struct SessionRow {
    pub(crate) id: Uuid,
    pub(crate) current: bool,
    pub(crate) locked: bool,
    pub(crate) device: String,
    pub(crate) method: String,
    pub(crate) ip: String,
    pub(crate) since: String,
    pub(crate) seen: String,
}

impl From<SessionSummary> for SessionRow {
    fn from(one: SessionSummary) -> Self {
        SessionRow {
            id: one.id,
            current: one.current,
            locked: one.locked,
            device: format::device(&one.user_agent),
            method: words::method(&one.method),
            ip: one.ip,
            since: format::moment(&one.created_at),
            seen: format::moment(&one.last_seen_at),
        }
    }
}

pub(crate) struct AccessRow {
    pub(crate) when: String,
    pub(crate) what: String,
    pub(crate) why: Option<String>,
    pub(crate) success: bool,
    pub(crate) ip: String,
    pub(crate) device: String,
    pub(crate) duration: Option<String>,
}

impl From<Access> for AccessRow {
    fn from(one: Access) -> Self {
        AccessRow {
            when: format::moment(&one.created_at),
            what: words::action(&one.action).to_owned(),
            why: one.failure_reason.as_deref().map(|reason| words::reason(reason).to_owned()),
            success: one.success,
            ip: one.ip.unwrap_or_else(|| "–".to_owned()),
            device: format::device(one.user_agent.as_deref().unwrap_or_default()),
            duration: one.session_duration_seconds.map(format::duration),
        }
    }
}

pub(super) async fn show(State(app): State<App>, who: Visitor) -> Result<Response, Answer> {
    Ok(layout::html(load(&app, &who.session, &who.viewer, None).await?))
}

/// The page again, with the reason of a refusal on top.
pub(crate) async fn refused(app: &App, who: &Visitor, error: sigilo_features::Error) -> Result<Response, Answer> {
    let answer = Answer::from(error);
    if answer.status == StatusCode::UNAUTHORIZED || answer.status.is_server_error() {
        return Err(answer);
    }
    let page = load(app, &who.session, &who.viewer, Some(answer.detail)).await?;
    Ok((answer.status, layout::html(page)).into_response())
}

async fn load(app: &App, session: &Session, viewer: &Viewer, error: Option<String>) -> Result<Page, Answer> {
    let (profile, consents) = if viewer.has(Role::Professional) {
        (Some(onboarding::state(app, session).await?), consent::list(app, session).await?)
    } else {
        (None, Vec::new())
    };
    let factors = factor::list(app, session).await?;
    let requests = rights::own(app, session).await?;
    let sightings = rights::who_saw_me(app, session).await?;
    let sessions = session::list(app, session).await?;
    let accesses = session::recent_access(app, session).await?;
    Ok(Page {
        frame: Frame::inside("Área de Membros", Section::Account, viewer),
        error,
        profile,
        consents,
        requests: requests.into_iter().map(|request| OwnRequest::new(request, app.now())).collect(),
        sightings: sightings.into_iter().map(SightingRow::from).collect(),
        recovery_left: factors.recovery_left,
        factors: factors.list.into_iter().map(FactorRow::from).collect(),
        sessions: sessions.into_iter().map(SessionRow::from).collect(),
        accesses: accesses.into_iter().map(AccessRow::from).collect(),
        dpo_contact: app.settings().dpo_contact.clone(),
        version: app.settings().version,
    })
}
