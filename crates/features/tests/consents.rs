//! Consents that prove themselves: reviewed texts, acts with their proofs, withdrawals, ends, representatives, signatures.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use sigilo_assistant::provider::Stop;
use sigilo_domain::{
    Clock, ConsentType, SystemClock,
    consent::{CONSENT_TYPES, Purpose},
};
use sigilo_features::{
    App, Error, consent,
    consent::{
        Grant, RepresentativeForm,
        text::{self, Content, Step},
    },
};
use sigilo_proof::{
    Keyring,
    consent::{Document, Outcome, Part, SignatureKind, verify},
    envelope::LocalRoot,
};
use sigilo_store::{
    Session, job,
    keystore::{Keystore, Limits, Subject},
};
use sigilo_testkit::{TestKeystore, people::client};
use support::{Script, Scripted, Stand, colleague, document};
use time::{Date, Duration, Month};
use uuid::Uuid;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n drawn by hand";

async fn stand() -> Stand {
    let stand = Stand::new(Scripted::new(Script::Say(document(), Stop::Complete))).await;
    // Patients of whom nothing matters here but that they are the clinic's.
    let admin = stand.database.superuser().await;
    admin
        .batch_execute(&format!(
            "SET session_replication_role = replica;
             INSERT INTO patients (clinic_id, id, medical_record_number, registered_by)
             SELECT '{}', id::uuid, number, '{}' FROM (VALUES ('{}', 1), ('{}', 2), ('{}', 3), ('{}', 4)) p (id, number)",
            stand.clinic,
            stand.user,
            Uuid::from_u128(77),
            Uuid::from_u128(78),
            Uuid::from_u128(79),
            Uuid::from_u128(90)
        ))
        .await
        .unwrap();
    stand
}

/// What a report says of a part.
fn outcome(document: &Document, part: Part) -> Outcome {
    let key = Keyring::new(&[7; 32]).signer().unwrap().public_key().to_vec();
    let findings = verify(document, Some(&key), None);
    findings.into_iter().find(|finding| finding.part == part).unwrap().outcome
}

fn fails(document: &Document) -> Vec<Part> {
    Part::ALL.into_iter().filter(|part| outcome(document, *part) == Outcome::Fails).collect()
}

fn telemedicine(version: &str, body: &str) -> Content {
    Content {
        consent_type: "telemedicine".into(),
        version: version.into(),
        language: "pt-BR".into(),
        title: "Atendimento a distância".into(),
        summary: "Autorizo ser atendido por vídeo.".into(),
        body: format!("{body} Você pode revogar esta autorização a qualquer momento, na recepção."),
        purpose: "Teleconsulta".into(),
        purposes: vec!["telemedicine".into()],
        legal_basis: "Art. 11, I".into(),
        data_categories: vec!["imagem e voz".into()],
        retention_justification: "Prova do consentimento, por 5 anos (LGPD, art. 8º, § 2º)".into(),
        valid_months: Some(12),
    }
}

async fn advance(stand: &Stand, who: &Session, id: Uuid, from: &str, step: Step) -> Result<(), Error> {
    text::advance(&stand.app, who, id, from, step, "Conferidos a finalidade e o prazo.").await
}

/// A text of the clinic in use: written and reviewed by the DPO, approved by the owner.
async fn approved(stand: &Stand, dpo: &Session, version: &str, body: &str) -> Uuid {
    let id = text::write(&stand.app, dpo, None, &telemedicine(version, body)).await.unwrap();
    advance(stand, dpo, id, "draft", Step::Review).await.unwrap();
    advance(stand, &stand.session, id, "reviewed", Step::Approve).await.unwrap();
    id
}

fn patient(text: Uuid) -> Grant {
    Grant {
        patient: Uuid::from_u128(77),
        text,
        purposes: vec![Purpose::Telemedicine],
        name: "Iara Bastos Guimarães".into(),
        birth_date: Date::from_calendar_date(1980, Month::May, 3).unwrap(),
        cpf: "111.444.777-35".into(),
        representative: None,
        method: "in_person",
    }
}

