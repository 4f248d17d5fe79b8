//! Making, getting, destroying.

use std::sync::Arc;
use std::time::Duration;

use sigilo_proof::envelope::{Identifier, LocalRoot, Place, RootError};
use sigilo_store::keystore::{KeyError, Keystore, Limits};
use sigilo_store::server::DatabaseUrl;
use sigilo_testkit::TestKeystore;
use uuid::Uuid;

use crate::{NAME, open, open_with, peopled, root, subject};

#[tokio::test]
async fn a_cell_comes_back_for_its_person_and_place_alone() {
    let database = TestKeystore::fresh().await;
    let keystore = peopled(&database, 2).await;
    let ana = subject(1, 1);
    let sealed = keystore.seal(ana, NAME, b"Ana").await.unwrap();
    // From the database, not from memory.
    let other = open(&database).await;
    assert_eq!(other.open_cell(ana, NAME, &sealed).await.unwrap().as_slice(), b"Ana");

    other.create_clinic(Uuid::from_u128(2)).await.unwrap();
    other.create(subject(2, 1)).await.unwrap();
    for elsewhere in [subject(1, 2), subject(2, 1)] {
        assert!(matches!(other.open_cell(elsewhere, NAME, &sealed).await, Err(KeyError::Damaged)));
    }
    for place in [Place { column: "cpf", ..NAME }, Place { table: "identity.contacts", ..NAME }] {
        assert!(matches!(other.open_cell(ana, place, &sealed).await, Err(KeyError::Damaged)));
    }
    assert!(matches!(other.current(subject(1, 9)).await, Err(KeyError::Unknown)));
    assert!(matches!(other.create(subject(9, 1)).await, Err(KeyError::Unknown)), "a clinic without keys");
    assert!(matches!(other.open_cell(ana, NAME, b"no cell").await, Err(KeyError::Damaged)));
}

#[tokio::test]
async fn wrapped_keys_that_were_swapped_in_the_database_do_not_open() {
    let database = TestKeystore::fresh().await;
    let keystore = peopled(&database, 2).await;
    keystore.create_clinic(Uuid::from_u128(2)).await.unwrap();
    keystore.create(subject(2, 3)).await.unwrap();
    let superuser = database.superuser().await;
    // As a superuser with the triggers off: two people, then two clinics.
    superuser
        .batch_execute(
            "SET session_replication_role = replica;
             UPDATE subject_keys s SET wrapped = o.wrapped FROM subject_keys o
              WHERE s.clinic_id = o.clinic_id AND s.subject_id <> o.subject_id",
        )
        .await
        .unwrap();
    let fresh = open(&database).await;
    for number in [1, 2] {
        assert!(matches!(fresh.current(subject(1, number)).await, Err(KeyError::Damaged)));
    }
    superuser
        .batch_execute(
            "UPDATE clinic_keys k SET wrapped = o.wrapped FROM clinic_keys o
              WHERE k.clinic_id <> o.clinic_id AND k.purpose = o.purpose",
        )
        .await
        .unwrap();
    let fresh = open(&database).await;
    assert!(matches!(fresh.current(subject(2, 3)).await, Err(KeyError::Root(RootError::Refused))));
    // Another root key opens nothing at all.
    let stranger = Arc::new(LocalRoot::new(&[8; 32]));
    let stranger = Keystore::open(&database.urls().keys, stranger, &Limits::default(), &[]).await.unwrap();
    assert!(matches!(stranger.index_key(Uuid::from_u128(1)).await, Err(KeyError::Root(RootError::Refused))));
}

#[tokio::test]
async fn a_renewed_key_seals_and_the_old_one_still_opens() {
    let database = TestKeystore::fresh().await;
    let keystore = Arc::new(peopled(&database, 1).await);
    let ana = subject(1, 1);
    let old = keystore.seal(ana, NAME, b"antes").await.unwrap();
    assert_eq!(keystore.renew(ana).await.unwrap().version(), 2);
    assert_eq!(keystore.current(ana).await.unwrap().version(), 2);
    let new = keystore.seal(ana, NAME, b"depois").await.unwrap();
    let fresh = open(&database).await;
    assert_eq!(fresh.open_cell(ana, NAME, &old).await.unwrap().as_slice(), b"antes");
    assert_eq!(fresh.open_cell(ana, NAME, &new).await.unwrap().as_slice(), b"depois");

    // Many at once: each makes a version of its own, none is lost.
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let keystore = Arc::clone(&keystore);
        all.spawn(async move { keystore.renew(ana).await.map(|key| key.version()) });
    }
    let mut versions: Vec<_> = all.join_all().await.into_iter().map(Result::unwrap).collect();
    versions.sort();
    assert_eq!(versions, [3, 4, 5, 6]);
}

#[tokio::test]
async fn of_two_who_make_a_key_at_once_both_get_the_same() {
    let database = TestKeystore::fresh().await;
    let (one, two) = (open(&database).await, open(&database).await);
    let clinic = Uuid::from_u128(1);
    let (a, b) = tokio::join!(one.create_clinic(clinic), two.create_clinic(clinic));
    a.and(b).unwrap();
    let ana = subject(1, 1);
    let (a, b) = tokio::join!(one.create(ana), two.create(ana));
    let (a, b) = (a.unwrap(), b.unwrap());
    let sealed = a.seal(NAME, b"Ana").unwrap();
    assert_eq!(b.open(NAME, &sealed).unwrap().as_slice(), b"Ana");
    let (a, b) = (one.index_key(clinic).await.unwrap(), two.index_key(clinic).await.unwrap());
    let cpf = Identifier::Cpf("123.456.789-09");
    assert!(a.index(cpf).is_some() && a.index(cpf) == b.index(cpf));
    assert_ne!(a.index(cpf), {
        one.create_clinic(Uuid::from_u128(2)).await.unwrap();
        one.index_key(Uuid::from_u128(2)).await.unwrap().index(cpf)
    });
}

