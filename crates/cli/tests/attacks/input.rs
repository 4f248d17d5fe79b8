//! Input that no page of ours sends. Nothing is lost, nothing is stored, and the answer says what was wrong.

use reqwest::Method;
use serde_json::json;

use crate::support::doctor::{OTAVIO, doctor, enter};
use crate::support::http::{Answer, Visitor};
use crate::support::number;
use crate::support::site::Stand;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// A refusal that a person can read.
fn sentence(answer: &Answer, status: u16, words: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(answer.text().contains(words), "no “{words}” in {}", answer.text());
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_refused_with_a_reason() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut otavio = doctor(&site, OTAVIO).await;
    let id = otavio.conversation().await;
    let send = format!("/conversas/{id}/mensagens");
    let api = "/api/v1/process-message";

    for empty in ["", " ", "\n\t \r\n"] {
        sentence(&otavio.form(&send, &[("text", empty)]).await, 422, "Escreva a mensagem");
        assert_eq!(otavio.say(&id, empty).await.status, 422);
    }
    assert_eq!(otavio.form(&send, &[]).await.status, 422);
    for (body, words) in [
        (&b"text=dor%FF%FEtor"[..], "UTF-8"),
        (b"text=dor\xff\xfe", "UTF-8"),
        (b"text=a%00b", "caracteres de controle"),
        (b"text=a%1Bb", "caracteres de controle"),
    ] {
        sentence(&otavio.raw(&send, FORM, "text/html", body.to_vec()).await, 422, words);
    }
    let body = format!("{{\"conversation_id\":\"{id}\",\"message\":\"a\\u0000b\"}}");
    sentence(&otavio.raw(api, JSON, JSON, body.into_bytes()).await, 422, "caracteres de controle");
    let mut body = format!("{{\"conversation_id\":\"{id}\",\"message\":\"").into_bytes();
    body.extend_from_slice(b"\xff\"}");
    sentence(&otavio.raw(api, JSON, JSON, body).await, 422, "UTF-8");

    for body in ["", "{", "[]", "null", "{\"message\":1}", "{\"conversation_id\":\"x\",\"message\":\"oi\"}"] {
        let answer = otavio.raw(api, JSON, "*/*", body.as_bytes().to_vec()).await;
        assert_eq!(answer.status, 422, "{body}");
        answer.problem();
    }
    let lone_surrogate = format!("{{\"conversation_id\":\"{id}\",\"message\":\"\\ud800\"}}");
    assert_eq!(otavio.raw(api, JSON, JSON, lone_surrogate.into_bytes()).await.status, 422);
    let deep = "[".repeat(100_000);
    assert_eq!(otavio.raw(api, JSON, JSON, deep.into_bytes()).await.status, 422);
    assert_eq!(otavio.raw(api, "text/plain", JSON, b"oi".to_vec()).await.status, 415);
    assert_eq!(otavio.raw(&send, "multipart/mixed; boundary=x", "text/html", b"oi".to_vec()).await.status, 415);
    assert_eq!(number(&database, "SELECT count(*) FROM messages").await, 0);
}

#[tokio::test]
async fn a_text_that_is_too_long_is_refused_with_a_reason() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut otavio = doctor(&site, OTAVIO).await;
    let id = otavio.conversation().await;
    let send = format!("/conversas/{id}/mensagens");

    let long = "dor ".repeat(20_000);
    sentence(&otavio.form(&send, &[("text", &long)]).await, 422, "longa demais");
    let answer = otavio.say(&id, &long).await;
    assert_eq!(answer.status, 422);
    assert!(answer.problem().to_lowercase().contains("divida"));

    // A megabyte, several times: the answer must not get lost while the rest is still on its way.
    let megabyte = "dor ".repeat(256 * 1024);
    for _ in 0..5 {
        sentence(&otavio.form(&send, &[("text", &megabyte)]).await, 413, "tamanho aceito");
        let answer = otavio.say(&id, &megabyte).await;
        assert_eq!(answer.status, 413);
        answer.problem();
    }
    let answer = otavio.json("/conversas/previa", &json!({ "text": megabyte })).await;
    assert_eq!(answer.status, 413);
    assert_eq!(otavio.form(&format!("/conversas/{id}/titulo"), &[("title", &megabyte)]).await.status, 413);
    assert_eq!(number(&database, "SELECT count(*) FROM messages").await, 0);

    // The longest text that is allowed, in letters that take the most room on the way.
    let longest = "ção ".repeat(64 * 1024 / 6);
    let answer = otavio.form(&send, &[("text", &longest)]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(number(&database, "SELECT count(*) FROM messages WHERE role = 'user'").await, 1);
}

