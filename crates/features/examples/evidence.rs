//! What the trail's proofs cost, each figure as a ratio or beside its limit in the same run. Started by `bench/evidence/run`.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::{
    io::{BufReader, BufWriter, Seek, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sigilo_features::evidence::{Sealer, examine, export_log};
use sigilo_proof::{
    bundle::{self, Manifest, Options, RoundProof, Verdict, head_hash, round_entry},
    checkpoint::LogKey,
    merkle::{Frontier, leaf_hash},
    policy::Policy,
    tile::{Tile, encode_entries},
};
use sigilo_store::{Db, Token, server::Role, trail::SealTx};
use sigilo_testkit::{TestDatabase, people};

const CLIENTS: usize = 8;
const SPAN: Duration = Duration::from_secs(4);
const ROUNDS: usize = 3;

const TABLES: &str = "
    CREATE TABLE public.bench_none (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), clinic_id uuid, a integer, b text);
    CREATE TABLE public.bench_audited (LIKE public.bench_none INCLUDING ALL);
    CREATE TABLE public.bench_chained (LIKE public.bench_none INCLUDING ALL);
    CREATE TABLE ops.bench_head (head bytea);
    CREATE TABLE ops.bench_chain (at timestamptz DEFAULT clock_timestamp(), row jsonb, head bytea);
    INSERT INTO ops.bench_head VALUES ('\\x00');
    SELECT ops.watch('public.bench_audited');
    CREATE FUNCTION ops.bench_link() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE last bytea;
    BEGIN
      SELECT head INTO last FROM ops.bench_head FOR UPDATE;
      last := sha256(last || convert_to(to_jsonb(NEW)::text, 'UTF8'));
      INSERT INTO ops.bench_chain (row, head) VALUES (to_jsonb(NEW), last);
      UPDATE ops.bench_head SET head = last;
      RETURN NULL;
    END $$;
    CREATE TRIGGER link AFTER UPDATE ON public.bench_chained FOR EACH ROW EXECUTE FUNCTION ops.bench_link();";

/// Two updates a transaction by eight clients, for a while; transactions a second.
async fn throughput(database: &TestDatabase, table: &'static str) -> f64 {
    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        let client = database.connect(Role::Owner).await;
        let update =
            client.prepare(&format!("UPDATE public.{table} SET a = a + 1, b = b WHERE id = $1")).await.unwrap();
        let ids: Vec<uuid::Uuid> = client
            .query(&format!("SELECT id FROM public.{table} ORDER BY id OFFSET $1 LIMIT 100"), &[&(number as i64 * 100)])
            .await
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect();
        let stop = stop.clone();
        clients.push(tokio::spawn(async move {
            let mut done = 0_usize;
            while !stop.load(Ordering::Relaxed) {
                client.batch_execute("BEGIN").await.unwrap();
                client.execute(&update, &[&ids[done % 100]]).await.unwrap();
                client.execute(&update, &[&ids[(done + 50) % 100]]).await.unwrap();
                client.batch_execute("COMMIT").await.unwrap();
                done += 1;
            }
            done
        }));
    }
    let start = Instant::now();
    tokio::time::sleep(SPAN).await;
    stop.store(true, Ordering::Relaxed);
    let mut total = 0;
    for client in clients {
        total += client.await.unwrap();
    }
    total as f64 / start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn key() -> LogKey {
    LogKey::from_seed("bench.example/trilha", &[7; 32]).unwrap()
}

fn policy() -> Policy {
    Policy::parse(&format!("log {}\nquorum none\n", key().verifier_keys()[0])).unwrap()
}

#[tokio::main]
async fn main() {
    let database = TestDatabase::fresh().await;
    let db = Db::new(database.urls(), 4).unwrap();
    let member = people::member(&db, "Clínica", "Dra. Alba", &["owner"], Token::from_random(&[1; 32])).await;
    writes(&database, &db, member.clinic).await;
    sealing(&database, &db, member.clinic).await;
    offline();
}

