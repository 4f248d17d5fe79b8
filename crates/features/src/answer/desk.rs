//! The answers that are being written, with everything that was said so far, so that any page can join in.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;
use uuid::Uuid;

use sigilo_store::answer::Owner;

use super::Update;
use crate::{Error, Result};

/// Answers one doctor may have written at once.
const PER_DOCTOR: usize = 3;
/// Answers an installation writes at once.
const ALTOGETHER: usize = 500;
/// A page that is loaded again is away this long, at most.
const AWAY: Duration = Duration::from_secs(4);
/// A page may come for the end of an answer after it ended.
const LINGER: Duration = Duration::from_secs(30);

/// The answers that are being written. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Desk(Arc<Mutex<HashMap<Uuid, Arc<Answer>>>>);

struct Answer {
    id: Uuid,
    clinic: Uuid,
    user: Uuid,
    conversation: Uuid,
    question: Uuid,
    updates: Mutex<Vec<Update>>,
    /// How many updates there are.
    length: watch::Sender<usize>,
    ended: AtomicBool,
    watchers: AtomicUsize,
    stop: watch::Sender<bool>,
    disclaimer: AtomicBool,
}

impl Desk {
    fn answers(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Arc<Answer>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a new answer on.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the question is being answered, [`Error::TooMany`] when too many are.
    pub(super) fn open(&self, clinic: Uuid, user: Uuid, conversation: Uuid, question: Uuid) -> Result<Running> {
        let mut answers = self.answers();
        let busy = |answer: &&Arc<Answer>| !answer.ended.load(Ordering::Acquire);
        if answers.values().filter(busy).any(|answer| answer.question == question) {
            return Err(Error::Conflict("Esta mensagem já está sendo respondida."));
        }
        let own = answers.values().filter(busy).filter(|answer| answer.user == user).count();
        if own >= PER_DOCTOR || answers.values().filter(busy).count() >= ALTOGETHER {
            return Err(Error::TooMany { retry_after_seconds: 10 });
        }
        let answer = Arc::new(Answer {
            id: Uuid::now_v7(),
            clinic,
            user,
            conversation,
            question,
            updates: Mutex::default(),
            length: watch::Sender::new(0),
            ended: AtomicBool::new(false),
            watchers: AtomicUsize::new(0),
            stop: watch::Sender::new(false),
            disclaimer: AtomicBool::new(false),
        });
        answers.insert(answer.id, answer.clone());
        Ok(Running { answer, desk: self.clone() })
    }

    fn own(&self, id: Uuid, clinic: Uuid, user: Uuid) -> Option<Arc<Answer>> {
        self.answers().get(&id).filter(|answer| answer.clinic == clinic && answer.user == user).cloned()
    }

    /// Whether this doctor's answer is being written, or ended a moment ago.
    pub(super) fn knows(&self, id: Uuid, clinic: Uuid, user: Uuid) -> bool {
        self.own(id, clinic, user).is_some()
    }

    /// Joins an answer of this doctor's.
    pub(super) fn watch(&self, id: Uuid, clinic: Uuid, user: Uuid) -> Option<Watch> {
        let answer = self.own(id, clinic, user)?;
        answer.watchers.fetch_add(1, Ordering::AcqRel);
        Some(Watch { length: answer.length.subscribe(), seen: 0, answer })
    }

    /// Stops an answer of this doctor's.
    pub(super) fn stop(&self, id: Uuid, clinic: Uuid, user: Uuid) -> bool {
        let Some(answer) = self.own(id, clinic, user) else { return false };
        answer.stop.send_replace(true);
        true
    }

    /// Notes that the disclaimer of a running answer was rendered. False when it is not, or no longer, running.
    pub(super) fn disclaimer_rendered(&self, id: Uuid, clinic: Uuid, user: Uuid) -> bool {
        match self.own(id, clinic, user) {
            Some(answer) if !answer.ended.load(Ordering::Acquire) => {
                answer.disclaimer.store(true, Ordering::Release);
                true
            }
            _ => false,
        }
    }

    /// The answers being written in one conversation, with their questions.
    pub(crate) fn running_in(&self, clinic: Uuid, user: Uuid, conversation: Uuid) -> Vec<(Uuid, Uuid)> {
        let mut running: Vec<(Uuid, Uuid)> = self
            .answers()
            .values()
            .filter(|answer| !answer.ended.load(Ordering::Acquire))
            .filter(|answer| answer.clinic == clinic && answer.user == user && answer.conversation == conversation)
            .map(|answer| (answer.id, answer.question))
            .collect();
        running.sort_unstable();
        running
    }
}

/// An answer in the hands of the task that writes it. Dropped, it counts as ended.
pub(super) struct Running {
    answer: Arc<Answer>,
    desk: Desk,
}

impl Running {
    pub(super) fn id(&self) -> Uuid {
        self.answer.id
    }

    pub(super) fn conversation(&self) -> Uuid {
        self.answer.conversation
    }

    /// Whose answer it is, also when nobody is signed in any more.
    pub(super) fn owner(&self) -> Owner {
        Owner { clinic: self.answer.clinic, user: self.answer.user }
    }

