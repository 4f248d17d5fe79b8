//! What the system suspects by itself: from how many on, once and not each minute, in the right clinic, decided once.
#![allow(clippy::unwrap_used)]

mod support;

use std::net::{IpAddr, Ipv4Addr};

use sigilo_assistant::provider::Stop;
use sigilo_domain::{Clock, SystemClock};
use sigilo_features::{
    Error, conversation, incident, simulation,
    suspicion::{self, Draft},
};
use sigilo_store::{Client, Session, SignInTx, Token, account, job, server::Role, session};
use sigilo_testkit::people::client;
use support::{Script, Scripted, Stand, document};
use time::Duration;
use uuid::Uuid;

async fn stand() -> Stand {
    Stand::new(Scripted::new(Script::Say(document(), Stop::Complete))).await
}

/// Looks now, whenever the scheduler looked last.
async fn look(stand: &Stand) {
    stand.database.superuser().await.execute("DELETE FROM ops.job_runs WHERE job = 'suspect'", &[]).await.unwrap();
    assert!(job::run_due(stand.app.db()).await.unwrap().contains(&"suspect"));
}

async fn drafts(stand: &Stand) -> Vec<Draft> {
    suspicion::list(&stand.app, &stand.session).await.unwrap()
}

/// A refused sign-in, as the sign-in code records it.
async fn fail(stand: &Stand, whose: Option<(Uuid, Uuid)>, last: u8, times: usize) {
    let client = Client { ip: IpAddr::from(Ipv4Addr::new(198, 51, 100, last)), ..client() };
    for _ in 0..times {
        stand
            .app
            .db()
            .sign_in(&client, async |tx: &SignInTx| {
                let event = session::AccessEvent {
                    clinic: whose.map(|(_, clinic)| clinic),
                    user: whose.map(|(user, _)| user),
                    session: None,
                    action: "failed_login",
                    failure: Some("passkey_refused"),
                    duration_seconds: None,
                };
                session::log_access(tx, event).await
            })
            .await
            .unwrap();
    }
}

/// Another member of the stand's clinic.
async fn colleague(stand: &Stand, roles: &[&str], seed: u8) -> (Uuid, Session) {
    let (client, token) = (client(), Token::from_random(&[seed; 32]));
    let user = stand
        .app
        .db()
        .sign_in(&client, async |tx: &SignInTx| -> Result<_, sigilo_store::Error> {
            let user = account::create(tx, true).await?;
            account::create_member(tx, stand.clinic, user.id, "Jussara Tavares", roles).await?;
            session::create(tx, &client, &token, user.id, stand.clinic, "passkey").await?;
            Ok(user.id)
        })
        .await
        .unwrap();
    (user, Session { token, client })
}

#[tokio::test]
async fn a_burst_is_one_draft_that_grows_and_starts_no_clock() {
    let stand = stand().await;
    let own = Some((stand.user, stand.clinic));
    fail(&stand, own, 1, 9).await;
    look(&stand).await;
    assert!(drafts(&stand).await.is_empty(), "nine are not yet ten");

    fail(&stand, own, 2, 1).await;
    look(&stand).await;
    look(&stand).await;
    let found = drafts(&stand).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let draft = &found[0];
    assert_eq!((draft.rule.as_str(), draft.subject_kind.as_str()), ("failed_sign_ins", "member"));
    assert_eq!((draft.subject_id, draft.event_count, draft.evidence.len()), (stand.user, 10, 10));
    let shown = format!(
        "SELECT count(*) FROM access_logs WHERE id IN ({}) AND action = 'failed_login'",
        draft.evidence.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(",")
    );
    assert_eq!(stand.count(&shown).await, 10, "the evidence is there");

    fail(&stand, own, 1, 3).await;
    look(&stand).await;
    let found = drafts(&stand).await;
    assert_eq!((found.len(), found[0].event_count, found[0].id), (1, 13, draft.id));
    assert_eq!(stand.count("SELECT count(*) FROM security_incident_logs").await, 0, "a draft is no incident");

    // Decided, it is not drafted again for what it has seen already.
    suspicion::dismiss(&stand.app, &stand.session, draft.id, "O aparelho foi trocado hoje de manhã.").await.unwrap();
    fail(&stand, own, 1, 9).await;
    look(&stand).await;
    assert!(drafts(&stand).await.is_empty());
    fail(&stand, own, 1, 1).await;
    look(&stand).await;
    assert_eq!(drafts(&stand).await[0].event_count, 10);
    let events = "SELECT count(*) FROM audit_logs WHERE action = 'incident_draft_dismissed' AND user_id IS NOT NULL";
    assert_eq!(stand.count(events).await, 1);
}

