//! Each attack on a database whose guards were taken away, and what it leaves behind. Two of them leave nothing behind for
//! whoever kept nothing: that is what witnesses are for.

use sigilo_features::evidence::{Difference, examine, export_log};
use sigilo_proof::{
    bundle::{self, Options, Report, Verdict},
    policy::Policy,
};
use sigilo_store::trail::SealTx;
use sigilo_testkit::tokio_postgres::Client;

use crate::support::{Stand, key, sealer, stand};

/// Everything that an administrator of the database can take away, taken away.
pub const UNGUARD: &str = "
    ALTER EVENT TRIGGER sigilo_guard_alter DISABLE; ALTER EVENT TRIGGER sigilo_guard_drop DISABLE;
    DO $$
    DECLARE t regclass; r record;
    BEGIN
      FOR t IN SELECT 'public.audit_logs'::regclass UNION SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'public.audit_logs'::regclass
               UNION SELECT oid::regclass FROM pg_class WHERE relnamespace = 'trail'::regnamespace AND relkind = 'r' LOOP
        FOR r IN SELECT tgname AS name FROM pg_trigger WHERE tgrelid = t AND tgname IN ('no_change', 'no_truncate') LOOP
          EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', t, r.name);
        END LOOP;
        FOR r IN SELECT rulename AS name FROM pg_rewrite WHERE ev_class = t AND rulename LIKE 'audit_logs_no_%' LOOP
          EXECUTE format('ALTER TABLE %s DISABLE RULE %I', t, r.name);
        END LOOP;
      END LOOP;
    END $$;";
/// As if nothing had happened.
pub const GUARD: &str = "
    DO $$
    DECLARE t regclass; r record;
    BEGIN
      FOR t IN SELECT 'public.audit_logs'::regclass UNION SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'public.audit_logs'::regclass
               UNION SELECT oid::regclass FROM pg_class WHERE relnamespace = 'trail'::regnamespace AND relkind = 'r' LOOP
        FOR r IN SELECT tgname AS name FROM pg_trigger WHERE tgrelid = t AND tgname IN ('no_change', 'no_truncate') LOOP
          EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t, r.name);
        END LOOP;
        FOR r IN SELECT rulename AS name FROM pg_rewrite WHERE ev_class = t AND rulename LIKE 'audit_logs_no_%' LOOP
          EXECUTE format('ALTER TABLE %s ENABLE ALWAYS RULE %I', t, r.name);
        END LOOP;
      END LOOP;
    END $$;
    ALTER EVENT TRIGGER sigilo_guard_alter ENABLE ALWAYS; ALTER EVENT TRIGGER sigilo_guard_drop ENABLE ALWAYS;";

async fn attack(stand: &Stand, sql: &str) -> Client {
    let admin = stand.database.superuser().await;
    admin.batch_execute(UNGUARD).await.unwrap();
    for statement in sql.split(";;") {
        let touched = admin.execute(statement, &[]).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        assert!(touched > 0, "the attack did nothing: {statement}");
    }
    admin.batch_execute(GUARD).await.unwrap();
    admin
}

pub fn policy() -> Policy {
    let keys = key();
    let lines: Vec<String> = keys.verifier_keys().iter().map(|key| format!("log {key}\n")).collect();
    Policy::parse(&format!("{}quorum none\n", lines.concat())).unwrap()
}

pub async fn bundle_of(stand: &Stand) -> Vec<u8> {
    let mut out = Vec::new();
    stand.db.seal(async |tx: &SealTx| export_log(tx, stand.a.clinic, &mut out).await).await.unwrap();
    out
}

pub fn check(bundle: &[u8], previous: &[(String, String)]) -> Report {
    bundle::verify(bundle, &Options { policy: &policy(), previous, authorities: None })
}

async fn found(stand: &Stand) -> Vec<Difference> {
    examine(&stand.db, Some(&key().verifier_keys()[0])).await.unwrap().differences
}

fn codes(of: &[Difference]) -> Vec<&'static str> {
    of.iter().map(|difference| difference.code).collect()
}

/// A history of some rounds in both clinics, with a checkpoint over the last.
async fn history() -> Stand {
    let stand = stand().await;
    let mut sealer = sealer();
    for _ in 0..4 {
        stand.rows(Some(stand.a.clinic), 240).await;
        stand.rows(Some(stand.b.clinic), 3).await;
        stand.rows(None, 1).await;
        sealer.round(&stand.db).await.unwrap().unwrap();
    }
    sealer.checkpoint(&stand.db, true).await.unwrap().unwrap();
    stand
}

