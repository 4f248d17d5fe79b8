//! The assistant's answers: asked for, streamed while they arrive, stored, shown again.
//!
//! An answer is written by a task of its own, so that a page that is loaded again finds it. It stops when the doctor
//! stops it or when nobody watches it any more.

mod assistant;
mod card;
mod desk;
mod explain;
mod images;
mod keep;
mod preference;
mod record;
mod review;
mod shown;
mod verification;
mod work;

use sigilo_store::{ReadTx, Session, answer as rows, session::Entered};
use uuid::Uuid;

use crate::{App, Error, Result};

pub use assistant::{Assistant, MemoryChecks};
pub use card::{ModelCard, card};
pub use desk::Watch;
pub use images::{Attached, prepare as prepare_images};
pub use preference::{is_enabled, switch};
pub use record::record;
pub use review::{Decision, disclaimer_rendered, outcome, review};
pub use shown::{Reference, Shown, one};
pub use sigilo_assistant::{
    answer::{Answer, Hypothesis, Likelihood, SuggestedSearch},
    provider::LOCAL,
    verify::{Check, Policy, Source, article_link, search_link, search_link_for_terms},
};
pub use sigilo_citations::{Cited, Correction, Flags, Reason, Record as Article, Verdict};
pub use verification::verify_again;

pub use sigilo_store::answer::ReviewRow;

pub(crate) use desk::Desk;
pub(crate) use shown::of_conversation;

/// The sentence under every answer; the server's own, whatever the model writes (audit manual, step 5).
pub use sigilo_assistant::answer::render::DISCLAIMER;

/// What happens to an answer while it is being written, in order. The last one is `Done` or `Failed`.
#[derive(Debug, Clone)]
pub enum Update {
    /// What is going on, before there is text.
    Phase(Phase),
    /// Something the doctor should know about this answer, in Portuguese.
    Notice(String),
    /// The next stretch of the reasoning.
    Reasoning(String),
    /// A whole hypothesis and its position, from 0.
    Hypothesis(usize, Hypothesis),
    /// A sign of alarm.
    Alarm(String),
    /// Something to ask or examine.
    Missing(String),
    /// Text the model read in an image.
    ImageText(String),
    /// Why there are no hypotheses.
    Abstention(String),
    /// A search that the doctor may make.
    Search(SuggestedSearch),
    /// A reference that is being verified, and its position, from 0.
    Reference(usize, Cited),
    /// The verdict on one.
    Checked(usize, Box<Check>),
    /// It is stored; this is how it stays.
    Done(Box<Shown>),
    /// It ended early or did not come at all.
    Failed(Trouble),
}

/// What is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The question was sent.
    Asked,
    /// It is tried again; which try, from 2.
    Retrying(u32),
    /// The answer is being written.
    Writing,
    /// The text is whole; references are still being verified.
    Verifying,
}

/// Why an answer ended early.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// A stable code.
    pub code: &'static str,
    /// A sentence in Portuguese.
    pub sentence: String,
    /// What asking again may help with.
    pub again: Again,
    /// What was stored of it, if anything had been shown.
    pub kept: Option<Box<Shown>>,
}

/// How the same question may be asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It would only fail again.
    No,
    /// As it was.
    Same,
    /// Without the messages before it, which do not fit into the model.
    Alone,
}

/// What of the conversation goes along with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// As much as the model can read.
    Fitting,
    /// Nothing.
    None,
}

/// Asks for an answer to a stored message. Returns the identifier under which it can be watched and will be stored.
///
/// # Errors
/// [`Error::ConsentRequired`] without `ai_processing`, [`Error::Forbidden`] with the assistant switched off,
/// [`Error::NotFound`] when the doctor has no such question, [`Error::Conflict`] when it is answered or being answered,
/// [`Error::TooMany`] when too many answers are being written.
pub async fn start(
    app: &App,
    session: &Session,
    conversation: Uuid,
    question: Uuid,
    images: Vec<Attached>,
    wanted: History,
) -> Result<Uuid> {
    let (entered, mut history) = app
        .db()
        .read(session, async |tx: &ReadTx| {
            if !rows::is_enabled(tx).await? {
                return Err(preference::OFF);
            }
            if !rows::may_answer(tx).await? {
                return Err(Error::ConsentRequired(sigilo_domain::ConsentType::AiProcessing));
            }
            let history = rows::history(tx, conversation, question).await?;
            if rows::is_answered(tx, question).await? {
                return Err(Error::Conflict("Esta mensagem já foi respondida."));
            }
            Ok((tx.entered().clone(), history))
        })
        .await?;
    let before = match wanted {
        History::Fitting => 0,
        History::None => history.len().saturating_sub(1),
    };
    history.drain(..before);
    let running = app.desk().open(entered.clinic_id, entered.user_id, conversation, question)?;
    let id = running.id();
    tokio::spawn(work::run(app.clone(), session.clone(), running, work::Before { history, left_out: before }, images));
    Ok(id)
}

/// Watches an answer that is being written, from its beginning.
///
/// # Errors
/// [`Error::NotFound`] when the doctor has none that is being written under this identifier.
pub async fn watch(app: &App, session: &Session, answer: Uuid) -> Result<Watch> {
    let entered = entered(app, session).await?;
    app.desk().watch(answer, entered.clinic_id, entered.user_id).ok_or(Error::NotFound)
}

/// Stops an answer; what was shown so far is stored as interrupted.
///
/// # Errors
/// [`Error::NotFound`] when the doctor has none that is being written under this identifier.
pub async fn stop(app: &App, session: &Session, answer: Uuid) -> Result<()> {
    let entered = entered(app, session).await?;
    if app.desk().stop(answer, entered.clinic_id, entered.user_id) { Ok(()) } else { Err(Error::NotFound) }
}

async fn entered(app: &App, session: &Session) -> Result<Entered> {
    app.db().read(session, async |tx: &ReadTx| Ok(tx.entered().clone())).await
}
