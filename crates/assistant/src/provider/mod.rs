//! Who answers: a language model behind one of two wire formats, or the local knowledge engine.

pub mod anthropic;
mod body;
mod conversation;
mod failure;
mod http;
pub mod local;
mod models;
pub mod openai;
mod sse;

use std::{sync::Arc, time::Duration};

use futures_util::{future::BoxFuture, stream::BoxStream};
use serde::Serialize;
use url::Url;
use zeroize::Zeroizing;

pub(crate) use http::is_loopback;
use sigilo_deid::Deidentified;
use sigilo_image::Image;

/// The name of the local knowledge engine, as stored.
pub const LOCAL: &str = "conhecimento_local";

/// Which provider an installation uses.
#[derive(Clone)]
pub enum Settings {
    /// The local knowledge engine: no language model, no network.
    Local,
    /// The Anthropic Messages API, or a server that speaks it.
    Anthropic(Remote),
    /// OpenAI-compatible chat completions: Ollama, vLLM, llama.cpp.
    OpenAi(Remote),
}

/// A provider reached over HTTP.
#[derive(Clone)]
pub struct Remote {
    /// Base address without `/v1`, as `https://api.anthropic.com`.
    pub base: Url,
    /// The model's identifier there.
    pub model: String,
    /// The key; none for a local server.
    pub key: Option<Zeroizing<String>>,
    /// Longest silence before the stream counts as cut.
    pub idle: Duration,
    /// Longest time for a whole answer.
    pub total: Duration,
}

/// Why a provider cannot be made from its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The key has characters that no HTTP header takes.
    #[error("a chave do serviço de IA tem caracteres inválidos")]
    Key,
    /// The address is not `http` or `https`, or is `http` beyond this machine's private networks with a key to lose.
    #[error("o endereço do serviço de IA precisa ser https; http só em rede privada")]
    Address,
    /// The vendor keeps what is sent to this model for thirty days.
    #[error("este modelo exige que o fornecedor retenha os dados por 30 dias; escolha outro")]
    Retention,
    /// The HTTP client could not be made, for lack of certificates for example.
    #[error("o cliente HTTP não pôde ser criado; confira os certificados do sistema")]
    Client,
}

/// The model that is asked where nobody chose one.
pub const DEFAULT_MODEL: &str = "claude-opus-4-6";

/// Makes the provider that the settings describe. Asks nobody anything: see [`Provider::check`].
///
/// # Errors
/// [`BuildError`], by reason.
pub fn build(settings: &Settings) -> Result<Arc<dyn Provider>, BuildError> {
    Ok(match settings {
        Settings::Local => Arc::new(local::Local::new()),
        Settings::Anthropic(remote) => Arc::new(anthropic::Anthropic::new(remote)?),
        Settings::OpenAi(remote) => Arc::new(openai::OpenAi::new(remote)?),
    })
}

/// One question with its history.
pub struct Request {
    /// The instructions; the same for everyone, so that they can be cached.
    pub system: String,
    /// The conversation, oldest first; the last one is the doctor's.
    pub turns: Vec<Turn>,
    /// Images of the last turn. Dropped by the provider as soon as they have been sent.
    pub images: Vec<Arc<Image>>,
}

/// One message of the conversation.
#[derive(Clone)]
pub struct Turn {
    /// Whether the doctor wrote it.
    pub from_doctor: bool,
    /// Its text. Only de-identified text leaves.
    pub text: Deidentified<String>,
}

/// What a stream yields, in order: `Started`, then any of the others, `Stopped` last. `Retrying` may come before
/// `Started`, or after it while there is no text; then `Started` comes again. An error ends the stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// The request failed and is tried again; no text had been received.
    Retrying {
        /// Which try comes, from 2.
        attempt: u32,
        /// Why, as [`Failure::code`].
        because: &'static str,
    },
    /// The provider began to answer.
    Started {
        /// The provider's own identifier of the request.
        request_id: Option<String>,
        /// The model it says it used; never a path.
        model: Option<String>,
    },
    /// Text of the answer's JSON document.
    Text(String),
    /// Tokens so far; each replaces the one before.
    Usage(Usage),
    /// The end.
    Stopped(Stop),
}

