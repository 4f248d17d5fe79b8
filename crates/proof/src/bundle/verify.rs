use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use super::{Manifest, Report, RoundProof, instant, retention::Retention};
use crate::{
    checkpoint::Checkpoint,
    jcs,
    merkle::{Frontier, Hash, leaf_hash, range_root},
    note::{Note, SignatureType},
    policy::{Policy, PolicyError},
    tile::Tile,
    timestamp,
    x509::{CaStore, Revocation, Trust},
};

/// What an examination goes by. All of it comes from elsewhere than the bundle.
pub struct Options<'a> {
    /// Whose log it must be, and how many witnesses must have seen it.
    pub policy: &'a Policy,
    /// Earlier checkpoints that somebody kept: a name for people and the note.
    pub previous: &'a [(String, String)],
    /// Whose time stamps are believed; without it they are not looked into.
    pub authorities: Option<&'a CaStore>,
}

/// The largest file in a bundle but for the tiles and rounds, which are read piece by piece.
const MAX_FILE: u64 = 1 << 20;
/// The largest tile of entries: 256 of 65 535 bytes with their lengths.
const MAX_TILE: u64 = 256 * 65_537;
/// The largest list of rounds.
const MAX_ROUNDS: u64 = 64 << 20;

/// Examines a bundle while reading it once. Memory does not grow with the log.
pub fn verify(bundle: impl Read, options: &Options<'_>) -> Report {
    let mut examination = Examination::new(options);
    if let Err(error) = examination.read(bundle) {
        examination
            .report
            .incomplete("bundle_unreadable", format!("o pacote termina antes do fim ou não se lê ({error})"));
    }
    examination.conclude()
}

/// Checks a checkpoint's signatures against the policy and notes what held.
pub(super) fn check_note(note: &str, options: &Options<'_>, report: &mut Report) -> Option<Checkpoint> {
    match options.policy.check(note) {
        Ok(verdict) => {
            report.facts.origin = Some(verdict.checkpoint.origin.clone());
            report.facts.rounds = verdict.checkpoint.size;
            for signature in verdict.log {
                report.facts.signatures.push(match signature.kind {
                    SignatureType::MlDsa44 => "ML-DSA-44".into(),
                    _ => "Ed25519".into(),
                });
            }
            report.facts.witnesses.extend(verdict.witnesses.into_iter().map(|witness| witness.name));
            Some(verdict.checkpoint)
        }
        Err(PolicyError::Quorum { seen, needed, of }) => {
            report.incomplete(
                "quorum",
                format!("a política pede {needed} de {of} testemunhas; {seen} assinaram este ponto de controle"),
            );
            // What the log signed can be examined even so.
            let note = Note::parse(note).ok()?;
            let checkpoint = Checkpoint::parse(&note.text).ok()?;
            report.facts.origin = Some(checkpoint.origin.clone());
            report.facts.rounds = checkpoint.size;
            Some(checkpoint)
        }
        Err(PolicyError::UnknownOrigin(_)) => {
            report.tampered("unknown_origin", "o ponto de controle é de um registro que a política não conhece".into());
            None
        }
        Err(error) => {
            report.tampered("checkpoint_signature", format!("a assinatura do ponto de controle não confere ({error})"));
            None
        }
    }
}

/// The checkpoint of an earlier note, if the log of the policy signed it.
fn earlier(note: &str, options: &Options<'_>) -> Option<Checkpoint> {
    let note = Note::parse(note).ok()?;
    let checkpoint = Checkpoint::parse(&note.text).ok()?;
    let keys = options.policy.logs().iter().filter(|log| log.key.name() == checkpoint.origin);
    keys.map(|log| note.verify(&log.key)).any(|held| held.is_ok()).then_some(checkpoint)
}