async fn checkpoint(stand: &Stand) -> String {
    stand.db.seal(async |tx: &SealTx| tx.checkpoint(i64::MAX).await).await.unwrap().unwrap().note
}

/// The number of the row that is leaf 700 of the first clinic's log.
const LEAF_700: &str = "(SELECT h.seqs[700 - (h.size - cardinality(h.seqs)) + 1] FROM trail.heads h
    JOIN clinics c ON c.id = h.log_id AND c.name = 'Clínica Norte'
    WHERE h.size > 700 AND h.size - cardinality(h.seqs) <= 700)";

#[tokio::test]
async fn an_honest_history_is_valid_and_shows_nothing_of_the_other_clinic() {
    let stand = history().await;
    let bundle = bundle_of(&stand).await;
    let report = check(&bundle, &[]);
    assert_eq!((report.verdict, &report.findings), (Verdict::Valid, &vec![]));
    let admin = stand.database.superuser().await;
    let rows: i64 = admin
        .query_one("SELECT count(*) FROM audit_logs WHERE clinic_id = $1", &[&stand.a.clinic])
        .await
        .unwrap()
        .get(0);
    assert_eq!((report.facts.entries, report.facts.leaves), (rows.unsigned_abs(), rows.unsigned_abs()));
    assert_eq!((report.facts.rounds, report.facts.signatures.len()), (4, 2));
    assert!(!report.facts.from.unwrap().is_empty());
    let text = String::from_utf8_lossy(&bundle).into_owned();
    for foreign in [stand.b.clinic, stand.b.user] {
        assert!(!text.contains(&foreign.to_string()), "an identifier of the other clinic");
    }
    assert!(text.contains(&stand.a.user.to_string()));
    let found = found(&stand).await;
    assert!(found.is_empty(), "{found:?}");

    // What comes after goes on from what was kept.
    let kept = [("a cópia do auditor".to_owned(), checkpoint(&stand).await)];
    stand.rows(Some(stand.a.clinic), 10).await;
    stand.seal().await.unwrap();
    sealer().checkpoint(&stand.db, true).await.unwrap().unwrap();
    let report = check(&bundle_of(&stand).await, &kept);
    assert_eq!((report.verdict, report.facts.previous.len()), (Verdict::Valid, 1), "{:?}", report.findings);
}

#[tokio::test]
async fn a_an_altered_row() {
    let stand = history().await;
    attack(&stand, &format!("UPDATE audit_logs SET action = 'login' WHERE seq = {LEAF_700}")).await;
    let report = check(&bundle_of(&stand).await, &[]);
    assert_eq!(report.verdict, Verdict::Tampered);
    assert_eq!(report.findings[0].sentence, "folha 700: registro ALTERADO");
    assert_eq!(report.finding_count, 1);
    let found = found(&stand).await;
    assert_eq!(codes(&found), ["leaf_altered"]);
    assert_eq!(found[0].clinic, Some(stand.a.clinic));
}

#[tokio::test]
async fn b_a_deleted_row() {
    let stand = history().await;
    attack(&stand, &format!("DELETE FROM audit_logs WHERE seq = {LEAF_700}")).await;
    let report = check(&bundle_of(&stand).await, &[]);
    assert_eq!(report.findings[0].sentence, "folha 700: registro APAGADO");
    assert_eq!(report.verdict, Verdict::Tampered);
    assert_eq!(codes(&found(&stand).await), ["leaf_deleted"]);
}

#[tokio::test]
async fn c_a_row_inserted_behind_what_is_sealed() {
    let stand = history().await;
    attack(
        &stand,
        "INSERT INTO audit_logs (xid, clinic_id, action, action_type, resource_type)
         SELECT pg_snapshot_xmin(snapshot)::text::bigint::text::xid8, (SELECT id FROM clinics WHERE name = 'Clínica Norte'),
                'login', 'login', 'session' FROM (SELECT '3:3:'::pg_snapshot AS snapshot) x",
    )
    .await;
    assert_eq!(stand.seal().await, None, "the sealer does not take it");
    let found = found(&stand).await;
    assert_eq!(codes(&found), ["row_behind"]);
    assert!(found[0].sentence.contains("INSERIDO ATRÁS"));
}