#[tokio::test]
async fn an_address_that_tries_several_accounts_is_named_by_a_row_and_never_by_itself() {
    let stand = stand().await;
    let (other, _) = colleague(&stand, &["receptionist"], 60).await;
    let stranger = stand.stranger().await;
    fail(&stand, Some((stand.user, stand.clinic)), 9, 4).await;
    fail(&stand, Some((other, stand.clinic)), 9, 4).await;
    look(&stand).await;
    assert!(drafts(&stand).await.is_empty());
    // Of nobody's account: they count for the clinic that the address has tried already, and not for the other one.
    fail(&stand, None, 9, 2).await;
    look(&stand).await;
    look(&stand).await;
    let found = drafts(&stand).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].subject_kind.as_str(), found[0].event_count), ("address", 10));
    assert!(suspicion::list(&stand.app, &stranger).await.unwrap().is_empty());
    fail(&stand, Some((other, stand.clinic)), 9, 1).await;
    look(&stand).await;
    assert_eq!(drafts(&stand).await[0].event_count, 11, "the same address, the same draft");
    let whole = stand.text("SELECT jsonb_agg(d)::text FROM incident_drafts d").await;
    assert!(!whole.contains("198.51"), "{whole}");
    let trail =
        stand.text("SELECT jsonb_agg(a.details)::text FROM audit_logs a WHERE resource_type = 'incident_drafts'").await;
    assert!(!trail.contains("198.51"), "{trail}");
}

#[tokio::test]
async fn what_is_nobodys_is_the_only_clinics() {
    let stand = stand().await;
    fail(&stand, None, 9, 10).await;
    look(&stand).await;
    let found = drafts(&stand).await;
    assert_eq!((found.len(), found[0].subject_kind.as_str(), found[0].event_count), (1, "address", 10));
    // A simulation of an audit makes clinics up, which change nothing.
    simulation::start(&stand.app, &stand.session).await.unwrap();
    stand.until("SELECT count(*) FROM audit_simulations WHERE finished_at IS NOT NULL", 1).await;
    assert_eq!(stand.count("SELECT count(*) FROM clinics").await, 3);
    fail(&stand, None, 9, 2).await;
    look(&stand).await;
    assert_eq!(drafts(&stand).await[0].event_count, 12);
    // With a second one it is nobody's, and what waits stays as it is.
    let stranger = stand.stranger().await;
    fail(&stand, None, 9, 10).await;
    fail(&stand, None, 8, 10).await;
    look(&stand).await;
    assert_eq!(drafts(&stand).await[0].event_count, 12);
    assert!(suspicion::list(&stand.app, &stranger).await.unwrap().is_empty());
}

#[tokio::test]
async fn sixty_records_in_ten_minutes_are_noticed_and_one_record_sixty_times_is_not() {
    let stand = stand().await;
    for _ in 0..60 {
        conversation::open(&stand.app, &stand.session, stand.conversation).await.unwrap();
    }
    look(&stand).await;
    assert!(drafts(&stand).await.is_empty(), "the same record");
    let mut all = vec![stand.conversation];
    for _ in 0..59 {
        all.push(conversation::create(&stand.app, &stand.session).await.unwrap());
    }
    for id in &all[1..59] {
        conversation::open(&stand.app, &stand.session, *id).await.unwrap();
    }
    look(&stand).await;
    assert!(drafts(&stand).await.is_empty(), "fifty-nine");
    conversation::open(&stand.app, &stand.session, all[59]).await.unwrap();
    look(&stand).await;
    let found = drafts(&stand).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].rule.as_str(), found[0].subject_id, found[0].event_count), ("mass_reading", stand.user, 60));
    assert_eq!((found[0].evidence_table.as_str(), found[0].evidence.len()), ("audit_trail", 20));
    // Yesterday's reading is no burst.
    stand
        .database
        .superuser()
        .await
        .batch_execute("SET session_replication_role = replica; DELETE FROM incident_drafts; SET session_replication_role = origin")
        .await
        .unwrap();
    let later = "CREATE OR REPLACE FUNCTION app.suspicion_rules() RETURNS TABLE (rule text, threshold integer, minutes integer)
                 LANGUAGE sql IMMUTABLE AS $$ VALUES ('failed_sign_ins', 10, 0), ('mass_reading', 60, 0), ('refusals', 20, 0), ('canary', 1, 0) $$";
    stand.database.superuser().await.batch_execute(later).await.unwrap();
    look(&stand).await;
    assert!(drafts(&stand).await.is_empty(), "outside its window");
}

