//! What goes wrong with PubMed, on request.

use std::time::Duration;

/// A way in which PubMed fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    /// None.
    #[default]
    None,
    /// 429 with this many seconds in `Retry-After`; the body echoes the caller's key or address.
    RateLimited(u32),
    /// 429 that does not say when to come back.
    RateLimitedSilently,
    /// An HTML page with status 502.
    BadGateway,
    /// Status 500 with a line of text.
    ServerError,
    /// Status 200 and `ERROR` inside the result.
    BackendFailed,
    /// Status 200 and `error` beside the result.
    ErrorField,
    /// Status 200 and an error of the C++ library as text.
    Exception,
    /// Half of the JSON document.
    Truncated,
    /// The connection ends in the middle of the body that was announced.
    Cut,
    /// 400: the key is not valid; the body echoes it.
    InvalidKey,
    /// No answer until the fault is changed.
    Hang,
    /// The answer after this time.
    Slow(Duration),
    /// Summaries come without their articles: each has an error.
    NoSummaries,
}

impl Fault {
    /// By the name that the control address takes; `nenhuma` is none.
    pub fn named(name: &str) -> Option<Fault> {
        Some(match name {
            "nenhuma" => Fault::None,
            "limite" => Fault::RateLimited(120),
            "html502" => Fault::BadGateway,
            "erro500" => Fault::ServerError,
            "erro200" => Fault::BackendFailed,
            "excecao" => Fault::Exception,
            "truncado" => Fault::Truncated,
            "cortado" => Fault::Cut,
            "chave" => Fault::InvalidKey,
            "parado" => Fault::Hang,
            "lento" => Fault::Slow(Duration::from_secs(3)),
            _ => return None,
        })
    }
}
