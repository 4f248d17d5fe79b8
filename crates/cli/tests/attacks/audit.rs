//! The audit console over HTTP: who is refused, and what a closed tab leaves behind.

use std::time::Duration;

use reqwest::Method;

use crate::routes::{ROUTES, SOMEBODY, filled};
use crate::support::doctor::{HELENA, JUSSARA, LIVIA, MARTA, OTAVIO, doctor, enter};
use crate::support::http::Answer;
use crate::support::number;
use crate::support::site::Stand;

const RUNS: &str = "SELECT count(*) FROM audit_console_runs";

fn audit_routes() -> impl Iterator<Item = (Method, String)> {
    let routes = ROUTES.iter().filter(|(_, path, _)| path.starts_with("/auditoria"));
    routes.map(|(method, path, _)| (method.parse().unwrap(), filled(path, SOMEBODY)))
}

#[tokio::test]
async fn nobody_else_audits() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut people = vec![doctor(&site, OTAVIO).await, enter(&site, JUSSARA).await];
    for person in &mut people {
        for (method, path) in audit_routes() {
            let request = person.request(method.clone(), &path).header("accept", "application/json");
            let request = match method {
                Method::POST => request.form(&[("sql", "SELECT 1"), ("formato", "csv"), ("dias", "1")]),
                _ => request,
            };
            let answer = person.send(request).await;
            // What one may not give or take is told apart only by those who may.
            let expected: &[u16] = match path.as_str() {
                "/auditoria/acessos" if method == Method::POST => &[422],
                path if path.ends_with("/revogar") => &[404],
                _ => &[403],
            };
            assert!(expected.contains(&answer.status), "{method} {path}: {}", answer.status);
        }
    }
    assert_eq!(number(&database, RUNS).await, 0);
}

#[tokio::test]
async fn another_clinics_record_and_access_do_not_exist() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut marta = enter(&site, MARTA).await;
    assert_eq!(marta.form("/auditoria/sql", &[("sql", "SELECT name FROM clinics")]).await.status, 200);
    let run: uuid::Uuid = database.query_one("SELECT id FROM audit_console_runs", &[]).await.unwrap().get(0);
    let grant: uuid::Uuid = database.query_one("SELECT id FROM audit_grants LIMIT 1", &[]).await.unwrap().get(0);
    assert_eq!(marta.get(&format!("/auditoria/historico/{run}")).await.status, 200);

    let mut livia = doctor(&site, LIVIA).await;
    let page = livia.get(&format!("/auditoria/historico/{run}")).await;
    assert_eq!(page.status, 403);
    assert!(!page.text().contains("SELECT name"));
    assert_eq!(livia.form(&format!("/auditoria/acessos/{grant}/revogar"), &[]).await.status, 404);
    let live = "SELECT count(*) FROM audit_grants WHERE revoked_at IS NOT NULL";
    assert_eq!(number(&database, live).await, 0);
    // Nor does the first clinic's owner give access to somebody of the second.
    let mut helena = enter(&site, HELENA).await;
    let theirs: uuid::Uuid =
        database.query_one("SELECT user_id FROM members WHERE display_name = $1", &[&LIVIA]).await.unwrap().get(0);
    let form = [("quem", theirs.to_string()), ("dias", "5".into()), ("finalidade", "Auditoria".into())];
    let form: Vec<(&str, &str)> = form.iter().map(|(key, value)| (*key, value.as_str())).collect();
    assert_eq!(helena.form("/auditoria/acessos", &form).await.status, 422);
}

#[tokio::test]
async fn a_closed_tab_ends_the_query() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut marta = enter(&site, MARTA).await;
    let running = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'sigilo_console' AND state = 'active'
                    AND datname = current_database()";
    let endless = "SELECT count(*) FROM pg_attribute a, pg_attribute b, pg_attribute c, pg_attribute d";
    let request =
        marta.request(Method::POST, "/auditoria/sql").form(&[("sql", endless)]).timeout(Duration::from_secs(2));
    assert!(request.send().await.is_err(), "the browser went away");
    let ended = async {
        while number(&database, running).await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(8), ended).await.expect("cancelled long before its limit of 20 seconds");
    // What was asked stands in the record, as interrupted.
    assert_eq!(number(&database, "SELECT count(*) FROM audit_console_runs WHERE outcome = 'running'").await, 1);
    let refused: Answer = marta.form("/auditoria/sql", &[("sql", "SELECT pg_sleep(1)")]).await;
    assert_eq!(refused.status, 200);
    assert!(refused.text().contains("pg_sleep não é permitida"));
}