#[tokio::test]
async fn refusals_are_noted_without_what_was_asked_and_a_spike_is_noticed() {
    let stand = stand().await;
    let stranger = stand.stranger().await;
    for _ in 0..20 {
        suspicion::refused(&stand.app, &stranger, "/conversas/{id}", 404).await.unwrap();
    }
    for route in ["/conversas/019b2d7e-0000-7000-8000-000000000001?x=Ana Lima", "/conversas/Ana", "x", ""] {
        assert_eq!(suspicion::refused(&stand.app, &stranger, route, 404).await, Err(Error::Internal), "{route}");
    }
    look(&stand).await;
    assert!(drafts(&stand).await.is_empty(), "it is the stranger's clinic that is told");
    let found = suspicion::list(&stand.app, &stranger).await.unwrap();
    assert_eq!((found.len(), found[0].rule.as_str(), found[0].event_count), (1, "refusals", 20));
    let rows = "SELECT count(*) FROM audit_trail t JOIN audit_logs l ON l.audit_trail_id = t.id
                 WHERE t.resource = 'access_refused' AND t.status = 'refused' AND t.resource_id IS NULL
                   AND l.details = '{\"route\": \"/conversas/{id}\", \"status\": 404}'";
    assert_eq!(stand.count(rows).await, 20);
    // Nobody's session writes nothing.
    let nobody = Session { token: Token::from_random(&[99; 32]), client: client() };
    assert_eq!(suspicion::refused(&stand.app, &nobody, "/conversas/{id}", 404).await, Err(Error::NotSignedIn));
}

