//! Patients: registered, found, opened and changed; and what a stolen database shows of them.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use sigilo_assistant::provider::Stop;
use sigilo_features::{
    App, Error,
    patient::{self, Field, Registered, Typed},
};
use sigilo_store::{Session, keystore::Subject, statements::patient as sql};
use sigilo_testkit::TestKeystore;
use support::{Script, Scripted, Stand, colleague, document, with_keys};
use uuid::Uuid;

struct Desk {
    stand: Stand,
    keystore: TestKeystore,
    app: App,
    desk: Session,
    dpo: Session,
}

async fn desk() -> Desk {
    let stand = Stand::new(Scripted::new(Script::Say(document(), Stop::Complete))).await;
    let keystore = TestKeystore::fresh().await;
    let app = with_keys(&stand, &keystore).await;
    let desk = colleague(&stand, "Jussara Pinho", &["receptionist"], 40).await.1;
    let dpo = colleague(&stand, "Breno Dias", &["dpo"], 41).await.1;
    Desk { stand, keystore, app, desk, dpo }
}

fn typed(fields: &[(&'static str, &'static str)]) -> Typed {
    let known = [("nascimento", "1980-02-29"), ("sem_documento", "undocumented")];
    Typed::new(|name| fields.iter().chain(&known).find(|(known, _)| *known == name).map_or("", |(_, value)| *value))
}

const ANA: [(&str, &str); 8] = [
    ("nome", "Ana Lúcia Prado de Souza"),
    ("cpf", "529.982.247-25"),
    ("telefone", "(11) 98765-4321"),
    ("email", "ana.prado@exemplo.com.br"),
    ("mae", "Rita de Cássia Prado"),
    ("endereco", "Rua das Acácias Amarelas, 1234, Perdizes"),
    ("nascimento", "1980-02-29"),
    ("rg", "MG-14.555.777"),
];

impl Desk {
    async fn register(&self, fields: &[(&'static str, &'static str)]) -> (Uuid, i64) {
        match patient::register(&self.app, &self.desk, &typed(fields), true).await.unwrap() {
            Registered::Done(id, number) => (id, number),
            Registered::Alike(_) => panic!("asked although told not to"),
        }
    }

    async fn found(&self, text: &str) -> Vec<i64> {
        let found = patient::search(&self.app, &self.desk, text).await.unwrap();
        found.patients.iter().map(|brief| brief.number).collect()
    }

    async fn count(&self, sql: &str) -> i64 {
        self.stand.count(sql).await
    }
}

