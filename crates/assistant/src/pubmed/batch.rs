//! Collects articles that several references ask about and describes them in one request.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use sigilo_citations::Record;

use super::{Failure, MOST_IDS, http::Http, read};

/// How long others may join. They may join longer while the request waits for its turn.
const WINDOW: Duration = Duration::from_millis(100);
/// Longest work for one batch; nobody waits that long.
const LONGEST: Duration = Duration::from_secs(30);

type Answer = Result<Vec<Record>, Failure>;

#[derive(Default)]
pub(super) struct Batch {
    waiting: Mutex<Vec<Waiting>>,
}

struct Waiting {
    pmids: Vec<u32>,
    answer: oneshot::Sender<Answer>,
}

impl Batch {
    /// Joins the next request. The first to join calls `start`, which must [`run`](Batch::run) it.
    pub(super) fn join(&self, pmids: &[u32], start: impl FnOnce()) -> oneshot::Receiver<Answer> {
        let (answer, receiver) = oneshot::channel();
        let first = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push(Waiting { pmids: pmids.to_vec(), answer });
            waiting.len() == 1
        };
        if first {
            start();
        }
        receiver
    }

    /// Describes what is asked for and answers everyone who joined.
    pub(super) async fn run(&self, http: &Http) {
        tokio::time::sleep(WINDOW).await;
        let turn = tokio::time::timeout(LONGEST, http.turn()).await.unwrap_or(Err(Failure::Timeout));
        let mut waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        // Those whose time ran out have gone.
        waiting.retain(|one| !one.answer.is_closed());
        let mut turn = match turn {
            Ok(turn) => Some(turn),
            Err(failure) => return waiting.into_iter().for_each(|one| one.tell(Err(failure))),
        };
        let pmids: BTreeSet<u32> = waiting.iter().flat_map(|one| one.pmids.iter().copied()).collect();
        let pmids: Vec<String> = pmids.iter().map(u32::to_string).collect();
        let mut known: HashMap<u32, Record> = HashMap::new();
        for part in pmids.chunks(MOST_IDS) {
            let ids = part.join(",");
            let params = [("id", ids.as_str()), ("retmode", "json")];
            let asked = http.ask(turn.take(), "esummary.fcgi", &params, read::summaries);
            match tokio::time::timeout(LONGEST, asked).await.unwrap_or(Err(Failure::Timeout)) {
                Ok(records) => known.extend(records),
                Err(failure) => return waiting.into_iter().for_each(|one| one.tell(Err(failure))),
            }
        }
        for one in waiting {
            let records = one.pmids.iter().filter_map(|pmid| known.get(pmid).cloned()).collect();
            one.tell(Ok(records));
        }
    }
}

impl Waiting {
    fn tell(self, answer: Answer) {
        // Who asked may have gone.
        self.answer.send(answer).ok();
    }
}
