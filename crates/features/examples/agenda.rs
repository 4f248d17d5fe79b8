//! How long a day of the agenda takes in a large installation, and how many bookings a second there are against the bare insert
//! with the same constraints. Started by `bench/agenda/run`; how many clinics, each with 5,000 patients and 25,000
//! appointments, can be given.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::{
    env,
    sync::Arc,
    time::{Duration, Instant},
};

use sigilo_assistant::{
    provider,
    verify::{Policy, Settings as VerifySettings, Verifier},
};
use sigilo_domain::{Clock, SystemClock};
use sigilo_features::{
    App, Settings, SignUp,
    answer::{Assistant, MemoryChecks},
    appointment::{self, Booked, Typed},
};
use sigilo_proof::{
    Keyring,
    envelope::{LocalRoot, Place},
};
use sigilo_store::{
    Db, Session, Token,
    keystore::{Keystore, Limits, Subject},
};
use sigilo_testkit::{TestDatabase, TestKeystore, people, tokio_postgres::Client};
use time::{Date, Weekday};
use uuid::Uuid;

const TASKS: usize = 4;
const BOOKINGS: usize = 2000;

/// Clinics with professionals, services, hours, patients and appointments of the past year and the coming month.
async fn plant(admin: &Client, own: Uuid, user: Uuid, clinics: i32) {
    admin
        .batch_execute(&format!(
            "SET session_replication_role = replica;
             INSERT INTO clinics (name, owner_id) SELECT 'Clínica ' || n, '{user}' FROM generate_series(2, {clinics}) n;
             INSERT INTO professionals (clinic_id, full_name, council_license, license_number, license_state)
             SELECT c.id, 'Profissional ' || n, 'CRM', n::text, 'SP' FROM clinics c, generate_series(1, 10) n;
             INSERT INTO service_types (clinic_id, name, duration_minutes) SELECT id, 'Consulta', 20 FROM clinics;
             INSERT INTO professional_services (clinic_id, professional_id, service_type_id)
             SELECT p.clinic_id, p.id, s.id FROM professionals p JOIN service_types s USING (clinic_id);
             INSERT INTO working_hours (clinic_id, professional_id, weekday, starts, ends)
             SELECT clinic_id, id, d, '07:00', '19:00' FROM professionals, generate_series(1, 7) d;
             INSERT INTO patients (clinic_id, medical_record_number, registered_by)
             SELECT c.id, n, '{user}' FROM clinics c, generate_series(1, 5000) n;
             ALTER EVENT TRIGGER sigilo_guard_alter DISABLE; ALTER EVENT TRIGGER sigilo_guard_drop DISABLE;
             CREATE TEMP TABLE seats AS SELECT clinic_id, id, row_number() OVER (PARTITION BY clinic_id) - 1 AS seat FROM professionals;
             CREATE TEMP TABLE people AS SELECT clinic_id, id, row_number() OVER (PARTITION BY clinic_id) - 1 AS place FROM patients;
             CREATE INDEX ON people (clinic_id, place); ANALYZE people; ANALYZE seats;
             INSERT INTO appointments (clinic_id, patient_id, professional_id, service_type_id, start_time, end_time, busy_until, booked_by)
             SELECT c.id, p.id, s.id, t.id, h.at, h.at + interval '20 minutes', h.at + interval '20 minutes', '{user}'
               FROM clinics c JOIN service_types t ON t.clinic_id = c.id
               CROSS JOIN generate_series(0, 24999) n
               JOIN seats s ON s.clinic_id = c.id AND s.seat = n % 10
               JOIN people p ON p.clinic_id = c.id AND p.place = (n * 7 + n / 5000) % 5000
               CROSS JOIN LATERAL (SELECT date_trunc('day', now()) - interval '96 days' + (n / 200) * interval '1 day'
                                          + interval '11 hours' + (n / 10 % 20) * interval '20 minutes' AS at) h;
             SET session_replication_role = origin;
             CREATE TABLE public.bare (LIKE public.appointments INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES
                                                             INCLUDING GENERATED);
             ALTER TABLE public.bare ALTER clinic_id SET DEFAULT '{own}', ALTER booked_by SET DEFAULT '{user}';
             ANALYZE"
        ))
        .await
        .unwrap();
}

/// The names of one clinic's patients, each sealed under their own key.
async fn name(admin: &Client, keys: &Keystore, clinic: Uuid) {
    keys.create_clinic(clinic).await.unwrap();
    let place = |column| Place { table: "public.patient_identities", column };
    for row in admin.query("SELECT id FROM patients WHERE clinic_id = $1", &[&clinic]).await.unwrap() {
        let subject: Uuid = row.get(0);
        let key = keys.create(Subject { clinic, subject }).await.unwrap();
        let seal = |column, text: &str| key.seal(place(column), text.as_bytes()).unwrap();
        admin
            .execute(
                "INSERT INTO patient_identities (clinic_id, patient_id, full_name_sealed, birth_date_sealed, without_document, index_version)
                 VALUES ($1, $2, $3, $4, 'undocumented', 1)",
                &[&clinic, &subject, &seal("full_name_sealed", "Ana Lúcia Prado"), &seal("birth_date_sealed", "1980-02-29")],
            )
            .await
            .unwrap();
    }
}

fn said(what: &str, times: &mut [f64]) {
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    println!("{what}: p50 {:.1} ms, p99 {:.1} ms of {}", at(50), at(99), times.len());
}

/// What each booking is of: a professional, a patient, a day and an hour that nobody else asks for.
struct Wanted {
    patient: Uuid,
    professional: Uuid,
    day: Date,
    hour: String,
}

