//! Two clinics never see each other, whatever is sent over the app's own connection.
#![allow(clippy::unwrap_used)]

mod support;

use sigilo_domain::ConsentType;
use sigilo_store::{Error, ReadTx, SignInTx, WriteTx, conversation, server::Role, session};
use support::{event, member, token, two_clinics};
use uuid::Uuid;

#[tokio::test]
async fn a_doctor_sees_only_her_own_rows_through_every_query() {
    let two = two_clinics().await;
    two.a.grant(&two.db, ConsentType::AiProcessing).await.unwrap();
    let own = two.a.conversation(&two.db).await.unwrap();
    two.a.say(&two.db, own, "Paciente com dor torácica").await.unwrap();

    let listed = two.db.read(&two.b.session, async |tx: &ReadTx| conversation::list(tx).await).await.unwrap();
    assert!(listed.is_empty());
    let found =
        two.db.read(&two.b.session, async |tx: &ReadTx| conversation::search(tx, &["dor".into()]).await).await.unwrap();
    assert!(found.is_empty());
    let opened = two.db.read(&two.b.session, async |tx: &ReadTx| conversation::open(tx, own).await).await;
    assert!(matches!(opened, Err(Error::NotFound)), "{opened:?}");
    for act in ["rename", "delete", "restore"] {
        let touched = two
            .db
            .write(&two.b.session, async |tx: &WriteTx| {
                match act {
                    "rename" => conversation::rename(tx, own, &sigilo_deid::deidentify("x", &[]).0).await?,
                    "delete" => conversation::delete(tx, own).await?,
                    _ => conversation::restore(tx, own).await?,
                }
                Ok::<_, Error>(((), event("attack")))
            })
            .await;
        assert!(matches!(touched, Err(Error::NotFound)), "{act}: {touched:?}");
    }
    two.b.grant(&two.db, ConsentType::AiProcessing).await.unwrap();
    assert!(two.b.say(&two.db, own, "intruso").await.is_err());

    let (mine, messages) =
        two.db.read(&two.a.session, async |tx: &ReadTx| conversation::open(tx, own).await).await.unwrap();
    assert_eq!((mine.title.as_str(), messages.len()), ("Nova conversa", 1));
}

#[tokio::test]
async fn colleagues_of_one_clinic_do_not_read_each_others_conversations() {
    let two = two_clinics().await;
    let own = two.a.conversation(&two.db).await.unwrap();
    let admin = two.database.superuser().await;
    // Dr. B becomes an administrator and owner in clinic A, too, and enters it.
    admin
        .execute(
            "INSERT INTO members (clinic_id, user_id, display_name, roles) VALUES ($1, $2, 'Dr. Bruno Sul', '{owner,administrator,professional}')",
            &[&two.a.clinic, &two.b.user],
        )
        .await
        .unwrap();
    let client = support::client();
    two.db
        .sign_in(&client, async |tx: &SignInTx| {
            session::create(tx, &client, &token(9), two.b.user, two.a.clinic, "passkey").await
        })
        .await
        .unwrap();
    let inside = sigilo_store::Session { token: token(9), client };
    let opened = two.db.read(&inside, async |tx: &ReadTx| conversation::open(tx, own).await).await;
    assert!(matches!(opened, Err(Error::NotFound)), "{opened:?}");
}

#[tokio::test]
async fn without_a_live_session_there_is_an_error_never_an_empty_page() {
    let two = two_clinics().await;
    let admin = two.database.superuser().await;
    let read = async |session: &sigilo_store::Session| {
        two.db.read(session, async |tx: &ReadTx| conversation::list(tx).await).await.map(|list| list.len())
    };
    let mut stranger = two.a.session.clone();
    stranger.token = token(77);
    assert!(matches!(read(&stranger).await, Err(Error::NotSignedIn)));
    assert_eq!(read(&two.a.session).await.unwrap(), 0);

    let set = async |sql: &str| admin.execute(sql, &[&two.a.user]).await.unwrap();
    set("UPDATE auth.sessions SET idle_until = now() WHERE user_id = $1").await;
    assert!(matches!(read(&two.a.session).await, Err(Error::Locked)));
    set("UPDATE auth.sessions SET idle_until = now() + interval '1 hour', expires_at = now() WHERE user_id = $1").await;
    assert!(matches!(read(&two.a.session).await, Err(Error::NotSignedIn)));
    set("UPDATE auth.sessions SET expires_at = now() + interval '1 hour' WHERE user_id = $1").await;
    assert!(read(&two.a.session).await.is_ok());
    set("UPDATE members SET status = 'deactivated' WHERE user_id = $1").await;
    assert!(matches!(read(&two.a.session).await, Err(Error::NotSignedIn)));
    set("UPDATE members SET status = 'active' WHERE user_id = $1").await;
    set("UPDATE auth.sessions SET ended_at = now(), ended_reason = 'revoked' WHERE user_id = $1").await;
    assert!(matches!(read(&two.a.session).await, Err(Error::NotSignedIn)));
}

