use std::collections::{BTreeMap, HashMap};

use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use sigilo_proof::{
    bundle::{RoundEntry, head_hash, instant, round_entry},
    checkpoint::LogKey,
    merkle::{Hash, leaf_hash, range_root},
    note::Note,
};
use sigilo_store::{
    Db, Error as StoreError,
    trail::{Last, LedgerRow, NOBODYS_LOG, NewHead, NewRound, PLATFORM_LOG, SealTx},
};

use super::{
    entry,
    log::{Growing, hash, signed},
};

/// Why a round was not sealed.
#[derive(Debug, Error)]
pub enum Problem {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is in the database is not what this sealer wrote: sealing on would sign it.
    #[error("o que está lacrado no banco não é o que este lacre escreveu ({0})")]
    Foreign(&'static str),
    /// The key refused to sign.
    #[error("a chave do lacre não assina")]
    Key,
}

/// A sealed round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// Its number.
    pub round: i64,
    /// How many rows it sealed.
    pub leaves: usize,
    /// How many logs grew.
    pub logs: usize,
}

/// Seals the ledger, round after round. It holds what the next round needs, and reads it anew after any trouble or when
/// somebody else sealed in between.
pub struct Sealer {
    key: LogKey,
    known: Option<Known>,
}

/// The logs as they stand after a round.
struct Known {
    round: Option<i64>,
    heads: BTreeMap<Uuid, (i64, Hash)>,
    platform: Growing,
    logs: HashMap<Uuid, Growing>,
}

/// Rows of one log that become leaves.
#[derive(Default)]
struct Fresh {
    seqs: Vec<i64>,
    hashes: Vec<Hash>,
    span: Option<(OffsetDateTime, OffsetDateTime)>,
}

impl Sealer {
    /// A sealer with the log's key.
    pub fn new(key: LogKey) -> Sealer {
        Sealer { key, known: None }
    }

    /// The log's key.
    pub fn key(&self) -> &LogKey {
        &self.key
    }

    /// Seals what is committed and not sealed yet. None when there is nothing, or somebody else is sealing.
    ///
    /// # Errors
    /// [`Problem`]. Nothing is sealed then, and nothing is lost: the next round takes the same rows.
    pub async fn round(&mut self, db: &Db) -> Result<Option<Sealed>, Problem> {
        let mut known = self.known.take();
        let key = &self.key;
        let (next, sealed) = db.seal(async |tx: &SealTx| seal(tx, key, known.take()).await).await?;
        self.known = next;
        Ok(sealed)
    }
}

/// How often a checkpoint is made that is shown to others, in seconds, while rounds go on.
const CHECKPOINT_EVERY: i64 = 60;

impl Sealer {
    /// Makes a checkpoint with both signatures over the last round, where a minute has passed since the one before, or at
    /// once. None when every round has one, or it is not time yet.
    ///
    /// # Errors
    /// [`Problem`].
    pub async fn checkpoint(&self, db: &Db, at_once: bool) -> Result<Option<i64>, Problem> {
        let key = &self.key;
        db.seal(async |tx: &SealTx| {
            let Some(last) = tx.last().await? else { return Ok(None) };
            let now = tx.here().await?.at.ok_or(StoreError::NotFound)?;
            if let Some(before) = tx.checkpoint(i64::MAX).await? {
                let young = (now - before.created_at).whole_seconds() < CHECKPOINT_EVERY;
                if before.round == last.round || (young && !at_once) {
                    return Ok(None);
                }
            }
            let signed = own_note(&last, key)?;
            let checkpoint = key.checkpoint(last.round.unsigned_abs() + 1, hash(&last.root)?);
            if checkpoint.text() != signed.text {
                return Err(Problem::Foreign("o último ponto de controle não é o da última rodada"));
            }
            let time = u64::try_from(now.unix_timestamp()).unwrap_or_default();
            let note = key.sign(&checkpoint, time, true).map_err(|_| Problem::Key)?;
            tx.add_checkpoint(last.round, &note).await?;
            Ok(Some(last.round))
        })
        .await
    }
}

type Outcome = (Option<Known>, Option<Sealed>);

