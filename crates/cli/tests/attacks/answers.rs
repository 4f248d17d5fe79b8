//! Answers, reviews and figures that belong to somebody else, and starts that come too often.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::json;
use sigilo_testkit::tokio_postgres::Client;
use tokio::task::JoinSet;

use crate::routes::SOMEBODY;
use crate::support::assistant::{Dialect, StandIns};
use crate::support::doctor::{HELENA, LIVIA, OTAVIO, doctor, enter};
use crate::support::http::{Answer, Visitor};
use crate::support::site::{Site, Stand};
use crate::support::{all_answered, digest, number, until};

const RECEPTIONIST: &str = "Jussara Tavares Pinho";
const TABLES: [&str; 6] = [
    "messages",
    "ai_answers",
    "ai_reference_checks",
    "ai_review_events",
    "explainability_logs",
    "assistant_preferences",
];

async fn installation() -> (StandIns, Stand, Site) {
    let stand_ins = StandIns::start(Dialect::Anthropic).await;
    let stand = Stand::shared().await;
    let site = stand.demo_with(|command| stand_ins.wire(command, "somente-local"));
    (stand_ins, stand, site)
}

/// Every act on an answer, as `(path, fields)`.
fn acts(conversation: &str, question: &str, answer: &str) -> Vec<(String, Vec<(&'static str, String)>)> {
    let field = |name, value: &str| (name, value.to_owned());
    vec![
        (format!("/conversas/{conversation}/respostas"), vec![field("pergunta", question)]),
        (format!("/respostas/{answer}/aviso"), vec![]),
        (format!("/respostas/{answer}/revisao"), vec![field("secao", "resposta"), field("decisao", "aceitar")]),
        (format!("/respostas/{answer}/desfecho"), vec![field("posicao", "1")]),
        (format!("/respostas/{answer}/referencias/1/verificar"), vec![]),
        (format!("/respostas/{answer}/registro"), vec![]),
    ]
}

async fn act(visitor: &mut Visitor, path: &str, fields: &[(&'static str, String)], accept: &str) -> Answer {
    let request = visitor.request(Method::POST, path).header("accept", accept).form(fields);
    visitor.send(request).await
}

#[tokio::test]
async fn anothers_answer_can_be_neither_followed_nor_stopped_nor_reviewed() {
    let (stand_ins, stand, site) = installation().await;
    let database = stand.superuser().await;
    let mut otavio = doctor(&site, OTAVIO).await;
    let mut livia = doctor(&site, LIVIA).await;
    let mut helena = enter(&site, HELENA).await;
    let mut stranger = Visitor::new(&site.origin);
    let conversation = otavio.conversation().await;
    let sent = otavio.say(&conversation, "Febre e dispneia. roteiro:espera").await.value();
    let (question, answer) = (sent["id"].as_str().unwrap().to_owned(), sent["answer_id"].as_str().unwrap().to_owned());
    stand_ins.asked(1).await;

    let stream = format!("/conversas/{conversation}/respostas/{answer}/fluxo");
    let stop = format!("/respostas/{answer}/parar");
    for when in ["while it is written", "when it is stored"] {
        let before = digest(&database, &TABLES).await;
        let followed = livia.get(&stream).await;
        assert_eq!((followed.status, followed.body.len()), (204, 0), "{when}");
        // Whether there was anything to stop is not told.
        assert_eq!(livia.form(&stop, &[]).await.status, 303, "{when}");
        for (path, fields) in acts(&conversation, &question, &answer) {
            let answer = act(&mut livia, &path, &fields, "application/json").await;
            assert_eq!(answer.status, 404, "{path} {when}");
            answer.problem();
            assert_eq!(act(&mut helena, &path, &fields, "text/html").await.status, 403, "{path} {when}");
            assert_eq!(act(&mut stranger, &path, &fields, "application/json").await.status, 401, "{path} {when}");
        }
        assert_eq!(helena.get(&stream).await.status, 403, "{when}");
        assert_eq!(stranger.get(&stream).await.location(), "/entrar", "{when}");
        let theirs = livia.get_json(&format!("/api/v1/conversations/{conversation}")).await;
        assert_eq!(theirs.status, 404, "{when}");
        assert_eq!(digest(&database, &TABLES).await, before, "{when}");
        if when == "while it is written" {
            stand_ins.model.release();
            all_answered(&database).await;
        }
    }
    assert_eq!(number(&database, "SELECT count(*) FROM ai_answers WHERE state = 'complete'").await, 1);

    // Its own doctor gets it whole, however late.
    let followed = otavio.get(&stream).await;
    assert_eq!((followed.status, followed.header("content-type")), (200, "text/event-stream"));
    assert_eq!(followed.header("cache-control"), "no-store");
    assert!(followed.text().contains("Sepse de foco pulmonar"));
    // A locked session gets nothing more of it.
    database.execute("UPDATE auth.sessions SET idle_until = now() - interval '1 second'", &[]).await.unwrap();
    let before = digest(&database, &TABLES).await;
    let locked = otavio.get(&stream).await;
    assert_eq!((locked.status, locked.header("x-sigilo-sessao")), (401, "bloqueada"));
    for (path, fields) in acts(&conversation, &question, &answer) {
        let answer = act(&mut otavio, &path, &fields, "application/json").await;
        assert_eq!((answer.status, answer.header("x-sigilo-sessao")), (401, "bloqueada"), "{path}");
    }
    assert_eq!(digest(&database, &TABLES).await, before);
}

#[tokio::test]
async fn what_no_button_sends_is_refused_with_a_reason() {
    let (_stand_ins, stand, site) = installation().await;
    let database = stand.superuser().await;
    let mut otavio = doctor(&site, OTAVIO).await;
    let conversation = otavio.conversation().await;
    let sent = otavio.say(&conversation, "Febre e dispneia. roteiro:bom").await.value();
    let (question, answer) = (sent["id"].as_str().unwrap().to_owned(), sent["answer_id"].as_str().unwrap().to_owned());
    all_answered(&database).await;
    // The disclaimer of a late page must not change the count below.
    let before = digest(&database, &TABLES).await;
    let long = "x".repeat(1001);
    let invalid: &[(&str, &[(&str, &str)])] = &[
        ("revisao", &[]),
        ("revisao", &[("secao", "resposta"), ("decisao", "apagar")]),
        ("revisao", &[("secao", "hipotese-99"), ("decisao", "aceitar")]),
        ("revisao", &[("secao", "'; DROP TABLE"), ("decisao", "aceitar")]),
        ("revisao", &[("secao", "resposta"), ("decisao", "rejeitar"), ("motivo", "  ")]),
        ("revisao", &[("secao", "resposta"), ("decisao", "rejeitar"), ("motivo", &long)]),
        ("revisao", &[("secao", "resposta"), ("decisao", "editar"), ("texto", "")]),
        ("desfecho", &[]),
        ("desfecho", &[("posicao", "99")]),
        ("desfecho", &[("posicao", "-1")]),
        ("desfecho", &[("posicao", "1e3")]),
    ];
    for (act, fields) in invalid {
        let path = format!("/respostas/{answer}/{act}");
        let request = otavio.request(Method::POST, &path).header("accept", "application/json").form(fields);
        let answer = otavio.send(request).await;
        assert_eq!(answer.status, 422, "{act} {fields:?}");
        answer.problem();
    }
    for position in ["0", "6", "99999999999999999999", "x", "-1"] {
        let path = format!("/respostas/{answer}/referencias/{position}/verificar");
        assert_eq!(otavio.form(&path, &[]).await.status, 404, "{position}");
    }
    for id in ["x", "%00", SOMEBODY] {
        for (path, fields) in acts(&conversation, id, id) {
            let request = otavio.request(Method::POST, &path).form(&fields);
            assert_eq!(otavio.send(request).await.status, 404, "{path}");
        }
    }
    // Answered already, and no button for it: no second answer.
    let path = format!("/conversas/{conversation}/respostas");
    assert_eq!(otavio.form(&path, &[("pergunta", &question)]).await.status, 409);
    // An answer is no question, and another conversation's question is none of this one.
    assert_eq!(otavio.form(&path, &[("pergunta", &answer)]).await.status, 404);
    let other = otavio.conversation().await;
    let path = format!("/conversas/{other}/respostas");
    assert_eq!(otavio.form(&path, &[("pergunta", &question)]).await.status, 404);
    assert_eq!(digest(&database, &TABLES).await, before);
}

/// Questions that nobody answers yet: written while the assistant is off.
async fn questions(doctor: &mut Visitor, conversation: &str, count: usize) -> Vec<String> {
    assert_eq!(doctor.form("/governanca-ia/assistente", &[("ligado", "nao")]).await.status, 303);
    let mut ids = Vec::new();
    for number in 0..count {
        doctor.roam();
        let sent = doctor.say(conversation, &format!("Retorno {number}, sem queixas. roteiro:espera")).await;
        assert_eq!(sent.status, 200, "{}", sent.text());
        let sent = sent.value();
        assert!(sent["answer_id"].is_null() && sent["notice"].as_str().is_some_and(|text| text.contains("desligado")));
        ids.push(sent["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(doctor.form("/governanca-ia/assistente", &[("ligado", "sim")]).await.status, 303);
    ids
}

/// Asks for answers to all of these at the same moment; the answers by status.
async fn start_all(doctor: &Visitor, conversation: &str, questions: &[String]) -> BTreeMap<u16, Vec<Answer>> {
    let mut all = JoinSet::new();
    for question in questions {
        let mut visitor = doctor.clone();
        visitor.roam();
        let (path, question) = (format!("/conversas/{conversation}/respostas"), question.clone());
        all.spawn(async move {
            let request = visitor.request(Method::POST, &path).header("accept", "application/json");
            visitor.send(request.form(&[("pergunta", question)])).await
        });
    }
    let mut answers: BTreeMap<u16, Vec<Answer>> = BTreeMap::new();
    for answer in all.join_all().await {
        answers.entry(answer.status).or_default().push(answer);
    }
    answers
}

async fn stored(database: &Client, count: i64) {
    let sql = "SELECT count(*) FROM ai_answers";
    until("the answers are stored", async || (number(database, sql).await == count).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_question_asked_ten_times_at_once_is_answered_once() {
    let (stand_ins, stand, site) = installation().await;
    let database = stand.superuser().await;
    let mut otavio = doctor(&site, OTAVIO).await;
    let conversation = otavio.conversation().await;
    let question = questions(&mut otavio, &conversation, 1).await.remove(0);
    let answers = start_all(&otavio, &conversation, &vec![question.clone(); 10]).await;
    let counts: BTreeMap<u16, usize> = answers.iter().map(|(status, answers)| (*status, answers.len())).collect();
    assert_eq!(counts, BTreeMap::from([(303, 1), (409, 9)]));
    answers[&409].iter().for_each(|answer| assert!(answer.problem().contains("já está sendo respondida")));
    stand_ins.asked(1).await;
    // Once for the answer that waits; once more would show if a second one had been asked for.
    stand_ins.model.release();
    stand_ins.model.release();
    stored(&database, 1).await;
    assert_eq!(stand_ins.model.requests().len(), 1);
    assert_eq!(start_all(&otavio, &conversation, &[question]).await.keys().copied().collect::<Vec<_>>(), [409]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_answers_at_once_meet_a_clear_limit() {
    let (stand_ins, stand, site) = installation().await;
    let database = stand.superuser().await;
    let mut otavio = doctor(&site, OTAVIO).await;
    let conversation = otavio.conversation().await;
    let questions = questions(&mut otavio, &conversation, 200).await;
    let answers = start_all(&otavio, &conversation, &questions).await;
    let counts: BTreeMap<u16, usize> = answers.iter().map(|(status, answers)| (*status, answers.len())).collect();
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [303, 429], "{counts:?}");
    let begun = counts[&303];
    assert!((1..=5).contains(&begun), "{counts:?}");
    for answer in &answers[&429] {
        assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|wait| wait > 0));
        answer.problem();
    }
    // The others of the clinic and the site itself do not notice.
    let mut livia = doctor(&site, LIVIA).await;
    let own = livia.conversation().await;
    let sent = livia.say(&own, "Enxaqueca. roteiro:sem_referencias").await.value();
    assert!(sent["answer_id"].is_string(), "{sent}");
    stored(&database, 1).await;
    (0..begun).for_each(|_| stand_ins.model.release());
    stored(&database, 1 + i64::try_from(begun).unwrap()).await;
    // There is room again.
    assert_eq!(start_all(&otavio, &conversation, &questions[199..]).await.len(), 1);
}

#[tokio::test]
async fn the_clinics_figures_are_for_those_who_answer_for_them() {
    let (_stand_ins, stand, site) = installation().await;
    let database = stand.superuser().await;
    let mut otavio = doctor(&site, OTAVIO).await;
    let mut helena = enter(&site, HELENA).await;
    let mut jussara = enter(&site, RECEPTIONIST).await;
    assert_eq!(otavio.get("/governanca-ia").await.status, 200);
    assert_eq!(helena.get("/governanca-ia").await.status, 200);
    let refused = jussara.get("/governanca-ia").await;
    assert_eq!(refused.status, 403);
    assert!(!refused.text().contains("Quem responde"));
    let before = digest(&database, &["assistant_preferences"]).await;
    for other in [&mut helena, &mut jussara] {
        assert_eq!(other.form("/governanca-ia/assistente", &[("ligado", "nao")]).await.status, 403);
    }
    for ligado in ["", "talvez", "sim\n"] {
        let status = otavio.form("/governanca-ia/assistente", &[("ligado", ligado)]).await.status;
        assert!(status == 422 || ligado.trim() == "sim", "{ligado:?}: {status}");
    }
    let row = "DELETE FROM assistant_preferences";
    database.execute(row, &[]).await.unwrap();
    assert_eq!(digest(&database, &["assistant_preferences"]).await, before);
    // The way back is to one's own page, wherever the form says.
    let request = [("ligado", "nao"), ("conversa", "//evil.example")];
    assert_eq!(otavio.form("/governanca-ia/assistente", &request).await.location(), "/governanca-ia");
    // Another doctor's switch is another's.
    let mut livia = doctor(&site, LIVIA).await;
    let own = livia.conversation().await;
    assert!(livia.say(&own, "Tosse. roteiro:sem_referencias").await.value()["answer_id"].is_string());
    let theirs = otavio.conversation().await;
    let sent = otavio.json("/api/v1/process-message", &json!({ "conversation_id": theirs, "message": "Tosse." })).await;
    assert!(sent.value()["answer_id"].is_null());
    all_answered_of(&database, &own).await;
}

async fn all_answered_of(database: &Client, conversation: &str) {
    let sql = format!("SELECT count(*) FROM messages WHERE conversation_id = '{conversation}' AND role = 'assistant'");
    until("the answer is stored", async || (number(database, &sql).await == 1).then_some(())).await;
}
