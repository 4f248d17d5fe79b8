//! Asking those outside: witnesses cosign a checkpoint that only continues what they saw, an authority stamps when it was
//! there. What they do not answer is asked again; sealing never waits for them.

use time::OffsetDateTime;
use url::Url;

use sigilo_anchor::{
    Client,
    timestamp::{Authority, stamp},
    witness::{WitnessError, add_checkpoint},
};
use sigilo_proof::{
    consent::{Parts, Seal},
    merkle::{Hash, consistency_ranges},
    note::VerifierKey,
    timestamp::{self, Request, read_response},
    x509::{CaStore, Revocation, Trust},
};
use sigilo_store::{
    Db, Error as StoreError, Result as Stored, consent,
    trail::{Checkpoint, PLATFORM_LOG, SealTx, WantedStamp, Witness},
};

use super::log::range_root;

/// How long after a stamp was wanted the next one is.
const STAMP_EVERY: time::Duration = time::Duration::hours(24);
/// The shortest and the longest pause before a stamp is asked for again, in seconds.
const PAUSE: (f64, f64) = (30.0, 6.0 * 3600.0);

/// Whom there is to ask.
pub struct Outside {
    client: Client,
    authority: Option<(Authority, CaStore)>,
}

impl Outside {
    /// Witnesses as the database names them, and an authority of time stamps with the roots it is believed under.
    pub fn new(client: Client, authority: Option<(Authority, CaStore)>) -> Outside {
        Outside { client, authority }
    }

    /// Asks once for everything that is due.
    ///
    /// # Errors
    /// That the database is away. That somebody outside is away is kept with them, and is no error.
    pub async fn attest(&self, db: &Db) -> Stored<()> {
        let (checkpoint, witnesses) = db
            .seal(async |tx: &SealTx| -> Stored<_> { Ok((tx.checkpoint(i64::MAX).await?, tx.witnesses().await?)) })
            .await?;
        let Some(checkpoint) = checkpoint else { return Ok(()) };
        for witness in &witnesses {
            self.witness(db, &checkpoint, witness).await?;
        }
        if let Some((authority, roots)) = &self.authority {
            self.want(db, &checkpoint, authority).await?;
            let wanted = db.seal(async |tx: &SealTx| tx.wanted_stamps().await).await?;
            for wanted in wanted.iter().filter(|wanted| wanted.authority == name(authority)) {
                self.stamp(db, wanted, authority, roots).await?;
            }
            for wanted in &db.seal(async |tx: &SealTx| consent::wanted_stamps(tx).await).await? {
                self.stamp_consent(db, wanted, authority, roots).await?;
            }
        }
        Ok(())
    }

    async fn witness(&self, db: &Db, checkpoint: &Checkpoint, witness: &Witness) -> Stored<()> {
        let size = checkpoint.round + 1;
        let Some(url) = witness.url.as_deref().and_then(|url| Url::parse(url).ok()) else { return Ok(()) };
        if witness.size >= size && witness.problem.is_none() {
            return Ok(());
        }
        let keys: Vec<VerifierKey> =
            witness.verifier_key.lines().filter_map(|key| VerifierKey::parse(key).ok()).collect();
        let mut old = witness.size.min(size);
        // Another installation of the same log, or a restored copy of this one, may know less than the witness.
        for _ in 0..2 {
            let proof = db.seal(async |tx: &SealTx| proof(tx, old, size).await).await?;
            let asked = add_checkpoint(&self.client, &url, &keys, old.unsigned_abs(), &proof, &checkpoint.note).await;
            match asked {
                Ok(lines) => {
                    return db
                        .seal(async |tx: &SealTx| {
                            tx.add_cosignature(checkpoint.round, &witness.name, &lines.concat()).await?;
                            tx.saw(&witness.name, size, None, false).await
                        })
                        .await;
                }
                Err(WitnessError::Conflict { size: theirs }) => {
                    let theirs = i64::try_from(theirs).unwrap_or(i64::MAX);
                    if theirs > size {
                        let problem = format!("já assinou {theirs} rodadas, e aqui há {size}");
                        return note(db, witness, theirs, &problem, false).await;
                    }
                    old = theirs;
                }
                Err(error @ WitnessError::Contradiction) => {
                    return note(db, witness, witness.size, &error.to_string(), true).await;
                }
                Err(error) => return note(db, witness, witness.size, &error.to_string(), false).await,
            }
        }
        note(db, witness, witness.size, "não aceitou a prova de que o registro só cresceu", false).await
    }

