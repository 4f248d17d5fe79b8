//! Writing one answer: ask, read while it arrives, verify, store.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use tokio::task::JoinSet;

use sigilo_assistant::{
    answer::{
        prompt,
        reader::{Part, Reader},
    },
    provider::{Failure, Piece, Request, Stop, Turn, Usage},
    verify::Check,
};
use sigilo_citations::Cited;
use sigilo_deid::deidentify;
use sigilo_store::{Session, answer::HistoryRow};

use super::{
    Again, Attached, Phase, Trouble, Update,
    desk::Running,
    images::Traces,
    keep::{self, Made},
};
use crate::App;

/// Characters of history a model is shown when it does not say how much it can read.
const HISTORY_CHARS: usize = 100_000;
/// A token of Portuguese is at least this many characters, more or less.
const CHARS_PER_TOKEN: usize = 3;

/// How the asking ended.
#[derive(Debug)]
pub(super) enum End {
    /// The provider's own end.
    Stop(Stop),
    /// A fault.
    Failure(Failure),
    /// The doctor, or the closed page.
    Stopped,
}

/// The messages up to the question, which comes last.
pub(super) struct Before {
    pub(super) history: Vec<HistoryRow>,
    /// How many older ones were left out on purpose.
    pub(super) left_out: usize,
}

/// Writes the answer and tells every watcher how it goes.
pub(super) async fn run(app: App, session: Session, running: Running, before: Before, images: Vec<Attached>) {
    let started = Instant::now();
    let provider = app.assistant().provider.clone();
    let (pictures, traces) = Traces::split(images);
    let sends_images = !pictures.is_empty();
    let (turns, too_long) = prompt::fit(turns(before.history, sends_images), history_chars(&app));
    let dropped = before.left_out + too_long;
    let alone = turns.len() == 1;
    if dropped > 0 {
        running.say(Update::Notice(format!(
            "A conversa ficou longa: as {dropped} mensagens mais antigas não foram enviadas ao modelo."
        )));
    }
    running.say(Update::Phase(Phase::Asked));

    let mut asking = Asking::new(&app, &running, started);
    {
        let request = Request { system: prompt::system().to_owned(), turns, images: pictures };
        let mut pieces = pin!(provider.answer(request));
        let mut stopped = pin!(running.stopped());
        asking.end = loop {
            tokio::select! {
                biased;
                () = &mut stopped => break End::Stopped,
                piece = pieces.next() => match piece {
                    Some(Ok(Piece::Stopped(stop))) => break End::Stop(stop),
                    Some(Ok(piece)) => asking.take(piece),
                    Some(Err(failure)) => break End::Failure(failure),
                    None => break End::Failure(Failure::Cut),
                },
                Some(checked) = asking.checks.join_next(), if !asking.checks.is_empty() => asking.checked(checked),
            }
        };
    }
    // The stream is gone, and with it whatever held the images.
    let left = !app.assistant().is_local();
    if let Err(error) = traces.record(&app, &session, &running, left).await {
        tracing::error!(%error, "images were discarded but not recorded");
    }
    let made = asking.finish(dropped).await;
    let update = settle(&app, &session, &running, made, alone).await;
    running.say(update);
    keep::late_disclaimer(&app, &session, running).await;
}

/// Stores what is to be stored, and says how it ended.
async fn settle(app: &App, session: &Session, running: &Running, made: Made, alone: bool) -> Update {
    let trouble = trouble_of(&made.end, alone);
    if made.worth_keeping() {
        return match (keep::store(app, session, running, &made).await, trouble) {
            (Ok(shown), None) => Update::Done(Box::new(shown)),
            (Ok(shown), Some(trouble)) => Update::Failed(Trouble { kept: Some(Box::new(shown)), ..trouble }),
            (Err(error), _) => {
                tracing::error!(%error, "an answer could not be stored");
                Update::Failed(Trouble {
                    code: "not_stored",
                    sentence: "A resposta não pôde ser gravada e não deve ser usada. Peça de novo.".into(),
                    again: Again::Same,
                    kept: None,
                })
            }
        };
    }
    let trouble = trouble.unwrap_or_else(|| Trouble {
        code: "empty",
        sentence: "O modelo devolveu uma resposta vazia. Peça de novo.".into(),
        again: Again::Same,
        kept: None,
    });
    if let Err(error) = keep::failed(app, session, running, &made, trouble.code).await {
        tracing::error!(%error, "a failed answer was not recorded");
    }
    Update::Failed(trouble)
}

/// What went wrong. `alone`: the question went without any message before it.
fn trouble_of(end: &End, alone: bool) -> Option<Trouble> {
    let (code, sentence, may_retry) = match end {
        End::Stop(stop) => (stop.code(), stop.sentence()?.to_owned(), stop.may_retry()),
        End::Failure(failure) => (failure.code(), failure.sentence(), failure.may_retry()),
        End::Stopped => ("stopped", "Resposta interrompida.".to_owned(), true),
    };
    let too_long = matches!(end, End::Stop(Stop::ContextFull) | End::Failure(Failure::ContextFull));
    let again = match (may_retry, too_long && !alone) {
        (true, _) => Again::Same,
        (false, true) => Again::Alone,
        (false, false) => Again::No,
    };
    Some(Trouble { code, sentence, again, kept: None })
}

