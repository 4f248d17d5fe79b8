//! Requests that nobody moves: found by the sweep, told once, in front at the desk.
#![allow(clippy::unwrap_used)]

mod support;

use sigilo_assistant::provider::Stop;
use sigilo_domain::SubjectRight;
use sigilo_features::{rights, rights::Request, rights::Show};
use sigilo_store::{Session, job, server::Role};
use support::{Script, Scripted, Stand, colleague, document};
use uuid::Uuid;

struct Desk {
    stand: Stand,
    dpo: Session,
    doctor: Session,
}

async fn desk() -> Desk {
    let stand = Stand::new(Scripted::new(Script::Say(document(), Stop::Complete))).await;
    let dpo = colleague(&stand, "Breno Alcântara Dias", &["dpo"], 40).await.1;
    let doctor = colleague(&stand, "Dra. Célia Montenegro", &["professional"], 41).await.1;
    Desk { stand, dpo, doctor }
}

impl Desk {
    /// Lets time pass over all requests and plans, and over the scheduler's memory of its runs.
    async fn pass(&self, time: &str) {
        let raw = self.stand.database.superuser().await;
        let shift = format!(
            "SET session_replication_role = replica;
             UPDATE data_subject_requests SET created_at = created_at - interval '{time}', requested_at = requested_at - interval '{time}',
                    deadline_at = deadline_at - interval '{time}', legal_deadline_at = legal_deadline_at - interval '{time}';
             UPDATE fulfilment_plans SET drafted_at = drafted_at - interval '{time}', approved_at = approved_at - interval '{time}',
                    started_at = started_at - interval '{time}', executed_at = executed_at - interval '{time}';
             UPDATE ops.job_runs SET started_at = started_at - interval '{time}'"
        );
        raw.batch_execute(&shift).await.unwrap();
    }

    async fn sweep(&self) {
        job::run_due(self.stand.app.db()).await.unwrap();
        assert_eq!(self.stand.count("SELECT count(*) FROM ops.job_runs WHERE outcome = 'failed'").await, 0);
    }

    async fn listed(&self) -> Vec<Request> {
        rights::list(&self.stand.app, &self.dpo, Show::Open, None).await.unwrap()
    }

    /// The alerts in a request's history.
    async fn alerts(&self, id: Uuid) -> Vec<String> {
        let events = rights::open(&self.stand.app, &self.dpo, id).await.unwrap().events;
        let alert = |kind: &String| kind.starts_with("stuck_") || kind == "overdue";
        events.into_iter().map(|event| event.kind).filter(alert).collect()
    }

    async fn ask(&self, right: SubjectRight) -> Uuid {
        rights::ask(&self.stand.app, &self.doctor, right, "O nome no cadastro está errado.").await.unwrap().0
    }

    async fn set(&self, sql: &str) {
        let raw = self.stand.database.superuser().await;
        raw.batch_execute(&format!("SET session_replication_role = replica; {sql}")).await.unwrap();
    }
}

#[tokio::test]
async fn nobody_took_it_up_for_three_business_days() {
    let desk = desk().await;
    let app = &desk.stand.app;
    let id = desk.ask(SubjectRight::Correction).await;
    desk.pass("1 day").await;
    desk.sweep().await;
    assert!(desk.alerts(id).await.is_empty(), "not yet");
    // Three business days, whichever day it is, are over after six days.
    desk.pass("5 days 1 minute").await;
    let newer = desk.ask(SubjectRight::Access).await;
    desk.sweep().await;
    assert_eq!(desk.alerts(id).await, ["stuck_pending"]);
    desk.pass("20 minutes").await;
    desk.sweep().await;
    assert_eq!(desk.alerts(id).await, ["stuck_pending"], "once, however often it runs");
    assert!(desk.alerts(newer).await.is_empty());
    let listed = desk.listed().await;
    assert_eq!((listed[0].id, listed[0].stall.as_deref()), (id, Some("stuck_pending")));
    assert_eq!((listed[1].id, listed[1].stall.as_deref()), (newer, None), "what stands still is in front");
    // Taken up, it stands still no more; its history keeps that it did.
    rights::take_up(app, &desk.dpo, id, 1).await.unwrap();
    assert!(desk.listed().await.iter().all(|one| one.stall.is_none()));
    assert_eq!(desk.alerts(id).await, ["stuck_pending"]);
}

