//! What went wrong, from what the provider said, and what it means for the person who asked.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;

use super::{Failure, Stop};

impl Failure {
    /// What the doctor reads and can do, in Portuguese.
    pub fn sentence(&self) -> String {
        let sentence = match self {
            Failure::Unreachable => {
                "O serviço de IA não respondeu. Confira a rede e tente de novo em alguns instantes."
            }
            Failure::Cut => "A resposta foi interrompida antes do fim; o que chegou está incompleto. Tente de novo.",
            Failure::Timeout => "O serviço de IA demorou demais. Tente de novo ou escreva uma mensagem mais curta.",
            Failure::Unauthorised => {
                "O serviço de IA recusou a chave de acesso. Peça a quem administra o Sigilo que a confira."
            }
            Failure::UnknownModel => {
                "O modelo configurado não existe no serviço de IA. Peça a quem administra o Sigilo que confira o nome \
                 do modelo e o endereço."
            }
            Failure::RateLimited(Some(wait)) => {
                let seconds = wait.as_secs().max(1);
                return format!("O serviço de IA recebeu pedidos demais. Tente de novo em {}.", in_words(seconds));
            }
            Failure::RateLimited(None) => "O serviço de IA recebeu pedidos demais. Espere um minuto e tente de novo.",
            Failure::NoCredit => {
                "A conta no serviço de IA está sem crédito ou atingiu o limite de gastos. Peça a quem administra o \
                 Sigilo que a regularize."
            }
            Failure::Overloaded => "O serviço de IA está sobrecarregado. Tente de novo em alguns minutos.",
            Failure::ContextFull => {
                "A conversa ficou longa demais para este modelo. Comece uma conversa nova com um resumo do caso."
            }
            Failure::Image => {
                "O modelo não aceitou a imagem: ela é grande demais para ele, ou ele não analisa imagens. Envie uma \
                 imagem menor ou só o texto."
            }
            Failure::Rejected => {
                "O serviço de IA não aceitou o pedido do Sigilo. Avise quem administra o Sigilo; repetir não resolve."
            }
            Failure::Provider => "O serviço de IA teve um erro interno. Tente de novo em alguns instantes.",
            Failure::Malformed => {
                "A resposta do serviço de IA veio em um formato que o Sigilo não entende. Tente de novo; se continuar, \
                 avise quem administra o Sigilo."
            }
        };
        sentence.to_owned()
    }

    /// Whether asking again, unchanged, may help.
    pub fn may_retry(&self) -> bool {
        match self {
            Failure::Unreachable
            | Failure::Cut
            | Failure::Timeout
            | Failure::RateLimited(_)
            | Failure::Overloaded
            | Failure::Provider
            | Failure::Malformed => true,
            Failure::Unauthorised
            | Failure::UnknownModel
            | Failure::NoCredit
            | Failure::ContextFull
            | Failure::Image
            | Failure::Rejected => false,
        }
    }
}

impl Stop {
    /// A stable code, for logs and the trail. The provider's own word of [`Stop::Other`] is not part of it.
    pub fn code(&self) -> &'static str {
        match self {
            Stop::Complete => "complete",
            Stop::MaxTokens => "max_tokens",
            Stop::Refused(_) => "refused",
            Stop::ContextFull => "context_full",
            Stop::Other(_) => "other",
        }
    }

    /// What the doctor reads when an answer did not come to its end, in Portuguese.
    pub fn sentence(&self) -> Option<&'static str> {
        match self {
            Stop::Complete | Stop::Other(_) => None,
            Stop::MaxTokens => {
                Some("A resposta passou do tamanho máximo e foi cortada. Peça de novo ou pergunte por partes.")
            }
            Stop::Refused(_) => Some(
                "O modelo se recusou a responder a esta mensagem. Reescreva a pergunta e envie de novo; o que chegou a \
                 ser escrito foi descartado.",
            ),
            Stop::ContextFull => {
                Some("A conversa ficou longa demais para o modelo. Comece uma conversa nova com o resumo do caso.")
            }
        }
    }

    /// Whether asking again, unchanged, may help.
    pub fn may_retry(&self) -> bool {
        !matches!(self, Stop::ContextFull)
    }
}

fn in_words(seconds: u64) -> String {
    match seconds {
        1 => "1 segundo".to_owned(),
        2..=90 => format!("{seconds} segundos"),
        _ => format!("{} minutos", seconds.div_ceil(60)),
    }
}

/// A failed try.
#[derive(Debug, PartialEq)]
pub(crate) struct Broken {
    pub(crate) failure: Failure,
    /// Whether the same request may be sent again without asking the person.
    pub(crate) again: bool,
    /// How long the provider wants us to wait.
    pub(crate) wait: Option<Duration>,
}