fn fields(result: Result<impl Sized, Error>) -> Vec<(&'static str, String)> {
    match result {
        Err(Error::Invalid(errors)) => errors.into_iter().map(|error| (error.field, error.message)).collect(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => Vec::new(),
    }
}

#[tokio::test]
async fn a_patient_is_registered_once_and_found_however_written() {
    let d = desk().await;
    assert_eq!(d.found("").await, Vec::<i64>::new(), "before the first patient");
    assert_eq!(d.found("529.982.247-25").await, Vec::<i64>::new());
    let (ana, number) = d.register(&ANA).await;
    assert_eq!(number, 1);
    let others = [
        [("nome", "Luciana Prado"), ("nascimento", "2001-01-01")],
        [("nome", "Wellington Vasconcelos"), ("nascimento", "1960-05-05")],
    ];
    for (expected, other) in (2..).zip(&others) {
        assert_eq!(d.register(other).await.1, expected, "numbers follow each other");
    }
    for text in [
        "ana lucia",
        "SOUZA ana",
        "529.982.247-25",
        "52998224725",
        "11 98765-4321",
        "ana.PRADO@exemplo.com.br",
        "1",
        "cassia",
    ] {
        assert_eq!(d.found(text).await, [1], "{text}");
    }
    assert_eq!(d.found("prado").await, [1, 2]);
    assert_eq!(d.found("welinton vasc").await, [3]);
    assert_eq!(d.found("ninguém").await, Vec::<i64>::new());
    assert_eq!(d.found("").await, [3, 2, 1], "the latest first");
    assert_eq!(fields(patient::search(&d.app, &d.desk, &"a".repeat(201)).await)[0].0, "q");

    // The same document is the same patient, and says which record.
    let again = fields(
        patient::register(&d.app, &d.desk, &typed(&[("nome", "Outra Pessoa"), ("cpf", "52998224725")]), true).await,
    );
    assert_eq!(again, [("cpf", "O prontuário nº 1 já tem este documento.".to_owned())]);
    // The same name and birth date, or telephone and birth date, may be: it asks, and obeys.
    for alike in [
        [("nome", "ana lucia prado souza"), ("telefone", "")],
        [("nome", "Maria Ferreira"), ("telefone", "11987654321")],
    ] {
        match patient::register(&d.app, &d.desk, &typed(&alike), false).await.unwrap() {
            Registered::Alike(found) => assert_eq!(found.iter().map(|brief| brief.number).collect::<Vec<_>>(), [1]),
            Registered::Done(..) => panic!("{alike:?} was registered without asking"),
        }
    }
    let family = [("nome", "Pedro Prado"), ("telefone", "11987654321"), ("nascimento", "2000-01-01")];
    assert!(matches!(patient::register(&d.app, &d.desk, &typed(&family), false).await.unwrap(), Registered::Done(..)));
    assert_eq!(d.found("11987654321").await.len(), 2);
    // Another process, which holds nothing yet, finds the same.
    let other = with_keys(&d.stand, &d.keystore).await;
    let found = patient::search(&other, &d.desk, "lucia prado").await.unwrap();
    assert_eq!(found.patients[0].id, ana);
    // And what it registers is found here.
    patient::register(&other, &d.desk, &typed(&[("nome", "Zuleica Brandão")]), true).await.unwrap();
    assert_eq!(d.found("zuleica").await, [5]);
}

#[tokio::test]
async fn an_opened_record_is_in_the_trail_and_a_change_says_what_changed() {
    let d = desk().await;
    let (ana, _) = d.register(&ANA).await;
    let record = patient::open(&d.app, &d.desk, ana).await.unwrap();
    assert_eq!(record.document.get(Field::FullName), Some("Ana Lúcia Prado de Souza"));
    assert_eq!((record.version, record.inactive.as_deref()), (1, None));
    let opened = format!(
        "SELECT count(*) FROM audit_logs a JOIN audit_trail t ON t.id = a.audit_trail_id
          WHERE a.action = 'patient_opened' AND a.patient_id = '{ana}' AND t.patient_id = '{ana}'
            AND a.details ->> 'purpose' = 'scheduling'"
    );
    assert_eq!(d.count(&opened).await, 1);
    patient::open(&d.app, &d.stand.session, ana).await.unwrap();
    assert_eq!(d.count(&opened.replace("scheduling", "care")).await, 1);
    assert_eq!(
        d.count(&format!("SELECT count(*) FROM audit_logs WHERE category = 'data' AND patient_id = '{ana}'")).await,
        2
    );

    // What the trail last said of the record is what the tables hold, now and after the change.
    let differs = async || {
        let watched = ["public.patients", "public.patient_identities"];
        let mut found = 0;
        for table in watched {
            found += d.count(&format!("SELECT count(*) FROM ops.reconcile('{table}', 10)")).await;
        }
        found
    };
    assert_eq!(differs().await, 0);
    let mut changed = ANA;
    changed[2] = ("telefone", "(21) 3333-4444");
    changed[0] = ("nome", "Ana Lúcia Prado");
    patient::update(&d.app, &d.desk, ana, 1, &typed(&changed)).await.unwrap();
    let fields_changed: String = d
        .stand
        .database
        .superuser()
        .await
        .query_one(
            "SELECT array_to_string(changed_fields, ' ') FROM audit_logs
              WHERE resource_type = 'patient_identities' AND action = 'update'",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(
        fields_changed, "changed_in full_name_sealed name_birth_index phone_primary_index phone_primary_sealed",
        "and nothing else was sealed anew"
    );
    assert_eq!((d.found("souza").await, d.found("2133334444").await), (vec![], vec![1]));
    assert_eq!(differs().await, 0);
    // Who saw an older version changes nothing.
    let late = patient::update(&d.app, &d.desk, ana, 1, &typed(&ANA)).await;
    assert!(matches!(late, Err(Error::Conflict(_))));
    // Inactive, never deleted.
    assert_eq!(fields(patient::activate(&d.app, &d.desk, ana, 2, Some("x")).await)[0].0, "motivo");
    patient::activate(&d.app, &d.desk, ana, 2, Some("moved")).await.unwrap();
    assert_eq!(patient::open(&d.app, &d.desk, ana).await.unwrap().inactive.as_deref(), Some("moved"));
    assert!(d.found("").await.is_empty() && d.found("ana").await == [1]);
    patient::activate(&d.app, &d.desk, ana, 3, None).await.unwrap();
    assert_eq!(d.found("").await, [1]);
}

#[tokio::test]
async fn no_other_clinic_and_nobody_without_business_sees_a_patient() {
    let d = desk().await;
    let (ana, _) = d.register(&ANA).await;
    let stranger = d.stand.stranger().await;
    assert_eq!(patient::open(&d.app, &stranger, ana).await.err(), Some(Error::NotFound));
    assert_eq!(patient::update(&d.app, &stranger, ana, 1, &typed(&ANA)).await, Err(Error::NotFound));
    assert_eq!(patient::activate(&d.app, &stranger, ana, 1, Some("moved")).await, Err(Error::NotFound));
    for text in ["ana", "52998224725", "11987654321", "1", ""] {
        assert!(patient::search(&d.app, &stranger, text).await.unwrap().patients.is_empty(), "{text}");
    }
    // The same person in another clinic is another patient, and nobody learns of the first.
    let there = patient::register(&d.app, &stranger, &typed(&ANA), false).await.unwrap();
    assert!(matches!(there, Registered::Done(_, 1)));
    assert_eq!(d.found("ana").await.len(), 1);
    for refused in [
        patient::open(&d.app, &d.dpo, ana).await.err(),
        patient::search(&d.app, &d.dpo, "ana").await.err(),
        patient::update(&d.app, &d.dpo, ana, 1, &typed(&ANA)).await.err(),
        patient::register(&d.app, &d.dpo, &typed(&ANA), true).await.err(),
    ] {
        assert!(matches!(refused, Some(Error::Forbidden(_))), "{refused:?}");
    }
    // Who may see nothing has not emptied what others search in.
    assert_eq!(d.found("ana").await, [1]);
}

/// Two people at the desk register the same person at once: one record, and no number is lost or given twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_registers_a_document() {
    let d = Arc::new(desk().await);
    d.register(&[("nome", "Primeira Paciente")]).await;
    let tries: Vec<_> = (0..8)
        .map(|_| {
            let d = d.clone();
            tokio::spawn(async move { patient::register(&d.app, &d.desk, &typed(&ANA), true).await.is_ok() })
        })
        .collect();
    let mut done = 0;
    for one in tries {
        done += usize::from(one.await.unwrap());
    }
    assert_eq!(done, 1);
    assert_eq!(d.register(&[("nome", "Terceira Paciente")]).await.1, 3);
}