#[tokio::test]
async fn nobody_agrees_to_a_text_that_two_people_have_not_approved() {
    let stand = stand().await;
    let app = &stand.app;
    let (_, dpo) = colleague(&stand, "Breno Alcântara Dias", &["dpo"], 40).await;
    let (_, doctor) = colleague(&stand, "Dra. Célia Montenegro", &["professional"], 41).await;
    let stranger = stand.stranger().await;
    let new = telemedicine("1.0", "A consulta acontece por vídeo, sem gravação.");
    assert!(matches!(text::write(app, &doctor, None, &new).await, Err(Error::Forbidden(_))));
    for wrong in [
        Content { version: "1 0".into(), ..new.clone() },
        Content { body: "Curto.".into(), ..new.clone() },
        Content {
            body: "Um texto longo que não diz como se volta atrás, e por isso não serve para ninguém.".into(),
            ..new.clone()
        },
        Content { purposes: vec!["ai_assistant".into()], ..new.clone() },
        Content { purposes: vec![], ..new.clone() },
        Content { data_categories: vec![], ..new.clone() },
        Content { valid_months: Some(0), ..new.clone() },
        Content { consent_type: "outro".into(), ..new.clone() },
    ] {
        assert!(matches!(text::write(app, &dpo, None, &wrong).await, Err(Error::Invalid(_))), "{wrong:?}");
    }
    let id = text::write(app, &dpo, None, &new).await.unwrap();
    assert!(matches!(text::write(app, &dpo, None, &new).await, Err(Error::Conflict(_))), "the version exists");
    let refused = consent::grant_for_patient(app, &doctor, &patient(id)).await;
    assert!(matches!(refused, Err(Error::Conflict(sentence)) if sentence.contains("não está aprovado")), "{refused:?}");

    // No step is skipped, taken twice, or taken by who must not.
    assert!(advance(&stand, &stand.session, id, "draft", Step::Approve).await.is_err());
    let short = text::advance(app, &dpo, id, "draft", Step::Review, "ok").await;
    assert!(matches!(short, Err(Error::Invalid(_))));
    advance(&stand, &dpo, id, "draft", Step::Review).await.unwrap();
    assert!(matches!(advance(&stand, &dpo, id, "draft", Step::Review).await, Err(Error::Conflict(_))));
    assert!(text::write(app, &dpo, Some(id), &new).await.is_err(), "what was reviewed no longer changes");
    let own = advance(&stand, &dpo, id, "reviewed", Step::Approve).await;
    assert!(matches!(own, Err(Error::Conflict(sentence)) if sentence.contains("não pode ser")), "{own:?}");
    assert!(consent::grant_for_patient(app, &doctor, &patient(id)).await.is_err(), "reviewed is not approved");
    for step in [Step::Approve, Step::Reopen, Step::Retire] {
        assert!(advance(&stand, &stranger, id, "reviewed", step).await.is_err(), "{step:?} by another clinic");
    }
    assert_eq!(text::open(app, &stranger, id).await.err(), Some(Error::NotFound));
    advance(&stand, &stand.session, id, "reviewed", Step::Approve).await.unwrap();
    consent::grant_for_patient(app, &doctor, &patient(id)).await.unwrap();

    // The next one takes its place; what was agreed to stays agreed to.
    let second = approved(&stand, &dpo, "1.1", "A consulta acontece por vídeo e pode ser gravada.").await;
    let (_, current) = text::open(app, &dpo, id).await.unwrap();
    assert_eq!(current.map(|text| text.id), Some(second));
    assert_eq!(stand.text(&format!("SELECT status FROM consent_texts WHERE id = '{id}'")).await, "retired");
    assert!(
        consent::grant_for_patient(app, &doctor, &Grant { patient: Uuid::from_u128(78), ..patient(id) }).await.is_err()
    );
    assert!(consent::agrees(app, &doctor, Purpose::Telemedicine, Some(Uuid::from_u128(77))).await.unwrap());
    // The product's own texts are nobody's to change, and no text is deleted.
    let product: Uuid =
        stand.text("SELECT id::text FROM consent_texts WHERE clinic_id IS NULL LIMIT 1").await.parse().unwrap();
    assert!(advance(&stand, &stand.session, product, "approved", Step::Retire).await.is_err());
    let admin = stand.database.superuser().await;
    assert!(admin.execute("DELETE FROM consent_texts", &[]).await.is_err());
}