impl Broken {
    pub(crate) fn for_good(failure: Failure) -> Broken {
        Broken { failure, again: false, wait: None }
    }

    pub(crate) fn passing(failure: Failure) -> Broken {
        Broken { failure, again: true, wait: None }
    }
}

/// The error object of either dialect: `{"error": {…}}` or `{"error": "text"}`, lower case, without its shape.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Said {
    kind: String,
    code: String,
    message: String,
}

impl Said {
    /// None when there is no error in it.
    pub(crate) fn read(value: &Value) -> Option<Said> {
        let error = value.get("error").filter(|error| !error.is_null())?;
        let text = |value: Option<&Value>| match value {
            Some(Value::String(text)) => text.to_lowercase(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        if error.is_string() {
            return Some(Said { message: text(Some(error)), ..Said::default() });
        }
        let details = error.get("details").and_then(|details| details.get("error_code"));
        let code = details.or_else(|| error.get("code"));
        Some(Said { kind: text(error.get("type")), code: text(code), message: text(error.get("message")) })
    }

    fn mentions(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.kind.contains(word) || self.code.contains(word) || self.message.contains(word))
    }

    fn context_full(&self) -> bool {
        self.mentions(&[
            "exceed_context_size",
            "context_length_exceeded",
            "prompt is too long",
            "available context size",
            "maximum context length",
            "context window",
            "exceed context limit",
            "exceeds the context",
        ])
    }

    fn no_credit(&self) -> bool {
        self.mentions(&[
            "enforced_spend_limit_reached",
            "insufficient_quota",
            "billing_error",
            "credit balance",
            "spend limit",
        ])
    }

    /// What an error inside a running stream means. Its HTTP status was 200.
    pub(crate) fn in_stream(&self) -> Broken {
        let status = match self.kind.as_str() {
            "overloaded_error" => 529,
            "rate_limit_error" => 429,
            "authentication_error" => 401,
            "permission_error" => 403,
            "not_found_error" => 404,
            "invalid_request_error" => 400,
            "timeout_error" => 504,
            _ => self.code.parse().unwrap_or(500),
        };
        classify(status, Some(self), &HeaderMap::new(), false)
    }
}

/// What an answer with an error status means.
pub(crate) fn classify(status: u16, said: Option<&Said>, headers: &HeaderMap, with_images: bool) -> Broken {
    let none = Said::default();
    let said = said.unwrap_or(&none);
    let wait = wait(headers);
    let failure = match status {
        _ if said.context_full() => Failure::ContextFull,
        _ if said.no_credit() => Failure::NoCredit,
        _ if with_images && said.mentions(&["image", "mmproj", "multimodal", "vision"]) => Failure::Image,
        401 | 403 => Failure::Unauthorised,
        402 => Failure::NoCredit,
        404 => Failure::UnknownModel,
        408 | 504 => Failure::Timeout,
        413 if with_images => Failure::Image,
        413 => Failure::ContextFull,
        429 => Failure::RateLimited(wait),
        503 | 529 => Failure::Overloaded,
        _ if said.kind == "overloaded_error" => Failure::Overloaded,
        409 | 500.. => Failure::Provider,
        _ => Failure::Rejected,
    };
    let passing = matches!(status, 408 | 409 | 429 | 500..)
        && !matches!(failure, Failure::ContextFull | Failure::NoCredit | Failure::Image);
    let again = match headers.get("x-should-retry").map(|value| value.as_bytes()) {
        Some(b"true") => true,
        Some(b"false") => false,
        _ => passing,
    };
    Broken { failure, again, wait }
}

/// `retry-after-ms` in milliseconds, or `retry-after` in seconds; a date there is not read.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| -> Option<f64> {
        let value: f64 = headers.get(name)?.to_str().ok()?.trim().parse().ok()?;
        (0.0..=86_400_000.0).contains(&value).then_some(value)
    };
    let seconds = match number("retry-after-ms") {
        Some(milliseconds) => milliseconds / 1000.0,
        None => number("retry-after")?,
    };
    Some(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn broken(status: u16, body: Value, pairs: &[(&'static str, &'static str)], images: bool) -> Broken {
        classify(status, Said::read(&body).as_ref(), &headers(pairs), images)
    }

    #[test]
    fn every_failure_has_its_own_sentence() {
        let all = [
            Failure::Unreachable,
            Failure::Cut,
            Failure::Timeout,
            Failure::Unauthorised,
            Failure::UnknownModel,
            Failure::RateLimited(None),
            Failure::RateLimited(Some(Duration::from_secs(7))),
            Failure::NoCredit,
            Failure::Overloaded,
            Failure::ContextFull,
            Failure::Image,
            Failure::Rejected,
            Failure::Provider,
            Failure::Malformed,
        ];
        let sentences: std::collections::BTreeSet<_> = all.iter().map(Failure::sentence).collect();
        assert_eq!(sentences.len(), all.len());
        assert!(Failure::RateLimited(Some(Duration::from_secs(7))).sentence().contains("7 segundos"));
        assert!(Failure::RateLimited(Some(Duration::from_secs(600))).sentence().contains("10 minutos"));
    }

    #[test]
    fn errors_of_the_messages_api() {
        let error = |kind: &str| json!({"type": "error", "error": {"type": kind, "message": "x"}});
        assert_eq!(broken(401, error("authentication_error"), &[], false), Broken::for_good(Failure::Unauthorised));
        assert_eq!(broken(403, error("permission_error"), &[], false), Broken::for_good(Failure::Unauthorised));
        assert_eq!(broken(404, error("not_found_error"), &[], false), Broken::for_good(Failure::UnknownModel));
        assert_eq!(broken(400, error("invalid_request_error"), &[], true), Broken::for_good(Failure::Rejected));
        assert_eq!(broken(402, error("billing_error"), &[], false), Broken::for_good(Failure::NoCredit));
        assert_eq!(broken(529, error("overloaded_error"), &[], false), Broken::passing(Failure::Overloaded));
        assert_eq!(broken(500, error("api_error"), &[], false), Broken::passing(Failure::Provider));
        assert_eq!(broken(413, error("request_too_large"), &[], true), Broken::for_good(Failure::Image));
        assert_eq!(broken(413, error("request_too_large"), &[], false), Broken::for_good(Failure::ContextFull));
        let long = json!({"type": "error", "error": {"type": "invalid_request_error",
            "message": "prompt is too long: 214031 tokens > 200000 maximum"}});
        assert_eq!(broken(400, long, &[], false).failure, Failure::ContextFull);
    }

    #[test]
    fn a_spending_limit_is_not_tried_again() {
        let spent = json!({"type": "error", "error": {"type": "rate_limit_error", "message": "no",
            "details": {"error_code": "enforced_spend_limit_reached"}}});
        assert_eq!(broken(429, spent, &[], false), Broken::for_good(Failure::NoCredit));
        let quota = json!({"error": {"type": "insufficient_quota", "code": "insufficient_quota", "message": "no"}});
        assert_eq!(broken(429, quota, &[], false), Broken::for_good(Failure::NoCredit));
    }

    #[test]
    fn the_provider_says_when_and_whether() {
        let five = Some(Duration::from_secs(5));
        let limited = broken(429, json!({}), &[("retry-after", "5")], false);
        assert_eq!(limited, Broken { failure: Failure::RateLimited(five), again: true, wait: five });
        let precise = broken(529, json!({}), &[("retry-after", "5"), ("retry-after-ms", "20")], false);
        assert_eq!(precise.wait, Some(Duration::from_millis(20)));
        assert!(!broken(500, json!({}), &[("x-should-retry", "false")], false).again);
        assert!(broken(400, json!({}), &[("x-should-retry", "true")], false).again);
        for odd in ["-1", "NaN", "inf", "Wed, 21 Oct 2026 07:28:00 GMT", "1e300", ""] {
            let odd = HeaderMap::from_iter([("retry-after".parse().unwrap(), odd.parse().unwrap())]);
            assert_eq!(classify(429, None, &odd, false).wait, None);
        }
    }

    #[test]
    fn errors_of_self_hosted_servers() {
        let llama = json!({"error": {"code": 400, "type": "exceed_context_size_error", "n_ctx": 2048,
            "message": "request (21032 tokens) exceeds the available context size (2048 tokens)"}});
        assert_eq!(broken(400, llama, &[], false), Broken::for_good(Failure::ContextFull));
        let blind = json!({"error": {"code": 500, "type": "server_error",
            "message": "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"}});
        assert_eq!(broken(500, blind, &[], true), Broken::for_good(Failure::Image));
        let missing = json!({"error": "model 'x' not found, try pulling it first"});
        assert_eq!(broken(404, missing, &[], false), Broken::for_good(Failure::UnknownModel));
        let loading = json!({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}});
        assert_eq!(broken(503, loading, &[], false), Broken::passing(Failure::Overloaded));
    }

    #[test]
    fn errors_in_a_running_stream() {
        let overloaded = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
        assert_eq!(Said::read(&overloaded).unwrap().in_stream(), Broken::passing(Failure::Overloaded));
        let text = json!({"error": "an error was encountered while running the model"});
        assert_eq!(Said::read(&text).unwrap().in_stream(), Broken::passing(Failure::Provider));
        assert_eq!(Said::read(&json!({"error": null})), None);
    }
}