#[tokio::test]
async fn d_a_row_deleted_with_its_leaf() {
    let stand = history().await;
    attack(
        &stand,
        &format!(
            "DELETE FROM audit_logs WHERE seq = {LEAF_700};;
             WITH gone AS (SELECT log_id, round, 700 - (size - cardinality(seqs)) AS at FROM trail.heads
                            WHERE size > 700 AND size - cardinality(seqs) <= 700
                              AND log_id = (SELECT id FROM clinics WHERE name = 'Clínica Norte'))
             UPDATE trail.heads h
                SET seqs = h.seqs[:g.at] || h.seqs[g.at + 2:],
                    hashes = substring(h.hashes FOR g.at::int * 32) || substring(h.hashes FROM (g.at::int + 1) * 32 + 1)
               FROM gone g WHERE (h.log_id, h.round) = (g.log_id, g.round)"
        ),
    )
    .await;
    let report = check(&bundle_of(&stand).await, &[]);
    assert_eq!(report.verdict, Verdict::Tampered, "{:?}", report.findings);
    let found = found(&stand).await;
    assert!(codes(&found).contains(&"leaf_gap"), "{found:?}");
}

#[tokio::test]
async fn e_a_row_altered_with_its_leaf_and_its_head() {
    let stand = history().await;
    // With everything that follows from the leaf made to fit, but for what is signed.
    let admin = attack(&stand, &format!("UPDATE audit_logs SET action = 'login' WHERE seq = {LEAF_700}")).await;
    admin.batch_execute(UNGUARD).await.unwrap();
    forge_heads(&stand, &admin).await;
    admin.batch_execute(GUARD).await.unwrap();
    let report = check(&bundle_of(&stand).await, &[]);
    assert_eq!(report.verdict, Verdict::Tampered);
    assert!(
        report.findings.iter().all(|finding| finding.code == "head_foreign" || finding.verdict == Verdict::Incomplete)
    );
    let found = found(&stand).await;
    assert!(!found.is_empty() && codes(&found).iter().all(|code| *code == "map_altered"), "{found:?}");
}

#[tokio::test]
async fn f_the_newest_round_removed_is_found_only_by_who_kept_a_checkpoint() {
    let stand = history().await;
    let kept = [("a cópia da testemunha".to_owned(), checkpoint(&stand).await)];
    // A witness has seen all four rounds.
    stand
        .db
        .seal(async |tx: &SealTx| -> Result<(), sigilo_store::Error> {
            tx.keep_witness("testemunha.example/t", "chave", None, true).await?;
            tx.saw("testemunha.example/t", 4, None, false).await
        })
        .await
        .unwrap();
    let admin = attack(
        &stand,
        "DELETE FROM trail.checkpoints;;
         DELETE FROM audit_logs WHERE seq IN (SELECT unnest(seqs) FROM trail.heads WHERE round = 3);;
         DELETE FROM trail.heads WHERE round = 3;;
         DELETE FROM trail.rounds WHERE round = 3",
    )
    .await;
    sealer().checkpoint(&stand.db, true).await.unwrap().unwrap();
    let bundle = bundle_of(&stand).await;
    assert_eq!(check(&bundle, &[]).verdict, Verdict::Valid, "the honest limit: alone, nobody sees it");
    let report = check(&bundle, &kept);
    assert_eq!(report.verdict, Verdict::Tampered);
    assert_eq!(report.findings[0].code, "rollback");
    assert!(report.findings[0].sentence.contains("a cópia da testemunha já tinha 4 rodadas, e o pacote tem 3"));
    let found = found(&stand).await;
    assert_eq!(codes(&found), ["rollback"], "{found:?}");
    drop(admin);
}

