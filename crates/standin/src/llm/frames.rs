//! An answer as the bytes of either wire format.

use bytes::Bytes;
use serde_json::{Value, json};

use super::reply::{Fault, Reply};

/// Which format is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Messages,
    Completions,
}

/// A step of an answer.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Send(Bytes),
    /// Until released.
    Hold,
    /// The connection breaks.
    Break,
}

/// The status, headers and body of a request that fails at once.
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

pub(super) fn refused(fault: &Fault, dialect: Dialect) -> Option<Refused> {
    let vendor = |status: u16, kind: &str, message: &str| {
        let mut error = json!({"error": {"type": kind, "message": message}});
        if dialect == Dialect::Messages {
            error["type"] = json!("error");
            error["request_id"] = json!("req_teste");
        }
        Refused { status, headers: Vec::new(), body: error.to_string() }
    };
    let with = |mut refused: Refused, name: &'static str, value: String| {
        refused.headers.push((name, value));
        refused
    };
    Some(match fault {
        Fault::Overloaded => vendor(529, "overloaded_error", "Overloaded"),
        Fault::RateLimited(wait) => {
            with(vendor(429, "rate_limit_error", "Slow down"), "retry-after-ms", wait.to_string())
        }
        Fault::RateLimitedSeconds(wait) => {
            with(vendor(429, "rate_limit_error", "Slow down"), "retry-after", wait.to_string())
        }
        Fault::SpendLimit => {
            let error = json!({"type": "error", "error": {"type": "rate_limit_error", "message": "Spend limit reached",
                "details": {"error_code": "enforced_spend_limit_reached"}}});
            Refused { status: 429, headers: Vec::new(), body: error.to_string() }
        }
        Fault::Unauthorised => vendor(401, "authentication_error", "invalid x-api-key"),
        Fault::UnknownModel => vendor(404, "not_found_error", "model: nenhum"),
        Fault::ContextTooLong => match dialect {
            Dialect::Messages => {
                vendor(400, "invalid_request_error", "prompt is too long: 214031 tokens > 200000 maximum")
            }
            Dialect::Completions => {
                let error = json!({"error": {"code": "context_length_exceeded", "type": "invalid_request_error",
                    "message": "This model's maximum context length is 4096 tokens."}});
                Refused { status: 400, headers: Vec::new(), body: error.to_string() }
            }
        },
        Fault::ContextTooLongLlama => {
            let error = json!({"error": {"code": 400, "type": "exceed_context_size_error", "n_prompt_tokens": 21032,
                "n_ctx": 2048,
                "message": "request (21032 tokens) exceeds the available context size (2048 tokens), try increasing it"}});
            Refused { status: 400, headers: Vec::new(), body: error.to_string() }
        }
        Fault::NoImages => {
            let error = json!({"error": {"code": 500, "type": "server_error",
                "message": "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"}});
            Refused { status: 500, headers: Vec::new(), body: error.to_string() }
        }
        Fault::InternalForGood => {
            with(vendor(500, "api_error", "Internal server error"), "x-should-retry", "false".into())
        }
        Fault::BadGateway => Refused {
            status: 502,
            headers: vec![("content-type", "text/html".into())],
            body: "<html><body><h1>502 Bad Gateway</h1></body></html>".into(),
        },
        _ => return None,
    })
}

/// The steps of an answer that begins with status 200. `chunk` is the size of a text delta in characters.
pub(super) fn steps(reply: &Reply, dialect: Dialect, model: &str, chunk: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    let wire = Wire { dialect, model };
    if reply.fault == Fault::HoldBefore {
        steps.push(Step::Hold);
    }
    steps.extend(wire.start());
    let limit = match reply.fault {
        Fault::CutAfter(at) | Fault::ErrorAfter(at) | Fault::MaxTokensAfter(at) | Fault::ContextFullAfter(at) => {
            Some(at)
        }
        Fault::Refusal => Some(120),
        _ => None,
    };
    let hold = match reply.fault {
        Fault::HoldAfter(at) => Some(at),
        _ => None,
    };
    let mut rest = reply.document.as_str();
    if let Some(limit) = limit {
        rest = rest.get(..rest.floor_char_boundary(limit)).unwrap_or(rest);
    }
    let mut sent = 0;
    let mut held = false;
    let mut output = 0;
    while !rest.is_empty() {
        let end = rest.char_indices().nth(chunk.max(1)).map_or(rest.len(), |(at, _)| at);
        let (piece, more) = rest.split_at(end);
        if !held && hold.is_some_and(|hold| sent + piece.len() > hold) {
            steps.push(Step::Hold);
            held = true;
        }
        steps.push(wire.text(piece));
        // After the first sentence's beginning, where a letter may stand.
        if reply.fault == Fault::InvalidUtf8 && sent <= 60 && sent + piece.len() > 60 {
            steps.push(with_invalid_utf8(&wire));
        }
        sent += piece.len();
        output += 1;
        rest = more;
    }
    if hold.is_some() && !held {
        steps.push(Step::Hold);
    }
    match reply.fault {
        Fault::CutAfter(_) => steps.push(Step::Break),
        Fault::ErrorAfter(_) => steps.push(wire.error()),
        Fault::Garbage => steps.push(Step::Send(Bytes::from_static(b"data: {nada\n\n"))),
        Fault::Refusal => steps.extend(wire.end(End::Refusal, output)),
        Fault::MaxTokensAfter(_) => steps.extend(wire.end(End::MaxTokens, output)),
        Fault::ContextFullAfter(_) => steps.extend(wire.end(End::ContextFull, output)),
        _ => steps.extend(wire.end(End::Complete, output)),
    }
    steps
}

