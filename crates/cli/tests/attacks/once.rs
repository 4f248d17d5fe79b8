//! What may be used once is used once, also when everybody tries at the same moment.

use std::collections::BTreeMap;

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::doctor::{LIVIA, OTAVIO, doctor};
use crate::support::http::{SESSION, Visitor};
use crate::support::number;
use crate::support::site::Stand;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_at_once_with_one_link_let_one_in() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let link = site.link(OTAVIO);
    // To look is not to use.
    for _ in 0..3 {
        let page = Visitor::new(&site.origin).get(&link).await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("Otávio"));
    }
    const SESSIONS: &str = "SELECT count(*) FROM auth.sessions";
    const LOGINS: &str = "SELECT count(*) FROM access_logs WHERE action = 'login'";
    let database = stand.superuser().await;
    let before = (number(&database, SESSIONS).await, number(&database, LOGINS).await);
    let mut all = JoinSet::new();
    for _ in 0..10 {
        let (mut visitor, link) = (Visitor::new(&site.origin), link.clone());
        all.spawn(async move { (visitor.form(&link, &[]).await.status, visitor.cookies.contains_key(SESSION)) });
    }
    let mut answers = BTreeMap::new();
    for answer in all.join_all().await {
        *answers.entry(answer).or_insert(0) += 1;
    }
    assert_eq!(answers, BTreeMap::from([((303, true), 1), ((410, false), 9)]));
    let after = (number(&database, SESSIONS).await, number(&database, LOGINS).await);
    assert_eq!(after, (before.0 + 1, before.1 + 1));

    for answer in [Visitor::new(&site.origin).get(&link).await, Visitor::new(&site.origin).form(&link, &[]).await] {
        assert_eq!(answer.status, 410);
        assert!(answer.text().contains("Este link já foi usado ou venceu"));
    }
}

#[tokio::test]
async fn an_old_link_is_worth_nothing() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    database.execute("UPDATE auth.links SET expires_at = now() - interval '1 second'", &[]).await.unwrap();
    let mut late = Visitor::new(&site.origin);
    assert_eq!(late.get(&site.link(OTAVIO)).await.status, 410);
    assert_eq!(late.form(&site.link(OTAVIO), &[]).await.status, 410);
    assert!(late.cookies.is_empty());
}

/// The letters between the tags of the page that shows the authenticator's secret.
fn secret(page: &str) -> String {
    let (_, rest) = page.split_once("id=\"totp-chave\"").expect("the secret");
    let (shown, _) = rest.split_once("</p>").expect("its end");
    let mut inside = true;
    shown
        .chars()
        .filter(|letter| {
            match letter {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    return false;
                }
                _ => {}
            }
            !inside && letter.is_ascii_alphanumeric()
        })
        .collect()
}

/// What the authenticator app shows now.
fn code(secret: &str) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).expect("base32");
    totp_rs::Builder::new()
        .with_account_name("teste")
        .with_secret(secret)
        .build()
        .expect("an app")
        .generate_current()
        .to_string()
}

async fn lock_all(database: &sigilo_testkit::tokio_postgres::Client) {
    let idle = "UPDATE auth.sessions SET idle_until = now() - interval '1 second' WHERE ended_at IS NULL";
    database.execute(idle, &[]).await.unwrap();
}

/// Sends the same code from several copies of a browser at once; how often each status came.
async fn unlock_at_once(browser: &Visitor, code: &str, times: usize) -> (BTreeMap<u16, usize>, Visitor) {
    let mut all = JoinSet::new();
    for _ in 0..times {
        let (mut visitor, body) = (browser.clone(), json!({ "code": code }));
        all.spawn(async move {
            let status = visitor.json("/sessao/desbloquear/codigo", &body).await.status;
            (status, visitor)
        });
    }
    let mut answers = BTreeMap::new();
    let mut inside = browser.clone();
    for (status, visitor) in all.join_all().await {
        *answers.entry(status).or_insert(0) += 1;
        if status == 204 {
            inside = visitor;
        }
    }
    (answers, inside)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_code_unlocks_once() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let otavio = {
        let mut otavio = doctor(&site, OTAVIO).await;
        let page = otavio.form("/account/fatores/aplicativo", &[]).await.text();
        let secret = secret(&page);
        let done = otavio.form("/account/fatores/aplicativo/confirmar", &[("code", &code(&secret))]).await;
        assert_eq!(done.status, 303, "{}", done.text());
        // As if a minute had passed, so that the app shows a new code.
        database.execute("UPDATE auth.totp SET last_step = last_step - 2", &[]).await.unwrap();
        lock_all(&database).await;
        let (answers, inside) = unlock_at_once(&otavio, &code(&secret), 4).await;
        assert_eq!(answers.get(&204), Some(&1), "{answers:?}");
        assert_eq!(answers.values().sum::<usize>(), 4);
        assert!(answers.keys().all(|status| [204, 401].contains(status)), "{answers:?}");
        assert_ne!(inside.cookies[SESSION], otavio.cookies[SESSION], "the token changes");
        assert_eq!(otavio.get("/conversas").await.location(), "/entrar", "the old one is dead");
        inside
    };
    assert_eq!(otavio.clone().get("/conversas").await.status, 200);
    assert_eq!(number(&database, "SELECT count(*) FROM access_logs WHERE action = 'unlock'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_recovery_code_unlocks_once() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut livia = doctor(&site, LIVIA).await;
    let page = livia.form("/account/codigos", &[]).await.text();
    let codes: Vec<_> = page
        .split("<li>")
        .skip(1)
        .filter_map(|item| item.split_once("</li>"))
        .map(|(code, _)| code.to_owned())
        .collect();
    assert_eq!(codes.len(), 10);
    lock_all(&database).await;
    let (answers, mut inside) = unlock_at_once(&livia, &codes[3], 4).await;
    assert_eq!(answers.get(&204), Some(&1), "{answers:?}");
    assert_eq!(inside.get("/conversas").await.status, 200);
    assert_eq!(number(&database, "SELECT count(*) FROM auth.recovery_codes WHERE used_at IS NULL").await, 9);
    lock_all(&database).await;
    assert_eq!(inside.json("/sessao/desbloquear/codigo", &json!({ "code": codes[3] })).await.status, 401);
    assert_eq!(inside.json("/sessao/desbloquear/codigo", &json!({ "code": codes[4] })).await.status, 204);
}