/// Tokens of one answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// All input tokens, cached ones included.
    pub input: u64,
    /// Of these, read from the cache.
    pub cache_read: u64,
    /// Of these, written to the cache.
    pub cache_write: u64,
    /// All output tokens, thinking included.
    pub output: u64,
    /// Of these, thinking, when told.
    pub thinking: Option<u64>,
}

/// How an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// By itself.
    Complete,
    /// At the token limit.
    MaxTokens,
    /// The provider refused; its category, if told. What was received is to be discarded.
    Refused(Option<String>),
    /// The conversation does not fit.
    ContextFull,
    /// Something else; the provider's own word.
    Other(String),
}

/// Why there is no answer, or only a part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.code())]
#[non_exhaustive]
pub enum Failure {
    /// The provider did not answer at all.
    Unreachable,
    /// The stream broke off before its end.
    Cut,
    /// Too slow.
    Timeout,
    /// The key is missing, wrong or not allowed.
    Unauthorised,
    /// No such model.
    UnknownModel,
    /// Too many requests; when to try again, if told.
    RateLimited(Option<Duration>),
    /// The account has no credit left, or its spending limit is reached.
    NoCredit,
    /// The provider has too much to do.
    Overloaded,
    /// The conversation is longer than the model can read.
    ContextFull,
    /// An image is too large for this model, or the model takes none.
    Image,
    /// The request was not accepted; a defect on our side.
    Rejected,
    /// An error on the provider's side.
    Provider,
    /// Not what the format says.
    Malformed,
}

impl Failure {
    /// A stable code, for logs and the trail.
    pub fn code(&self) -> &'static str {
        match self {
            Failure::Unreachable => "unreachable",
            Failure::Cut => "cut",
            Failure::Timeout => "timeout",
            Failure::Unauthorised => "unauthorised",
            Failure::UnknownModel => "unknown_model",
            Failure::RateLimited(_) => "rate_limited",
            Failure::NoCredit => "no_credit",
            Failure::Overloaded => "overloaded",
            Failure::ContextFull => "context_full",
            Failure::Image => "image",
            Failure::Rejected => "rejected",
            Failure::Provider => "provider",
            Failure::Malformed => "malformed",
        }
    }
}

/// What a model can and cannot do.
#[derive(Debug, Clone, PartialEq)]
pub struct Capabilities {
    /// Whether it reads images.
    pub images: bool,
    /// The longest base64 of one image it accepts, in bytes.
    pub max_image_base64: usize,
    /// The temperature that is sent, or none.
    pub temperature: Option<f32>,
    /// Why no temperature is sent, in Portuguese; empty when one is.
    pub temperature_reason: &'static str,
    /// Most tokens of an answer.
    pub max_output: u32,
    /// Most tokens it reads, if known.
    pub max_input: Option<u32>,
}

/// What the provider told at start-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The model as the provider names it.
    pub model: String,
}

/// Someone who answers.
pub trait Provider: Send + Sync {
    /// Its kind: `anthropic`, `openai` or `conhecimento_local`.
    fn name(&self) -> &'static str;
    /// The configured model, as stored in `ai_model_used`.
    fn model(&self) -> &str;
    /// The wire format's version, if it has one.
    fn api_version(&self) -> Option<&'static str>;
    /// The host that the doctor's words go to; none where they stay on this machine or its private network.
    fn recipient(&self) -> Option<&str>;
    /// What the model can do.
    fn capabilities(&self) -> &Capabilities;
    /// Asks whether the model is there.
    fn check(&self) -> BoxFuture<'_, Result<Checked, Failure>>;
    /// Asks for an answer. Dropping the stream cancels the request.
    fn answer(&self, request: Request) -> BoxStream<'static, Result<Piece, Failure>>;
}
