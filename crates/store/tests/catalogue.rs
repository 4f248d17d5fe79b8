//! What must be true of every table, function and role, read from the catalogue.
#![allow(clippy::unwrap_used)]

use sigilo_store::classification::Classification;
use sigilo_testkit::TestDatabase;

async fn strings(client: &tokio_postgres::Client, sql: &str) -> Vec<String> {
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn row_security_is_on_and_forced_on_every_table() {
    let database = TestDatabase::fresh().await;
    let client = database.superuser().await;
    let open = strings(
        &client,
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname IN ('public', 'auth', 'ops', 'trail', 'app') AND c.relkind IN ('r', 'p')
            AND c.relname <> '_sqlx_migrations' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
    )
    .await;
    assert!(open.is_empty(), "without forced row security: {open:?}");
    let none = strings(
        &client,
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = 'public' AND c.relkind IN ('m', 'v')",
    )
    .await;
    assert!(none.is_empty(), "views have no row security of their own: {none:?}");
}

#[tokio::test]
async fn the_clinic_is_the_floor_of_every_tenant_table() {
    let database = TestDatabase::fresh().await;
    let client = database.superuser().await;
    let floorless = strings(
        &client,
        "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
            AND NOT EXISTS (SELECT FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname
                              AND p.permissive = 'RESTRICTIVE' AND p.policyname = 'clinic_floor'
                              AND p.roles @> '{sigilo_app}' AND p.qual LIKE '%app.clinic_id()%')",
    )
    .await;
    assert!(floorless.is_empty(), "{floorless:?}");
    // A policy that lets a row in must also check the row that is written.
    let unchecked = strings(
        &client,
        "SELECT tablename || '.' || policyname FROM pg_policies
          WHERE schemaname = 'public' AND roles @> '{sigilo_app}' AND cmd IN ('ALL', 'UPDATE')
            AND with_check IS NULL
            AND has_table_privilege('sigilo_app', to_regclass(format('%I.%I', schemaname, tablename)), 'INSERT, UPDATE, DELETE')",
    )
    .await;
    assert!(unchecked.is_empty(), "{unchecked:?}");
}

#[tokio::test]
async fn references_between_tenant_tables_carry_the_clinic() {
    let database = TestDatabase::fresh().await;
    let client = database.superuser().await;
    let plain = strings(
        &client,
        "SELECT k.conrelid::regclass || '.' || k.conname FROM pg_constraint k
          WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace
            AND k.confrelid NOT IN ('public.clinics'::regclass, 'auth.users'::regclass)
            AND NOT EXISTS (SELECT FROM unnest(k.conkey) AS key (number)
                              JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = key.number
                             WHERE a.attname = 'clinic_id')",
    )
    .await;
    assert!(plain.is_empty(), "{plain:?}");
    let cascading = strings(
        &client,
        "SELECT conrelid::regclass || '.' || conname FROM pg_constraint
          WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND confdeltype <> 'r'",
    )
    .await;
    assert!(cascading.is_empty(), "evidence must not vanish with what it speaks of: {cascading:?}");
}

#[tokio::test]
async fn no_login_owns_anything_or_passes_row_security() {
    let database = TestDatabase::fresh().await;
    let client = database.superuser().await;
    let mighty = strings(
        &client,
        "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'sigilo%'
            AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication)",
    )
    .await;
    assert!(mighty.is_empty(), "{mighty:?}");
    let owned = strings(
        &client,
        "SELECT c.oid::regclass::text FROM pg_class c
          WHERE c.relowner IN (SELECT oid FROM pg_roles WHERE rolname IN
                ('sigilo_app', 'sigilo_auth', 'sigilo_jobs', 'sigilo_auditor', 'sigilo_console', 'sigilo_sealer', 'sigilo_trail', 'sigilo_gate'))",
    )
    .await;
    assert!(owned.is_empty(), "{owned:?}");
    let switching = strings(
        &client,
        "SELECT r.rolname::text FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
          WHERE r.rolname IN ('sigilo_app', 'sigilo_auth', 'sigilo_jobs', 'sigilo_auditor', 'sigilo_console', 'sigilo_sealer')",
    )
    .await;
    assert!(switching.is_empty(), "{switching:?}");
}

#[tokio::test]
async fn definer_functions_fix_their_search_path_and_are_not_for_everyone() {
    let database = TestDatabase::fresh().await;
    let client = database.superuser().await;
    let loose = strings(
        &client,
        "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
          WHERE n.nspname IN ('app', 'auth', 'ops', 'public') AND p.prosecdef
            AND (p.proconfig IS NULL OR NOT 'search_path=pg_catalog' = ANY (p.proconfig)
                 OR has_function_privilege('public', p.oid, 'EXECUTE'))",
    )
    .await;
    assert!(loose.is_empty(), "{loose:?}");
}

