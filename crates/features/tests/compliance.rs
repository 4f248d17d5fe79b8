//! The compliance desk: each figure and each check follows its evidence, and nobody else's counts.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use sigilo_assistant::provider::{self, Remote, Stop};
use sigilo_domain::{Clock, ConsentType, SubjectRight, SystemClock, audit_query::Level};
use sigilo_features::{
    App, Error, OidcSettings, Settings,
    answer::Assistant,
    compliance::{self, Check, Overview, Place},
    incident::{self, Report},
    rights,
};
use sigilo_proof::Keyring;
use sigilo_store::{Session, SignInTx, Token, WriteTx, account, job, server::Role, session};
use sigilo_testkit::people::{self, client, event};
use support::{Script, Scripted, Stand, document};
use time::Duration;

async fn stand() -> Stand {
    Stand::new(Scripted::new(Script::Say(document(), Stop::Complete))).await
}

async fn overview(stand: &Stand) -> Overview {
    compliance::overview(&stand.app, &stand.session).await.unwrap()
}

fn check<'a>(overview: &'a Overview, title: &str) -> &'a Check {
    overview.checks.iter().find(|check| check.title.contains(title)).unwrap_or_else(|| panic!("no check {title}"))
}

async fn level(stand: &Stand, title: &str) -> Level {
    check(&overview(stand).await, title).verdict.level
}

/// What the application itself could never write.
async fn by_force(stand: &Stand, sql: &str) {
    let database = stand.database.superuser().await;
    database.batch_execute(&format!("SET session_replication_role = replica; {sql}")).await.unwrap();
}

async fn colleague(stand: &Stand, seed: u8, roles: &[&str]) -> Session {
    let (client, token) = (client(), Token::from_random(&[seed; 32]));
    stand
        .app
        .db()
        .sign_in(&client, async |tx: &SignInTx| -> Result<_, sigilo_store::Error> {
            let user = account::create(tx, true).await?;
            account::create_member(tx, stand.clinic, user.id, "Colega Inventado", roles).await?;
            session::create(tx, &client, &token, user.id, stand.clinic, "passkey").await
        })
        .await
        .unwrap();
    Session { token, client }
}

#[tokio::test]
async fn a_new_clinic_has_nothing_to_show_and_says_so() {
    let stand = stand().await;
    let found = overview(&stand).await;
    assert_eq!((found.requests.open, found.requests.level), (0, Level::Empty));
    assert_eq!((found.incidents.open, found.incidents.level), (0, Level::Empty));
    assert!(found.retention.len() >= 7 && found.retention.iter().all(|one| one.level() == Level::Ok));
    for (title, level) in [
        ("Uma clínica não vê a outra", Level::Ok),
        ("A trilha de auditoria", Level::Ok),
        ("Nenhuma imagem", Level::Empty),
        ("Aviso exibido", Level::Empty),
        ("Pedidos de titulares", Level::Empty),
        ("Consentimentos obrigatórios", Level::Attention),
        ("Contato do encarregado", Level::Problem),
        ("Tarefas automáticas", Level::Problem),
        ("Acessos de auditoria", Level::Empty),
    ] {
        assert_eq!(check(&found, title).verdict.level, level, "{title}");
    }
    assert_eq!(found.status(), Level::Problem);
    // That it was looked at is in the trail; what was found is nowhere.
    let seen = "SELECT count(*) FROM audit_logs WHERE action = 'compliance_viewed' AND details = '{}'";
    assert_eq!(stand.count(seen).await, 1);
    let stored = "SELECT count(*) FROM audit_logs WHERE compliance_status IS NOT NULL";
    assert_eq!(stand.count(stored).await, 0);
}