#[tokio::test]
async fn every_act_has_a_proof_that_names_what_was_changed() {
    let stand = stand().await;
    let app = &stand.app;
    let states = consent::list(app, &stand.session).await.unwrap();
    let state = states.iter().find(|state| state.text.kind == ConsentType::AiProcessing).unwrap();
    assert!(state.granted && !state.renewable);
    let stale = consent::grant(app, &stand.session, ConsentType::DataProcessing, &"0".repeat(64)).await;
    assert!(matches!(stale, Err(Error::Conflict(sentence)) if sentence.contains("mudou")), "{stale:?}");
    let data = states.iter().find(|state| state.text.kind == ConsentType::DataProcessing).unwrap();
    consent::grant(app, &stand.session, ConsentType::DataProcessing, &data.text.hash).await.unwrap();
    let states = consent::list(app, &stand.session).await.unwrap();
    let id = states.iter().find(|state| state.text.kind == ConsentType::DataProcessing).unwrap().proof.unwrap();
    let receipt = consent::receipt(app, &stand.session, id).await.unwrap();
    assert_eq!(fails(&receipt.document), []);
    for part in
        [Part::Text, Part::Subject, Part::Purposes, Part::GivenAt, Part::Salt, Part::Hash, Part::Signature, Part::Key]
    {
        assert_eq!(outcome(&receipt.document, part), Outcome::Holds, "{part:?}");
    }
    // The name is nowhere in the clear, and another member does not get the proof.
    assert!(receipt.document.write().contains("Alba Norte"));
    let plain = "SELECT count(*) FROM lgpd_consents p WHERE to_jsonb(p)::text LIKE '%Alba%'";
    assert_eq!(stand.count(plain).await, 0);
    let (_, doctor) = colleague(&stand, "Dra. Célia Montenegro", &["professional"], 41).await;
    for other in [&doctor, &stand.stranger().await] {
        assert_eq!(consent::receipt(app, other, id).await.err(), Some(Error::NotFound));
    }

    // Whoever changes the rows behind the system's back is named by the part they changed.
    let admin = stand.database.superuser().await;
    assert!(admin.execute("UPDATE lgpd_consents SET given_at = now() - interval '1 day'", &[]).await.is_err());
    admin.batch_execute("SET session_replication_role = replica").await.unwrap();
    let change =
        async |sql: &str| assert!(admin.execute(&format!("{sql} WHERE consent_id = '{id}'"), &[]).await.unwrap() > 0);
    for (change_it, put_back, part) in [
        ("given_at = given_at + interval '1 second'", "given_at = given_at - interval '1 second'", Part::GivenAt),
        ("purposes = '{ai_assistant}'", "purposes = '{account_data}'", Part::Purposes),
        ("consent_version = '1.9'", "consent_version = '1.0'", Part::Text),
        ("consent_language = 'en'", "consent_language = 'pt-BR'", Part::Text),
        (
            "digital_signature = set_byte(digital_signature, 3, get_byte(digital_signature, 3) # 1)",
            "digital_signature = set_byte(digital_signature, 3, get_byte(digital_signature, 3) # 1)",
            Part::Signature,
        ),
        ("consent_hash = reverse(consent_hash)", "consent_hash = reverse(consent_hash)", Part::Hash),
    ] {
        change(&format!("UPDATE lgpd_consents SET {change_it}")).await;
        let seen = consent::receipt(app, &stand.session, id).await.unwrap();
        assert!(fails(&seen.document).contains(&part), "{change_it}: {:?}", fails(&seen.document));
        change(&format!("UPDATE lgpd_consents SET {put_back}")).await;
    }
    let text = "UPDATE consent_texts SET body = replace(body, 'nome', 'nomes') WHERE consent_type = 'data_processing'";
    admin.execute(text, &[]).await.unwrap();
    assert_eq!(fails(&consent::receipt(app, &stand.session, id).await.unwrap().document), [Part::Text]);
    // What was sealed opens nowhere else.
    change("UPDATE lgpd_consents SET subject_sealed = salt_sealed").await;
    assert_eq!(consent::receipt(app, &stand.session, id).await.err(), Some(Error::Internal));
}