/// Everything in both databases, as whoever stole them would read it; and once the keys are destroyed, nobody does.
#[tokio::test]
async fn a_stolen_database_names_nobody_and_a_destroyed_key_ends_it_for_us_too() {
    let d = desk().await;
    let (ana, _) = d.register(&ANA).await;
    d.register(&[("nome", "Bruno Lima Vasques"), ("telefone", "21999998888")]).await;
    patient::open(&d.app, &d.desk, ana).await.unwrap();
    d.found("lucia").await;
    let mut everything = String::new();
    for (admin, schemas) in [
        (d.stand.database.superuser().await, "'public', 'auth', 'ops', 'trail'"),
        (d.keystore.superuser().await, "'public'"),
    ] {
        let tables = admin
            .query(
                &format!(
                    "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ({schemas})
                     UNION ALL SELECT NULL WHERE false"
                ),
                &[],
            )
            .await
            .unwrap();
        for table in tables {
            let table: String = table.get(0);
            for row in admin.query(&format!("SELECT t::text FROM {table} t"), &[]).await.unwrap() {
                everything.push_str(&row.get::<_, String>(0).to_lowercase());
                everything.push('\n');
            }
        }
    }
    assert!(everything.contains(&ana.to_string()), "it was read at all");
    for planted in [
        "lúcia",
        "prado",
        "52998224725",
        "529.982",
        "987654321",
        "98765",
        "rita",
        "cássia",
        "acácias",
        "14.555",
        "vasques",
    ] {
        let hex: String = planted.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!everything.contains(planted) && !everything.contains(&hex), "{planted} is readable");
    }

    d.app.keystore().unwrap().destroy(Subject { clinic: d.stand.clinic, subject: ana }).await.unwrap();
    assert!(matches!(patient::open(&d.app, &d.desk, ana).await, Err(Error::Conflict(_))));
    let other = with_keys(&d.stand, &d.keystore).await;
    assert!(patient::search(&other, &d.desk, "lucia").await.unwrap().patients.is_empty());
    assert_eq!(d.found("lucia").await, Vec::<i64>::new(), "not from memory either");
    assert_eq!(patient::search(&other, &d.desk, "bruno").await.unwrap().patients.len(), 1);
}

