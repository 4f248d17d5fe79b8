//! The program as people use it.

use std::{fs, path::Path, process::Command};

use sigilo_proof::note::{SignatureType, VerifierKey};
use tempfile::TempDir;

use crate::support::{NAME, ORIGIN, lines, log, open, request, tree};

/// Exit status, standard output, standard error.
fn witness(folder: &Path, arguments: &[&str]) -> (bool, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sigilo-witness"));
    let output = command.env_clear().arg("--data").arg(folder).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_key_is_made_once_and_shown_again() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path().join("new");
    let (fine, shown, _) = witness(&folder, &["init", "--name", NAME]);
    assert!(fine);
    let keys: Vec<_> = shown.lines().map(|line| VerifierKey::parse(line).unwrap()).collect();
    assert_eq!(
        keys.iter().map(VerifierKey::kind).collect::<Vec<_>>(),
        [SignatureType::CosignatureV1, SignatureType::MlDsa44]
    );
    assert!(keys.iter().all(|key| key.name() == NAME));
    let (fine, shown_too, said) = witness(&folder, &["init", "--name", "outra"]);
    assert!(!fine && shown_too.is_empty() && said.contains("já há uma chave"), "{said}");
    assert_eq!(witness(&folder, &["keys"]).1, shown);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["testemunha.chave"], "no draft of the key is left");
}

#[test]
fn what_is_missing_is_said() {
    let folder = TempDir::new().unwrap();
    let (fine, _, said) = witness(folder.path(), &["init", "--name", "com espaço"]);
    assert!(!fine && said.contains("o nome não serve"), "{said}");
    let key = log().verifier_keys()[0].to_string();
    let (fine, _, said) = witness(folder.path(), &["--log", &key]);
    assert!(!fine && said.contains("ainda não há chave"), "{said}");
    witness(folder.path(), &["init", "--name", NAME]);
    let (fine, _, said) = witness(folder.path(), &[]);
    assert!(!fine && said.contains("nenhum registro"), "{said}");
    let (fine, _, said) = witness(folder.path(), &["--log", "x"]);
    assert!(!fine && said.contains("não é uma chave de verificação"), "{said}");
    fs::write(folder.path().join("registros.txt"), format!("{}registro x\n", lines(&log()))).unwrap();
    let (fine, _, said) = witness(folder.path(), &[]);
    assert!(!fine && said.contains("linha 3"), "{said}");
    let (fine, _, said) = witness(folder.path(), &["last", ORIGIN]);
    assert!(!fine && said.contains("ainda não assinou"), "{said}");
}

#[test]
fn the_last_checkpoint_is_shown() {
    let folder = TempDir::new().unwrap();
    let (judge, _) = open(folder.path());
    let asked = request(&tree(5, "a"), 0);
    judge.add(asked.to_string().as_bytes()).unwrap();
    let (fine, shown, _) = witness(folder.path(), &["last", ORIGIN]);
    assert!(fine && shown.starts_with(&asked.note), "also while the witness is up: {shown}");
    assert_eq!(shown, judge.seen(ORIGIN).unwrap().unwrap().note);
}
