//! The end of a patient's registration: by two people's word, never against the law, and for good.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use sigilo_assistant::provider::Stop;
use sigilo_domain::{Clock, SystemClock};
use sigilo_features::{
    App, Error,
    evidence::{Sealer, examine, new_image_key},
    patient::{
        self, Agreement, Decision, Elimination, Field, OwnSignature, Registered, Typed, ask_elimination,
        decide_elimination, elimination_receipt, eliminations,
    },
    rights::{self, Verified, verify},
};
use sigilo_proof::{Keyring, checkpoint::LogKey, envelope::LocalRoot};
use sigilo_store::{
    Db, Session, WriteTx, job,
    keystore::{KeyError, Keystore, Limits, Subject},
    rights::destroyed,
    server::Role,
};
use sigilo_testkit::{TestKeystore, people::event, tokio_postgres::Client};
use support::{Script, Scripted, Stand, colleague, document};
use time::Duration;
use uuid::Uuid;

struct Clinic {
    stand: Stand,
    keystore: TestKeystore,
    app: App,
    /// Answers for the data, and sees no patient.
    dpo: Session,
    /// Answers for the clinic.
    owner: Session,
    desk: Session,
}

async fn keys(keystore: &TestKeystore, destroyed: &[Subject]) -> Keystore {
    let root = Arc::new(LocalRoot::new(&[7; 32]));
    Keystore::open(&keystore.urls().keys, root, &Limits::default(), destroyed).await.unwrap()
}

async fn app_of(stand: &Stand, keystore: &TestKeystore, db: Db) -> App {
    let keys = keys(keystore, &destroyed(&db).await.unwrap()).await;
    let (assistant, settings) = (stand.app.assistant().clone(), stand.app.settings().clone());
    App::new(db, Keyring::new(&[7; 32]), Some(keys), Arc::new(SystemClock), assistant, settings).unwrap()
}

/// A clinic whose trail keeps images of what changes.
async fn clinic() -> Clinic {
    let stand = Stand::new(Scripted::new(Script::Say(document(), Stop::Complete))).await;
    let keystore = TestKeystore::fresh().await;
    let (key, sealed) = new_image_key(&Keyring::new(&[7; 32]));
    let admin = stand.database.superuser().await;
    admin.execute("INSERT INTO ops.image_keys (id, key_sealed) VALUES ($1, $2)", &[&key.id(), &sealed]).await.unwrap();
    let app = app_of(&stand, &keystore, Db::with_images(stand.database.urls(), 6, Some(key)).unwrap()).await;
    let dpo = colleague(&stand, "Breno Alcântara Dias", &["dpo"], 40).await.1;
    let owner = colleague(&stand, "Helena Sales", &["owner"], 41).await.1;
    let desk = colleague(&stand, "Jussara Pinho", &["receptionist"], 42).await.1;
    Clinic { stand, keystore, app, dpo, owner, desk }
}

const ANA: [(&str, &str); 9] = [
    ("nome", "Ana Lúcia Xavantina de Souza"),
    ("nome_social", "Analu Xavantina"),
    ("cpf", "529.982.247-25"),
    ("telefone", "(11) 98765-4321"),
    ("email", "ana.xavantina@exemplo.com.br"),
    ("mae", "Rita de Cássia Xavantina"),
    ("endereco", "Rua das Acácias Amarelas, 1234, Perdizes"),
    ("nascimento", "1980-02-29"),
    ("rg", "MG-14.555.777"),
];
const NOTE: &str = "Pediu no balcão, com documento";
const PLANTED: [&str; 10] = [
    "xavantina",
    "lúcia",
    "52998224725",
    "529.982",
    "987654321",
    "98765-4321",
    "rita de",
    "cássia",
    "acácias",
    "14.555",
];

fn typed(fields: &[(&'static str, &'static str)]) -> Typed {
    let known = [("nascimento", "1970-05-05"), ("sem_documento", "undocumented")];
    Typed::new(|name| fields.iter().chain(&known).find(|(known, _)| *known == name).map_or("", |(_, value)| *value))
}

fn conflict(result: Result<impl Sized, Error>) -> &'static str {
    match result {
        Err(Error::Conflict(sentence)) => sentence,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("nobody refused"),
    }
}

fn field(result: Result<impl Sized, Error>) -> &'static str {
    match result {
        Err(Error::Invalid(errors)) => errors[0].field,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("nobody refused"),
    }
}

