//! How the trail's proofs stand, for whoever answers for the clinic or audits it.

use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use sigilo_domain::audit_query::Level;
use sigilo_proof::{merkle::Hash, note::VerifierKey};
use sigilo_store::{
    Db, Risk, Session,
    trail::{Checkpoint, ExaminationRow, SealTx, Stamp, Witness},
};

use super::{
    bundle::whole_note,
    enter::{Act, entered},
    examine,
    log::hash,
};
use crate::{App, Error, Result};

/// From how many seconds on a row that waits is too late.
const LATE: i64 = 60;
/// How many stamps are shown.
const STAMPS: i64 = 10;

/// How the proofs stand at one instant.
#[derive(Debug, Clone)]
pub struct Standing {
    /// That instant, by the database's clock.
    pub at: OffsetDateTime,
    /// Rounds sealed so far.
    pub rounds: i64,
    /// When the last one was.
    pub sealed_at: Option<OffsetDateTime>,
    /// Rows of the whole installation that wait to be sealed.
    pub waiting: i64,
    /// Since when the oldest of them waits.
    pub waiting_since: Option<OffsetDateTime>,
    /// Leaves of the clinic's log, and its root.
    pub log: Option<(i64, Hash)>,
    /// The latest checkpoint for others.
    pub checkpoint: Option<Checkpoint>,
    /// How many witnesses cosigned it.
    pub cosigned: usize,
    /// Who watches.
    pub witnesses: Vec<Witness>,
    /// The latest time stamps.
    pub stamps: Vec<Stamp>,
    /// The latest examination.
    pub examination: Option<ExaminationRow>,
    /// What of it concerns this clinic, in sentences.
    pub differences: Vec<String>,
}

impl Standing {
    /// Whether nobody outside the operator's control watches.
    pub fn is_unwatched(&self) -> bool {
        !self.witnesses.iter().any(|witness| witness.independent && witness.seen_at.is_some())
    }

    /// How it stands in one word and one sentence.
    pub fn verdict(&self) -> (Level, String) {
        if !self.differences.is_empty() {
            return (
                Level::Problem,
                "O exame achou o que não é como foi lacrado. Veja abaixo, e trate como incidente.".into(),
            );
        }
        if self.witnesses.iter().any(|witness| witness.contradicts) {
            return (Level::Problem, "Uma testemunha viu outra história deste registro. Trate como incidente.".into());
        }
        let lag = self.lag();
        if lag > LATE {
            let since = if self.rounds == 0 { "nunca lacrou".to_owned() } else { format!("parou há {lag} s") };
            return (
                Level::Problem,
                format!("O lacre {since}: a trilha é escrita, mas ainda não se prova. Avise quem cuida do servidor."),
            );
        }
        if self.rounds == 0 {
            return (Level::Attention, "O primeiro lacre ainda vai ser feito: leva segundos.".into());
        }
        if self.is_unwatched() {
            return (Level::Attention, "Tudo o que foi escrito está lacrado; falta uma testemunha de fora.".into());
        }
        (Level::Ok, "Tudo o que foi escrito está lacrado, e alguém de fora vigia.".into())
    }

    /// For how many seconds the oldest row has waited.
    pub fn lag(&self) -> i64 {
        self.waiting_since.map_or(0, |since| (self.at - since).whole_seconds().max(0))
    }
}

/// How the proofs stand.
///
/// # Errors
/// [`Error::Forbidden`] for who neither answers for the clinic or its data nor audits it.
pub async fn standing(app: &App, session: &Session) -> Result<Standing> {
    let clinic = entered(app, session, Act::Viewed).await?;
    standing_of(app.db(), clinic).await
}

/// How the proofs stand of a clinic that somebody has answered for.
pub(crate) async fn standing_of(db: &Db, clinic: Uuid) -> Result<Standing> {
    db.seal(async |tx: &SealTx| -> Result<Standing> {
        let at = tx.here().await?.at.ok_or(Error::Internal)?;
        let last = tx.last().await?;
        let waiting = tx.waiting(last.as_ref().map_or("1:1:", |last| &last.snapshot)).await?;
        let head = tx.head(clinic).await?;
        let checkpoint = tx.checkpoint(i64::MAX).await?;
        let cosigned = match &checkpoint {
            Some(checkpoint) => tx.cosignatures(checkpoint.round).await?.len(),
            None => 0,
        };
        let examination = tx.examination().await?;
        let differences = examination.as_ref().map(|found| sentences(found, clinic)).unwrap_or_default();
        Ok(Standing {
            at,
            rounds: last.as_ref().map_or(0, |last| last.round + 1),
            sealed_at: last.map(|last| last.sealed_at),
            waiting: waiting.waiting.unwrap_or_default(),
            waiting_since: waiting.oldest,
            log: head.map(|head| hash(&head.root).map(|root| (head.size, root))).transpose()?,
            checkpoint,
            cosigned,
            witnesses: tx.witnesses().await?,
            stamps: tx.stamps(i64::MAX, STAMPS).await?,
            examination,
            differences,
        })
    })
    .await
}

