//! A deletion that is final: held while the law says so, and afterwards neither the trail nor a copy brings anybody back.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use sigilo_assistant::provider::Stop;
use sigilo_domain::{Clock, SystemClock};
use sigilo_features::{
    App, Error, console,
    console::GrantForm,
    evidence::{Sealer, examine, new_image_key, open_images},
    rights,
    rights::{Show, Verified, verify},
};
use sigilo_proof::{
    Keyring,
    checkpoint::LogKey,
    envelope::{LocalRoot, Place},
};
use sigilo_store::{
    Db, Session, job,
    keystore::{KeyError, Keystore, Limits, Subject},
    rights::destroyed,
    server::Role,
};
use sigilo_testkit::{TestKeystore, people::client};
use support::{Script, Scripted, Stand, colleague, document};
use time::{Date, Duration};
use uuid::Uuid;

const PHONE: Place<'_> = Place { table: "public.members", column: "phone" };

/// A clinic with a keystore whose trail keeps images; its owner is to be deleted, and others decide.
struct Clinic {
    stand: Stand,
    keystore: TestKeystore,
    app: App,
    dpo: Session,
    second: Session,
    other: Subject,
}

async fn open(keystore: &TestKeystore, destroyed: &[Subject]) -> Keystore {
    let root = Arc::new(LocalRoot::new(&[7; 32]));
    Keystore::open(&keystore.urls().keys, root, &Limits::default(), destroyed).await.unwrap()
}

async fn clinic() -> Clinic {
    let stand = Stand::new(Scripted::new(Script::Say(document(), Stop::Complete))).await;
    let keystore = TestKeystore::fresh().await;
    let (key, sealed) = new_image_key(&Keyring::new(&[7; 32]));
    let admin = stand.database.superuser().await;
    admin.execute("INSERT INTO ops.image_keys (id, key_sealed) VALUES ($1, $2)", &[&key.id(), &sealed]).await.unwrap();
    let app = App::new(
        Db::with_images(stand.database.urls(), 6, Some(key)).unwrap(),
        Keyring::new(&[7; 32]),
        Some(open(&keystore, &[]).await),
        Arc::new(SystemClock),
        stand.app.assistant().clone(),
        stand.app.settings().clone(),
    )
    .unwrap();
    let stand = Stand { app: app.clone(), ..stand };
    let id = stand.send("Febre há 3 dias").await.answer.unwrap();
    stand.hear(id).await;
    let dpo = colleague(&stand, "Breno Alcântara Dias", &["dpo"], 40).await;
    let second = colleague(&stand, "Helena Prado", &["owner"], 42).await;
    let other = Subject { clinic: stand.clinic, subject: dpo.0 };
    Clinic { stand, keystore, app, dpo: dpo.1, second: second.1, other }
}

impl Clinic {
    fn subject(&self) -> Subject {
        Subject { clinic: self.stand.clinic, subject: self.stand.user }
    }

    fn keys(&self) -> &Keystore {
        self.app.keystore().unwrap()
    }

    /// A request for deletion with a plan that waits for its second look. The request, and the link to follow it.
    async fn planned(&self) -> (Uuid, String) {
        let link = rights::delete_account(&self.app, &self.stand.session, "EXCLUIR").await.unwrap();
        let id = rights::list(&self.app, &self.dpo, Show::Open, None).await.unwrap()[0].id;
        rights::take_up(&self.app, &self.dpo, id, 1).await.unwrap();
        rights::draft(&self.app, &self.dpo, id).await.unwrap();
        (id, link.expose().to_owned())
    }

    async fn closed(&self) {
        self.stand.until("SELECT count(*) FROM fulfilment_plans WHERE status = 'closed'", 1).await;
    }
}

fn in_days(days: i64) -> Option<Date> {
    Some((SystemClock.now() + Duration::days(days)).to_offset(sigilo_domain::BRASILIA).date())
}

