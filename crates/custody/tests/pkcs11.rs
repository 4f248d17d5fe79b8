//! A root key in SoftHSM, the software token that Debian packages.
//!
//! The library reads its configuration from the environment of its process, so each test runs in a process of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::{env, fs};

use sigilo_custody::{Pkcs11Root, Pkcs11Settings};
use sigilo_proof::envelope::{ClinicPlace, KeyBytes, Purpose, RootError, RootKey, WrappedKey};
use uuid::Uuid;

const CONFIGURATION: &str = "SOFTHSM2_CONF";
const PIN: &str = "864213";
const PLACE: ClinicPlace = ClinicPlace { clinic: Uuid::from_u128(1), purpose: Purpose::Wrap, version: 1 };

fn module() -> PathBuf {
    ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"]
        .map(PathBuf::from)
        .into_iter()
        .find(|path| path.exists())
        .expect("SoftHSM (package softhsm2, installed by scripts/install test)")
}

fn settings(pin: &str) -> Pkcs11Settings {
    Pkcs11Settings::new(module(), "sigilo".into(), pin.to_owned().into())
}

/// Runs the ignored test `name` in a process that has a new token.
fn with_token(name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let configuration = folder.path().join("softhsm2.conf");
    let tokens = folder.path().join("tokens");
    fs::create_dir(&tokens).unwrap();
    fs::write(&configuration, format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display())).unwrap();
    init_token(&configuration);
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--ignored", "--nocapture"])
        .env(CONFIGURATION, &configuration)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let erred = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}\n{erred}");
}

fn init_token(configuration: &Path) {
    let status = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", "sigilo", "--pin", PIN, "--so-pin", "97531"])
        .env(CONFIGURATION, configuration)
        .output()
        .unwrap()
        .status;
    assert!(status.success());
}

#[test]
fn a_token_keeps_the_root_key_and_its_versions() {
    with_token("in_a_token");
}

#[tokio::test]
#[ignore = "run by the test above, in a process of its own"]
async fn in_a_token() {
    let refused = |answer: Result<_, RootError>| answer.map(|_: KeyBytes| ()).unwrap_err();
    // No key yet, a wrong PIN, no such token.
    assert!(matches!(Pkcs11Root::open(settings(PIN), false).await.err(), Some(RootError::Misconfigured(_))));
    let other = Pkcs11Settings { token: "outro".into(), ..settings(PIN) };
    assert!(matches!(Pkcs11Root::open(other, false).await.err(), Some(RootError::Misconfigured(_))));
    let nowhere = Pkcs11Settings { module: "/nonexistent.so".into(), ..settings(PIN) };
    assert!(matches!(Pkcs11Root::open(nowhere, false).await.err(), Some(RootError::Misconfigured(_))));

    let root = Pkcs11Root::open(settings(PIN), true).await.unwrap();
    let key = KeyBytes::random();
    let wrapped = root.wrap(PLACE, &key).await.unwrap();
    assert_eq!((wrapped.root_version, wrapped.bytes.len()), (1, 61));
    assert_eq!(root.unwrap(PLACE, &wrapped).await.unwrap().expose(), key.expose());

    // Elsewhere, changed, cut.
    for elsewhere in [
        ClinicPlace { clinic: Uuid::from_u128(2), ..PLACE },
        ClinicPlace { purpose: Purpose::Index, ..PLACE },
        ClinicPlace { version: 2, ..PLACE },
    ] {
        assert_eq!(refused(root.unwrap(elsewhere, &wrapped).await), RootError::Refused);
    }
    for at in 0..wrapped.bytes.len() {
        let mut changed = wrapped.clone();
        changed.bytes[at] ^= 1;
        assert_eq!(refused(root.unwrap(PLACE, &changed).await), RootError::Refused);
        let cut = WrappedKey { bytes: wrapped.bytes[..at].to_vec(), root_version: 1 };
        assert_eq!(refused(root.unwrap(PLACE, &cut).await), RootError::Refused);
    }
    let unknown = WrappedKey { root_version: 7, ..wrapped.clone() };
    assert!(matches!(refused(root.unwrap(PLACE, &unknown).await), RootError::Misconfigured(_)));

    // A second version wraps from now on; the first still opens what it wrapped.
    let newer = Pkcs11Root::open(settings(PIN), true).await.unwrap();
    let again = newer.wrap(PLACE, &key).await.unwrap();
    assert_eq!(again.root_version, 2);
    for wrapped in [&wrapped, &again] {
        assert_eq!(newer.unwrap(PLACE, wrapped).await.unwrap().expose(), key.expose());
    }
    // Many at once share the one session.
    let (newer, again) = (Arc::new(newer), Arc::new(again));
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (root, wrapped) = (Arc::clone(&newer), Arc::clone(&again));
        all.spawn(async move { root.unwrap(PLACE, &wrapped).await.unwrap() });
    }
    assert!(all.join_all().await.iter().all(|opened| opened.expose() == key.expose()));
}

#[test]
fn a_wrong_pin_is_told_as_such() {
    with_token("with_a_wrong_pin");
}

#[tokio::test]
#[ignore = "run by the test above, in a process of its own"]
async fn with_a_wrong_pin() {
    assert!(matches!(Pkcs11Root::open(settings("000000"), true).await.err(), Some(RootError::Denied(_))));
}

#[test]
fn the_key_cannot_leave_the_token() {
    with_token("not_extractable");
}

#[tokio::test]
#[ignore = "run by the test above, in a process of its own"]
async fn not_extractable() {
    use cryptoki::context::Pkcs11;
    use cryptoki::object::{Attribute, AttributeType, ObjectClass};
    let root = Pkcs11Root::open(settings(PIN), true).await.unwrap();
    let library = Pkcs11::new(module()).unwrap();
    let slot = library.get_slots_with_initialized_token().unwrap()[0];
    // The process is signed in already: this is what other code of it could do.
    let session = library.open_ro_session(slot).unwrap();
    let keys = session.find_objects(&[Attribute::Class(ObjectClass::SECRET_KEY)]).unwrap();
    assert_eq!(keys.len(), 1);
    let value = session.get_attributes(keys[0], &[AttributeType::Value]);
    assert!(value.is_err() || value.is_ok_and(|found| found.is_empty()));
    drop(root);
}
