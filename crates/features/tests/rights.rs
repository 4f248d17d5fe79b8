//! Asking, deciding, deleting: the use and the attack.
#![allow(clippy::unwrap_used)]

mod support;

use sigilo_assistant::provider::Stop;
use sigilo_domain::SubjectRight;
use sigilo_features::{
    Error, rights,
    rights::{Show, Taken, Verified, verify},
};
use sigilo_store::{Session, job, server::Role};
use sigilo_testkit::people::client;
use support::{Script, Scripted, Stand, colleague, document};
use uuid::Uuid;

/// A clinic whose owner is a doctor (with an answered conversation), and its DPO.
async fn clinic() -> (Stand, (Uuid, Session), (Uuid, Session)) {
    let stand = Stand::new(Scripted::new(Script::Say(document(), Stop::Complete))).await;
    let id = stand.send("Febre há 3 dias").await.answer.unwrap();
    stand.hear(id).await;
    let dpo = colleague(&stand, "Breno Alcântara Dias", &["dpo"], 40).await;
    let doctor = colleague(&stand, "Dra. Célia Montenegro", &["professional"], 41).await;
    (stand, dpo, doctor)
}

#[tokio::test]
async fn an_account_is_deleted_by_two_people_a_job_and_a_receipt() {
    let (stand, dpo, _) = clinic().await;
    let (app, owner_user) = (&stand.app, stand.user);
    // The doctor to be deleted is the owner's account; a second owner approves.
    let second = colleague(&stand, "Helena Prado", &["owner"], 42).await;
    assert!(matches!(rights::delete_account(app, &stand.session, "excluir").await, Err(Error::Invalid(_))));
    let link = rights::delete_account(app, &stand.session, "EXCLUIR").await.unwrap();
    assert_eq!(rights::own(app, &stand.session).await.err(), Some(Error::NotSignedIn), "signed out everywhere");
    let followed = rights::follow(app, &client(), link.expose()).await.unwrap();
    assert_eq!((followed.status.as_deref(), followed.receipt.is_none()), (Some("pending"), true));
    assert_eq!(rights::follow(app, &client(), &"a".repeat(43)).await.err(), Some(Error::NotFound));

    let listed = rights::list(app, &dpo.1, Show::Open, None).await.unwrap();
    let request = &listed[0];
    assert_eq!((request.right_code.as_str(), request.version), ("deletion", 1));
    let id = request.id;
    assert!(matches!(rights::draft(app, &dpo.1, id).await, Err(Error::Conflict(_))), "not begun");
    rights::take_up(app, &dpo.1, id, 1).await.unwrap();
    assert!(matches!(rights::take_up(app, &second.1, id, 1).await, Err(Error::Conflict(_))), "changed meanwhile");
    assert!(
        matches!(rights::answer(app, &dpo.1, id, 2, "Pronto, feito.").await, Err(Error::Conflict(_))),
        "only by plan"
    );
    rights::draft(app, &dpo.1, id).await.unwrap();
    assert!(matches!(rights::draft(app, &dpo.1, id).await, Err(Error::Conflict(_))), "one plan");
    let opened = rights::open(app, &dpo.1, id).await.unwrap();
    let steps = rights::Step::of(opened.plan.as_ref().unwrap());
    let rows = |table: &str| steps.iter().find(|step| step.table == table).unwrap().rows;
    assert_eq!((rows("messages"), rows("conversations"), rows("ai_answers")), (Some(2), Some(1), Some(1)));
    assert!(matches!(rights::approve(app, &dpo.1, id).await, Err(Error::Conflict(_))), "who drafted does not approve");
    assert_eq!(stand.count("SELECT count(*) FROM messages").await, 2, "nothing happens before the second look");
    job::run_due(app.db()).await.unwrap();
    assert_eq!(stand.count("SELECT count(*) FROM messages").await, 2, "nor by the job");

    rights::approve(app, &second.1, id).await.unwrap();
    assert!(matches!(
        rights::refuse(app, &second.1, id, 2, "Não será possível", "art. 16").await,
        Err(Error::Conflict(_))
    ));
    stand.until("SELECT count(*) FROM fulfilment_plans WHERE status = 'closed'", 1).await;
    assert_eq!(rights::close_due(app).await.unwrap(), 0, "once");

    for table in ["messages", "conversations", "ai_answers"] {
        assert_eq!(stand.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    let left = format!("SELECT count(*) FROM profiles WHERE id = '{owner_user}' AND full_name = 'Conta encerrada'");
    assert_eq!(stand.count(&left).await, 1);
    let account = format!("SELECT status FROM auth.users WHERE id = '{owner_user}'");
    assert_eq!(stand.text(&account).await, "deactivated");
    assert_eq!(stand.count("SELECT count(*) FROM consent_records WHERE granted").await, 0);
    assert!(stand.count("SELECT count(*) FROM explainability_logs").await > 0, "proofs stay");

    let followed = rights::follow(app, &client(), link.expose()).await.unwrap();
    assert_eq!(followed.status.as_deref(), Some("completed"));
    let receipt = rights::Receipt {
        receipt: followed.receipt.unwrap(),
        signature: followed.receipt_signature.unwrap(),
        key: rights::public_key(app).unwrap(),
    };
    assert_eq!(receipt.receipt["apagado"]["messages"], 2);
    let document = receipt.document();
    assert_eq!(verify(&document, None), Verified::Yes);
    for name in ["Alba", "Norte", "Febre"] {
        assert!(!document.to_string().contains(name), "{name} is in the receipt");
    }
    let events: Vec<String> =
        rights::open(app, &dpo.1, id).await.unwrap().events.into_iter().map(|event| event.kind).collect();
    assert_eq!(
        events,
        [
            "created",
            "in_progress",
            "plan_draft",
            "plan_approved",
            "plan_running",
            "plan_executed",
            "plan_closed",
            "completed"
        ]
    );
}

#[tokio::test]
async fn an_interrupted_deletion_goes_on_and_touches_nobody_else() {
    let (stand, dpo, doctor) = clinic().await;
    let app = &stand.app;
    let second = colleague(&stand, "Helena Prado", &["owner"], 42).await;
    rights::delete_account(app, &stand.session, "EXCLUIR").await.unwrap();
    let id = rights::list(app, &dpo.1, Show::Open, None).await.unwrap()[0].id;
    rights::take_up(app, &dpo.1, id, 1).await.unwrap();
    rights::draft(app, &dpo.1, id).await.unwrap();

    // The scheduler's own role reaches nothing before a plan is running.
    let jobs = stand.database.connect(Role::Jobs).await;
    for sql in ["DELETE FROM messages", "UPDATE profiles SET full_name = 'x'", "DELETE FROM auth.totp"] {
        assert_eq!(jobs.execute(sql, &[]).await.unwrap(), 0, "{sql}");
    }
    // Approved, one piece done, then the process dies.
    let approved =
        format!("UPDATE fulfilment_plans SET status = 'approved', approved_by = '{}' RETURNING status", second.0);
    stand.text(&approved).await;
    jobs.execute("SELECT ops.fulfil_batch(1)", &[]).await.unwrap();
    drop(jobs);
    assert_eq!(stand.text("SELECT status FROM fulfilment_plans").await, "running");
    assert_eq!(stand.count("SELECT count(*) FROM ai_answers").await, 0);
    assert_eq!(stand.count("SELECT count(*) FROM messages").await, 2);
    assert!(matches!(rights::discard(app, &second.1, id).await, Err(Error::Conflict(_))), "too late");

    job::run_due(app.db()).await.unwrap();
    assert_eq!(stand.count("SELECT count(*) FROM messages").await, 0);
    assert_eq!(rights::close_due(app).await.unwrap(), 1);
    assert_eq!(stand.text("SELECT done ->> 'messages' FROM fulfilment_plans").await, "2");
    // The other doctor of the clinic is as before.
    let other = format!("SELECT display_name || status FROM members WHERE user_id = '{}'", doctor.0);
    assert_eq!(stand.text(&other).await, "Dra. Célia Montenegroactive");
    assert!(rights::own(app, &doctor.1).await.is_ok());
}

#[tokio::test]
async fn requests_are_decided_once_by_others_and_with_reasons() {
    let (stand, dpo, doctor) = clinic().await;
    let app = &stand.app;
    let short = rights::ask(app, &doctor.1, SubjectRight::Correction, "erro").await;
    assert!(matches!(short, Err(Error::Invalid(_))));
    let (id, _) =
        rights::ask(app, &doctor.1, SubjectRight::Correction, "O CRM está com um número trocado.").await.unwrap();
    let own = rights::own(app, &doctor.1).await.unwrap();
    assert_eq!((own.len(), own[0].legal_article.as_str()), (1, "LGPD art. 18, III"));
    // Asked on a Saturday or a Sunday, the first of them is the Monday.
    let days = (own[0].deadline_at - own[0].requested_at).whole_days();
    assert!((19..=21).contains(&days), "15 business days are three weeks: {days}");

    // Those who answer for nothing, and other clinics, do not see it.
    assert!(matches!(rights::list(app, &doctor.1, Show::All, None).await, Err(Error::Forbidden(_))));
    assert!(matches!(rights::take_up(app, &doctor.1, id, 1).await, Err(Error::Forbidden(_))));
    let stranger = stand.stranger().await;
    assert_eq!(rights::open(app, &stranger, id).await.err(), Some(Error::NotFound));
    assert_eq!(rights::take_up(app, &stranger, id, 1).await.err(), Some(Error::NotFound));
    assert!(rights::list(app, &stranger, Show::All, None).await.unwrap().is_empty());

    let refuse = |note: &'static str, article: &'static str| rights::refuse(app, &dpo.1, id, 1, note, article);
    assert!(matches!(refuse("Não é possível corrigir.", "").await, Err(Error::Invalid(_))));
    assert!(matches!(refuse("curto", "art. 18").await, Err(Error::Invalid(_))));
    let (one, two) = tokio::join!(
        rights::answer(app, &dpo.1, id, 1, "O número do CRM foi corrigido."),
        rights::refuse(app, &stand.session, id, 1, "O número está certo no conselho.", "LGPD art. 18, § 4º")
    );
    assert!(one.is_ok() != two.is_ok(), "two at once: {one:?} {two:?}");
    assert!(matches!(rights::answer(app, &dpo.1, id, 2, "Mais uma vez, feito.").await, Err(Error::Conflict(_))));
    assert!(matches!(rights::withdraw(app, &doctor.1, id).await, Err(Error::Conflict(_))));

    // Nobody decides on the own request, and what nobody has begun can be taken back.
    let (mine, _) = rights::ask(app, &dpo.1, SubjectRight::Sharing, "").await.unwrap();
    assert!(matches!(rights::answer(app, &dpo.1, mine, 1, "Respondido por mim.").await, Err(Error::Conflict(_))));
    rights::withdraw(app, &dpo.1, mine).await.unwrap();
    assert_eq!(rights::withdraw(app, &doctor.1, mine).await.err(), Some(Error::NotFound), "somebody else's");
}

#[tokio::test]
async fn who_looked_is_told_to_the_subject_and_to_nobody_else() {
    let (stand, dpo, doctor) = clinic().await;
    let app = &stand.app;
    assert!(rights::who_saw_me(app, &doctor.1).await.unwrap().is_empty());
    let (id, _) = rights::ask(app, &doctor.1, SubjectRight::Sharing, "").await.unwrap();
    rights::open(app, &dpo.1, id).await.unwrap();
    let seen = rights::who_saw_me(app, &doctor.1).await.unwrap();
    assert_eq!((seen.len(), seen[0].who.as_deref()), (1, Some("Breno Alcântara Dias")));
    // Not the one who looked, nor a colleague, nor another clinic.
    for other in [&dpo.1, &stand.session, &stand.stranger().await] {
        assert!(rights::who_saw_me(app, other).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_export_holds_the_own_rows_and_no_other() {
    let (stand, dpo, _) = clinic().await;
    let document = rights::export(&stand.app, &stand.session, Taken::Downloaded).await.unwrap().json();
    let tables = document["tabelas"].as_object().unwrap();
    let rows = |name: &str| tables[name]["linhas"].as_array().unwrap().len();
    assert_eq!((rows("messages"), rows("profiles"), rows("members"), rows("consent_records")), (2, 1, 1, 2));
    assert!(document.to_string().contains("Dra. Alba Norte") && !document.to_string().contains("Célia"));
    for secret in ["link_hash", "token_hash"] {
        assert!(!document.to_string().contains(secret));
    }
    // Who may see others' rows still exports the own ones alone.
    let dpos = rights::export(&stand.app, &dpo.1, Taken::Downloaded).await.unwrap().json();
    assert_eq!(dpos["tabelas"]["members"]["linhas"].as_array().unwrap().len(), 1);
    assert!(!dpos.to_string().contains("Alba"));
    assert_eq!(stand.count("SELECT count(*) FROM audit_logs WHERE action = 'own_data_exported'").await, 2);
}

#[tokio::test]
async fn who_received_the_data_is_told_once_and_with_a_sentence() {
    let (stand, dpo, doctor) = clinic().await;
    let app = &stand.app;
    let second = colleague(&stand, "Helena Prado", &["owner"], 42).await;
    let bound = format!(
        "INSERT INTO auth.identities (user_id, issuer, subject) VALUES ('{}', 'https://entrar.example', 'x') RETURNING 'ok'",
        stand.user
    );
    stand.text(&bound).await;

    // Whose data nobody received leaves nobody to tell; other rights never do.
    let (none, _) =
        rights::ask(app, &doctor.1, SubjectRight::Correction, "O CRM está com um número trocado.").await.unwrap();
    rights::answer(app, &dpo.1, none, 1, "O número do CRM foi corrigido.").await.unwrap();
    assert!(rights::open(app, &dpo.1, none).await.unwrap().notices.is_empty());
    let (sharing, _) = rights::ask(app, &stand.session, SubjectRight::Sharing, "").await.unwrap();
    rights::answer(app, &dpo.1, sharing, 1, "Com o serviço de IA, sem identificação.").await.unwrap();
    assert!(rights::open(app, &dpo.1, sharing).await.unwrap().notices.is_empty());

    let (id, _) = rights::ask(app, &stand.session, SubjectRight::Correction, "O nome está errado.").await.unwrap();
    assert!(rights::open(app, &dpo.1, id).await.unwrap().notices.is_empty(), "nothing was done yet");
    rights::answer(app, &dpo.1, id, 1, "O nome foi corrigido no cadastro.").await.unwrap();
    let notices = rights::open(app, &dpo.1, id).await.unwrap().notices;
    let who: Vec<_> = notices.iter().map(|one| (one.kind.as_str(), one.recipient.as_str())).collect();
    let wanted = [("language_model", "api.modelo.example"), ("identity_provider", "https://entrar.example")];
    assert!(who.len() == 2 && wanted.iter().all(|one| who.contains(one)), "{who:?}");
    let listed = rights::list(app, &dpo.1, Show::Open, None).await.unwrap();
    assert_eq!((listed.len(), listed[0].notices_open), (1, Some(2)), "answered, and still to be done");

    // Without a sentence, by the wrong person, of another clinic, under another request.
    let (one, words) = (notices[0].id, "Chamado nº 1234 no portal do fornecedor.");
    assert!(matches!(rights::tell(app, &dpo.1, id, one, "  ").await, Err(Error::Invalid(_))));
    assert!(matches!(rights::tell(app, &doctor.1, id, one, words).await, Err(Error::Forbidden(_))));
    assert!(matches!(rights::tell(app, &stand.session, id, one, words).await, Err(Error::Conflict(_))), "the own one");
    assert_eq!(rights::tell(app, &stand.stranger().await, id, one, words).await.err(), Some(Error::NotFound));
    assert_eq!(rights::tell(app, &dpo.1, sharing, one, words).await.err(), Some(Error::NotFound));
    assert_eq!(stand.count("SELECT count(*) FROM recipient_notices WHERE done_at IS NOT NULL").await, 0);

    // Two at once: one of them is kept, and stays.
    let (first, other) = tokio::join!(
        rights::tell(app, &dpo.1, id, one, words),
        rights::tell(app, &second.1, id, one, "Outra pessoa avisou por e-mail.")
    );
    assert!(first.is_ok() != other.is_ok(), "{first:?} {other:?}");
    assert!(matches!(rights::tell(app, &dpo.1, id, one, words).await, Err(Error::Conflict(_))));
    rights::tell(app, &dpo.1, id, notices[1].id, words).await.unwrap();
    let opened = rights::open(app, &second.1, id).await.unwrap();
    assert!(opened.notices.iter().all(|one| one.done_at.is_some() && one.done_by_name.is_some()));
    assert_eq!(opened.events.iter().filter(|event| event.kind == "recipient_told").count(), 2);
    assert!(rights::list(app, &dpo.1, Show::Open, None).await.unwrap().is_empty());
    // Not even over the application's own connection.
    let raw = stand.database.connect(Role::App).await;
    raw.query("SELECT set_config('app.token', $1, false)", &[&dpo.1.token.expose()]).await.unwrap();
    let again = raw.execute("UPDATE recipient_notices SET evidence = 'Reescrito depois.'", &[]).await;
    assert!(again.is_err(), "what was told stays");
    assert!(raw.execute("UPDATE recipient_notices SET done_at = NULL", &[]).await.is_err());
}

#[tokio::test]
async fn the_receipt_of_a_deletion_names_whom_to_tell() {
    let (stand, dpo, _) = clinic().await;
    let app = &stand.app;
    let second = colleague(&stand, "Helena Prado", &["owner"], 42).await;
    let bound = format!(
        "INSERT INTO auth.identities (user_id, issuer, subject) VALUES ('{}', 'https://entrar.example', 'x') RETURNING 'ok'",
        stand.user
    );
    stand.text(&bound).await;
    let link = rights::delete_account(app, &stand.session, "EXCLUIR").await.unwrap();
    let id = rights::list(app, &dpo.1, Show::Open, None).await.unwrap()[0].id;
    rights::take_up(app, &dpo.1, id, 1).await.unwrap();
    rights::draft(app, &dpo.1, id).await.unwrap();
    rights::approve(app, &second.1, id).await.unwrap();
    stand.until("SELECT count(*) FROM fulfilment_plans WHERE status = 'closed'", 1).await;
    assert_eq!(stand.count("SELECT count(*) FROM auth.identities").await, 0);
    let followed = rights::follow(app, &client(), link.expose()).await.unwrap();
    let receipt = rights::Receipt {
        receipt: followed.receipt.unwrap(),
        signature: followed.receipt_signature.unwrap(),
        key: rights::public_key(app).unwrap(),
    };
    assert_eq!(verify(&receipt.document(), None), Verified::Yes);
    let told = receipt.receipt["destinatarios_a_avisar"].as_array().unwrap();
    assert!(told.contains(&"api.modelo.example".into()) && told.contains(&"https://entrar.example".into()));
    assert_eq!(rights::open(app, &dpo.1, id).await.unwrap().notices.len(), 2);
}