#[tokio::test]
async fn neither_the_trail_nor_a_copy_brings_anybody_back() {
    let clinic = clinic().await;
    let (stand, app) = (&clinic.stand, &clinic.app);
    clinic.keys().create_clinic(stand.clinic).await.unwrap();
    for person in [clinic.subject(), clinic.other] {
        clinic.keys().create(person).await.unwrap();
    }
    let hers = clinic.keys().seal(clinic.subject(), PHONE, b"+5511987654321").await.unwrap();
    let others = clinic.keys().seal(clinic.other, PHONE, b"+5511912345678").await.unwrap();
    // What the keystore holds before: a copy that somebody will put back.
    let copy: Vec<(Uuid, Vec<u8>, i32)> = clinic
        .keystore
        .superuser()
        .await
        .query("SELECT subject_id, wrapped, kek_version FROM subject_keys", &[])
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    let mut sealer = Sealer::new(LogKey::from_seed("sigilo.example/trilha", &[9; 32]).unwrap());
    while sealer.round(app.db()).await.unwrap().is_some() {}
    let message = stand.count("SELECT min(seq) FROM audit_logs WHERE resource_type = 'messages'").await;
    let said = "SELECT count(*) FROM trail.audit_details d JOIN audit_logs a USING (seq, created_at)
                 WHERE a.resource_type IN ('messages', 'conversations') AND num_nonnulls(d.old_image, d.new_image, d.salt) > 0";
    assert!(stand.count(said).await >= 3);

    let (id, link) = clinic.planned().await;
    rights::approve(app, &clinic.second, id).await.unwrap();
    clinic.closed().await;

    // What was sealed for her opens no longer, in this process or another; what is others' does.
    assert!(matches!(clinic.keys().open_cell(clinic.subject(), PHONE, &hers).await, Err(KeyError::Destroyed)));
    assert_eq!(clinic.keys().open_cell(clinic.other, PHONE, &others).await.unwrap().as_slice(), b"+5511912345678");
    // The receipt says when, and how many of the trail's images went.
    let followed = rights::follow(app, &client(), &link).await.unwrap();
    let receipt = rights::Receipt {
        receipt: followed.receipt.unwrap(),
        signature: followed.receipt_signature.unwrap(),
        key: rights::public_key(app).unwrap(),
    };
    assert_eq!(verify(&receipt.document(), None), Verified::Yes);
    assert!(receipt.receipt["chaves_destruidas_em"].is_string(), "{}", receipt.receipt);
    assert!(receipt.receipt["apagado"]["audit_details"].as_i64() >= Some(5), "{}", receipt.receipt);
    // The trail keeps nothing of what the deleted records said, and her name only where nobody reads it.
    assert_eq!(stand.count(said).await, 0);
    let names = format!(
        "SELECT count(*) FROM trail.audit_details d JOIN audit_logs a USING (seq, created_at)
          WHERE a.resource_type IN ('members', 'profiles') AND a.resource_id = '{}' AND d.old_image IS NOT NULL",
        stand.user
    );
    assert_eq!(stand.count(&names).await, 0);
    let (auditor_id, auditor) = colleague(stand, "Ana Auditora", &["auditor"], 33).await;
    let form = GrantForm { to: Some(auditor_id), days: Some(3), purpose: "Auditoria de teste".into() };
    console::give(app, &clinic.second, &form).await.unwrap();
    let shown = open_images(app, &auditor, message, "ver o que dizia").await;
    assert!(matches!(shown, Err(Error::Conflict(sentence)) if sentence.contains("eliminado")), "{shown:?}");
    // And all of it is still what was sealed: rows, hashes, and the tables against the last word on each record.
    while sealer.round(app.db()).await.unwrap().is_some() {}
    let found = examine(app.db(), Some(&sealer.key().verifier_keys()[0])).await.unwrap();
    assert_eq!(found.differences, []);

    // An older copy of the keystore is put back. Whoever opens it brings the list, and she stays gone.
    let admin = clinic.keystore.superuser().await;
    admin.batch_execute("SET session_replication_role = replica").await.unwrap();
    for (subject, wrapped, kek) in &copy {
        let back = "UPDATE subject_keys SET wrapped = $2, kek_version = $3, state = 'active', destroyed_at = NULL WHERE subject_id = $1";
        assert_eq!(admin.execute(back, &[subject, wrapped, kek]).await.unwrap(), 1);
    }
    let careless = open(&clinic.keystore, &[]).await;
    assert!(
        careless.open_cell(clinic.subject(), PHONE, &hers).await.is_ok(),
        "without the list the copy would bring her back"
    );
    let replayed = open(&clinic.keystore, &destroyed(app.db()).await.unwrap()).await;
    assert!(matches!(replayed.open_cell(clinic.subject(), PHONE, &hers).await, Err(KeyError::Destroyed)));
    assert!(replayed.open_cell(clinic.other, PHONE, &others).await.is_ok());
}

