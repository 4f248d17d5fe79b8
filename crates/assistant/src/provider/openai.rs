//! OpenAI-compatible chat completions: Ollama, vLLM, llama.cpp.

use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture, stream::BoxStream};
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde::Serialize;
use serde_json::Value;

use super::anthropic::{rounded, word};
use super::body::Segment;
use super::conversation::{Message, check_address, check_images, messages, to_json, with_images};
use super::failure::{Broken, Said};
use super::http::{self, Dialect, Link, Wire, model_name, secret};
use super::models;
use super::sse::Event;
use super::{BuildError, Capabilities, Checked, Failure, Piece, Provider, Remote, Request, Stop, Usage};
use crate::answer::schema::Schema;

/// A model behind chat completions.
pub struct OpenAi {
    link: Arc<Link>,
    speaker: Arc<Speaker>,
}

impl OpenAi {
    /// Makes the provider; asks nobody anything.
    ///
    /// # Errors
    /// [`BuildError`], by reason.
    pub fn new(remote: &Remote) -> Result<OpenAi, BuildError> {
        check_address(remote)?;
        let mut headers = HeaderMap::new();
        if let Some(key) = &remote.key {
            headers.insert(AUTHORIZATION, secret(&zeroize::Zeroizing::new(format!("Bearer {}", key.trim())))?);
        }
        let link = Arc::new(Link::new(remote, headers)?);
        Ok(OpenAi { link, speaker: Arc::new(Speaker { model: remote.model.clone(), capabilities: models::openai() }) })
    }

    /// Lowers the most tokens of an answer.
    pub fn with_max_output(mut self, tokens: u32) -> OpenAi {
        let mut capabilities = self.speaker.capabilities.clone();
        capabilities.max_output = tokens.min(capabilities.max_output);
        self.speaker = Arc::new(Speaker { model: self.speaker.model.clone(), capabilities });
        self
    }
}

impl Provider for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn model(&self) -> &str {
        &self.speaker.model
    }

    fn api_version(&self) -> Option<&'static str> {
        None
    }

    fn recipient(&self) -> Option<&str> {
        self.link.recipient()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.speaker.capabilities
    }

    fn check(&self) -> BoxFuture<'_, Result<Checked, Failure>> {
        self.link.listed(&self.speaker.model).boxed()
    }

    fn answer(&self, request: Request) -> BoxStream<'static, Result<Piece, Failure>> {
        http::answer(self.link.clone(), self.speaker.clone(), request)
    }
}

struct Speaker {
    model: String,
    capabilities: Capabilities,
}

impl Dialect for Speaker {
    const PATH: &'static str = "chat/completions";
    type Wire = Reading;

    fn body(&self, request: &Request) -> Result<Vec<Segment>, Failure> {
        check_images(request, &self.capabilities)?;
        let (mut before, text) = messages(request)?;
        before.insert(0, Message { role: "system", content: request.system.clone() });
        let mut head = Head {
            model: &self.model,
            max_tokens: self.capabilities.max_output,
            stream: true,
            stream_options: StreamOptions { include_usage: true },
            temperature: self.capabilities.temperature.map(rounded),
            response_format: ResponseFormat {
                kind: "json_schema",
                json_schema: Named { name: "resposta", strict: true, schema: Schema },
            },
            messages: None,
        };
        if request.images.is_empty() {
            // Plain text is what every server takes.
            before.push(Message { role: "user", content: text });
            head.messages = Some(&before);
            return Ok(vec![Segment::Text(to_json(&head)?)]);
        }
        let frame =
            |mime: &str| (format!("{{\"type\":\"image_url\",\"image_url\":{{\"url\":\"data:{mime};base64,"), "\"}}");
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
    stream_options: StreamOptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    response_format: ResponseFormat,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<&'a [Message]>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct ResponseFormat {
    #[serde(rename = "type")]
    kind: &'static str,
    json_schema: Named,
}

#[derive(Serialize)]
struct Named {
    name: &'static str,
    strict: bool,
    schema: Schema,
}

/// One answer while it is read.
#[derive(Default)]
struct Reading {
    started: bool,
    stop: Option<Stop>,
}

impl Wire for Reading {
    fn event(&mut self, event: &Event, pieces: &mut Vec<Piece>) -> Result<bool, Broken> {
        if event.data.trim() == "[DONE]" {
            let Some(stop) = self.stop.take() else { return Err(Broken::passing(Failure::Cut)) };
            pieces.push(Piece::Stopped(stop));
            return Ok(true);
        }
        let data: Value = serde_json::from_str(&event.data).map_err(|_| Broken::for_good(Failure::Malformed))?;
        if let Some(said) = Said::read(&data) {
            return Err(said.in_stream());
        }
        let text = |key: &str| data.get(key).and_then(Value::as_str);
        if !std::mem::replace(&mut self.started, true) {
            let request_id = text("id").map(|id| id.chars().take(100).collect());
            pieces.push(Piece::Started { request_id, model: text("model").and_then(model_name) });
        }
        if let Some(choice) = data.get("choices").and_then(|choices| choices.get(0)) {
            let delta = &choice["delta"];
            // Beside it may stand `reasoning` or `reasoning_content`, which are no answer.
            if let Some(more) = delta.get("content").and_then(Value::as_str).filter(|more| !more.is_empty()) {
                pieces.push(Piece::Text(more.to_owned()));
            }
            if delta.get("refusal").and_then(Value::as_str).is_some_and(|refusal| !refusal.is_empty()) {
                self.stop = Some(Stop::Refused(None));
            }
            if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str)
                && !matches!(self.stop, Some(Stop::Refused(_)))
            {
                self.stop = Some(match reason {
                    "stop" => Stop::Complete,
                    "length" => Stop::MaxTokens,
                    "content_filter" => Stop::Refused(Some(word(reason))),
                    other => Stop::Other(word(other)),
                });
            }
        }
        if let Some(usage) = data.get("usage").filter(|usage| usage.is_object()) {
            let count =
                |path: &[&str]| path.iter().try_fold(usage, |value, key| value.get(key)).and_then(Value::as_u64);
            pieces.push(Piece::Usage(Usage {
                input: count(&["prompt_tokens"]).unwrap_or(0),
                cache_read: count(&["prompt_tokens_details", "cached_tokens"]).unwrap_or(0),
                cache_write: 0,
                output: count(&["completion_tokens"]).unwrap_or(0),
                thinking: count(&["completion_tokens_details", "reasoning_tokens"]),
            }));
        }
        Ok(false)
    }

    fn closed(&mut self) -> Option<Stop> {
        self.stop.take()
    }
}
