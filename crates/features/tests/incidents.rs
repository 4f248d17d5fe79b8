//! Incidents: the clocks, what must be there before it is told, and who may not touch the register.
#![allow(clippy::unwrap_used)]

mod support;

use sigilo_assistant::provider::Stop;
use sigilo_domain::{Clock, SystemClock, incident::CONTENTS};
use sigilo_features::{
    Error,
    incident::{self, Assessment, Report, Step},
    small_agent,
};
use sigilo_store::{Session, SignInTx, Token, account, server::Role, session};
use sigilo_testkit::people::client;
use support::{Script, Scripted, Stand, document};
use time::{Duration, OffsetDateTime, macros::datetime};

async fn stand() -> Stand {
    Stand::new(Scripted::new(Script::Say(document(), Stop::Complete))).await
}

fn report() -> Report {
    Report {
        kind: "credenciais".into(),
        severity: "high".into(),
        description: "Um notebook com sessão aberta foi furtado.".into(),
        affected: Some(12),
        occurred_at: None,
        knowledge_at: Some(SystemClock.now() - Duration::hours(2)),
        drill: false,
    }
}

fn assessment(notifiable: Option<bool>, contents: usize) -> Assessment {
    Assessment {
        severity: "high".into(),
        description: "Um notebook com sessão aberta foi furtado.".into(),
        affected: Some(12),
        notifiable,
        reason: String::new(),
        integrity_risk: false,
        contents: CONTENTS.iter().take(contents).map(|(code, _, _)| ((*code).to_owned(), "texto".to_owned())).collect(),
    }
}

#[tokio::test]
async fn an_incident_is_told_in_time_and_closed() {
    let stand = stand().await;
    let (app, who) = (&stand.app, &stand.session);
    let id = incident::register(app, who, &report()).await.unwrap();
    let new = incident::open(app, who, id).await.unwrap();
    let known = new.knowledge_at.unwrap();
    let days = |at: Option<OffsetDateTime>| (at.unwrap() - known).whole_days();
    // Known on a Saturday or a Sunday, the first business day is the Monday.
    assert!((3..=5).contains(&days(new.anpd_deadline_at)), "{new:?}");
    assert!((26..=28).contains(&days(new.supplement_deadline_at)), "{new:?}");
    assert_eq!(new.contents["controlador"], "Clínica 1");
    assert_eq!(incident::missing_contents(&new).len(), 9, "three were known");

    let refused = async |step| match incident::step(app, who, id, new.version, step).await {
        Err(Error::Conflict(why)) => why,
        other => panic!("{step:?}: {other:?}"),
    };
    assert!(refused(Step::Close).await.contains("Avalie"));
    assert!(refused(Step::Anpd).await.contains("Avalie"));
    assert!(refused(Step::Supplement).await.contains("complementar"));

    let no = Assessment { notifiable: Some(false), ..assessment(None, 12) };
    assert!(matches!(incident::assess(app, who, id, 2, &no).await, Err(Error::Invalid(_))), "needs a reason");
    incident::assess(app, who, id, 2, &assessment(Some(true), 11)).await.unwrap();
    assert!(matches!(incident::assess(app, who, id, 2, &assessment(None, 1)).await, Err(Error::Conflict(_))), "stale");
    assert!(
        matches!(incident::step(app, who, id, 3, Step::Anpd).await, Err(Error::Conflict(_))),
        "one content is missing"
    );
    incident::assess(app, who, id, 3, &assessment(Some(true), 12)).await.unwrap();
    incident::step(app, who, id, 4, Step::Anpd).await.unwrap();
    assert!(
        matches!(incident::step(app, who, id, 5, Step::Close).await, Err(Error::Conflict(_))),
        "the people were not told"
    );
    incident::step(app, who, id, 5, Step::Subjects).await.unwrap();
    incident::step(app, who, id, 6, Step::Close).await.unwrap();
    assert!(
        matches!(incident::assess(app, who, id, 7, &assessment(None, 0)).await, Err(Error::Conflict(_))),
        "it stays as it is"
    );
    assert_eq!(
        stand
            .count("SELECT count(*) FROM security_incident_logs WHERE reported_to_anpd AND resolved_at IS NOT NULL")
            .await,
        1
    );
}