/// The findings of an examination that are this clinic's or everybody's.
fn sentences(of: &ExaminationRow, clinic: Uuid) -> Vec<String> {
    let found = of.findings.as_array().map(Vec::as_slice).unwrap_or_default();
    let own = found.iter().filter(|one| one["clinic"].is_null() || one["clinic"] == json!(clinic));
    own.filter_map(|one| one["sentence"].as_str().map(str::to_owned)).collect()
}

/// The latest checkpoint with its cosignatures, for whoever keeps it: it reveals counts and hashes alone.
///
/// # Errors
/// As [`standing`]; [`Error::Conflict`] when there is none yet.
pub async fn checkpoint(app: &App, session: &Session) -> Result<String> {
    entered(app, session, Act::Exported { details: json!({}), risk: Risk::Low }).await?;
    app.db()
        .seal(async |tx: &SealTx| {
            let checkpoint = tx.checkpoint(i64::MAX).await?.ok_or(super::bundle::NOTHING)?;
            Ok(whole_note(tx, &checkpoint).await?)
        })
        .await
}

/// The policy for the offline verifier: this log's keys, the witnesses that are known, and that one of them is enough.
///
/// # Errors
/// As [`standing`]; [`Error::Conflict`] when the log has no keys yet.
pub async fn policy(app: &App, session: &Session) -> Result<String> {
    entered(app, session, Act::Viewed).await?;
    app.db().seal(async |tx: &SealTx| policy_of(tx).await).await
}

/// As [`policy`], for whoever runs the installation.
///
/// # Errors
/// [`Error::Conflict`] when the log has no keys yet.
pub async fn policy_of(tx: &SealTx) -> Result<String> {
    let keys = tx.keys().await?.ok_or(super::bundle::NOTHING)?;
    let mut text: String = keys.lines().map(|key| format!("log {key}\n")).collect();
    let mut names = Vec::new();
    for (number, witness) in tx.witnesses().await?.into_iter().enumerate() {
        for (part, key) in witness.verifier_key.lines().enumerate() {
            let name = format!("t{number}{}", if part == 0 { "" } else { "-pq" });
            text.push_str(&format!("witness {name} {key}\n"));
            names.push(name);
        }
    }
    match names.as_slice() {
        [] => text.push_str("quorum none\n"),
        names => text.push_str(&format!("group testemunhas any {}\nquorum testemunhas\n", names.join(" "))),
    }
    Ok(text)
}

/// Examines the whole trail now.
///
/// # Errors
/// As [`standing`].
pub async fn examine_now(app: &App, session: &Session) -> Result<()> {
    entered(app, session, Act::Examined).await?;
    examine(app.db(), verifier_key(app.db()).await?.as_ref()).await.map(drop)
}

/// The key with which others check what the sealer signs, once it has sealed here.
///
/// # Errors
/// That the database is away.
pub async fn verifier_key(db: &Db) -> sigilo_store::Result<Option<VerifierKey>> {
    let keys = db.seal(async |tx: &SealTx| tx.keys().await).await?;
    Ok(keys.as_deref().and_then(|keys| keys.lines().next()).and_then(|key| VerifierKey::parse(key).ok()))
}

/// The latest checkpoint with its cosignatures, and the day in Brasília on which it was made, as `2026-11-28`.
///
/// # Errors
/// That the database is away.
pub async fn checkpoint_note(db: &Db) -> sigilo_store::Result<Option<(String, String)>> {
    db.seal(async |tx: &SealTx| {
        let Some(checkpoint) = tx.checkpoint(i64::MAX).await? else { return Ok(None) };
        let day = checkpoint.created_at.to_offset(sigilo_domain::BRASILIA).date();
        Ok(Some((day.to_string(), whole_note(tx, &checkpoint).await?)))
    })
    .await
}

/// When the whole trail was last examined.
///
/// # Errors
/// That the database is away.
pub async fn examined_at(db: &Db) -> sigilo_store::Result<Option<OffsetDateTime>> {
    db.seal(async |tx: &SealTx| Ok(tx.examination().await?.map(|found| found.finished_at))).await
}
