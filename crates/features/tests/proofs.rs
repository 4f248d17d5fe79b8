//! Who sees the trail's proofs, what they see, and what an examination sets off.
#![allow(clippy::unwrap_used)]

mod support;

use sigilo_assistant::provider::Stop;
use sigilo_domain::audit_query::Level;
use sigilo_features::{
    Error,
    console::{self, GrantForm},
    evidence::{self, Sealer, examine, new_image_key, open_images},
    suspicion,
};
use sigilo_proof::{Keyring, checkpoint::LogKey};
use sigilo_store::{Db, WriteTx, conversation, trail::SealTx};
use sigilo_testkit::people::event;
use support::{Script, Scripted, Stand, colleague, document};

async fn stand() -> Stand {
    Stand::new(Scripted::new(Script::Say(document(), Stop::Complete))).await
}

fn sealer() -> Sealer {
    Sealer::new(LogKey::from_seed("clinica.example/trilha", &[7; 32]).unwrap())
}

#[tokio::test]
async fn the_page_says_how_the_seals_stand_to_who_may_know() {
    let stand = stand().await;
    let app = &stand.app;
    let (_, reception) = colleague(&stand, "Rita Recepção", &["receptionist"], 31).await;
    let (_, professional) = colleague(&stand, "Dr. Pedro Sul", &["professional"], 32).await;
    let (auditor_id, auditor) = colleague(&stand, "Ana Auditora", &["auditor"], 33).await;
    for session in [&reception, &professional, &auditor] {
        assert!(matches!(evidence::standing(app, session).await, Err(Error::Forbidden(_))));
        assert!(matches!(evidence::export(app, session).await, Err(Error::Forbidden(_))));
        assert!(matches!(evidence::row_proof(app, session, 1).await, Err(Error::Forbidden(_))));
        assert!(matches!(evidence::checkpoint(app, session).await, Err(Error::Forbidden(_))));
        assert!(matches!(evidence::examine_now(app, session).await, Err(Error::Forbidden(_))));
    }
    let form = GrantForm { to: Some(auditor_id), days: Some(3), purpose: "Auditoria de teste".into() };
    console::give(app, &stand.session, &form).await.unwrap();
    assert!(evidence::standing(app, &auditor).await.is_ok(), "with a live grant");

    let before = evidence::standing(app, &stand.session).await.unwrap();
    assert_eq!((before.rounds, before.log), (0, None));
    // A problem, where the migrations' own rows have waited for more than a minute by now.
    assert!(before.verdict().0 != Level::Ok);
    assert!(before.waiting > 0 && before.is_unwatched());
    assert!(matches!(evidence::export(app, &stand.session).await, Err(Error::Conflict(_))), "nothing is sealed yet");

    let mut sealer = sealer();
    sealer.round(app.db()).await.unwrap();
    sealer.checkpoint(app.db(), true).await.unwrap();
    let after = evidence::standing(app, &stand.session).await.unwrap();
    assert_eq!((after.rounds, after.waiting), (1, 1), "what the look itself wrote waits");
    assert!(after.log.unwrap().0 > 5 && after.checkpoint.is_some());
    assert!(evidence::export(app, &stand.session).await.unwrap().metadata().unwrap().len() > 4096);
    // The other clinic has a log of its own and sees none of this one's rows.
    let stranger = stand.stranger().await;
    sealer.round(app.db()).await.unwrap();
    sealer.checkpoint(app.db(), true).await.unwrap();
    let own: i64 = stand.count(&format!("SELECT min(seq) FROM audit_logs WHERE clinic_id = '{}'", stand.clinic)).await;
    assert!(evidence::row_proof(app, &stand.session, own).await.is_ok());
    assert_eq!(evidence::row_proof(app, &stranger, own).await.err(), Some(Error::NotFound));

    // A witness from outside, and the verdict is whole.
    app.db()
        .seal(async |tx: &SealTx| -> Result<(), sigilo_store::Error> {
            tx.keep_witness("testemunha.example/t", "chave", None, true).await?;
            tx.saw("testemunha.example/t", 1, None, false).await
        })
        .await
        .unwrap();
    assert_eq!(evidence::standing(app, &stand.session).await.unwrap().verdict().0, Level::Ok);
}

