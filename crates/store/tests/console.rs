//! The audit console: who may ask, what they get, and what the database refuses by itself.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use sigilo_domain::{AuditQuery, ConsentType, audit_query};
use sigilo_store::{
    Error, ReadTx, WriteTx,
    console::{self, Answer, Failure, Limits, examine},
    server::Role,
};
use support::{Member, TwoClinics, colleague, event, two_clinics};
use uuid::Uuid;

const LIMITS: Limits = Limits { rows: 1000, bytes: 1 << 20, within: Duration::from_secs(20) };

struct Audited {
    two: TwoClinics,
    auditor: Member,
    dpo: Member,
}

/// Two clinics with a message each; in the first one an auditor and a DPO, both with a live grant by its owner.
async fn audited() -> Audited {
    let two = two_clinics().await;
    for (member, text) in [(&two.a, "Tosse há 3 dias"), (&two.b, "Febre há 2 dias")] {
        member.grant(&two.db, ConsentType::AiProcessing).await.unwrap();
        let conversation = member.conversation(&two.db).await.unwrap();
        member.say(&two.db, conversation, text).await.unwrap();
    }
    let auditor = colleague(&two.db, two.a.clinic, "Marta Quintela Abreu", &["auditor"], 3).await;
    let dpo = colleague(&two.db, two.a.clinic, "Breno Alcântara Dias", &["dpo"], 4).await;
    for to in [&auditor, &dpo] {
        grant(&two, &two.a, to.user, 30).await.unwrap();
    }
    Audited { two, auditor, dpo }
}

async fn grant(two: &TwoClinics, by: &Member, to: Uuid, days: i32) -> Result<Uuid, Error> {
    two.db
        .write(&by.session, async |tx: &WriteTx| {
            Ok((console::grant(tx, to, "Auditoria anual", days).await?, event("audit_access_granted")))
        })
        .await
}

impl Audited {
    async fn ask(&self, who: &Member, sql: &str) -> Result<Answer, Failure> {
        self.ask_within(who, sql, LIMITS).await
    }

    async fn ask_within(&self, who: &Member, sql: &str, limits: Limits) -> Result<Answer, Failure> {
        self.two.db.ask(&who.session, &examine(sql).unwrap(), limits).await
    }

    async fn execute(&self, sql: &str) {
        self.two.database.superuser().await.batch_execute(sql).await.unwrap();
    }

    /// Waits until no statement of the console is running any more.
    async fn quiet(&self) {
        let client = self.two.database.superuser().await;
        let running = "SELECT count(*) FROM pg_stat_activity
                        WHERE usename = 'sigilo_console' AND datname = current_database() AND state <> 'idle'";
        let ended = async {
            while client.query_one(running, &[]).await.unwrap().get::<_, i64>(0) > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), ended).await.unwrap();
    }
}

fn one(answer: &Answer) -> &str {
    answer.rows[0][0].as_deref().unwrap()
}

#[tokio::test]
async fn an_auditor_sees_the_own_clinic_and_no_other() {
    let audited = audited().await;
    for who in [&audited.auditor, &audited.dpo] {
        let clinics = audited.ask(who, "SELECT id, name FROM clinics").await.unwrap();
        assert_eq!(clinics.rows.len(), 1);
        assert_eq!(clinics.rows[0][0].as_deref(), Some(audited.two.a.clinic.to_string().as_str()));
        assert_eq!(one(&audited.ask(who, "SELECT content FROM messages").await.unwrap()), "Tosse há 3 dias");
        for table in
            sigilo_store::classification::Classification::of_the_product().public_tables().map(|(name, _)| name)
        {
            let own = if table == "clinics" { "id" } else { "clinic_id" };
            let sql = format!("SELECT count(*) FROM {table} WHERE {own} IS DISTINCT FROM '{}'", audited.two.a.clinic);
            assert_eq!(one(&audited.ask(who, &sql).await.unwrap()), "0", "{table}");
        }
    }
}

