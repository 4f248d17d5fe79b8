//! The program that journeys start.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn send(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address.trim_start_matches("http://")).unwrap();
    write!(stream, "{request}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_prints_where_it_listens_and_answers_there() {
    let mut process = Running(Command::new(env!("CARGO_BIN_EXE_standin")).stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let addresses: Value = serde_json::from_str(&line).unwrap();
    let llm = addresses["llm"].as_str().unwrap();
    assert!(addresses["pubmed"].as_str().unwrap().ends_with("/entrez/eutils/"));

    let body = r#"{"model":"m","messages":[{"role":"user","content":"roteiro:recusa"}]}"#;
    let length = body.len();
    let request =
        format!("POST /v1/messages HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    let answer = send(llm, &request);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"refusal\""), "{answer}");
    let seen = send(llm, "GET /_standin/requests HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(seen.contains("\"path\":\"/v1/messages\"") && seen.contains("\"answered\":true"), "{seen}");
}