fn history_chars(app: &App) -> usize {
    let capabilities = app.assistant().provider.capabilities();
    capabilities.max_input.map_or(HISTORY_CHARS, |tokens| {
        let room = tokens.saturating_sub(capabilities.max_output) as usize * CHARS_PER_TOKEN;
        room.clamp(2_000, HISTORY_CHARS * 4)
    })
}

/// The history as turns. Stored text is clean already; it passes once more because only that makes the type.
fn turns(history: Vec<HistoryRow>, images_come_along: bool) -> Vec<Turn> {
    let last = history.len().saturating_sub(1);
    history
        .into_iter()
        .enumerate()
        .map(|(at, row)| {
            let mut text = row.content;
            if row.has_image && !(at == last && images_come_along) {
                text.push_str("\n(As imagens desta mensagem foram descartadas e não estão mais disponíveis.)");
            }
            Turn { from_doctor: row.role == "user", text: deidentify(&text, &[]).0 }
        })
        .collect()
}

/// An answer while it arrives.
struct Asking<'a> {
    app: &'a App,
    running: &'a Running,
    started: Instant,
    reader: Reader,
    end: End,
    cited: Vec<Cited>,
    verdicts: Vec<Option<Check>>,
    checks: JoinSet<(usize, Check)>,
    usage: Usage,
    model: Option<String>,
    request_id: Option<String>,
    retries: u32,
    first_token: Option<Duration>,
    shown: bool,
}

impl<'a> Asking<'a> {
    fn new(app: &'a App, running: &'a Running, started: Instant) -> Self {
        let trusted = app.assistant().is_local();
        Asking {
            app,
            running,
            started,
            reader: if trusted { Reader::trusted() } else { Reader::new() },
            end: End::Failure(Failure::Cut),
            cited: Vec::new(),
            verdicts: Vec::new(),
            checks: JoinSet::new(),
            usage: Usage::default(),
            model: None,
            request_id: None,
            retries: 0,
            first_token: None,
            shown: false,
        }
    }

    fn take(&mut self, piece: Piece) {
        match piece {
            Piece::Retrying { attempt, .. } => {
                self.retries = attempt.saturating_sub(1);
                self.running.say(Update::Phase(Phase::Retrying(attempt)));
            }
            Piece::Started { request_id, model } => {
                (self.request_id, self.model) = (request_id, model);
            }
            Piece::Text(text) => {
                if self.first_token.is_none() {
                    self.first_token = Some(self.started.elapsed());
                    self.running.say(Update::Phase(Phase::Writing));
                }
                for part in self.reader.push(&text) {
                    self.show(part);
                }
            }
            Piece::Usage(usage) => self.usage = usage,
            Piece::Stopped(_) => {}
        }
    }

    fn show(&mut self, part: Part) {
        self.shown = true;
        self.running.say(match part {
            Part::Reasoning(text) => Update::Reasoning(text.into_inner()),
            Part::Hypothesis(at, hypothesis) => Update::Hypothesis(at, hypothesis),
            Part::Alarm(text) => Update::Alarm(text),
            Part::Missing(text) => Update::Missing(text),
            Part::ImageText(text) => Update::ImageText(text),
            Part::Abstention(text) => Update::Abstention(text),
            Part::Search(search) => Update::Search(search),
            Part::Reference(_, cited) => {
                let at = self.cited.len();
                let verifier = self.app.assistant().verifier.clone();
                let asked = cited.clone();
                self.checks.spawn(async move { (at, verifier.verify(&asked).await) });
                self.cited.push(cited.clone());
                self.verdicts.push(None);
                Update::Reference(at, cited)
            }
        });
    }

    fn checked(&mut self, checked: Result<(usize, Check), tokio::task::JoinError>) {
        // A verification that panicked leaves its reference without a verdict; `Made` says so.
        if let Ok((at, check)) = checked {
            self.running.say(Update::Checked(at, Box::new(check.clone())));
            self.verdicts[at] = Some(check);
        }
    }

    /// Reads what is left, and waits for the verdicts, each of which has its own limit of time.
    async fn finish(mut self, dropped: usize) -> Made {
        let written = self.started.elapsed();
        let whole = matches!(self.end, End::Stop(Stop::Complete | Stop::Other(_)));
        let reader = std::mem::replace(&mut self.reader, Reader::new());
        let finished = reader.finish(whole);
        if !matches!(self.end, End::Stop(Stop::Refused(_))) {
            for part in finished.parts {
                self.show(part);
            }
        }
        if !self.checks.is_empty() {
            self.running.say(Update::Phase(Phase::Verifying));
        }
        while let Some(checked) = self.checks.join_next().await {
            self.checked(checked);
        }
        Made {
            end: self.end,
            answer: finished.answer,
            report: finished.report,
            references: self.cited.into_iter().zip(self.verdicts).collect(),
            usage: self.usage,
            model: self.model,
            request_id: self.request_id,
            retries: self.retries,
            first_token: self.first_token,
            written,
            verified: self.started.elapsed().saturating_sub(written),
            dropped,
            shown: self.shown,
        }
    }
}
