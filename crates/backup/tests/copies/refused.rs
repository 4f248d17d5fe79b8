use std::{fs, path::Path};

use sigilo_backup::{Copy, Identity, Problem, Recipient, restore};

use sigilo_store::server::{Server, create_database, rows_of};

use crate::support::{folder, settings, silent, stand, tamper};

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

fn is_damaged(result: Result<Copy, Problem>) -> bool {
    matches!(result, Err(Problem::Damaged { .. }))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_as_it_was_written_is_refused_before_anything_is_made() {
    let stand = stand().await;
    let made = stand.copy().await;
    let data = folder();
    let home = settings(&data.path().join("vazia"));
    let copy = Copy::open(&made.folder, None).unwrap();
    let wrong = restore(&home, &copy, &Identity::generate(), &[], None, &silent).await;
    assert!(matches!(wrong.map(drop), Err(Problem::WrongIdentity(_))));
    assert!(!home.data.exists(), "nothing was made");

    let manifest = made.folder.join("manifesto.json");
    let kept = fs::read(&manifest).unwrap();
    for archive in ["prontuario.age", "chaves.age"] {
        let path = made.folder.join(archive);
        let whole = fs::read(&path).unwrap();
        change(&path, |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        });
        assert!(is_damaged(Copy::open(&made.folder, None)), "a flipped bit in {archive}");
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(is_damaged(Copy::open(&made.folder, None)), "{archive} cut short");
        fs::write(&path, &whole).unwrap();
    }
    for (from, to) in [(r#""format": 1"#, r#""format": 2"#), (r#""format": 1"#, r#""format": -"#)] {
        fs::write(&manifest, String::from_utf8(kept.clone()).unwrap().replace(from, to)).unwrap();
        assert!(Copy::open(&made.folder, None).is_err());
    }
    let newer = |text: &str| {
        let mut value: serde_json::Value = serde_json::from_slice(&kept).unwrap();
        value[text]["schema"] = 9999.into();
        serde_json::to_vec(&value).unwrap()
    };
    for part in ["application", "keystore"] {
        fs::write(&manifest, newer(part)).unwrap();
        let copy = Copy::open(&made.folder, None).unwrap();
        let refused = restore(&home, &copy, &stand.identity, &[], None, &silent).await;
        assert!(matches!(refused.map(drop), Err(Problem::Newer(_))), "{part}");
    }
    assert!(!home.data.exists(), "nothing was made");
    fs::remove_file(&manifest).unwrap();
    assert!(matches!(Copy::open(&made.folder, None).map(drop), Err(Problem::Missing { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_copy_leaves_the_installation_empty() {
    let stand = stand().await;
    let made = stand.copy().await;
    let good = stand.folder.path().join("boa");
    fs::rename(&made.folder, &good).unwrap();
    let bad = stand.copy().await.folder;
    tamper(&bad);
    let data = folder();
    let home = settings(data.path());
    let try_it = async |from: &Path| {
        let copy = Copy::open(from, None).unwrap();
        restore(&home, &copy, &stand.identity, &[], None, &silent).await
    };
    assert!(matches!(try_it(&bad).await.map(drop), Err(Problem::Damaged { .. })));
    let server = Server::open(&home, &|_| {}).await.unwrap();
    let left = "SELECT 1 FROM pg_database WHERE datname LIKE 'sigilo_retorno%'";
    assert_eq!(rows_of(&server.urls().owner, left).await.unwrap(), 0);
    // What a restore leaves that was killed is in nobody's way.
    create_database(data.path(), "sigilo_retorno", None).await.unwrap();
    server.stop().unwrap();
    let (server, restored) = try_it(&good).await.unwrap();
    assert!(restored.chain.holds());
    server.stop().unwrap();
}

#[test]
fn an_identity_is_read_as_age_writes_it_and_nothing_else_is() {
    let folder = folder();
    let path = folder.path().join("identidade.txt");
    let identity = Identity::generate();
    identity.write(&path).unwrap();
    assert!(identity.write(&path).is_err(), "never over another");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let read = Identity::read(&path).unwrap();
    assert_eq!(read.recipient().to_string(), identity.recipient().to_string());
    assert!(identity.recipient().to_string().parse::<Recipient>().is_ok());
    for wrong in ["", "age1", "AGE-SECRET-KEY-1", &"x".repeat(20_000)] {
        fs::write(&path, wrong).unwrap();
        assert!(Identity::read(&path).is_err());
        assert!(wrong.parse::<Recipient>().is_err());
    }
    fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(Identity::read(&path).is_err());
}
