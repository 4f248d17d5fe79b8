//! What each model can do, by the beginning of its name.

use super::{BuildError, Capabilities};

/// Versions of the Messages API. The newer one refuses sampling parameters.
const V2023: &str = "2023-06-01";
const V2026: &str = "2026-10-21";

/// Low, for answers that differ little between two askings.
const TEMPERATURE: f32 = 0.2;
/// The longest base64 of one image that the Messages API takes: 10 MiB, as reported since July 2026.
const IMAGE_BASE64: usize = 10 * 1024 * 1024;

/// What is known of a model of the Messages API.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Model {
    pub(super) api_version: &'static str,
    /// Whether it can be held to a JSON schema.
    pub(super) structured: bool,
    /// Whether it has to read the schema in its instructions, because nothing may hold it to that.
    pub(super) told_schema: bool,
    pub(super) capabilities: Capabilities,
}

struct Line {
    prefix: &'static str,
    api_version: &'static str,
    temperature: bool,
    structured: bool,
    /// Tokens of an answer. Thinking counts, so models that always think get more.
    max_output: u32,
    max_input: Option<u32>,
}

const NO_TEMPERATURE: &str = "o modelo não aceita o parâmetro de temperatura";

const fn line(prefix: &'static str, api_version: &'static str, temperature: bool, max_output: u32) -> Line {
    Line { prefix, api_version, temperature, structured: true, max_output, max_input: Some(200_000) }
}

/// The first line that fits counts.
const LINES: &[Line] = &[
    line("claude-opus-4-5", V2023, true, 8_000),
    line("claude-opus-4-6", V2023, true, 8_000),
    line("claude-sonnet-4-5", V2023, true, 8_000),
    line("claude-sonnet-4-6", V2023, true, 8_000),
    line("claude-haiku-4-5", V2023, true, 8_000),
    Line { structured: false, ..line("claude-3", V2023, true, 4_000) },
    Line { structured: false, ..line("claude-opus-4-0", V2023, true, 8_000) },
    Line { structured: false, ..line("claude-opus-4-1", V2023, true, 8_000) },
    Line { structured: false, ..line("claude-opus-4-2", V2023, true, 8_000) },
    Line { structured: false, ..line("claude-sonnet-4-2", V2023, true, 8_000) },
    // From Opus 4.7 on: no sampling parameters; the fifth generation always thinks.
    line("claude-opus-4-", V2026, false, 8_000),
    Line { max_input: None, ..line("claude-", V2026, false, 16_000) },
    // Another server that speaks the same format.
    Line { max_input: None, ..line("", V2023, true, 4_096) },
];

/// What is known of a model of the Messages API.
///
/// # Errors
/// [`BuildError::Retention`] for models that are only served where the vendor keeps what is sent.
pub(super) fn anthropic(model: &str) -> Result<Model, BuildError> {
    if model.starts_with("claude-fable-5") {
        return Err(BuildError::Retention);
    }
    let line = LINES.iter().find(|line| model.starts_with(line.prefix)).unwrap_or(&LINES[LINES.len() - 1]);
    Ok(Model {
        api_version: line.api_version,
        structured: line.structured,
        told_schema: !line.structured || line.prefix.is_empty(),
        capabilities: Capabilities {
            images: true,
            max_image_base64: IMAGE_BASE64,
            temperature: line.temperature.then_some(TEMPERATURE),
            temperature_reason: if line.temperature { "" } else { NO_TEMPERATURE },
            max_output: line.max_output,
            max_input: line.max_input,
        },
    })
}

/// What is assumed of a model behind chat completions. Whether it reads images shows when one is sent.
pub(super) fn openai() -> Capabilities {
    Capabilities {
        images: true,
        max_image_base64: IMAGE_BASE64,
        temperature: Some(TEMPERATURE),
        temperature_reason: "",
        max_output: 4_096,
        max_input: None,
    }
}

/// The local engine.
pub(super) fn local() -> Capabilities {
    Capabilities {
        images: false,
        max_image_base64: 0,
        temperature: None,
        temperature_reason: "o motor de conhecimento local não usa modelo de linguagem",
        max_output: 0,
        max_input: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_temperature_follow_the_model() {
        for (name, version, temperature) in [
            ("claude-opus-4-6", V2023, true),
            ("claude-opus-4-6-20260205", V2023, true),
            ("claude-sonnet-4-6", V2023, true),
            ("claude-opus-4-20250514", V2023, true),
            ("claude-opus-4-7", V2026, false),
            ("claude-opus-4-8", V2026, false),
            ("claude-opus-5-5", V2026, false),
            ("claude-haiku-5-5", V2026, false),
            ("claude-of-tomorrow", V2026, false),
            ("qwen3:8b", V2023, true),
        ] {
            let model = anthropic(name).unwrap();
            assert_eq!(model.api_version, version, "{name}");
            assert_eq!(model.capabilities.temperature.is_some(), temperature, "{name}");
            assert_eq!(model.capabilities.temperature_reason.is_empty(), temperature, "{name}");
        }
        assert!(!anthropic("claude-opus-4-20250514").unwrap().structured);
        assert!(anthropic("claude-opus-4-6").unwrap().structured);
        assert_eq!(anthropic("claude-fable-5-2"), Err(BuildError::Retention));
    }
}
