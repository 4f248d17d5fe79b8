//! Two clinics never meet.

use reqwest::Method;
use serde_json::json;

use crate::routes::{ROUTES, filled};
use crate::support::doctor::{HELENA, LIVIA, OTAVIO, doctor, enter, onboard};
use crate::support::site::Stand;
use crate::support::{all_answered, digest};

const TABLES: [&str; 13] = [
    "clinics",
    "members",
    "profiles",
    "consent_records",
    "conversations",
    "messages",
    "ai_answers",
    "ai_reference_checks",
    "ai_review_events",
    "assistant_preferences",
    "anonymization_logs",
    "sensitive_data_detection_logs",
    "auth.totp",
];

#[tokio::test]
async fn another_clinics_conversation_does_not_exist() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut otavio = doctor(&site, OTAVIO).await;
    let mut livia = doctor(&site, LIVIA).await;
    let theirs = otavio.conversation().await;
    assert_eq!(otavio.say(&theirs, "Enxaqueca com aura desde a puberdade.").await.status, 200);
    let own = livia.conversation().await;
    assert_eq!(livia.say(&own, "Retorno em um mês.").await.status, 200);

    all_answered(&database).await;
    let before = digest(&database, &TABLES).await;
    for (method, path, _) in ROUTES.iter().filter(|(_, path, _)| path.contains("conversa") && path.contains("{id}")) {
        let method: Method = method.parse().unwrap();
        for accept in ["text/html", "application/json"] {
            let request = livia.request(method.clone(), &filled(path, &theirs)).header("accept", accept);
            let request = match method {
                Method::POST => request.form(&[("text", "entrei"), ("title", "entrei")]),
                _ => request,
            };
            let answer = livia.send(request).await;
            // No content is what ends a browser's tries to follow an answer.
            let expected = if path.ends_with("/fluxo") { 204 } else { 404 };
            assert_eq!(answer.status, expected, "{method} {path}");
            assert!(!answer.text().contains("Enxaqueca"));
        }
    }
    let answer = livia.say(&theirs, "entrei").await;
    assert_eq!(answer.status, 404);
    answer.problem();
    // One's own identifier and another's together give no more.
    let answer = livia.form("/conversas/busca", &[("q", "enxaqueca"), ("aberta", &theirs)]).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.text().contains("Enxaqueca") && answer.text().contains("Nada encontrado"));
    let list = livia.get_json("/api/v1/conversations").await.value();
    assert_eq!(list["conversations"].as_array().unwrap().len(), 1);
    assert_eq!(digest(&database, &TABLES).await, before);

    // And the other way round all is as it was.
    let found = otavio.form("/conversas/busca", &[("q", "ENXAQUECÁ")]).await;
    assert!(found.text().contains("Enxaqueca"));
}

#[tokio::test]
async fn anothers_sessions_and_factors_are_out_of_reach() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut otavio = doctor(&site, OTAVIO).await;
    let mut livia = doctor(&site, LIVIA).await;
    let one = async |sql: &str| -> String { database.query_one(sql, &[]).await.unwrap().get(0) };
    let session = one("SELECT s.id::text FROM auth.sessions s JOIN members m ON m.user_id = s.user_id
          WHERE m.display_name LIKE '%Otávio%'")
    .await;
    let factor = one("INSERT INTO auth.passkeys (user_id, credential_id, passkey, label)
         SELECT user_id, 'x', '{}', 'x' FROM members WHERE display_name LIKE '%Otávio%' RETURNING id::text")
    .await;

    let answer = livia.form(&format!("/account/sessoes/{session}/encerrar"), &[]).await;
    assert_eq!(answer.status, 404);
    let answer = livia.form(&format!("/account/fatores/{factor}/remover"), &[]).await;
    assert!([404, 409].contains(&answer.status), "{}", answer.status);
    assert_eq!(livia.form("/account/sessoes/encerrar-outras", &[]).await.status, 303);
    assert_eq!(otavio.get("/conversas").await.status, 200);
    assert_eq!(one("SELECT count(*)::text FROM auth.passkeys").await, "1");
}

/// The administration sees that a doctor works here, never the conversations.
#[tokio::test]
async fn the_clinics_owner_has_no_door_to_the_conversations() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let mut otavio = doctor(&site, OTAVIO).await;
    let theirs = otavio.conversation().await;
    let mut helena = enter(&site, HELENA).await;
    assert_eq!(helena.get("/").await.location(), "/account");
    assert_eq!(helena.get("/account").await.status, 200);
    for path in ["/conversas", &format!("/conversas/{theirs}")] {
        assert_eq!(helena.get(path).await.status, 403, "{path}");
    }
    assert_eq!(helena.form("/conversas", &[]).await.status, 403);
    // The API asks the database alone, for which these do not exist.
    assert_eq!(helena.get_json("/api/v1/conversations").await.value()["conversations"], json!([]));
    assert_eq!(helena.get_json(&format!("/api/v1/conversations/{theirs}")).await.status, 404);
    assert!([403, 404].contains(&helena.say(&theirs, "oi").await.status));
    let answer = onboard(&mut helena, HELENA).await;
    assert!([303, 403, 404].contains(&answer.status), "{}", answer.status);
}

#[tokio::test]
async fn an_unfinished_onboarding_opens_nothing_else() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let mut otavio = enter(&site, OTAVIO).await;
    for path in ["/", "/conversas"] {
        assert_eq!(otavio.get(path).await.location(), "/boas-vindas", "{path}");
    }
    assert_eq!(otavio.get("/account").await.status, 200, "sessions and factors are one's own from the start");
    assert_eq!(otavio.get_json("/conversas").await.status, 403);
    assert_eq!(otavio.form("/conversas", &[]).await.location(), "/boas-vindas");
    assert_eq!(otavio.get_json("/api/v1/conversations").await.value()["conversations"], json!([]));
    let without: &[(&str, &str)] =
        &[("full_name", OTAVIO), ("crm_number", "1"), ("crm_state", "SP"), ("specialty", "Cardiologia")];
    let answer = otavio.form("/boas-vindas", without).await;
    assert_eq!(answer.status, 422, "the required consents are missing");
    assert_eq!(otavio.get("/conversas").await.location(), "/boas-vindas");
}

/// Whoever never consented to the assistant is refused by the database, not by a page.
#[tokio::test]
async fn the_assistant_stays_closed_without_consent() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let mut livia = doctor(&site, LIVIA).await;
    let id = livia.conversation().await;
    assert_eq!(livia.form("/account/consentimentos/ai_processing/revogar", &[]).await.status, 303);
    let answer = livia.say(&id, "Dor lombar.").await;
    assert_eq!(answer.status, 403);
    assert!(answer.problem().contains("consentimento"));
    let preview = livia.json("/conversas/previa", &json!({ "text": "CPF 529.982.247-25" })).await;
    assert_eq!(preview.status, 403);
    assert_eq!(livia.form("/account/consentimentos/outro/conceder", &[]).await.status, 404);
    assert_eq!(livia.form("/account/consentimentos/ai_processing/conceder", &[]).await.status, 303);
    assert_eq!(livia.say(&id, "Dor lombar.").await.status, 200);
}
