//! Verifying a reference with PubMed: searches from narrow to wide until the article is found.

use std::collections::HashMap;
use std::sync::Arc;

use sigilo_citations::{Cited, Reason, Record, Verdict, Weights, judge};

use super::{Check, Clock, Source};
use crate::pubmed::cache::{Cache, Search};
use crate::pubmed::{BuildError, Client, Failure, Ladder, Settings};

pub(super) struct Online {
    client: Client,
    cache: Arc<Cache>,
}

impl Online {
    pub(super) fn new(settings: Settings, clock: Clock) -> Result<Online, BuildError> {
        let client = Client::new(&settings)?;
        Ok(Online { client, cache: Cache::new(settings.cache_dir, clock) })
    }

    /// Asks until the article is found or there is nothing left to ask. `queries` takes each search when it is sent,
    /// so that they are known even when time runs out.
    pub(super) async fn ask(
        &self,
        cited: &Cited,
        weights: &Weights,
        fresh: bool,
        queries: &mut Vec<String>,
    ) -> Result<Check, Failure> {
        let ladder = Ladder::new(cited, |word| weights.of(word));
        let searches = ladder.searches();
        let decide = |records: &[Record]| Check::judged(judge(cited, records, weights), records, Source::Eutils);
        if searches.is_empty() {
            let reason = Some(Reason::TooLittle);
            return Ok(Check { reason, ..Check::unavailable() });
        }
        if let Some(known) = self.cache.search(searches).await.filter(|known| known.settled || !fresh) {
            queries.extend(searches.iter().take(known.asked).cloned());
            // A settled one is described anew on wish: it may have been retracted since.
            let records = self.describe(&known.pmids, fresh).await?;
            let check = decide(&records);
            if check.exists() == known.settled {
                return Ok(check);
            }
            queries.clear();
        }
        let (mut pmids, mut records): (Vec<u32>, Vec<Record>) = Default::default();
        let mut undescribed = false;
        let mut check = decide(&[]);
        for search in searches {
            queries.push(search.clone());
            let found = self.client.search(search).await?;
            let new: Vec<u32> = found.pmids.into_iter().filter(|pmid| !pmids.contains(pmid)).collect();
            if new.is_empty() {
                continue;
            }
            let described = self.describe(&new, fresh).await?;
            undescribed |= described.len() < new.len();
            records.extend(described);
            pmids.extend(new);
            check = decide(&records);
            // More candidates cannot make several equal ones fewer.
            if check.exists() || check.verdict == Verdict::Ambiguous {
                break;
            }
        }
        let settled = check.exists();
        if undescribed && !settled {
            // PubMed found an article and then could not say which: that is no answer.
            return Err(Failure::Backend);
        }
        self.cache.keep_search(searches, Search { pmids, settled, asked: queries.len() }).await;
        Ok(check)
    }

    /// Descriptions of articles, in this order.
    async fn describe(&self, pmids: &[u32], fresh: bool) -> Result<Vec<Record>, Failure> {
        let mut known: HashMap<u32, Record> = HashMap::new();
        if !fresh {
            for pmid in pmids {
                if let Some(record) = self.cache.record(*pmid).await {
                    known.insert(*pmid, record);
                }
            }
        }
        let missing: Vec<u32> = pmids.iter().copied().filter(|pmid| !known.contains_key(pmid)).collect();
        let mut summaries = self.client.summaries(&missing).await?;
        self.find_notices(&mut summaries).await;
        for record in summaries {
            self.cache.keep_record(record.clone()).await;
            known.insert(record.pmid, record);
        }
        Ok(pmids.iter().filter_map(|pmid| known.remove(pmid)).collect())
    }

    /// Looks up the notices of retracted articles where the summary does not name them. That they were retracted is
    /// known without.
    async fn find_notices(&self, records: &mut [Record]) {
        let lacking = |record: &Record| record.flags.retracted && record.flags.retraction_pmid.is_none();
        let pmids: Vec<u32> = records.iter().filter(|record| lacking(record)).map(|record| record.pmid).collect();
        for whole in self.client.fetch(&pmids).await.unwrap_or_default() {
            for record in records.iter_mut().filter(|record| record.pmid == whole.pmid) {
                record.flags.retraction_pmid = whole.flags.retraction_pmid;
                record.flags.retraction_year = record.flags.retraction_year.or(whole.flags.retraction_year);
            }
        }
    }
}
