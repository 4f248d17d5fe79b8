//! The simulation of an audit and the report on it.
#![allow(clippy::unwrap_used)]

mod support;

use sigilo_assistant::provider::{Failure, Stop};
use sigilo_domain::{Clock, SystemClock, audit_query::Level};
use sigilo_features::{
    Error,
    report::{self, Form, Wanted},
    simulation::{self, Play},
};
use sigilo_store::{Session, SignInTx, Token, account, console, session};
use sigilo_testkit::people::client;
use support::{Script, Scripted, Stand, document};
use time::Duration;
use uuid::Uuid;

async fn stand() -> Stand {
    Stand::new(Scripted::new(Script::Say(document(), Stop::Complete))).await
}

/// A DPO of the stand's clinic under a live grant.
async fn dpo(stand: &Stand) -> Session {
    let (client, token) = (client(), Token::from_random(&[90; 32]));
    stand
        .app
        .db()
        .sign_in(&client, async |tx: &SignInTx| -> Result<_, sigilo_store::Error> {
            let user = account::create(tx, true).await?;
            account::create_member(tx, stand.clinic, user.id, "Breno Alcântara Dias", &["dpo"]).await?;
            session::create(tx, &client, &token, user.id, stand.clinic, "passkey").await?;
            console::grant_as_operator(tx, stand.clinic, user.id, "Auditoria de teste", 5).await
        })
        .await
        .unwrap();
    Session { token, client }
}

#[tokio::test]
async fn the_eight_demonstrations_pass_and_leave_proofs_alone() {
    let stand = stand().await;
    let before = stand.count("SELECT count(*) FROM clinics").await;
    let mut play = Play::begin(&stand.app, &client()).await.unwrap();
    assert_eq!(play.level(), Level::Problem, "nothing was shown yet");
    while play.next(&stand.app).await.is_some() {}
    let shown = play.demonstrations();
    let wrong: Vec<String> = shown
        .iter()
        .flat_map(|one| &one.stages)
        .filter(|stage| matches!(stage.finding.level, Level::Problem | Level::Attention))
        .map(|stage| format!("{} → {}: {:?}", stage.done, stage.finding.sentence, stage.evidence))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!((shown.len(), play.level()), (8, Level::Ok));
    assert!(shown.iter().all(|one| one.stages.len() >= 3 && !one.article.is_empty()));
    let with_rows = shown.iter().flat_map(|one| &one.stages).filter(|stage| stage.evidence.is_some()).count();
    assert!(with_rows >= 25, "{with_rows}");

    // Its own clinic, apart from everybody's, with a deleted doctor and a signed receipt.
    let [clinic, _] = play.clinics();
    assert_eq!(stand.count("SELECT count(*) FROM clinics").await, before + 2);
    assert_eq!(stand.count(&format!("SELECT count(*) FROM messages WHERE clinic_id = '{clinic}'")).await, 0);
    assert!(stand.count(&format!("SELECT count(*) FROM anonymization_logs WHERE clinic_id = '{clinic}'")).await > 0);
    assert_eq!(stand.count("SELECT count(*) FROM audit_logs WHERE details::text LIKE '%123.456%'").await, 0);
    let open = format!(
        "SELECT count(*) FROM auth.sessions s JOIN members m USING (user_id) WHERE m.clinic_id = '{clinic}' AND s.ended_at IS NULL"
    );
    assert_eq!(
        stand.count(&open).await,
        3,
        "owner, DPO and colleague; the doctor was signed out by deleting her account"
    );
    play.close(&stand.app).await;
    assert_eq!(stand.count(&open).await, 0);
}

#[tokio::test]
async fn a_silent_model_is_a_problem_and_not_the_end() {
    let stand = Stand::new(Scripted::new(Script::Fail(vec![], Failure::Unauthorised))).await;
    let mut play = Play::begin(&stand.app, &client()).await.unwrap();
    while play.next(&stand.app).await.is_some() {}
    let levels: Vec<Level> = play.demonstrations().iter().map(|one| one.finding.level).collect();
    assert_eq!(levels.len(), 8);
    assert_eq!(levels[4], Level::Problem, "no answer, no explanation");
    assert_eq!((levels[0], levels[2], levels[5]), (Level::Ok, Level::Ok, Level::Ok), "the rest goes on");
    assert_eq!(play.level(), Level::Problem);
}