    pub(super) fn question(&self) -> Uuid {
        self.answer.question
    }

    pub(super) fn say(&self, update: Update) {
        let mut updates = self.answer.updates.lock().unwrap_or_else(PoisonError::into_inner);
        updates.push(update);
        self.answer.length.send_replace(updates.len());
    }

    /// Whether a browser has confirmed that the disclaimer was rendered.
    pub(super) fn disclaimer_was_rendered(&self) -> bool {
        self.answer.disclaimer.load(Ordering::Acquire)
    }

    /// From here on a confirmed disclaimer goes to the database.
    pub(super) fn end(&self) {
        self.answer.ended.store(true, Ordering::Release);
        // A watcher that has seen everything must notice the end.
        self.answer.length.send_modify(|_| ());
    }

    /// Ends when the doctor stops the answer, or nobody watches it any more.
    pub(super) async fn stopped(&self) {
        let mut stop = self.answer.stop.subscribe();
        if stop.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
        let (desk, id) = (self.desk.clone(), self.answer.id);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                tokio::time::sleep(LINGER).await;
                desk.answers().remove(&id);
            });
        } else {
            desk.answers().remove(&id);
        }
    }
}

/// Somebody who watches an answer.
pub struct Watch {
    answer: Arc<Answer>,
    length: watch::Receiver<usize>,
    seen: usize,
}

impl Watch {
    /// The next update; none when the answer has ended.
    pub async fn next(&mut self) -> Option<Update> {
        loop {
            {
                let updates = self.answer.updates.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(update) = updates.get(self.seen) {
                    self.seen += 1;
                    return Some(update.clone());
                }
            }
            if self.answer.ended.load(Ordering::Acquire) {
                // What was said last was said before the end.
                let updates = self.answer.updates.lock().unwrap_or_else(PoisonError::into_inner);
                if updates.len() == self.seen {
                    return None;
                }
                continue;
            }
            self.length.changed().await.ok()?;
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.answer.watchers.fetch_sub(1, Ordering::AcqRel) > 1 || self.answer.ended.load(Ordering::Acquire) {
            return;
        }
        let answer = self.answer.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                tokio::time::sleep(AWAY).await;
                if answer.watchers.load(Ordering::Acquire) == 0 {
                    answer.stop.send_replace(true);
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Phase;

    fn ids() -> (Uuid, Uuid, Uuid) {
        (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7())
    }

    #[tokio::test(start_paused = true)]
    async fn who_joins_late_hears_everything_and_the_end() {
        let desk = Desk::default();
        let (clinic, user, conversation) = ids();
        let running = desk.open(clinic, user, conversation, Uuid::now_v7()).unwrap();
        running.say(Update::Phase(Phase::Asked));
        running.say(Update::Reasoning("a".into()));
        let mut watch = desk.watch(running.id(), clinic, user).unwrap();
        assert!(matches!(watch.next().await, Some(Update::Phase(Phase::Asked))));
        assert!(matches!(watch.next().await, Some(Update::Reasoning(_))));
        running.say(Update::Reasoning("b".into()));
        drop(running);
        assert!(matches!(watch.next().await, Some(Update::Reasoning(text)) if text == "b"));
        assert!(watch.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_else_can_join_or_stop() {
        let desk = Desk::default();
        let (clinic, user, conversation) = ids();
        let running = desk.open(clinic, user, conversation, Uuid::now_v7()).unwrap();
        assert!(desk.watch(running.id(), clinic, Uuid::now_v7()).is_none());
        assert!(desk.watch(running.id(), Uuid::now_v7(), user).is_none());
        assert!(!desk.stop(running.id(), clinic, Uuid::now_v7()));
        assert!(desk.running_in(clinic, Uuid::now_v7(), conversation).is_empty());
        assert_eq!(desk.running_in(clinic, user, conversation).len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn it_stops_when_the_last_watcher_stays_away_and_not_when_one_returns() {
        let desk = Desk::default();
        let (clinic, user, conversation) = ids();
        let running = desk.open(clinic, user, conversation, Uuid::now_v7()).unwrap();
        drop(desk.watch(running.id(), clinic, user).unwrap());
        let returned = desk.watch(running.id(), clinic, user).unwrap();
        assert!(tokio::time::timeout(AWAY * 3, running.stopped()).await.is_err(), "a reload must not stop it");
        drop(returned);
        assert!(tokio::time::timeout(AWAY * 3, running.stopped()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn one_question_is_answered_once_and_a_doctor_has_a_limit() {
        let desk = Desk::default();
        let (clinic, user, conversation) = ids();
        let question = Uuid::now_v7();
        let first = desk.open(clinic, user, conversation, question).unwrap();
        assert!(matches!(desk.open(clinic, user, conversation, question), Err(Error::Conflict(_))));
        let _more: Vec<_> =
            (1..PER_DOCTOR).map(|_| desk.open(clinic, user, conversation, Uuid::now_v7()).unwrap()).collect();
        assert!(matches!(desk.open(clinic, user, conversation, Uuid::now_v7()), Err(Error::TooMany { .. })));
        drop(first);
        assert!(desk.open(clinic, user, conversation, question).is_ok());
    }
}