/// Raw SQL as the app's role, as an injection would send it, in the session of clinic B.
#[tokio::test]
async fn hostile_sql_on_the_apps_connection_reaches_nothing_of_another_clinic() {
    let two = two_clinics().await;
    two.a.grant(&two.db, ConsentType::AiProcessing).await.unwrap();
    let own = two.a.conversation(&two.db).await.unwrap();
    two.a.say(&two.db, own, "Segredo da clínica A").await.unwrap();

    let app = two.database.connect(Role::App).await;
    let tables = [
        "clinics",
        "members",
        "profiles",
        "conversations",
        "messages",
        "consent_records",
        "lgpd_consents",
        "consent_events",
        "anonymization_logs",
        "sensitive_data_detection_logs",
        "image_processing_logs",
        "explainability_logs",
        "assistant_preferences",
        "ai_answers",
        "ai_reference_checks",
        "ai_review_events",
        "ai_governance_metrics",
        "data_subject_requests",
        "security_incident_logs",
        "incident_drafts",
        "canaries",
        "canary_sightings",
        "small_agent_declarations",
        "request_events",
        "request_evidence",
        "recipient_notices",
        "fulfilment_plans",
        "legal_holds",
        "trail_disposals",
        "patients",
        "patient_identities",
        "professionals",
        "service_categories",
        "service_types",
        "professional_services",
        "rooms",
        "equipment",
        "working_hours",
        "schedule_exceptions",
        "appointments",
        "patient_eliminations",
        "access_logs",
    ];
    // Before any context: every table refuses.
    for table in tables {
        let error = app.query(&format!("SELECT * FROM {table}"), &[]).await.unwrap_err();
        let code = error.code().unwrap().code().to_owned();
        assert!(["42704", "SG401"].contains(&code.as_str()), "{table}: {code}");
    }
    let (a, user_a, b) = (two.a.clinic, two.a.user, two.b.clinic);
    // Settings made by hand, under every name that a naive policy would have read.
    for setting in ["app.clinic_id", "app.user_id", "app.token", "request.jwt.claims", "role_clinic", "app.session_id"]
    {
        let name = if setting.contains('.') { setting.to_owned() } else { format!("x.{setting}") };
        for value in [a.to_string(), user_a.to_string(), String::new(), "' OR true --".into()] {
            app.query("SELECT set_config($1, $2, false)", &[&name, &value]).await.unwrap();
            for table in tables {
                assert!(app.query(&format!("SELECT * FROM {table}"), &[]).await.is_err(), "{name} = {value}: {table}");
            }
        }
    }
    // In B's own session: B's rows and nothing else, whatever is asked.
    let own_token = two.b.session.token.expose().to_owned();
    app.query("SELECT set_config('app.token', $1, false)", &[&own_token]).await.unwrap();
    for table in tables {
        let column = if table == "clinics" { "id" } else { "clinic_id" };
        let foreign = app.query(&format!("SELECT 1 FROM {table} WHERE {column} <> $1"), &[&b]).await.unwrap();
        assert!(foreign.is_empty(), "{table}");
        app.query("SELECT set_config('app.clinic_id', $1, false)", &[&a.to_string()]).await.unwrap();
        let foreign = app.query(&format!("SELECT 1 FROM {table} WHERE {column} = $1"), &[&a]).await.unwrap();
        assert!(foreign.is_empty(), "{table} by hand");
    }
    let refused = [
        format!("INSERT INTO conversations (clinic_id, user_id, title) VALUES ('{a}', '{user_a}', 'x')"),
        format!("INSERT INTO messages (conversation_id, role, content) VALUES ('{own}', 'user', 'x')"),
        format!("UPDATE conversations SET clinic_id = '{a}'"),
        format!("UPDATE conversations SET user_id = '{user_a}'"),
        "DELETE FROM conversations".into(),
        "DELETE FROM messages".into(),
        "UPDATE messages SET content = 'x'".into(),
        "SELECT * FROM auth.sessions".into(),
        "SELECT * FROM auth.users".into(),
        "SELECT * FROM ops.settings".into(),
        "SELECT * FROM audit_logs".into(),
        "INSERT INTO audit_logs (action, action_type, resource_type) VALUES ('x', 'view', 'x')".into(),
        "INSERT INTO access_logs (action, success) VALUES ('login', true)".into(),
        "SELECT app.log_access(NULL, NULL, NULL, 'login', NULL, NULL)".into(),
        "SET ROLE sigilo_owner".into(),
        "SET ROLE sigilo_trail".into(),
        "SET SESSION AUTHORIZATION sigilo_auditor".into(),
        "ALTER TABLE conversations DISABLE ROW LEVEL SECURITY".into(),
        "DROP POLICY clinic_floor ON conversations".into(),
        "CREATE FUNCTION public.x() RETURNS int LANGUAGE sql AS 'SELECT 1'".into(),
        "CREATE TABLE public.x (y int)".into(),
        "TRUNCATE messages".into(),
        "SELECT * FROM trail.audit_logs_2026_11".into(),
        "COPY messages TO PROGRAM 'cat'".into(),
        "SELECT pg_read_file('/etc/passwd')".into(),
    ];
    for sql in refused {
        assert!(app.batch_execute(&sql).await.is_err(), "accepted: {sql}");
    }
    // Row security cannot be talked out of it: off means error, not all rows.
    app.batch_execute("SET row_security = off").await.unwrap();
    assert!(app.query("SELECT * FROM conversations", &[]).await.is_err());
}