#[tokio::test]
async fn withdrawing_is_a_new_act_and_so_is_giving_again() {
    let stand = stand().await;
    let app = &stand.app;
    let kind = ConsentType::AiProcessing;
    let hash =
        consent::texts(app, &stand.session).await.unwrap().into_iter().find(|text| text.kind == kind).unwrap().hash;
    // The stand's own acts are made without a real proof.
    consent::revoke(app, &stand.session, kind, "").await.unwrap();
    consent::grant(app, &stand.session, kind, &hash).await.unwrap();
    let before = consent::list(app, &stand.session).await.unwrap();
    let first = before.iter().find(|state| state.text.kind == kind).unwrap().proof.unwrap();
    consent::grant(app, &stand.session, kind, &hash).await.unwrap();
    assert_eq!(stand.count("SELECT count(*) FROM consent_records WHERE consent_type = 'ai_processing'").await, 2);
    assert!(matches!(consent::revoke(app, &stand.session, kind, &"x".repeat(501)).await, Err(Error::Invalid(_))));
    assert_eq!(consent::revoke(app, &stand.session, kind, " Não quero mais. ").await.unwrap().consent, first);
    assert!(matches!(consent::revoke(app, &stand.session, kind, "").await, Err(Error::Conflict(_))), "once");
    assert!(!consent::agrees(app, &stand.session, Purpose::AiAssistant, None).await.unwrap());
    let gone = consent::receipt(app, &stand.session, first).await.unwrap();
    assert_eq!((gone.status.as_str(), fails(&gone.document)), ("withdrawn", vec![]));
    assert_eq!(outcome(&gone.document, Part::Withdrawal), Outcome::Holds);
    assert_eq!(gone.document.withdrawal.as_ref().unwrap().reason.as_deref(), Some("Não quero mais."));

    consent::grant(app, &stand.session, kind, &hash).await.unwrap();
    let states = consent::list(app, &stand.session).await.unwrap();
    let state = states.iter().find(|state| state.text.kind == kind).unwrap();
    let kinds: Vec<_> = state.history.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["granted", "withdrawn", "granted", "withdrawn", "granted"]);
    assert_ne!(state.proof, Some(first));
    assert_eq!(
        outcome(&consent::receipt(app, &stand.session, state.proof.unwrap()).await.unwrap().document, Part::Withdrawal),
        Outcome::Absent
    );
    let events = "SELECT string_agg(kind, ',' ORDER BY created_at, id) FROM consent_events e
                   WHERE (SELECT consent_type FROM consent_records c WHERE c.id = e.consent_id) = 'ai_processing'";
    assert_eq!(stand.text(events).await, "granted,withdrawn,granted,withdrawn,granted");
    let admin = stand.database.superuser().await;
    for attack in [
        "UPDATE consent_events SET kind = 'expired'",
        "DELETE FROM consent_events",
        "UPDATE consent_records SET granted = true",
    ] {
        assert!(admin.execute(attack, &[]).await.is_err(), "{attack}");
    }
    // Neither an act without a proof nor a proof without an act.
    let lonely = "INSERT INTO consent_records (clinic_id, user_id, consent_type, consent_version, consent_text_hash, granted,
                    legal_basis, purpose, retention_justification, collection_method)
                  SELECT clinic_id, user_id, 'image_processing', consent_version, consent_text_hash, true, 'x', 'x', 'x', 'web_form'
                    FROM consent_records WHERE consent_type = 'image_processing'";
    admin.batch_execute("BEGIN; UPDATE consent_records SET granted = false, withdrawal_method = 'account_page' WHERE consent_type = 'image_processing'").await.unwrap();
    let made = admin.execute(lonely, &[]).await;
    let ended = admin.batch_execute("COMMIT").await;
    assert!(made.is_err() || ended.is_err(), "an act without its proof");
    assert_eq!(stand.count("SELECT count(*) FROM consent_records WHERE consent_type = 'image_processing'").await, 1);
}