/// A delta whose text is two bytes that occur in no UTF-8.
fn with_invalid_utf8(wire: &Wire) -> Step {
    let Step::Send(delta) = wire.text("\u{e000}") else { return Step::Break };
    let private = "\u{e000}".as_bytes();
    let at = delta.windows(private.len()).position(|window| window == private).unwrap_or(0);
    let mut bytes = delta.to_vec();
    bytes.splice(at..at + private.len(), [0xff, 0xfe]);
    Step::Send(bytes.into())
}

#[derive(Clone, Copy)]
enum End {
    Complete,
    MaxTokens,
    ContextFull,
    Refusal,
}

struct Wire<'a> {
    dialect: Dialect,
    model: &'a str,
}

impl Wire<'_> {
    fn start(&self) -> Vec<Step> {
        match self.dialect {
            Dialect::Messages => vec![
                event(
                    "message_start",
                    json!({"message": {"id": "msg_teste", "type": "message", "role": "assistant", "content": [],
                        "model": self.model, "stop_reason": null, "stop_sequence": null,
                        "usage": {"input_tokens": 700, "cache_creation_input_tokens": 40,
                            "cache_read_input_tokens": 60, "output_tokens": 1}}}),
                ),
                event(
                    "content_block_start",
                    json!({"index": 0, "content_block": {"type": "thinking", "thinking": ""}}),
                ),
                event(
                    "content_block_delta",
                    json!({"index": 0, "delta": {"type": "thinking_delta", "thinking": "pensando"}}),
                ),
                event("content_block_stop", json!({"index": 0})),
                event("content_block_start", json!({"index": 1, "content_block": {"type": "text", "text": ""}})),
                event("ping", json!({})),
            ],
            Dialect::Completions => vec![
                self.choice(json!({"role": "assistant", "content": null}), Value::Null),
                self.choice(json!({"reasoning_content": "pensando"}), Value::Null),
            ],
        }
    }

    fn text(&self, text: &str) -> Step {
        match self.dialect {
            Dialect::Messages => {
                event("content_block_delta", json!({"index": 1, "delta": {"type": "text_delta", "text": text}}))
            }
            Dialect::Completions => self.choice(json!({"content": text}), Value::Null),
        }
    }

    fn error(&self) -> Step {
        match self.dialect {
            Dialect::Messages => {
                event("error", json!({"error": {"type": "overloaded_error", "message": "Overloaded"}}))
            }
            Dialect::Completions => data(&json!({"error": {"code": 503, "message": "Overloaded", "type": "x"}})),
        }
    }

    fn end(&self, end: End, output: usize) -> Vec<Step> {
        match self.dialect {
            Dialect::Messages => {
                let (reason, details) = match end {
                    End::Complete => ("end_turn", Value::Null),
                    End::MaxTokens => ("max_tokens", Value::Null),
                    End::ContextFull => ("model_context_window_exceeded", Value::Null),
                    End::Refusal => ("refusal", json!({"type": "refusal", "category": "bio"})),
                };
                vec![
                    event("content_block_stop", json!({"index": 1})),
                    event(
                        "message_delta",
                        json!({"delta": {"stop_reason": reason, "stop_sequence": null, "stop_details": details},
                            "usage": {"output_tokens": output, "output_tokens_details": {"thinking_tokens": 5}}}),
                    ),
                    event("message_stop", json!({})),
                ]
            }
            Dialect::Completions => {
                let reason = match end {
                    End::Complete => "stop",
                    End::MaxTokens | End::ContextFull => "length",
                    End::Refusal => "content_filter",
                };
                let mut usage = self.chunk();
                usage["usage"] = json!({"prompt_tokens": 800, "completion_tokens": output, "total_tokens": 800 + output,
                    "prompt_tokens_details": {"cached_tokens": 60}});
                vec![
                    self.choice(json!({}), json!(reason)),
                    data(&usage),
                    Step::Send(Bytes::from_static(b"data: [DONE]\n\n")),
                ]
            }
        }
    }

    fn chunk(&self) -> Value {
        // Like llama.cpp, it gives away a path.
        json!({"choices": [], "created": 1_795_000_000, "id": "chatcmpl-teste", "model": "/models/teste.gguf",
            "object": "chat.completion.chunk"})
    }

    fn choice(&self, delta: Value, reason: Value) -> Step {
        let mut chunk = self.chunk();
        chunk["choices"] = json!([{"index": 0, "delta": delta, "finish_reason": reason}]);
        data(&chunk)
    }
}

fn event(name: &str, mut value: Value) -> Step {
    value["type"] = json!(name);
    Step::Send(Bytes::from(format!("event: {name}\ndata: {value}\n\n")))
}

fn data(value: &Value) -> Step {
    Step::Send(Bytes::from(format!("data: {value}\n\n")))
}
