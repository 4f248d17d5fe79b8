//! An answer is stored with everything that explains it, or not at all, whatever dies while it is written.

use reqwest::{Method, Response};
use rustix::process::{Pid, Signal, kill_process};
use sigilo_testkit::tokio_postgres::Client;
use tokio::time::timeout;

use crate::database::postgres;
use crate::support::assistant::{Dialect, StandIns};
use crate::support::doctor::{OTAVIO, doctor};
use crate::support::http::Visitor;
use crate::support::site::Stand;
use crate::support::{PATIENCE, number, until};
use crate::whole::BROKEN_ANSWERS;

/// The stream of an answer, read up to its first words.
async fn streaming(doctor: &Visitor, conversation: &str, answer: &str) -> (Response, Vec<u8>) {
    let path = format!("/conversas/{conversation}/respostas/{answer}/fluxo");
    let mut stream = doctor.request(Method::GET, &path).send().await.expect("the stream");
    assert_eq!(stream.status(), 200);
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains("raciocinio") {
        heard.extend_from_slice(&stream.chunk().await.expect("the stream goes on").expect("words"));
    }
    (stream, heard)
}

/// The rest of the stream, to its end.
async fn rest(mut stream: Response, mut heard: Vec<u8>) -> String {
    let reading = async {
        while let Ok(Some(chunk)) = stream.chunk().await {
            heard.extend_from_slice(&chunk);
        }
    };
    timeout(PATIENCE, reading).await.expect("the stream ends");
    String::from_utf8(heard).expect("text")
}

async fn nothing_by_halves(database: &Client) {
    assert_eq!(number(database, BROKEN_ANSWERS).await, 0);
    for orphans in [
        "SELECT count(*) FROM ai_answers WHERE message_id NOT IN (SELECT id FROM messages)",
        "SELECT count(*) FROM explainability_logs WHERE message_id NOT IN (SELECT message_id FROM ai_answers)",
        "SELECT count(*) FROM ai_reference_checks WHERE message_id NOT IN (SELECT message_id FROM ai_answers)",
    ] {
        assert_eq!(number(database, orphans).await, 0, "{orphans}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_of_an_answer() {
    let stand_ins = StandIns::start(Dialect::Anthropic).await;
    let stand = Stand::shared().await;
    let start = || stand.demo_with(|command| stand_ins.wire(command, "somente-local"));
    let site = start();
    let mut otavio = doctor(&site, OTAVIO).await;
    let conversation = otavio.conversation().await;
    let sent = otavio.say(&conversation, "Febre e dispneia há 3 dias. roteiro:pausa").await.value();
    let (question, answer) = (sent["id"].as_str().unwrap().to_owned(), sent["answer_id"].as_str().unwrap());
    let open = streaming(&otavio, &conversation, answer).await;
    site.kill();
    drop(open);
    stand_ins.hung_up().await;

    let database = stand.superuser().await;
    assert_eq!(number(&database, "SELECT count(*) FROM messages WHERE role = 'user'").await, 1, "the question is safe");
    for table in ["ai_answers", "explainability_logs", "ai_reference_checks", "ai_review_events"] {
        assert_eq!(number(&database, &format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(number(&database, "SELECT count(*) FROM messages WHERE role = 'assistant'").await, 0);

    let site = start();
    let mut otavio = otavio.moved_to(&site.origin);
    let page = otavio.get(&format!("/conversas/{conversation}")).await.text();
    assert!(page.contains("ficou sem uma resposta completa") && page.contains("Pedir resposta"));
    let stream = format!("/conversas/{conversation}/respostas/{answer}/fluxo");
    assert_eq!(otavio.get(&stream).await.status, 204, "a page left open stops asking for the lost answer");
    let again = otavio.form(&format!("/conversas/{conversation}/respostas"), &[("pergunta", &question)]).await;
    assert_eq!(again.status, 303);
    stand_ins.model.release();
    let whole = "SELECT count(*) FROM ai_answers WHERE state = 'complete'";
    until("the answer is stored", async || (number(&database, whole).await == 1).then_some(())).await;
    nothing_by_halves(&database).await;
    let page = otavio.get(&format!("/conversas/{conversation}")).await.text();
    assert!(page.contains("Sepse de foco pulmonar") && !page.contains("Pedir resposta"));
}

/// The database server dies while the answer is written: once it stays away until the answer's end, once it is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_dies_while_an_answer_is_written() {
    let stand_ins = StandIns::start(Dialect::Anthropic).await;
    let stand = Stand::managed();
    let site = stand.demo_with(|command| stand_ins.wire(command, "somente-local"));
    let mut otavio = doctor(&site, OTAVIO).await;
    let conversation = otavio.conversation().await;
    let path = format!("/conversas/{conversation}");
    for (round, comes_back_first) in [(1, false), (2, true)] {
        let sent = otavio.say(&conversation, &format!("Evolução {round}: febre. roteiro:pausa")).await.value();
        let (question, answer) = (sent["id"].as_str().unwrap().to_owned(), sent["answer_id"].as_str().unwrap());
        let (stream, heard) = streaming(&otavio, &conversation, answer).await;
        let first = postgres(stand.data()).expect("a running server");
        kill_process(Pid::from_raw(first).unwrap(), Signal::KILL).unwrap();
        let back = async || {
            until("the server is back", async || postgres(stand.data()).filter(|pid| *pid != first)).await;
            until("it answers", async || (otavio.clone().get("/conversas").await.status == 200).then_some(())).await;
        };
        if comes_back_first {
            back().await;
        }
        stand_ins.model.release();
        let told = rest(stream, heard).await;
        if !comes_back_first {
            back().await;
        }
        let database = stand.superuser().await;
        nothing_by_halves(&database).await;
        let stored = format!("SELECT count(*) FROM ai_answers WHERE question_id = '{question}' AND state = 'complete'");
        let stored = number(&database, &stored).await;
        assert!(told.contains("\"kind\":\"end\""), "{told}");
        if stored == 1 {
            assert!(told.contains("Como esta resposta foi feita"), "stored, and told so: {told}");
        } else {
            assert!(!comes_back_first, "with the database back, it is stored: {told}");
            assert!(told.contains("não pôde ser gravada e não deve ser usada"), "{told}");
            assert!(otavio.get(&path).await.text().contains("Pedir resposta"));
            let again = otavio.form(&format!("{path}/respostas"), &[("pergunta", &question)]).await;
            assert_eq!(again.status, 303);
            stand_ins.model.release();
            let whole =
                format!("SELECT count(*) FROM ai_answers WHERE question_id = '{question}' AND state = 'complete'");
            until("asked again, it is stored", async || (number(&database, &whole).await == 1).then_some(())).await;
        }
        assert!(!otavio.get(&path).await.text().contains("Pedir resposta"));
        nothing_by_halves(&database).await;
    }
}