#[tokio::test]
async fn what_an_examination_finds_is_a_suspicion_of_the_clinic_and_of_no_other() {
    let stand = stand().await;
    let app = &stand.app;
    let stranger = stand.stranger().await;
    // That a record was touched is no change of it.
    let admin = stand.database.superuser().await;
    admin.batch_execute("UPDATE conversations SET updated_at = clock_timestamp()").await.unwrap();
    sealer().round(app.db()).await.unwrap();
    let clean = examine(app.db(), None).await.unwrap();
    assert_eq!((clean.difference_count, clean.tables), (0, 33), "{:?}", clean.differences);
    assert!(suspicion::list(app, &stand.session).await.unwrap().is_empty());

    admin.batch_execute("SET session_replication_role = replica").await.unwrap();
    admin.execute("UPDATE conversations SET title = 'Outro' WHERE id = $1", &[&stand.conversation]).await.unwrap();
    for _ in 0..2 {
        evidence::examine_now(app, &stand.session).await.unwrap();
    }
    let drafts = suspicion::list(app, &stand.session).await.unwrap();
    assert_eq!(
        (drafts.len(), drafts[0].rule.as_str(), drafts[0].event_count),
        (1, "trail_altered", 1),
        "one, which grows"
    );
    let standing = evidence::standing(app, &stand.session).await.unwrap();
    assert_eq!(standing.verdict().0, Level::Problem);
    assert!(standing.differences[0].contains(&stand.conversation.to_string()));
    assert!(suspicion::list(app, &stranger).await.unwrap().is_empty());
    assert!(evidence::standing(app, &stranger).await.unwrap().differences.is_empty());
    let incident = suspicion::confirm(app, &stand.session, drafts[0].id, None).await.unwrap();
    assert_eq!(
        stand
            .count(&format!(
                "SELECT count(*) FROM security_incident_logs WHERE id = '{incident}' AND severity = 'critical'"
            ))
            .await,
        1
    );
}

#[tokio::test]
async fn what_a_record_said_is_encrypted_and_opens_for_a_reason() {
    let stand = stand().await;
    let app = &stand.app;
    let (key, sealed) = new_image_key(&Keyring::new(&[7; 32]));
    let admin = stand.database.superuser().await;
    admin.execute("INSERT INTO ops.image_keys (id, key_sealed) VALUES ($1, $2)", &[&key.id(), &sealed]).await.unwrap();
    let db = Db::with_images(stand.database.urls(), 2, Some(key)).unwrap();
    let rename = async |title: &'static str| {
        let (clean, _) = sigilo_deid::deidentify(title, &[]);
        db.write(&stand.session, async |tx: &WriteTx| {
            conversation::rename(tx, stand.conversation, &clean).await?;
            Ok::<_, sigilo_store::Error>(((), event("conversation_renamed")))
        })
        .await
        .unwrap();
    };
    rename("Cefaleia de repetição").await;
    rename("Cefaleia em salvas").await;
    let seq: i64 = stand.count("SELECT max(seq) FROM audit_logs WHERE resource_type = 'conversations'").await;
    let leaks: i64 = stand
        .count("SELECT count(*) FROM trail.audit_details WHERE position('Cefaleia'::bytea IN new_image) > 0 OR length(new_image) < 32")
        .await;
    assert_eq!(leaks, 0);

    let refused = open_images(app, &stand.session, seq, "ver o que mudou").await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "without a grant: {refused:?}");
    let (auditor_id, auditor) = colleague(&stand, "Ana Auditora", &["auditor"], 33).await;
    let form = GrantForm { to: Some(auditor_id), days: Some(3), purpose: "Auditoria de teste".into() };
    console::give(app, &stand.session, &form).await.unwrap();
    assert!(matches!(open_images(app, &auditor, seq, "  ").await, Err(Error::Invalid(_))), "without a reason");
    let images = open_images(app, &auditor, seq, "ver o que mudou").await.unwrap();
    assert!(images.committed && images.table == "conversations");
    assert!(images.before.unwrap().contains("Cefaleia de repetição"));
    assert!(images.after.unwrap().contains("Cefaleia em salvas"));
    assert_eq!(stand.count("SELECT count(*) FROM audit_logs WHERE action = 'audit_image_opened'").await, 1);
    assert_eq!(open_images(app, &auditor, 1 << 40, "ver o que mudou").await.err(), Some(Error::NotFound));
    // An image that somebody put in another one's place is not what was sealed.
    admin.execute("UPDATE trail.audit_details SET old_image = new_image WHERE seq = $1", &[&seq]).await.unwrap();
    assert!(!open_images(app, &auditor, seq, "ver o que mudou").await.unwrap().committed);
}