#[tokio::test]
async fn one_runs_at_a_time_and_only_for_who_answers_for_the_clinic() {
    let stand = stand().await;
    let (app, who) = (&stand.app, &stand.session);
    let front = {
        let (client, token) = (client(), Token::from_random(&[91; 32]));
        app.db()
            .sign_in(&client, async |tx: &SignInTx| -> Result<_, sigilo_store::Error> {
                let user = account::create(tx, true).await?;
                account::create_member(tx, stand.clinic, user.id, "Jussara Tavares", &["receptionist"]).await?;
                session::create(tx, &client, &token, user.id, stand.clinic, "passkey").await.map(drop)
            })
            .await
            .unwrap();
        Session { token, client }
    };
    assert!(matches!(simulation::start(app, &front).await, Err(Error::Forbidden(_))));
    assert!(simulation::recent(app, &front).await.unwrap().is_empty());

    let (one, two) = tokio::join!(simulation::start(app, who), simulation::start(app, who));
    let ids: Vec<Uuid> = [&one, &two].into_iter().filter_map(|result| result.as_ref().ok().copied()).collect();
    assert!(matches!([one, two].into_iter().find_map(Result::err), Some(Error::Conflict(_))), "one of them");
    let id = ids[0];
    stand.until("SELECT count(*) FROM audit_simulations WHERE finished_at IS NOT NULL", 1).await;
    let shown = simulation::one(app, who, id).await.unwrap();
    assert_eq!((shown.row.outcome.as_deref(), shown.demonstrations.len(), shown.runs()), (Some("ok"), 8, false));
    let stranger = stand.stranger().await;
    assert_eq!(simulation::one(app, &stranger, id).await.err(), Some(Error::NotFound));
    assert!(simulation::recent(app, &stranger).await.unwrap().is_empty());

    // What a stopped server left behind does not stand in the way for ever.
    let again = stand.database.superuser().await;
    again
        .batch_execute(
            "ALTER TABLE audit_simulations DISABLE TRIGGER stamp;
             INSERT INTO audit_simulations (clinic_id, user_id, product_version, moved_at)
             SELECT clinic_id, user_id, '0', now() - interval '6 minutes' FROM audit_simulations;
             ALTER TABLE audit_simulations ENABLE TRIGGER stamp",
        )
        .await
        .unwrap();
    let left = simulation::recent(app, who).await.unwrap();
    assert!(left.iter().any(|one| !one.runs() && one.row.outcome.is_none()), "shown as interrupted");
    simulation::start(app, who).await.unwrap();
    assert_eq!(stand.count("SELECT count(*) FROM audit_simulations WHERE detail LIKE '%interrompida%'").await, 1);
    stand.until("SELECT count(*) FROM audit_simulations WHERE finished_at IS NULL", 0).await;
}

#[tokio::test]
async fn a_report_is_issued_kept_and_recognised() {
    let stand = stand().await;
    let (app, owner) = (&stand.app, &stand.session);
    let id = stand.send("Febre há 3 dias").await.answer.unwrap();
    stand.hear(id).await;
    assert!(matches!(report::issue(app, owner, &Wanted::default()).await, Err(Error::Forbidden(_))), "no grant");
    let auditor = dpo(&stand).await;
    let simulated = simulation::start(app, &auditor).await.unwrap();
    let early = Wanted { simulation: Some(simulated), ..Wanted::default() };
    assert!(matches!(report::issue(app, &auditor, &early).await, Err(Error::Invalid(_))), "not over yet");
    stand.until("SELECT count(*) FROM audit_simulations WHERE finished_at IS NOT NULL", 1).await;

    let today = SystemClock.now().date();
    for (from, to) in
        [(today + Duration::days(3), today), (today - Duration::days(500), today), (today, today + Duration::days(3))]
    {
        let wrong = Wanted { from: Some(from), to: Some(to), simulation: None };
        assert!(matches!(report::issue(app, &auditor, &wrong).await, Err(Error::Invalid(_))), "{from} {to}");
    }
    let runs = stand.count("SELECT count(*) FROM audit_console_runs").await;
    let id = report::issue(app, &auditor, &early).await.unwrap();
    assert!(stand.count("SELECT count(*) FROM audit_console_runs").await >= runs + 37, "each question is recorded");

    let issued = report::recent(app, owner).await.unwrap();
    let hashes = issued[0].hashes.clone().unwrap();
    assert_eq!((issued.len(), issued[0].forms.as_ref().unwrap().len()), (1, 3));
    assert_eq!(issued[0].queries_problem, 0);
    let stranger = stand.stranger().await;
    for form in Form::ALL {
        let content = report::file(app, owner, id, form).await.unwrap();
        let hash = sigilo_report::digest(&content);
        assert!(hashes.contains(&hash), "the database's own hash is the file's");
        let known = report::known(app, &client(), &format!(" {} ", hash.to_uppercase())).await.unwrap().unwrap();
        assert_eq!((known.form.as_deref(), known.report_id), (Some(form.code()), Some(id)));
        assert_eq!(
            report::known(app, &client(), &sigilo_report::digest(&[&content[..], b" "].concat())).await.unwrap(),
            None
        );
        assert_eq!(report::file(app, &stranger, id, form).await.err(), Some(Error::NotFound));
    }
    assert!(matches!(report::known(app, &client(), "não é um resumo").await, Err(Error::Invalid(_))));
    let data = String::from_utf8(report::file(app, owner, id, Form::Json).await.unwrap()).unwrap();
    assert!(data.contains("[CPF REMOVIDO]") && !data.contains("Alba Norte"), "names of real members are hidden");
    let read: sigilo_report::Report = serde_json::from_str(&data).unwrap();
    assert_eq!((read.queries.len(), read.demonstrations.len()), (34, 8));
    // The same data, drawn again by anybody, is the same file.
    let again = sigilo_report::render(&read).unwrap();
    assert!(again.pdf == report::file(app, owner, id, Form::Pdf).await.unwrap());

    for forged in [
        "UPDATE audit_report_files SET content = 'x'",
        "DELETE FROM audit_report_files",
        "UPDATE audit_reports SET queries_problem = 0",
        "DELETE FROM audit_reports",
    ] {
        let app_role = stand.database.connect(sigilo_store::server::Role::App).await;
        assert!(app_role.batch_execute(forged).await.is_err(), "{forged}");
    }
}
