//! Rotation while others read and write, and rotation that is interrupted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sigilo_proof::envelope::{ClinicPlace, KeyBytes, LocalRoot, Purpose, RootAnswer, RootError, RootKey, WrappedKey};
use sigilo_store::keystore::{KeyError, Keystore, Limits, Rotation};
use sigilo_testkit::TestKeystore;
use uuid::Uuid;

use crate::{NAME, open, open_with, peopled, root, subject};

const CLINIC: Uuid = Uuid::from_u128(1);

fn rotation(database: &TestKeystore) -> Rotation {
    Rotation::open(&database.urls().keys, root()).unwrap()
}

/// Version, state and how many people's keys it wraps, of the keys that wrap.
async fn wrapping(rotation: &Rotation) -> Vec<(i32, String, i64)> {
    let keys = rotation.status(CLINIC).await.unwrap();
    keys.into_iter().filter(|key| key.purpose == "wrap").map(|key| (key.version, key.state, key.wraps)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_under_load_fails_no_read_and_loses_no_write() {
    let database = TestKeystore::fresh().await;
    let keystore = peopled(&database, 300).await;
    let mut sealed = Vec::new();
    for number in 1..=300 {
        sealed.push((subject(1, number), keystore.seal(subject(1, number), NAME, b"Ana").await.unwrap()));
    }
    let sealed = Arc::new(sealed);
    let (stop, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut load = tokio::task::JoinSet::new();
    // Readers whose memory is one place small, so that each read unwraps; and writers who make new people.
    for start in [0, 150] {
        let keystore = open_with(&database, Limits { subjects: 1, ..Limits::default() }, &[]).await;
        let (sealed, stop, reads) = (Arc::clone(&sealed), Arc::clone(&stop), Arc::clone(&reads));
        load.spawn(async move {
            for (subject, cell) in sealed.iter().cycle().skip(start) {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                assert_eq!(keystore.open_cell(*subject, NAME, cell).await.unwrap().as_slice(), b"Ana");
                reads.fetch_add(1, Ordering::Relaxed);
            }
            Vec::new()
        });
    }
    let writer = open(&database).await;
    let stopped = Arc::clone(&stop);
    load.spawn(async move {
        let mut made = Vec::new();
        for number in 1000_u128.. {
            if stopped.load(Ordering::Relaxed) {
                break;
            }
            let new = subject(1, number);
            writer.create(new).await.unwrap();
            made.push((new, writer.seal(new, NAME, b"Bia").await.unwrap()));
        }
        made
    });

    // Two runners at once, three times over.
    for _ in 0..3 {
        let (one, two) = (rotation(&database), rotation(&database));
        let (a, b) = tokio::join!(one.run(CLINIC, |_, _| {}), two.run(CLINIC, |_, _| {}));
        a.unwrap();
        b.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    let made: Vec<_> = load.join_all().await.into_iter().flatten().collect();
    assert!(reads.load(Ordering::Relaxed) > 0 && !made.is_empty());

    let last = rotation(&database);
    last.run(CLINIC, |_, _| {}).await.unwrap();
    let keys = wrapping(&last).await;
    let (active, old) = keys.split_last().unwrap();
    assert_eq!((active.1.as_str(), active.2), ("active", 300 + made.len() as i64));
    assert!(old.len() >= 4 && old.iter().all(|(_, state, wraps)| state == "destroyed" && *wraps == 0), "{old:?}");
    let fresh = open(&database).await;
    for (subject, cell) in sealed.iter() {
        assert_eq!(fresh.open_cell(*subject, NAME, cell).await.unwrap().as_slice(), b"Ana");
    }
    for (subject, cell) in &made {
        assert_eq!(fresh.open_cell(*subject, NAME, cell).await.unwrap().as_slice(), b"Bia");
    }
}

#[tokio::test]
async fn what_was_interrupted_goes_on_where_it_stopped() {
    let database = TestKeystore::fresh().await;
    let keystore = peopled(&database, 50).await;
    let cell = keystore.seal(subject(1, 50), NAME, b"Ana").await.unwrap();
    let first = rotation(&database);
    assert_eq!(first.begin(CLINIC, Purpose::Wrap).await.unwrap(), 2);
    assert_eq!(first.batch(CLINIC, 20).await.unwrap(), 20);
    // Too early: the old key still wraps thirty.
    assert_eq!(first.finish(CLINIC, Purpose::Wrap).await.unwrap(), 0);

    // Killed in the middle of a batch: the server ends its connection while it holds ten rows.
    let victim = database.connect().await;
    victim.batch_execute(&format!("BEGIN; SET LOCAL keys.clinic = '{CLINIC}'")).await.unwrap();
    victim
        .execute(
            "UPDATE subject_keys SET wrapped = decode(repeat('00', 61), 'hex'), kek_version = 2
              WHERE subject_id IN (SELECT subject_id FROM subject_keys WHERE kek_version = 1 LIMIT 10)",
            &[],
        )
        .await
        .unwrap();
    // Another runner takes the rest, and does not wait for those ten.
    assert_eq!(first.batch(CLINIC, 1000).await.unwrap(), 20);
    assert_eq!((first.batch(CLINIC, 1000).await.unwrap(), first.left(CLINIC).await.unwrap()), (0, 10));
    let pid: i32 = victim.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    let superuser = database.superuser().await;
    superuser.execute("SELECT pg_terminate_backend($1, 10000)", &[&pid]).await.unwrap();

    // A new process resumes: it begins no third key.
    let seen = std::sync::Mutex::new(Vec::new());
    let resumed = rotation(&database);
    let moved = resumed.run(CLINIC, |moved, left| seen.lock().unwrap().push((moved, left))).await.unwrap();
    assert_eq!(moved, 10);
    assert_eq!(*seen.lock().unwrap(), [(0, 10), (10, 0)]);
    assert_eq!(wrapping(&resumed).await, [(1, "destroyed".into(), 0), (2, "active".into(), 50)]);
    assert_eq!(open(&database).await.open_cell(subject(1, 50), NAME, &cell).await.unwrap().as_slice(), b"Ana");
}

#[tokio::test]
async fn a_key_that_still_wraps_is_destroyed_by_nobody() {
    let database = TestKeystore::fresh().await;
    peopled(&database, 1).await;
    let rotation = rotation(&database);
    rotation.begin(CLINIC, Purpose::Wrap).await.unwrap();
    let login = database.connect().await;
    for attack in [
        "UPDATE clinic_keys SET state = 'destroyed', wrapped = NULL WHERE state = 'retiring'",
        "UPDATE clinic_keys SET state = 'destroyed', wrapped = NULL WHERE state = 'active'",
        "UPDATE clinic_keys SET state = 'active' WHERE state = 'retiring'",
        // With a retired key nobody is wrapped anew.
        "INSERT INTO subject_keys (clinic_id, subject_id, version, wrapped, kek_version)
         VALUES (public.clinic_id(), gen_random_uuid(), 1, decode(repeat('00', 61), 'hex'), 1)",
        "UPDATE subject_keys SET wrapped = decode(repeat('00', 61), 'hex') WHERE kek_version = 1",
        "DELETE FROM clinic_keys",
    ] {
        let sql = format!("BEGIN; SET LOCAL keys.clinic = '{CLINIC}'; {attack}; COMMIT");
        assert!(login.batch_execute(&sql).await.is_err(), "{attack}");
        login.batch_execute("ROLLBACK").await.unwrap();
    }
    // Destroyed people do not hold a rotation up.
    open(&database).await.destroy(subject(1, 1)).await.unwrap();
    assert_eq!(rotation.run(CLINIC, |_, _| {}).await.unwrap(), 0);
    assert_eq!(wrapping(&rotation).await, [(1, "destroyed".into(), 0), (2, "active".into(), 0)]);
}

#[tokio::test]
async fn indexes_have_two_keys_while_they_are_made_anew() {
    let database = TestKeystore::fresh().await;
    peopled(&database, 0).await;
    let rotation = rotation(&database);
    assert_eq!(rotation.begin(CLINIC, Purpose::Index).await.unwrap(), 2);
    let keystore = open(&database).await;
    assert_eq!(keystore.index_key(CLINIC).await.unwrap().version(), 2);
    assert_eq!(rotation.finish(CLINIC, Purpose::Index).await.unwrap(), 1);
    assert_eq!(rotation.clinics().await.unwrap(), [CLINIC]);
}

/// Another keeper: the same wrapping under another name and key.
struct Vault(LocalRoot);

impl RootKey for Vault {
    fn provider(&self) -> &'static str {
        "transit"
    }
    fn wrap<'a>(&'a self, place: ClinicPlace, key: &'a KeyBytes) -> RootAnswer<'a, WrappedKey> {
        Box::pin(async move {
            let wrapped = self.0.wrap(place, key).await?;
            Ok(WrappedKey { root_version: 3, ..wrapped })
        })
    }
    fn unwrap<'a>(&'a self, place: ClinicPlace, wrapped: &'a WrappedKey) -> RootAnswer<'a, KeyBytes> {
        self.0.unwrap(place, wrapped)
    }
}

#[tokio::test]
async fn the_root_key_can_move_to_another_keeper() {
    let database = TestKeystore::fresh().await;
    let keystore = peopled(&database, 1).await;
    let cell = keystore.seal(subject(1, 1), NAME, b"Ana").await.unwrap();
    let vault: Arc<dyn RootKey> = Arc::new(Vault(LocalRoot::new(&[9; 32])));
    let local = rotation(&database);
    local.check(CLINIC).await.unwrap();
    assert_eq!(local.rewrap(CLINIC, &*vault).await.unwrap(), 2);
    assert!(matches!(local.check(CLINIC).await, Err(KeyError::OtherProvider(name)) if name == "transit"));
    assert_eq!(local.rewrap(CLINIC, &*vault).await.unwrap(), 0, "again is harmless");

    let limits = Limits::default();
    let moved = Keystore::open(&database.urls().keys, Arc::clone(&vault), &limits, &[]).await.unwrap();
    assert_eq!(moved.open_cell(subject(1, 1), NAME, &cell).await.unwrap().as_slice(), b"Ana");
    let status = local.status(CLINIC).await.unwrap();
    assert!(status.iter().all(|key| key.provider == "transit" && key.root_version == 3));
    // And to a newer version of the same keeper; another key of that keeper opens nothing.
    let same = Rotation::open(&database.urls().keys, Arc::clone(&vault)).unwrap();
    assert_eq!(same.rewrap(CLINIC, &*vault).await.unwrap(), 2);
    let wrong: Arc<dyn RootKey> = Arc::new(Vault(LocalRoot::new(&[1; 32])));
    let wrong = Rotation::open(&database.urls().keys, wrong).unwrap();
    assert!(matches!(wrong.check(CLINIC).await, Err(KeyError::Root(RootError::Refused))));
}
