//! The manual's 34 queries through the audit console on a million rows of the trail, each with its plan, and the console
//! against `psql` for the same statement under the same role and session. Started by `bench/console/run`.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sigilo_domain::AuditQuery;
use sigilo_domain::audit_query::{Parameter, fill};
use sigilo_store::{
    Db, Error, Session, SignInTx, Token, account,
    console::{self, Limits, examine},
    server::Role,
    session,
};
use sigilo_testkit::{TestDatabase, people};

const ROWS: i64 = 1_000_000;
const LIMITS: Limits = Limits { rows: 500, bytes: 2 << 20, within: Duration::from_secs(20) };
const ROUNDS: usize = 7;

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}

/// A million rows of the trail, four in five of one clinic, and some tens of thousands elsewhere.
fn rows(clinic: uuid::Uuid, user: uuid::Uuid) -> String {
    format!(
        "INSERT INTO audit_logs (clinic_id, user_id, action, action_type, resource_type, resource_id, details, created_at)
         SELECT CASE WHEN n % 5 = 0 THEN ('00000000-0000-7000-8000-00000000000' || n % 9)::uuid ELSE '{clinic}' END, '{user}',
                (ARRAY['create', 'update', 'message_sent', 'message_received', 'consent_granted', 'login',
                       'conversation_opened', 'data_request_created'])[1 + n % 8], 'view',
                (ARRAY['profiles', 'messages', 'conversations', 'consent_records', 'session'])[1 + n % 5],
                gen_random_uuid()::text, '{{\"model\": \"local\", \"tokens\": 512}}', now() - (n % 20000) * interval '1 second'
           FROM generate_series(1, {ROWS}) n;
         INSERT INTO access_logs (clinic_id, user_id, action, success, failure_reason, created_at)
         SELECT '{clinic}', '{user}', 'login', n % 50 <> 0, CASE WHEN n % 50 = 0 THEN 'passkey_refused' END,
                now() - (n % 20000) * interval '1 second'
           FROM generate_series(1, 100000) n;
         INSERT INTO conversations (clinic_id, user_id, title)
         SELECT '{clinic}', '{user}', 'Caso ' || n FROM generate_series(1, 2000) n;
         INSERT INTO messages (clinic_id, user_id, conversation_id, role, content)
         SELECT c.clinic_id, c.user_id, c.id, CASE WHEN n % 2 = 0 THEN 'user' ELSE 'assistant' END, repeat('texto ', 40)
           FROM conversations c, generate_series(1, 10) n;
         INSERT INTO anonymization_logs (clinic_id, user_id, message_id, original_content_hash, original_hash_algorithm,
                                         anonymized_content_hash, entities_detected, anonymization_method,
                                         sensitive_data_found, processing_time_ms)
         SELECT clinic_id, user_id, id, content_hash, 'HMAC-SHA-256', content_hash, '{{}}', 'sigilo-deid', true, 0.5 FROM messages;
         INSERT INTO sensitive_data_detection_logs (clinic_id, user_id, message_id, detection_type, detection_method, confidence_score)
         SELECT clinic_id, user_id, id, (ARRAY['cpf', 'nome', 'telefone'])[1 + n], 'pattern', 0.9
           FROM messages, generate_series(0, 2) n;
         INSERT INTO explainability_logs (clinic_id, user_id, message_id, conversation_id, ai_model_used, explanation_level,
                                          explanation_content)
         SELECT clinic_id, user_id, id, conversation_id, 'local', 'detalhado', repeat('porque ', 100)
           FROM messages WHERE role = 'assistant';
         ANALYZE"
    )
}

