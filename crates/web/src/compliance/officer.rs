//! The public page about the data-protection officer (LGPD art. 41, § 1) and the rights of art. 18.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sigilo_domain::SubjectRight;
use sigilo_features::App;

use crate::layout::{self, Frame};

#[derive(Template)]
#[template(path = "compliance/officer.html")]
pub(crate) struct OfficerPage {
    pub(crate) frame: Frame,
    pub(crate) contact: Option<String>,
}

impl OfficerPage {
    /// The contact, where it is nothing but an address of e-mail.
    fn address(&self) -> Option<&str> {
        let contact = self.contact.as_deref()?.trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || "@.-_+".contains(c);
        (contact.matches('@').count() == 1 && contact.chars().all(plain)).then_some(contact)
    }

    fn rights(&self) -> [SubjectRight; 10] {
        SubjectRight::ALL
    }

    fn authority(&self) -> &'static str {
        "https://www.gov.br/anpd"
    }
}

pub(super) async fn show(State(app): State<App>) -> Response {
    let settings = app.settings();
    let frame = Frame::entry("Encarregado de dados", settings.demo);
    layout::strict(StatusCode::OK, OfficerPage { frame, contact: settings.dpo_contact.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bare_address_becomes_a_link() {
        let page = |contact: &str| OfficerPage { frame: Frame::entry("", false), contact: Some(contact.to_owned()) };
        assert_eq!(page(" dpo@clinica.example ").address(), Some("dpo@clinica.example"));
        for other in ["Breno Dias, dpo@clinica.example", "(11) 4000-0000", "dpo@x.example?bcc=a@b.example", "a@b@c"] {
            assert_eq!(page(other).address(), None, "{other}");
        }
    }
}