#[tokio::test]
async fn protections_are_read_from_the_catalogue() {
    let stand = stand().await;
    let database = stand.database.superuser().await;
    let off_and_on = [
        (
            "Uma clínica não vê",
            "ALTER TABLE conversations NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE conversations FORCE ROW LEVEL SECURITY",
        ),
        (
            "Uma clínica não vê",
            "ALTER TABLE auth.totp DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE auth.totp ENABLE ROW LEVEL SECURITY",
        ),
        (
            "A trilha",
            "ALTER TABLE audit_logs DISABLE RULE audit_logs_no_delete",
            "ALTER TABLE audit_logs ENABLE RULE audit_logs_no_delete",
        ),
    ];
    // The superuser alone can take these away.
    database
        .batch_execute("ALTER EVENT TRIGGER sigilo_guard_alter DISABLE; ALTER EVENT TRIGGER sigilo_guard_drop DISABLE")
        .await
        .unwrap();
    for (title, off, on) in off_and_on {
        database.batch_execute(off).await.unwrap();
        assert_eq!(level(&stand, title).await, Level::Problem, "{off}");
        database.batch_execute(on).await.unwrap();
        assert_eq!(level(&stand, title).await, Level::Ok, "{on}");
    }
    database.batch_execute("ALTER TABLE messages NO FORCE ROW LEVEL SECURITY").await.unwrap();
    let found = overview(&stand).await;
    let details = &check(&found, "Uma clínica não vê").details;
    assert_eq!((details.len(), details[0].sentence.as_str()), (1, "public.messages"));
}

#[tokio::test]
async fn requests_and_incidents_come_with_their_clocks() {
    let stand = stand().await;
    rights::ask(&stand.app, &stand.session, SubjectRight::Access, "").await.unwrap();
    rights::ask(&stand.app, &stand.session, SubjectRight::Sharing, "").await.unwrap();
    let found = overview(&stand).await;
    assert_eq!((found.requests.open, found.requests.late, found.requests.level), (2, 0, Level::Ok));
    assert_eq!(check(&found, "Pedidos de titulares").verdict.level, Level::Ok);
    for (left, level, late) in [("2 days", Level::Attention, 0), ("-1 hour", Level::Problem, 1)] {
        let sql = format!(
            "UPDATE data_subject_requests SET deadline_at = now() + interval '{left}', legal_deadline_at = NULL
              WHERE right_code = 'sharing'"
        );
        by_force(&stand, &sql).await;
        let found = overview(&stand).await;
        assert_eq!((found.requests.level, found.requests.late), (level, late), "{left}");
        assert_eq!(found.requests.nearest[0].right_code, "sharing", "the nearest is in front");
    }
    assert_eq!(level(&stand, "Pedidos de titulares").await, Level::Problem);

    let report = |drill| Report {
        kind: "credenciais".into(),
        severity: "high".into(),
        description: "Um notebook com sessão aberta foi furtado.".into(),
        affected: Some(1),
        occurred_at: None,
        knowledge_at: Some(SystemClock.now() - Duration::hours(1)),
        drill,
    };
    let late = "UPDATE security_incident_logs SET anpd_deadline_at = now() - interval '1 hour'";
    incident::register(&stand.app, &stand.session, &report(true)).await.unwrap();
    by_force(&stand, late).await;
    let found = overview(&stand).await;
    assert_eq!((found.incidents.open, found.incidents.level), (1, Level::Ok), "a drill troubles nobody");
    incident::register(&stand.app, &stand.session, &report(false)).await.unwrap();
    assert_eq!(overview(&stand).await.incidents.level, Level::Attention);
    by_force(&stand, late).await;
    assert_eq!(overview(&stand).await.incidents.level, Level::Problem);
    by_force(
        &stand,
        "UPDATE security_incident_logs SET notifiable = false, not_notifiable_reason = 'Aparelho cifrado.'",
    )
    .await;
    assert_eq!(overview(&stand).await.incidents.level, Level::Attention, "no deadline binds what needs no telling");
}