#[tokio::test]
async fn the_destroyed_stay_destroyed() {
    let database = TestKeystore::fresh().await;
    let keystore = peopled(&database, 3).await;
    let (ana, bia, caio) = (subject(1, 1), subject(1, 2), subject(1, 3));
    let first = keystore.seal(ana, NAME, b"Ana").await.unwrap();
    keystore.renew(ana).await.unwrap();
    let second = keystore.seal(ana, NAME, b"Ana").await.unwrap();
    let other = keystore.seal(bia, NAME, b"Bia").await.unwrap();

    keystore.destroy(ana).await.unwrap();
    for sealed in [&first, &second] {
        assert!(matches!(keystore.open_cell(ana, NAME, sealed).await, Err(KeyError::Destroyed)), "caches are empty");
    }
    assert!(matches!(keystore.current(ana).await, Err(KeyError::Destroyed)));
    assert!(matches!(keystore.create(ana).await, Err(KeyError::Destroyed)));
    assert!(matches!(keystore.renew(ana).await, Err(KeyError::Destroyed)));
    assert_eq!(keystore.open_cell(bia, NAME, &other).await.unwrap().as_slice(), b"Bia");
    keystore.destroy(ana).await.unwrap();

    // Nothing of the wrapped keys is left in the rows, and no login brings them back.
    let superuser = database.superuser().await;
    let left: i64 = superuser
        .query_one("SELECT count(*) FROM subject_keys WHERE subject_id = $1 AND wrapped IS NOT NULL", &[&ana.subject])
        .await
        .unwrap()
        .get(0);
    assert_eq!(left, 0);
    let login = database.connect().await;
    let scoped = |sql: &str| format!("BEGIN; SET LOCAL keys.clinic = '{}'; {sql}; COMMIT", ana.clinic);
    for attack in [
        "UPDATE subject_keys SET state = 'active', wrapped = decode(repeat('00', 61), 'hex'), kek_version = 1 WHERE state = 'destroyed'",
        "DELETE FROM subject_keys",
        "TRUNCATE subject_keys",
        "UPDATE subject_keys SET clinic_id = gen_random_uuid()",
        "ALTER TABLE subject_keys DISABLE TRIGGER ALL",
    ] {
        assert!(login.batch_execute(&scoped(attack)).await.is_err(), "{attack}");
        login.batch_execute("ROLLBACK").await.unwrap();
    }

    // A copy from before is put back: whoever serves from it must bring the list, and then the destroyed are so again;
    // also one who is not in the copy.
    let nobody = subject(1, 77);
    let replayed = open_with(&database, Limits::default(), &[caio, nobody, ana, caio, subject(5, 1)]).await;
    for gone in [ana, caio, nobody, subject(5, 1)] {
        assert!(matches!(replayed.current(gone).await, Err(KeyError::Destroyed)));
        assert!(matches!(replayed.create(gone).await, Err(KeyError::Destroyed)));
    }
    replayed.current(bia).await.unwrap();
}

#[tokio::test]
async fn a_renewal_and_a_destruction_at_once_leave_nothing() {
    let database = TestKeystore::fresh().await;
    let keystore = Arc::new(peopled(&database, 12).await);
    let other = Arc::new(open(&database).await);
    for number in 1..=12 {
        let ana = subject(1, number);
        let (renewed, destroyed) = tokio::join!(keystore.renew(ana), other.destroy(ana));
        destroyed.unwrap();
        assert!(matches!(renewed, Ok(_) | Err(KeyError::Destroyed)));
    }
    let left: i64 = database
        .superuser()
        .await
        .query_one("SELECT count(*) FROM subject_keys WHERE wrapped IS NOT NULL", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(left, 0);
}

#[tokio::test]
async fn memory_is_bounded_and_unwraps_are_counted() {
    let database = TestKeystore::fresh().await;
    peopled(&database, 20).await;
    let limits = Limits { subjects: 5, unwraps_per_minute: 30, ..Limits::default() };
    let keystore = open_with(&database, limits, &[]).await;
    let mut keys: Vec<Arc<_>> = Vec::new();
    for number in 1..=20 {
        keys.push(keystore.current(subject(1, number)).await.unwrap());
    }
    let held = keys.iter().filter(|key| Arc::strong_count(key) > 1).count();
    assert_eq!(held, 5, "the others were let go");
    assert_eq!((keystore.unwraps().total, keystore.unwraps().alarms), (20, 0));
    // What is in memory is not unwrapped again.
    keystore.current(subject(1, 20)).await.unwrap();
    assert_eq!(keystore.unwraps().total, 20);
    for number in 1..=15 {
        keystore.current(subject(1, number)).await.unwrap();
    }
    assert_eq!((keystore.unwraps().total, keystore.unwraps().alarms), (35, 1));

    let short = open_with(&database, Limits { lifetime: Duration::ZERO, ..Limits::default() }, &[]).await;
    let key = short.current(subject(1, 1)).await.unwrap();
    short.sweep();
    assert_eq!(Arc::strong_count(&key), 1);
    short.current(subject(1, 1)).await.unwrap();
    assert_eq!(short.unwraps().total, 2);
}

#[tokio::test]
async fn nothing_is_served_from_a_keystore_that_is_away() {
    let nowhere = "postgresql://sigilo_keys:x@%2Fnonexistent:5432/sigilo_chaves".to_owned();
    let (url, limits) = (DatabaseUrl::new(nowhere), Limits::default());
    let opened = Keystore::open(&url, root(), &limits, &[]).await;
    assert!(matches!(opened.err(), Some(KeyError::Store(sigilo_store::Error::Unavailable))));
}
