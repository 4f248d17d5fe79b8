//! How fast answers are read, and what prose without personal data loses on the way.
//!
//! ```text
//! cargo run --release -p sigilo-assistant --example reader                     bytes a second
//! cargo run --release -p sigilo-assistant --example reader -- prose TEXTS.txt  lines of prose that lose something
//! cargo run --release -p sigilo-assistant --example reader -- titles TEXTS.txt the same, as titles of references
//! ```

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use serde_json::json;
use sigilo_assistant::answer::reader::Reader;
use sigilo_standin::llm::answers;

/// Bytes of a piece, about a token.
const PIECE: usize = 4;
const ROUNDS: usize = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => rate(),
        (Some("prose"), Some(file)) => losses(&std::fs::read_to_string(file)?, prose),
        (Some("titles"), Some(file)) => losses(&std::fs::read_to_string(file)?, title),
        _ => return Err("usage: reader [prose|titles FILE]".into()),
    }
    Ok(())
}

fn read(document: &str, piece: usize) -> sigilo_assistant::answer::reader::Finished {
    let mut reader = Reader::new();
    let mut rest = document;
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(rest.ceil_char_boundary(piece));
        black_box(reader.push(piece));
        rest = more;
    }
    reader.finish(true)
}

/// Median over rounds of half a second.
fn rate() {
    for (name, document) in [("good", answers::good()), ("injected", answers::injected())] {
        for piece in [PIECE, document.len()] {
            let mut rates = Vec::with_capacity(ROUNDS);
            for _ in 0..ROUNDS {
                let start = Instant::now();
                let mut count = 0;
                while start.elapsed().as_millis() < 500 {
                    black_box(read(&document, piece));
                    count += 1;
                }
                rates.push((count * document.len()) as f64 / start.elapsed().as_secs_f64() / 1e6);
            }
            rates.sort_by(f64::total_cmp);
            let rate = rates[ROUNDS / 2];
            let each = document.len() as f64 / rate;
            println!("{name}: {} bytes in pieces of {piece}: {rate:.2} MB/s, {each:.0} µs an answer", document.len());
        }
    }
}

fn prose(line: &str) -> String {
    read(&json!({"raciocinio": line}).to_string(), 64).answer.raciocinio
}

fn title(line: &str) -> String {
    let document = json!({"referencias": [{"titulo": line, "palavras_chave": ["x"]}]}).to_string();
    read(&document, 64).answer.referencias.first().map(|cited| cited.title.clone()).unwrap_or_default()
}

fn losses(text: &str, shown: fn(&str) -> String) {
    let mut lost = 0;
    let lines: Vec<_> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in &lines {
        let have = shown(line);
        if have.trim() != line {
            lost += 1;
            println!("- {line}\n+ {have}");
        }
    }
    println!("{lost} of {} lines lose something", lines.len());
}