/// Whole days from the knowledge to the deadlines of the ANPD, the people and the supplement.
async fn periods(stand: &Stand, id: uuid::Uuid) -> [i64; 3] {
    let one = incident::open(&stand.app, &stand.session, id).await.unwrap();
    [one.anpd_deadline_at, one.subjects_deadline_at, one.supplement_deadline_at]
        .map(|until| (until.unwrap() - one.knowledge_at.unwrap()).whole_days())
}

#[tokio::test]
async fn a_small_agents_clocks_give_twice_the_time_unless_people_may_be_harmed() {
    let stand = stand().await;
    let (app, who) = (&stand.app, &stand.session);
    let reason = "Parecer jurídico de 03/11/2026: sem larga escala.";
    // A Monday, so that business days are the same each time the test runs.
    let report = Report { knowledge_at: Some(datetime!(2025-03-03 12:00 UTC)), ..report() };
    let before = incident::register(app, who, &report).await.unwrap();
    assert!(small_agent::standing(app, who).await.unwrap().is_none());
    assert!(matches!(small_agent::declare(app, who, true, "porque sim").await, Err(Error::Invalid(_))));
    assert!(matches!(small_agent::declare(app, who, false, reason).await, Err(Error::Conflict(_))), "it is so already");
    small_agent::declare(app, who, true, reason).await.unwrap();
    let word = small_agent::standing(app, who).await.unwrap().unwrap();
    assert_eq!((word.small_agent, word.declared_by.as_deref()), (true, Some("Dra. Alba Norte")));

    let after = incident::register(app, who, &report).await.unwrap();
    assert_eq!(periods(&stand, before).await, [3, 3, 28], "a clock that runs goes on");
    assert_eq!(periods(&stand, after).await, [8, 8, 56]);
    let told = incident::open(app, who, after).await.unwrap();
    assert!(told.contents["controlador"].as_str().unwrap().contains("pequeno porte"));

    let harm = Assessment { integrity_risk: true, ..assessment(None, 1) };
    incident::assess(app, who, after, 2, &harm).await.unwrap();
    assert_eq!(periods(&stand, after).await, [3, 3, 28]);
    incident::assess(app, who, before, 2, &assessment(None, 1)).await.unwrap();
    assert_eq!(periods(&stand, before).await, [3, 3, 28], "writing on doubles nothing");

    small_agent::declare(app, who, false, "A clínica passou a usar IA com dados de saúde.").await.unwrap();
    let last = incident::register(app, who, &report).await.unwrap();
    assert_eq!(periods(&stand, last).await, [3, 3, 28]);
    let trail = "SELECT count(*) FROM audit_logs WHERE action = 'small_agent_declared' AND user_id IS NOT NULL";
    assert_eq!(stand.count(trail).await, 2);
}

#[tokio::test]
async fn only_the_owner_declares_and_nothing_is_taken_back() {
    let stand = stand().await;
    let reason = "Parecer jurídico de 03/11/2026: sem larga escala.";
    small_agent::declare(&stand.app, &stand.session, true, reason).await.unwrap();
    let stranger = stand.stranger().await;
    assert!(small_agent::standing(&stand.app, &stranger).await.unwrap().is_none(), "each clinic for itself");
    let (client, token) = (client(), Token::from_random(&[51; 32]));
    stand
        .app
        .db()
        .sign_in(&client, async |tx: &SignInTx| -> Result<_, sigilo_store::Error> {
            let user = account::create(tx, true).await?;
            account::create_member(tx, stand.clinic, user.id, "Breno Alcântara", &["dpo"]).await?;
            session::create(tx, &client, &token, user.id, stand.clinic, "passkey").await
        })
        .await
        .unwrap();
    let dpo = Session { token, client };
    assert!(small_agent::standing(&stand.app, &dpo).await.unwrap().is_some(), "the DPO sees it");
    assert!(matches!(small_agent::declare(&stand.app, &dpo, false, reason).await, Err(Error::Forbidden(_))));
    // Nor does the database let the DPO, or anybody take a word back.
    let app_role = stand.database.connect(Role::App).await;
    app_role.execute("SELECT set_config('app.token', $1, false)", &[&dpo.token.expose()]).await.unwrap();
    for sql in [
        "INSERT INTO small_agent_declarations (small_agent, reason) VALUES (false, 'vinte caracteres ou mais')",
        "UPDATE small_agent_declarations SET small_agent = false",
        "DELETE FROM small_agent_declarations",
        "UPDATE security_incident_logs SET small_agent = true",
    ] {
        assert_eq!(app_role.execute(sql, &[]).await.unwrap_err().code().unwrap().code(), "42501", "{sql}");
    }
}

