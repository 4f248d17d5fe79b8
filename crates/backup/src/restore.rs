//! Puts a copy back into an empty installation.

use std::{collections::BTreeMap, io::BufReader};

use sigilo_features::evidence::{examine, log_file, policy_of, verifier_key};
use sigilo_proof::{
    bundle::{self, Verdict},
    note::VerifierKey,
    policy::Policy,
};
use sigilo_store::{
    Db,
    keystore::{Subject, destroy_again},
    migrate, migrate_keystore, newest_migrations, rights,
    server::{CopyPrograms, Server, ServerSettings, Snapshot, Staging},
    trail::SealTx,
};
use uuid::Uuid;

use crate::{Copy, Identity, Part, Problem, Progress, Result, archive};

/// What came back.
#[derive(Debug)]
pub struct Restored {
    /// How many people's keys were destroyed again.
    pub destroyed: usize,
    /// Tables whose rows were counted.
    pub tables: usize,
    /// Rows in them.
    pub rows: u64,
    /// What the trail's proofs say.
    pub chain: Chain,
}

/// What the trail's proofs say of a copy.
#[derive(Debug, Default)]
pub struct Chain {
    /// Logs that the offline verifier found valid.
    pub valid: usize,
    /// What it found in others, and what the comparison of rows, leaves and records found.
    pub differences: Vec<String>,
    /// Leaves compared.
    pub leaves: i64,
    /// Nothing was sealed yet.
    pub unsealed: bool,
}

