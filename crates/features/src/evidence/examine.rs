//! The whole trail against its seals, and the watched tables against the trail, in the database itself.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use serde::Serialize;
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use sigilo_proof::{
    bundle::{head_hash, map_of},
    checkpoint::Checkpoint,
    merkle::{Frontier, Hash, leaf_hash, range_root},
    note::{Note, VerifierKey},
};
use sigilo_store::{
    Db, Error as StoreError, Result as Stored,
    trail::{Examined, Head, Last, NOBODYS_LOG, SealTx},
};

use super::{
    entry,
    log::{TILE, WINDOW, hash, signed},
};
use crate::Result;

/// The most findings that are told one by one.
const MOST: usize = 1000;
/// How many differing records of a table are told.
const RECORDS: i32 = 100;
/// In how many rounds, besides the last, all heads are looked at.
const MAPS: i64 = 100;

/// One thing that is not as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Whose; none for what is the platform's.
    pub clinic: Option<Uuid>,
    /// Its name for programs.
    pub code: &'static str,
    /// For people, in Portuguese.
    pub sentence: String,
}

/// What an examination found.
#[derive(Debug, Clone, Serialize)]
pub struct Examination {
    /// Where it is kept.
    pub id: Uuid,
    /// How many rounds were read.
    pub rounds: i64,
    /// How many leaves.
    pub leaves: i64,
    /// How many tables were compared.
    pub tables: usize,
    /// What is not as it was sealed, the first thousand.
    pub differences: Vec<Difference>,
    /// How many there are.
    pub difference_count: usize,
}

/// Examines everything, and keeps what was found. Reads the whole ledger, in one transaction that disturbs nobody.
///
/// # Errors
/// That the database is away, or that what it holds cannot be read at all.
pub async fn examine(db: &Db, key: Option<&VerifierKey>) -> Result<Examination> {
    let found = db
        .seal(async |tx: &SealTx| -> Result<Found> {
            let started_at = tx.here().await?.at.ok_or(StoreError::NotFound)?;
            Ok(Work::new(tx, key, started_at).run().await?)
        })
        .await?;
    let keep = json!(found.differences);
    let id = db
        .seal(async |tx: &SealTx| {
            let kept = Examined {
                started_at: found.started_at,
                rounds: found.rounds,
                leaves: found.leaves,
                tables: i64::try_from(found.tables).unwrap_or(i64::MAX),
                findings: &keep,
                finding_count: found.count,
            };
            let id = tx.add_examination(&kept).await?;
            for (clinic, count) in by_clinic(tx, &found.differences).await? {
                tx.suspect(clinic, count, id).await?;
            }
            Ok::<_, StoreError>(id)
        })
        .await?;
    Ok(Examination {
        id,
        rounds: found.rounds,
        leaves: found.leaves,
        tables: found.tables,
        differences: found.differences,
        difference_count: found.count,
    })
}

/// How many differences concern each clinic: its own, and those of the platform, which concern everybody who has a log.
async fn by_clinic(tx: &SealTx, differences: &[Difference]) -> Stored<BTreeMap<Uuid, i32>> {
    let mut counts = BTreeMap::new();
    for clinic in differences.iter().filter_map(|difference| difference.clinic) {
        *counts.entry(clinic).or_default() += 1;
    }
    let common = differences.iter().filter(|difference| difference.clinic.is_none()).count();
    if common > 0 {
        for head in tx.heads_at(i64::MAX).await?.into_iter().filter(|head| head.log_id != NOBODYS_LOG) {
            *counts.entry(head.log_id).or_default() += i32::try_from(common).unwrap_or(i32::MAX);
        }
    }
    Ok(counts)
}

struct Found {
    started_at: OffsetDateTime,
    rounds: i64,
    leaves: i64,
    tables: usize,
    differences: Vec<Difference>,
    count: usize,
}

struct Work<'a> {
    tx: &'a SealTx,
    key: Option<&'a VerifierKey>,
    found: Found,
}

