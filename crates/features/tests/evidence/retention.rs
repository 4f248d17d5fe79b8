//! The trail past its time: it goes by two people's word, and a stranger can tell it from what was taken away.

use std::{fs, sync::Arc, time::Duration};

use sigilo_assistant::{
    provider,
    verify::{Policy, Settings as VerifySettings, Verifier},
};
use sigilo_domain::{Clock, SystemClock};
use sigilo_features::{
    App, Error, Settings, SignUp,
    answer::{Assistant, MemoryChecks},
    evidence::{decide_disposal, disposals, examine, propose_disposal},
};
use sigilo_proof::{
    Keyring,
    bundle::{Report, Verdict},
};
use sigilo_store::{Session, SignInTx, Token, account, server::Role, session};
use sigilo_testkit::{people::client, tokio_postgres::Client};
use time::Date;
use uuid::Uuid;

use crate::{
    offline::{policy_text, python},
    support::{Stand, key, sealer, stand},
    tamper::{GUARD, UNGUARD, bundle_of, check},
};

struct Old {
    stand: Stand,
    admin: Client,
    jobs: Client,
    app: App,
    second: Session,
    month: Date,
}

/// Puts the clock that sealing and retention go by so many months ahead.
async fn ahead(admin: &Client, months: u8) {
    for clock in ["app", "guard"] {
        let then = format!(
            "CREATE OR REPLACE FUNCTION {clock}.clock() RETURNS timestamptz LANGUAGE sql STABLE SET search_path = pg_catalog
             AS $$ SELECT now() + interval '{months} months' $$"
        );
        admin.batch_execute(&then).await.unwrap();
    }
    admin.execute("SELECT ops.ensure_partitions(3)", &[]).await.unwrap();
}

/// Some rows of both clinics and of nobody, sealed; and a second person in the first clinic.
async fn old() -> Old {
    let stand = stand().await;
    let token = Token::from_random(&[91; 32]);
    let client = client();
    let made = stand.db.sign_in(&client, async |tx: &SignInTx| -> Result<_, sigilo_store::Error> {
        let user = account::create(tx, true).await?;
        account::create_member(tx, stand.a.clinic, user.id, "Breno Sales", &["dpo"]).await?;
        session::create(tx, &client, &token, user.id, stand.a.clinic, "passkey").await
    });
    made.await.unwrap();
    stand.rows(Some(stand.a.clinic), 300).await;
    stand.rows(Some(stand.b.clinic), 5).await;
    stand.rows(None, 4).await;
    let verify = VerifySettings { policy: Policy::SomenteLocal, budget: Duration::from_secs(1), pubmed: None };
    let assistant = Assistant {
        provider: provider::build(&provider::Settings::Local).unwrap(),
        verifier: Arc::new(Verifier::new(verify, None, Arc::new(|| SystemClock.now())).unwrap()),
        memory: MemoryChecks::default(),
    };
    let settings = Settings {
        origin: "http://localhost:8080".parse().unwrap(),
        demo: false,
        version: "0",
        dpo_contact: None,
        sign_up: SignUp::Invited,
        oidc: None,
    };
    let keys = Keyring::new(&[7; 32]);
    let app = App::new(stand.db.clone(), keys, None, Arc::new(SystemClock), assistant, settings).unwrap();
    let admin = stand.database.superuser().await;
    let month = SystemClock.now().date().replace_day(1).unwrap();
    let old = Old {
        jobs: stand.database.connect(Role::Jobs).await,
        second: Session { token, client },
        admin,
        app,
        month,
        stand,
    };
    old.seal().await;
    old
}

impl Old {
    async fn seal(&self) {
        let mut sealer = sealer();
        sealer.round(&self.stand.db).await.unwrap();
        sealer.checkpoint(&self.stand.db, true).await.unwrap();
    }

    /// Runs the scheduler's job until there is nothing left of it; how much it did.
    async fn retain(&self) -> i64 {
        let mut total = 0;
        loop {
            let done: i64 = self.jobs.query_one("SELECT ops.retain_trail()", &[]).await.unwrap().get(0);
            total += done;
            if done == 0 {
                return total;
            }
        }
    }