#[tokio::test]
async fn a_deletion_is_not_closed_before_its_keys_are_gone() {
    let clinic = clinic().await;
    clinic.keys().create_clinic(clinic.stand.clinic).await.unwrap();
    clinic.keys().create(clinic.subject()).await.unwrap();
    let (id, _) = clinic.planned().await;
    // The keystore is away.
    let name = clinic.keystore.superuser().await.query_one("SELECT current_database()", &[]).await.unwrap();
    let name: String = name.get(0);
    let admin = clinic.stand.database.superuser().await;
    admin.batch_execute(&format!("ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS false")).await.unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
    admin.execute(end, &[&name]).await.unwrap();
    rights::approve(&clinic.app, &clinic.second, id).await.unwrap();
    clinic.stand.until("SELECT count(*) FROM fulfilment_plans WHERE status = 'executed'", 1).await;
    let refused = rights::close_due(&clinic.app).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    assert_eq!(clinic.stand.count("SELECT count(*) FROM fulfilment_plans WHERE receipt IS NOT NULL").await, 0);

    admin.batch_execute(&format!("ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS true")).await.unwrap();
    assert_eq!(rights::close_due(&clinic.app).await.unwrap(), 1);
    assert!(matches!(clinic.keys().current(clinic.subject()).await, Err(KeyError::Destroyed)));
    assert_eq!(rights::close_due(&clinic.app).await.unwrap(), 0);
}