/// Adds the root of a whole tile to the level above it, and so on up.
fn raise(levels: &mut Vec<Vec<Hash>>, level: usize, root: Hash) {
    if levels.len() == level {
        levels.push(Vec::new());
    }
    let Some(hashes) = levels.get_mut(level) else { return };
    hashes.push(root);
    if hashes.len() % 256 == 0 {
        let root = range_root(hashes[hashes.len() - 256..].iter().copied());
        raise(levels, level + 1, root);
    }
}

struct Examination<'a> {
    options: &'a Options<'a>,
    report: Report,
    manifest: Option<Manifest>,
    checkpoint: Option<Checkpoint>,
    /// Roots that the platform's log must have had at a size, with what says so.
    platform_roots: BTreeMap<u64, Vec<(String, Hash, Kind)>>,
    /// Leaves that the platform's log must have at an index.
    rounds: BTreeMap<u64, Hash>,
    /// Roots that the clinic's log must have had at a size.
    roots: BTreeMap<u64, Vec<(u64, Hash)>>,
    platform: Frontier,
    /// The hashes of the higher tiles that follow from those read so far: level 1 first.
    higher: Vec<Vec<Hash>>,
    log: Frontier,
    /// The hashes of a tile whose entries are to follow.
    tile: Option<(Tile, Vec<Hash>)>,
    /// A checkpoint whose stamp is to follow: how many rounds it has, and its bytes.
    stamped: Option<(u64, Vec<u8>)>,
    retention: Retention,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Previous,
    Stamp,
    Checkpoint,
}