impl Clinic {
    async fn register(&self, fields: &[(&'static str, &'static str)]) -> (Uuid, i64) {
        match patient::register(&self.app, &self.desk, &typed(fields), true).await.unwrap() {
            Registered::Done(id, number) => (id, number),
            Registered::Alike(_) => panic!("asked although told not to"),
        }
    }

    fn subject(&self, patient: Uuid) -> Subject {
        Subject { clinic: self.stand.clinic, subject: patient }
    }

    async fn ask(&self, who: &Session, number: i64) -> Result<(), Error> {
        ask_elimination(&self.app, who, None, &number.to_string(), "subject_request", NOTE).await
    }

    async fn decide(&self, who: &Session, decision: Decision) -> Result<(), Error> {
        let id = self.waiting().await.id;
        decide_elimination(&self.app, who, id, decision, "Conferi o pedido e o documento").await
    }

    /// The first in the list.
    async fn waiting(&self) -> Elimination {
        eliminations(&self.app, &self.dpo).await.unwrap().remove(0)
    }

    /// Approved by the database's own rules, and not yet carried out.
    async fn approved(&self, number: i64) -> Uuid {
        self.ask(&self.dpo, number).await.unwrap();
        let id = self.waiting().await.id;
        let tx = self.app.db().write(&self.owner, async |tx: &WriteTx| {
            sigilo_store::elimination::decide(tx, id, Decision::Approved, None).await?;
            Ok::<_, sigilo_store::Error>(((), event("test")))
        });
        tx.await.unwrap();
        id
    }

    async fn closed(&self) {
        self.stand.until("SELECT count(*) FROM patient_eliminations WHERE receipt IS NOT NULL", 1).await;
    }

    async fn found(&self, app: &App, text: &str) -> Vec<i64> {
        let found = patient::search(app, &self.desk, text).await.unwrap();
        found.patients.iter().map(|brief| brief.number).collect()
    }

    async fn status(&self) -> String {
        self.stand.text("SELECT status FROM patient_eliminations ORDER BY id DESC LIMIT 1").await
    }

    /// A drawn signature is not of this test: the patient agrees to marketing, in front of the desk.
    async fn agree(&self, patient: Uuid) -> Uuid {
        let seen = patient::consents(&self.app, &self.desk, patient).await.unwrap();
        let offer = seen.offers.iter().find(|offer| offer.text.consent_type == "marketing").unwrap();
        let agreement = Agreement {
            text: offer.text.id,
            hash: offer.text.text_hash.clone(),
            purposes: vec!["marketing".to_owned()],
            representative: None,
            signature: OwnSignature::None,
        };
        patient::agree(&self.app, &self.desk, patient, &agreement).await.unwrap()
    }
}

/// Approves a text about marketing, where the product has none of its own.
async fn marketing(clinic: &Clinic) {
    let admin = clinic.stand.database.superuser().await;
    let sql = "SELECT count(*) FROM consent_texts WHERE consent_type = 'marketing' AND status = 'approved'";
    if clinic.stand.count(sql).await > 0 {
        return;
    }
    let text = "INSERT INTO consent_texts (clinic_id, consent_type, version, title, summary, body, purpose, purposes, legal_basis,
                                           data_categories, retention_justification, status, approved_at)
                VALUES (NULL, 'marketing', '1.0', 'Mensagens da clínica', 'Autorizo que a clínica me escreva.',
                        'A clínica pode escrever para você sobre campanhas e horários. Você revoga quando quiser, no balcão.',
                        'Contato', '{marketing}', 'Art. 7, I', '{contato}', 'Prova do consentimento por cinco anos', 'approved', now())";
    admin.execute(text, &[]).await.unwrap();
}

/// Everything in a database, as whoever stole it would read it, in lower case.
async fn everything(admin: &Client) -> String {
    let tables = admin
        .query(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('public', 'auth', 'ops', 'trail')",
            &[],
        )
        .await
        .unwrap();
    let mut all = String::new();
    for table in tables {
        let table: String = table.get(0);
        for row in admin.query(&format!("SELECT t::text FROM {table} t"), &[]).await.unwrap() {
            all.push_str(&row.get::<_, String>(0).to_lowercase());
            all.push('\n');
        }
    }
    all
}

