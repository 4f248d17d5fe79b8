use std::ops::Range;

use sigilo_proof::merkle::{Frontier, Hash, MAX_SIZE, ProofError, leaf_hash};
use sigilo_store::{
    Error, Result,
    trail::{PLATFORM_LOG, SealTx},
};
use time::OffsetDateTime;
use uuid::Uuid;

/// How many leaves a tile has (C2SP tlog-tiles).
pub(super) const TILE: u64 = 256;
/// How many leaves are looked up at once.
pub(super) const WINDOW: u64 = 64 * TILE;

/// The bytes of a hash from the database.
pub(super) fn hash(bytes: &[u8]) -> Result<Hash> {
    bytes.try_into().map_err(|_| Error::Other("hash".into()))
}

/// A log while it grows: its frontier, and what of its last tile is not whole yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Growing {
    pub(super) frontier: Frontier,
    open: Frontier,
}

impl Growing {
    /// The log as the database has it, `size` leaves long, after `round`.
    pub(super) async fn load(tx: &SealTx, log: Uuid, size: u64, round: i64) -> Result<Growing> {
        let frontier = whole(tx, log, 0..size, round).await?;
        let open = leaves(tx, log, size / TILE * TILE..size, round).await?.into_iter().collect();
        Ok(Growing { frontier, open })
    }

    /// Appends a leaf; the root of its tile, with its number, if that became whole.
    pub(super) fn append(&mut self, leaf: Hash) -> Option<(i64, Hash)> {
        self.frontier.append(leaf);
        self.open.append(leaf);
        if self.open.size() < TILE {
            return None;
        }
        let root = std::mem::take(&mut self.open).root();
        Some((signed(self.frontier.size() / TILE - 1), root))
    }
}

/// The root of the leaves in a range that [`sigilo_proof::merkle::inclusion_ranges`] or `consistency_ranges` named.
pub(super) async fn range_root(tx: &SealTx, log: Uuid, range: Range<u64>, round: i64) -> Result<Hash> {
    Ok(whole(tx, log, range, round).await?.root())
}

/// The leaves in a range as a tree of their own, from the roots of whole tiles as far as they go. A range of 256 leaves or
/// more starts with a tile, as every subtree does.
async fn whole(tx: &SealTx, log: Uuid, range: Range<u64>, round: i64) -> Result<Frontier> {
    let broken = |_: ProofError| Error::Other("log".into());
    let length = range.end - range.start;
    if length < TILE {
        return Ok(leaves(tx, log, range, round).await?.into_iter().collect());
    }
    let (first, count) = (range.start / TILE, length / TILE);
    let mut upper = Frontier::new();
    for (n, root) in tx.tiles(log, signed(first), signed(count)).await? {
        if signed(first + upper.size()) != n {
            return Err(Error::Other("tile".into()));
        }
        upper.append(hash(&root)?);
    }
    let mut bytes = upper.to_bytes();
    let rest = range.start + count * TILE..range.end;
    let lower: Frontier = leaves(tx, log, rest, round).await?.into_iter().collect();
    bytes.extend_from_slice(&lower.to_bytes());
    Frontier::from_bytes(upper.size() * TILE + lower.size(), &bytes).map_err(broken)
}

/// A leaf of a clinic's log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaf {
    pub(super) seq: i64,
    pub(super) hash: Hash,
    /// Between which instants its round's rows were written.
    pub(super) oldest: OffsetDateTime,
    pub(super) newest: OffsetDateTime,
}

/// Those of a clinic's leaves in a range that are there, in order.
pub(super) async fn sealed(tx: &SealTx, log: Uuid, range: Range<u64>, round: i64) -> Result<Vec<Leaf>> {
    let mut found = Vec::new();
    for head in tx.heads(log, signed(range.start), signed(range.end), round).await? {
        let (hashes, _) = head.hashes.as_chunks::<32>();
        let first = head.size.unsigned_abs() - hashes.len() as u64;
        let wanted = head.seqs.iter().zip(hashes).zip(first..).filter(|(_, index)| range.contains(index));
        let (oldest, newest) = (head.oldest, head.newest);
        found.extend(wanted.map(|((seq, hash), _)| Leaf { seq: *seq, hash: *hash, oldest, newest }));
    }
    Ok(found)
}

/// The hashes of some leaves, in order.
pub(super) async fn leaves(tx: &SealTx, log: Uuid, range: Range<u64>, round: i64) -> Result<Vec<Hash>> {
    let mut found = Vec::new();
    if range.is_empty() {
        return Ok(found);
    }
    if log == PLATFORM_LOG {
        tx.each_round(signed(range.start), signed(range.end) - 1, |round| {
            found.push(leaf_hash(round.entry.as_bytes()))
        })
        .await?;
    } else {
        found.extend(sealed(tx, log, range.clone(), round).await?.into_iter().map(|leaf| leaf.hash));
    }
    if found.len() as u64 == range.end - range.start { Ok(found) } else { Err(Error::Other("leaf".into())) }
}

/// A size or an index as the database has it.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number.min(MAX_SIZE)).unwrap_or(i64::MAX)
}