#[tokio::test]
async fn without_a_live_grant_there_is_nothing() {
    let audited = audited().await;
    let two = &audited.two;
    // The owner and the doctor are no auditors; an auditor without a grant, and the other clinic's owner, are nobody here.
    let new = colleague(&two.db, two.a.clinic, "Ciro Valadares Pinto", &["auditor"], 9).await;
    for who in [&two.a, &two.b, &new] {
        assert_eq!(audited.ask(who, "SELECT 1").await, Err(Failure::NoGrant));
    }
    let start = async |who: &Member| {
        two.db
            .write(&who.session, async |tx: &WriteTx| {
                let new = console::NewRun { kind: "sql", number: None, sql: "SELECT 1", unmask: None };
                Ok::<_, Error>((console::start(tx, new).await?, event("audit_query_started")))
            })
            .await
    };
    for who in [&two.a, &two.b, &new] {
        assert!(matches!(start(who).await, Err(Error::Denied)));
    }
    assert!(start(&audited.auditor).await.is_ok());

    assert!(audited.ask(&audited.auditor, "SELECT 1").await.is_ok());
    audited
        .execute(
            "SET session_replication_role = replica;
                 UPDATE audit_grants SET starts_at = now() - interval '2 days', ends_at = now() - interval '1 second'",
        )
        .await;
    assert_eq!(audited.ask(&audited.auditor, "SELECT 1").await, Err(Failure::NoGrant), "ended in mid-session");

    let id = grant(two, &two.a, audited.auditor.user, 1).await.unwrap();
    assert!(audited.ask(&audited.auditor, "SELECT 1").await.is_ok());
    let revoke = async |who: &Member| {
        two.db
            .write(&who.session, async |tx: &WriteTx| {
                Ok::<_, Error>((console::revoke(tx, id).await?, event("audit_access_revoked")))
            })
            .await
    };
    assert!(matches!(revoke(&two.b).await, Err(Error::NotFound)), "another clinic's");
    assert!(matches!(revoke(&audited.auditor).await, Err(Error::NotFound)), "no manager");
    revoke(&two.a).await.unwrap();
    assert!(matches!(revoke(&two.a).await, Err(Error::NotFound)), "once");
    assert_eq!(audited.ask(&audited.auditor, "SELECT 1").await, Err(Failure::NoGrant), "revoked in mid-session");

    audited.execute("UPDATE auth.sessions SET ended_at = now(), ended_reason = 'test'").await;
    assert_eq!(audited.ask(&audited.dpo, "SELECT 1").await, Err(Failure::NotSignedIn));
}

#[tokio::test]
async fn nobody_gives_access_to_themselves_or_to_the_wrong_ones() {
    let audited = audited().await;
    let two = &audited.two;
    let rule = |result: Result<Uuid, Error>, name: &str| match result {
        Err(Error::Rule(found)) => assert_eq!(found, name),
        other => panic!("{name}: {other:?}"),
    };
    rule(grant(two, &audited.dpo, audited.dpo.user, 1).await, "audit_grants_not_to_oneself");
    rule(grant(two, &two.a, two.a.user, 1).await, "audit_grants_to");
    rule(grant(two, &two.a, two.b.user, 1).await, "audit_grants_to");
    rule(grant(two, &two.a, audited.auditor.user, 91).await, "audit_grants_period");
    rule(grant(two, &two.a, audited.auditor.user, 0).await, "audit_grants_period");
    assert!(
        matches!(grant(two, &audited.auditor, audited.dpo.user, 1).await, Err(Error::Denied)),
        "an auditor gives none"
    );
    assert!(grant(two, &audited.dpo, audited.auditor.user, 90).await.is_ok());

    let candidates =
        two.db.read(&audited.dpo.session, async |tx: &ReadTx| console::candidates(tx).await).await.unwrap();
    assert_eq!(candidates.iter().map(|one| one.user_id).collect::<Vec<_>>(), [audited.auditor.user]);
    let others = two.db.read(&two.b.session, async |tx: &ReadTx| console::grants(tx).await).await.unwrap();
    assert!(others.is_empty(), "another clinic's grants");
    // Whose word it was cannot be written.
    let app = two.database.connect(Role::App).await;
    let forged = "INSERT INTO audit_grants (granted_to, purpose, ends_at, granted_by) VALUES ($1, 'forged', now(), $1)";
    let refused = app.execute(forged, &[&audited.auditor.user]).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "42501");
}

