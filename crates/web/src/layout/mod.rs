//! The frame around every page.

mod icons;

use askama::Template;
use askama_web::WebTemplate;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sigilo_domain::Role;
use sigilo_features::session::Viewer;

use crate::format;
use crate::shell::TrustedTypes;

pub(crate) use crate::assets::url as asset;
pub(crate) use icons::icon;

/// What the frame shows besides the page's own content.
pub(crate) struct Frame {
    pub(crate) title: String,
    pub(crate) demo: bool,
    pub(crate) section: Section,
    pub(crate) person: Option<Person>,
}

/// The entry of the navigation that is marked as current.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    None,
    Conversations,
    Agenda,
    Patients,
    Clinic,
    Governance,
    Audit,
    Compliance,
    Manual,
    Account,
}

/// Who is signed in.
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) initials: String,
    pub(crate) roles: String,
    pub(crate) clinic: String,
    pub(crate) professional: bool,
    /// Works with patients.
    pub(crate) sees_patients: bool,
    /// Decides on the clinic's people, services, rooms and hours.
    pub(crate) runs_clinic: bool,
    /// Uses the assistant or answers for it.
    pub(crate) governs: bool,
    /// Answers for the clinic or its data.
    pub(crate) answers_for: bool,
    /// Audits, or lets others audit.
    pub(crate) audits: bool,
    /// Nothing left to fill in, so the navigation leads somewhere.
    pub(crate) ready: bool,
}

impl Frame {
    /// A page outside any session.
    pub(crate) fn entry(title: impl Into<String>, demo: bool) -> Self {
        Frame { title: title.into(), demo, section: Section::None, person: None }
    }

    /// A page of someone signed in.
    pub(crate) fn inside(title: impl Into<String>, section: Section, viewer: &Viewer) -> Self {
        let roles: Vec<&str> = viewer.roles.iter().map(|role| role.label()).collect();
        let person = Person {
            name: viewer.display_name.clone(),
            initials: format::initials(&viewer.display_name),
            roles: roles.join(", "),
            clinic: viewer.clinic_name.clone(),
            professional: viewer.has(Role::Professional),
            sees_patients: viewer.sees_patients(),
            runs_clinic: viewer.runs_clinic(),
            governs: [Role::Professional, Role::Owner, Role::Dpo, Role::Auditor]
                .into_iter()
                .any(|role| viewer.has(role)),
            answers_for: viewer.answers_for_clinic(),
            audits: viewer.audits(),
            ready: viewer.home() != crate::onboarding::PATH,
        };
        Frame { title: title.into(), demo: viewer.demo, section, person: Some(person) }
    }

    fn is(&self, section: Section) -> bool {
        self.section == section
    }

    /// Whether the navigation marks the conversations.
    pub(crate) fn in_conversations(&self) -> bool {
        self.is(Section::Conversations)
    }

    /// Whether the navigation marks the agenda.
    pub(crate) fn in_agenda(&self) -> bool {
        self.is(Section::Agenda)
    }

    /// Whether the navigation marks the patients.
    pub(crate) fn in_patients(&self) -> bool {
        self.is(Section::Patients)
    }

    /// Whether the navigation marks the clinic's catalogue.
    pub(crate) fn in_clinic(&self) -> bool {
        self.is(Section::Clinic)
    }

    /// Whether the navigation marks the assistant's governance.
    pub(crate) fn in_governance(&self) -> bool {
        self.is(Section::Governance)
    }

    /// Whether the navigation marks the manual.
    pub(crate) fn in_manual(&self) -> bool {
        self.is(Section::Manual)
    }

    /// Whether the navigation marks the requests.
    pub(crate) fn in_compliance(&self) -> bool {
        self.is(Section::Compliance)
    }

    /// Whether the navigation marks the audit console.
    pub(crate) fn in_audit(&self) -> bool {
        self.is(Section::Audit)
    }

    /// Whether the navigation marks the account.
    pub(crate) fn in_account(&self) -> bool {
        self.is(Section::Account)
    }
}

/// A page or fragment, with status 200.
pub(crate) fn html(template: impl Template) -> Response {
    WebTemplate(template).into_response()
}

/// A page that runs without htmx and so can forbid all scripted markup.
pub(crate) fn strict(status: StatusCode, template: impl Template) -> Response {
    let mut response = (status, WebTemplate(template)).into_response();
    response.extensions_mut().insert(TrustedTypes);
    response
}
