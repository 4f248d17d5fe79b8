//! Whether the consent of a printed code holds: for anybody, without an account, and nothing about whom or where.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sigilo_features::App;
use sigilo_features::consent::{self, Checked};

use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame};
use crate::visitor::Caller;

/// What the page says.
pub(crate) struct Shape {
    pub(crate) checked: Checked,
}

impl Shape {
    fn standing(&self) -> (&'static str, &'static str) {
        match self.checked.status.as_str() {
            "granted" => ("alert-note-ok", "Este consentimento existe e está em vigor."),
            "expired" => ("", "Este consentimento existe, mas o prazo acabou."),
            "renewed" => ("", "Este consentimento existe, mas outro, mais novo, tomou o lugar dele."),
            _ => ("alert-note-bad", "Este consentimento existe, mas foi revogado."),
        }
    }

    fn given(&self) -> String {
        format::moment(&self.checked.given_at)
    }

    fn ended(&self) -> Option<String> {
        self.checked.ended_at.as_ref().map(format::moment)
    }

    fn until(&self) -> Option<String> {
        self.checked.expires_at.as_ref().filter(|_| self.checked.ended_at.is_none()).map(format::day)
    }

    fn own(&self) -> Option<&'static str> {
        Some(match self.checked.signed_as.as_deref()? {
            "drawn" => "desenhada",
            "icp_brasil" => "com certificado ICP-Brasil",
            _ => "em papel",
        })
    }
}

#[derive(Template)]
#[template(path = "consent/check.html")]
pub(crate) struct CheckPage {
    pub(crate) frame: Frame,
    pub(crate) found: Option<Shape>,
}

pub(super) async fn show(
    State(app): State<App>,
    Caller(client): Caller,
    Path(code): Path<String>,
) -> Result<Response, Answer> {
    let found = consent::check(&app, &client, &code).await?.map(|checked| Shape { checked });
    let status = if found.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let page = CheckPage { frame: Frame::entry("Conferir um consentimento", app.settings().demo), found };
    let mut response = (status, layout::html(page)).into_response();
    let robots = HeaderName::from_static("x-robots-tag");
    response.headers_mut().insert(robots, HeaderValue::from_static("noindex, nofollow, noarchive"));
    Ok(response)
}
