//! What a member may be in a clinic.

/// A member's role in one clinic; a member may hold several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Answers for the clinic.
    Owner,
    /// Runs the clinic, without access to clinical data.
    Administrator,
    /// A health professional with a council registration.
    Professional,
    /// The front desk.
    Receptionist,
    /// The data-protection officer (LGPD art. 41).
    Dpo,
    /// Reads the trail for an audit.
    Auditor,
}

impl Role {
    /// Every role, in the order in which screens list them.
    pub const ALL: [Role; 6] =
        [Role::Owner, Role::Administrator, Role::Professional, Role::Receptionist, Role::Dpo, Role::Auditor];

    /// The role's name in the database and the API.
    pub fn code(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Administrator => "administrator",
            Role::Professional => "professional",
            Role::Receptionist => "receptionist",
            Role::Dpo => "dpo",
            Role::Auditor => "auditor",
        }
    }

    /// The role's name on screen.
    pub fn label(self) -> &'static str {
        match self {
            Role::Owner => "Responsável pela clínica",
            Role::Administrator => "Administração",
            Role::Professional => "Profissional de saúde",
            Role::Receptionist => "Recepção",
            Role::Dpo => "Encarregado de dados (DPO)",
            Role::Auditor => "Auditoria",
        }
    }

    /// The role with this code, if there is one.
    pub fn from_code(code: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.code() == code)
    }
}
