use sigilo_backup::{Copy, Problem, restore};
use sigilo_proof::note::VerifierKey;
use sigilo_store::{
    keystore::{KeyError, Keystore, Limits, Subject},
    server::{Server, ServerError, rows_of},
};

use crate::support::{NAME, PLANTED, bytes_of, folder, holds, root, settings, silent, stand, subject};

fn log_key(stand: &crate::support::Stand) -> VerifierKey {
    VerifierKey::parse(&stand.key.verifier_keys()[0].to_string()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_comes_back_and_nothing_of_anybody_lies_in_the_copy() {
    let stand = stand().await;
    let keystore = Keystore::open(&stand.keys.urls().keys, root(), &Limits::default(), &[]).await.unwrap();
    let cells = [
        keystore.seal(subject(1), NAME, PLANTED[0].as_bytes()).await.unwrap(),
        keystore.seal(subject(2), NAME, b"Moema").await.unwrap(),
    ];
    let made = stand.copy().await;
    let all = bytes_of(&stand.copies());
    for planted in PLANTED {
        assert!(!holds(&all, planted), "{planted} lies in the copy");
        assert!(!holds(&all, &planted.to_uppercase()), "{planted} lies in the copy");
    }
    assert!(made.manifest.checkpoint.is_some());
    assert!(made.manifest.application.tables.values().sum::<u64>() > 10);

    // The second person was destroyed after the copy was made, as the records of today tell.
    let data = folder();
    let home = settings(data.path());
    let copy = Copy::open(&stand.copies(), None).unwrap();
    let key = log_key(&stand);
    let (server, restored) = restore(&home, &copy, &stand.identity, &[subject(2)], Some(&key), &silent).await.unwrap();
    assert!(restored.chain.holds() && !restored.chain.unsealed, "{:?}", restored.chain);
    assert!(restored.chain.valid > 0 && restored.chain.leaves > 0);
    assert_eq!(restored.destroyed, 1);
    let found = rows_of(&server.urls().owner, "SELECT 1 FROM pg_database WHERE datname LIKE 'sigilo_%'").await.unwrap();
    assert_eq!(found, 1, "only sigilo_chaves is left beside");
    let keys = &server.keystore().unwrap().keys;
    let keystore = Keystore::open(keys, root(), &Limits::default(), &[]).await.unwrap();
    assert_eq!(keystore.open_cell(subject(1), NAME, &cells[0]).await.unwrap().as_slice(), PLANTED[0].as_bytes());
    assert!(matches!(keystore.open_cell(subject(2), NAME, &cells[1]).await, Err(KeyError::Destroyed)));
    drop(keystore);
    server.stop().unwrap();

    // It is served as any other, and no copy is put over it.
    let server = Server::open(&home, &|_| {}).await.unwrap();
    server.stop().unwrap();
    let again = restore(&home, &copy, &stand.identity, &[], None, &silent).await;
    assert!(matches!(again.map(drop), Err(Problem::Server(ServerError::NotEmpty(_)))));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_application_goes_with_the_keys_of_today() {
    let stand = stand().await;
    let old = stand.copy().await;
    let old_folder = stand.folder.path().join("antiga");
    std::fs::rename(&old.folder, &old_folder).unwrap();
    // Its own keys have expired.
    std::fs::remove_file(old_folder.join("chaves.age")).unwrap();
    assert!(matches!(Copy::open(&old_folder, None).map(drop), Err(Problem::Missing { .. })));

    let keystore = Keystore::open(&stand.keys.urls().keys, root(), &Limits::default(), &[]).await.unwrap();
    let cell = keystore.seal(subject(1), NAME, b"Iracema").await.unwrap();
    keystore.destroy(subject(2)).await.unwrap();
    let today = stand.copy().await;
    let copy = Copy::open(&old_folder, Some(&today.folder)).unwrap();
    let data = folder();
    let (server, restored) = restore(&settings(data.path()), &copy, &stand.identity, &[], None, &silent).await.unwrap();
    assert!(restored.chain.holds(), "{:?}", restored.chain);
    let keys = &server.keystore().unwrap().keys;
    let keystore = Keystore::open(keys, root(), &Limits::default(), &[]).await.unwrap();
    assert_eq!(keystore.open_cell(subject(1), NAME, &cell).await.unwrap().as_slice(), b"Iracema");
    assert!(matches!(keystore.current(subject(2)).await, Err(KeyError::Destroyed)));
    drop(keystore);
    server.stop().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn old_keys_do_not_bring_back_whose_deletion_is_on_record() {
    let stand = stand().await;
    let person = Subject { clinic: stand.first.clinic, subject: stand.first.user };
    let keystore = Keystore::open(&stand.keys.urls().keys, root(), &Limits::default(), &[]).await.unwrap();
    keystore.create_clinic(person.clinic).await.unwrap();
    keystore.create(person).await.unwrap();
    let cell = keystore.seal(person, NAME, b"Iracema").await.unwrap();
    let old = stand.copy().await;
    let old_folder = stand.folder.path().join("antiga");
    std::fs::rename(&old.folder, &old_folder).unwrap();

    // As a plan stands that was carried out, without the way there.
    let admin = stand.database.superuser().await;
    admin.batch_execute("SET session_replication_role = replica").await.unwrap();
    let request =
        "INSERT INTO data_subject_requests (clinic_id, id, requester_user_id, request_type, right_code, legal_article,
                     status, deadline_at)
                   VALUES ($1, $2, $2, 'deletion', 'deletion', 'LGPD, art. 18, VI', 'in_progress', now())";
    admin.execute(request, &[&person.clinic, &person.subject]).await.unwrap();
    let plan =
        "INSERT INTO fulfilment_plans (clinic_id, id, request_id, subject_id, status, steps, drafted_by, approved_by,
                  approved_at, started_at, executed_at, receipt, receipt_signature)
                VALUES ($1, $2, $2, $2, 'closed', '[]', $2, gen_random_uuid(), now(), now(), now(), '{}', 'x')";
    admin.execute(plan, &[&person.clinic, &person.subject]).await.unwrap();
    let today = stand.copy().await;

    let copy = Copy::open(&today.folder, Some(&old_folder)).unwrap();
    let data = folder();
    let (server, restored) = restore(&settings(data.path()), &copy, &stand.identity, &[], None, &silent).await.unwrap();
    assert_eq!(restored.destroyed, 1);
    assert!(!restored.chain.holds(), "what was put in past the trail is found in the copy as well");
    let keys = &server.keystore().unwrap().keys;
    let keystore = Keystore::open(keys, root(), &Limits::default(), &[]).await.unwrap();
    assert!(matches!(keystore.open_cell(person, NAME, &cell).await, Err(KeyError::Destroyed)));
    assert!(keystore.current(subject(1)).await.is_ok(), "nobody else's");
    drop(keystore);
    server.stop().unwrap();
}
