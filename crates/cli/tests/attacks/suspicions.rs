//! What is tried over HTTP is noticed, and what was noticed is decided by whom it concerns, once.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::json;
use sigilo_testkit::tokio_postgres::Client;
use tokio::task::JoinSet;

use crate::routes::SOMEBODY;
use crate::support::doctor::{BRENO, HELENA, JUSSARA, LIVIA, MARTA, OTAVIO, doctor, enter};
use crate::support::http::Visitor;
use crate::support::number;
use crate::support::site::Stand;

const REFUSED: &str = "SELECT count(*) FROM audit_trail WHERE resource = 'access_refused'";

async fn text(database: &Client, sql: &str) -> String {
    database.query_one(sql, &[]).await.unwrap().get(0)
}

/// Ten wrong codes at a session of the front desk; the draft they become.
async fn burst(database: &Client, reception: &mut Visitor) -> String {
    for attempt in 0..10 {
        // A session ends after five; the account is locked by then.
        database.execute("UPDATE auth.sessions SET unlock_failures = 0", &[]).await.unwrap();
        let answer = reception.json("/sessao/desbloquear/codigo", &json!({ "code": "000000" })).await;
        assert_eq!(answer.status, if attempt < 5 { 401 } else { 429 }, "{attempt}");
    }
    database.execute("UPDATE auth.users SET failures = 0, locks = 0, locked_until = NULL", &[]).await.unwrap();
    database.execute("DELETE FROM auth.throttle", &[]).await.unwrap();
    database.execute("SELECT ops.suspect()", &[]).await.unwrap();
    text(database, "SELECT id::text FROM incident_drafts WHERE rule = 'failed_sign_ins' AND status = 'open'").await
}

fn acts(draft: &str) -> [(String, [(&'static str, &'static str); 2]); 2] {
    let path = |act: &str| format!("/conformidade/incidentes/suspeitas/{draft}/{act}");
    let words = [("motivo", "O celular foi trocado hoje de manhã."), ("soube", "")];
    [(path("confirmar"), words), (path("descartar"), words)]
}

#[tokio::test]
async fn tries_at_a_locked_account_count_and_become_one_draft() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut reception = enter(&site, JUSSARA).await;
    let draft = burst(&database, &mut reception).await;
    let reasons = "SELECT string_agg(failure_reason || ' ' || n, ', ' ORDER BY 1) FROM (
        SELECT failure_reason, count(*) AS n FROM access_logs WHERE NOT success GROUP BY 1) AS r";
    assert_eq!(text(&database, reasons).await, "account_locked 5, unlock_wrong 5");

    let mut breno = enter(&site, BRENO).await;
    let page = breno.get("/conformidade/incidentes").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("10 entradas recusadas") && page.text().contains("Jussara Tavares Pinho"));
    assert!(page.text().contains("/auditoria/tabelas/access_logs?linha="), "the evidence");
    assert_eq!(breno.get(&format!("/auditoria/tabelas/incident_drafts?linha={draft}")).await.status, 200);
    // The owner does not audit, and is told who does.
    let mut helena = enter(&site, HELENA).await;
    let page = helena.get("/conformidade/incidentes").await.text();
    assert!(!page.contains("?linha=") && page.contains("encarregado de dados ou o auditor"));
    assert_eq!(number(&database, "SELECT count(*) FROM security_incident_logs").await, 0);
}

