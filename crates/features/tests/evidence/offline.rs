//! What an auditor has in their hands: the command, a second program in another language, and spoilt files.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use sigilo_features::evidence::row_proof_of;
use sigilo_proof::bundle::{self, Options, Verdict};
use sigilo_store::trail::SealTx;
use sigilo_verify::{VerifyArgs, examine};

use crate::{
    support::{Stand, key, sealer, stand},
    tamper::{bundle_of, check, policy},
};

fn write(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path
}

pub fn policy_text() -> String {
    let keys = key();
    let lines: Vec<String> = keys.verifier_keys().iter().map(|key| format!("log {key}\n")).collect();
    format!("{}quorum none\n", lines.concat())
}

fn args(file: PathBuf, policy: PathBuf) -> VerifyArgs {
    VerifyArgs { file, policy, previous: Vec::new(), tsa_root: Vec::new(), json: false }
}

pub fn python(bundle: &Path, policy: &Path) -> (Option<i32>, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../verify/verificar.py");
    let done = Command::new("python3").arg(script).arg(bundle).arg(policy).output().unwrap();
    (done.status.code(), String::from_utf8(done.stdout).unwrap())
}

async fn sealed(rounds: [usize; 3]) -> Stand {
    let stand = stand().await;
    let mut sealer = sealer();
    for rows in rounds {
        stand.rows(Some(stand.a.clinic), rows).await;
        stand.rows(Some(stand.b.clinic), 2).await;
        sealer.round(&stand.db).await.unwrap().unwrap();
    }
    sealer.checkpoint(&stand.db, true).await.unwrap().unwrap();
    stand
}

#[tokio::test]
async fn the_command_and_a_second_program_agree() {
    let stand = sealed([300, 1, 290]).await;
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle_of(&stand).await;
    let file = write(folder.path(), "provas.tar", &bundle);
    let policy = write(folder.path(), "politica", policy_text().as_bytes());
    let (report, _) = examine(&args(file.clone(), policy.clone())).unwrap();
    assert_eq!(report.verdict, Verdict::Valid, "{:?}", report.findings);
    let (code, said) = python(&file, &policy);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(&format!("{} rounds, {} leaves", report.facts.rounds, report.facts.leaves)), "{said}");

    // One letter of one entry, found by both.
    let mut spoilt = bundle.clone();
    let at = spoilt.windows(12).position(|bytes| bytes == b"failed_login").unwrap();
    spoilt[at] = b'F';
    let file = write(folder.path(), "mexido.tar", &spoilt);
    let (report, _) = examine(&args(file.clone(), policy.clone())).unwrap();
    assert_eq!((report.verdict, report.findings[0].code), (Verdict::Tampered, "leaf_altered"));
    let (code, said) = python(&file, &policy);
    assert_eq!(code, Some(1), "{said}");

    // Cut: nothing contradicts, nothing can be concluded.
    let file = write(folder.path(), "cortado.tar", &bundle[..bundle.len() / 2]);
    let (report, _) = examine(&args(file, policy.clone())).unwrap();
    assert_eq!(report.verdict, Verdict::Incomplete);
    // A policy of somebody else's log, and one that wants a witness.
    let other = sigilo_proof::checkpoint::LogKey::from_seed("outra.example/trilha", &[9; 32]).unwrap();
    let foreign = write(folder.path(), "outra", format!("log {}\nquorum none\n", other.verifier_keys()[0]).as_bytes());
    let file = folder.path().join("provas.tar");
    let (report, _) = examine(&args(file.clone(), foreign)).unwrap();
    assert_eq!((report.verdict, report.findings[0].code), (Verdict::Tampered, "unknown_origin"));
    let witness = sigilo_proof::cosignature::WitnessKey::from_seed("testemunha.example/t", &[3; 32]).unwrap();
    let strict = policy_text().replace("quorum none", &format!("witness t {}\nquorum t", witness.verifier_key()));
    let strict = write(folder.path(), "exigente", strict.as_bytes());
    let (report, _) = examine(&args(file, strict)).unwrap();
    assert_eq!((report.verdict, report.findings[0].code), (Verdict::Incomplete, "quorum"));
}