#[tokio::test]
async fn the_manuals_queries_run_as_written() {
    let audited = audited().await;
    let ids = audited.ask(&audited.auditor, "SELECT user_id, conversation_id, id FROM messages").await.unwrap();
    for query in AuditQuery::all() {
        let mut sql = query.sql().to_owned();
        for parameter in query.parameters() {
            let at = audit_query::Parameter::ALL.iter().position(|one| *one == parameter).unwrap();
            sql = audit_query::fill(&sql, parameter, ids.rows[0][at].as_deref().unwrap()).unwrap();
        }
        let answer =
            audited.ask(&audited.auditor, &sql).await.unwrap_or_else(|error| panic!("{}: {error:?}", query.code()));
        let columns: Vec<String> = answer.columns.iter().map(|column| column.name.clone()).collect();
        let verdict = query.judge(&audit_query::Rows { columns: &columns, rows: &answer.rows });
        assert_ne!(verdict.level, audit_query::Level::Problem, "{}: {}", query.code(), verdict.sentence);
        if [24, 25].contains(&query.number) {
            assert_eq!(verdict.level, audit_query::Level::Ok, "{}: {}", query.code(), verdict.sentence);
        }
    }
}

#[tokio::test]
async fn personal_columns_are_marked_and_what_is_computed_from_them_too() {
    let audited = audited().await;
    let masked = async |sql: &str| {
        let answer = audited.ask(&audited.auditor, sql).await.unwrap();
        answer.columns.iter().map(|column| column.masked).collect::<Vec<_>>()
    };
    assert_eq!(masked("SELECT id, full_name AS nome, crm_number FROM profiles").await, [false, true, false]);
    assert_eq!(masked("SELECT q.x FROM (SELECT full_name AS x FROM profiles) q").await, [true]);
    for hidden in [
        "SELECT upper(full_name) FROM profiles",
        "SELECT string_agg(full_name, ',') FROM profiles",
        "WITH p AS (SELECT full_name || '' AS a FROM profiles) SELECT a FROM p",
        "SELECT p FROM profiles p",
        "SELECT to_jsonb(p) FROM profiles p",
        "SELECT ip_address::text FROM access_logs",
        "SELECT x.full_name FROM profiles x UNION ALL SELECT 'a'",
        // Without its name: through a star, new names, a whole row, a join on what both sides have.
        "SELECT upper(c) FROM (SELECT * FROM profiles) AS t(a, b, c)",
        "SELECT upper(c) FROM profiles AS t(a, b, c)",
        "WITH t(a, b, c) AS (SELECT * FROM profiles) SELECT upper(c) FROM t",
        "SELECT q.c FROM (SELECT * FROM profiles UNION SELECT * FROM profiles) AS q(a, b, c)",
        "SELECT row_to_json(t.*) FROM profiles t",
        "SELECT t.row_to_json FROM profiles t",
        "SELECT to_jsonb(q) FROM (SELECT * FROM profiles) q",
        "SELECT (t.*)::text FROM profiles t",
        "SELECT array_agg(t) FROM profiles t",
        "SELECT jsonb_object_keys(jsonb_build_object(p.full_name, 1)) FROM profiles p",
        "SELECT name FROM clinics",
        "SELECT substring(name, 1, 3) FROM clinics",
        // Letters in a number.
        "SELECT replace(full_name, full_name, '1')::int FROM profiles",
        "SELECT ('x' || encode(convert_to(left(full_name, 7), 'UTF8'), 'hex'))::bit(56)::bigint FROM profiles",
        "SELECT CAST(md5(full_name) AS uuid) FROM profiles",
    ] {
        assert_eq!(masked(hidden).await, [true], "{hidden}");
    }
    let hides_a_name = async |sql: &str| {
        let answer = audited.ask(&audited.auditor, sql).await.unwrap();
        let at = answer.columns.iter().position(|column| column.name == "full_name").unwrap();
        assert!(answer.rows[0][at].is_some() && answer.columns[at].masked, "{sql}");
    };
    for sql in [
        "SELECT * FROM profiles",
        "SELECT * FROM profiles UNION ALL SELECT * FROM profiles",
        "SELECT p.* FROM profiles p EXCEPT SELECT q.* FROM profiles q WHERE false",
        "SELECT * FROM profiles a NATURAL FULL JOIN profiles b",
        "SELECT * FROM profiles a FULL JOIN profiles b USING (full_name)",
        "SELECT * FROM (profiles a FULL JOIN profiles b USING (full_name))",
    ] {
        hides_a_name(sql).await;
    }
    assert_eq!(masked("SELECT link_hash, id FROM data_subject_requests").await, [true, false], "a secret");
    assert_eq!(
        masked("SELECT action, count(*), count(*) * 100 / 7 FROM audit_logs a WHERE a.created_at > '2020-01-01'::date GROUP BY 1")
            .await,
        [false, false, false]
    );
    assert_eq!(
        masked("SELECT count(*), max(created_at) FROM profiles WHERE full_name LIKE 'A%'").await,
        [false, false]
    );
    assert_eq!(
        masked("SELECT content, role FROM messages").await,
        [false, false],
        "de-identified text is what is to be shown"
    );
}

