//! How long a search for a patient takes, by name and by number, and what the names in memory cost. Started by
//! `bench/patients/run`; how many patients can be given.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::{
    env, fs,
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
    patient,
};
use sigilo_proof::{
    Keyring,
    envelope::{Identifier, LocalRoot, Place},
};
use sigilo_store::{
    Db, Session, Token,
    keystore::{Keystore, Limits, Subject},
};
use sigilo_testkit::{TestDatabase, TestKeystore, people, tokio_postgres::Client};
use uuid::Uuid;

const FIRST: [&str; 24] = [
    "Ana",
    "Antônio",
    "Beatriz",
    "Bruno",
    "Camila",
    "Carlos",
    "Débora",
    "Eduardo",
    "Fernanda",
    "Francisco",
    "Gabriela",
    "Gustavo",
    "Helena",
    "Henrique",
    "Isabela",
    "João",
    "Juliana",
    "Lucas",
    "Márcia",
    "Mateus",
    "Patrícia",
    "Rafael",
    "Sônia",
    "Wellington",
];
const LAST: [&str; 40] = [
    "Abreu",
    "Albuquerque",
    "Alencar",
    "Amaral",
    "Andrade",
    "Barbosa",
    "Bittencourt",
    "Brandão",
    "Cardoso",
    "Carvalho",
    "Cavalcante",
    "Coutinho",
    "Drummond",
    "Espíndola",
    "Fagundes",
    "Figueiredo",
    "Fontoura",
    "Gonçalves",
    "Guimarães",
    "Lacerda",
    "Magalhães",
    "Medeiros",
    "Mendonça",
    "Moreira",
    "Nogueira",
    "Paranhos",
    "Peçanha",
    "Pimenta",
    "Queiroz",
    "Quintanilha",
    "Rezende",
    "Sampaio",
    "Saraiva",
    "Siqueira",
    "Tavares",
    "Teixeira",
    "Vasconcelos",
    "Vilela",
    "Werneck",
    "Xavier",
];
const TABLE: &str = "public.patient_identities";

/// Endings that make several thousand surnames of the list, as a large clinic has them.
const ENDINGS: [&str; 12] =
    ["", "ato", "berto", "cindo", "dela", "eno", "fino", "gana", "lino", "mira", "neto", "rosa"];

/// The invented name of a number; the same number has the same name.
fn name(number: usize) -> String {
    let of = |list: &[&'static str], by: usize| list[(number / by) % list.len()];
    let last = |by: usize| format!("{}{}{}", of(&LAST, by), of(&ENDINGS, by * 3), of(&ENDINGS, by * 5));
    format!("{} {} de {}", of(&FIRST, 1), last(7), last(311))
}

async fn plant(admin: &Client, keys: &Keystore, clinic: Uuid, user: Uuid, count: usize) {
    keys.create_clinic(clinic).await.unwrap();
    let index = keys.index_key(clinic).await.unwrap();
    admin.batch_execute("SET session_replication_role = replica").await.unwrap();
    for start in (0..count).step_by(2000) {
        let mut rows = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for number in start..(start + 2000).min(count) {
            let subject = Subject { clinic, subject: Uuid::now_v7() };
            let key = keys.create(subject).await.unwrap();
            let seal = |column, text: &str| key.seal(Place { table: TABLE, column }, text.as_bytes()).unwrap();
            rows.0.push(subject.subject);
            rows.1.push(i64::try_from(number + 1).unwrap());
            rows.2.push(seal("full_name_sealed", &name(number)));
            rows.3.push(seal("birth_date_sealed", "1980-02-29"));
            rows.4.push(seal("mother_name_sealed", &name(number * 31 + 5)));
            rows.5.push(index.index(Identifier::Cpf(&format!("{number:011}"))).unwrap().to_vec());
        }
        admin
            .execute(
                "WITH n AS (SELECT * FROM unnest($3::uuid[], $4::bigint[], $5::bytea[], $6::bytea[], $7::bytea[], $8::bytea[])
                              AS n (id, number, name, birth, mother, cpf)),
                      p AS (INSERT INTO patients (clinic_id, id, medical_record_number, registered_by) SELECT $1, id, number, $2 FROM n)
                 INSERT INTO patient_identities (clinic_id, patient_id, full_name_sealed, birth_date_sealed, mother_name_sealed,
                                                 cpf_sealed, cpf_index, index_version)
                 SELECT $1, id, name, birth, mother, 'x', cpf, 1 FROM n",
                &[&clinic, &user, &rows.0, &rows.1, &rows.2, &rows.3, &rows.4, &rows.5],
            )
            .await
            .unwrap();
    }
    admin.batch_execute("ANALYZE patients, patient_identities").await.unwrap();
}

/// Milliseconds of each search, sorted.
async fn times(app: &App, session: &Session, texts: impl Iterator<Item = String>) -> Vec<f64> {
    let mut out = Vec::new();
    for text in texts {
        let start = Instant::now();
        let found = patient::search(app, session, &text).await.unwrap();
        out.push(start.elapsed().as_secs_f64() * 1000.0);
        assert!(!found.patients.is_empty(), "{text} finds nobody");
    }
    out.sort_by(f64::total_cmp);
    out
}

fn said(what: &str, times: &[f64]) {
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    println!("{what}: p50 {:.1} ms, p99 {:.1} ms of {}", at(50), at(99), times.len());
}

fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[tokio::main]
async fn main() {
    let count: usize = env::args().nth(1).map_or(100_000, |count| count.parse().unwrap());
    let (database, keystore) = (TestDatabase::fresh().await, TestKeystore::fresh().await);
    let db = Db::new(database.urls(), 4).unwrap();
    let desk =
        people::member(&db, "Clínica Norte", "Jussara Pinho", &["owner", "receptionist"], Token::from_random(&[1; 32]))
            .await;
    let root = Arc::new(LocalRoot::new(&[7; 32]));
    let keys = Keystore::open(&keystore.urls().keys, root, &Limits::default(), &[]).await.unwrap();
    let start = Instant::now();
    plant(&database.superuser().await, &keys, desk.clinic, desk.user, count).await;
    println!("{count} patients planted in {:.0} s", start.elapsed().as_secs_f64());
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

    let before = resident();
    let first = times(&app, &desk.session, ["ana".to_owned()].into_iter()).await;
    println!(
        "first search, which reads every name: {:.0} ms; names in memory: {} MB",
        first[0],
        resident().saturating_sub(before)
    );
    // As somebody types: the first word letter by letter, then the second.
    let typed = (0..40).flat_map(|turn| {
        let whole = name(turn * 997 % count);
        let words: Vec<&str> = whole.split(' ').collect();
        let text = format!("{} {}", words[1], words[0]);
        (3..=text.chars().count())
            .step_by(2)
            .map(move |end| text.chars().take(end).collect::<String>())
            .collect::<Vec<_>>()
    });
    said("by name, letter by letter (limit 50)", &times(&app, &desk.session, typed).await);
    let wrong = (0..100).map(|turn| {
        let whole = name(turn * 991 % count);
        let mut letters: Vec<char> = whole.split(' ').nth(1).unwrap().chars().collect();
        letters.remove(3);
        letters.into_iter().collect()
    });
    said("by name with a letter missing (limit 50)", &times(&app, &desk.session, wrong).await);
    let numbers = (0..200).map(|turn| format!("{:011}", turn * 487 % count));
    said("by CPF (limit 5)", &times(&app, &desk.session, numbers).await);
}
