//! The compliance desk over HTTP: who is refused, and whose figures are seen.

use reqwest::Method;

use crate::routes::{ROUTES, SOMEBODY, filled};
use crate::support::doctor::{BRENO, HELENA, JUSSARA, LIVIA, MARTA, OTAVIO, doctor, enter};
use crate::support::http::{SESSION, Visitor};
use crate::support::site::Stand;
use crate::support::{digest, number};

#[tokio::test]
async fn nobody_else_sees_the_desk() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let tables = ["data_subject_requests", "security_incident_logs", "fulfilment_plans"];
    let before = digest(&database, &tables).await;
    let mut people = vec![doctor(&site, OTAVIO).await, enter(&site, JUSSARA).await, enter(&site, MARTA).await];
    for person in &mut people {
        for (method, path, _) in ROUTES.iter().filter(|(_, path, _)| path.starts_with("/conformidade")) {
            let method: Method = method.parse().unwrap();
            for accept in ["text/html", "application/json"] {
                let request = person.request(method.clone(), &filled(path, SOMEBODY)).header("accept", accept);
                let request = match method {
                    // What is typed is looked at before who typed it, and tells nothing.
                    Method::POST => request.form(&[("versao", "1")]),
                    _ => request,
                };
                let answer = person.send(request).await;
                let expected: &[u16] = if method == Method::POST { &[403, 404, 422] } else { &[403] };
                assert!(expected.contains(&answer.status), "{method} {path}: {}", answer.status);
            }
        }
    }
    assert_eq!(digest(&database, &tables).await, before);
    let seen = "SELECT count(*) FROM audit_logs WHERE resource_type = 'compliance'";
    assert_eq!(number(&database, seen).await, 0);
    for answerable in [HELENA, BRENO] {
        assert_eq!(enter(&site, answerable).await.get("/conformidade").await.status, 200, "{answerable}");
    }
    assert_eq!(number(&database, seen).await, 2);
}

#[tokio::test]
async fn another_clinics_figures_are_not_seen() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut otavio = doctor(&site, OTAVIO).await;
    assert_eq!(otavio.form("/account/pedidos", &[("direito", "sharing")]).await.status, 303);
    let mut breno = enter(&site, BRENO).await;
    let form = [
        ("tipo", "vazamento"),
        ("gravidade", "high"),
        ("descricao", "Uma planilha saiu por engano."),
        ("afetados", "3"),
    ];
    assert_eq!(breno.form("/conformidade/incidentes", &form).await.status, 303);
    let aged = "SET session_replication_role = replica;
                INSERT INTO sensitive_data_detection_logs (clinic_id, user_id, message_id, detection_type, detection_method,
                                                           confidence_score, created_at)
                SELECT clinic_id, user_id, user_id, 'cpf', 'regex', 1, now() - interval '6 years' FROM members
                 WHERE 'dpo' = ANY (roles);
                UPDATE consent_records SET consent_version = '0.1'";
    database.batch_execute(aged).await.unwrap();
    let figures = |text: &str| -> Vec<String> {
        let figures = text.split("class=\"tabular\">").skip(1).take(5);
        figures.filter_map(|rest| rest.split('<').next()).map(str::to_owned).collect()
    };
    let own = figures(&breno.get("/conformidade").await.text());
    assert_eq!(
        (own.len(), own[0].as_str(), own[1].as_str(), own[3].as_str(), own[4].as_str()),
        (5, "1", "1", "4", "1")
    );
    let mut livia = doctor(&site, LIVIA).await;
    let text = livia.get("/conformidade").await.text();
    let theirs = figures(&text);
    assert_eq!((theirs[0].as_str(), theirs[1].as_str(), theirs[3].as_str(), theirs[4].as_str()), ("0", "0", "0", "0"));
    assert!(!text.contains("Exposição ou divulgação") && !text.contains("Informação sobre compartilhamento"));
}

#[tokio::test]
async fn the_officer_is_found_by_anybody_as_configured() {
    let stand = Stand::shared().await;
    let site = stand.demo_with(|command| {
        command.env("SIGILO_DPO_CONTACT", "Breno <b>Dias</b>, dpo@acacias.example");
    });
    let mut stranger = Visitor::new(&site.origin);
    let sign_in = stranger.get("/entrar").await.text();
    assert!(sign_in.contains("href=\"/encarregado\"") && sign_in.contains("dpo@acacias.example"));
    let page = stranger.get("/encarregado").await;
    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(
        text.contains("dpo@acacias.example") && !text.contains("<b>Dias") && !text.contains("ainda não foi informado")
    );
    assert_eq!(text.matches("LGPD art. 18, ").count(), 10, "every right of art. 18");
    assert!(!stranger.cookies.contains_key(SESSION));
    let desk = enter(&site, BRENO).await.get("/conformidade").await.text();
    assert!(desk.contains("O contato está publicado") && desk.contains("href=\"/encarregado\""));
}
