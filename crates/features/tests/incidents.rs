//! Incidents: the clocks, what must be there before it is told, and who may not touch the register.
#![allow(clippy::unwrap_used)]

mod support;

use sigilo_assistant::provider::Stop;
use sigilo_domain::{Clock, SystemClock, incident::CONTENTS};
use sigilo_features::{
    Error,
    incident::{self, Assessment, Report, Step},
};
use sigilo_store::{Session, SignInTx, Token, account, server::Role, session};
use sigilo_testkit::people::client;
use support::{Script, Scripted, Stand, document};
use time::{Duration, OffsetDateTime};

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
    assert!((3..=5).contains(&days(new.anpd_deadline_at)) && days(new.supplement_deadline_at) == 28, "{new:?}");
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
