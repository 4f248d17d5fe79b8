use time::OffsetDateTime;
use uuid::Uuid;

use crate::row::row;

row! {
    /// A row of the ledger, whole: each field has the name of its column, and texts are PostgreSQL's own.
    #[derive(Debug, Clone)]
    pub struct LedgerRow {
        /// Its number: of two rows about one record the later has the greater.
        seq: i64,
        /// Its identifier.
        id: Uuid,
        /// The act it belongs to.
        audit_trail_id: Option<Uuid>,
        /// Whose it is.
        clinic_id: Option<Uuid>,
        /// Who acted.
        user_id: Option<Uuid>,
        /// About which patient.
        patient_id: Option<Uuid>,
        /// The act's name.
        action: String,
        /// Its kind.
        action_type: String,
        /// What it is about.
        resource_type: String,
        /// Which of them.
        resource_id: Option<String>,
        /// Counts, codes, hashes: JSON as the database writes it.
        details: Option<String>,
        /// Commitment to the record before, hexadecimal.
        old_commitment: Option<String>,
        /// Commitment to the record after, hexadecimal.
        new_commitment: Option<String>,
        /// Names of the fields that changed.
        changed_fields: Option<Vec<String>>,
        /// Makes the leaf's hash say nothing once the row is gone.
        nonce: Uuid,
        /// The request.
        request_id: Option<Uuid>,
        /// The session.
        session_id: Option<Uuid>,
        /// From where.
        ip_address: Option<String>,
        /// With which program.
        user_agent: Option<String>,
        /// How much it could harm.
        risk_level: String,
        /// As to the rules.
        compliance_status: Option<String>,
        /// Which rule was broken.
        violation_type: Option<String>,
        /// Event, access or data.
        category: String,
        /// How grave.
        severity: String,
        /// When its transaction began.
        created_at: OffsetDateTime,
    }
}