#[tokio::test]
async fn without_knowledge_there_is_no_clock_yet() {
    let stand = stand().await;
    let (app, who) = (&stand.app, &stand.session);
    let id = incident::register(app, who, &Report { knowledge_at: None, ..report() }).await.unwrap();
    let new = incident::open(app, who, id).await.unwrap();
    assert_eq!((new.anpd_deadline_at, new.supplement_deadline_at, new.subjects_deadline_at), (None, None, None));
}

#[tokio::test]
async fn a_drill_is_never_reported_and_cannot_become_real() {
    let stand = stand().await;
    let (app, who) = (&stand.app, &stand.session);
    let id = incident::register(app, who, &Report { drill: true, ..report() }).await.unwrap();
    incident::assess(app, who, id, 2, &assessment(Some(true), 12)).await.unwrap();
    incident::step(app, who, id, 3, Step::Anpd).await.unwrap();
    assert_eq!(stand.count("SELECT count(*) FROM security_incident_logs WHERE reported_to_anpd").await, 0);
    // Neither the kind of it, nor its clocks, nor the register itself are the application's to change.
    let app_role = stand.database.connect(Role::App).await;
    for sql in [
        "UPDATE security_incident_logs SET is_simulation = false",
        "UPDATE security_incident_logs SET anpd_deadline_at = now() + interval '1 year'",
        "DELETE FROM security_incident_logs",
    ] {
        let refused = app_role.execute(sql, &[]).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "42501", "{sql}");
    }
}

#[tokio::test]
async fn the_register_is_for_who_answers_for_the_clinic() {
    let stand = stand().await;
    let app = &stand.app;
    let id = incident::register(app, &stand.session, &report()).await.unwrap();
    let stranger = stand.stranger().await;
    assert_eq!(incident::open(app, &stranger, id).await.err(), Some(Error::NotFound));
    assert!(incident::list(app, &stranger).await.unwrap().is_empty());
    assert_eq!(incident::step(app, &stranger, id, 2, Step::Close).await.err(), Some(Error::NotFound));

    let (client, token) = (client(), Token::from_random(&[50; 32]));
    app.db()
        .sign_in(&client, async |tx: &SignInTx| -> Result<_, sigilo_store::Error> {
            let user = account::create(tx, true).await?;
            account::create_member(tx, stand.clinic, user.id, "Jussara Tavares", &["receptionist"]).await?;
            session::create(tx, &client, &token, user.id, stand.clinic, "passkey").await
        })
        .await
        .unwrap();
    let reception = Session { token, client };
    assert!(matches!(incident::list(app, &reception).await, Err(Error::Forbidden(_))));
    assert!(matches!(incident::register(app, &reception, &report()).await, Err(Error::Forbidden(_))));

    let future = Report { knowledge_at: Some(SystemClock.now() + Duration::days(1)), ..report() };
    let empty =
        Report { kind: "x".into(), severity: String::new(), description: "curto".into(), affected: None, ..report() };
    for (wrong, fields) in [(future, 1), (empty, 4)] {
        match incident::register(app, &stand.session, &wrong).await {
            Err(Error::Invalid(errors)) => assert_eq!(errors.len(), fields, "{errors:?}"),
            other => panic!("{other:?}"),
        }
    }
}