#[tokio::test]
async fn the_app_cannot_read_sessions_or_write_the_trail() {
    let database = TestDatabase::fresh().await;
    let client = database.superuser().await;
    let reached = strings(
        &client,
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname IN ('auth', 'ops', 'trail') AND c.relkind IN ('r', 'p')
            AND (has_table_privilege('sigilo_app', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
                 OR has_table_privilege('sigilo_auditor', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE'))",
    )
    .await;
    assert!(reached.is_empty(), "{reached:?}");
    for role in ["sigilo_app", "sigilo_auth", "sigilo_jobs", "sigilo_auditor", "sigilo_console"] {
        for table in ["audit_logs", "audit_trail", "access_logs"] {
            let can: bool = client
                .query_one("SELECT has_table_privilege($1, $2, 'INSERT, UPDATE, DELETE, TRUNCATE')", &[&role, &table])
                .await
                .unwrap()
                .get(0);
            assert!(!can, "{role} writes {table}");
        }
    }
    let writing = strings(
        &client,
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
            AND (has_table_privilege('sigilo_auditor', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
                 OR has_table_privilege('sigilo_app', c.oid, 'DELETE, TRUNCATE'))",
    )
    .await;
    assert!(writing.is_empty(), "{writing:?}");
}

#[tokio::test]
async fn the_manuals_twelve_tables_and_their_triggers_exist() {
    let database = TestDatabase::fresh().await;
    let client = database.superuser().await;
    for table in [
        "profiles",
        "conversations",
        "messages",
        "audit_logs",
        "access_logs",
        "anonymization_logs",
        "image_processing_logs",
        "consent_records",
        "sensitive_data_detection_logs",
        "data_subject_requests",
        "explainability_logs",
        "security_incident_logs",
    ] {
        let there: bool =
            client.query_one("SELECT to_regclass('public.' || $1) IS NOT NULL", &[&table]).await.unwrap().get(0);
        assert!(there, "{table}");
    }
    let watched = strings(
        &client,
        "SELECT event_object_table || ' ' || string_agg(event_manipulation, '+' ORDER BY event_manipulation)
           FROM information_schema.triggers
          WHERE action_statement LIKE '%fn_audit_trigger%' GROUP BY event_object_table ORDER BY 1",
    )
    .await;
    assert_eq!(
        watched,
        [
            "appointments DELETE+INSERT+UPDATE",
            "audit_grants DELETE+INSERT+UPDATE",
            "canaries DELETE+INSERT+UPDATE",
            "clinics DELETE+INSERT+UPDATE",
            "consent_events DELETE+INSERT+UPDATE",
            "consent_records DELETE+INSERT+UPDATE",
            "consent_texts DELETE+INSERT+UPDATE",
            "conversations DELETE+INSERT+UPDATE",
            "data_subject_requests DELETE+INSERT+UPDATE",
            "equipment DELETE+INSERT+UPDATE",
            "explainability_logs DELETE+INSERT+UPDATE",
            "fulfilment_plans DELETE+INSERT+UPDATE",
            "incident_drafts DELETE+INSERT+UPDATE",
            "legal_holds DELETE+INSERT+UPDATE",
            "lgpd_consents DELETE+INSERT+UPDATE",
            "members DELETE+INSERT+UPDATE",
            "messages DELETE+INSERT+UPDATE",
            "patient_eliminations DELETE+INSERT+UPDATE",
            "patient_identities DELETE+INSERT+UPDATE",
            "patients DELETE+INSERT+UPDATE",
            "professional_services DELETE+INSERT+UPDATE",
            "professionals DELETE+INSERT+UPDATE",
            "profiles DELETE+INSERT+UPDATE",
            "recipient_notices DELETE+INSERT+UPDATE",
            "request_evidence DELETE+INSERT+UPDATE",
            "rooms DELETE+INSERT+UPDATE",
            "schedule_exceptions DELETE+INSERT+UPDATE",
            "security_incident_logs DELETE+INSERT+UPDATE",
            "service_categories DELETE+INSERT+UPDATE",
            "service_types DELETE+INSERT+UPDATE",
            "small_agent_declarations DELETE+INSERT+UPDATE",
            "trail_disposals DELETE+INSERT+UPDATE",
            "working_hours DELETE+INSERT+UPDATE",
        ]
    );
}

/// A record without a name of its own could not be compared with what the trail last said of it.
#[tokio::test]
async fn every_watched_table_names_its_records() {
    let database = TestDatabase::fresh().await;
    let nameless: Vec<String> = database
        .superuser()
        .await
        .query(
            "SELECT w::text FROM ops.watched() w
              WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = w AND a.attname IN ('id', 'user_id', 'patient_id'))",
            &[],
        )
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(nameless, Vec::<String>::new());
}

#[tokio::test]
async fn keys_are_time_ordered_and_made_by_the_database() {
    let database = TestDatabase::fresh().await;
    let client = database.superuser().await;
    let ids: Vec<uuid::Uuid> = client
        .query("SELECT app.uuid_v7(), pg_sleep(0.002) FROM generate_series(1, 50)", &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(ids.is_sorted() && ids.iter().all(|id| id.get_version_num() == 7));
    let handmade = strings(
        &client,
        "SELECT table_schema || '.' || table_name FROM information_schema.columns
          WHERE table_schema IN ('public', 'auth') AND column_name = 'id' AND column_default IS NULL
            AND table_name NOT IN ('profiles', 'audit_reports')",
    )
    .await;
    assert!(handmade.is_empty(), "{handmade:?}");
}

#[tokio::test]
async fn every_period_that_ends_can_be_counted() {
    let database = TestDatabase::fresh().await;
    let client = database.superuser().await;
    let mut closed = Vec::new();
    for (rule, table, clock) in Classification::of_the_product().ending() {
        let sql = "SELECT has_column_privilege('sigilo_gate', $1, 'clinic_id', 'SELECT')
                      AND has_column_privilege('sigilo_gate', $1, $2, 'SELECT')
                      AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = $2
                                     AND atttypid = 'timestamptz'::regtype)
                      AND EXISTS (SELECT FROM pg_policy WHERE polrelid = to_regclass($1) AND polpermissive
                                     AND 'sigilo_gate'::regrole = ANY (polroles))";
        if !client.query_one(sql, &[&table.name, &clock]).await.unwrap().get::<_, bool>(0) {
            closed.push(format!("SELECT ops.open_to_review('{}', '{clock}'); -- {}", table.name, rule.code));
        }
    }
    assert!(closed.is_empty(), "the migration of these tables needs: {closed:#?}");
}