async fn wanted(admin: &Client, clinic: Uuid, first: Date) -> Vec<Wanted> {
    let ids = async |sql: &str| -> Vec<Uuid> {
        admin.query(sql, &[&clinic]).await.unwrap().iter().map(|row| row.get(0)).collect()
    };
    let professionals = ids("SELECT id FROM professionals WHERE clinic_id = $1").await;
    let patients = ids("SELECT id FROM patients WHERE clinic_id = $1").await;
    (0..BOOKINGS)
        .map(|n| Wanted {
            patient: patients[n % patients.len()],
            professional: professionals[n % 10],
            day: first + time::Duration::days(i64::try_from(n / 300).unwrap()),
            hour: format!("{:02}:{:02}", 7 + n / 10 % 30 / 3, n / 10 % 3 * 20),
        })
        .collect()
}

async fn booked(app: &App, session: &Session, service: Uuid, list: Vec<Wanted>) -> f64 {
    let list = Arc::new(list);
    let start = Instant::now();
    let tasks = (0..TASKS).map(|task| {
        let (app, session, list) = (app.clone(), session.clone(), list.clone());
        tokio::spawn(async move {
            for one in list.iter().skip(task).step_by(TASKS) {
                let typed = Typed {
                    patient: one.patient.to_string(),
                    professional: one.professional.to_string(),
                    service: service.to_string(),
                    day: one.day.to_string(),
                    hour: one.hour.clone(),
                    ..Typed::default()
                };
                let done = appointment::book(&app, &session, &typed, false, None).await.unwrap();
                assert!(matches!(done, Booked::Done(_)));
            }
        })
    });
    futures_util::future::join_all(tasks).await.into_iter().for_each(Result::unwrap);
    BOOKINGS as f64 / start.elapsed().as_secs_f64()
}

async fn bare(database: &TestDatabase, service: Uuid, list: Vec<Wanted>) -> f64 {
    let list = Arc::new(list);
    let mut clients = Vec::new();
    for _ in 0..TASKS {
        clients.push(database.superuser().await);
    }
    let start = Instant::now();
    let tasks = clients.into_iter().enumerate().map(|(task, client)| {
        let list = list.clone();
        tokio::spawn(async move {
            let sql = "INSERT INTO public.bare (patient_id, professional_id, service_type_id, start_time, end_time, busy_until)
                       SELECT $1, $2, $3, at, at + interval '20 minutes', at + interval '20 minutes'
                         FROM (SELECT ($4::text)::timestamp AT TIME ZONE 'America/Sao_Paulo' AS at) a";
            let statement = client.prepare(sql).await.unwrap();
            for one in list.iter().skip(task).step_by(TASKS) {
                let at = format!("{} {}", one.day, one.hour);
                client.execute(&statement, &[&one.patient, &one.professional, &service, &at]).await.unwrap();
            }
        })
    });
    futures_util::future::join_all(tasks).await.into_iter().for_each(Result::unwrap);
    BOOKINGS as f64 / start.elapsed().as_secs_f64()
}

#[tokio::main]
async fn main() {
    let clinics: i32 = env::args().nth(1).map_or(40, |count| count.parse().unwrap());
    let (database, keystore) = (TestDatabase::fresh().await, TestKeystore::fresh().await);
    let db = Db::new(database.urls(), TASKS).unwrap();
    let desk =
        people::member(&db, "Clínica 1", "Jussara Pinho", &["owner", "receptionist"], Token::from_random(&[1; 32]))
            .await;
    let root = Arc::new(LocalRoot::new(&[7; 32]));
    let keys = Keystore::open(&keystore.urls().keys, root, &Limits::default(), &[]).await.unwrap();
    let admin = database.superuser().await;
    let start = Instant::now();
    plant(&admin, desk.clinic, desk.user, clinics).await;
    name(&admin, &keys, desk.clinic).await;
    let many: i64 = admin.query_one("SELECT count(*) FROM appointments", &[]).await.unwrap().get(0);
    println!("{clinics} clinics, {many} appointments planted in {:.0} s", start.elapsed().as_secs_f64());
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
    let app = App::new(db, Keyring::new(&[7; 32]), Some(keys), Arc::new(SystemClock), assistant, settings).unwrap();

    let today = SystemClock.now().date();
    let (mut days, mut shown) = (Vec::new(), 0);
    for n in 0..400 {
        let day = today - time::Duration::days(n % 90);
        let start = Instant::now();
        let agenda = appointment::agenda(&app, &desk.session, Some(day), 1, None).await.unwrap();
        days.push(start.elapsed().as_secs_f64() * 1000.0);
        shown = agenda.entries.len();
    }
    println!("a day has {shown} appointments; the first are the patients' names, opened for the first time");
    said("agenda day, with names, and the trail's event for whom it was not told yet", &mut days);

    let service: Uuid =
        admin.query_one("SELECT id FROM service_types WHERE clinic_id = $1", &[&desk.clinic]).await.unwrap().get(0);
    // Far from what is planted: each time is free.
    let first = (today + time::Duration::days(60)).next_occurrence(Weekday::Monday);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..3 {
        let first = first + time::Duration::weeks(round);
        theirs.push(bare(&database, service, wanted(&admin, desk.clinic, first).await).await);
        ours.push(booked(&app, &desk.session, service, wanted(&admin, desk.clinic, first).await).await);
    }
    let best = |list: &[f64]| list.iter().copied().fold(0.0, f64::max);
    println!("bookings a second: {ours:.0?}; bare inserts with the same constraints: {theirs:.0?}");
    println!("ratio {:.2} (wanted 0.5)", best(&ours) / best(&theirs));
}