#[tokio::test]
async fn g_a_history_rewritten_with_the_stolen_key_is_found_only_by_who_kept_a_checkpoint() {
    let stand = history().await;
    let kept = [("a cópia da testemunha".to_owned(), checkpoint(&stand).await)];
    attack(
        &stand,
        &format!(
            "UPDATE audit_logs SET action = 'login' WHERE seq = {LEAF_700};;
             DELETE FROM trail.checkpoints;; DELETE FROM trail.tiles;; DELETE FROM trail.heads;; DELETE FROM trail.rounds"
        ),
    )
    .await;
    // The thief seals everything anew, in as many rounds.
    let mut thief = sealer();
    thief.round(&stand.db).await.unwrap().unwrap();
    for _ in 0..3 {
        stand.rows(Some(stand.a.clinic), 1).await;
        thief.round(&stand.db).await.unwrap().unwrap();
    }
    thief.checkpoint(&stand.db, true).await.unwrap().unwrap();
    let bundle = bundle_of(&stand).await;
    assert_eq!(check(&bundle, &[]).verdict, Verdict::Valid, "the honest limit: without a witness nobody sees it");
    let report = check(&bundle, &kept);
    assert_eq!((report.verdict, report.findings[0].code), (Verdict::Tampered, "fork"));
    assert!(
        report.findings[0].sentence.starts_with("BIFURCAÇÃO: com 4 rodadas, a cópia da testemunha tinha outra raiz")
    );
}

#[tokio::test]
async fn h_and_i_records_changed_removed_and_added_outside_of_the_trail() {
    let stand = history().await;
    attack(&stand, "UPDATE members SET display_name = 'Dra. Alba Norte' WHERE display_name = 'Dra. Alba Norte'").await;
    assert!(found(&stand).await.is_empty(), "what went through the trail is no finding");

    let admin = stand.database.superuser().await;
    admin.batch_execute("SET session_replication_role = replica").await.unwrap();
    let id = async |sql: &str| -> uuid::Uuid { admin.query_one(sql, &[]).await.unwrap().get(0) };
    let changed = id("UPDATE members SET roles = '{owner}' WHERE display_name = 'Dra. Alba Norte' RETURNING id").await;
    let removed = id(&format!("DELETE FROM profiles WHERE id = '{}' RETURNING id", stand.b.user)).await;
    let add = "INSERT INTO conversations (clinic_id, user_id, title) SELECT clinic_id, user_id, 'Conversa' FROM members
               WHERE display_name = 'Dr. Bruno Sul' RETURNING id";
    let added = id(add).await;
    let found = found(&stand).await;
    let told: Vec<(&str, Option<uuid::Uuid>)> = found.iter().map(|one| (one.sentence.as_str(), one.clinic)).collect();
    assert_eq!(
        told,
        [
            (&*format!("conversations: o registro {added} foi INCLUÍDO POR FORA da trilha"), Some(stand.b.clinic)),
            (&*format!("members: o registro {changed} foi MUDADO POR FORA da trilha"), Some(stand.a.clinic)),
            (&*format!("profiles: o registro {removed} foi REMOVIDO POR FORA da trilha"), Some(stand.b.clinic)),
        ]
    );
}

/// Makes leaf hashes, roots and tiles of all heads fit the rows as they are now, as somebody without the key can.
async fn forge_heads(stand: &Stand, admin: &Client) {
    use sigilo_features::evidence::entry;
    use sigilo_proof::merkle::{Frontier, leaf_hash};
    let clinic = stand.a.clinic;
    let heads = stand.db.seal(async |tx: &SealTx| tx.heads(clinic, 0, i64::MAX, i64::MAX).await).await.unwrap();
    let mut log = Frontier::new();
    for head in heads {
        let rows =
            stand.db.seal(async |tx: &SealTx| tx.rows(&head.seqs, head.oldest, head.newest).await).await.unwrap();
        let hashes: Vec<[u8; 32]> = rows.iter().map(|row| leaf_hash(entry(row).as_bytes())).collect();
        for hash in &hashes {
            log.append(*hash);
        }
        let (root, hashes) = (log.root().to_vec(), hashes.concat());
        admin
            .execute(
                "UPDATE trail.heads SET hashes = $3, root = $4 WHERE log_id = $1 AND round = $2",
                &[&clinic, &head.round, &hashes, &root],
            )
            .await
            .unwrap();
    }
    let all = stand.db.seal(async |tx: &SealTx| tx.heads(clinic, 0, i64::MAX, i64::MAX).await).await.unwrap();
    let hashes: Vec<u8> = all.iter().flat_map(|head| head.hashes.clone()).collect();
    for (n, tile) in hashes.chunks_exact(256 * 32).enumerate() {
        let root = sigilo_proof::merkle::range_root(tile.as_chunks::<32>().0.iter().copied());
        admin
            .execute(
                "UPDATE trail.tiles SET root = $3 WHERE log_id = $1 AND n = $2",
                &[&clinic, &i64::try_from(n).unwrap(), &root.as_slice()],
            )
            .await
            .unwrap();
    }
}
