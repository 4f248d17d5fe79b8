//! Both wire formats against a real llama.cpp server with a tiny model (see `scripts/llama`).
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::StreamExt;

use sigilo_assistant::answer::reader::Reader;
use sigilo_assistant::provider::{
    Failure, Piece, Provider, Remote, Request, Stop, anthropic::Anthropic, openai::OpenAi,
};
use support::{Read, question, read, turn};

/// A running server. Its input closes when it is dropped, and it stops.
struct Llama {
    base: String,
    process: Child,
}

impl Drop for Llama {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn python() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let cache = variable("SIGILO_CACHE")
        .or_else(|| variable("XDG_CACHE_HOME").map(|cache| cache.join("sigilo")))
        .or_else(|| variable("HOME").map(|home| home.join(".cache/sigilo")))
        .unwrap_or_default();
    cache.join("llama/bin/python")
}

/// None, with a word on why, where the model is not installed and need not be.
fn llama() -> Option<Llama> {
    let python = python();
    if !python.exists() {
        assert!(
            std::env::var_os("SIGILO_REQUIRE_ALL").is_none(),
            "run scripts/llama first: {} is missing",
            python.display()
        );
        eprintln!("left out: no model; scripts/llama installs one");
        return None;
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut process = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/llama/server.py"))
        .arg(port.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let ready = BufReader::new(process.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .any(|line| line.starts_with("ready"));
    let llama = Llama { base: format!("http://127.0.0.1:{port}"), process };
    assert!(ready, "the server did not start");
    Some(llama)
}

fn remote(base: &str) -> Remote {
    Remote {
        base: base.parse().unwrap(),
        model: "smollm2".to_owned(),
        key: None,
        idle: Duration::from_secs(120),
        total: Duration::from_secs(300),
    }
}

fn providers(base: &str, tokens: u32) -> [Box<dyn Provider>; 2] {
    let remote = remote(base);
    [
        Box::new(Anthropic::new(&remote).unwrap().with_max_output(tokens)),
        Box::new(OpenAi::new(&remote).unwrap().with_max_output(tokens)),
    ]
}

fn brief(text: &str) -> Request {
    Request { system: "Responda em JSON.".to_owned(), ..question(text) }
}

fn assert_no_path(read: &Read) {
    assert!(read.started.iter().all(|(_, model)| model.is_none()), "a path came through: {:?}", read.started);
}

/// One server for all: it takes a second to start and answers one request at a time.
#[tokio::test]
async fn a_real_server_in_both_formats() {
    let Some(llama) = llama() else { return };
    streams(&llama.base).await;
    cancels(&llama.base).await;
    overflows(&llama.base).await;
}

async fn streams(base: &str) {
    for provider in providers(base, 24) {
        assert_eq!(provider.check().await.unwrap().model, "smollm2");
        let read = read(provider.answer(brief("Dor de garganta."))).await;
        assert_eq!((read.failure.clone(), read.stop.clone()), (None, Some(Stop::MaxTokens)), "{}", provider.name());
        assert!(!read.text.is_empty());
        assert_no_path(&read);
        let usage = read.usage.unwrap();
        assert!(usage.output >= 20 && usage.input > 10, "{usage:?}");
        // Held to the schema where the server can be; a tiny model left to itself writes what it likes.
        let mut reader = Reader::new();
        reader.push(&read.text);
        let finished = reader.finish(false);
        assert!(finished.report.incomplete);
        if provider.name() == "openai" {
            assert!(!finished.report.malformed, "{}", read.text);
            let start: String = read.text.split_whitespace().collect();
            assert!(start.starts_with("{\"raciocinio\":\""), "{start}");
        }
    }
}

async fn cancels(base: &str) {
    for provider in providers(base, 2000) {
        let mut stream = provider.answer(brief("Conte uma história longa."));
        while !matches!(stream.next().await, Some(Ok(Piece::Text(_)))) {}
        drop(stream);
        // The server has one place: it answers again only because the first request ended.
        let next = read(providers(base, 1)[1].answer(brief("Oi."))).await;
        assert_eq!((next.failure, next.stop), (None, Some(Stop::MaxTokens)));
    }
}

async fn overflows(base: &str) {
    for provider in providers(base, 8) {
        let long = Request { turns: vec![turn(true, &"febre e tosse ".repeat(2000))], ..brief("") };
        let read = read(provider.answer(long)).await;
        assert_eq!((read.failure, read.retries.len()), (Some(Failure::ContextFull), 0), "{}", provider.name());
    }
}
