//! Nothing is lost, nothing is doubled, nobody waits.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sigilo_features::evidence::{Problem, Sealer};
use sigilo_proof::{checkpoint::LogKey, note::Note};

use crate::support::{ORIGIN, key, row, sealer, stand};

#[tokio::test]
async fn every_row_becomes_a_leaf_of_its_own_log_once() {
    let stand = stand().await;
    stand.rows(Some(stand.a.clinic), 600).await;
    stand.rows(Some(stand.b.clinic), 3).await;
    stand.rows(None, 2).await;
    let first = stand.seal().await.unwrap();
    let (rows, leaves, distinct) = stand.count().await;
    assert_eq!((rows, leaves), (leaves, distinct));
    assert_eq!((i64::try_from(first.leaves).unwrap(), first.round, first.logs), (rows, 0, 3));
    assert_eq!(stand.seal().await, None, "nothing is left");

    let admin = stand.database.superuser().await;
    let mixed: i64 = admin
        .query_one(
            "SELECT count(*) FROM (SELECT log_id, unnest(seqs) AS seq FROM trail.heads) h JOIN audit_logs a USING (seq)
              WHERE coalesce(a.clinic_id, '00000000-0000-0000-0000-000000000000') <> h.log_id",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(mixed, 0, "each in the log of its clinic");

    // A sealer that goes on and one that starts anew write the same roots.
    let mut going = sealer();
    for _ in 0..3 {
        stand.rows(Some(stand.a.clinic), 100).await;
        going.round(&stand.db).await.unwrap().unwrap();
        stand.rows(Some(stand.a.clinic), 57).await;
        stand.seal().await.unwrap();
    }
    let (rows, leaves, distinct) = stand.count().await;
    assert_eq!((rows, leaves), (leaves, distinct));
    let note: String =
        admin.query_one("SELECT note FROM trail.rounds ORDER BY round DESC LIMIT 1", &[]).await.unwrap().get(0);
    assert_eq!(Note::parse(&note).unwrap().verify(&key().verifier_keys()[0]), Ok(None));
}

#[tokio::test]
async fn an_open_transaction_delays_its_own_rows_alone() {
    let stand = stand().await;
    stand.seal().await;
    let (long, other, gone) = (stand.auth().await, stand.auth().await, stand.auth().await);
    long.batch_execute("BEGIN").await.unwrap();
    row(&long, Some(stand.a.clinic)).await;
    row(&other, Some(stand.a.clinic)).await;
    gone.batch_execute("BEGIN").await.unwrap();
    row(&gone, Some(stand.a.clinic)).await;
    gone.batch_execute("ROLLBACK").await.unwrap();
    row(&other, Some(stand.a.clinic)).await;

    let mut sealer = sealer();
    assert_eq!(sealer.round(&stand.db).await.unwrap().unwrap().leaves, 2, "what is committed, without waiting");
    assert_eq!(sealer.round(&stand.db).await.unwrap(), None);
    row(&other, Some(stand.a.clinic)).await;
    assert_eq!(sealer.round(&stand.db).await.unwrap().unwrap().leaves, 1);
    long.batch_execute("COMMIT").await.unwrap();
    assert_eq!(sealer.round(&stand.db).await.unwrap().unwrap().leaves, 1, "once it is committed");
    assert_eq!(sealer.round(&stand.db).await.unwrap(), None);
    let (rows, leaves, distinct) = stand.count().await;
    assert_eq!((rows, leaves), (leaves, distinct));
}

/// Writers that commit and roll back, two sealers at once, and a sealer's connection killed again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_and_kills_rows_are_leaves() {
    let stand = Arc::new(stand().await);
    let done = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for number in 0..8_usize {
        let stand = stand.clone();
        writers.push(tokio::spawn(async move {
            let auth = stand.auth().await;
            for step in 0..40_usize {
                let clinic = [Some(stand.a.clinic), Some(stand.b.clinic), None][(number + step) % 3];
                auth.batch_execute("BEGIN").await.unwrap();
                row(&auth, clinic).await;
                row(&auth, clinic).await;
                let end = if (number * 7 + step * 3) % 5 == 0 { "ROLLBACK" } else { "COMMIT" };
                auth.batch_execute(end).await.unwrap();
            }
        }));
    }
    let sealers: Vec<_> = (0..2)
        .map(|_| {
            let (stand, done) = (stand.clone(), done.clone());
            tokio::spawn(async move {
                let mut sealer = sealer();
                while !done.load(Ordering::Acquire) {
                    // A killed connection is a round that did not happen.
                    let _ = sealer.round(&stand.db).await;
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            })
        })
        .collect();
    let killer = {
        let (stand, done) = (stand.clone(), done.clone());
        tokio::spawn(async move {
            let admin = stand.database.superuser().await;
            let mut killed = 0_i64;
            while !done.load(Ordering::Acquire) {
                killed += admin
                    .query_one(
                        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                          WHERE usename = 'sigilo_sealer' AND datname = current_database() AND state = 'active'",
                        &[],
                    )
                    .await
                    .unwrap()
                    .get::<_, i64>(0);
                tokio::time::sleep(Duration::from_millis(11)).await;
            }
            killed
        })
    };
    for writer in writers {
        writer.await.unwrap();
    }
    done.store(true, Ordering::Release);
    for sealer in sealers {
        sealer.await.unwrap();
    }
    let killed = killer.await.unwrap();
    while stand.seal().await.is_some() {}
    let (rows, leaves, distinct) = stand.count().await;
    assert_eq!((rows, leaves), (leaves, distinct), "{killed} kills");
}

#[tokio::test]
async fn what_another_key_sealed_is_not_continued() {
    let stand = stand().await;
    stand.seal().await.unwrap();
    stand.rows(None, 1).await;
    let mut other = Sealer::new(LogKey::from_seed(ORIGIN, &[8; 32]).unwrap());
    assert!(matches!(other.round(&stand.db).await, Err(Problem::Foreign(_))));
    assert!(stand.seal().await.is_some(), "the right one goes on");
}

/// A copy of the database on another server numbers its transactions anew.
#[tokio::test]
async fn after_a_restore_the_rest_is_sealed_by_what_has_no_leaf() {
    let stand = stand().await;
    stand.seal().await.unwrap();
    let admin = stand.database.superuser().await;
    admin
        .batch_execute(
            "ALTER TABLE trail.rounds DISABLE TRIGGER ALL; ALTER EVENT TRIGGER sigilo_guard_alter DISABLE;
             ALTER TABLE trail.rounds DISABLE TRIGGER ALL",
        )
        .await
        .ok();
    admin.batch_execute("ALTER EVENT TRIGGER sigilo_guard_alter DISABLE").await.unwrap();
    admin.batch_execute("ALTER TABLE trail.rounds DISABLE TRIGGER ALL").await.unwrap();
    // As if the last round had been sealed elsewhere, with transactions of far greater numbers.
    admin.batch_execute("UPDATE trail.rounds SET system = '1/1', snapshot = '9000000:9000000:'").await.unwrap();
    stand.rows(Some(stand.a.clinic), 5).await;
    assert_eq!(stand.seal().await.unwrap().leaves, 5);
    stand.rows(Some(stand.a.clinic), 2).await;
    assert_eq!(stand.seal().await.unwrap().leaves, 2, "and by transactions again");
    let (rows, leaves, distinct) = stand.count().await;
    assert_eq!((rows, leaves), (leaves, distinct));
}