#[tokio::test]
async fn only_who_answers_for_the_clinic_decides() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut reception = enter(&site, JUSSARA).await;
    let draft = burst(&database, &mut reception).await;
    let mut livia = doctor(&site, LIVIA).await;
    let mut otavio = doctor(&site, OTAVIO).await;
    let mut marta = enter(&site, MARTA).await;
    for (path, words) in acts(&draft) {
        assert_eq!(livia.form(&path, &words).await.status, 404, "{path}: another clinic's owner");
        for person in [&mut reception, &mut otavio, &mut marta] {
            assert_eq!(person.form(&path, &words).await.status, 403, "{path}");
        }
        let nothing = path.replace(&draft, SOMEBODY);
        assert_eq!(livia.form(&nothing, &words).await.status, 404, "the same answer as for what nobody has");
    }
    assert!(!livia.get("/conformidade/incidentes").await.text().contains(&draft));
    assert_eq!(marta.get("/conformidade/incidentes").await.status, 403);
    // The auditor reads it where auditors read, and the other clinic's console is empty.
    let page = marta.get(&format!("/auditoria/tabelas/incident_drafts?linha={draft}")).await;
    assert!(page.text().contains("failed_sign_ins"));
    assert_eq!(text(&database, "SELECT string_agg(status, ',') FROM incident_drafts").await, "open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_decision_is_made_once() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut reception = enter(&site, JUSSARA).await;
    let draft = burst(&database, &mut reception).await;
    let (breno, helena) = (enter(&site, BRENO).await, enter(&site, HELENA).await);
    let mut all = JoinSet::new();
    for person in [&breno, &helena] {
        for (path, words) in acts(&draft) {
            let mut person = person.clone();
            all.spawn(async move {
                let answer = person.form(&path, &words).await;
                assert!(answer.status == 303 || answer.text().contains("Outra pessoa já decidiu"), "{}", answer.status);
                answer.status
            });
        }
    }
    let mut answers = BTreeMap::new();
    for status in all.join_all().await {
        *answers.entry(status).or_insert(0) += 1;
    }
    assert_eq!(answers, BTreeMap::from([(303, 1), (409, 3)]));
    let incidents = number(&database, "SELECT count(*) FROM security_incident_logs").await;
    let confirmed = number(&database, "SELECT count(*) FROM incident_drafts WHERE status = 'confirmed'").await;
    assert_eq!(incidents, confirmed);
    for (path, words) in acts(&draft) {
        assert_eq!(breno.clone().form(&path, &words).await.status, 409, "replayed");
    }
    assert_eq!(number(&database, "SELECT count(*) FROM security_incident_logs").await, incidents);
}

#[tokio::test]
async fn refusals_are_noted_by_the_pattern_of_the_route() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut otavio = doctor(&site, OTAVIO).await;
    let mut livia = doctor(&site, LIVIA).await;
    let theirs = otavio.conversation().await;
    assert_eq!(number(&database, REFUSED).await, 0);
    // What nobody may, what exists nowhere, and what was never asked by anybody signed in, are not refusals of a member.
    Visitor::new(&site.origin).get("/conversas").await;
    assert_eq!(livia.get("/nada/Ana-Lima").await.status, 404);
    assert_eq!(livia.form("/conversas/busca", &[]).await.status, 200);
    assert_eq!(number(&database, REFUSED).await, 0);

    for _ in 0..10 {
        assert_eq!(livia.get(&format!("/conversas/{theirs}?nome=Ana-Lima")).await.status, 404);
        assert_eq!(livia.get_json(&format!("/api/v1/conversations/{theirs}")).await.status, 404);
    }
    let request = livia.request(Method::GET, "/auditoria").header("accept", "text/html");
    assert_eq!(livia.send(request).await.status, 403);
    assert_eq!(number(&database, REFUSED).await, 21);
    let routes = "SELECT string_agg(DISTINCT details ->> 'route', ' ' ORDER BY details ->> 'route') FROM audit_logs
                   WHERE action = 'access_refused'";
    assert_eq!(text(&database, routes).await, "/api/v1/conversations/{id} /auditoria /conversas/{id}");
    let about =
        "SELECT jsonb_agg(t)::text || (SELECT jsonb_agg(l)::text FROM audit_logs l WHERE l.action = 'access_refused')
                   FROM audit_trail t WHERE t.resource = 'access_refused'";
    let about = text(&database, about).await;
    assert!(!about.contains("Ana-Lima") && !about.contains(&theirs), "{about}");

    database.execute("SELECT ops.suspect()", &[]).await.unwrap();
    let drafts = "SELECT string_agg(c.name || ' ' || d.rule || ' ' || d.event_count, ',')
                    FROM incident_drafts d JOIN clinics c ON c.id = d.clinic_id";
    assert_eq!(text(&database, drafts).await, "Instituto Aurora de Estética refusals 21");
    assert!(livia.get("/conformidade/incidentes").await.text().contains("21 acessos recusados"));
}