#[tokio::test]
async fn a_confirmed_draft_is_an_incident_whose_clocks_run_from_the_stated_knowledge() {
    let stand = stand().await;
    fail(&stand, Some((stand.user, stand.clinic)), 1, 12).await;
    look(&stand).await;
    let draft = drafts(&stand).await.remove(0);
    let (app, who) = (&stand.app, &stand.session);

    let future = SystemClock.now() + Duration::hours(1);
    assert!(matches!(suspicion::confirm(app, who, draft.id, Some(future)).await, Err(Error::Invalid(_))));
    let earlier = SystemClock.now() - Duration::hours(30);
    let id = suspicion::confirm(app, who, draft.id, Some(earlier)).await.unwrap();
    let made = incident::open(app, who, id).await.unwrap();
    assert_eq!((made.incident_type.as_str(), made.severity.as_str()), ("credenciais", "medium"));
    assert!(made.description.contains("12 ocorrências") && made.description.contains(&draft.id.to_string()));
    let known = made.knowledge_at.unwrap();
    assert!((known - earlier).abs() < Duration::seconds(1) && made.anpd_deadline_at.unwrap() > known);
    assert_eq!((made.notifiable, made.is_simulation), (None, false));
    assert_eq!(incident::missing_contents(&made).len(), 9);

    // Replayed, or decided otherwise afterwards: no second incident, and a sentence that says why.
    for again in [
        suspicion::confirm(app, who, draft.id, None).await.map(drop),
        suspicion::dismiss(app, who, draft.id, "Pensando melhor, não foi nada.").await,
    ] {
        assert!(matches!(again, Err(Error::Conflict(why)) if why.contains("já decidiu")), "{again:?}");
    }
    assert_eq!(stand.count("SELECT count(*) FROM security_incident_logs").await, 1);
    assert!(drafts(&stand).await.is_empty());
    let whole = "SELECT count(*) FROM incident_drafts WHERE status = 'confirmed' AND incident_id IS NOT NULL AND decided_by IS NOT NULL";
    assert_eq!(stand.count(whole).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_people_at_once_one_decides() {
    let stand = stand().await;
    let (_, dpo) = colleague(&stand, &["dpo"], 61).await;
    for round in 1..=4_u8 {
        fail(&stand, Some((stand.user, stand.clinic)), round, 10).await;
        look(&stand).await;
        let draft = drafts(&stand).await.remove(0);
        let (confirmed, dismissed) = tokio::join!(
            suspicion::confirm(&stand.app, &stand.session, draft.id, None),
            suspicion::dismiss(&stand.app, &dpo, draft.id, "O aparelho foi trocado hoje."),
        );
        assert!(confirmed.is_ok() ^ dismissed.is_ok(), "{confirmed:?} {dismissed:?}");
        let lost = confirmed.err().or(dismissed.err());
        assert!(matches!(lost, Some(Error::Conflict(_))), "{lost:?}");
    }
    let incidents = stand.count("SELECT count(*) FROM security_incident_logs").await;
    assert_eq!(incidents, stand.count("SELECT count(*) FROM incident_drafts WHERE status = 'confirmed'").await);
    assert_eq!(stand.count("SELECT count(*) FROM incident_drafts WHERE status <> 'open'").await, 4);
}

#[tokio::test]
async fn another_clinic_and_the_front_desk_decide_nothing_and_nobody_edits_a_draft() {
    let stand = stand().await;
    let (reception_id, reception) = colleague(&stand, &["receptionist"], 62).await;
    fail(&stand, Some((reception_id, stand.clinic)), 1, 10).await;
    look(&stand).await;
    let draft = drafts(&stand).await.remove(0);
    let stranger = stand.stranger().await;
    assert_eq!(suspicion::confirm(&stand.app, &stranger, draft.id, None).await, Err(Error::NotFound));
    assert_eq!(
        suspicion::dismiss(&stand.app, &stranger, draft.id, "Não é daqui, mas tanto faz.").await,
        Err(Error::NotFound)
    );
    assert!(matches!(suspicion::list(&stand.app, &reception).await, Err(Error::Forbidden(_))));
    assert!(matches!(suspicion::confirm(&stand.app, &reception, draft.id, None).await, Err(Error::Forbidden(_))));
    let short = suspicion::dismiss(&stand.app, &stand.session, draft.id, "  nada  ").await;
    assert!(matches!(short, Err(Error::Invalid(_))), "{short:?}");
    assert_eq!(drafts(&stand).await.len(), 1, "it still waits");

    let app_role = stand.database.connect(Role::App).await;
    let token = stand.session.token.expose().to_owned();
    app_role.execute("SELECT set_config('app.token', $1, false)", &[&token]).await.unwrap();
    for sql in [
        "UPDATE incident_drafts SET event_count = 1",
        "UPDATE incident_drafts SET decided_by = NULL",
        "DELETE FROM incident_drafts",
        "INSERT INTO incident_drafts (rule) VALUES ('canary')",
        "SELECT ops.suspect()",
    ] {
        let refused = app_role.execute(sql, &[]).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "42501", "{sql}");
    }
    // Half a decision is none.
    for sql in ["UPDATE incident_drafts SET status = 'dismissed'", "UPDATE incident_drafts SET status = 'confirmed'"] {
        assert_eq!(app_role.execute(sql, &[]).await.unwrap_err().code().unwrap().code(), "23514", "{sql}");
    }
    // The front desk, over the application's own connection.
    let token = reception.token.expose().to_owned();
    app_role.execute("SELECT set_config('app.token', $1, false)", &[&token]).await.unwrap();
    assert!(app_role.query("SELECT 1 FROM incident_drafts", &[]).await.unwrap().is_empty());
    // The scheduler decides nothing either, and sees no sign-in that succeeded and no write.
    let jobs = stand.database.connect(Role::Jobs).await;
    assert!(jobs.execute("UPDATE incident_drafts SET status = 'dismissed'", &[]).await.is_err());
    let seen: i64 = jobs
        .query_one("SELECT (SELECT count(id) FROM access_logs WHERE action <> 'failed_login') + (SELECT count(id) FROM audit_trail WHERE action NOT IN ('view', 'export'))", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(seen, 0);
    assert!(jobs.query("SELECT user_agent FROM access_logs", &[]).await.is_err());
}