#[tokio::main]
async fn main() {
    let database = TestDatabase::fresh().await;
    let db = Db::new(database.urls(), 4).unwrap();
    let own = Token::from_random(&[1; 32]);
    let owner = people::member(&db, "Clínica Norte", "Dra. Alba Norte", &["owner", "professional"], own).await;
    let (client, token) = (people::client(), Token::from_random(&[2; 32]));
    db.sign_in(&client, async |tx: &SignInTx| -> Result<(), Error> {
        let user = account::create(tx, true).await?;
        account::create_member(tx, owner.clinic, user.id, "Marta Quintela", &["auditor"]).await?;
        console::grant_as_operator(tx, owner.clinic, user.id, "Medição", 1).await?;
        session::create(tx, &client, &token, user.id, owner.clinic, "passkey").await.map(drop)
    })
    .await
    .unwrap();
    let auditor = Session { token: token.clone(), client };

    let admin = database.superuser().await;
    let began = Instant::now();
    admin.batch_execute(&rows(owner.clinic, owner.user)).await.unwrap();
    println!("{ROWS} rows of the trail written in {:.1} s", began.elapsed().as_secs_f64());
    let ids = "SELECT user_id::text, conversation_id::text, id::text FROM messages WHERE role = 'assistant' LIMIT 1";
    let ids = admin.query_one(ids, &[]).await.unwrap();
    let filled = |query: &AuditQuery| {
        query.parameters().into_iter().fold(query.sql().to_owned(), |sql, parameter| {
            let at = Parameter::ALL.iter().position(|one| *one == parameter).unwrap();
            fill(&sql, parameter, ids.get(at)).unwrap()
        })
    };

    let planner = database.connect(Role::Console).await;
    let mut slowest: f64 = 0.0;
    for query in AuditQuery::all() {
        let sql = filled(query);
        let examined = examine(&sql).unwrap();
        let mut times = Vec::new();
        let mut rows = 0;
        for _ in 0..3 {
            let began = Instant::now();
            rows = db.ask(&auditor, &examined, LIMITS).await.unwrap().rows.len();
            times.push(began.elapsed());
        }
        let took = median(times);
        slowest = slowest.max(took);
        planner.batch_execute("BEGIN READ ONLY").await.unwrap();
        planner.query("SELECT app.enter_console($1)", &[&token.expose()]).await.unwrap();
        let plan = planner.query(&format!("EXPLAIN {sql}"), &[]).await.unwrap();
        planner.batch_execute("ROLLBACK").await.unwrap();
        let lines: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        if std::env::args().any(|argument| argument == "plans") {
            lines.iter().for_each(|line| println!("    {line}"));
        }
        let whole = lines
            .iter()
            .find(|line| line.contains("Seq Scan on") && (line.contains("_logs_2") || line.contains("trail_2")));
        let whole = whole.map(|line| format!("  reads whole:{}", line.split("on").nth(1).unwrap_or_default()));
        println!("{}  {took:>8.1} ms  {rows:>4} rows{}", query.code(), whole.unwrap_or_default());
    }
    println!("slowest: {slowest:.0} ms (limit 2000)");

    // The same statement, in turns.
    let sql = AuditQuery::of(33).unwrap().sql();
    let examined = examine(sql).unwrap();
    let script = format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\nSELECT app.enter_console('{}');\n{sql};\nROLLBACK;\n",
        token.expose()
    );
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        db.ask(&auditor, &examined, LIMITS).await.unwrap();
        ours.push(began.elapsed());
        let began = Instant::now();
        let mut psql = Command::new("psql")
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", database.urls().of(Role::Console).expose()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        psql.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(psql.wait().unwrap().success());
        peers.push(began.elapsed());
    }
    let (ours, peers) = (median(ours), median(peers));
    println!("console {ours:.0} ms, psql {peers:.0} ms for SQL-33: ratio {:.2} (limit 1.2)", ours / peers);
    delete(&db, &admin, owner.clinic, owner.user).await;
}

/// The deletion of a doctor with 10 000 messages, as the scheduler carries it out.
async fn delete(db: &Db, admin: &sigilo_testkit::tokio_postgres::Client, clinic: uuid::Uuid, user: uuid::Uuid) {
    let plan = format!(
        "SET session_replication_role = replica;
         DELETE FROM messages WHERE conversation_id IN (SELECT id FROM conversations ORDER BY id OFFSET 1000);
         INSERT INTO data_subject_requests (clinic_id, requester_user_id, request_type, right_code, legal_article, status, deadline_at)
         VALUES ('{clinic}', '{user}', 'deletion', 'deletion', 'LGPD art. 18, VI', 'in_progress', now());
         INSERT INTO fulfilment_plans (clinic_id, request_id, subject_id, status, steps, drafted_by, approved_by, approved_at)
         SELECT '{clinic}', id, '{user}', 'approved', '[]', gen_random_uuid(), gen_random_uuid(), now() FROM data_subject_requests;
         SET session_replication_role = DEFAULT"
    );
    admin.batch_execute(&plan).await.unwrap();
    let began = Instant::now();
    sigilo_store::job::fulfil(db).await.unwrap();
    let took = began.elapsed().as_secs_f64();
    let left: i64 = admin.query_one("SELECT count(*) FROM messages", &[]).await.unwrap().get(0);
    assert_eq!(left, 0);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("?").trim().to_owned();
    println!(
        "deletion of a doctor with 10 000 messages in 2 000 conversations: {took:.1} s, {peak} at most in this process"
    );
}