#[tokio::test]
async fn two_people_end_a_registration_and_a_receipt_says_so() {
    let c = clinic().await;
    marketing(&c).await;
    let (ana, number) = c.register(&ANA).await;
    c.register(&[("nome", "Bruno Lima Vasques")]).await;
    let act = c.agree(ana).await;
    // Another process, which has the names in memory, too.
    let other = app_of(&c.stand, &c.keystore, Db::new(c.stand.database.urls(), 2).unwrap()).await;
    for app in [&c.app, &other] {
        assert_eq!(c.found(app, "xavantina").await, [1]);
    }

    // From the record's page the number confirms; from the desk it names.
    let ask = async |of, number: &'static str, reason: &'static str, note: &'static str| {
        ask_elimination(&c.app, &c.owner, of, number, reason, note).await
    };
    assert_eq!(field(ask(Some(ana), "2", "subject_request", NOTE).await), "numero");
    assert_eq!(field(ask(Some(ana), "", "subject_request", NOTE).await), "numero");
    assert_eq!(field(ask(None, "9", "subject_request", NOTE).await), "numero");
    assert_eq!(field(ask(Some(ana), "1", "porque sim", NOTE).await), "motivo");
    assert_eq!(field(ask(Some(ana), "1", "subject_request", "curto").await), "fundamento");
    ask(Some(ana), "1", "subject_request", NOTE).await.unwrap();
    assert!(conflict(c.ask(&c.dpo, number).await).contains("já foi pedida"));
    let asked = c.waiting().await;
    assert_eq!((asked.status.as_str(), asked.medical_record_number, asked.asked_by), ("asked", 1, asked.asked_by));

    // Who asked does not decide; who did not, does not take back; a refusal says why.
    assert!(conflict(c.decide(&c.owner, Decision::Approved).await).contains("não a decide"));
    assert!(conflict(c.decide(&c.owner, Decision::Refused).await).contains("não a decide"));
    assert!(conflict(c.decide(&c.dpo, Decision::Withdrawn).await).contains("Só quem pediu"));
    let mute = decide_elimination(&c.app, &c.dpo, asked.id, Decision::Refused, "").await;
    assert_eq!(field(mute), "nota");
    assert_eq!(c.stand.count("SELECT count(*) FROM patient_identities").await, 2, "nothing has gone so far");
    decide_elimination(&c.app, &c.dpo, asked.id, Decision::Approved, "").await.unwrap();
    c.closed().await;
    assert!(conflict(c.decide(&c.owner, Decision::Withdrawn).await).contains("já foi decidida"));

    // The record has its number and nothing else; search does not find it, in no process, by nothing.
    let record = patient::open(&c.app, &c.desk, ana).await.unwrap();
    assert!(Field::ALL.into_iter().all(|field| record.document.get(field).is_none()));
    assert_eq!((record.number, record.inactive.as_deref()), (1, Some("eliminated")));
    let gone = record.gone.unwrap();
    for app in [&c.app, &other] {
        for text in ["xavantina", "ana lucia", "529.982.247-25", "11987654321", "ana.xavantina@exemplo.com.br", "1"] {
            assert_eq!(c.found(app, text).await, Vec::<i64>::new(), "{text}");
        }
        assert_eq!(c.found(app, "vasques").await, [2]);
        assert_eq!(c.found(app, "").await, [2]);
    }
    // Nothing more is written about who is gone, and nobody brings them back.
    for refused in [
        patient::update(&c.app, &c.desk, ana, record.version, &typed(&ANA)).await,
        patient::activate(&c.app, &c.desk, ana, record.version, None).await,
        patient::activate(&c.app, &c.desk, ana, record.version, Some("moved")).await,
        patient::consents(&c.app, &c.desk, ana).await.map(drop),
        sigilo_features::consent::revoke_for_patient(&c.app, &c.desk, ana, "marketing", "letter", "").await.map(drop),
        sigilo_features::consent::receipt(&c.app, &c.desk, act).await.map(drop),
        c.ask(&c.dpo, number).await,
        rights::place_patient_hold(&c.app, &c.dpo, "1", "authority", "Ofício 12/2026, do juízo", in_days(30)).await,
    ] {
        conflict(refused);
    }
    // The consents ended and their proofs stay.
    let ended = "SELECT count(*) FROM consent_records c JOIN lgpd_consents p ON p.consent_id = c.id
                  WHERE c.patient_id IS NOT NULL AND NOT c.granted AND c.withdrawal_method = 'elimination' AND p.consent_status = 'withdrawn'";
    assert_eq!(c.stand.count(ended).await, 1);
    assert_eq!(
        c.stand
            .count(
                "SELECT count(*) FROM patients WHERE data_consent_status = 'withdrawn' AND right_to_forget_requested"
            )
            .await,
        1
    );

    // Whoever sees patients or answers for the clinic has the receipt.
    assert!(gone.receipt);
    for who in [&c.desk, &c.dpo, &c.owner, &c.stand.session] {
        let receipt = elimination_receipt(&c.app, who, ana).await.unwrap();
        assert_eq!(verify(&receipt.document(), None), Verified::Yes);
        assert_eq!(receipt.receipt["prontuario"], 1);
        assert!(receipt.receipt["chaves_destruidas_em"].is_string(), "{}", receipt.receipt);
        assert_eq!(receipt.receipt["apagado"]["patient_identities"], 1);
        assert_eq!(receipt.receipt["apagado"]["consent_records"], 1);
        assert!(receipt.receipt["apagado"]["audit_details"].as_i64() >= Some(1), "{}", receipt.receipt);
        let mut changed = receipt.document();
        changed["recibo"]["prontuario"] = 2.into();
        assert_eq!(verify(&changed, None), Verified::No);
    }
    let stranger = c.stand.stranger().await;
    let auditor = colleague(&c.stand, "Ana Auditora", &["auditor"], 43).await.1;
    for who in [&stranger, &auditor] {
        assert_eq!(elimination_receipt(&c.app, who, ana).await.err(), Some(Error::NotFound));
    }
    // Each step is in the trail, about this patient and by whom.
    let said = format!(
        "SELECT string_agg(action, ' ' ORDER BY seq) FROM audit_logs WHERE patient_id = '{ana}' AND action LIKE 'patient_elimination%'"
    );
    assert_eq!(c.stand.text(&said).await, "patient_elimination_asked patient_elimination_approved");
    // The same person may come back, as somebody new.
    assert_eq!(c.register(&ANA).await.1, 3);
}

