//! The Anthropic Messages API, and servers that speak it.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture, stream::BoxStream};
use reqwest::header::{HeaderMap, HeaderValue};
use serde::Serialize;
use serde_json::Value;

use super::body::Segment;
use super::conversation::{check_address, check_images, messages, with_images};
use super::failure::{Broken, Said};
use super::http::{self, Dialect, Link, Wire, model_name, secret};
use super::models::{self, Model};
use super::sse::Event;
use super::{BuildError, Capabilities, Checked, Failure, Piece, Provider, Remote, Request, Stop, Usage};
use crate::answer::schema::{self, Schema};

/// A model behind the Messages API.
pub struct Anthropic {
    link: Arc<Link>,
    speaker: Arc<Speaker>,
}

impl Anthropic {
    /// Makes the provider; asks nobody anything.
    ///
    /// # Errors
    /// [`BuildError`], by reason.
    pub fn new(remote: &Remote) -> Result<Anthropic, BuildError> {
        check_address(remote)?;
        let known = models::anthropic(&remote.model)?;
        let mut headers = HeaderMap::new();
        headers.insert("anthropic-version", HeaderValue::from_static(known.api_version));
        if let Some(key) = &remote.key {
            headers.insert("x-api-key", secret(key)?);
        }
        let link = Arc::new(Link::new(remote, headers)?);
        Ok(Anthropic { link, speaker: Arc::new(Speaker { model: remote.model.clone(), known }) })
    }

    /// Lowers the most tokens of an answer.
    pub fn with_max_output(mut self, tokens: u32) -> Anthropic {
        let mut known = self.speaker.known.clone();
        known.capabilities.max_output = tokens.min(known.capabilities.max_output);
        self.speaker = Arc::new(Speaker { model: self.speaker.model.clone(), known });
        self
    }
}

impl Provider for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn model(&self) -> &str {
        &self.speaker.model
    }

    fn api_version(&self) -> Option<&'static str> {
        Some(self.speaker.known.api_version)
    }

    fn recipient(&self) -> Option<&str> {
        self.link.recipient()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.speaker.known.capabilities
    }

    fn check(&self) -> BoxFuture<'_, Result<Checked, Failure>> {
        async {
            let wanted = &self.speaker.model;
            match self.link.get(&["models", wanted]).await {
                Ok(found) => {
                    let name = found.get("id").and_then(Value::as_str).and_then(model_name);
                    Ok(Checked { model: name.unwrap_or_else(|| wanted.clone()) })
                }
                // Servers that only imitate the vendor know no more than the list.
                Err(Failure::UnknownModel) if !wanted.starts_with("claude-") => self.link.listed(wanted).await,
                Err(failure) => Err(failure),
            }
        }
        .boxed()
    }

    fn answer(&self, request: Request) -> BoxStream<'static, Result<Piece, Failure>> {
        http::answer(self.link.clone(), self.speaker.clone(), request)
    }
}

struct Speaker {
    model: String,
    known: Model,
}

impl Dialect for Speaker {
    const PATH: &'static str = "messages";
    type Wire = Reading;

    fn body(&self, request: &Request) -> Result<Vec<Segment>, Failure> {
        check_images(request, &self.known.capabilities)?;
        let (before, text) = messages(request)?;
        let format = Format { kind: "json_schema", schema: Schema };
        let system = match self.known.told_schema {
            true => format!("{}\nESQUEMA\n{}\n", request.system, schema::json()),
            false => request.system.clone(),
        };
        let head = Head {
            model: &self.model,
            max_tokens: self.known.capabilities.max_output,
            stream: true,
            system: &system,
            temperature: self.known.capabilities.temperature.map(rounded),
            output_config: self.known.structured.then_some(OutputConfig { format }),
        };
        // Rather an error than a radiograph that was scaled down without a word.
        let frame = |mime: &str| {
            let start =
                format!("{{\"type\":\"image\",\"source\":{{\"type\":\"base64\",\"media_type\":\"{mime}\",\"data\":\"");
            (start, "\"},\"transformations\":{\"oversized_image\":\"error\"}}")
        };
        with_images(&head, &before, request, frame, &text)
    }

    fn wire(&self) -> Reading {
        Reading::default()
    }
}

#[derive(Serialize)]
struct Head<'a> {
    model: &'a str,
    max_tokens: u32,
    stream: bool,
    system: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig>,
}

#[derive(Serialize)]
struct OutputConfig {
    format: Format,
}

#[derive(Serialize)]
struct Format {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: Schema,
}