/// A copy of the database on another server has rows of transactions that are still to come there.
#[tokio::test]
async fn after_a_restore_names_are_found_and_only_what_changes_is_read_again() {
    let d = desk().await;
    d.register(&ANA).await;
    d.register(&[("nome", "Bruno Lima Vasques")]).await;
    let admin = d.stand.database.superuser().await;
    admin.batch_execute("SET session_replication_role = replica").await.unwrap();
    admin.batch_execute("UPDATE patient_identities SET changed_in = '900000000'").await.unwrap();
    let other = with_keys(&d.stand, &d.keystore).await;
    let found = async |text: &'static str| patient::search(&other, &d.desk, text).await.unwrap().patients.len();
    assert_eq!((found("lucia").await, found("vasques").await), (1, 1));
    // What no transaction here has written is not read a second time: spoilt cells go unnoticed.
    admin.batch_execute("UPDATE patient_identities SET mother_name_sealed = NULL").await.unwrap();
    assert_eq!(found("cassia").await, 1, "from memory");
    d.register(&[("nome", "Carla Mendes")]).await;
    assert_eq!(found("carla").await, 1);
}

/// Searches for sealed things use their index, however many patients there are.
#[tokio::test]
async fn every_search_by_a_fingerprint_uses_an_index() {
    let d = desk().await;
    let admin = d.stand.database.superuser().await;
    // Invented rows: the planner looks at how many there are, not at whether they open.
    admin
        .batch_execute(&format!(
            "SET session_replication_role = replica;
             INSERT INTO patients (clinic_id, id, medical_record_number, registered_by)
             SELECT '{0}', gen_random_uuid(), n, gen_random_uuid() FROM generate_series(1, 20000) n;
             INSERT INTO patient_identities (clinic_id, patient_id, full_name_sealed, birth_date_sealed, without_document,
                                             cpf_sealed, cpf_index, cns_sealed, cns_index, phone_primary_index,
                                             phone_secondary_index, email_index, name_birth_index, index_version)
             SELECT clinic_id, id, 'x', 'x', 'newborn', 'x', r(), 'x', r(), r(), r(), r(), r(), 1
               FROM patients;
             ANALYZE patients, patient_identities",
            d.stand.clinic
        ).replace("r()", "uuid_send(gen_random_uuid())"))
        .await
        .unwrap();
    for statement in [sql::BY_CPF, sql::BY_CNS, sql::BY_PHONE, sql::BY_EMAIL, sql::BY_NAME_AND_BIRTH] {
        let of_one = format!("EXPLAIN {}", statement.replace("$1", "'\\x00'::bytea").split_once('\n').unwrap().1);
        let plan: Vec<String> = admin.query(&of_one, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
        let plan = plan.join("\n");
        assert!(plan.contains("_index = ") && plan.contains("Index"), "{statement}: {plan}");
        assert!(!plan.contains("Seq Scan") && !plan.contains("Filter"), "{statement}: {plan}");
    }
}