async fn writes(database: &TestDatabase, db: &Db, clinic: uuid::Uuid) {
    let owner = database.connect(Role::Owner).await;
    owner.batch_execute(TABLES).await.unwrap();
    for table in ["bench_none", "bench_audited", "bench_chained"] {
        let fill = format!(
            "INSERT INTO public.{table} (clinic_id, a, b) SELECT '{clinic}', n, repeat('texto ', 60) FROM generate_series(1, 800) n"
        );
        owner.batch_execute(&fill).await.unwrap();
    }
    let [mut none, mut audited, mut sealed, mut chained, mut lags] = [const { Vec::new() }; 5];
    for _ in 0..ROUNDS {
        none.push(throughput(database, "bench_none").await);
        audited.push(throughput(database, "bench_audited").await);
        chained.push(throughput(database, "bench_chained").await);
        let mut sealer = Sealer::new(key());
        while sealer.round(db).await.unwrap().is_some() {}
        let stop = Arc::new(AtomicBool::new(false));
        let sealing = {
            let (db, stop) = (db.clone(), stop.clone());
            tokio::spawn(async move {
                let mut worst: f64 = 0.0;
                let mut since = Instant::now();
                while !stop.load(Ordering::Relaxed) {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    sealer.round(&db).await.unwrap();
                    worst = worst.max(since.elapsed().as_secs_f64());
                    since = Instant::now();
                }
                worst
            })
        };
        sealed.push(throughput(database, "bench_audited").await);
        stop.store(true, Ordering::Relaxed);
        lags.push(sealing.await.unwrap());
    }
    let [none, audited, sealed, chained] = [none, audited, sealed, chained].map(median);
    println!(
        "two updates a transaction, {CLIENTS} clients: none {none:.0} · audited {audited:.0} · audited and sealed {sealed:.0} · chained {chained:.0} tps"
    );
    println!("  audited / chained       {:.2} (limit 3)", audited / chained);
    println!("  audited / none          {:.2} (limit 0.4)", audited / none);
    println!("  longest wait for a seal {:.2} s (limit 2)", lags.into_iter().fold(0.0, f64::max));
}

async fn sealing(database: &TestDatabase, db: &Db, clinic: uuid::Uuid) {
    const ROWS: i32 = 200_000;
    let mut sealer = Sealer::new(key());
    while sealer.round(db).await.unwrap().is_some() {}
    let auth = database.connect(Role::Auth).await;
    // The role's time limit is for single acts.
    const PIECE: i32 = 2000;
    for _ in 0..ROWS / PIECE {
        auth.execute(
            "SELECT app.log_access($1, NULL, NULL, 'failed_login', 'unknown_account', NULL) FROM generate_series(1, $2)",
            &[&clinic, &PIECE],
        )
        .await
        .unwrap();
    }
    let start = Instant::now();
    let sealed = sealer.round(db).await.unwrap().unwrap();
    let rate = sealed.leaves as f64 / start.elapsed().as_secs_f64();
    println!("sealed {} rows in {:.1} s: {rate:.0} rows/s (limit 15000)", sealed.leaves, start.elapsed().as_secs_f64());
    sealer.checkpoint(db, true).await.unwrap();
    let start = Instant::now();
    let found = examine(db, Some(&key().verifier_keys()[0])).await.unwrap();
    println!(
        "examined {} leaves in {:.1} s, {} differences",
        found.leaves,
        start.elapsed().as_secs_f64(),
        found.difference_count
    );
    let start = Instant::now();
    let mut bytes = Vec::new();
    db.seal(async |tx: &SealTx| export_log(tx, clinic, &mut bytes).await).await.unwrap();
    println!("exported {} MB in {:.1} s", bytes.len() >> 20, start.elapsed().as_secs_f64());
    let options = Options { policy: &policy(), previous: &[], authorities: None };
    assert_eq!(bundle::verify(bytes.as_slice(), &options).verdict, Verdict::Valid);
}