    async fn rows_of(&self, clinic: Option<Uuid>) -> i64 {
        let of = "SELECT count(*) FROM audit_logs WHERE clinic_id IS NOT DISTINCT FROM $1 AND category <> 'retention'";
        self.admin.query_one(of, &[&clinic]).await.unwrap().get(0)
    }

    async fn approved(&self) -> i64 {
        let owner = &self.stand.a.session;
        let (months, _) = disposals(&self.app, owner).await.unwrap();
        propose_disposal(&self.app, owner, self.month).await.unwrap();
        let (_, proposed) = disposals(&self.app, owner).await.unwrap();
        decide_disposal(&self.app, &self.second, proposed[0].id, true).await.unwrap();
        months[0].may_go
    }

    async fn report(&self) -> Report {
        check(&bundle_of(&self.stand).await, &[])
    }

    async fn examined(&self) -> Vec<&'static str> {
        let found = examine(&self.stand.db, Some(&key().verifier_keys()[0])).await.unwrap();
        found.differences.iter().map(|difference| difference.code).collect()
    }
}

fn codes(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.code).collect()
}

#[tokio::test]
async fn a_month_goes_by_two_peoples_word_and_everything_still_verifies() {
    let old = old().await;
    let (owner, clinic) = (&old.stand.a.session, old.stand.a.clinic);
    // Fifty-nine months: nothing is due, and nobody can take it.
    ahead(&old.admin, 59).await;
    assert!(disposals(&old.app, owner).await.unwrap().0.is_empty());
    assert!(matches!(propose_disposal(&old.app, owner, old.month).await, Err(Error::Conflict(_))));
    let part = format!("trail.audit_logs_{:04}_{:02}", old.month.year(), u8::from(old.month.month()));
    let drop = format!("ALTER TABLE audit_logs DETACH PARTITION {part}; DROP TABLE {part}");
    for who in [&old.admin, &old.stand.database.connect(Role::Owner).await] {
        let refused = who.batch_execute(&drop).await.unwrap_err();
        assert_eq!(refused.code().map(|code| code.code()), Some("42501"), "{refused:?}");
    }
    assert_eq!(old.retain().await, 0);

    ahead(&old.admin, 62).await;
    let (months, none) = disposals(&old.app, owner).await.unwrap();
    let due = &months[0];
    assert_eq!((months.len(), due.month, none.len()), (1, old.month, 0));
    assert!(due.may_go >= 300 && due.last_word > 0, "{due:?}");
    // One proposes, another approves; not twice, and not the same.
    propose_disposal(&old.app, owner, old.month).await.unwrap();
    assert!(matches!(propose_disposal(&old.app, &old.second, old.month).await, Err(Error::Conflict(_))));
    let id = disposals(&old.app, owner).await.unwrap().1[0].id;
    assert!(matches!(decide_disposal(&old.app, owner, id, true).await, Err(Error::Conflict(_))));
    let other = decide_disposal(&old.app, &old.stand.b.session, id, true).await;
    assert_eq!(other, Err(Error::NotFound), "another clinic's");
    assert_eq!(old.retain().await, 1, "what is nobody's is declared by the rule alone");
    decide_disposal(&old.app, &old.second, id, true).await.unwrap();

    // Declared, and still there: what is not sealed and shown to others moves nothing.
    let before = (old.rows_of(Some(clinic)).await, old.rows_of(Some(old.stand.b.clinic)).await);
    old.retain().await;
    assert_eq!(old.rows_of(Some(clinic)).await, before.0 + 1, "the disposal's own change");
    assert!(matches!(decide_disposal(&old.app, &old.second, id, false).await, Err(Error::Conflict(_))), "too late");
    sealer().round(&old.stand.db).await.unwrap().unwrap();
    assert_eq!(old.retain().await, 0, "no checkpoint yet");
    old.admin.batch_execute("INSERT INTO trail.witnesses (name, verifier_key) VALUES ('t', 'k')").await.unwrap();
    sealer().checkpoint(&old.stand.db, true).await.unwrap().unwrap();
    assert_eq!(old.retain().await, 0, "no witness has seen it");
    old.admin.batch_execute("DELETE FROM trail.witnesses").await.unwrap();
    let (details, headers) = (
        "SELECT count(*) FROM trail.audit_details d WHERE NOT EXISTS (SELECT FROM audit_logs a WHERE a.seq = d.seq)",
        "SELECT count(*) FROM audit_trail t WHERE NOT EXISTS (SELECT FROM audit_logs a WHERE a.audit_trail_id = t.id)",
    );
    assert_eq!(old.retain().await, due.may_go + 4 + 3, "the rows, and the three tables that held them");
    assert_eq!(old.rows_of(Some(clinic)).await, before.0 + 2 - due.may_go);
    assert_eq!(old.rows_of(Some(old.stand.b.clinic)).await, before.1, "the other clinic decided nothing");
    assert_eq!(old.rows_of(None).await, 4, "the last words on the texts that belong to no clinic");
    for orphans in [details, headers] {
        let left: i64 = old.admin.query_one(orphans, &[]).await.unwrap().get(0);
        assert_eq!(left, 0, "{orphans}");
    }
    let (months, done) = disposals(&old.app, owner).await.unwrap();
    assert_eq!((done[0].status.as_str(), done[0].declared_rows), ("done", Some(due.may_go)));
    assert_eq!(months[0].may_go, 0);
    assert_eq!(old.retain().await, 0, "nothing is left of it");

    // Whoever looks finds everything in order: outside, with another program, inside, and every guard in its place.
    old.seal().await;
    let report = old.report().await;
    assert_eq!((report.verdict, codes(&report)), (Verdict::Valid, vec![]));
    assert_eq!(report.facts.expired, due.may_go.unsigned_abs());
    let folder = tempfile::tempdir().unwrap();
    let (bundle, policy) = (folder.path().join("provas.tar"), folder.path().join("politica"));
    fs::write(&bundle, bundle_of(&old.stand).await).unwrap();
    fs::write(&policy, policy_text()).unwrap();
    let (code, said) = python(&bundle, &policy);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(old.examined().await, Vec::<&str>::new());
    let refused = old.admin.batch_execute(&drop).await.unwrap_err();
    assert_eq!(refused.code().map(|code| code.code()), Some("42501"), "what stays is still guarded");

    // One row more than was declared.
    old.admin.batch_execute(UNGUARD).await.unwrap();
    let one = "DELETE FROM audit_logs WHERE seq = (SELECT max(seq) FROM audit_logs WHERE clinic_id = $1 AND category = 'data')";
    assert_eq!(old.admin.execute(one, &[&clinic]).await.unwrap(), 1);
    old.admin.batch_execute(GUARD).await.unwrap();
    assert_eq!(codes(&old.report().await), ["leaf_deleted"]);
    assert!(old.examined().await.contains(&"leaf_deleted"));
    fs::write(&bundle, bundle_of(&old.stand).await).unwrap();
    assert_eq!(python(&bundle, &policy).0, Some(1));
}

