//! A million wrapped keys: how long a rotation takes, and what opening a cell costs beside reading it. Started by
//! `bench/keystore/run`.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use sigilo_proof::envelope::{ClinicKey, ClinicPlace, LocalRoot, Place, Purpose, RootKey, SubjectKey, WrappedKey};
use sigilo_store::keystore::{Keystore, Limits, Rotation, Subject};
use sigilo_testkit::{TestKeystore, tokio_postgres};
use uuid::Uuid;

const CLINIC: Uuid = Uuid::from_u128(1);
const NAME: Place<'_> = Place { table: "identity.patients", column: "name" };
/// People whose cells are read.
const READ: u128 = 1000;
const ROUNDS: usize = 5;
/// Reading with opening must reach this share of the rate of reading alone.
const LIMIT: f64 = 0.8;

fn subject(number: u128) -> Subject {
    Subject { clinic: CLINIC, subject: Uuid::from_u128(number) }
}

#[tokio::main]
async fn main() {
    let count: i64 = std::env::args().nth(1).map_or(1_000_000, |text| text.parse().unwrap());
    let database = TestKeystore::fresh().await;
    let root: Arc<dyn RootKey> = Arc::new(LocalRoot::new(&[7; 32]));
    let keys = &database.urls().keys;
    let keystore = Keystore::open(keys, Arc::clone(&root), &Limits::default(), &[]).await.unwrap();
    keystore.create_clinic(CLINIC).await.unwrap();
    for number in 1..=READ {
        keystore.create(subject(number)).await.unwrap();
    }
    let client = database.superuser().await;
    points(&keystore, &client).await;
    rotation(&Rotation::open(keys, Arc::clone(&root)).unwrap(), &*root, &client, count).await;
}

/// Reads of one cell by its key, alone and with opening, in turns; people's keys are in memory.
async fn points(keystore: &Keystore, client: &tokio_postgres::Client) {
    client.batch_execute("CREATE TABLE cells (id uuid PRIMARY KEY, name bytea NOT NULL)").await.unwrap();
    for number in 1..=READ {
        let sealed = keystore.seal(subject(number), NAME, b"Marisbela Quaresmeira Tupinamba").await.unwrap();
        client.execute("INSERT INTO cells VALUES ($1, $2)", &[&Uuid::from_u128(number), &sealed]).await.unwrap();
    }
    let read = client.prepare("SELECT name FROM cells WHERE id = $1").await.unwrap();
    let (mut alone, mut opened) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for number in 1..=READ {
            let row = client.query_one(&read, &[&Uuid::from_u128(number)]).await.unwrap();
            std::hint::black_box(row.get::<_, &[u8]>(0));
        }
        alone = alone.min(start.elapsed());
        let start = Instant::now();
        for number in 1..=READ {
            let row = client.query_one(&read, &[&Uuid::from_u128(number)]).await.unwrap();
            std::hint::black_box(keystore.open_cell(subject(number), NAME, row.get(0)).await.unwrap());
        }
        opened = opened.min(start.elapsed());
    }
    let row = client.query_one(&read, &[&Uuid::from_u128(1)]).await.unwrap();
    let start = Instant::now();
    for _ in 0..READ {
        std::hint::black_box(keystore.open_cell(subject(1), NAME, row.get(0)).await.unwrap());
    }
    let opening = start.elapsed();
    let micros = |time: Duration| time.as_secs_f64() * 1e6 / READ as f64;
    let ratio = alone.as_secs_f64() / opened.as_secs_f64();
    println!("opening without reading: {:.1} µs", micros(opening));
    println!(
        "point read: {:.1} µs alone, {:.1} µs opened; ratio {ratio:.2} (at least {LIMIT})",
        micros(alone),
        micros(opened)
    );
    assert!(ratio >= LIMIT, "opening costs too much");
}

/// Wraps as many new people's keys as the keystore itself would, in large inserts.
async fn fill(root: &dyn RootKey, client: &tokio_postgres::Client, count: i64) {
    let row = client
        .query_one("SELECT wrapped, root_version FROM clinic_keys WHERE purpose = 'wrap' AND state = 'active'", &[])
        .await
        .unwrap();
    let wrapped = WrappedKey { bytes: row.get(0), root_version: u32::try_from(row.get::<_, i32>(1)).unwrap() };
    let place = ClinicPlace { clinic: CLINIC, purpose: Purpose::Wrap, version: 1 };
    let kek = ClinicKey::new(CLINIC, 1, root.unwrap(place, &wrapped).await.unwrap());
    let insert = client
        .prepare(
            "INSERT INTO subject_keys (clinic_id, subject_id, version, wrapped, kek_version)
             SELECT $1, n.id, 1, n.wrapped, 1 FROM unnest($2::uuid[], $3::bytea[]) AS n (id, wrapped)",
        )
        .await
        .unwrap();
    for start in (0..count).step_by(20_000) {
        let ids: Vec<Uuid> = (start..count.min(start + 20_000)).map(|_| Uuid::now_v7()).collect();
        let wrapped: Vec<Vec<u8>> =
            ids.iter().map(|id| kek.wrap(&SubjectKey::random(CLINIC, *id, 1)).unwrap()).collect();
        client.execute(&insert, &[&CLINIC, &ids, &wrapped]).await.unwrap();
    }
}

async fn rotation(rotation: &Rotation, root: &dyn RootKey, client: &tokio_postgres::Client, count: i64) {
    let start = Instant::now();
    fill(root, client, count).await;
    client.batch_execute("ANALYZE subject_keys").await.unwrap();
    println!("{count} keys made in {:.1} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    let moved = rotation.run(CLINIC, |_, _| {}).await.unwrap();
    let seconds = start.elapsed().as_secs_f64();
    println!("rotation: {moved} keys in {seconds:.1} s, {:.0} a second", moved as f64 / seconds);
}
