//! The audit manual's queries, as written there, on the database that a journey left.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use sigilo_store::server::Role;
use sigilo_testkit::tokio_postgres::Client;

use super::doctor::{HELENA, enter};
use super::http::Visitor;
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
    let client = stand.connect(Role::Auditor).await;
    let one = async |sql: &str| -> String { client.query_one(sql, &[]).await.expect(sql).get(0) };
    let doctor = one("SELECT user_id::text FROM messages LIMIT 1").await;
    let conversation =
        one("SELECT conversation_id::text FROM messages GROUP BY conversation_id ORDER BY count(*) DESC LIMIT 1").await;
    let message = one("SELECT id::text FROM messages LIMIT 1").await;
    let filled =
        vec![("[ID_DO_MEDICO]", doctor.clone()), ("[ID_DA_CONVERSA]", conversation), ("[ID_DA_MENSAGEM]", message)];
    let auditor = Auditor { client, queries: read(), filled };
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
    assert_eq!(roles[0]["role"], "user");
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
    assert_eq!(total("logout")["total"], 1);
    let ledger = auditor.filled(33, &["total", "primeiro_registro", "ultimo_registro"]).await;
    for (action, resource) in [
        ("create", "profiles"),
        ("update", "profiles"),
        ("consent_granted", "consent_records"),
        ("create", "conversations"),
        ("update", "conversations"),
        ("create", "messages"),
        ("message_sent", "messages"),
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

/// The manual's verdicts on an installation where nothing of the kind has happened yet.
async fn verdicts(auditor: &Auditor) {
    let images = auditor.row(30).await;
    assert_eq!(images["resultado"], "OK: Nenhuma imagem foi armazenada permanentemente.");
    let answers = auditor.row(32).await;
    assert_eq!(answers["resultado"], "OK: Todas as respostas exibiram disclaimer.");
    assert_eq!(auditor.row(12).await["total_imagens_processadas"], 0);
    assert_eq!(auditor.row(15).await["total_respostas"], 0);
    for empty in [11, 13, 14, 16, 20, 21, 22, 23, 26, 31, 34] {
        assert!(auditor.rows(empty).await.is_empty(), "SQL-{empty:02}");
    }
}