#[tokio::test]
async fn a_reference_across_clinics_cannot_exist() {
    let two = two_clinics().await;
    let own = two.a.conversation(&two.db).await.unwrap();
    let admin = two.database.superuser().await;
    let error = admin
        .execute(
            "INSERT INTO messages (clinic_id, conversation_id, user_id, role, content) VALUES ($1, $2, $3, 'user', 'x')",
            &[&two.b.clinic, &own, &two.b.user],
        )
        .await
        .unwrap_err();
    assert_eq!(error.code().unwrap().code(), "23503");
}

#[tokio::test]
async fn the_assistant_is_closed_without_consent_whatever_the_code_believes() {
    let two = two_clinics().await;
    let own = two.a.conversation(&two.db).await.unwrap();
    assert!(matches!(two.a.say(&two.db, own, "febre").await, Err(Error::Denied)));
    two.a.grant(&two.db, ConsentType::AiProcessing).await.unwrap();
    two.a.say(&two.db, own, "febre").await.unwrap();
    let revoked = two
        .db
        .write(&two.a.session, async |tx: &WriteTx| {
            Ok::<_, Error>((
                sigilo_testkit::people::withdraw(tx, ConsentType::AiProcessing.code()).await?,
                event("consent_form_submitted"),
            ))
        })
        .await;
    assert!(revoked.unwrap());
    assert!(matches!(two.a.say(&two.db, own, "tosse").await, Err(Error::Denied)));
}

#[tokio::test]
async fn the_front_desk_has_no_conversations_and_no_profile() {
    let two = two_clinics().await;
    let desk = member(&two.db, "Clínica Leste", "Rita Leste", &["receptionist"], 5).await;
    assert!(matches!(desk.conversation(&two.db).await, Err(Error::Denied)));
    let profile = two.db.read(&desk.session, async |tx: &ReadTx| sigilo_store::profile::own(tx).await).await.unwrap();
    assert!(profile.is_none());
}

#[tokio::test]
async fn entering_slides_the_idle_timeout_even_to_read() {
    let two = two_clinics().await;
    let admin = two.database.superuser().await;
    // Older than half a minute: younger ones are not written again.
    admin.execute("UPDATE auth.sessions SET last_seen_at = now() - interval '1 minute'", &[]).await.unwrap();
    let before: time::OffsetDateTime = admin
        .query_one("SELECT idle_until FROM auth.sessions WHERE user_id = $1", &[&two.a.user])
        .await
        .unwrap()
        .get(0);
    two.db.read(&two.a.session, async |tx: &ReadTx| conversation::list(tx).await).await.unwrap();
    let after: time::OffsetDateTime = admin
        .query_one("SELECT idle_until FROM auth.sessions WHERE user_id = $1", &[&two.a.user])
        .await
        .unwrap()
        .get(0);
    assert!(after > before, "the idle timeout slides");
}

#[tokio::test]
async fn an_abandoned_write_leaves_nothing_and_the_pool_goes_on() {
    let two = two_clinics().await;
    for _ in 0..10 {
        let work = two.db.write(&two.a.session, async |tx: &WriteTx| {
            conversation::create(tx).await?;
            std::future::pending::<()>().await;
            Ok::<_, Error>(((), event("conversation_created")))
        });
        // Dropped in the middle, as when the browser goes away.
        let waited = tokio::time::timeout(std::time::Duration::from_millis(100), work).await;
        assert!(waited.is_err());
    }
    let listed = two.db.read(&two.a.session, async |tx: &ReadTx| conversation::list(tx).await).await.unwrap();
    assert!(listed.is_empty());
}

#[tokio::test]
async fn an_unknown_member_of_the_trail_is_not_invented() {
    let two = two_clinics().await;
    let admin = two.database.superuser().await;
    let rows = admin
        .query("SELECT DISTINCT user_id, clinic_id FROM audit_logs WHERE resource_type = 'profiles'", &[])
        .await
        .unwrap();
    let mut seen: Vec<(Uuid, Uuid)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    seen.sort();
    let mut expected = vec![(two.a.user, two.a.clinic), (two.b.user, two.b.clinic)];
    expected.sort();
    assert_eq!(seen, expected);
}