#[tokio::test]
async fn a_canary_is_seen_across_clinics_and_only_its_own_clinic_hears_of_it() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut breno = enter(&site, BRENO).await;
    let mut livia = doctor(&site, LIVIA).await;
    let mut otavio = doctor(&site, OTAVIO).await;
    let mut reception = enter(&site, JUSSARA).await;
    let page = breno.form("/conformidade/iscas", &[("rotulo", "Planilha da recepção")]).await;
    assert_eq!(page.status, 200);
    let cpf: String = page.text().split("999.").nth(1).map(|rest| format!("999.{}", &rest[..10])).unwrap();
    assert!(!breno.get("/conformidade/iscas").await.text().contains(&cpf), "shown once");
    let id = text(&database, "SELECT id::text FROM canaries").await;
    for person in [&mut otavio, &mut reception] {
        assert_eq!(person.get("/conformidade/iscas").await.status, 403);
        assert_eq!(person.form("/conformidade/iscas", &[("rotulo", "Outra")]).await.status, 403);
        assert_eq!(person.form(&format!("/conformidade/iscas/{id}/aposentar"), &[]).await.status, 403);
    }
    assert_eq!(livia.form(&format!("/conformidade/iscas/{id}/aposentar"), &[]).await.status, 404);
    assert!(!livia.get("/conformidade/iscas").await.text().contains("Planilha"));

    // The answers of a message with a canary and of one with anybody's CPF differ in nothing that could tell.
    let conversation = livia.conversation().await;
    let mut shapes = Vec::new();
    for number in ["529.982.247-25", &cpf] {
        let answer = livia.say(&conversation, &format!("Paciente, CPF {number}, com tosse.")).await;
        assert_eq!(answer.status, 200);
        let keys: Vec<String> = answer.value().as_object().unwrap().keys().cloned().collect();
        shapes.push((keys, answer.value()["message"]["content"].clone(), answer.value()["notice"].clone()));
    }
    assert_eq!(shapes[0], shapes[1]);
    assert_eq!(number(&database, "SELECT count(*) FROM canary_sightings WHERE member_id IS NULL").await, 1);
    database.execute("SELECT ops.suspect()", &[]).await.unwrap();
    let seen = breno.get("/conformidade/incidentes").await.text();
    assert!(seen.contains("Fora da clínica") && !seen.contains("Lívia") && !seen.contains("Aurora"));
    assert!(!livia.get("/conformidade/incidentes").await.text().contains("Paciente-isca visto"));
    let own = otavio.conversation().await;
    assert_eq!(otavio.say(&own, &format!("CPF {cpf}")).await.status, 200);
    database.execute("SELECT ops.suspect()", &[]).await.unwrap();
    assert!(breno.get("/conformidade/incidentes").await.text().contains("pela conta de Dr. Otávio Lacerda Nunes"));
}

#[tokio::test]
async fn only_the_owner_chooses_the_clinics_periods() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let words = [("prazos", "dobro"), ("porque", "Parecer jurídico de 03/11/2026.")];
    let mut livia = doctor(&site, LIVIA).await;
    for name in [BRENO, JUSSARA, MARTA] {
        let mut person = enter(&site, name).await;
        assert_eq!(person.form("/conformidade/incidentes/prazos", &words).await.status, 403, "{name}");
    }
    let mut helena = enter(&site, HELENA).await;
    let short = [("prazos", "dobro"), ("porque", "curto")];
    assert_eq!(helena.form("/conformidade/incidentes/prazos", &short).await.status, 422);
    assert_eq!(helena.form("/conformidade/incidentes/prazos", &[("prazos", "x")]).await.status, 409);
    assert_eq!(helena.form("/conformidade/incidentes/prazos", &words).await.status, 303);
    assert_eq!(helena.form("/conformidade/incidentes/prazos", &words).await.status, 409, "replayed");
    assert!(helena.get("/conformidade/incidentes").await.text().contains("Prazo em dobro"));
    assert!(!livia.get("/conformidade/incidentes").await.text().contains("<strong>Prazo em dobro</strong>"));
    assert_eq!(number(&database, "SELECT count(*) FROM small_agent_declarations").await, 1);
}