#[tokio::test]
async fn every_row_has_its_own_proof() {
    let stand = sealed([300, 1, 290]).await;
    let admin = stand.database.superuser().await;
    let rows =
        admin.query("SELECT seq FROM audit_logs WHERE clinic_id = $1 ORDER BY seq", &[&stand.a.clinic]).await.unwrap();
    let options = Options { policy: &policy(), previous: &[], authorities: None };
    for row in rows.iter().step_by(37).chain(rows.last()) {
        let seq: i64 = row.get(0);
        let proof = stand.db.seal(async |tx: &SealTx| row_proof_of(tx, stand.a.clinic, seq).await).await.unwrap();
        assert!(proof.len() < 12_000, "{} bytes", proof.len());
        let (report, entry) = bundle::verify_row(&proof, &options);
        assert_eq!(report.verdict, Verdict::Valid, "{seq}: {:?}", report.findings);
        assert!(entry.unwrap().contains(&format!("\"seq\":{seq},")));
    }
    // Not the other clinic's, and not what no checkpoint covers.
    let seq: i64 = rows[0].get(0);
    let foreign = stand.db.seal(async |tx: &SealTx| row_proof_of(tx, stand.b.clinic, seq).await).await;
    assert_eq!(foreign.err(), Some(sigilo_features::Error::NotFound));
    stand.rows(Some(stand.a.clinic), 1).await;
    let young: i64 = admin.query_one("SELECT max(seq) FROM audit_logs", &[]).await.unwrap().get(0);
    let early = stand.db.seal(async |tx: &SealTx| row_proof_of(tx, stand.a.clinic, young).await).await;
    assert!(matches!(early, Err(sigilo_features::Error::Conflict(_))));

    // No bit of a proof may be another one.
    let proof = stand.db.seal(async |tx: &SealTx| row_proof_of(tx, stand.a.clinic, seq).await).await.unwrap();
    for at in 0..proof.len() {
        let mut bytes = proof.clone().into_bytes();
        bytes[at] ^= 1 << (at % 7);
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let (report, entry) = bundle::verify_row(&text, &options);
        // A signature line that names no key of the policy is somebody else's, and says nothing.
        let stranger = report.facts.signatures.len() == 1;
        assert!(report.verdict != Verdict::Valid || stranger, "byte {at} of {text}");
        assert_eq!(entry.is_some(), report.verdict == Verdict::Valid, "byte {at}");
    }
}

/// Any bit of a bundle, everywhere: found, or in what nobody reads (the padding of a tar, and its unused header fields).
#[tokio::test]
async fn no_flipped_bit_passes() {
    let stand = sealed([9, 1, 4]).await;
    let bundle = bundle_of(&stand).await;
    let read = read_bytes(&bundle);
    let step = (read.len() / 10_000).max(1);
    for (turn, at) in read.iter().step_by(step).enumerate() {
        let mut spoilt = bundle.clone();
        spoilt[*at] ^= 1 << (turn % 8);
        let report = check(&spoilt, &[]);
        let stranger = report.facts.signatures.len() == 1;
        assert!(report.verdict != Verdict::Valid || stranger, "bit {} of byte {at} passes", turn % 8);
    }
    // Cut anywhere, it never panics and never passes.
    for length in (0..bundle.len() - 1024).step_by(bundle.len() / 200) {
        assert_ne!(check(&bundle[..length], &[]).verdict, Verdict::Valid, "{length} bytes");
    }
}

/// Where the contents of the files are.
fn read_bytes(bundle: &[u8]) -> Vec<usize> {
    let mut at = 0;
    let mut found = Vec::new();
    while bundle[at] != 0 {
        let size = std::str::from_utf8(&bundle[at + 124..at + 135]).unwrap();
        let size = usize::from_str_radix(size, 8).unwrap();
        // The name and the size in the header, and the content.
        found.extend(at..at + 20);
        found.extend(at + 124..at + 135);
        found.extend(at + 512..at + 512 + size);
        at += 512 + size.next_multiple_of(512);
    }
    found
}
