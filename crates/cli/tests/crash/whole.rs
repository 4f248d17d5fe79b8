//! A message is stored with all of its proof, or not at all, whatever is killed in the middle.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sigilo_testkit::tokio_postgres::Client;
use tokio::task::JoinSet;

use crate::support::doctor::{LIVIA, OTAVIO, doctor};
use crate::support::http::Visitor;
use crate::support::site::Stand;
use crate::support::{number, until};

const SENDERS: usize = 6;
/// Answers after which each round ends, so that the kill comes in the middle of the others' work.
const ROUNDS: [usize; 5] = [3, 11, 5, 17, 8];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_in_the_middle_of_sending() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let mut doctors = [doctor(&site, OTAVIO).await, doctor(&site, LIVIA).await];
    let conversations = [doctors[0].conversation().await, doctors[1].conversation().await];
    let database = stand.superuser().await;
    let mut acknowledged = BTreeSet::new();
    let mut site = Some(site);
    for answers in ROUNDS {
        let running = site.take().unwrap_or_else(|| stand.demo());
        doctors = doctors.map(|doctor| doctor.moved_to(&running.origin));
        acknowledged.extend(send_until(&doctors, &conversations, answers, running).await);
        // The database ends what the dead process had begun.
        until("the dead process's connections end", async || {
            let sql =
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'sigilo_app'";
            (number(&database, sql).await == 0).then_some(())
        })
        .await;
        check(&database, &acknowledged).await;
    }
    assert!(acknowledged.len() >= ROUNDS.iter().sum());

    // Nobody had to sign in again, and the work goes on.
    let site = stand.demo();
    let mut otavio = doctors[0].clone().moved_to(&site.origin);
    assert_eq!(otavio.say(&conversations[0], "Depois da queda, CPF 529.982.247-25.").await.status, 200);
    check(&database, &acknowledged).await;
}

/// Many senders at once until `enough` answers have come; then the process is killed. The messages it confirmed.
async fn send_until(
    doctors: &[Visitor; 2],
    conversations: &[String; 2],
    enough: usize,
    site: crate::support::site::Site,
) -> Vec<String> {
    let answered = Arc::new(AtomicUsize::new(0));
    let mut senders = JoinSet::new();
    for number in 0..SENDERS {
        let mut doctor = doctors[number % 2].clone();
        let conversation = conversations[number % 2].clone();
        let answered = Arc::clone(&answered);
        senders.spawn(async move {
            let mut confirmed = Vec::new();
            for turn in 0.. {
                let text = format!("Paciente Joana Teixeira Leal, CPF 529.982.247-25, retorno {turn}, PA 120x80.");
                let body = serde_json::json!({ "conversation_id": conversation, "message": text });
                let request = doctor.request(reqwest::Method::POST, "/api/v1/process-message").json(&body);
                match doctor.try_send(request).await {
                    Ok(answer) if answer.status == 200 => {
                        confirmed.push(answer.value()["id"].as_str().expect("an id").to_owned());
                        answered.fetch_add(1, Ordering::SeqCst);
                    }
                    Ok(answer) => panic!("{}: {}", answer.status, answer.text()),
                    Err(_) => break,
                }
            }
            confirmed
        });
    }
    until("enough answers", async || (answered.load(Ordering::SeqCst) >= enough).then_some(())).await;
    site.kill();
    senders.join_all().await.concat()
}

/// Answers that lack a part, or one too many.
pub const BROKEN_ANSWERS: &str = "
    SELECT count(*) FROM messages m WHERE m.role = 'assistant' AND (
        (SELECT count(*) FROM ai_answers a WHERE a.message_id = m.id) <> 1
        OR (SELECT count(*) FROM explainability_logs l WHERE l.message_id = m.id) <> 1
        OR (SELECT count(*) FROM audit_logs l WHERE l.resource_id = m.id::text AND l.action = 'create') <> 1
        OR (SELECT count(*) FROM audit_logs l WHERE l.resource_id = m.id::text AND l.action = 'message_received') <> 1
        OR (SELECT count(*) FROM ai_answers a WHERE a.message_id = m.id AND a.state = 'complete'
                AND EXISTS (SELECT FROM ai_answers o WHERE o.question_id = a.question_id AND o.state = 'complete'
                                AND o.message_id <> a.message_id)) <> 0)";

/// Each message has exactly one proof, its detections and its rows of the ledger; none of these is without its message.
async fn check(database: &Client, acknowledged: &BTreeSet<String>) {
    let stored = database.query("SELECT id::text FROM messages", &[]).await.unwrap();
    let stored: BTreeSet<String> = stored.iter().map(|row| row.get(0)).collect();
    assert!(acknowledged.is_subset(&stored), "a confirmed message is lost");
    let broken = "
        SELECT count(*) FROM messages m WHERE m.role = 'user' AND (
            (SELECT count(*) FROM anonymization_logs a WHERE a.message_id = m.id
                   AND a.anonymized_content_hash = m.content_hash) <> 1
            OR (SELECT count(*) FROM sensitive_data_detection_logs d WHERE d.message_id = m.id)
               <> (SELECT coalesce(sum(value::integer), 0) FROM anonymization_logs a, jsonb_each_text(a.entities_detected)
                    WHERE a.message_id = m.id)
            OR (SELECT count(*) FROM audit_logs l WHERE l.resource_id = m.id::text AND l.action = 'create') <> 1
            OR (SELECT count(*) FROM audit_logs l WHERE l.resource_id = m.id::text AND l.action = 'message_sent') <> 1
            OR (SELECT count(*) FROM audit_trail t WHERE t.resource_id = m.id::text) <> 1)";
    assert_eq!(number(database, broken).await, 0, "a message without all of its proof");
    assert_eq!(number(database, BROKEN_ANSWERS).await, 0, "an answer without all that explains it");
    for orphans in [
        "SELECT count(*) FROM anonymization_logs WHERE message_id NOT IN (SELECT id FROM messages)",
        "SELECT count(*) FROM sensitive_data_detection_logs WHERE message_id NOT IN (SELECT id FROM messages)",
        "SELECT count(*) FROM ai_answers WHERE message_id NOT IN (SELECT id FROM messages)",
        "SELECT count(*) FROM explainability_logs WHERE message_id NOT IN (SELECT id FROM messages)",
        "SELECT count(*) FROM ai_reference_checks WHERE message_id NOT IN (SELECT id FROM messages)",
        "SELECT count(*) FROM audit_logs WHERE resource_type = 'messages'
            AND resource_id NOT IN (SELECT id::text FROM messages)",
    ] {
        assert_eq!(number(database, orphans).await, 0, "{orphans}");
    }
    let named = "SELECT count(*) FROM messages WHERE content LIKE '%Joana%' OR content LIKE '%529%'";
    assert_eq!(number(database, named).await, 0);
}