#[tokio::test]
async fn consents_are_counted_and_nobody_is_named() {
    let stand = stand().await;
    for kind in [ConsentType::TermsOfService, ConsentType::DataProcessing] {
        let db = stand.app.db();
        db.write(&stand.session, async |tx: &WriteTx| {
            people::consent(tx, kind.code()).await?;
            Ok::<_, sigilo_store::Error>(((), event("test")))
        })
        .await
        .unwrap();
    }
    let of = |found: &Overview, kind: ConsentType| {
        let one = found.consents.iter().find(|one| one.text.kind == kind).unwrap();
        (one.live, one.expiring, one.outdated, one.missing, one.level())
    };
    let found = overview(&stand).await;
    assert_eq!(check(&found, "Consentimentos obrigatórios").verdict.level, Level::Ok);
    assert_eq!(of(&found, ConsentType::AiProcessing), (1, 0, 0, 0, Level::Ok));

    // A second professional who has decided on nothing, and one who is no longer there.
    colleague(&stand, 60, &["professional"]).await;
    colleague(&stand, 61, &["professional"]).await;
    by_force(&stand, "UPDATE members SET status = 'deactivated' WHERE id = (SELECT max(id::text)::uuid FROM members)")
        .await;
    let found = overview(&stand).await;
    assert_eq!(of(&found, ConsentType::TermsOfService), (1, 0, 0, 1, Level::Ok));
    assert_eq!(check(&found, "Consentimentos obrigatórios").verdict.level, Level::Attention);

    for (change, expected) in [
        ("expires_at = now() + interval '90 days'", (1, 0, 0, 1, Level::Ok)),
        ("expires_at = now() + interval '30 days'", (1, 1, 0, 1, Level::Attention)),
        ("expires_at = now() - interval '1 day'", (0, 1, 0, 2, Level::Attention)),
        ("expires_at = NULL, consent_version = '0.9'", (1, 0, 1, 1, Level::Attention)),
    ] {
        by_force(&stand, &format!("UPDATE consent_records SET {change} WHERE consent_type = 'ai_processing'")).await;
        let found = overview(&stand).await;
        assert_eq!(of(&found, ConsentType::AiProcessing), expected, "{change}");
        assert_eq!(of(&found, ConsentType::ImageProcessing), (1, 0, 0, 1, Level::Ok), "{change}");
    }
}

#[tokio::test]
async fn periods_are_counted_from_the_rows() {
    let stand = stand().await;
    let stranger = stand.stranger().await;
    let rows = |clinic: &str, age: &str| {
        format!(
            "INSERT INTO sensitive_data_detection_logs (clinic_id, user_id, message_id, detection_type, detection_method,
                                                        confidence_score, created_at)
             SELECT clinic_id, user_id, user_id, 'cpf', 'regex', 1, now() - interval '{age}' FROM members WHERE {clinic};"
        )
    };
    let own = format!("clinic_id = '{}'", stand.clinic);
    let all = [rows(&own, "6 years"), rows(&own, "4 years 11 months"), rows(&own, "4 years"), rows("true", "20 years")];
    by_force(&stand, &all.concat()).await;
    let session = "INSERT INTO auth.sessions (token_hash, user_id, clinic_id, method, ip_address, user_agent, idle_until, expires_at,
                                              ended_at, ended_reason)
                   SELECT sha256('x'), user_id, clinic_id, 'passkey', '192.0.2.1', '', now(), now(), now() - interval '13 months', 'logout'
                     FROM members WHERE ";
    by_force(&stand, &format!("{session} {own}")).await;
    let found = overview(&stand).await;
    let proof = found.retention.iter().find(|one| one.rule.code == "proof").unwrap();
    assert_eq!((proof.ended(), proof.ending(), proof.level()), (2, 1, Level::Attention));
    assert_eq!(proof.tables.len(), 1, "only tables with such rows");
    assert_eq!(proof.tables[0].table.name, "public.sensitive_data_detection_logs");
    assert!(found.at - proof.oldest.unwrap() > Duration::days(19 * 365));

    let session = found.retention.iter().find(|one| one.rule.code == "session").unwrap();
    assert_eq!((session.ended(), session.ending()), (1, 0), "a live session has no end yet");

    let theirs = compliance::overview(&stand.app, &stranger).await.unwrap();
    assert!(theirs.retention.iter().all(|one| one.rule.code != "session" || one.ended() == 0));
    let proof = theirs.retention.iter().find(|one| one.rule.code == "proof").unwrap();
    assert_eq!((proof.ended(), proof.ending()), (1, 0), "their own row and no other");
}