fn in_days(days: i64) -> Option<time::Date> {
    Some((SystemClock.now() + Duration::days(days)).to_offset(sigilo_domain::BRASILIA).date())
}

#[tokio::test]
async fn nobody_else_ends_a_registration_and_no_other_clinic_is_reached() {
    let c = clinic().await;
    let (ana, number) = c.register(&ANA).await;
    let professional = colleague(&c.stand, "Dr. Pedro Sul", &["professional"], 44).await.1;
    let admin = colleague(&c.stand, "Célia Rocha", &["administrator"], 45).await.1;
    let auditor = colleague(&c.stand, "Ana Auditora", &["auditor"], 46).await.1;
    c.ask(&c.dpo, number).await.unwrap();
    let id = c.waiting().await.id;
    for who in [&c.desk, &professional, &admin, &auditor] {
        assert!(matches!(c.ask(who, number).await, Err(Error::Forbidden(_))));
        assert!(matches!(eliminations(&c.app, who).await, Err(Error::Forbidden(_))));
        for decision in [Decision::Approved, Decision::Refused, Decision::Withdrawn] {
            let tried = decide_elimination(&c.app, who, id, decision, "Decido eu mesmo").await;
            assert!(matches!(tried, Err(Error::Forbidden(_))));
        }
    }
    let stranger = c.stand.stranger().await;
    assert!(eliminations(&c.app, &stranger).await.unwrap().is_empty());
    assert_eq!(field(c.ask(&stranger, number).await), "numero");
    let there = ask_elimination(&c.app, &stranger, Some(ana), "1", "subject_request", NOTE).await;
    assert_eq!(there, Err(Error::NotFound));
    assert_eq!(decide_elimination(&c.app, &stranger, id, Decision::Approved, "").await, Err(Error::NotFound));
    let held =
        rights::place_patient_hold(&c.app, &stranger, "1", "authority", "Ofício 12/2026, do juízo", in_days(9)).await;
    assert_eq!(field(held), "prontuario");

    // What the program would have to let through, the database does not: over the app's own connection, and the job's.
    let app = c.stand.database.connect(Role::App).await;
    let enter = async |who: &Session| {
        app.query("SELECT set_config('app.token', $1, false)", &[&who.token.expose()]).await.unwrap();
    };
    enter(&c.dpo).await;
    for sql in [
        "UPDATE patient_eliminations SET status = 'approved'",
        "UPDATE patient_eliminations SET status = 'executed', executed_at = now()",
        "UPDATE patient_eliminations SET asked_by = app.uuid_v7()",
        "UPDATE patient_eliminations SET keys_destroyed_at = now()",
        "DELETE FROM patient_eliminations",
        "DELETE FROM patient_identities",
        "SELECT ops.eliminate_patient()",
    ] {
        assert!(app.batch_execute(sql).await.is_err(), "{sql}");
    }
    // Who answers for the data alone sees numbers, not people, and changes neither.
    let count = async |sql: &str| app.query_one(sql, &[]).await.unwrap().get::<_, i64>(0);
    assert_eq!(count("SELECT count(*) FROM patients").await, 1);
    assert_eq!(count("SELECT count(*) FROM patient_identities").await, 0);
    assert_eq!(app.execute("UPDATE patients SET is_active = false, inactive_reason = 'moved'", &[]).await.unwrap(), 0);
    for who in [&c.desk, &professional, &stranger] {
        enter(who).await;
        let touched = app.execute("UPDATE patient_eliminations SET status = 'approved'", &[]).await;
        assert!(matches!(touched, Ok(0)), "{touched:?}");
        let asked = format!(
            "INSERT INTO patient_eliminations (patient_id, reason, basis_note) VALUES ('{ana}', 'subject_request', '{NOTE}')"
        );
        assert!(app.batch_execute(&asked).await.is_err());
    }
    let jobs = c.stand.database.connect(Role::Jobs).await;
    for sql in [
        "DELETE FROM patient_identities WHERE true",
        "UPDATE patients SET is_active = false, inactive_reason = 'eliminated', data_anonymized_at = now() WHERE true",
        "UPDATE patient_eliminations SET status = 'executed', executed_at = now(), gone_in = pg_current_xact_id() WHERE true",
    ] {
        assert_eq!(jobs.execute(sql, &[]).await.unwrap(), 0, "what nobody approved: {sql}");
    }
    assert_eq!(jobs.query_one("SELECT ops.eliminate_patient()", &[]).await.unwrap().get::<_, i64>(0), 0);
    assert_eq!(c.status().await, "asked");
    c.decide(&c.owner, Decision::Refused).await.unwrap();
    assert_eq!(c.status().await, "refused");
    c.ask(&c.owner, number).await.unwrap();
    c.decide(&c.owner, Decision::Withdrawn).await.unwrap();
    assert_eq!(c.status().await, "withdrawn");
    job::eliminate(c.app.db()).await.unwrap();
    assert_eq!(c.found(&c.app, "xavantina").await, [1]);
}