#[tokio::test]
async fn what_is_too_much_is_cut_and_said() {
    let audited = audited().await;
    let cut = audited
        .ask_within(&audited.auditor, "SELECT a.attname FROM pg_attribute a", Limits { rows: 10, ..LIMITS })
        .await
        .unwrap();
    assert!(cut.rows.len() == 10 && cut.truncated);
    let whole = audited.ask_within(&audited.auditor, "VALUES (1), (2)", Limits { rows: 2, ..LIMITS }).await.unwrap();
    assert!(whole.rows.len() == 2 && !whole.truncated);
    let sql = "SELECT a.attname FROM pg_attribute a, pg_attribute b";
    let bytes =
        audited.ask_within(&audited.auditor, sql, Limits { rows: 1_000_000, bytes: 5_000, ..LIMITS }).await.unwrap();
    assert!(bytes.bytes <= 5_000 && bytes.truncated);
    // A hundred megabytes in one value stay in the database.
    let sql = "SELECT string_agg(a.attname, '') FROM pg_attribute a, pg_attribute b WHERE b.attnum < 4";
    let long = audited.ask(&audited.auditor, sql).await.unwrap();
    assert!(long.truncated && long.bytes <= 200_000, "{}", long.bytes);
    // As many columns as PostgreSQL allows, each as long as one may be: a row is cut before it is in memory.
    let columns = vec!["s"; 1600].join(",");
    let sql = format!("SELECT {columns} FROM (SELECT string_agg(a.attname, '') AS s FROM pg_attribute a) q");
    let wide = audited.ask(&audited.auditor, &sql).await.unwrap();
    assert!(wide.truncated && wide.columns.len() == 1600 && wide.rows.len() == 1 && wide.bytes <= LIMITS.bytes);
    let accents = "SELECT 'ação' AS a, string_agg('é', '') AS b FROM pg_attribute a, pg_attribute b";
    let cut = audited.ask_within(&audited.auditor, accents, Limits { bytes: 80, ..LIMITS }).await.unwrap();
    assert!(cut.truncated && cut.rows == [[Some("ação".to_owned()), Some("é".repeat(10))]], "{:?}", cut.rows);
    audited.quiet().await;
}

#[tokio::test]
async fn no_estimate_counts_other_clinics() {
    let audited = audited().await;
    let plan = audited.ask(&audited.auditor, "explain SELECT * FROM audit_logs WHERE action = 'x'").await.unwrap();
    let lines: String = plan.rows.iter().flatten().flatten().map(String::as_str).collect();
    assert!(lines.contains("Filter") && !lines.contains("rows=") && !lines.contains("cost="), "{lines}");
}

#[tokio::test]
async fn a_query_without_end_is_cancelled_and_so_is_one_that_nobody_waits_for() {
    let audited = audited().await;
    let endless = "SELECT count(*) FROM pg_attribute a, pg_attribute b, pg_attribute c, pg_attribute d";
    let limits = Limits { within: Duration::from_millis(400), ..LIMITS };
    assert_eq!(audited.ask_within(&audited.auditor, endless, limits).await, Err(Failure::Timeout));
    audited.quiet().await;
    let closed = tokio::time::timeout(Duration::from_millis(400), audited.ask(&audited.auditor, endless)).await;
    assert!(closed.is_err(), "the tab was closed");
    audited.quiet().await;
}

#[tokio::test]
async fn errors_name_no_values() {
    let audited = audited().await;
    let why = async |sql: &str| match audited.ask(&audited.auditor, sql).await {
        Err(Failure::Refused(why)) => why,
        other => panic!("{sql}: {other:?}"),
    };
    assert!(!why("SELECT full_name::int FROM profiles").await.contains("Alba"));
    assert!(!why("SELECT 1 / length(replace(full_name, full_name, '')) FROM profiles").await.contains("Alba"));
    assert!(why("SELECT nada FROM profiles").await.contains("nada"));
    assert!(why("SELECT lower(1, 2)").await.contains("lower"));
}