#[tokio::test]
async fn jobs_count_by_what_they_did() {
    let stand = stand().await;
    job::run_due(stand.app.db()).await.unwrap();
    assert_eq!(level(&stand, "Tarefas automáticas").await, Level::Ok);
    let add = |age: &str, outcome: &str| {
        format!(
            "INSERT INTO ops.job_runs (job, started_at, outcome) VALUES ('fulfil', now() - interval '{age}', '{outcome}')"
        )
    };
    by_force(&stand, &add("-1 second", "failed")).await;
    let found = overview(&stand).await;
    let jobs = check(&found, "Tarefas automáticas");
    assert_eq!(jobs.verdict.level, Level::Attention);
    let bad: Vec<_> = jobs.details.iter().filter(|one| one.level != Level::Ok).collect();
    assert!(bad.len() == 1 && bad[0].sentence.starts_with("fulfil"), "{bad:?}");
    by_force(&stand, "DELETE FROM ops.job_runs WHERE job = 'fulfil'").await;
    assert_eq!(level(&stand, "Tarefas automáticas").await, Level::Problem, "it never ran");
    by_force(&stand, &add("1 hour", "done")).await;
    assert_eq!(level(&stand, "Tarefas automáticas").await, Level::Problem, "too long ago for a job of every minute");
}

#[tokio::test]
async fn an_access_that_ends_soon_is_told() {
    let stand = stand().await;
    colleague(&stand, 62, &["auditor"]).await;
    let grant = |ends: &str| {
        format!(
            "DELETE FROM audit_grants; INSERT INTO audit_grants (clinic_id, granted_to, granted_by, purpose, ends_at)
             SELECT clinic_id, user_id, NULL, 'Auditoria', now() + interval '{ends}' FROM members WHERE 'auditor' = ANY (roles)"
        )
    };
    for (ends, expected) in [("30 days", Level::Ok), ("3 days", Level::Attention)] {
        by_force(&stand, &grant(ends)).await;
        assert_eq!(level(&stand, "Acessos de auditoria").await, expected, "{ends}");
    }
    by_force(&stand, "UPDATE audit_grants SET revoked_at = now(), revoked_by = granted_to").await;
    assert_eq!(level(&stand, "Acessos de auditoria").await, Level::Empty);
}

#[tokio::test]
async fn the_record_names_who_receives_data_and_nobody_else() {
    let stand = stand().await;
    let local =
        Assistant { provider: provider::build(&provider::Settings::Local).unwrap(), ..stand.app.assistant().clone() };
    let (db, keys) = (stand.app.db().clone(), Keyring::new(&[7; 32]));
    let alone = App::new(db, keys, None, Arc::new(SystemClock), local, stand.app.settings().clone()).unwrap();
    let record = compliance::record(&alone, &stand.session, false).await.unwrap();
    assert_eq!((record.controller.as_str(), &record.officer), ("Clínica 1", &None));
    assert!(record.recipients.is_empty(), "nothing leaves this installation: {:?}", record.recipients);
    compliance::record(&alone, &stand.session, true).await.unwrap();
    for (event, action) in [("processing_record_viewed", "view"), ("processing_record_exported", "export")] {
        let sql = format!("SELECT count(*) FROM audit_logs WHERE action = '{event}' AND action_type = '{action}'");
        assert_eq!(stand.count(&sql).await, 1, "{event}");
    }
    // The same clinic where a model, an identity provider and an officer are configured.
    let remote = Remote {
        base: "https://api.anthropic.com".parse().unwrap(),
        model: "claude-opus-4-6".into(),
        key: None,
        idle: std::time::Duration::from_secs(1),
        total: std::time::Duration::from_secs(1),
    };
    let assistant = Assistant {
        provider: provider::build(&provider::Settings::Anthropic(remote)).unwrap(),
        ..stand.app.assistant().clone()
    };
    let settings = Settings {
        dpo_contact: Some("dpo@clinica.example".into()),
        oidc: Some(OidcSettings::google("sigilo".into(), "segredo".into())),
        ..stand.app.settings().clone()
    };
    let app =
        App::new(stand.app.db().clone(), Keyring::new(&[7; 32]), None, Arc::new(SystemClock), assistant, settings)
            .unwrap();
    let record = compliance::record(&app, &stand.session, false).await.unwrap();
    let places: Vec<_> = record.recipients.iter().map(|one| (one.name.as_str(), one.place, one.personal)).collect();
    assert_eq!(
        places,
        [
            (
                "Provedor do modelo de linguagem: api.anthropic.com, modelo claude-opus-4-6",
                Place::Abroad("Estados Unidos"),
                true
            ),
            ("Provedor de identidade: accounts.google.com", Place::Abroad("Estados Unidos"), true),
        ]
    );
    assert_eq!(record.officer.as_deref(), Some("dpo@clinica.example"));
    let found = compliance::overview(&app, &stand.session).await.unwrap();
    assert_eq!(check(&found, "Contato do encarregado").verdict.level, Level::Ok);

    let reception = colleague(&stand, 80, &["receptionist"]).await;
    assert!(matches!(compliance::record(&stand.app, &reception, true).await, Err(Error::Forbidden(_))));
}