#[tokio::test]
async fn what_the_law_wants_kept_stays() {
    let c = clinic().await;
    let (ana, number) = c.register(&ANA).await;
    let admin = c.stand.database.superuser().await;
    let hold = async |day| {
        let reason = "Processo 0001234-55.2026: manter até a sentença";
        rights::place_patient_hold(&c.app, &c.dpo, &number.to_string(), "exercise_of_rights", reason, day).await
    };
    let release = async || {
        let hold = rights::holds(&c.app, &c.owner).await.unwrap().0.remove(0);
        assert_eq!((hold.patient_id, hold.subject_name.as_str()), (Some(ana), "Paciente do prontuário nº 1"));
        rights::release_hold(&c.app, &c.owner, hold.id, "O processo acabou").await.unwrap();
    };
    assert_eq!(field(hold(in_days(0)).await), "revisao");
    assert!(matches!(
        rights::place_patient_hold(&c.app, &c.desk, "1", "authority", "Ofício 12/2026, do juízo", in_days(9)).await,
        Err(Error::Forbidden(_))
    ));
    // Held: nobody asks, nobody approves, and what was approved waits.
    hold(in_days(30)).await.unwrap();
    assert!(conflict(c.ask(&c.dpo, number).await).contains("guarda legal"));
    release().await;
    c.ask(&c.dpo, number).await.unwrap();
    hold(in_days(30)).await.unwrap();
    assert!(conflict(c.decide(&c.owner, Decision::Approved).await).contains("guarda legal"));
    c.decide(&c.owner, Decision::Refused).await.unwrap();
    release().await;
    c.approved(number).await;
    hold(in_days(30)).await.unwrap();
    job::eliminate(c.app.db()).await.unwrap();
    let jobs = c.stand.database.connect(Role::Jobs).await;
    assert_eq!(jobs.execute("DELETE FROM patient_identities WHERE true", &[]).await.unwrap(), 0, "not by hand either");
    assert_eq!(c.status().await, "approved");
    assert_eq!(c.found(&c.app, "xavantina").await, [1]);
    // What was approved can be taken back as long as it waits.
    c.decide(&c.dpo, Decision::Withdrawn).await.unwrap();
    release().await;

    // A record that the law wants kept, however somebody calls the reason.
    admin.execute("UPDATE patients SET data_retention_until = current_date + 1 WHERE id = $1", &[&ana]).await.unwrap();
    for reason in ["subject_request", "mistaken_registration", "term_over"] {
        let asked = ask_elimination(&c.app, &c.dpo, Some(ana), "1", reason, NOTE).await;
        assert!(conflict(asked).contains("20 anos"), "{reason}");
    }
    admin.execute("UPDATE patients SET data_retention_until = NULL WHERE id = $1", &[&ana]).await.unwrap();
    // And the term, from the last change on.
    let over = async || ask_elimination(&c.app, &c.dpo, Some(ana), "1", "term_over", NOTE).await;
    assert!(conflict(over().await).contains("Ainda não passaram"));
    for (months, done) in [(239, false), (241, true)] {
        let then = format!(
            "CREATE OR REPLACE FUNCTION app.clock() RETURNS timestamptz LANGUAGE sql STABLE SET search_path = pg_catalog
             AS $$ SELECT now() + interval '{months} months' $$"
        );
        admin.batch_execute(&then).await.unwrap();
        assert_eq!(over().await.is_ok(), done, "{months}");
    }
    c.decide(&c.owner, Decision::Approved).await.unwrap();
    c.closed().await;
    assert_eq!(c.found(&c.app, "xavantina").await, Vec::<i64>::new());
}

