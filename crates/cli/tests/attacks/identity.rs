//! Cookies that were guessed, stolen, planted or kept too long.

use reqwest::Method;

use crate::support::doctor::{HELENA, LIVIA, OTAVIO, doctor, enter};
use crate::support::http::{ENTRY, SESSION, Visitor};
use crate::support::number;
use crate::support::site::Stand;

#[tokio::test]
async fn a_cookie_that_proves_nothing_opens_nothing() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let otavio = doctor(&site, OTAVIO).await;
    let good = otavio.cookies[SESSION].clone();
    let mut bent = good.clone().into_bytes();
    bent[5] = if bent[5] == b'A' { b'B' } else { b'A' };
    let bent = String::from_utf8(bent).unwrap();
    let garbage = [
        String::new(),
        "x".into(),
        bent,
        good.to_uppercase(),
        format!("{good}="),
        format!("{good}{good}"),
        "A".repeat(43),
        "A".repeat(6000),
        "' OR true --".into(),
        "%00".into(),
        format!("{good}; {SESSION}={}", "A".repeat(43)),
    ];
    for value in garbage {
        let mut thief = Visitor::new(&site.origin);
        thief.cookies.insert(SESSION.into(), value.clone());
        let answer = thief.get("/conversas").await;
        assert_eq!(answer.location(), "/entrar", "{value}");
        assert_eq!(thief.get_json("/api/v1/conversations").await.status, 401, "{value}");
    }
    let mut thief = Visitor::new(&site.origin);
    let request = thief.bare(Method::GET, "/conversas").header("cookie", &b"__Host-sigilo=\xff\xfe"[..]);
    assert_eq!(thief.send(request).await.status, 303);
    // Neither the name without its prefix, nor a header, nor the address carries a session.
    let mut thief = Visitor::new(&site.origin);
    thief.cookies.insert("sigilo".into(), good.clone());
    assert_eq!(thief.get(&format!("/conversas?token={good}")).await.status, 303);
    let request = thief.request(Method::GET, "/conversas").bearer_auth(&good);
    assert_eq!(thief.send(request).await.status, 303);
}

#[tokio::test]
async fn an_ended_session_is_dead_everywhere() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;

    let mut otavio = doctor(&site, OTAVIO).await;
    let mut thief = otavio.clone();
    assert_eq!(thief.get("/conversas").await.status, 200);
    assert_eq!(otavio.form("/sair", &[]).await.location(), "/entrar");
    assert!(otavio.cookies.is_empty(), "the browser is told to forget");
    assert_eq!(thief.get("/conversas").await.location(), "/entrar", "signed out");

    let mut livia = doctor(&site, LIVIA).await;
    let expire = "UPDATE auth.sessions SET expires_at = now() - interval '1 second' WHERE ended_at IS NULL";
    assert_eq!(database.execute(expire, &[]).await.unwrap(), 1);
    assert_eq!(livia.get("/conversas").await.location(), "/entrar", "expired");
    let answer = livia.json("/sessao/desbloquear/codigo", &serde_json::json!({ "code": "123456" })).await;
    assert_eq!(answer.status, 401, "nothing to unlock");
    assert_eq!(livia.get_json("/sessao").await.value()["state"], "gone");
}

#[tokio::test]
async fn an_idle_session_answers_nothing_until_it_is_unlocked() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut otavio = doctor(&site, OTAVIO).await;
    let id = otavio.conversation().await;
    database.execute("UPDATE auth.sessions SET idle_until = now() - interval '1 second'", &[]).await.unwrap();
    for path in ["/conversas", "/account", &format!("/conversas/{id}"), "/"] {
        let answer = otavio.get(path).await;
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(answer.header("x-sigilo-sessao"), "bloqueada", "{path}");
    }
    let answer = otavio.say(&id, "Paciente estável.").await;
    assert_eq!((answer.status, answer.header("x-sigilo-sessao")), (401, "bloqueada"));
    assert_eq!(otavio.json("/sessao/ativa", &serde_json::json!({})).await.value()["state"], "locked");
    assert_eq!(number(&database, "SELECT count(*) FROM messages").await, 0);
    // Whoever cannot unlock it can still leave it.
    assert_eq!(otavio.form("/sair", &[]).await.location(), "/entrar");
    assert_eq!(number(&database, "SELECT count(*) FROM auth.sessions WHERE ended_at IS NULL").await, 0);
}

/// A session that somebody planted in the browser before the sign-in is not the one that is signed in.
#[tokio::test]
async fn a_planted_session_is_not_adopted() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let attacker = enter(&site, HELENA).await;
    let planted = attacker.cookies[SESSION].clone();

    let mut victim = Visitor::new(&site.origin);
    victim.cookies.insert(SESSION.into(), planted.clone());
    victim.cookies.insert(ENTRY.into(), "A".repeat(43));
    assert_eq!(victim.form(&site.link(OTAVIO), &[]).await.location(), "/");
    assert_ne!(victim.cookies[SESSION], planted);
    assert!(!victim.cookies.contains_key(ENTRY));
    let mut attacker = attacker;
    let page = attacker.get("/account").await.text();
    assert!(page.contains("Helena") && !page.contains("Otávio"));
}

/// The address in the logs is the real one unless a proxy of our own stands in front.
#[tokio::test]
async fn a_forged_address_is_not_believed() {
    let stand = Stand::shared().await;
    let site = stand.open(|_| {});
    let database = stand.superuser().await;
    let mut stranger = Visitor::new(&site.origin);
    assert_eq!(stranger.form("/entrar/link/nada", &[]).await.status, 410);
    let row = database.query_one("SELECT host(ip_address), user_agent FROM access_logs", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "127.0.0.1");
    assert!(row.get::<_, &str>(1).contains("Chrome"));
}

/// Guessing is slowed for whoever guesses, and for nobody else.
#[tokio::test]
async fn guessing_is_slowed_by_address() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let mut guesser = Visitor::new(&site.origin);
    let mut statuses = Vec::new();
    for number in 0..16 {
        let answer = guesser.form(&format!("/entrar/link/{number:043}"), &[]).await;
        statuses.push(answer.status);
        if answer.status == 429 {
            let wait: u64 = answer.header("retry-after").parse().expect("seconds");
            assert!(wait >= 1);
            assert!(answer.text().contains("tentativas demais"));
            break;
        }
        assert_eq!(answer.status, 410);
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    assert!(statuses.len() > 5, "a few mistakes are human");
    enter(&site, OTAVIO).await;
    let database = stand.superuser().await;
    let recorded = "SELECT count(*) FROM access_logs WHERE NOT success AND failure_reason = 'link_expired'";
    assert_eq!(number(&database, recorded).await as usize, statuses.len() - 1);
}

/// Whoever leaves the clinic is out at once, also from what is still open.
#[tokio::test]
async fn a_deactivated_member_is_out() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut otavio = doctor(&site, OTAVIO).await;
    let leave = "UPDATE members SET status = 'deactivated' WHERE display_name LIKE $1";
    assert_eq!(database.execute(leave, &[&"%Otávio%"]).await.unwrap(), 1);
    assert_eq!(otavio.get("/conversas").await.location(), "/entrar");
    assert_eq!(otavio.get_json("/api/v1/conversations").await.status, 401);

    assert_eq!(database.execute(leave, &[&"%Lívia%"]).await.unwrap(), 1);
    let mut livia = Visitor::new(&site.origin);
    let answer = livia.form(&site.link(LIVIA), &[]).await;
    assert!([401, 403, 410].contains(&answer.status), "{}", answer.status);
    assert!(!livia.cookies.contains_key(SESSION));
}
