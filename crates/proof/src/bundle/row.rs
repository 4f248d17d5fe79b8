use super::{
    report::Report,
    round::RoundProof,
    verify::{Options, check_note},
};
use crate::{
    checkpoint::{Checkpoint, hash},
    jcs::{self, Object},
    merkle::{Hash, leaf_hash, verify_inclusion},
    tlog_proof::TlogProof,
};
use data_encoding::BASE64;

/// That one row is in its clinic's log: what stands in the `extra` of a C2SP proof of the round that sealed it or a later
/// one. The proof itself says that the round is in the platform's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProof {
    /// The row's entry, exactly.
    pub entry: String,
    /// Its index in the clinic's log.
    pub index: u64,
    /// The clinic's log.
    pub log: String,
    /// The inclusion proof in the clinic's log.
    pub path: Vec<Hash>,
    /// The round, with the head that the path leads to.
    pub round: RoundProof,
}

impl RowProof {
    /// As it stands in the `extra`.
    pub fn to_jcs(&self) -> String {
        let path: Vec<String> = self.path.iter().map(|hash| BASE64.encode(hash)).collect();
        Object::new()
            .text("entry", &self.entry)
            .integer("index", self.index)
            .text("log", &self.log)
            .texts("path", &path)
            .object("round", self.round.to_object())
            .integer("v", 1)
            .finish()
    }

    fn parse(bytes: &[u8]) -> Option<RowProof> {
        let value = jcs::parse(bytes).ok()?;
        (value.integer("v") == Some(1)).then_some(())?;
        Some(RowProof {
            entry: value.text("entry")?.to_owned(),
            index: value.integer("index")?,
            log: value.text("log")?.to_owned(),
            path: value.texts("path")?.into_iter().map(hash).collect::<Option<_>>()?,
            round: RoundProof::from_value(value.get("round")?)?,
        })
    }
}

/// Examines the proof of one row: the text of a `.tlog-proof` file. The row's entry, if everything held.
pub fn verify_row(text: &str, options: &Options<'_>) -> (Report, Option<String>) {
    let mut report = Report::new();
    let entry = examine(text, options, &mut report);
    (report, entry)
}

fn examine(text: &str, options: &Options<'_>, report: &mut Report) -> Option<String> {
    let Ok(proof) = TlogProof::parse(text) else {
        report.incomplete("proof_unreadable", "o arquivo não é uma prova que se leia".into());
        return None;
    };
    let checkpoint: Checkpoint = check_note(&proof.checkpoint, options, report)?;
    let Some(row) = RowProof::parse(&proof.extra) else {
        report.incomplete("proof_unreadable", "a prova não traz o registro que prova".into());
        return None;
    };
    let leaf = leaf_hash(row.round.entry.as_bytes());
    if verify_inclusion(&leaf, proof.index, checkpoint.size, &proof.hashes, &checkpoint.root).is_err() {
        report.tampered("round_foreign", "a rodada não está no registro que o ponto de controle assina".into());
        return None;
    }
    let Some(round) = row.round.check(&row.log).filter(|round| round.round == proof.index) else {
        report.tampered("head_foreign", "a clínica não estava onde a prova diz nessa rodada".into());
        return None;
    };
    report.facts.sealed_at = Some(round.at);
    let leaf = leaf_hash(row.entry.as_bytes());
    if verify_inclusion(&leaf, row.index, row.round.size, &row.path, &row.round.root).is_err() {
        report.tampered("leaf_altered", format!("o registro {} não é o que foi lacrado", row.index));
        return None;
    }
    report.facts.log = Some(row.log);
    report.facts.leaves = row.round.size;
    report.facts.entries = 1;
    Some(row.entry)
}