#[tokio::test]
async fn hostile_fields_are_text_and_nothing_else() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let mut otavio = doctor(&site, OTAVIO).await;
    let id = otavio.conversation().await;
    let hostile = "<script>alert(1)</script> \" onload=x ' ; DROP TABLE messages; -- {{7*7}} %s \u{202e}abc";
    let answer = otavio.say(&id, hostile).await;
    assert_eq!(answer.status, 200);
    let page = otavio.get(&format!("/conversas/{id}")).await.text();
    assert!(!page.contains("<script>alert") && page.contains("&#60;script&#62;alert"), "{page}");
    let title = otavio.form(&format!("/conversas/{id}/titulo"), &[("title", "<b onclick=x>dor")]).await;
    assert_eq!(title.status, 303);
    let page = otavio.get("/conversas").await.text();
    assert!(!page.contains("<b onclick"));
    for query in ["%", "_", "\\", "'", "%%%", "a\\", "\u{0}", "(((", &"x ".repeat(99)] {
        let answer = otavio.form("/conversas/busca", &[("q", query)]).await;
        assert!([200, 422].contains(&answer.status), "{query}: {}", answer.status);
    }
    // A joker is a letter like any other.
    assert!(otavio.form("/conversas/busca", &[("q", "d%r")]).await.text().contains("Nada encontrado"));
    assert_eq!(otavio.form("/conversas/busca", &[("q", &"x".repeat(201))]).await.status, 422);
    for title in ["", "  ", &"x".repeat(121), "a\u{1}b"] {
        assert_eq!(otavio.form(&format!("/conversas/{id}/titulo"), &[("title", title)]).await.status, 422);
    }
    for bad in ["x", "../x", "%00", "1", "01900000-0000-7000-8000-00000000000g"] {
        assert_eq!(otavio.get(&format!("/conversas/{bad}")).await.status, 404, "{bad}");
    }
}

#[tokio::test]
async fn an_onboarding_form_is_checked_by_the_server() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut otavio = enter(&site, OTAVIO).await;
    let all = |field: &'static str, value: &'static str| {
        [
            ("full_name", OTAVIO),
            ("crm_number", "123"),
            ("crm_state", "SP"),
            ("specialty", "Cardiologia"),
            ("terms_of_service", "sim"),
            ("data_processing", "sim"),
        ]
        .map(|(name, usual)| (name, if name == field { value } else { usual }))
    };
    for (field, value) in [
        ("full_name", ""),
        ("full_name", "A"),
        ("crm_number", ""),
        ("crm_number", "12A"),
        ("crm_number", "0"),
        ("crm_number", "99999999"),
        ("crm_state", "XX"),
        ("crm_state", "ZZ"),
        ("specialty", ""),
    ] {
        let answer = otavio.form("/boas-vindas", &all(field, value)).await;
        assert_eq!(answer.status, 422, "{field}={value}");
        assert!(answer.text().contains(&format!("id=\"{field}-erro\"")), "{field}={value}");
    }
    assert_eq!(number(&database, "SELECT count(*) FROM consent_records").await, 0);
    assert_eq!(number(&database, "SELECT count(*) FROM profiles WHERE crm_number <> 'PENDENTE'").await, 0);
}

#[tokio::test]
async fn a_request_that_is_too_big_to_read_ends_clearly() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let mut stranger = Visitor::new(&site.origin);
    for (name, size) in [("cookie", 1_000_000), ("user-agent", 1_000_000)] {
        let request = stranger.bare(Method::GET, "/entrar").header(name, "a".repeat(size));
        // The HTTP library itself answers, before any of our code sees a request.
        match stranger.try_send(request).await {
            Ok(answer) => assert!([400, 431].contains(&answer.status), "{}", answer.status),
            Err(error) => assert!(error.is_request(), "{error:?}"),
        }
    }
    let request = stranger.bare(Method::GET, "/entrar").header("user-agent", "a".repeat(20_000));
    assert_eq!(stranger.send(request).await.status, 200);
    assert_eq!(stranger.get("/saude").await.status, 200);
}
