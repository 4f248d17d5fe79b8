//! Sigilo's rules without input or output: identifiers, roles, consents, councils, holidays.

pub mod appointment;
pub mod arrival;
pub mod audit_query;
pub mod canary;
pub mod clock;
pub mod consent;
pub mod council;
pub mod holiday;
pub mod incident;
pub mod money;
pub mod name;
pub mod role;
pub mod subject_right;
pub mod suspicion;

pub use audit_query::AuditQuery;
pub use clock::{BRASILIA, Clock, SystemClock};
pub use consent::{ConsentText, ConsentType};
pub use council::{Council, CouncilValidation, Crm, CrmError, SPECIALTIES, Uf};
pub use role::Role;
pub use subject_right::SubjectRight;
