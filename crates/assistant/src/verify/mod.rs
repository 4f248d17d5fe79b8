//! Never trust, always verify: each cited article against the local index and PubMed.

mod check;
mod link;
mod local;
mod online;

use std::sync::Arc;
use std::time::{Duration, Instant};

use sigilo_citations::{Cited, Index, Reason, Verdict, Weights, is_guideline};

use crate::pubmed;
use local::Local;
use online::Online;

pub use crate::pubmed::cache::Clock;
pub use check::{Check, Policy, Source, merge};
pub use link::{article_link, search_link, search_link_for_terms};

/// How references are verified.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who may be asked.
    pub policy: Policy,
    /// Longest time for one reference; 8 s is what a person waits for.
    pub budget: Duration,
    /// How PubMed is asked; needed by every policy but [`Policy::SomenteLocal`].
    pub pubmed: Option<pubmed::Settings>,
}

/// Verifies references. Share one a process: it keeps the rate that PubMed allows.
pub struct Verifier {
    policy: Policy,
    budget: Duration,
    local: Option<Local>,
    online: Option<Online>,
}

impl Verifier {
    /// Sets a verifier up; asks nobody yet. Under [`Policy::SomenteLocal`] there is no client: nothing can leave.
    ///
    /// # Errors
    /// When PubMed's address would send the key in the clear.
    pub fn new(settings: Settings, index: Option<Arc<Index>>, clock: Clock) -> Result<Verifier, pubmed::BuildError> {
        let Settings { policy, budget, pubmed } = settings;
        let online = match pubmed.filter(|_| policy != Policy::SomenteLocal) {
            Some(settings) => Some(Online::new(settings, clock)?),
            None => None,
        };
        let local = index.filter(|_| policy != Policy::SomentePubmed).map(Local::new);
        Ok(Verifier { policy, budget, local, online })
    }

    /// Verifies a reference. Never fails: without an answer in time the verdict is [`Verdict::Unverified`], which says
    /// nothing about the article.
    pub async fn verify(&self, cited: &Cited) -> Check {
        self.run(cited, false).await
    }

    /// Verifies again what could not be verified or was not found: asks anew instead of believing what is kept.
    pub async fn verify_fresh(&self, cited: &Cited) -> Check {
        self.run(cited, true).await
    }

    /// Who may be asked.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// Who is asked, as a sentence in Portuguese. Names `PubMed E-utilities` only where they may be used.
    pub fn describe_policy(&self) -> String {
        let index = self.local.as_ref().map(Local::describe);
        match (index, self.online.is_some()) {
            (Some(index), true) => format!("Consulta o {index} e, para o que ele não resolve, PubMed E-utilities."),
            (Some(index), false) => format!("Consulta só o {index}: nenhuma pesquisa sai da clínica."),
            (None, true) => "Consulta só PubMed E-utilities.".into(),
            (None, false) => "Não consulta ninguém: nenhuma referência é verificada.".into(),
        }
    }

    async fn run(&self, cited: &Cited, fresh: bool) -> Check {
        let started = Instant::now();
        let mut check = self.decide(cited, fresh, started).await;
        if check.verdict == Verdict::NotFound || check.reason == Some(Reason::PartialIndex) {
            let another = check.reason == Some(Reason::AuthorshipMismatch);
            if !another && is_guideline(cited) {
                // Nobody indexes these: that PubMed has none says nothing.
                check.verdict = Verdict::Unverified;
                check.reason = Some(Reason::Guideline);
            }
        }
        if check.reason == Some(Reason::TooLittle) {
            // What cannot be looked for is not missing.
            check.verdict = Verdict::Unverified;
        }
        check.latency_ms = u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX);
        check
    }

    async fn decide(&self, cited: &Cited, fresh: bool, started: Instant) -> Check {
        let local = match &self.local {
            Some(local) => local.ask(cited).await,
            None => None,
        };
        if let Some(check) = &local
            && check.exists()
        {
            return check.clone();
        }
        let Some(online) = &self.online else {
            return local.unwrap_or_else(|| Check {
                // Forbidden to ask is not the same as nobody there.
                reason: Some(if self.policy == Policy::SomenteLocal && self.local.is_none() {
                    Reason::Policy
                } else {
                    Reason::Unavailable
                }),
                ..Check::unavailable()
            });
        };
        let left = self.budget.saturating_sub(started.elapsed());
        let mut queries = Vec::new();
        let weights = Weights::shipped();
        let asked = online.ask(cited, &weights, fresh, &mut queries);
        let answer = tokio::time::timeout(left, asked).await.unwrap_or(Err(pubmed::Failure::Timeout));
        let mut check = answer.unwrap_or_else(|_| Check::unavailable());
        check.queries = queries;
        check
    }
}
