use std::fs;

use sigilo_backup::{Manifest, Plan, Problem, make};
use time::Duration;

use crate::support::{silent, stand};

#[tokio::test(flavor = "multi_thread")]
async fn old_keys_go_what_was_begun_goes_and_two_do_not_write_at_once() {
    let stand = stand().await;
    let made = stand.copy().await;
    // As if it had been made 36 days ago.
    let old = stand.copies().join("sigilo-20200101T000000Z");
    fs::rename(&made.folder, &old).unwrap();
    let mut manifest = Manifest::read(&old).unwrap();
    manifest.keystore.taken_at -= Duration::days(36);
    fs::write(old.join("manifesto.json"), serde_json::to_vec(&manifest).unwrap()).unwrap();
    // What a power cut leaves does not look like a copy.
    let draft = stand.copies().join(".sigilo-20200102T000000Z");
    fs::create_dir(&draft).unwrap();
    fs::write(draft.join("prontuario.age"), "half").unwrap();

    let again = stand.copy().await;
    assert!(!draft.exists());
    assert_eq!(again.pruned, [old.join("chaves.age")]);
    assert!(!old.join("chaves.age").exists() && old.join("prontuario.age").exists(), "the rest is kept for long");
    assert!(again.folder.join("chaves.age").exists());

    let lock = fs::OpenOptions::new().write(true).open(stand.copies().join(".sigilo.lock")).unwrap();
    lock.lock().unwrap();
    let recipient = stand.identity.recipient();
    let plan =
        Plan { source: &stand.source, to: &stand.copies(), recipient: &recipient, keep_days: 35, checkpoint: None };
    assert!(matches!(make(plan, &silent).await.map(drop), Err(Problem::Busy(_))));
}
