//! A member's own rows, for the member.

use serde_json::Value;

use crate::{ReadTx, Result, classification::Table};

/// The column that says whose a row is; none where rows are nobody's own or the application may not read them.
fn owner(table: &str) -> Option<&'static str> {
    match table {
        "profiles" => Some("id"),
        "data_subject_requests" => Some("requester_user_id"),
        "audit_grants" => Some("granted_to"),
        "clinics"
        | "consent_texts"
        | "ai_governance_metrics"
        | "security_incident_logs"
        | "request_events"
        | "fulfilment_plans"
        | "legal_holds"
        | "patients"
        | "patient_identities"
        | "professionals"
        | "service_categories"
        | "service_types"
        | "professional_services"
        | "rooms"
        | "equipment"
        | "working_hours"
        | "schedule_exceptions"
        | "appointments"
        | "trail_disposals"
        | "patient_eliminations"
        | "recipient_notices"
        | "request_evidence"
        | "incident_drafts"
        | "canaries"
        | "canary_sightings"
        | "small_agent_declarations" => None,
        // Kept from the application altogether: what it says of accesses is in `access_logs`.
        "audit_logs" | "audit_trail" => None,
        _ => Some("user_id"),
    }
}

/// The statement that reads a member's own rows of a table: the columns that are exported, newest last.
pub fn statement(name: &str, table: &Table) -> Option<String> {
    let owner = owner(name)?;
    let columns: Vec<&str> =
        table.columns.iter().filter(|column| column.exported).map(|column| column.name.as_str()).collect();
    (!columns.is_empty()).then(|| {
        format!(
            "SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT {} FROM {name} WHERE {owner} = app.user_id()) t",
            columns.join(", ")
        )
    })
}

/// The member's own rows of a table as a JSON list; none where there cannot be any.
///
/// # Errors
/// See [`crate::Error`].
pub async fn own_rows(tx: &ReadTx, name: &str, table: &Table) -> Result<Option<Value>> {
    let Some(sql) = statement(name, table) else { return Ok(None) };
    tx.tx.made(&sql).await.map(Some)
}