impl<'a> Examination<'a> {
    fn new(options: &'a Options<'a>) -> Examination<'a> {
        Examination {
            options,
            report: Report::new(),
            manifest: None,
            checkpoint: None,
            platform_roots: BTreeMap::new(),
            rounds: BTreeMap::new(),
            roots: BTreeMap::new(),
            platform: Frontier::new(),
            higher: Vec::new(),
            log: Frontier::new(),
            tile: None,
            stamped: None,
            retention: Retention::default(),
        }
    }

    fn read(&mut self, bundle: impl Read) -> io::Result<()> {
        let mut archive = tar::Archive::new(bundle);
        let mut buffer = Vec::new();
        for file in archive.entries()? {
            let mut file = file?;
            let path = String::from_utf8_lossy(&file.path_bytes()).into_owned();
            let limit = match path.split('/').next() {
                Some("log" | "platform") => MAX_TILE,
                Some("rounds") => MAX_ROUNDS,
                _ => MAX_FILE,
            };
            let size = file.size();
            if size > limit {
                return Err(io::Error::other("arquivo grande demais"));
            }
            buffer.clear();
            file.by_ref().take(size).read_to_end(&mut buffer)?;
            if buffer.len() as u64 != size {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.file(&path, &buffer);
        }
        Ok(())
    }

    fn file(&mut self, path: &str, content: &[u8]) {
        if let Some(rest) = path.strip_prefix("platform/") {
            return self.platform_tile(rest, content);
        }
        if let Some(rest) = path.strip_prefix("log/") {
            return if rest.starts_with("tile/entries/") {
                self.entries(rest, content)
            } else {
                self.log_tile(rest, content)
            };
        }
        match path {
            "MANIFEST" => match Manifest::parse(content) {
                Some(manifest) if self.manifest.is_none() => {
                    self.report.facts.log = Some(manifest.log.clone());
                    self.manifest = Some(manifest);
                }
                _ => self.report.incomplete("manifest", "o MANIFEST não se lê".into()),
            },
            "checkpoint" => self.checkpoint(content),
            "rounds" => self.rounds(content),
            _ if path.starts_with("stamps/") => self.stamp(path, content),
            _ => self
                .report
                .incomplete("unknown_file", format!("o pacote traz um arquivo que não pertence a ele: {path:?}")),
        }
    }

    fn checkpoint(&mut self, content: &[u8]) {
        if self.checkpoint.is_some() {
            return self.report.tampered("checkpoint_twice", "o pacote traz dois pontos de controle".into());
        }
        let Ok(note) = std::str::from_utf8(content) else {
            return self.report.tampered("checkpoint_signature", "o ponto de controle não se lê".into());
        };
        let Some(checkpoint) = check_note(note, self.options, &mut self.report) else { return };
        self.expect(&checkpoint, "o ponto de controle do pacote", Kind::Checkpoint);
        for (name, note) in self.options.previous {
            match earlier(note, self.options) {
                Some(old) if old.origin != checkpoint.origin => {
                    self.report.incomplete("previous_foreign", format!("{name} é de outro registro"));
                }
                Some(old) if old.size > checkpoint.size => self.report.tampered(
                    "rollback",
                    format!("VOLTA ATRÁS: {name} já tinha {} rodadas, e o pacote tem {}", old.size, checkpoint.size),
                ),
                Some(old) => self.expect(&old, name, Kind::Previous),
                None => self.report.incomplete(
                    "previous_unreadable",
                    format!("{name} não é um ponto de controle assinado por este registro"),
                ),
            }
        }
        self.checkpoint = Some(checkpoint);
    }

    fn expect(&mut self, of: &Checkpoint, name: &str, kind: Kind) {
        let held = (name.to_owned(), of.root, kind);
        if of.size == 0 {
            return;
        }
        self.platform_roots.entry(of.size).or_default().push(held);
    }

    fn rounds(&mut self, content: &[u8]) {
        let Some(manifest) = &self.manifest else {
            return self.report.incomplete("order", "as rodadas vêm antes do MANIFEST".into());
        };
        let log = manifest.log.clone();
        for line in content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let proof = jcs::parse(line).ok().as_ref().and_then(RoundProof::from_value);
            let Some((proof, round)) = proof.and_then(|proof| proof.check(&log).map(|round| (proof, round))) else {
                self.report.tampered("head_foreign", "uma rodada não contém a clínica onde o pacote diz".into());
                continue;
            };
            self.rounds.insert(round.round, leaf_hash(proof.entry.as_bytes()));
            self.roots.entry(proof.size).or_default().push((round.round, proof.root));
            self.retention.reached(proof.size, &round.at, round.round);
            if Some(round.round + 1) == self.checkpoint.as_ref().map(|checkpoint| checkpoint.size) {
                self.report.facts.leaves = proof.size;
                self.report.facts.sealed_at = Some(round.at);
            }
        }
    }

    fn stamp(&mut self, path: &str, content: &[u8]) {
        match path.rsplit('/').next() {
            Some("checkpoint") => {
                let note = String::from_utf8_lossy(content).into_owned();
                match earlier(&note, self.options) {
                    Some(checkpoint) => {
                        self.expect(
                            &checkpoint,
                            &format!("o ponto de controle de {} rodadas, que tem carimbo", checkpoint.size),
                            Kind::Stamp,
                        );
                        self.stamped = Some((checkpoint.size, content.to_vec()));
                    }
                    None => {
                        self.report.tampered("stamp_checkpoint", format!("{path} não foi assinado por este registro"))
                    }
                }
            }
            Some("token.tst") => match self.stamped.take() {
                Some((rounds, note)) => self.token(path, content, rounds, &note),
                None => self.report.incomplete("unknown_file", format!("{path} vem sem o seu ponto de controle")),
            },
            _ => self
                .report
                .incomplete("unknown_file", format!("o pacote traz um arquivo que não pertence a ele: {path:?}")),
        }
    }

    /// A time stamp over an earlier checkpoint's bytes.
    fn token(&mut self, path: &str, token: &[u8], rounds: u64, note: &[u8]) {
        let Some(store) = self.options.authorities else {
            self.report.facts.stamps_unread += 1;
            return;
        };
        let trust = Trust { store, crls: &[], revocation: Revocation::IfGiven };
        let verified =
            timestamp::policy_of(token).and_then(|policy| timestamp::verify(token, note, None, &[policy], trust));
        match verified {
            Ok(stamp) => {
                self.report.facts.stamps.push(format!("{}, {}", stamp.authority, stamp.gen_time));
                self.retention.stamped(rounds, instant(stamp.gen_time));
            }
            Err(error) => self.report.tampered("stamp_invalid", format!("o carimbo {path} não confere ({error})")),
        }
    }

    fn platform_tile(&mut self, path: &str, content: &[u8]) {
        let Ok(tile) = Tile::parse(path) else {
            return self.report.incomplete("unknown_file", format!("não é um bloco do registro: {path:?}"));
        };
        let Ok(hashes) = tile.hashes(content) else {
            return self.report.tampered("platform_tile", format!("o bloco {path:?} não tem o tamanho que diz"));
        };
        // The higher levels are for other people's programs: they follow from level 0.
        if let Some(level) = usize::from(tile.level()).checked_sub(1) {
            let first = usize::try_from(tile.index() * 256).unwrap_or(usize::MAX);
            let known = self.higher.get(level).and_then(|level| level.get(first..first.saturating_add(hashes.len())));
            if known != Some(hashes.as_slice()) {
                self.report.tampered("platform_tile", format!("o bloco {path:?} não segue dos de baixo"));
            }
            return;
        }
        if tile.width() == 256 {
            raise(&mut self.higher, 0, range_root(hashes.iter().copied()));
        }
        if tile.index() * 256 != self.platform.size() {
            return self.report.tampered("platform_tile", format!("falta um bloco antes de {path:?}"));
        }
        for hash in hashes {
            if self.rounds.remove(&self.platform.size()).is_some_and(|expected| expected != hash) {
                let round = self.platform.size();
                self.report
                    .tampered("round_altered", format!("a rodada {round} não é a que está no registro da plataforma"));
            }
            self.platform.append(hash);
            for (name, root, kind) in self.platform_roots.remove(&self.platform.size()).unwrap_or_default() {
                let held = self.platform.root() == root;
                match kind {
                    Kind::Previous if held => self.report.facts.previous.push(name),
                    Kind::Previous => self.report.tampered(
                        "fork",
                        format!("BIFURCAÇÃO: com {} rodadas, {name} tinha outra raiz", self.platform.size()),
                    ),
                    _ if held => {}
                    _ => self.report.tampered("platform_root", format!("as rodadas não dão a raiz de {name}")),
                }
            }
        }
    }

    fn log_tile(&mut self, path: &str, content: &[u8]) {
        self.entries_missing();
        let tile = Tile::parse(path).ok().filter(|tile| tile.level() == 0);
        let Some(tile) = tile else {
            return self.report.incomplete("unknown_file", format!("não é um bloco do registro: {path:?}"));
        };
        let Ok(hashes) = tile.hashes(content) else {
            return self.report.tampered("log_tile", format!("o bloco {path:?} não tem o tamanho que diz"));
        };
        if tile.index() * 256 != self.log.size() {
            return self.report.tampered("log_tile", format!("faltam folhas antes do bloco {path:?}"));
        }
        self.tile = Some((tile, hashes));
    }

    fn entries(&mut self, path: &str, content: &[u8]) {
        let Some((tile, hashes)) = self.tile.take() else {
            return self.report.tampered("entries", format!("as entradas {path:?} vêm sem o seu bloco"));
        };
        let entries = Tile::parse_entries(path).ok().filter(|of| *of == tile).and_then(|of| of.entries(content).ok());
        let Some(entries) = entries else {
            self.tile = Some((tile, hashes));
            return self.report.tampered("entries", format!("as entradas {path:?} não são as do seu bloco"));
        };
        for (hash, entry) in hashes.into_iter().zip(entries) {
            let index = self.log.size();
            if entry.is_empty() {
                self.retention.missing(index);
            } else if leaf_hash(entry) != hash {
                self.report.tampered("leaf_altered", format!("folha {index}: registro ALTERADO"));
            } else {
                self.entry(index, entry);
            }
            self.leaf(hash);
        }
    }

    /// An entry with the hash of its leaf.
    fn entry(&mut self, index: u64, entry: &[u8]) {
        let log = self.manifest.as_ref().map(|manifest| manifest.log.as_str());
        let value = jcs::parse(entry).ok();
        let Some((value, at)) = value.as_ref().and_then(|value| Some((value, value.text("created_at")?))) else {
            return self.report.tampered("entry_unreadable", format!("folha {index}: a entrada não se lê"));
        };
        // Rows of no clinic are in the log of the nil identifier.
        let clinic = value.text("clinic_id").unwrap_or("00000000-0000-0000-0000-000000000000");
        if Some(clinic) != log {
            return self.report.tampered("leaf_foreign", format!("folha {index}: o registro é de outra clínica"));
        }
        if value.text("category") == Some("retention") && !self.retention.declared(index, at, value.text("details")) {
            return self
                .report
                .tampered("entry_unreadable", format!("folha {index}: a eliminação declarada não se lê"));
        }
        let facts = &mut self.report.facts;
        facts.entries += 1;
        if facts.from.as_deref().is_none_or(|from| at < from) {
            facts.from = Some(at.to_owned());
        }
        if facts.to.as_deref().is_none_or(|to| at > to) {
            facts.to = Some(at.to_owned());
        }
    }

    fn leaf(&mut self, hash: Hash) {
        self.log.append(hash);
        for (round, root) in self.roots.remove(&self.log.size()).unwrap_or_default() {
            if root != self.log.root() {
                let size = self.log.size();
                self.report.tampered(
                    "head_root",
                    format!("as {size} primeiras folhas não dão a raiz que a rodada {round} lacrou"),
                );
            }
        }
    }

    /// A tile whose entries did not come.
    fn entries_missing(&mut self) {
        if let Some((_, hashes)) = self.tile.take() {
            let first = self.log.size();
            self.report.incomplete("entries_missing", format!("faltam as entradas a partir da folha {first}"));
            hashes.into_iter().for_each(|hash| self.leaf(hash));
        }
    }

    fn conclude(mut self) -> Report {
        self.entries_missing();
        let whole = self.log.size() == self.report.facts.leaves;
        std::mem::take(&mut self.retention).conclude(whole, &mut self.report);
        let (Some(checkpoint), Some(manifest)) = (&self.checkpoint, &self.manifest) else {
            if self.report.findings.is_empty() {
                self.report
                    .incomplete("bundle_unreadable", "o pacote não traz o MANIFEST ou o ponto de controle".into());
            }
            return self.report;
        };
        let (rounds, leaves) = (checkpoint.size, self.report.facts.leaves);
        let mut missing = Vec::new();
        if manifest.origin != checkpoint.origin || manifest.platform_size != rounds || manifest.size != leaves {
            missing.push(("manifest", "o MANIFEST não é deste ponto de controle".to_owned()));
        }
        if self.report.facts.sealed_at.is_none() {
            missing.push(("last_round", "falta a última rodada: não se sabe onde a clínica estava".to_owned()));
        }
        if self.platform.size() != rounds {
            missing.push(("platform_size", format!("o pacote traz {} rodadas de {rounds}", self.platform.size())));
        }
        if self.log.size() != leaves {
            missing.push(("log_size", format!("o pacote traz {} folhas de {leaves}", self.log.size())));
        }
        if !self.rounds.is_empty() {
            missing.push(("round_missing", "há rodadas que o registro da plataforma não alcança".to_owned()));
        }
        if !self.roots.is_empty() {
            missing.push(("heads_unreached", "há rodadas cujas folhas o pacote não traz".to_owned()));
        }
        for (code, sentence) in missing {
            self.report.incomplete(code, sentence);
        }
        self.report
    }
}
