//! What the stand-in does with a request.

use std::time::Duration;

use super::answers;

/// What the stand-in does with one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The answer's document.
    pub document: String,
    /// What goes wrong.
    pub fault: Fault,
    /// Pause between two chunks; none unless somebody is to watch.
    pub pace: Duration,
}

/// What goes wrong. Counts of bytes are bytes of the document.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing.
    None,
    /// The connection breaks after so many bytes.
    CutAfter(usize),
    /// An overload is reported inside the stream after so many bytes.
    ErrorAfter(usize),
    /// Nothing is sent until the stand-in is told to go on.
    HoldBefore,
    /// Nothing more is sent after so many bytes until the stand-in is told to go on.
    HoldAfter(usize),
    /// The token limit ends the answer after so many bytes.
    MaxTokensAfter(usize),
    /// The context is full after so many bytes.
    ContextFullAfter(usize),
    /// The model refuses; some text came before.
    Refusal,
    /// Bytes that are no UTF-8 in the middle of the text.
    InvalidUtf8,
    /// Events that are no JSON.
    Garbage,
    /// 529, at once.
    Overloaded,
    /// 429 with these milliseconds in `retry-after-ms`.
    RateLimited(u64),
    /// 429 with these seconds in `retry-after`.
    RateLimitedSeconds(u64),
    /// 429 that must not be tried again.
    SpendLimit,
    /// 401.
    Unauthorised,
    /// 404.
    UnknownModel,
    /// 400 in the words of the vendor.
    ContextTooLong,
    /// 400 in the words of llama.cpp, whatever the path.
    ContextTooLongLlama,
    /// 500 in the words of llama.cpp, for an image.
    NoImages,
    /// 500 that must not be tried again.
    InternalForGood,
    /// 502 with a page of HTML.
    BadGateway,
}

impl Default for Reply {
    fn default() -> Reply {
        Reply { document: answers::good(), fault: Fault::None, pace: Duration::ZERO }
    }
}

impl Reply {
    /// This document, without a fault.
    pub fn document(document: impl Into<String>) -> Reply {
        Reply { document: document.into(), ..Reply::default() }
    }

    /// The good answer with this fault.
    pub fn fault(fault: Fault) -> Reply {
        Reply { fault, ..Reply::default() }
    }

    /// What the marker word `roteiro:NAME` in the doctor's text asks for; `before` is how often it was asked before.
    /// None for an unknown name.
    pub fn named(name: &str, before: usize) -> Option<Reply> {
        let once = |fault| if before == 0 { fault } else { Fault::None };
        Some(match name {
            "bom" => Reply::default(),
            "sem_referencias" => Reply::document(answers::unreferenced()),
            "injecao" => Reply::document(answers::injected()),
            "dados_pessoais" => Reply::document(answers::personal()),
            "prosa" => Reply::document(answers::prose()),
            "devagar" => Reply { pace: Duration::from_millis(40), ..Reply::default() },
            "sobrecarga" => Reply::fault(once(Fault::Overloaded)),
            "sobrecarga_sempre" => Reply::fault(Fault::Overloaded),
            "limite" => Reply::fault(Fault::RateLimitedSeconds(30)),
            "limite_breve" => Reply::fault(once(Fault::RateLimited(1))),
            "gasto" => Reply::fault(Fault::SpendLimit),
            "chave" => Reply::fault(Fault::Unauthorised),
            "modelo" => Reply::fault(Fault::UnknownModel),
            "contexto" => Reply::fault(Fault::ContextTooLong),
            "contexto_llama" => Reply::fault(Fault::ContextTooLongLlama),
            "contexto_cheio" => Reply::fault(Fault::ContextFullAfter(900)),
            "imagem" => Reply::fault(Fault::NoImages),
            "corte" => Reply::fault(Fault::CutAfter(900)),
            "erro_no_meio" => Reply::fault(Fault::ErrorAfter(900)),
            "espera" => Reply::fault(Fault::HoldBefore),
            "pausa" => Reply::fault(Fault::HoldAfter(900)),
            "tokens" => Reply::fault(Fault::MaxTokensAfter(1500)),
            "recusa" => Reply::fault(Fault::Refusal),
            "utf8" => Reply::fault(Fault::InvalidUtf8),
            "lixo" => Reply::fault(Fault::Garbage),
            "html502" => Reply::fault(Fault::BadGateway),
            "erro" => Reply::fault(Fault::InternalForGood),
            _ => return None,
        })
    }
}