#[tokio::test]
async fn a_hold_keeps_what_was_already_declared() {
    let old = old().await;
    let own = "SELECT app.log_access($1, $2, NULL, 'failed_login', 'unknown_account', NULL) FROM generate_series(1, 7)";
    old.stand.auth().await.execute(own, &[&old.stand.a.clinic, &old.stand.a.user]).await.unwrap();
    old.seal().await;
    ahead(&old.admin, 62).await;
    let going = old.approved().await;
    old.retain().await;
    old.seal().await;
    // The doctor's own rows are wanted by a court.
    let hold = "INSERT INTO legal_holds (clinic_id, subject_id, basis, reason, review_on, placed_by)
                SELECT $1, $2, 'authority', 'Ofício 12/2032: manter tudo.', current_date + 30, user_id
                  FROM members WHERE clinic_id = $1 AND user_id <> $2";
    old.admin.execute("SET session_replication_role = replica", &[]).await.unwrap();
    assert_eq!(old.admin.execute(hold, &[&old.stand.a.clinic, &old.stand.a.user]).await.unwrap(), 1);
    let (months, _) = disposals(&old.app, &old.stand.a.session).await.unwrap();
    let held = months[0].legal_hold;
    assert!(held >= 7);
    let before = old.rows_of(Some(old.stand.a.clinic)).await;
    old.retain().await;
    let gone = before + 1 - old.rows_of(Some(old.stand.a.clinic)).await;
    let status: String = old.admin.query_one("SELECT status FROM trail_disposals", &[]).await.unwrap().get(0);
    assert_eq!(status, "done");
    assert!(gone > 0 && gone <= going - 7, "{gone} of {going}, {held} held");
    old.seal().await;
    let report = old.report().await;
    assert_eq!((report.verdict, report.facts.expired), (Verdict::Valid, gone.unsigned_abs()), "{:?}", report.findings);
}

