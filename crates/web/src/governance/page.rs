//! The page, and the doctor's switch on it.

use askama::Template;
use axum::extract::State;
use axum::response::{Redirect, Response};
use sigilo_domain::Role;
use sigilo_features::answer::{self, ModelCard};
use sigilo_features::{App, Error, FieldError, governance};
use uuid::Uuid;

use super::evaluation::EvaluationView;
use super::figures::{Month, Version, versions};
use crate::body::Fields;
use crate::errors::Answer;
use crate::layout::{self, Frame, Section};
use crate::visitor::{Member, Professional};

/// Where the licence of the local engine's table is.
const LICENCE: &str = "https://creativecommons.org/licenses/by/4.0/deed.pt-br";

#[derive(Template)]
#[template(path = "governance/page.html")]
pub(crate) struct Page {
    pub(crate) frame: Frame,
    pub(crate) card: ModelCard,
    /// The doctor's switch; none for whoever has no conversations.
    pub(crate) enabled: Option<bool>,
    pub(crate) months: Vec<Month>,
    pub(crate) versions: Vec<Version>,
    pub(crate) evaluations: Vec<EvaluationView>,
}

impl Page {
    fn local(&self) -> bool {
        self.card.provider == answer::LOCAL
    }

    /// Who answers, in words.
    fn provider(&self) -> &'static str {
        match self.card.provider {
            "anthropic" => "API da Anthropic",
            "openai" => "Servidor compatível com a API da OpenAI",
            _ => "Motor de conhecimento local, sem modelo de IA",
        }
    }

    fn temperature(&self) -> String {
        match self.card.temperature {
            Some(value) => value.to_string().replace('.', ","),
            None => format!("não se aplica: {}", self.card.temperature_reason),
        }
    }

    fn licence(&self) -> &'static str {
        LICENCE
    }

    /// Nothing to show besides the newest month.
    fn older(&self) -> &[Month] {
        self.months.get(1..).unwrap_or_default()
    }
}

pub(super) async fn show(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    let found = governance::open(&app, &who.session).await?;
    let enabled =
        if who.viewer.has(Role::Professional) { Some(answer::is_enabled(&app, &who.session).await?) } else { None };
    let card = answer::card(&app);
    Ok(layout::html(Page {
        frame: Frame::inside("IA: governança", Section::Governance, &who.viewer),
        months: Month::all(&found.figures, &card.model),
        versions: versions(&found.figures),
        evaluations: found.evaluations.iter().map(EvaluationView::from).collect(),
        card,
        enabled,
    }))
}

pub(super) async fn switch(State(app): State<App>, who: Professional, fields: Fields) -> Result<Redirect, Answer> {
    let enabled = match fields.text("ligado") {
        "sim" => true,
        "nao" => false,
        _ => {
            let message = "Escolha ligar ou desligar o assistente.";
            return Err(Error::Invalid(vec![FieldError::new("ligado", message)]).into());
        }
    };
    answer::switch(&app, &who.session, enabled).await?;
    match fields.text("conversa").parse::<Uuid>() {
        Ok(conversation) => Ok(Redirect::to(&format!("/conversas/{conversation}"))),
        Err(_) => Ok(Redirect::to(super::PATH)),
    }
}