    async fn want(&self, db: &Db, checkpoint: &Checkpoint, authority: &Authority) -> Stored<()> {
        db.seal(async |tx: &SealTx| {
            let now = tx.here().await?.at.ok_or(StoreError::NotFound)?;
            match tx.latest_stamp().await? {
                Some(latest) if now - latest < STAMP_EVERY => Ok(()),
                _ => tx.ask_stamp(checkpoint.round, &name(authority)).await,
            }
        })
        .await
    }

    async fn stamp(&self, db: &Db, wanted: &WantedStamp, authority: &Authority, roots: &CaStore) -> Stored<()> {
        match self.token(wanted.note.as_bytes(), authority, roots).await {
            Ok((token, at)) => {
                db.seal(async |tx: &SealTx| tx.stamped(wanted.round, &wanted.authority, &token, at).await).await
            }
            Err(problem) => {
                let pause = pause(wanted.tries);
                tracing::warn!(problem, "no time stamp");
                db.seal(async |tx: &SealTx| tx.not_stamped(wanted.round, &wanted.authority, &problem, pause).await)
                    .await
            }
        }
    }

    /// A stamp of its own for a consent: the seal, which says nothing of the person, is all that the authority sees.
    async fn stamp_consent(
        &self,
        db: &Db,
        wanted: &consent::WantedStamp,
        authority: &Authority,
        roots: &CaStore,
    ) -> Stored<()> {
        let parts = Parts::parse(wanted.parts.as_deref().unwrap_or_default().as_bytes());
        let stamped = match parts {
            Ok(parts) => {
                let seal = Seal { consent_hash: wanted.consent_hash.clone(), parts };
                self.token(&seal.bytes(), authority, roots).await
            }
            Err(_) => Err("a prova no banco não se lê".to_owned()),
        };
        match stamped {
            Ok((token, at)) => db.seal(async |tx: &SealTx| consent::stamped(tx, wanted, &token, at).await).await,
            Err(problem) => {
                tracing::warn!(problem, "no time stamp for a consent");
                let pause = pause(wanted.tries);
                db.seal(async |tx: &SealTx| consent::not_stamped(tx, wanted, &problem, pause).await).await
            }
        }
    }

    /// A token over the bytes that holds, and its instant; or why there is none.
    async fn token(
        &self,
        note: &[u8],
        authority: &Authority,
        roots: &CaStore,
    ) -> Result<(Vec<u8>, OffsetDateTime), String> {
        let request = Request::new(note, None).ok_or("não foi possível escrever o pedido")?;
        let answer = stamp(&self.client, authority, request.der()).await.map_err(|error| error.to_string())?;
        let wrong = |error: &dyn std::fmt::Display| format!("a autoridade respondeu algo que não vale: {error}");
        let token = read_response(&answer).map_err(|error| wrong(&error))?.token;
        let policy = timestamp::policy_of(&token).map_err(|error| wrong(&error))?;
        let trust = Trust { store: roots, crls: &[], revocation: Revocation::IfGiven };
        let verified =
            timestamp::verify(&token, note, Some(request.nonce()), &[policy], trust).map_err(|error| wrong(&error))?;
        Ok((token, verified.gen_time))
    }
}

/// In how many seconds to ask again after so many tries.
fn pause(tries: i32) -> f64 {
    (PAUSE.0 * 2_f64.powi(tries.clamp(0, 20))).min(PAUSE.1)
}

async fn note(db: &Db, witness: &Witness, size: i64, problem: &str, contradicts: bool) -> Stored<()> {
    tracing::warn!(witness = witness.name, problem, "a witness did not cosign");
    db.seal(async |tx: &SealTx| tx.saw(&witness.name, size, Some(problem), contradicts).await).await
}

/// That the platform's log of `size` rounds only continues that of `old`.
async fn proof(tx: &SealTx, old: i64, size: i64) -> Stored<Vec<Hash>> {
    let mut proof = Vec::new();
    if old > 0 && old < size {
        let ranges = consistency_ranges(old.unsigned_abs(), size.unsigned_abs());
        for range in ranges.map_err(|_| StoreError::Other("proof".into()))? {
            proof.push(range_root(tx, PLATFORM_LOG, range, size).await?);
        }
    }
    Ok(proof)
}

/// What an authority is called: its host.
fn name(authority: &Authority) -> String {
    authority.url().host_str().unwrap_or("autoridade").to_owned()
}