/// Who is gone takes no place among the twenty that a search shows: the names are out of memory, in every process.
#[tokio::test]
async fn who_is_gone_is_out_of_the_memory_of_every_process() {
    let c = clinic().await;
    let (_, number) = c.register(&[("nome", "Marina Abade")]).await;
    for _ in 0..20 {
        c.register(&[("nome", "Marina Toledo")]).await;
    }
    let other = app_of(&c.stand, &c.keystore, Db::new(c.stand.database.urls(), 2).unwrap()).await;
    for app in [&c.app, &other] {
        let found = c.found(app, "marina").await;
        assert!(found.len() == 20 && found.contains(&number), "{found:?}");
    }
    c.approved(number).await;
    // With a transaction open that began before, names are read again from there on: once, not at every search.
    let long = c.stand.database.superuser().await;
    long.batch_execute("BEGIN; SELECT pg_current_xact_id()").await.unwrap();
    job::eliminate(c.app.db()).await.unwrap();
    for app in [&c.app, &other, &other] {
        let found = c.found(app, "marina").await;
        assert!(found.len() == 20 && !found.contains(&number), "{found:?}");
        assert!(c.found(app, "abade").await.is_empty());
    }
    long.batch_execute("COMMIT").await.unwrap();
    rights::close_due(&c.app).await.unwrap();
    assert_eq!(c.found(&c.app, "marina").await.len(), 20);
}

