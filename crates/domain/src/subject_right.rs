//! The rights of a data subject (LGPD art. 18), as people ask for them.

/// One right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectRight {
    /// Whether there is any processing (I).
    Confirmation,
    /// The data (II).
    Access,
    /// Correction (III).
    Correction,
    /// Anonymisation, blocking or deletion of what is unnecessary, excessive or unlawful (IV).
    Restriction,
    /// Portability (V).
    Portability,
    /// Deletion of what was processed with consent (VI): here, of the account.
    Deletion,
    /// With whom data was shared (VII).
    Sharing,
    /// That consent may be refused, and what follows (VIII).
    Refusal,
    /// Revocation of consent (IX).
    Revocation,
    /// Opposition to what is processed without consent (§ 2).
    Objection,
}

impl SubjectRight {
    /// All of them, as a form lists them.
    pub const ALL: [SubjectRight; 10] = [
        Self::Access,
        Self::Confirmation,
        Self::Correction,
        Self::Portability,
        Self::Deletion,
        Self::Restriction,
        Self::Sharing,
        Self::Refusal,
        Self::Revocation,
        Self::Objection,
    ];

    /// In the database.
    pub fn code(self) -> &'static str {
        match self {
            Self::Confirmation => "confirmation",
            Self::Access => "access",
            Self::Correction => "correction",
            Self::Restriction => "restriction",
            Self::Portability => "portability",
            Self::Deletion => "deletion",
            Self::Sharing => "sharing",
            Self::Refusal => "refusal",
            Self::Revocation => "revocation",
            Self::Objection => "objection",
        }
    }

    /// The right with this code.
    pub fn from_code(code: &str) -> Option<SubjectRight> {
        Self::ALL.into_iter().find(|right| right.code() == code)
    }

    /// The audit manual's type, of which it has five.
    pub fn request_type(self) -> &'static str {
        match self {
            Self::Confirmation | Self::Access | Self::Sharing | Self::Refusal => "access",
            Self::Correction => "rectification",
            Self::Restriction | Self::Deletion => "deletion",
            Self::Portability => "portability",
            Self::Revocation | Self::Objection => "objection",
        }
    }

    /// The article that gives it.
    pub fn article(self) -> &'static str {
        match self {
            Self::Confirmation => "LGPD art. 18, I",
            Self::Access => "LGPD art. 18, II",
            Self::Correction => "LGPD art. 18, III",
            Self::Restriction => "LGPD art. 18, IV",
            Self::Portability => "LGPD art. 18, V",
            Self::Deletion => "LGPD art. 18, VI",
            Self::Sharing => "LGPD art. 18, VII",
            Self::Refusal => "LGPD art. 18, VIII",
            Self::Revocation => "LGPD art. 18, IX",
            Self::Objection => "LGPD art. 18, § 2º",
        }
    }

    /// Its name on screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::Confirmation => "Confirmar se há dados meus",
            Self::Access => "Receber uma declaração completa dos meus dados",
            Self::Correction => "Corrigir dados",
            Self::Restriction => "Anonimizar, bloquear ou eliminar dados desnecessários",
            Self::Portability => "Levar meus dados para outro serviço",
            Self::Deletion => "Excluir minha conta",
            Self::Sharing => "Saber com quem meus dados foram compartilhados",
            Self::Refusal => "Saber o que acontece se eu não consentir",
            Self::Revocation => "Revogar um consentimento",
            Self::Objection => "Opor-me a um tratamento",
        }
    }

    /// Its name for who answers, and on a receipt.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Confirmation => "Confirmação de tratamento",
            Self::Access => "Declaração completa dos dados",
            Self::Correction => "Correção de dados",
            Self::Restriction => "Anonimização, bloqueio ou eliminação",
            Self::Portability => "Portabilidade",
            Self::Deletion => "Exclusão da conta",
            Self::Sharing => "Informação sobre compartilhamento",
            Self::Refusal => "Informação sobre não consentir",
            Self::Revocation => "Revogação de consentimento",
            Self::Objection => "Oposição a um tratamento",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_right_has_one_code_article_and_type() {
        for right in SubjectRight::ALL {
            assert_eq!(SubjectRight::from_code(right.code()), Some(right));
            assert!(right.article().starts_with("LGPD art. 18"));
            assert!(
                ["access", "rectification", "deletion", "portability", "objection"].contains(&right.request_type())
            );
        }
        let articles: std::collections::HashSet<_> = SubjectRight::ALL.iter().map(|right| right.article()).collect();
        assert_eq!(articles.len(), 10);
    }
}