impl<'a> Work<'a> {
    fn new(tx: &'a SealTx, key: Option<&'a VerifierKey>, started_at: OffsetDateTime) -> Work<'a> {
        let found = Found { started_at, rounds: 0, leaves: 0, tables: 0, differences: Vec::new(), count: 0 };
        Work { tx, key, found }
    }

    async fn run(mut self) -> Stored<Found> {
        for gap in self.tx.gaps().await? {
            self.differs(None, "guard_missing", format!("falta uma guarda da trilha: {gap}"));
        }
        match self.tx.last().await? {
            Some(last) => {
                self.platform(&last).await?;
                let heads = self.tx.heads_at(i64::MAX).await?;
                for head in &heads {
                    self.log(head, last.round).await?;
                }
                self.maps(&last).await?;
                if last.system == self.tx.here().await?.system.unwrap_or_default() {
                    for row in self.tx.behind(&last.snapshot).await? {
                        let clinic = row.log_id.filter(|log| *log != NOBODYS_LOG);
                        let sentence = format!("o registro {} foi INSERIDO ATRÁS do que já estava lacrado", row.seq);
                        self.differs(clinic, "row_behind", sentence);
                    }
                }
                self.witnesses(&last).await?;
            }
            None => {
                for witness in self.tx.witnesses().await? {
                    self.ahead(&witness.name, witness.size, 0);
                }
            }
        }
        for table in self.tx.watched().await? {
            self.found.tables += 1;
            for record in self.tx.reconcile(&table, RECORDS).await? {
                let said = match record.finding.as_deref() {
                    Some("removed") => "foi REMOVIDO POR FORA da trilha",
                    Some("added") => "foi INCLUÍDO POR FORA da trilha",
                    _ => "foi MUDADO POR FORA da trilha",
                };
                let id = record.resource_id.unwrap_or_default();
                self.differs(record.clinic_id, "record_differs", format!("{table}: o registro {id} {said}"));
            }
        }
        Ok(self.found)
    }

    fn differs(&mut self, clinic: Option<Uuid>, code: &'static str, sentence: String) {
        self.found.count += 1;
        if self.found.differences.len() < MOST {
            self.found.differences.push(Difference { clinic, code, sentence });
        }
    }

    /// The rounds give the roots that were written, and the last one the root that was signed.
    async fn platform(&mut self, last: &Last) -> Stored<()> {
        let (mut frontier, mut wrong) = (Frontier::new(), Vec::new());
        self.tx
            .each_round(0, last.round, |round| {
                if round.round.unsigned_abs() != frontier.size() {
                    wrong.push(format!("falta uma rodada antes da {}", round.round));
                }
                frontier.append(leaf_hash(round.entry.as_bytes()));
                if frontier.root().as_slice() != round.root {
                    wrong.push(format!("a rodada {} não dá a raiz que foi lacrada", round.round));
                }
            })
            .await?;
        self.found.rounds = signed(frontier.size());
        for sentence in wrong {
            self.differs(None, "round_altered", sentence);
        }
        let Some(key) = self.key else { return Ok(()) };
        let note = Note::parse(&last.note).ok().filter(|note| note.verify(key).is_ok());
        let origin = key.name().to_owned();
        let expected = Checkpoint { origin, size: frontier.size(), root: frontier.root() }.text();
        if note.is_none_or(|note| note.text != expected) {
            let sentence = "o último ponto de controle não é o que a chave do lacre assinaria sobre estas rodadas";
            self.differs(None, "checkpoint_signature", sentence.into());
        }
        Ok(())
    }

    /// Every row of a log has the hash of its leaf, and the leaves give the root of every round.
    async fn log(&mut self, head: &Head, round: i64) -> Stored<()> {
        let clinic = (head.log_id != NOBODYS_LOG).then_some(head.log_id);
        let size = head.size.unsigned_abs();
        let gone = self.tx.declared(head.log_id).await?;
        let (mut frontier, mut tile) = (Frontier::new(), Frontier::new());
        let mut start = 0;
        while start < size {
            let end = (start + WINDOW).min(size);
            let heads = self.tx.heads(head.log_id, signed(start), signed(end), round).await?;
            let tiles: HashMap<i64, Vec<u8>> = self
                .tx
                .tiles(head.log_id, signed(start / TILE), signed((end - start).div_ceil(TILE)))
                .await?
                .into_iter()
                .collect();
            let mut fresh = false;
            for grown in &heads {
                // The round that crossed into this window was read with the one before.
                if grown.size.unsigned_abs() <= frontier.size() {
                    continue;
                }
                let (hashes, _) = grown.hashes.as_chunks::<32>();
                if grown.size.unsigned_abs() - hashes.len() as u64 != frontier.size() {
                    let at = frontier.size();
                    self.differs(clinic, "leaf_gap", format!("faltam folhas a partir da {at}"));
                    return Ok(());
                }
                for (seqs, hashes) in grown.seqs.chunks(4096).zip(hashes.chunks(4096)) {
                    let rows = self.tx.rows(seqs, grown.oldest, grown.newest).await?;
                    let rows: HashMap<i64, Hash> = rows
                        .iter()
                        .filter(|row| row.clinic_id == clinic)
                        .map(|row| (row.seq, leaf_hash(entry(row).as_bytes())))
                        .collect();
                    for (seq, leaf) in seqs.iter().zip(hashes) {
                        let at = frontier.size();
                        match rows.get(seq) {
                            None if is_in(&gone, signed(at)) => {}
                            None => self.differs(clinic, "leaf_deleted", format!("folha {at}: registro {seq} APAGADO")),
                            Some(now) if now != leaf => {
                                self.differs(clinic, "leaf_altered", format!("folha {at}: registro {seq} ALTERADO"));
                            }
                            Some(_) => {}
                        }
                        frontier.append(*leaf);
                        tile.append(*leaf);
                        if tile.size() == TILE {
                            let n = signed(at / TILE);
                            let root = std::mem::take(&mut tile).root();
                            if let Some(known) = tiles.get(&n)
                                && known.as_slice() != root
                            {
                                self.differs(clinic, "tile_altered", format!("o bloco {n} não é o das suas folhas"));
                            }
                        }
                    }
                }
                fresh = true;
                if frontier.root().as_slice() != grown.root {
                    let sentence = format!(
                        "as {} primeiras folhas não dão a raiz que a rodada {} lacrou",
                        grown.size, grown.round
                    );
                    self.differs(clinic, "head_root", sentence);
                }
            }
            if !fresh && frontier.size() < end {
                let at = frontier.size();
                self.differs(clinic, "leaf_gap", format!("faltam folhas a partir da {at}"));
                return Ok(());
            }
            start = frontier.size().max(end);
        }
        self.found.leaves += signed(frontier.size());
        Ok(())
    }

    /// The heads of the last round and of some before it are those that the rounds sealed.
    async fn maps(&mut self, last: &Last) -> Stored<()> {
        let step = (last.round / MAPS).max(1);
        let mut rounds: Vec<i64> = (0..=last.round).rev().step_by(usize::try_from(step).unwrap_or(1)).collect();
        rounds.truncate(usize::try_from(MAPS).unwrap_or_default() + 1);
        for round in rounds {
            let mut sealed = None;
            self.tx.each_round(round, round, |found| sealed = map_of(&found.entry)).await?;
            let mut leaves = Vec::new();
            for head in self.tx.heads_at(round).await? {
                leaves.push(head_hash(&head.log_id.to_string(), head.size.unsigned_abs(), &hash(&head.root)?));
            }
            if sealed != Some(range_root(leaves)) {
                self.differs(
                    None,
                    "map_altered",
                    format!("o estado dos registros não é o que a rodada {round} lacrou"),
                );
            }
        }
        Ok(())
    }

    async fn witnesses(&mut self, last: &Last) -> Stored<()> {
        for witness in self.tx.witnesses().await? {
            self.ahead(&witness.name, witness.size, last.round + 1);
            if witness.contradicts {
                let sentence = format!("BIFURCAÇÃO: a testemunha {} viu outra história", witness.name);
                self.differs(None, "fork", sentence);
            }
        }
        Ok(())
    }

    fn ahead(&mut self, witness: &str, seen: i64, have: i64) {
        if seen > have {
            let sentence = format!("VOLTA ATRÁS: a testemunha {witness} viu {seen} rodadas, e o banco tem {have}");
            self.differs(None, "rollback", sentence);
        }
    }
}

/// Whether a leaf is in one of the ranges, which are in order.
fn is_in(ranges: &[Range<i64>], leaf: i64) -> bool {
    let next = ranges.partition_point(|range| range.end <= leaf);
    ranges.get(next).is_some_and(|range| range.contains(&leaf))
}