/// Killed between any two steps, the next run goes on; and an older copy of the keystore brings nobody back.
#[tokio::test]
async fn whenever_it_is_killed_the_next_run_finishes() {
    let c = clinic().await;
    let (ana, number) = c.register(&ANA).await;
    let (bruno, _) = c.register(&[("nome", "Bruno Lima Vasques")]).await;
    let admin = c.keystore.superuser().await;
    let sql = "SELECT subject_id, wrapped, kek_version FROM subject_keys";
    let copy: Vec<(Uuid, Vec<u8>, i32)> =
        admin.query(sql, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let cell = c.stand.database.superuser().await;
    let cell = cell.query_one("SELECT full_name_sealed FROM patient_identities WHERE patient_id = $1", &[&ana]).await;
    let cell: Vec<u8> = cell.unwrap().get(0);
    let name = sigilo_proof::envelope::Place { table: "public.patient_identities", column: "full_name_sealed" };

    // In the middle of taking the rows: all of it, or nothing.
    c.approved(number).await;
    let jobs = c.stand.database.connect(Role::Jobs).await;
    jobs.batch_execute("BEGIN").await.unwrap();
    assert_eq!(jobs.query_one("SELECT ops.eliminate_patient()", &[]).await.unwrap().get::<_, i64>(0), 1);
    drop(jobs);
    c.stand.until("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'", 0).await;
    assert_eq!(
        (c.status().await.as_str(), c.stand.count("SELECT count(*) FROM patient_identities").await),
        ("approved", 2)
    );
    assert_eq!(c.found(&c.app, "xavantina").await, [1]);
    // After the rows: the key is still there, and no receipt.
    job::eliminate(c.app.db()).await.unwrap();
    assert_eq!(c.status().await, "executed");
    let record = patient::open(&c.app, &c.desk, ana).await.unwrap();
    assert!(!record.gone.unwrap().receipt);
    assert_eq!(elimination_receipt(&c.app, &c.owner, ana).await.err(), Some(Error::NotFound));
    assert!(c.app.keystore().unwrap().current(c.subject(ana)).await.is_ok());
    // After the key: destroyed, and nobody noted it.
    c.app.keystore().unwrap().destroy(c.subject(ana)).await.unwrap();
    assert_eq!(c.stand.count("SELECT count(*) FROM patient_eliminations WHERE keys_destroyed_at IS NOT NULL").await, 0);
    // After the note: only the receipt is missing.
    sigilo_store::rights::keys_destroyed(c.app.db(), c.subject(ana)).await.unwrap();
    let noted = c.stand.text("SELECT keys_destroyed_at::text FROM patient_eliminations").await;
    sigilo_store::rights::keys_destroyed(c.app.db(), c.subject(ana)).await.unwrap();
    assert_eq!(rights::close_due(&c.app).await.unwrap(), 1);
    assert_eq!(c.stand.text("SELECT keys_destroyed_at::text FROM patient_eliminations").await, noted, "noted once");
    let receipt = elimination_receipt(&c.app, &c.owner, ana).await.unwrap();
    assert_eq!(rights::close_due(&c.app).await.unwrap(), 0);
    assert_eq!(verify(&receipt.document(), None), Verified::Yes);

    // An older copy of the keystore is put back. Whoever opens it brings the list.
    admin.batch_execute("SET session_replication_role = replica").await.unwrap();
    for (subject, wrapped, kek) in &copy {
        let back = "UPDATE subject_keys SET wrapped = $2, kek_version = $3, state = 'active', destroyed_at = NULL WHERE subject_id = $1";
        assert_eq!(admin.execute(back, &[subject, wrapped, kek]).await.unwrap(), 1);
    }
    let careless = keys(&c.keystore, &[]).await;
    assert!(
        careless.open_cell(c.subject(ana), name, &cell).await.is_ok(),
        "without the list the copy would bring her back"
    );
    let list = destroyed(c.app.db()).await.unwrap();
    assert_eq!(list, [c.subject(ana)]);
    let replayed = keys(&c.keystore, &list).await;
    assert!(matches!(replayed.open_cell(c.subject(ana), name, &cell).await, Err(KeyError::Destroyed)));
    assert!(replayed.current(c.subject(bruno)).await.is_ok());
}

/// Everything in both databases afterwards, with an older copy of the keystore put back and replayed: nobody finds her.
#[tokio::test]
async fn a_stolen_database_and_an_old_copy_of_the_keys_show_nothing_of_who_is_gone() {
    let c = clinic().await;
    marketing(&c).await;
    let (ana, number) = c.register(&ANA).await;
    c.agree(ana).await;
    let mut changed = ANA;
    changed[3] = ("telefone", "(21) 98765-4321");
    patient::update(&c.app, &c.desk, ana, 1, &typed(&changed)).await.unwrap();
    let mut sealer = Sealer::new(LogKey::from_seed("sigilo.example/trilha", &[9; 32]).unwrap());
    while sealer.round(c.app.db()).await.unwrap().is_some() {}
    let keys_admin = c.keystore.superuser().await;
    let sql = "SELECT wrapped FROM subject_keys WHERE subject_id = $1";
    let wrapped: Vec<u8> = keys_admin.query_one(sql, &[&ana]).await.unwrap().get(0);
    let images = "SELECT count(*) FROM trail.audit_details d JOIN audit_logs a USING (seq, created_at)
                   WHERE a.resource_type = 'patient_identities' AND num_nonnulls(d.old_image, d.new_image, d.salt) > 0";
    assert!(c.stand.count(images).await >= 2);
    let index = "SELECT encode(cpf_index, 'hex') FROM patient_identities";
    let index = c.stand.text(index).await;

    c.ask(&c.dpo, number).await.unwrap();
    c.decide(&c.owner, Decision::Approved).await.unwrap();
    c.closed().await;
    keys_admin.batch_execute("SET session_replication_role = replica").await.unwrap();
    let back = "UPDATE subject_keys SET wrapped = $2, state = 'active', destroyed_at = NULL, kek_version = 1 WHERE subject_id = $1";
    assert_eq!(keys_admin.execute(back, &[&ana, &wrapped]).await.unwrap(), 1);
    let served = app_of(&c.stand, &c.keystore, Db::new(c.stand.database.urls(), 2).unwrap()).await;
    assert_eq!(c.found(&served, "xavantina").await, Vec::<i64>::new());

    let mut all = everything(&c.stand.database.superuser().await).await;
    all.push_str(&everything(&keys_admin).await);
    assert!(all.contains(&ana.to_string()), "it was read at all");
    for planted in PLANTED {
        let hex: String = planted.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!all.contains(planted) && !all.contains(&hex), "{planted} is readable");
    }
    assert!(!all.contains(&index), "a fingerprint is left");
    assert_eq!(c.stand.count(images).await, 0, "the trail keeps an image of who she was");
    let wrapped: String = wrapped.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!all.contains(&wrapped), "the key is there again");

    // And all of it is still what was sealed: rows, hashes, and the tables against the last word on each record.
    while sealer.round(c.app.db()).await.unwrap().is_some() {}
    let found = examine(c.app.db(), Some(&sealer.key().verifier_keys()[0])).await.unwrap();
    assert_eq!(found.differences, []);
}