#[tokio::test]
async fn what_the_law_wants_kept_is_not_deleted() {
    let clinic = clinic().await;
    let (stand, app) = (&clinic.stand, &clinic.app);
    let place = async |who: &Session, subject: Uuid, days: i64| {
        let reason = "Processo 0001234-55.2026: manter até a sentença";
        rights::place_hold(app, who, Some(subject), "exercise_of_rights", reason, in_days(days)).await
    };
    for (subject, basis, reason, day) in [
        (None, "authority", "Ofício 12/2026, do juízo", in_days(30)),
        (Some(stand.user), "porque sim", "Ofício 12/2026, do juízo", in_days(30)),
        (Some(stand.user), "authority", "curto", in_days(30)),
        (Some(stand.user), "authority", "Ofício 12/2026, do juízo", None),
        (Some(stand.user), "authority", "Ofício 12/2026, do juízo", in_days(0)),
        (Some(stand.user), "authority", "Ofício 12/2026, do juízo", in_days(400)),
        (Some(Uuid::nil()), "authority", "Ofício 12/2026, do juízo", in_days(30)),
    ] {
        let refused = rights::place_hold(app, &clinic.dpo, subject, basis, reason, day).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
    let (_, doctor) = colleague(stand, "Dra. Célia Montenegro", &["professional"], 41).await;
    assert!(matches!(place(&doctor, stand.user, 30).await, Err(Error::Forbidden(_))), "answers for nothing");
    assert!(matches!(place(&clinic.dpo, clinic.other.subject, 30).await, Err(Error::Invalid(_))), "one's own data");
    let stranger = stand.stranger().await;
    assert!(matches!(place(&stranger, stand.user, 30).await, Err(Error::Invalid(_))), "another clinic's member");

    let (id, _) = clinic.planned().await;
    place(&clinic.dpo, stand.user, 30).await.unwrap();
    assert_eq!(rights::holds(app, &stranger).await.unwrap().0.len(), 0);
    let refused = rights::approve(app, &clinic.second, id).await;
    assert!(matches!(refused, Err(Error::Conflict(sentence)) if sentence.contains("guarda legal")), "{refused:?}");
    let opened = rights::open(app, &clinic.dpo, id).await.unwrap();
    assert!(opened.held);
    let hold = rights::holds(app, &clinic.dpo).await.unwrap().0[0].id;
    assert_eq!(rights::release_hold(app, &stranger, hold, "Não é mais preciso").await, Err(Error::NotFound));
    assert!(matches!(rights::release_hold(app, &clinic.dpo, hold, "fim").await, Err(Error::Invalid(_))));
    rights::release_hold(app, &clinic.dpo, hold, "O processo acabou").await.unwrap();
    assert!(matches!(rights::release_hold(app, &clinic.dpo, hold, "O processo acabou").await, Err(Error::Conflict(_))));

    // A hold also stops what has begun; released, it goes on where it stopped.
    let second = stand.text("SELECT user_id::text FROM members WHERE display_name = 'Helena Prado'").await;
    stand
        .text(&format!("UPDATE fulfilment_plans SET status = 'approved', approved_by = '{second}' RETURNING status"))
        .await;
    let jobs = stand.database.connect(Role::Jobs).await;
    jobs.execute("SELECT ops.fulfil_batch(1)", &[]).await.unwrap();
    place(&clinic.second, stand.user, 30).await.unwrap();
    let left = stand.count("SELECT count(*) FROM messages").await;
    assert!(left > 0);
    job::fulfil(app.db()).await.unwrap();
    let piece: i64 = jobs.query_one("SELECT ops.fulfil_batch(100)", &[]).await.unwrap().get(0);
    assert_eq!((piece, stand.count("SELECT count(*) FROM messages").await), (0, left));
    assert!(jobs.execute("UPDATE fulfilment_plans SET status = 'executed', executed_at = now()", &[]).await.is_err());
    let hold = rights::holds(app, &clinic.dpo).await.unwrap().0[0].id;
    rights::release_hold(app, &clinic.second, hold, "O ofício foi revogado").await.unwrap();
    job::fulfil(app.db()).await.unwrap();
    rights::close_due(app).await.unwrap();
    clinic.closed().await;
    assert_eq!(stand.count("SELECT count(*) FROM messages").await, 0);
    // Both holds and who decided stay, in the trail too.
    assert_eq!(stand.count("SELECT count(*) FROM legal_holds WHERE released_by IS NOT NULL").await, 2);
    let events = "SELECT count(*) FROM audit_logs WHERE action IN ('legal_hold_placed', 'legal_hold_released')";
    assert_eq!(stand.count(events).await, 4);
}

#[tokio::test]
async fn nobody_redacts_the_trail_without_a_plan() {
    let clinic = clinic().await;
    let (stand, before) = (&clinic.stand, "SELECT count(*) FROM trail.audit_details WHERE redacted_by IS NOT NULL");
    let jobs = stand.database.connect(Role::Jobs).await;
    let (id, _) = clinic.planned().await;
    let plan: Uuid = stand.text("SELECT id::text FROM fulfilment_plans").await.parse().unwrap();
    for wanted in [plan, id, Uuid::nil()] {
        let error = jobs.execute("SELECT trail.redact($1)", &[&wanted]).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501");
    }
    // Nor what a running plan did not delete in this very transaction.
    let second = stand.text("SELECT user_id::text FROM members WHERE display_name = 'Helena Prado'").await;
    stand
        .text(&format!("UPDATE fulfilment_plans SET status = 'approved', approved_by = '{second}' RETURNING status"))
        .await;
    jobs.execute("SELECT ops.fulfil_batch(1)", &[]).await.unwrap();
    assert_eq!(stand.text("SELECT status FROM fulfilment_plans").await, "running");
    let redacted = stand.count(before).await;
    let touched: i64 = jobs.query_one("SELECT trail.redact($1)", &[&plan]).await.unwrap().get(0);
    assert_eq!((touched, stand.count(before).await), (0, redacted));
    for sql in [
        "UPDATE trail.audit_details SET old_image = NULL",
        "DELETE FROM trail.audit_details",
        "SELECT * FROM trail.audit_details",
    ] {
        assert_eq!(jobs.execute(sql, &[]).await.unwrap_err().code().unwrap().code(), "42501", "{sql}");
    }
}
