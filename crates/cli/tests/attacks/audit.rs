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

#[tokio::test]
async fn an_answer_that_comes_after_the_access_ended_is_not_shown() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let holder = stand.superuser().await;
    let database = stand.superuser().await;
    let mut marta = enter(&site, MARTA).await;
    // What she asks waits for a lock, well after her access was looked at.
    holder.batch_execute("BEGIN; LOCK TABLE conversations IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let asking = marta.form("/auditoria/sql", &[("sql", "SELECT count(*) AS vistas FROM conversations")]);
    let revoking = async {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'sigilo_console'
                        AND datname = current_database() AND wait_event_type = 'Lock'";
        while number(&database, waiting).await == 0 {
            tokio::task::yield_now().await;
        }
        let revoke = "SET session_replication_role = replica;
                      UPDATE audit_grants SET revoked_at = now(), revoked_by = granted_to";
        database.batch_execute(revoke).await.unwrap();
        holder.batch_execute("COMMIT").await.unwrap();
    };
    let both = async { tokio::join!(asking, revoking) };
    let (answer, ()) = tokio::time::timeout(Duration::from_secs(10), both).await.expect("she waits for nobody else");
    assert_eq!(answer.status, 403);
    assert!(!answer.text().contains("vistas"));
    let refused = "SELECT count(*) FROM audit_console_runs WHERE outcome = 'refused' AND result_hash IS NULL";
    assert_eq!(number(&database, refused).await, 1);
}

#[tokio::test]
async fn pages_of_a_table_follow_one_another() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut marta = enter(&site, MARTA).await;
    // A hundred and twenty rows of one instant, which their time does not tell apart.
    let rows = "SET session_replication_role = replica;
                INSERT INTO conversations (clinic_id, user_id, title)
                SELECT clinic_id, user_id, 'conversa' FROM members, generate_series(1, 120) WHERE display_name = $1";
    let rows = rows.replace("$1", &format!("'{OTAVIO}'"));
    database.batch_execute(&rows).await.unwrap();
    let mut seen = std::collections::BTreeSet::new();
    let mut before = String::new();
    for rows in [50, 50, 20] {
        let text = marta.form("/auditoria/tabelas/conversations", &[("antes", &before)]).await.text();
        let cells =
            text.split("<td>").filter_map(|cell| cell.get(..36)).filter(|cell| cell.parse::<uuid::Uuid>().is_ok());
        let page: std::collections::BTreeSet<String> = cells.map(str::to_owned).collect();
        let known = page.iter().filter(|id| seen.contains(*id)).count();
        before = text.split("name=\"antes\" value=\"").nth(1).map(|rest| rest[..36].to_owned()).unwrap_or_default();
        let own: i64 = database
            .query_one("SELECT count(*) FROM conversations WHERE id::text = ANY($1)", &[&Vec::from_iter(page.clone())])
            .await
            .unwrap()
            .get(0);
        assert_eq!(own, rows);
        assert!(known <= 1, "only the clinic's own identifier comes again");
        seen.extend(page);
    }
    assert!(before.is_empty(), "the last page");
}
