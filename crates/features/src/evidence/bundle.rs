//! One clinic's log in one file, for whoever checks it without us; [`sigilo_proof::bundle`] says how it is made up.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufWriter, Seek, Write},
};

use serde_json::json;
use uuid::Uuid;

use sigilo_proof::{
    bundle::{self, Manifest, RoundProof, head_hash},
    merkle::{Hash, inclusion_proof, range_root},
    tile::{Tile, encode_entries},
};
use sigilo_store::{
    Db, Risk, Session,
    trail::{Checkpoint, Head, NOBODYS_LOG, SealTx},
};

use super::{
    enter::{Act, entered},
    entry,
    log::{TILE, WINDOW, hash, leaves, sealed, signed},
};
use crate::{App, Error, Result};

/// The most rounds of which a bundle says where the clinic stood. All others follow from them.
const ROUNDS: i64 = 200;
/// How many stamps a bundle brings at most, latest first.
const STAMPS: i64 = 4000;

/// The clinic's whole log up to the latest checkpoint, as a file that nobody else can open. That it was made is an event.
///
/// # Errors
/// [`Error::Forbidden`] for who does not answer for the clinic's data and may not audit it; [`Error::Conflict`] when
/// nothing was sealed yet.
pub async fn export(app: &App, session: &Session) -> Result<File> {
    let clinic =
        entered(app, session, Act::Exported { details: json!({ "form": "bundle" }), risk: Risk::Medium }).await?;
    log_file(app.db(), clinic).await
}

/// The bundle of a log, whoever's it is, in a file without a name: nobody else can open it, and it is gone with this process.
///
/// # Errors
/// As [`export_log`].
pub async fn log_file(db: &Db, log: Uuid) -> Result<File> {
    let mut writer = BufWriter::new(tempfile::tempfile().map_err(broken)?);
    db.seal(async |tx: &SealTx| export_log(tx, log, &mut writer).await).await?;
    let mut file = writer.into_inner().map_err(|error| broken(error.into_error()))?;
    file.rewind().map_err(broken)?;
    Ok(file)
}

/// Writes the bundle of a log, whoever's it is.
///
/// # Errors
/// [`Error::Conflict`] when nothing of it was sealed yet; [`Error::Internal`] when it cannot be written.
pub async fn export_log(tx: &SealTx, log: Uuid, out: &mut impl Write) -> Result<()> {
    let checkpoint = tx.checkpoint(i64::MAX).await?.ok_or(NOTHING)?;
    let heads = tx.heads_at(checkpoint.round).await?;
    let size = heads.iter().find(|head| head.log_id == log).ok_or(NOTHING)?.size.unsigned_abs();
    let note = whole_note(tx, &checkpoint).await?;
    let first = note.lines().next().unwrap_or_default().to_owned();
    let manifest =
        Manifest { log: log.to_string(), origin: first, platform_size: checkpoint.round.unsigned_abs() + 1, size };
    let mut out = Tar(out);
    out.file("MANIFEST", manifest.to_jcs().as_bytes())?;
    out.file("checkpoint", note.as_bytes())?;

    let mut rounds = vec![checkpoint.round];
    let mut stamps = tx.stamps(checkpoint.round, STAMPS).await?;
    // What shows how old rows were that are gone: the round that had sealed them, and the first stamp over it.
    for said in tx.declarations(log).await? {
        let known = [said.sealed_in, said.reached_in].into_iter().flatten().filter(|round| *round <= checkpoint.round);
        rounds.extend(known);
        let first = tx.first_stamp(said.reached_in.unwrap_or_default()).await?;
        stamps.extend(first.filter(|stamp| stamp.round <= checkpoint.round));
    }
    stamps.sort_unstable_by(|one, other| (other.round, &one.authority).cmp(&(one.round, &other.authority)));
    stamps.dedup_by(|one, other| (one.round, &one.authority) == (other.round, &other.authority));
    for stamp in stamps {
        let (Some(token), Some(stamped)) = (stamp.token, tx.checkpoint(stamp.round).await?) else { continue };
        let number = stamp.round;
        out.file(&format!("stamps/{number}/checkpoint"), stamped.note.as_bytes())?;
        out.file(&format!("stamps/{number}/token.tst"), &token)?;
    }
    rounds.extend(tx.changed(log, checkpoint.round, ROUNDS).await?);
    rounds.sort_unstable();
    rounds.dedup();
    let mut lines = String::new();
    for round in rounds {
        let heads = if round == checkpoint.round { heads.clone() } else { tx.heads_at(round).await? };
        lines.push_str(&round_proof(tx, log, round, &heads).await?.to_object().finish());
        lines.push('\n');
    }
    out.file("rounds", lines.as_bytes())?;

    platform(tx, manifest.platform_size, &mut out).await?;
    entries(tx, log, size, checkpoint.round, &mut out).await?;
    out.0.write_all(&bundle::END).map_err(broken)
}

