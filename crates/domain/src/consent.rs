//! The user's four consents and their texts (LGPD arts. 7, 8, 11 and 20; audit manual, step 2).

pub mod minor;
mod purpose;
mod texts;

pub use purpose::{CONSENT_TYPES, Purpose};

/// What a user consents to. Four separate acts; none is implied by another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConsentType {
    /// The terms of use.
    TermsOfService,
    /// Processing of the user's own personal data.
    DataProcessing,
    /// Use of artificial intelligence for suggestions.
    AiProcessing,
    /// Sending images to be processed.
    ImageProcessing,
}

/// One version of a consent's text, as shown and as hashed into the record.
#[derive(Debug, PartialEq, Eq)]
pub struct ConsentText {
    /// What is consented to.
    pub kind: ConsentType,
    /// The version stored with each act.
    pub version: &'static str,
    /// The heading of its card.
    pub title: &'static str,
    /// One sentence that stands alone.
    pub summary: &'static str,
    /// The whole text, paragraphs parted by an empty line.
    pub text: &'static str,
    /// The legal basis shown and stored, in the manual's words.
    pub legal_basis: &'static str,
    /// The purpose stored with the act.
    pub purpose: &'static str,
    /// The categories of data it reaches.
    pub data_categories: &'static [&'static str],
    /// Whether the platform cannot be used without it.
    pub required: bool,
    /// What happens when it is refused or revoked.
    pub if_refused: &'static str,
}

impl ConsentType {
    /// The four, in the order of the onboarding.
    pub const ALL: [ConsentType; 4] = [
        ConsentType::TermsOfService,
        ConsentType::DataProcessing,
        ConsentType::AiProcessing,
        ConsentType::ImageProcessing,
    ];

    /// The name in the database and the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::TermsOfService => "terms_of_service",
            Self::DataProcessing => "data_processing",
            Self::AiProcessing => "ai_processing",
            Self::ImageProcessing => "image_processing",
        }
    }

    /// The type with this code, if there is one.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The text in force.
    pub fn text(self) -> &'static ConsentText {
        match self {
            Self::TermsOfService => &texts::TERMS_OF_SERVICE,
            Self::DataProcessing => &texts::DATA_PROCESSING,
            Self::AiProcessing => &texts::AI_PROCESSING,
            Self::ImageProcessing => &texts::IMAGE_PROCESSING,
        }
    }
}

/// Why consent records are kept after they end, stored with each of them.
pub const RETENTION_JUSTIFICATION: &str = "Prova do consentimento: enquanto durar a relação e por 5 anos após a revogação (LGPD, art. 8º, § 2º, e art. 16, I)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_belongs_to_its_type_and_stands_alone() {
        for kind in ConsentType::ALL {
            let text = kind.text();
            assert_eq!(text.kind, kind);
            assert_eq!(ConsentType::from_code(kind.code()), Some(kind));
            assert!(text.text.split("\n\n").count() >= 3, "{}", kind.code());
            assert!(text.text.contains("revogar"), "{}: art. 8, § 5 must be said", kind.code());
        }
    }
}