async fn seal(tx: &SealTx, key: &LogKey, known: Option<Known>) -> Result<Outcome, Problem> {
    if !tx.alone().await? {
        return Ok((None, None));
    }
    let last = tx.last().await?;
    let mut known = match known {
        Some(known) if known.round == last.as_ref().map(|last| last.round) => known,
        _ => load(tx, key).await?,
    };
    let here = tx.here().await?;
    let (Some(snapshot), Some(system), Some(now)) = (here.snapshot, here.system, here.at) else {
        return Err(Problem::Store(StoreError::NotFound));
    };

    let mut fresh = BTreeMap::<Uuid, Fresh>::new();
    let take = |row: LedgerRow| fresh.entry(row.clinic_id.unwrap_or(NOBODYS_LOG)).or_default().add(&row);
    match &last {
        Some(last) if last.system == system => tx.unsealed(&last.snapshot, take).await?,
        // Another server, or another copy of the database: its transactions have other names.
        Some(_) => tx.unsealed_anywhere(take).await?,
        None => tx.unsealed("1:1:", take).await?,
    }
    if fresh.is_empty() && last.as_ref().is_some_and(|last| last.system == system) {
        return Ok((Some(known), None));
    }

    let round = last.as_ref().map_or(0, |last| last.round + 1);
    let (mut heads, mut tiles, mut leaves) = (Vec::new(), Vec::new(), 0);
    for (log, fresh) in fresh {
        let size = known.heads.get(&log).map_or(0, |(size, _)| *size);
        let growing = match known.logs.entry(log) {
            std::collections::hash_map::Entry::Occupied(there) => there.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => {
                let loaded = Growing::load(tx, log, size.unsigned_abs(), round - 1).await?;
                if known.heads.get(&log).is_some_and(|(_, root)| *root != loaded.frontier.root()) {
                    return Err(Problem::Foreign("a raiz de um registro não confere"));
                }
                place.insert(loaded)
            }
        };
        tiles.extend(fresh.hashes.iter().filter_map(|leaf| growing.append(*leaf)).map(|(n, root)| (log, n, root)));
        leaves += fresh.seqs.len();
        let head = fresh.head(log, signed(growing.frontier.size()), growing.frontier.root());
        known.heads.insert(log, (head.size, head.root));
        heads.push(head);
    }

    let map = range_root(
        known.heads.iter().map(|(log, (size, root))| head_hash(&log.to_string(), size.unsigned_abs(), root)),
    );
    let entry = round_entry(&RoundEntry {
        at: instant(now),
        heads: known.heads.len() as u64,
        leaves: leaves as u64,
        map,
        round: round.unsigned_abs(),
        system: system.clone(),
    });
    tiles.extend(known.platform.append(leaf_hash(entry.as_bytes())).map(|(n, root)| (PLATFORM_LOG, n, root)));
    let root = known.platform.frontier.root();
    let checkpoint = key.checkpoint(known.platform.frontier.size(), root);
    let note = key.sign(&checkpoint, 0, false).map_err(|_| Problem::Key)?;
    tx.add_round(&NewRound {
        round,
        sealed_at: now,
        snapshot: &snapshot,
        system: &system,
        entry: &entry,
        root: &root,
        note: &note,
        leaves: i32::try_from(leaves).unwrap_or(i32::MAX),
        heads: &heads,
        tiles: &tiles,
    })
    .await?;
    known.round = Some(round);
    Ok((Some(known), Some(Sealed { round, leaves, logs: heads.len() })))
}

/// What the database says of the logs, if it was this key that sealed it.
async fn load(tx: &SealTx, key: &LogKey) -> Result<Known, Problem> {
    let mut known = Known { round: None, heads: BTreeMap::new(), platform: Growing::default(), logs: HashMap::new() };
    let Some(last) = tx.last().await? else { return Ok(known) };
    let note = own_note(&last, key)?;
    known.platform = Growing::load(tx, PLATFORM_LOG, last.round.unsigned_abs() + 1, last.round).await?;
    let root = known.platform.frontier.root();
    let size = known.platform.frontier.size();
    if root != hash(&last.root)? || note.text != key.checkpoint(size, root).text() {
        return Err(Problem::Foreign("as rodadas não dão a raiz assinada"));
    }
    for head in tx.heads_at(i64::MAX).await? {
        known.heads.insert(head.log_id, (head.size, hash(&head.root)?));
    }
    known.round = Some(last.round);
    Ok(known)
}

/// The note over the latest round, if this key signed it.
fn own_note(last: &Last, key: &LogKey) -> Result<Note, Problem> {
    let note = Note::parse(&last.note).map_err(|_| Problem::Foreign("o último ponto de controle não se lê"))?;
    match note.verify(&key.verifier_keys()[0]) {
        Ok(_) => Ok(note),
        Err(_) => Err(Problem::Foreign("o último ponto de controle é de outra chave")),
    }
}

impl Fresh {
    fn add(&mut self, row: &LedgerRow) {
        self.seqs.push(row.seq);
        self.hashes.push(leaf_hash(entry(row).as_bytes()));
        let at = row.created_at;
        self.span = Some(self.span.map_or((at, at), |(oldest, newest)| (oldest.min(at), newest.max(at))));
    }

    fn head(self, log_id: Uuid, size: i64, root: Hash) -> NewHead {
        let (oldest, newest) = self.span.unwrap_or((OffsetDateTime::UNIX_EPOCH, OffsetDateTime::UNIX_EPOCH));
        NewHead { log_id, size, root, seqs: self.seqs, hashes: self.hashes.concat(), oldest, newest }
    }
}