#[tokio::test]
async fn what_ends_is_told_before_and_closes_by_itself() {
    let stand = stand().await;
    let app = &stand.app;
    let (_, dpo) = colleague(&stand, "Breno Alcântara Dias", &["dpo"], 40).await;
    let id = approved(&stand, &dpo, "1.0", "A consulta acontece por vídeo, sem gravação.").await;
    let act = consent::grant_for_patient(app, &dpo, &patient(id)).await.unwrap();
    let admin = stand.database.superuser().await;
    let wind = async |when: &str| {
        admin.batch_execute("SET session_replication_role = replica").await.unwrap();
        admin
            .execute(
                &format!("UPDATE consent_records SET expires_at = now() + interval '{when}' WHERE id = '{act}'"),
                &[],
            )
            .await
            .unwrap();
        admin.batch_execute("RESET session_replication_role").await.unwrap();
    };
    let agrees = async || consent::agrees(app, &dpo, Purpose::Telemedicine, Some(Uuid::from_u128(77))).await.unwrap();
    let events = format!(
        "SELECT coalesce(string_agg(kind, ',' ORDER BY created_at, id), '') FROM consent_events WHERE consent_id = '{act}'"
    );
    let sweep = async || {
        admin.execute("DELETE FROM ops.job_runs", &[]).await.unwrap();
        job::run_due(app.db()).await.unwrap();
    };
    assert!(agrees().await);
    sweep().await;
    assert_eq!(stand.text(&events).await, "granted");
    wind("20 days").await;
    sweep().await;
    sweep().await;
    assert_eq!(stand.text(&events).await, "granted,reminded", "once");
    assert!(agrees().await);
    // It is closed at its hour, whether or not the job has run.
    wind("-1 second").await;
    assert!(!agrees().await);
    sweep().await;
    assert_eq!(stand.text(&events).await, "granted,reminded,expired");
    assert_eq!(
        stand.text(&format!("SELECT consent_status FROM lgpd_consents WHERE consent_id = '{act}'")).await,
        "expired"
    );
    // And it can be given again.
    consent::grant_for_patient(app, &dpo, &patient(id)).await.unwrap();
    assert!(agrees().await);
}

