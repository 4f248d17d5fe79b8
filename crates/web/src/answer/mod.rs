//! The assistant's answers: streamed into the conversation, shown as they stay, reviewed by the doctor.

mod act;
#[cfg(test)]
pub(crate) mod sample;
mod stream;
mod view;
mod words;

use askama::Template;
use axum::Router;
use axum::routing::{get, post};
use sigilo_features::{App, answer};
use uuid::Uuid;

use crate::Web;

#[cfg(test)]
pub(crate) use act::{RecordFragment, RecordPage};
pub(crate) use sigilo_features::answer::DISCLAIMER;
pub(crate) use view::View;
#[cfg(test)]
pub(crate) use view::{HypothesisView, ReferenceView};

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/conversas/{id}/respostas", post(act::start))
        .route("/conversas/{id}/respostas/{resposta}/fluxo", get(stream::follow))
        .route("/respostas/{id}/parar", post(act::stop))
        .route("/respostas/{id}/aviso", post(act::disclaimer))
        .route("/respostas/{id}/revisao", post(act::review))
        .route("/respostas/{id}/desfecho", post(act::outcome))
        .route("/respostas/{id}/referencias/{n}/verificar", post(act::verify))
        .route("/respostas/{id}/registro", post(act::record))
}

/// The place of an answer that is about to be written.
pub(crate) fn shell(app: &App, answer: Uuid, conversation: Uuid, question: Uuid) -> View {
    View::running(answer, conversation, question, &answer::card(app))
}

/// Why there is no whole answer, with the means to ask again.
pub(crate) struct Failure {
    /// Of the answer, or of the question where there is no answer at all.
    pub(crate) id: Uuid,
    pub(crate) sentence: String,
    /// Conversation and question.
    pub(crate) retry: Option<(Uuid, Uuid)>,
    /// Without the messages before it.
    pub(crate) alone: bool,
    pub(crate) button: &'static str,
}

impl Failure {
    /// A question that nobody is answering.
    pub(crate) fn unanswered(conversation: Uuid, question: Uuid, sentence: impl Into<String>) -> Self {
        Failure {
            id: question,
            sentence: sentence.into(),
            retry: Some((conversation, question)),
            alone: false,
            button: "Pedir resposta",
        }
    }
}

/// An answer at its end: what was stored, and what went wrong.
#[derive(Template)]
#[template(path = "answer/ended.html")]
pub(crate) struct Ended {
    pub(crate) view: Option<View>,
    pub(crate) failure: Option<Failure>,
}

/// An answer by itself.
#[derive(Template)]
#[template(path = "answer/answer.html")]
pub(crate) struct Fragment {
    pub(crate) view: View,
}
