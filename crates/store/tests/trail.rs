//! The trail: written by the database itself, never changed, never missing.
#![allow(clippy::unwrap_used)]

mod support;

use sigilo_domain::ConsentType;
use sigilo_store::{Error, WriteTx, conversation, job, server::Role, trail::SealTx};
use support::{event, two_clinics};
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

#[tokio::test]
async fn the_rules_and_guards_hold_on_parents_and_partitions() {
    let two = two_clinics().await;
    let admin = two.database.superuser().await;
    let rules: Vec<String> = admin
        .query("SELECT rulename::text FROM pg_rewrite WHERE ev_class = 'audit_logs'::regclass ORDER BY 1", &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(rules, ["audit_logs_no_delete", "audit_logs_no_update"]);

    let count = async || -> i64 { admin.query_one("SELECT count(*) FROM audit_logs", &[]).await.unwrap().get(0) };
    let before = count().await;
    assert!(before > 0);
    // Through the parent the rules answer silently, also in replica mode, even to the superuser.
    for mode in ["origin", "replica"] {
        admin.batch_execute(&format!("SET session_replication_role = {mode}")).await.unwrap();
        assert_eq!(admin.execute("UPDATE audit_logs SET action = 'forged'", &[]).await.unwrap(), 0);
        assert_eq!(admin.execute("DELETE FROM audit_logs", &[]).await.unwrap(), 0);
        assert!(admin.batch_execute("TRUNCATE audit_logs").await.is_err());
    }
    let partitions: Vec<String> = admin
        .query("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit_logs'::regclass", &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(partitions.len(), 4, "{partitions:?}");
    let mut held = 0_i64;
    for part in &partitions {
        let rows: i64 = admin.query_one(&format!("SELECT count(*) FROM {part}"), &[]).await.unwrap().get(0);
        held += rows;
        if rows > 0 {
            assert_eq!(admin.execute(&format!("UPDATE {part} SET action = 'forged'"), &[]).await.unwrap(), 0);
            assert_eq!(admin.execute(&format!("DELETE FROM {part}"), &[]).await.unwrap(), 0);
        }
        assert!(admin.batch_execute(&format!("TRUNCATE {part}")).await.is_err());
    }
    for table in ["access_logs", "audit_trail"] {
        assert!(admin.batch_execute(&format!("DELETE FROM {table}")).await.is_err());
        assert!(admin.batch_execute(&format!("TRUNCATE {table}")).await.is_err());
    }
    assert_eq!((count().await, held), (before, before));
}

#[tokio::test]
async fn a_write_without_its_event_does_not_exist() {
    let two = two_clinics().await;
    let admin = two.database.superuser().await;
    let mut broken = event("Not a name");
    broken.details = serde_json::json!({ "x": 1 });
    let outcome = two
        .db
        .write(&two.a.session, async |tx: &WriteTx| Ok::<_, Error>((conversation::create(tx).await?, broken.clone())))
        .await;
    assert!(outcome.is_err());
    let left: i64 = admin.query_one("SELECT count(*) FROM conversations", &[]).await.unwrap().get(0);
    assert_eq!(left, 0);
}

#[tokio::test]
async fn one_request_is_one_header_with_all_its_rows() {
    let two = two_clinics().await;
    two.a.grant(&two.db, ConsentType::AiProcessing).await.unwrap();
    let own = two.a.conversation(&two.db).await.unwrap();
    let message = two.a.say(&two.db, own, "Paciente Maria, CPF 123.456.789-00").await.unwrap();
    let admin = two.database.superuser().await;
    let rows = admin
        .query(
            "SELECT t.user_id, t.clinic_id, host(t.ip_address), t.user_agent, l.action, l.resource_id, l.session_id = t.session_id
               FROM audit_trail t JOIN audit_logs l ON l.audit_trail_id = t.id
              WHERE t.resource = 'message_sent' ORDER BY l.action",
            &[],
        )
        .await
        .unwrap();
    let actions: Vec<&str> = rows.iter().map(|row| row.get(4)).collect();
    assert_eq!(actions, ["create", "message_sent"]);
    for row in &rows {
        assert_eq!((row.get::<_, Uuid>(0), row.get::<_, Uuid>(1)), (two.a.user, two.a.clinic));
        assert_eq!((row.get::<_, &str>(2), row.get::<_, &str>(3)), ("192.0.2.7", "Navegador de teste"));
        assert!(row.get::<_, bool>(6));
    }
    assert_eq!(rows[0].get::<_, &str>(5), message.to_string());
    // The ledger holds names of fields and hashes, never contents.
    let leaks: i64 = admin
        .query_one(
            "SELECT count(*) FROM audit_logs WHERE details::text ~* 'removido|paciente|maria'
                OR old_data::text ~* 'paciente' OR new_data::text ~* 'paciente'",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(leaks, 0);
}

#[tokio::test]
async fn consents_are_granted_once_withdrawn_once_and_never_edited() {
    let two = two_clinics().await;
    let kind = ConsentType::ImageProcessing;
    assert!(two.a.grant(&two.db, kind).await.unwrap());
    assert!(!two.a.grant(&two.db, kind).await.unwrap(), "a live consent is not doubled");
    let revoke = async || {
        two.db
            .write(&two.a.session, async |tx: &WriteTx| {
                Ok::<_, Error>((
                    sigilo_testkit::people::withdraw(tx, kind.code()).await?,
                    event("consent_form_submitted"),
                ))
            })
            .await
    };
    assert!(revoke().await.unwrap());
    assert!(!revoke().await.unwrap());
    assert!(two.a.grant(&two.db, kind).await.unwrap());
    let admin = two.database.superuser().await;
    let statuses: Vec<String> = admin
        .query("SELECT status FROM consent_records WHERE ip_address IS NOT NULL AND user_agent IS NOT NULL ORDER BY created_at", &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(statuses, ["withdrawn", "granted"]);
    assert!(admin.execute("UPDATE consent_records SET granted = true WHERE NOT granted", &[]).await.is_err());
    assert!(admin.execute("UPDATE consent_records SET consent_version = '9' WHERE granted", &[]).await.is_err());
    let actions: Vec<String> = admin
        .query("SELECT action FROM audit_logs WHERE resource_type = 'consent_records' AND action LIKE 'consent\\_%ed' AND category = 'data' ORDER BY created_at", &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(actions, ["consent_granted", "consent_revoked", "consent_granted"]);
}

#[tokio::test]
async fn fifteen_business_days_are_counted_by_the_database() {
    let two = two_clinics().await;
    let admin = two.database.superuser().await;
    // Monday to Friday: 21 days; Saturday: 20; Sunday: 19 (in Brazilian time, here 9:00).
    for (start, days) in [
        (datetime!(2026-11-23 12:00 UTC), 21),
        (datetime!(2026-11-24 12:00 UTC), 21),
        (datetime!(2026-11-27 12:00 UTC), 21),
        (datetime!(2026-11-28 12:00 UTC), 20),
        (datetime!(2026-11-29 12:00 UTC), 19),
        // Saturday in UTC, still Friday evening in São Paulo.
        (datetime!(2026-11-28 01:00 UTC), 21),
    ] {
        let end: OffsetDateTime =
            admin.query_one("SELECT app.add_business_days($1, 15)", &[&start]).await.unwrap().get(0);
        assert_eq!((end - start).whole_days(), days, "{start}");
    }
    // Neither clock can be supplied.
    let row = admin
        .query_one(
            "INSERT INTO data_subject_requests (clinic_id, requester_user_id, request_type, right_code, legal_article, deadline_at, requested_at)
             VALUES ($1, $2, 'access', 'access', 'Art. 18, II', now() + interval '9 years', now() - interval '1 year')
             RETURNING deadline_at - requested_at < interval '22 days', requested_at > now() - interval '1 minute',
                       legal_deadline_at - requested_at = interval '15 days'",
            &[&two.a.clinic, &two.a.user],
        )
        .await
        .unwrap();
    assert!(row.get::<_, bool>(0) && row.get::<_, bool>(1) && row.get::<_, bool>(2));
    let action: String = admin
        .query_one("SELECT action FROM audit_logs WHERE resource_type = 'data_subject_requests'", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(action, "data_request_created");
}

#[tokio::test]
async fn the_scheduler_runs_due_jobs_once_and_only_one_process_leads() {
    let two = two_clinics().await;
    let admin = two.database.superuser().await;
    admin
        .execute("UPDATE auth.sessions SET created_at = now() - interval '90 minutes', expires_at = now() WHERE user_id = $1", &[&two.b.user])
        .await
        .unwrap();
    let other = sigilo_store::Db::new(two.database.urls(), 2).unwrap();
    let (one, two_) = tokio::join!(job::run_due(&two.db), job::run_due(&other));
    let (one, two_) = (one.unwrap(), two_.unwrap());
    let ran = one.len() + two_.len();
    assert_eq!(ran, job::periods().count(), "{one:?} {two_:?}");
    assert!(job::run_due(&two.db).await.unwrap().is_empty(), "nothing is due a second time");

    let history: i64 = admin
        .query_one("SELECT count(*) FROM ops.job_runs WHERE outcome = 'done' AND finished_at IS NOT NULL", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(history, i64::try_from(ran).unwrap(), "each run leaves its line");
    let ended = admin
        .query_one("SELECT session_duration_seconds, success FROM access_logs WHERE action = 'session_ended'", &[])
        .await
        .unwrap();
    assert_eq!(ended.get::<_, Option<i32>>(0), Some(5400));
    assert!(ended.get::<_, bool>(1));
}

#[tokio::test]
async fn missing_partitions_are_made_ahead_with_their_guards() {
    let two = two_clinics().await;
    let admin = two.database.superuser().await;
    let made: i32 = admin.query_one("SELECT ops.ensure_partitions(5)", &[]).await.unwrap().get(0);
    assert_eq!(made, 8, "two more months of four tables");
    let made: i32 = admin.query_one("SELECT ops.ensure_partitions(5)", &[]).await.unwrap().get(0);
    assert_eq!(made, 0);
    let gaps: i64 = admin.query_one("SELECT count(*) FROM ops.trail_gaps()", &[]).await.unwrap().get(0);
    assert_eq!(gaps, 0, "each with all its guards");
}

/// Whoever owns the tables, and even the superuser while the event triggers stand, cannot take a guard away unseen.
#[tokio::test]
async fn no_guard_can_be_dropped_or_switched_off() {
    let two = two_clinics().await;
    let admin = two.database.superuser().await;
    let owner = two.database.connect(Role::Owner).await;
    let part: String = admin
        .query_one(
            "SELECT min(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'audit_logs'::regclass",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    for who in [&owner, &admin] {
        for attack in [
            "DROP RULE audit_logs_no_update ON audit_logs".to_owned(),
            format!("DROP RULE audit_logs_no_delete ON {part}"),
            "ALTER TABLE audit_logs DISABLE RULE audit_logs_no_delete".to_owned(),
            "ALTER TABLE audit_logs ENABLE RULE audit_logs_no_delete".to_owned(),
            "ALTER TABLE audit_logs DISABLE TRIGGER no_change".to_owned(),
            "ALTER TABLE audit_logs DISABLE TRIGGER ALL".to_owned(),
            format!("ALTER TABLE {part} ENABLE TRIGGER no_truncate"),
            "DROP TRIGGER no_truncate ON audit_logs".to_owned(),
            format!("DROP TABLE {part}"),
            "DROP TABLE audit_logs CASCADE".to_owned(),
            "DROP SCHEMA trail CASCADE".to_owned(),
            "DROP TRIGGER audit_update ON messages".to_owned(),
            "ALTER TABLE messages DISABLE TRIGGER audit_update".to_owned(),
            "ALTER TABLE trail.heads DISABLE TRIGGER no_change".to_owned(),
            "DROP TABLE trail.rounds CASCADE".to_owned(),
        ] {
            let error = who.batch_execute(&attack).await.expect_err(&attack);
            assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{attack}: {error:?}");
        }
    }
    assert!(owner.batch_execute("DROP EVENT TRIGGER sigilo_guard_drop").await.is_err());
    assert!(owner.batch_execute("ALTER EVENT TRIGGER sigilo_guard_alter DISABLE").await.is_err());
    // What stands in nobody's way is still possible, and what is missing is named.
    owner
        .batch_execute("ALTER TABLE audit_logs ADD COLUMN spare text; ALTER TABLE audit_logs DROP COLUMN spare")
        .await
        .unwrap();
    admin
        .batch_execute(
            "ALTER EVENT TRIGGER sigilo_guard_alter DISABLE; ALTER TABLE messages DISABLE TRIGGER audit_update",
        )
        .await
        .unwrap();
    let gaps: Vec<String> = two.db.seal(async |tx: &SealTx| tx.gaps().await).await.unwrap();
    assert_eq!(gaps, ["watch audit_update on public.messages", "event trigger sigilo_guard_alter"]);
}

#[tokio::test]
async fn a_corrected_name_is_the_members_name_too() {
    let two = two_clinics().await;
    let crm = sigilo_domain::Crm::parse("12345", "SP").unwrap();
    two.db
        .write(&two.a.session, async |tx: &WriteTx| {
            sigilo_store::profile::complete(tx, "Dra. Alba Norte Ferraz", &crm, "Cardiologia").await?;
            Ok::<_, Error>(((), event("onboarding_completed")))
        })
        .await
        .unwrap();
    let admin = two.database.superuser().await;
    let names: Vec<String> = admin
        .query("SELECT display_name FROM members ORDER BY display_name", &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(names, ["Dr. Bruno Sul", "Dra. Alba Norte Ferraz"]);
}
