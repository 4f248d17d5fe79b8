use serde_json::json;
use uuid::Uuid;

use sigilo_proof::{bundle::RowProof, merkle::inclusion_ranges, tlog_proof::TlogProof};
use sigilo_store::{
    Risk, Session,
    trail::{PLATFORM_LOG, SealTx},
};

use super::{
    bundle::{round_proof, whole_note},
    enter::{Act, entered},
    entry,
    log::range_root,
};
use crate::{App, Error, Result};

/// The proof of one row of the clinic's ledger, as the text of a C2SP `.tlog-proof` file. That it was made is an event.
///
/// # Errors
/// [`Error::NotFound`] for a row that the clinic has not; [`Error::Conflict`] for one that no checkpoint covers yet.
pub async fn row_proof(app: &App, session: &Session, seq: i64) -> Result<String> {
    let details = json!({ "form": "row", "seq": seq });
    let clinic = entered(app, session, Act::Exported { details, risk: Risk::Low }).await?;
    app.db().seal(async |tx: &SealTx| row_proof_of(tx, clinic, seq).await).await
}

/// The proof of a row in a log, whoever's it is.
///
/// # Errors
/// As [`row_proof`].
pub async fn row_proof_of(tx: &SealTx, log: Uuid, seq: i64) -> Result<String> {
    const YOUNG: Error = Error::Conflict(
        "Este registro ainda não está sob um ponto de controle. O lacre faz um por minuto: tente daqui a pouco.",
    );
    let head = tx.leaf(log, seq).await?;
    let Some(head) = head else {
        // A row of the clinic that is not sealed yet, or none of the clinic's.
        return Err(if tx.is_of(log, seq).await? { YOUNG } else { Error::NotFound });
    };
    let checkpoint = tx.checkpoint(i64::MAX).await?.filter(|checkpoint| checkpoint.round >= head.round).ok_or(YOUNG)?;
    let row = tx.rows(&[seq], head.oldest, head.newest).await?.into_iter().next().ok_or(Error::NotFound)?;
    let at = head.seqs.iter().position(|known| *known == seq).ok_or(Error::Internal)?;
    let index = head.size.unsigned_abs() - head.seqs.len() as u64 + at as u64;

    let heads = tx.heads_at(checkpoint.round).await?;
    let round = round_proof(tx, log, checkpoint.round, &heads).await?;
    let path = path(tx, log, index, round.size, checkpoint.round).await?;
    let row = RowProof { entry: entry(&row), index, log: log.to_string(), path, round };
    let index = checkpoint.round.unsigned_abs();
    let hashes = self::path(tx, PLATFORM_LOG, index, index + 1, checkpoint.round).await?;
    let checkpoint = whole_note(tx, &checkpoint).await?;
    Ok(TlogProof { extra: row.to_jcs().into_bytes(), index, hashes, checkpoint }.to_string())
}

async fn path(tx: &SealTx, log: Uuid, index: u64, size: u64, round: i64) -> Result<Vec<sigilo_proof::merkle::Hash>> {
    let mut path = Vec::new();
    for range in inclusion_ranges(index, size).map_err(|_| Error::Internal)? {
        path.push(range_root(tx, log, range, round).await?);
    }
    Ok(path)
}
