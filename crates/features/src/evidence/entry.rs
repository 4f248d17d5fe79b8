use sigilo_proof::{bundle::instant, jcs::Object};
use sigilo_store::trail::LedgerRow;
use uuid::Uuid;

/// A row of the ledger as the bytes that are hashed: every column under its own name, in restricted JCS (RFC 8785).
/// Instants are UTC with microseconds, identifiers lower-case, JSON columns PostgreSQL's text of them.
pub fn entry(row: &LedgerRow) -> String {
    let id = |value: &Option<Uuid>| value.map(|id| id.to_string());
    let changed = row.changed_fields.as_deref().unwrap_or_default();
    Object::new()
        .text("action", &row.action)
        .text("action_type", &row.action_type)
        .maybe("audit_trail_id", id(&row.audit_trail_id).as_deref())
        .text("category", &row.category)
        .texts("changed_fields", changed)
        .maybe("clinic_id", id(&row.clinic_id).as_deref())
        .maybe("compliance_status", row.compliance_status.as_deref())
        .text("created_at", &instant(row.created_at))
        .maybe("details", row.details.as_deref())
        .text("id", &row.id.to_string())
        .maybe("ip_address", row.ip_address.as_deref())
        .maybe("new_commitment", row.new_commitment.as_deref())
        .text("nonce", &row.nonce.to_string())
        .maybe("old_commitment", row.old_commitment.as_deref())
        .maybe("patient_id", id(&row.patient_id).as_deref())
        .maybe("request_id", id(&row.request_id).as_deref())
        .maybe("resource_id", row.resource_id.as_deref())
        .text("resource_type", &row.resource_type)
        .text("risk_level", &row.risk_level)
        .integer("seq", row.seq.unsigned_abs())
        .maybe("session_id", id(&row.session_id).as_deref())
        .text("severity", &row.severity)
        .maybe("user_agent", row.user_agent.as_deref())
        .maybe("user_id", id(&row.user_id).as_deref())
        .integer("v", 1)
        .maybe("violation_type", row.violation_type.as_deref())
        .finish()
}
