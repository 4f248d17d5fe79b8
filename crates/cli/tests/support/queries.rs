//! The audit manual's queries, as written there, on the database that a journey left.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use sigilo_store::server::Role;
use sigilo_testkit::tokio_postgres::Client;

use super::doctor::{HELENA, enter};
use super::http::Visitor;
use super::number;
use super::site::{Site, Stand};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/audit/queries.sql");

/// The queries by number, without their comments.
fn read() -> BTreeMap<u32, String> {
    let text = std::fs::read_to_string(Path::new(FOLDER)).expect("docs/audit/queries.sql");
    let mut queries = BTreeMap::new();
    for block in text.split("\n-- SQL-").skip(1) {
        let (number, query) = block.split_once('\n').expect("a query below its number");
        queries.insert(number.trim().parse().expect("a number"), query.trim().trim_end_matches(';').to_owned());
    }
    queries
}

struct Auditor {
    client: Client,
    queries: BTreeMap<u32, String>,
    /// What each placeholder stands for.
    filled: Vec<(&'static str, String)>,
}

impl Auditor {
    /// The auditor asks about one message, its conversation and its doctor.
    async fn about(stand: &Stand, message: &str) -> Auditor {
        let client = stand.connect(Role::Auditor).await;
        let sql = format!("SELECT user_id::text, conversation_id::text, id::text FROM messages WHERE id = ({message})");
        let row = client.query_one(&sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let names = ["[ID_DO_MEDICO]", "[ID_DA_CONVERSA]", "[ID_DA_MENSAGEM]"];
        let filled = names.into_iter().enumerate().map(|(at, name)| (name, row.get(at))).collect();
        Auditor { client, queries: read(), filled }
    }

    /// The rows of a query of the manual. It runs verbatim; the wrapping only reads the types.
    async fn rows(&self, number: u32) -> Vec<Value> {
        let mut query = self.queries[&number].clone();
        for (placeholder, value) in &self.filled {
            query = query.replace(placeholder, value);
        }
        assert!(!query.contains("[ID"), "SQL-{number:02} has an unknown placeholder");
        self.client.simple_query(&query).await.unwrap_or_else(|error| panic!("SQL-{number:02}: {error:?}"));
        let rows =
            self.client.query_one(&format!("SELECT coalesce(json_agg(q), '[]')::text FROM ({query}) q"), &[]).await;
        let rows: String = rows.unwrap_or_else(|error| panic!("SQL-{number:02}: {error:?}")).get(0);
        serde_json::from_str(&rows).expect("rows")
    }

    async fn row(&self, number: u32) -> Value {
        let mut rows = self.rows(number).await;
        assert_eq!(rows.len(), 1, "SQL-{number:02}");
        rows.remove(0)
    }

    /// The rows of a query that must not be empty, each with all of these columns filled.
    async fn filled(&self, number: u32, columns: &[&str]) -> Vec<Value> {
        let rows = self.rows(number).await;
        assert!(!rows.is_empty(), "SQL-{number:02} is empty");
        for row in &rows {
            for column in columns {
                assert!(!row[column].is_null() && row[column] != "", "SQL-{number:02}: {column} in {row}");
            }
        }
        rows
    }
}

/// Runs all 34 as the auditor after a doctor's journey, and reads what those tell whose features exist.
pub async fn check(stand: &Stand, site: &Site) {
    refused_and_ended(site).await;
    let auditor =
        Auditor::about(stand, "SELECT id FROM messages WHERE role = 'assistant' ORDER BY created_at LIMIT 1").await;
    let doctor = auditor.filled[0].1.clone();
    assert_eq!(auditor.queries.keys().copied().collect::<Vec<_>>(), (1..=34).collect::<Vec<_>>());
    for number in 1..=34 {
        auditor.rows(number).await;
    }
    people(&auditor, &doctor).await;
    messages(&auditor).await;
    access(&auditor).await;
    guards(&auditor).await;
    verdicts(&auditor).await;
}

/// A failure and a sign-out, which the journey itself has no need of.
async fn refused_and_ended(site: &Site) {
    let mut stranger = Visitor::new(&site.origin);
    let answer = stranger.form("/entrar/link/nao-existe", &[]).await;
    assert_eq!(answer.status, 410);
    let mut helena = enter(site, HELENA).await;
    assert_eq!(helena.form("/sair", &[]).await.location(), "/entrar");
}

async fn people(auditor: &Auditor, doctor: &str) {
    let profiles = auditor.filled(1, &["id", "full_name", "crm_number", "crm_state", "created_at"]).await;
    let own = profiles.iter().find(|row| row["id"] == doctor).expect("the doctor's own profile");
    assert_eq!((&own["crm_number"], &own["crm_state"]), (&"40404".into(), &"PE".into()));
    assert!(profiles.iter().any(|row| row["crm_number"] == "PENDENTE" && row["crm_state"] == "XX"));
    auditor.filled(2, &["user_id", "ip_address", "user_agent", "success", "created_at"]).await;
    auditor.filled(3, &["user_id", "details", "created_at"]).await;

    let consents = auditor.filled(4, &["consent_version", "granted_at", "ip_address", "legal_basis"]).await;
    assert_eq!(consents.len(), 4);
    assert!(consents.iter().all(|row| row["granted"] == true));
    assert_eq!(auditor.filled(5, &["primeiro", "ultimo"]).await.len(), 4);
    let granted = auditor.filled(6, &["user_id", "details", "created_at"]).await;
    assert_eq!(granted.len(), 4);
    assert!(granted.iter().all(|row| row["action"] == "consent_granted" && row["resource_type"] == "consent_records"));
    assert_eq!(
        auditor.row(27).await,
        serde_json::json!({ "total_medicos": 2, "com_crm_validado": 1, "crm_pendente": 1 })
    );
}

async fn messages(auditor: &Auditor) {
    let messages = auditor.filled(7, &["role", "content", "content_hash", "created_at"]).await;
    assert!(messages.iter().any(|row| row["content"].as_str().unwrap_or_default().contains("[CPF REMOVIDO]")));
    let proofs =
        auditor.filled(8, &["message_id", "original_content_hash", "entities_detected", "anonymization_method"]).await;
    assert_eq!(proofs.len(), 5);
    let detections = auditor.filled(9, &["message_id", "detection_type", "detection_method", "confidence_score"]).await;
    assert!(detections.iter().all(|row| row["action_taken"] == "removed"));
    assert_eq!(
        auditor.row(10).await,
        serde_json::json!({
            "total_mensagens_processadas": 5,
            "mensagens_com_dados_sensiveis": 2,
            "mensagens_sem_dados_sensiveis": 3,
        })
    );
    let roles = auditor.filled(28, &["total", "primeira", "ultima"]).await;
    let total = |role: &str| roles.iter().find(|row| row["role"] == role).map(|row| row["total"].clone());
    assert_eq!((total("user"), total("assistant")), (Some(5.into()), Some(5.into())), "each message has its answer");
    let kinds = auditor.filled(29, &["total_deteccoes", "confianca_media", "action_taken"]).await;
    for kind in ["cpf", "nome", "telefone", "email"] {
        assert!(kinds.iter().any(|row| row["detection_type"] == kind), "SQL-29 without {kind}");
    }
}

async fn access(auditor: &Auditor) {
    auditor.filled(17, &["action", "ip_address", "user_agent", "created_at"]).await;
    let failures = auditor.filled(18, &["ip_address", "user_agent", "failure_reason", "created_at"]).await;
    assert!(!failures.is_empty());
    let totals = auditor.filled(19, &["total"]).await;
    let total = |action: &str| totals.iter().find(|row| row["action"] == action).unwrap_or_else(|| panic!("{action}"));
    assert_eq!(total("login")["falha"], 0);
    assert_eq!(total("failed_login")["sucesso"], 0);
    assert_eq!(
        total("logout")["total"],
        9,
        "the doctor's, and the eight in which the demonstration's clinics were made"
    );
    let ledger = auditor.filled(33, &["total", "primeiro_registro", "ultimo_registro"]).await;
    for (action, resource) in [
        ("create", "profiles"),
        ("update", "profiles"),
        ("consent_granted", "consent_records"),
        ("create", "conversations"),
        ("update", "conversations"),
        ("create", "messages"),
        ("message_sent", "messages"),
        ("message_received", "messages"),
        ("login", "session"),
        ("failed_login", "session"),
    ] {
        let there = ledger.iter().any(|row| row["action"] == action && row["resource_type"] == resource);
        assert!(there, "SQL-33 without {action} of {resource}");
    }
}

async fn guards(auditor: &Auditor) {
    let tables = auditor.filled(24, &["tablename"]).await;
    assert!(tables.len() >= 12);
    assert!(tables.iter().all(|row| row["rowsecurity"] == true));
    let mut rules: Vec<_> =
        auditor.rows(25).await.iter().map(|row| (row["rulename"].clone(), row["ev_type"].clone())).collect();
    rules.sort_by_key(|(name, _)| name.to_string());
    assert_eq!(rules, [("audit_logs_no_delete".into(), "4".into()), ("audit_logs_no_update".into(), "2".into())]);
}

/// The manual's verdicts where the local engine answered and nobody sent an image.
async fn verdicts(auditor: &Auditor) {
    let images = auditor.row(30).await;
    assert_eq!(images["resultado"], "OK: Nenhuma imagem foi armazenada permanentemente.");
    assert_eq!(auditor.row(12).await["total_imagens_processadas"], 0);
    assert_eq!(auditor.row(15).await["total_respostas"], 5);
    let details = auditor.row(16).await["details"].clone();
    assert_eq!(details["provider"], "conhecimento_local");
    for empty in [11, 14, 20, 21, 22, 23, 26, 31, 34] {
        assert!(auditor.rows(empty).await.is_empty(), "SQL-{empty:02}");
    }
}

/// After a journey with a language model whose references PubMed verified.
pub async fn answers(stand: &Stand) {
    let message = "SELECT message_id FROM ai_reference_checks WHERE retracted ORDER BY created_at LIMIT 1";
    let auditor = Auditor::about(stand, message).await;
    for row in auditor.filled(7, &["role", "content", "content_hash", "created_at"]).await {
        let is_answer = row["role"] == "assistant";
        assert_eq!(is_answer, row["model_used"] == "modelo-de-teste", "{row}");
        assert_eq!(is_answer, row["tokens_used"].as_i64().is_some_and(|tokens| tokens > 0), "{row}");
    }
    let columns =
        ["user_id", "message_id", "conversation_id", "ai_model_used", "explanation_level", "explanation_content"];
    for row in auditor.filled(13, &columns).await {
        assert_eq!(row["confidence_score"], Value::Null, "a language model states none");
        assert_eq!(row["disclaimer_shown"], true);
    }
    let confirmed = auditor.rows(13).await.iter().filter(|row| row["human_in_the_loop_confirmed"] == true).count();
    assert_eq!(confirmed, 1, "only the one the doctor decided on");

    // Named where it was asked, and nowhere else.
    let named = auditor.filled(14, &["explanation_content"]).await;
    let asked = "SELECT count(DISTINCT message_id) FROM ai_reference_checks WHERE source = 'eutils'";
    assert!(named.len() as i64 <= number(&auditor.client, asked).await);
    assert!(named.len() < auditor.rows(13).await.len(), "one answer had no references");

    let counted = auditor.row(15).await;
    assert_eq!((&counted["sem_disclaimer"], &counted["com_disclaimer"]), (&0.into(), &counted["total_respostas"]));
    assert_eq!(auditor.row(32).await["resultado"], "OK: Todas as respostas exibiram disclaimer.");

    let details = auditor.row(16).await["details"].clone();
    assert_eq!(details["model"], "modelo-de-teste");
    assert_eq!(details["references"]["total"], 5);
    assert_eq!(details["references"]["verdicts"]["nao_encontrada"], 1, "{details}");
    assert!(details["tokens"]["input"].as_i64() > Some(0) && details["tokens"]["output"].as_i64() > Some(0));
    assert!(details["processing_time_ms"].is_i64());
    let summary = details["verification_summary"].as_str().expect("a summary");
    assert!(summary.contains("PubMed E-utilities") && summary.contains("RETRATADO"), "{summary}");
    for name in ["provider", "api_version", "content_hash", "prompt_hash", "schema_hash", "stop_reason", "state"] {
        assert!(details[name].as_str().is_some_and(|text| !text.is_empty()), "{name} in {details}");
    }
    let reason = details["temperature_reason"].as_str().is_some_and(|text| !text.is_empty());
    assert!(details["temperature"].is_number() != reason, "a temperature or the reason why none: {details}");

    let roles = auditor.filled(28, &["total", "primeira", "ultima"]).await;
    let total = |role: &str| roles.iter().find(|row| row["role"] == role).expect(role)["total"].clone();
    assert_eq!(total("user"), total("assistant"));
    auditor.rows(29).await;
}

/// After a journey that sent four images in two messages.
pub async fn images(stand: &Stand) {
    let with_images = "SELECT message_id FROM image_processing_logs ORDER BY created_at DESC LIMIT 1";
    let auditor = Auditor::about(stand, with_images).await;
    let columns = ["user_id", "conversation_id", "image_hash", "image_size_bytes", "image_mime_type", "purpose"];
    let proofs = ["processed_at", "discarded_at", "storage_proof", "processing_duration_ms"];
    let rows = auditor.filled(11, &[&columns[..], &proofs].concat()).await;
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|row| row["storage_proof"] == "processed_in_memory"));
    let counted = auditor.row(12).await;
    for (column, value) in [
        ("total_imagens_processadas", 4),
        ("nunca_armazenadas", 0),
        ("processadas_em_memoria", 4),
        ("descartadas_com_prova", 4),
        ("sem_data_descarte", 0),
    ] {
        assert_eq!(counted[column], value, "{column}");
    }
    let verdict = auditor.row(30).await;
    assert_eq!(verdict["resultado"], "OK: Nenhuma imagem foi armazenada permanentemente.");
    assert_eq!((&verdict["total_imagens_processadas"], &verdict["com_prova_descarte"]), (&4.into(), &4.into()));
    let sent = auditor.rows(7).await;
    assert_eq!(sent.iter().filter(|row| row["has_image"] == true).count(), 1, "the doctor's message, not the answer");
    assert_eq!(auditor.row(32).await["resultado"], "OK: Todas as respostas exibiram disclaimer.");
}