/// Straight on a connection of the console's role, where nothing has examined what is sent.
#[tokio::test]
async fn the_database_refuses_by_itself() {
    let audited = audited().await;
    let client = audited.two.database.connect(Role::Console).await;
    let without = client.query("SELECT * FROM messages", &[]).await;
    assert!(without.is_err(), "no session, no rows");
    let own_token = audited.two.a.session.token.expose();
    client.batch_execute("BEGIN READ ONLY").await.unwrap();
    let refused = client.query("SELECT app.enter_console($1)", &[&own_token]).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "SG403", "a session without a grant");
    client.batch_execute("ROLLBACK").await.unwrap();

    let token = audited.auditor.session.token.expose();
    for sql in [
        "DELETE FROM messages",
        "UPDATE profiles SET full_name = 'x'",
        "INSERT INTO audit_console_runs (kind, sql_text) VALUES ('sql', 'x')",
        "WITH d AS (DELETE FROM messages RETURNING 1) SELECT * FROM d",
        "SELECT * FROM messages FOR UPDATE",
        "CREATE TEMP TABLE t (a int)",
        "SELECT lo_create(0)",
        "SELECT set_config('statement_timeout', '0', false)",
        "SELECT current_setting('app.token')",
        "SELECT a.current_setting FROM unnest(ARRAY['app.token']) AS a",
        "SELECT pg_notify('a', 'b')",
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_sleep(0)",
        "SELECT pg_terminate_backend(1)",
        "DO $$ BEGIN PERFORM 1; END $$",
        "SELECT * FROM auth.sessions",
        "SELECT * FROM auth.users",
        "SELECT * FROM ops.settings",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY profiles TO PROGRAM 'cat'",
        "COPY profiles TO '/tmp/x'",
        "SET ROLE sigilo_owner",
        "SET SESSION AUTHORIZATION sigilo_app",
        "SET TRANSACTION READ WRITE",
        "SELECT app.audit('a', 'view', 'b', 'c', '{}', 'low')",
        "SELECT app.user_id()",
        "ALTER ROLE sigilo_console SUPERUSER",
        "GRANT SELECT ON messages TO PUBLIC",
    ] {
        client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.unwrap();
        client.query("SELECT app.enter_console($1)", &[&token]).await.unwrap();
        let tried = client.query(sql, &[]).await;
        assert!(tried.is_err(), "accepted: {sql}");
        client.batch_execute("ROLLBACK").await.unwrap();
    }
    let several = client.query("SELECT 1; COMMIT; SELECT 2", &[]).await.unwrap_err();
    assert_eq!(several.code().unwrap().code(), "42601", "one command at a time");
}

#[tokio::test]
async fn a_run_is_recorded_before_it_ends_once_and_only_by_its_owner() {
    let audited = audited().await;
    let db = &audited.two.db;
    let new = console::NewRun { kind: "sql", number: None, sql: "SELECT 1", unmask: None };
    let id = db
        .write(&audited.auditor.session, async |tx: &WriteTx| {
            Ok::<_, Error>((console::start(tx, new).await?, event("audit_query_started")))
        })
        .await
        .unwrap();
    let finish = async |who: &Member| {
        let end = console::Finished { outcome: "done", result_hash: Some("a".repeat(64)), ..Default::default() };
        db.write(&who.session, async |tx: &WriteTx| {
            Ok::<_, Error>((console::finish(tx, id, &end).await?, event("audit_query_finished")))
        })
        .await
    };
    assert!(matches!(finish(&audited.dpo).await, Err(Error::NotFound)), "somebody else's");
    finish(&audited.auditor).await.unwrap();
    assert!(matches!(finish(&audited.auditor).await, Err(Error::NotFound)), "once");
    let runs = db.read(&audited.dpo.session, async |tx: &ReadTx| console::runs(tx, None).await).await.unwrap();
    assert_eq!((runs.len(), runs[0].id, runs[0].outcome.as_str()), (1, id, "done"));
    assert_eq!(runs[0].display_name.as_deref(), Some("Marta Quintela Abreu"));
    for stranger in [&audited.two.b] {
        let runs = db.read(&stranger.session, async |tx: &ReadTx| console::runs(tx, None).await).await.unwrap();
        assert!(runs.is_empty());
    }
    let app = audited.two.database.connect(Role::App).await;
    assert!(app.prepare("UPDATE audit_console_runs SET sql_text = ''").await.is_ok(), "prepares, but has no right");
    assert!(app.execute("UPDATE audit_console_runs SET sql_text = ''", &[]).await.is_err());
    assert!(app.execute("DELETE FROM audit_console_runs", &[]).await.is_err());
}