#[tokio::test]
async fn the_desk_is_for_who_answers_for_the_clinic() {
    let stand = stand().await;
    for (seed, role) in [(70, "receptionist"), (71, "professional"), (72, "auditor"), (73, "administrator")] {
        let other = colleague(&stand, seed, &[role]).await;
        assert!(matches!(compliance::overview(&stand.app, &other).await, Err(Error::Forbidden(_))), "{role}");
        // Nor by hand, over the application's own connection.
        let app = stand.database.connect(Role::App).await;
        app.query("SELECT set_config('app.token', $1, false)", &[&other.token.expose()]).await.unwrap();
        for call in [
            "app.proof_review()",
            "app.job_review('{fulfil}')",
            "app.consent_review('{ai_processing}', '{1.0}', '60 days')",
            "app.retention_review('public.messages', 'created_at', '5 years', NULL, '90 days')",
        ] {
            let refused = app.query(&format!("SELECT * FROM {call}"), &[]).await.unwrap_err();
            assert_eq!(refused.code().unwrap().code(), "42501", "{role}: {call}");
        }
    }
    let dpo = colleague(&stand, 74, &["dpo"]).await;
    assert!(compliance::overview(&stand.app, &dpo).await.is_ok());
    // One last day for all, to the end of that day.
    for (last_day, expected) in [("-2", (1, 0)), ("2", (0, 1)), ("365", (0, 0))] {
        let sql = format!(
            "SELECT r.ended, r.ending FROM app.retention_review('public.conversations', 'created_at', NULL,
                                                                current_date + {last_day}, '90 days') AS r"
        );
        let app = stand.database.connect(Role::App).await;
        app.query("SELECT set_config('app.token', $1, false)", &[&dpo.token.expose()]).await.unwrap();
        let row = app.query_one(&sql, &[]).await.unwrap();
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), expected, "{last_day}");
    }
    // A manager counts by a clock, and reaches nothing that was not opened for it.
    let app = stand.database.connect(Role::App).await;
    app.query("SELECT set_config('app.token', $1, false)", &[&dpo.token.expose()]).await.unwrap();
    for call in [
        "app.retention_review('auth.users', 'created_at', '0', NULL, '0')",
        "app.retention_review('public.messages', 'content', '0', NULL, '0')",
        "app.retention_review('public.messages m; SELECT 1 --', 'created_at', '0', NULL, '0')",
        "app.require_manager()",
    ] {
        assert!(app.query(&format!("SELECT * FROM {call}"), &[]).await.is_err(), "{call}");
    }
}