/// A bundle of a million leaves in a file, and how long and with how much memory it is verified.
fn offline() {
    const LEAVES: u64 = 1_000_000;
    let log = "01a00000-0000-7000-8000-000000000001";
    let entry = |n: u64| {
        format!(
            r#"{{"action":"update","action_type":"update","audit_trail_id":"01a22060-d298-7b04-a477-{n:012x}","category":"data","changed_fields":["title"],"clinic_id":"{log}","compliance_status":null,"created_at":"2026-11-28T04:19:06.006351Z","details":"{{\"operation\": \"UPDATE\"}}","id":"01a22060-d2ad-783c-ac1c-{n:012x}","ip_address":"192.0.2.7/32","new_commitment":"50bfc7b1bdaa8fa31cecabdb4f3ca4085eb0539706edcfedb396a86aa28fc04e","nonce":"4e365050-ec89-461e-b5d5-{n:012x}","old_commitment":null,"patient_id":null,"request_id":null,"resource_id":"01a22060-d2ab-7237-bf57-2966b6630149","resource_type":"profiles","risk_level":"low","seq":{n},"session_id":null,"severity":"info","user_agent":"Navegador","user_id":"01a22060-d2ab-7237-bf57-2966b6630149","v":1,"violation_type":null}}"#
        )
        .into_bytes()
    };
    let tree: Frontier = (0..LEAVES).map(|n| leaf_hash(&entry(n))).collect();
    let head = head_hash(log, LEAVES, &tree.root());
    let of = bundle::RoundEntry {
        at: "2026-11-28T04:19:06.006351Z".into(),
        heads: 1,
        leaves: LEAVES,
        map: head,
        round: 0,
        system: "1/1".into(),
    };
    let round = round_entry(&of);
    let leaf = leaf_hash(round.as_bytes());
    let key = key();
    let note = key.sign(&key.checkpoint(1, leaf), 0, false).unwrap();
    let manifest = Manifest { log: log.into(), origin: key.origin().into(), platform_size: 1, size: LEAVES };
    let proof = RoundProof { entry: round, index: 0, path: vec![], root: tree.root(), size: LEAVES };

    let mut file = BufWriter::new(tempfile::tempfile().unwrap());
    let mut put = |path: &str, content: &[u8]| file.write_all(&bundle::file(path, content).unwrap()).unwrap();
    put("MANIFEST", manifest.to_jcs().as_bytes());
    put("checkpoint", note.as_bytes());
    put("rounds", format!("{}\n", proof.to_object().finish()).as_bytes());
    put(&format!("platform/{}", Tile::of(0, 0, 1).unwrap().path()), &leaf);
    for index in 0..LEAVES.div_ceil(256) {
        let tile = Tile::of(0, index, LEAVES).unwrap();
        let entries: Vec<Vec<u8>> = (0..u64::from(tile.width())).map(|n| entry(index * 256 + n)).collect();
        let hashes: Vec<[u8; 32]> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        put(&format!("log/{}", tile.path()), &hashes.concat());
        put(&format!("log/{}", tile.entries_path()), &encode_entries(&entries).unwrap());
    }
    file.write_all(&bundle::END).unwrap();
    let mut file = file.into_inner().unwrap();
    let size = file.metadata().unwrap().len();
    file.rewind().unwrap();
    let before = peak();
    let start = Instant::now();
    let options = Options { policy: &policy(), previous: &[], authorities: None };
    let report = bundle::verify(BufReader::with_capacity(1 << 20, file), &options);
    assert_eq!((report.verdict, report.facts.entries), (Verdict::Valid, LEAVES), "{:?}", report.findings);
    println!(
        "verified a million leaves offline ({} MB) in {:.1} s (limit 10), {} MB at most (limit 200; {} MB before)",
        size >> 20,
        start.elapsed().as_secs_f64(),
        peak(),
        before
    );
}

/// The most memory that this process ever had, in MB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or_default() >> 10
}