/// As people write it: 0.2, not 0.20000000298.
pub(super) fn rounded(temperature: f32) -> f64 {
    (f64::from(temperature) * 100.0).round() / 100.0
}

/// One answer while it is read.
#[derive(Default)]
struct Reading {
    /// Kind of each open block, by its index.
    blocks: BTreeMap<u64, String>,
    usage: Counted,
    stop: Option<Stop>,
}

/// The counts of the wire; each later one replaces the earlier.
#[derive(Default)]
struct Counted {
    input: u64,
    cache_read: u64,
    cache_write: u64,
    output: u64,
    thinking: Option<u64>,
}

impl Counted {
    fn take(&mut self, usage: &Value) -> Option<Piece> {
        let usage = usage.as_object()?;
        let replace = |slot: &mut u64, key: &str| *slot = usage.get(key).and_then(Value::as_u64).unwrap_or(*slot);
        replace(&mut self.input, "input_tokens");
        replace(&mut self.cache_read, "cache_read_input_tokens");
        replace(&mut self.cache_write, "cache_creation_input_tokens");
        replace(&mut self.output, "output_tokens");
        let thinking = usage.get("output_tokens_details").and_then(|details| details.get("thinking_tokens"));
        self.thinking = thinking.and_then(Value::as_u64).or(self.thinking);
        Some(Piece::Usage(Usage {
            input: self.input.saturating_add(self.cache_read).saturating_add(self.cache_write),
            cache_read: self.cache_read,
            cache_write: self.cache_write,
            output: self.output,
            thinking: self.thinking,
        }))
    }
}

fn text<'v>(value: &'v Value, path: &[&str]) -> Option<&'v str> {
    path.iter().try_fold(value, |value, key| value.get(key))?.as_str()
}

impl Wire for Reading {
    fn event(&mut self, event: &Event, pieces: &mut Vec<Piece>) -> Result<bool, Broken> {
        let data: Value = serde_json::from_str(&event.data).map_err(|_| Broken::for_good(Failure::Malformed))?;
        // llama.cpp sends its errors without a type around them.
        if let Some(said) = Said::read(&data) {
            return Err(said.in_stream());
        }
        let index = data.get("index").and_then(Value::as_u64).unwrap_or(0);
        match text(&data, &["type"]).unwrap_or(&event.name) {
            "message_start" => {
                let message = &data["message"];
                pieces.push(Piece::Started {
                    request_id: text(message, &["id"]).map(|id| id.chars().take(100).collect()),
                    model: text(message, &["model"]).and_then(model_name),
                });
                pieces.extend(self.usage.take(&message["usage"]));
            }
            "content_block_start" => {
                let kind = text(&data, &["content_block", "type"]).unwrap_or_default();
                self.blocks.insert(index, kind.to_owned());
                if kind == "text"
                    && let Some(first) = text(&data, &["content_block", "text"]).filter(|first| !first.is_empty())
                {
                    pieces.push(Piece::Text(first.to_owned()));
                }
            }
            "content_block_delta" => {
                let of_text = self.blocks.get(&index).is_none_or(|kind| kind == "text");
                if of_text
                    && text(&data, &["delta", "type"]) == Some("text_delta")
                    && let Some(more) = text(&data, &["delta", "text"]).filter(|more| !more.is_empty())
                {
                    pieces.push(Piece::Text(more.to_owned()));
                }
            }
            "content_block_stop" => {
                self.blocks.remove(&index);
            }
            "message_delta" => {
                pieces.extend(self.usage.take(&data["usage"]));
                if let Some(reason) = text(&data, &["delta", "stop_reason"]) {
                    self.stop = Some(stop(reason, &data["delta"]));
                }
            }
            "message_stop" => {
                let stop = self.stop.take().unwrap_or(Stop::Other("none".to_owned()));
                pieces.push(Piece::Stopped(stop));
                return Ok(true);
            }
            // Pings, and what a later version adds.
            _ => {}
        }
        Ok(false)
    }
}

fn stop(reason: &str, delta: &Value) -> Stop {
    match reason {
        "end_turn" | "stop_sequence" => Stop::Complete,
        "max_tokens" => Stop::MaxTokens,
        "refusal" => Stop::Refused(text(delta, &["stop_details", "category"]).map(word)),
        "model_context_window_exceeded" => Stop::ContextFull,
        other => Stop::Other(word(other)),
    }
}

/// A provider's own word, short enough for a log.
pub(super) fn word(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '-').take(40).collect()
}