impl Chain {
    /// Whether everything is what was sealed.
    pub fn holds(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Puts a copy back into the installation of `settings`, which must be empty, and gives its server. `also` are people whose
/// keys must stay destroyed beyond those that the copy's own records name; `key` is the log's key, where it is known from
/// elsewhere than the copy.
///
/// Everything is put together beside the product's databases and takes their place at the end, in one transaction.
///
/// # Errors
/// See [`Problem`]; then the installation is as empty as it was.
pub async fn restore(
    settings: &ServerSettings,
    copy: &Copy,
    identity: &Identity,
    also: &[Subject],
    key: Option<&VerifierKey>,
    told: &(dyn Fn(Progress) + Send + Sync),
) -> Result<(Server, Restored)> {
    let (application, keystore) = newest_migrations();
    for (archive, newest) in [(&copy.manifest.application, application), (&copy.keys_manifest.keystore, keystore)] {
        if archive.schema > newest {
            return Err(Problem::Newer(format!("estrutura {}", archive.schema)));
        }
    }
    let programs = CopyPrograms::find(settings)?;
    for manifest in [&copy.manifest, &copy.keys_manifest] {
        if manifest.postgres > programs.major {
            return Err(Problem::Newer(format!("PostgreSQL {}", manifest.postgres)));
        }
    }
    // A wrong identity is refused before anything is made.
    for (part, _) in copy.parts() {
        archive::open(&copy.path(part), identity).map(drop)?;
    }

    let server = Server::open(settings, &|_| {}).await?;
    let staging = Staging::make(&settings.data).await?;
    match put_together(&programs, &staging, copy, identity, also, key, told).await {
        Ok(restored) => Ok((server, restored)),
        Err(problem) => {
            // What does not go now goes when the next restore begins.
            let _ = staging.discard().await;
            Err(problem)
        }
    }
}

async fn put_together(
    programs: &CopyPrograms,
    staging: &Staging,
    copy: &Copy,
    identity: &Identity,
    also: &[Subject],
    key: Option<&VerifierKey>,
    told: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Restored> {
    for (part, archive) in copy.parts() {
        let url = match part {
            Part::Application => &staging.application,
            Part::Keystore => &staging.keystore,
        };
        let command = programs.restore(url)?;
        let path = copy.path(part);
        let of = archive.tables.len();
        tokio::task::block_in_place(|| archive::put_back(command, &path, identity, (part, of), &told))?;
        same_counts(&archive.tables, &Snapshot::take(url).await?.tables)?;
    }
    staging.set_rights().await?;
    migrate(staging.application_urls.owner.expose()).await?;
    migrate_keystore(staging.keystore_urls.owner.expose()).await?;

    let db = Db::new(&staging.application_urls, 2)?;
    let mut destroyed = rights::destroyed(&db).await?;
    destroyed.extend_from_slice(also);
    destroyed.sort_unstable();
    destroyed.dedup();
    destroy_again(&staging.keystore_urls.keys, &destroyed).await?;

    let chain = chain(&db, key).await?;
    drop(db);
    staging.put_in_place().await?;
    let counted: Vec<_> = copy.parts().iter().flat_map(|(_, archive)| archive.tables.values().copied()).collect();
    let (tables, rows) = (counted.len(), counted.iter().sum());
    Ok(Restored { destroyed: destroyed.len(), tables, rows, chain })
}

fn same_counts(expected: &BTreeMap<String, u64>, found: &BTreeMap<String, u64>) -> Result<()> {
    for (table, &expected) in expected {
        let found = found.get(table).copied().unwrap_or(0);
        if found != expected {
            return Err(Problem::Counts { table: table.clone(), expected, found });
        }
    }
    match found.iter().find(|(table, _)| !expected.contains_key(*table)) {
        Some((table, &found)) => Err(Problem::Counts { table: table.clone(), expected: 0, found }),
        None => Ok(()),
    }
}

/// Lets the offline verifier look at each log, and compares rows, leaves and records.
async fn chain(db: &Db, key: Option<&VerifierKey>) -> Result<Chain> {
    let mut chain = Chain::default();
    let logs: Vec<Uuid> = db
        .seal(async |tx: &SealTx| {
            let Some(checkpoint) = tx.checkpoint(i64::MAX).await? else {
                return Ok::<_, sigilo_store::Error>(Vec::new());
            };
            Ok(tx.heads_at(checkpoint.round).await?.into_iter().map(|head| head.log_id).collect())
        })
        .await?;
    if logs.is_empty() {
        chain.unsealed = true;
        return Ok(chain);
    }
    let policy = db.seal(async |tx: &SealTx| policy_of(tx).await).await?;
    // The witnesses' part of the policy may not hold for a copy made before they answered; whose log it is must.
    let own: String = policy.lines().filter(|line| line.starts_with("log ")).map(|line| format!("{line}\n")).collect();
    let policy = Policy::parse(&format!("{own}quorum none\n"));
    let Ok(policy) = policy else {
        chain.differences.push("as chaves da trilha não se leem".to_owned());
        return Ok(chain);
    };
    let options = bundle::Options { policy: &policy, previous: &[], authorities: None };
    for log in logs {
        let bundle = BufReader::new(log_file(db, log).await?);
        match difference(log, &bundle::verify(bundle, &options)) {
            None => chain.valid += 1,
            Some(sentence) => chain.differences.push(sentence),
        }
    }
    let known = verifier_key(db).await?;
    if let (Some(key), Some(known)) = (key, &known)
        && key.to_string() != known.to_string()
    {
        chain.differences.push("a trilha foi lacrada com outra chave que a desta instalação".to_owned());
    }
    let found = examine(db, key.or(known.as_ref())).await?;
    chain.leaves = found.leaves;
    chain.differences.extend(found.differences.into_iter().map(|difference| difference.sentence));
    Ok(chain)
}

/// What the verifier found in a log, where it is not valid. Without witnesses and time stamps to wait for, a copy has no reason
/// to be incomplete.
fn difference(log: Uuid, report: &bundle::Report) -> Option<String> {
    let said = match report.verdict {
        Verdict::Valid => return None,
        Verdict::Tampered => "não confere",
        Verdict::Incomplete => "está incompleto",
    };
    let first = report.findings.first().map(|finding| format!(": {}", finding.sentence)).unwrap_or_default();
    Some(format!("o registro {log} {said}{first}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_log_that_the_verifier_calls_valid_is_one() {
        let of = |key: &str| Policy::parse(&format!("log {key}\nquorum none\n")).expect("policy");
        let key = sigilo_proof::checkpoint::LogKey::from_seed("clinica.example/trilha", &[7; 32]).expect("key");
        let policy = of(&key.verifier_keys()[0].to_string());
        let options = bundle::Options { policy: &policy, previous: &[], authorities: None };
        // An archive of nothing: no word of it contradicts, and it proves nothing.
        let report = bundle::verify(&bundle::END[..], &options);
        assert_eq!(report.verdict, Verdict::Incomplete);
        let said = difference(Uuid::nil(), &report).expect("a difference");
        assert!(said.starts_with("o registro 00000000-0000-0000-0000-000000000000 está incompleto: "), "{said}");
    }
}
