//! The model card: who answers here, with which limits (CFM 2.454/2026, arts. 3, 12 and 13).

use serde::Serialize;

use sigilo_assistant::{
    answer::{prompt, schema},
    provider::Capabilities,
};

use crate::App;

/// The regulatory risk class of diagnosis support (CFM 2.454/2026, annex II).
pub const RISK_CLASS: &str = "medio";
/// The same as people read it.
pub(super) const RISK_WORD: &str = "médio";

/// Who answers, and what it can and cannot do.
#[derive(Debug, Clone, Serialize)]
pub struct ModelCard {
    /// `anthropic`, `openai` or `conhecimento_local`.
    pub provider: &'static str,
    /// The model as configured.
    pub model: String,
    /// The wire format's version.
    pub api_version: Option<&'static str>,
    /// Whether it reads images.
    pub images: bool,
    /// The sampling temperature, if one is sent.
    pub temperature: Option<f32>,
    /// Why none is sent.
    pub temperature_reason: &'static str,
    /// Whether de-identified text leaves this installation.
    pub text_leaves: bool,
    /// Version of the instructions.
    pub prompt_version: &'static str,
    /// Their SHA-256, in hexadecimal.
    pub prompt_hash: String,
    /// SHA-256 of the answer's schema, in hexadecimal.
    pub schema_hash: String,
    /// Who verifies references, in Portuguese.
    pub verification: String,
    /// The risk class, as stored.
    pub risk_class: &'static str,
}

/// The card of this installation's model.
pub fn card(app: &App) -> ModelCard {
    let assistant = app.assistant();
    let Capabilities { images, temperature, temperature_reason, .. } = *assistant.provider.capabilities();
    let provider = assistant.provider.name();
    ModelCard {
        provider,
        model: assistant.provider.model().to_owned(),
        api_version: assistant.provider.api_version(),
        images,
        temperature,
        temperature_reason,
        text_leaves: !assistant.is_local(),
        prompt_version: prompt::PROMPT_VERSION,
        prompt_hash: prompt::hash(),
        schema_hash: schema::hash(),
        verification: assistant.verifier.describe_policy(),
        risk_class: RISK_CLASS,
    }
}