/// Whoever rules the database can write a declaration; not five years earlier.
#[tokio::test]
async fn a_declaration_of_young_rows_is_found() {
    let old = old().await;
    let forged = |at: &str| {
        format!(
            "INSERT INTO audit_logs (clinic_id, action, action_type, resource_type, resource_id, details, category, created_at)
             VALUES ($1, 'trail_retention', 'delete', 'audit_logs', '2026-11', '{{\"ranges\": [[5, 6]]}}', 'retention', {at})"
        )
    };
    ahead(&old.admin, 48).await;
    old.admin.execute(&forged("app.clock()"), &[&old.stand.a.clinic]).await.unwrap();
    old.seal().await;
    old.admin.batch_execute(UNGUARD).await.unwrap();
    let delete =
        "DELETE FROM audit_logs WHERE seq = (SELECT h.seqs[6 - (h.size - cardinality(h.seqs))] FROM trail.heads h
                   WHERE h.log_id = $1 AND h.size > 5 AND h.size - cardinality(h.seqs) <= 5)";
    assert_eq!(old.admin.execute(delete, &[&old.stand.a.clinic]).await.unwrap(), 1);
    old.admin.batch_execute(GUARD).await.unwrap();
    assert_eq!(codes(&old.report().await), ["retention_early"]);
    assert!(old.examined().await.contains(&"leaf_deleted"));
    // Dated later than it is sealed.
    old.admin.execute("SELECT ops.ensure_partitions(36)", &[]).await.unwrap();
    old.admin.execute(&forged("app.clock() + interval '2 years'"), &[&old.stand.a.clinic]).await.unwrap();
    old.seal().await;
    let found = codes(&old.report().await);
    assert!(found.contains(&"retention_ahead") && found.contains(&"retention_early"), "{found:?}");
    let folder = tempfile::tempdir().unwrap();
    let (bundle, policy) = (folder.path().join("provas.tar"), folder.path().join("politica"));
    fs::write(&bundle, bundle_of(&old.stand).await).unwrap();
    fs::write(&policy, policy_text()).unwrap();
    let (code, said) = python(&bundle, &policy);
    assert!(code == Some(1) && said.contains("leaf 5: the row was deleted"), "{said}");
}

#[tokio::test]
async fn sign_ins_go_after_a_year_unless_an_authority_holds_them() {
    let old = old().await;
    let count = async || -> i64 { old.admin.query_one("SELECT count(*) FROM access_logs", &[]).await.unwrap().get(0) };
    let run = async || -> i64 { old.jobs.query_one("SELECT ops.drop_access_logs()", &[]).await.unwrap().get(0) };
    let before = count().await;
    ahead(&old.admin, 12).await;
    assert_eq!((run().await, count().await), (0, before), "the month is not wholly a year old");
    ahead(&old.admin, 14).await;
    old.admin.execute("SET session_replication_role = replica", &[]).await.unwrap();
    let hold = "INSERT INTO legal_holds (clinic_id, subject_id, basis, reason, review_on, placed_by)
                VALUES ($1, $2, 'authority', 'Ofício 12/2027: manter tudo.', current_date + 30, gen_random_uuid())";
    old.admin.execute(hold, &[&old.stand.a.clinic, &old.stand.a.user]).await.unwrap();
    assert_eq!((run().await, count().await), (0, before));
    old.admin.execute("DELETE FROM legal_holds", &[]).await.unwrap();
    assert!(run().await >= 1);
    assert_eq!(count().await, 0);
}