/// Two approve at once, while somebody at the desk registers a consent and somebody else places a hold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_decides() {
    let c = Arc::new(clinic().await);
    let (ana, number) = c.register(&ANA).await;
    let third = colleague(&c.stand, "Olga Reis", &["owner", "dpo"], 47).await.1;
    // One asks; of two at once only one has asked.
    let tries = [&c.dpo, &c.owner, &third, &c.dpo].map(|who| (Arc::clone(&c), who.clone()));
    let tries = tries.map(|(c, who)| tokio::spawn(async move { c.ask(&who, number).await.is_ok() }));
    let mut asked = 0;
    for one in tries {
        asked += usize::from(one.await.unwrap());
    }
    assert_eq!(asked, 1);
    let waiting = c.waiting().await;
    let mut deciders = Vec::new();
    for who in [&c.dpo, &c.owner, &third] {
        let own = sigilo_features::session::viewer(&c.app, who).await.unwrap().user_id;
        if own != waiting.asked_by {
            deciders.push(who.clone());
        }
    }
    assert_eq!(deciders.len(), 2);
    let tries: Vec<_> = (0..8)
        .map(|n| {
            let (c, who, id) = (Arc::clone(&c), deciders[n % 2].clone(), waiting.id);
            let decision = if n % 4 == 3 { Decision::Refused } else { Decision::Approved };
            tokio::spawn(
                async move { decide_elimination(&c.app, &who, id, decision, "Conferi o pedido").await.is_ok() },
            )
        })
        .collect();
    let mut decided = Vec::new();
    for one in tries {
        decided.push(one.await.unwrap());
    }
    // A refusal may follow an approval that was not carried out yet; nothing is decided twice the same way.
    let decided = decided.into_iter().filter(|done| *done).count();
    assert!((1..=2).contains(&decided), "{decided}");
    let events = "SELECT count(*) FROM audit_logs WHERE action = 'patient_elimination_approved'";
    assert!(c.stand.count(events).await <= 1);
    let said = c.status().await;
    assert!(["approved", "executed", "refused"].contains(&said.as_str()), "{said}");
    if said == "refused" {
        c.approved(number).await;
    }
    job::eliminate(c.app.db()).await.unwrap();
    rights::close_due(&c.app).await.unwrap();
    c.closed().await;
    // What comes too late is refused by the database itself.
    let app = c.stand.database.connect(Role::App).await;
    app.query("SELECT set_config('app.token', $1, false)", &[&c.desk.token.expose()]).await.unwrap();
    let late = format!(
        "INSERT INTO patient_identities (patient_id, full_name_sealed, birth_date_sealed, without_document, index_version)
         VALUES ('{ana}', 'x', 'x', 'newborn', 1)"
    );
    let error = app.batch_execute(&late).await.unwrap_err();
    assert_eq!(error.as_db_error().unwrap().constraint(), Some("patients_eliminated"));
}
