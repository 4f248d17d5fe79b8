#![allow(dead_code)]

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use zeroize::Zeroizing;

use sigilo_assistant::answer::prompt;
use sigilo_assistant::provider::{Failure, Piece, Provider, Remote, Request, Settings, Stop, Turn, Usage, build};

/// Both wire formats.
pub const DIALECTS: [Dialect; 2] = [Dialect::Messages, Dialect::Completions];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Messages,
    Completions,
}

pub fn remote(base: &str, model: &str) -> Remote {
    Remote {
        base: base.parse().unwrap(),
        model: model.to_owned(),
        key: Some(Zeroizing::new("chave-de-teste".to_owned())),
        idle: Duration::from_secs(60),
        total: Duration::from_secs(120),
    }
}

pub fn provider(dialect: Dialect, base: &str) -> Arc<dyn Provider> {
    build(&match dialect {
        Dialect::Messages => Settings::Anthropic(remote(base, "claude-opus-4-6")),
        Dialect::Completions => Settings::OpenAi(remote(base, "modelo-de-teste")),
    })
    .unwrap()
}

pub fn turn(from_doctor: bool, text: &str) -> Turn {
    Turn { from_doctor, text: sigilo_deid::deidentify(text, &[]).0 }
}

pub fn question(text: &str) -> Request {
    Request { system: prompt::system().to_owned(), turns: vec![turn(true, text)], images: Vec::new() }
}

/// A stream, read to its end.
#[derive(Debug, Default)]
pub struct Read {
    pub text: String,
    pub retries: Vec<(u32, &'static str)>,
    pub started: Vec<(Option<String>, Option<String>)>,
    pub usage: Option<Usage>,
    pub stop: Option<Stop>,
    pub failure: Option<Failure>,
}

pub async fn read(mut stream: BoxStream<'static, Result<Piece, Failure>>) -> Read {
    let mut read = Read::default();
    while let Some(piece) = stream.next().await {
        assert!(read.stop.is_none() && read.failure.is_none(), "nothing follows the end");
        match piece {
            Ok(Piece::Retrying { attempt, because }) => read.retries.push((attempt, because)),
            Ok(Piece::Started { request_id, model }) => read.started.push((request_id, model)),
            Ok(Piece::Text(text)) => {
                assert!(!read.started.is_empty(), "text before the start");
                read.text.push_str(&text);
            }
            Ok(Piece::Usage(usage)) => read.usage = Some(usage),
            Ok(Piece::Stopped(stop)) => read.stop = Some(stop),
            Err(failure) => read.failure = Some(failure),
        }
    }
    read
}