pub(super) const NOTHING: Error =
    Error::Conflict("Ainda não há nada lacrado. O lacre faz um ponto de controle por minuto: tente daqui a pouco.");

/// A checkpoint with what the witnesses said of it.
pub(super) async fn whole_note(tx: &SealTx, checkpoint: &Checkpoint) -> sigilo_store::Result<String> {
    let mut note = checkpoint.note.clone();
    for line in tx.cosignatures(checkpoint.round).await? {
        note.push_str(&line);
    }
    Ok(note)
}

/// Where a log stood in a round, of which `heads` are all.
pub(super) async fn round_proof(tx: &SealTx, log: Uuid, round: i64, heads: &[Head]) -> Result<RoundProof> {
    let mut entry = None;
    tx.each_round(round, round, |found| entry = Some(found.entry)).await?;
    let entry = entry.ok_or(Error::Internal)?;
    let mut leaves = Vec::with_capacity(heads.len());
    for head in heads {
        let root = hash(&head.root)?;
        leaves.push(head_hash(&head.log_id.to_string(), head.size.unsigned_abs(), &root));
    }
    let at = heads.iter().position(|head| head.log_id == log).ok_or(Error::Internal)?;
    let path = inclusion_proof(&leaves, at as u64).map_err(|_| Error::Internal)?;
    Ok(RoundProof { entry, index: at as u64, path, root: hash(&heads[at].root)?, size: heads[at].size.unsigned_abs() })
}

/// The platform's log as tiles: level 0 while it is read, then what follows from it.
async fn platform(tx: &SealTx, size: u64, out: &mut Tar<'_, impl Write>) -> Result<()> {
    let mut levels: Vec<Vec<Hash>> = vec![Vec::new()];
    let mut start = 0;
    while start < size {
        let end = (start + WINDOW).min(size);
        let hashes = leaves(tx, sigilo_store::trail::PLATFORM_LOG, start..end, signed(size)).await?;
        for (index, tile) in (start / TILE..).zip(hashes.chunks(256)) {
            let of = Tile::of(0, index, size).ok_or(Error::Internal)?;
            out.file(&format!("platform/{}", of.path()), &tile.concat())?;
            if tile.len() == 256 {
                levels[0].push(range_root(tile.iter().copied()));
            }
        }
        start = end;
    }
    while let Some(below) = levels.last().filter(|below| below.len() > 256) {
        levels.push(below.chunks_exact(256).map(|tile| range_root(tile.iter().copied())).collect());
    }
    for tile in Tile::all(size).filter(|tile| tile.level() > 0) {
        let level = levels.get(usize::from(tile.level()) - 1).ok_or(Error::Internal)?;
        let from = usize::try_from(tile.index() * TILE).map_err(|_| Error::Internal)?;
        let hashes = level.get(from..from + usize::from(tile.width())).ok_or(Error::Internal)?;
        out.file(&format!("platform/{}", tile.path()), &hashes.concat())?;
    }
    Ok(())
}

/// The clinic's log: each tile of hashes with the entries below it. A row that is not there any more is an entry of no
/// bytes.
async fn entries(tx: &SealTx, log: Uuid, size: u64, round: i64, out: &mut Tar<'_, impl Write>) -> Result<()> {
    let mut start = 0;
    while start < size {
        let end = (start + WINDOW).min(size);
        let leaves = sealed(tx, log, start..end, round).await?;
        for (index, tile) in (start / TILE..).zip(leaves.chunks(256)) {
            let seqs: Vec<i64> = tile.iter().map(|leaf| leaf.seq).collect();
            let oldest = tile.iter().map(|leaf| leaf.oldest).min().ok_or(Error::Internal)?;
            let newest = tile.iter().map(|leaf| leaf.newest).max().ok_or(Error::Internal)?;
            let rows = tx.rows(&seqs, oldest, newest).await?;
            let mut rows: HashMap<i64, String> = rows
                .iter()
                .filter(|row| row.clinic_id.unwrap_or(NOBODYS_LOG) == log)
                .map(|row| (row.seq, entry(row)))
                .collect();
            let of = Tile::of(0, index, size).ok_or(Error::Internal)?;
            let hashes: Vec<Hash> = tile.iter().map(|leaf| leaf.hash).collect();
            out.file(&format!("log/{}", of.path()), &hashes.concat())?;
            let entries: Vec<String> = seqs.iter().map(|seq| rows.remove(seq).unwrap_or_default()).collect();
            let packed = encode_entries(&entries).map_err(|_| Error::Internal)?;
            out.file(&format!("log/{}", of.entries_path()), &packed)?;
        }
        start = end;
    }
    Ok(())
}

struct Tar<'a, W>(&'a mut W);

impl<W: Write> Tar<'_, W> {
    fn file(&mut self, path: &str, content: &[u8]) -> Result<()> {
        bundle::file(path, content).and_then(|records| self.0.write_all(&records)).map_err(broken)
    }
}

fn broken(error: std::io::Error) -> Error {
    tracing::error!(kind = ?error.kind(), "a bundle could not be written");
    Error::Internal
}