#[tokio::test]
async fn somebody_decides_for_a_minor_until_they_come_of_age() {
    let stand = stand().await;
    let app = &stand.app;
    let (_, dpo) = colleague(&stand, "Breno Alcântara Dias", &["dpo"], 40).await;
    let id = approved(&stand, &dpo, "1.0", "A consulta acontece por vídeo, sem gravação.").await;
    let today = (SystemClock.now() - Duration::days(1)).to_offset(sigilo_domain::BRASILIA).date();
    let birth = today.replace_year(today.year() - 17).unwrap_or(today - Duration::days(17 * 365));
    let child = Grant { birth_date: birth, ..patient(id) };
    let fields = |refused: Result<Uuid, Error>| match refused {
        Err(Error::Invalid(errors)) => errors.into_iter().map(|error| error.field).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(fields(consent::grant_for_patient(app, &dpo, &child).await), ["representante"]);
    let mother = RepresentativeForm {
        name: "Rosa Bastos Guimarães".into(),
        cpf: "529.982.247-25".into(),
        relation: "mother".into(),
        evidence: Some(b"%PDF-1.7\ncertidao".to_vec()),
    };
    let with = |who: RepresentativeForm| Grant { representative: Some(who), ..child.clone() };
    for (who, field) in [
        (RepresentativeForm { name: "R".into(), ..mother.clone() }, "representante"),
        (RepresentativeForm { cpf: "123".into(), ..mother.clone() }, "representante_cpf"),
        (RepresentativeForm { relation: "neighbour".into(), ..mother.clone() }, "representante"),
        (RepresentativeForm { evidence: Some(b"MZ".to_vec()), ..mother.clone() }, "representante_prova"),
    ] {
        assert_eq!(fields(consent::grant_for_patient(app, &dpo, &with(who)).await), [field]);
    }
    let act = consent::grant_for_patient(app, &dpo, &with(mother)).await.unwrap();
    let receipt = consent::receipt(app, &dpo, act).await.unwrap();
    assert_eq!(fails(&receipt.document), []);
    assert_eq!(receipt.document.statement.subject.representative.as_ref().unwrap().relation, "mother");
    let ends = receipt.expires_at.unwrap();
    assert!(ends <= SystemClock.now() + Duration::days(366), "{ends}");
    let plain =
        "SELECT count(*) FROM lgpd_consents p WHERE to_jsonb(p)::text ~ 'Rosa|Iara|52998224725|11144477735|certidao'";
    assert_eq!(stand.count(plain).await, 0);
    // Of another clinic nobody sees it; a patient's consent is collected by who receives patients.
    let stranger = stand.stranger().await;
    assert_eq!(consent::receipt(app, &stranger, act).await.err(), Some(Error::NotFound));
    let (_, auditor) = colleague(&stand, "Ana Auditora", &["auditor"], 33).await;
    assert!(
        consent::grant_for_patient(app, &auditor, &Grant { patient: Uuid::from_u128(79), ..patient(id) })
            .await
            .is_err()
    );
    assert!(
        consent::revoke_for_patient(app, &stranger, Uuid::from_u128(77), "telemedicine", "in_person", "")
            .await
            .is_err()
    );
    consent::revoke_for_patient(app, &dpo, Uuid::from_u128(77), "telemedicine", "letter", "Mudou de ideia")
        .await
        .unwrap();
    assert!(!consent::agrees(app, &dpo, Purpose::Telemedicine, Some(Uuid::from_u128(77))).await.unwrap());
}

#[tokio::test]
async fn each_purpose_is_open_only_with_its_own_consent() {
    let stand = stand().await;
    let app = &stand.app;
    let (_, dpo) = colleague(&stand, "Breno Alcântara Dias", &["dpo"], 40).await;
    let person = Uuid::from_u128(90);
    for (kind, _) in CONSENT_TYPES.into_iter().skip(4) {
        let purposes: Vec<Purpose> = Purpose::of_type(kind).collect();
        let codes: Vec<String> = purposes.iter().map(|purpose| purpose.code().to_owned()).collect();
        let content = Content {
            consent_type: kind.into(),
            purposes: codes,
            ..telemedicine("1.0", "Um texto que diz o que é feito, com quais dados e por quanto tempo.")
        };
        let id = text::write(app, &dpo, None, &content).await.unwrap();
        advance(&stand, &dpo, id, "draft", Step::Review).await.unwrap();
        advance(&stand, &stand.session, id, "reviewed", Step::Approve).await.unwrap();
        for purpose in &purposes {
            assert!(!consent::agrees(app, &dpo, *purpose, Some(person)).await.unwrap(), "{purpose:?}");
        }
        // Only the first of them: the others stay closed, and so does everybody else's.
        let act = Grant { patient: person, purposes: vec![purposes[0]], ..patient(id) };
        consent::grant_for_patient(app, &dpo, &act).await.unwrap();
        for (at, purpose) in purposes.iter().enumerate() {
            assert_eq!(consent::agrees(app, &dpo, *purpose, Some(person)).await.unwrap(), at == 0, "{purpose:?}");
            assert!(!consent::agrees(app, &dpo, *purpose, Some(Uuid::from_u128(91))).await.unwrap());
            assert!(!consent::agrees(app, &dpo, *purpose, None).await.unwrap());
        }
        let other = Grant { patient: Uuid::from_u128(92), purposes: vec![Purpose::AiAssistant], ..patient(id) };
        assert!(consent::grant_for_patient(app, &dpo, &other).await.is_err(), "what the text does not name");
    }
}

#[tokio::test]
async fn the_subject_may_sign_once_and_the_code_tells_a_stranger_only_that_it_holds() {
    let stand = stand().await;
    let app = &stand.app;
    let states = consent::list(app, &stand.session).await.unwrap();
    // The stand's own acts are made without a real proof.
    consent::revoke(app, &stand.session, ConsentType::AiProcessing, "").await.unwrap();
    let text = &states.iter().find(|state| state.text.kind == ConsentType::AiProcessing).unwrap().text;
    consent::grant(app, &stand.session, ConsentType::AiProcessing, &text.hash).await.unwrap();
    let states = consent::list(app, &stand.session).await.unwrap();
    let id = states.iter().find(|state| state.text.kind == ConsentType::AiProcessing).unwrap().proof.unwrap();
    for (kind, content) in [
        (SignatureKind::Drawn, &b"GIF89a"[..]),
        (SignatureKind::Paper, b"MZ\x90"),
        (SignatureKind::IcpBrasil, b""),
        (SignatureKind::Drawn, b"%PDF-1.7"),
    ] {
        let refused = consent::sign(app, &stand.session, id, kind, content, None).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{kind:?}: {refused:?}");
    }
    let unknown = consent::sign(app, &stand.session, id, SignatureKind::IcpBrasil, b"0\x80", None).await;
    assert!(matches!(unknown, Err(Error::Unavailable(_))), "{unknown:?}");
    let stranger = stand.stranger().await;
    assert_eq!(consent::sign(app, &stranger, id, SignatureKind::Drawn, PNG, None).await.err(), Some(Error::NotFound));
    consent::sign(app, &stand.session, id, SignatureKind::Drawn, PNG, None).await.unwrap();
    let again = consent::sign(app, &stand.session, id, SignatureKind::Paper, b"%PDF-1.7", None).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    let receipt = consent::receipt(app, &stand.session, id).await.unwrap();
    assert_eq!(outcome(&receipt.document, Part::SubjectSignature), Outcome::Holds);
    assert_eq!(receipt.document.subject_signature.as_ref().unwrap().content, PNG);
    let mut redrawn = receipt.document.clone();
    redrawn.subject_signature.as_mut().unwrap().content.push(1);
    assert_eq!(fails(&redrawn), [Part::SubjectSignature]);

    let (address, code) = receipt.address.rsplit_once('/').unwrap();
    assert_eq!(address, "http://localhost:8080/consentimento/conferir");
    let checked = consent::check(app, &client(), code).await.unwrap().unwrap();
    assert_eq!(
        (checked.status.as_str(), checked.signature_holds, checked.signed_as.as_deref()),
        ("granted", true, Some("drawn"))
    );
    assert_eq!(
        (checked.kind, checked.consent_hash == receipt.document.seal.consent_hash),
        ("Inteligência artificial", true)
    );
    for secret in ["Alba", &stand.user.to_string(), &stand.clinic.to_string()] {
        assert!(!format!("{checked:?}").contains(secret), "{secret}");
    }
    for wrong in ["", "x", &"0".repeat(32), &code[..31], &format!("{code}00")] {
        assert_eq!(consent::check(app, &client(), wrong).await.unwrap(), None, "{wrong}");
    }
    consent::revoke(app, &stand.session, ConsentType::AiProcessing, "").await.unwrap();
    assert_eq!(consent::check(app, &client(), code).await.unwrap().unwrap().status, "withdrawn");
}

#[tokio::test]
async fn with_the_persons_key_goes_what_the_proof_says_of_them() {
    let stand = stand().await;
    let keystore = TestKeystore::fresh().await;
    let root = Arc::new(LocalRoot::new(&[7; 32]));
    let keys = Keystore::open(&keystore.urls().keys, root, &Limits::default(), &[]).await.unwrap();
    let old = &stand.app;
    let (db, settings) = (old.db().clone(), old.settings().clone());
    let app =
        App::new(db, Keyring::new(&[7; 32]), Some(keys), Arc::new(SystemClock), old.assistant().clone(), settings)
            .unwrap();
    let states = consent::list(&app, &stand.session).await.unwrap();
    let data = states.iter().find(|state| state.text.kind == ConsentType::DataProcessing).unwrap();
    consent::grant(&app, &stand.session, ConsentType::DataProcessing, &data.text.hash).await.unwrap();
    let states = consent::list(&app, &stand.session).await.unwrap();
    let id = states.iter().find(|state| state.text.kind == ConsentType::DataProcessing).unwrap().proof.unwrap();
    let receipt = consent::receipt(&app, &stand.session, id).await.unwrap();
    assert_eq!(fails(&receipt.document), []);
    let code = receipt.address.rsplit('/').next().unwrap().to_owned();

    let person = Subject { clinic: stand.clinic, subject: stand.user };
    app.keystore().unwrap().destroy(person).await.unwrap();
    let gone = consent::receipt(&app, &stand.session, id).await.err();
    assert!(matches!(gone, Some(Error::Conflict(sentence)) if sentence.contains("destruídas")), "{gone:?}");
    // Who holds the receipt can still show it, and the code still says that the act exists.
    assert_eq!(fails(&Document::parse(receipt.document.write().as_bytes()).unwrap()), []);
    assert!(consent::check(&app, &client(), &code).await.unwrap().unwrap().signature_holds);
}