#[tokio::test]
async fn past_the_earlier_deadline() {
    let desk = desk().await;
    let app = &desk.stand.app;
    let (access, correction) = (desk.ask(SubjectRight::Access).await, desk.ask(SubjectRight::Correction).await);
    for id in [access, correction] {
        rights::take_up(app, &desk.dpo, id, 1).await.unwrap();
    }
    // Fifteen calendar days are over, fifteen business days are not.
    desk.pass("15 days 1 hour").await;
    desk.sweep().await;
    assert_eq!(desk.alerts(access).await, ["overdue"]);
    assert!(desk.alerts(correction).await.is_empty());
    let late = rights::list(app, &desk.dpo, Show::Late, None).await.unwrap();
    assert_eq!(late.iter().map(|one| one.id).collect::<Vec<_>>(), [access]);
    let by_right = rights::list(app, &desk.dpo, Show::Open, Some(SubjectRight::Correction)).await.unwrap();
    assert_eq!(by_right.iter().map(|one| one.id).collect::<Vec<_>>(), [correction]);
    rights::answer(app, &desk.dpo, access, 2, "Os dados foram entregues.").await.unwrap();
    assert_eq!(desk.listed().await.len(), 1);
    assert_eq!(rights::list(app, &desk.dpo, Show::All, None).await.unwrap().len(), 2);
    assert!(rights::list(app, &desk.dpo, Show::Late, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn approved_and_not_executed_executed_and_not_closed() {
    let desk = desk().await;
    let app = &desk.stand.app;
    rights::delete_account(app, &desk.doctor, "EXCLUIR").await.unwrap();
    let id = desk.listed().await[0].id;
    rights::take_up(app, &desk.dpo, id, 1).await.unwrap();
    rights::draft(app, &desk.dpo, id).await.unwrap();
    // As if the work had stopped: the job passes by a plan that somebody else holds.
    let raw = desk.stand.database.superuser().await;
    let hold = "BEGIN; SET LOCAL session_replication_role = replica;
        UPDATE fulfilment_plans SET status = 'running', approved_by = drafted_by, approved_at = now() - interval '50 minutes', started_at = now();
        COMMIT; BEGIN; SELECT * FROM fulfilment_plans FOR UPDATE";
    raw.batch_execute(hold).await.unwrap();
    desk.sweep().await;
    assert!(desk.alerts(id).await.is_empty(), "not an hour yet");
    raw.batch_execute("ROLLBACK").await.unwrap();
    desk.set("UPDATE fulfilment_plans SET approved_at = now() - interval '61 minutes'; UPDATE ops.job_runs SET started_at = started_at - interval '11 minutes' WHERE job = 'sweep_requests'").await;
    raw.batch_execute("BEGIN; SELECT * FROM fulfilment_plans FOR UPDATE").await.unwrap();
    desk.sweep().await;
    assert_eq!(desk.alerts(id).await, ["stuck_approved"]);
    assert_eq!(desk.listed().await[0].stall.as_deref(), Some("stuck_approved"));
    raw.batch_execute("ROLLBACK").await.unwrap();

    // Carried out by the job, and nobody signs the receipt.
    desk.set("UPDATE ops.job_runs SET started_at = started_at - interval '11 minutes'").await;
    desk.sweep().await;
    assert_eq!(desk.stand.text("SELECT status FROM fulfilment_plans").await, "executed");
    assert_eq!(desk.alerts(id).await, ["stuck_approved"]);
    desk.pass("11 minutes").await;
    desk.sweep().await;
    assert_eq!(desk.alerts(id).await, ["stuck_approved", "stuck_executed"]);
    assert_eq!(rights::close_due(app).await.unwrap(), 1);
    assert!(desk.listed().await.is_empty());
}

#[tokio::test]
async fn the_sweep_reads_clocks_and_writes_alerts_and_nothing_else() {
    let desk = desk().await;
    desk.ask(SubjectRight::Correction).await;
    let jobs = desk.stand.database.connect(Role::Jobs).await;
    assert!(jobs.query("SELECT description FROM data_subject_requests", &[]).await.is_err(), "not a word of it");
    assert_eq!(jobs.query("SELECT id, alert_at FROM data_subject_requests", &[]).await.unwrap().len(), 1);
    let forged = "INSERT INTO request_events (clinic_id, request_id, kind) SELECT clinic_id, id, 'completed' FROM data_subject_requests";
    assert!(jobs.execute(forged, &[]).await.is_err(), "only its own alerts");
    let untouched =
        jobs.execute("UPDATE data_subject_requests SET status = 'completed', outcome_note = 'x'", &[]).await;
    assert!(untouched.is_err() || untouched.unwrap() == 0, "no request without an executed plan");
    assert_eq!(desk.stand.text("SELECT status FROM data_subject_requests").await, "pending");
}
