//! What a consent may be for. `app.purposes` in the database says the same, and what stands closed without each.

/// One purpose. People agree to each by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "their labels say it")]
pub enum Purpose {
    PlatformUse,
    AccountData,
    AiAssistant,
    ImageAnalysis,
    Treatment,
    Marketing,
    Research,
    DataSharing,
    PhotoRecord,
    PhotoEducation,
    PhotoPublicity,
    Telemedicine,
    TelemedicineRecording,
    AiInCare,
}

/// Code, the kind of act it comes with, and what it is called.
type Row = (Purpose, &'static str, &'static str, &'static str);

const ROWS: [Row; 14] = [
    (Purpose::PlatformUse, "platform_use", "terms_of_service", "Uso da plataforma"),
    (Purpose::AccountData, "account_data", "data_processing", "Dados de cadastro e de acesso"),
    (Purpose::AiAssistant, "ai_assistant", "ai_processing", "Assistente de inteligência artificial"),
    (Purpose::ImageAnalysis, "image_analysis", "image_processing", "Processamento de imagens em memória"),
    (Purpose::Treatment, "treatment", "treatment", "Procedimento ou tratamento"),
    (Purpose::Marketing, "marketing", "marketing", "Comunicações e divulgação"),
    (Purpose::Research, "research", "research", "Pesquisa"),
    (Purpose::DataSharing, "data_sharing", "data_sharing", "Compartilhamento de dados"),
    (Purpose::PhotoRecord, "photo_record", "photo_use", "Fotos no prontuário"),
    (Purpose::PhotoEducation, "photo_education", "photo_use", "Fotos para ensino"),
    (Purpose::PhotoPublicity, "photo_publicity", "photo_use", "Fotos para divulgação"),
    (Purpose::Telemedicine, "telemedicine", "telemedicine", "Atendimento por telemedicina"),
    (Purpose::TelemedicineRecording, "telemedicine_recording", "telemedicine", "Gravação do atendimento a distância"),
    (Purpose::AiInCare, "ai_in_care", "ai_in_care", "Inteligência artificial no atendimento"),
];

impl Purpose {
    /// Every purpose.
    pub fn all() -> impl Iterator<Item = Purpose> {
        ROWS.iter().map(|row| row.0)
    }

    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// As stored and hashed.
    pub fn code(self) -> &'static str {
        self.row().1
    }

    /// The kind of act it comes with, as stored.
    pub fn consent_type(self) -> &'static str {
        self.row().2
    }

    /// What it is called on screen.
    pub fn label(self) -> &'static str {
        self.row().3
    }

    /// The purpose with this code.
    pub fn from_code(code: &str) -> Option<Purpose> {
        Purpose::all().find(|purpose| purpose.code() == code)
    }

    /// The purposes that an act of this kind may name.
    pub fn of_type(consent_type: &str) -> impl Iterator<Item = Purpose> {
        Purpose::all().filter(move |purpose| purpose.consent_type() == consent_type)
    }
}

/// The kinds of acts and what they are called, members' first.
pub const CONSENT_TYPES: [(&str, &str); 11] = [
    ("terms_of_service", "Termos de uso"),
    ("data_processing", "Dados pessoais do membro"),
    ("ai_processing", "Inteligência artificial"),
    ("image_processing", "Imagens"),
    ("treatment", "Procedimento ou tratamento"),
    ("marketing", "Comunicações e divulgação"),
    ("research", "Pesquisa"),
    ("data_sharing", "Compartilhamento de dados"),
    ("photo_use", "Uso de fotos"),
    ("telemedicine", "Telemedicina"),
    ("ai_in_care", "Inteligência artificial no atendimento"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purpose_has_its_own_row_and_every_kind_a_purpose() {
        for (at, purpose) in Purpose::all().enumerate() {
            assert_eq!(purpose as usize, at);
            assert_eq!(Purpose::from_code(purpose.code()), Some(purpose));
            assert!(CONSENT_TYPES.iter().any(|(code, _)| *code == purpose.consent_type()));
        }
        for (code, _) in CONSENT_TYPES {
            assert!(Purpose::of_type(code).count() > 0, "{code}");
        }
        assert_eq!(Purpose::from_code("care"), None);
    }
}
