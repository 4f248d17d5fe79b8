//! Assesses the notes given as arguments and prints what the engine makes of them.
//!
//! `cargo run -p sigilo-knowledge --example assess -- "Homem de 54 anos, dor no peito e sudorese"`

#![allow(clippy::print_stdout)]

fn main() -> serde_json::Result<()> {
    let notes: Vec<String> = std::env::args().skip(1).collect();
    let notes: Vec<&str> = notes.iter().map(String::as_str).collect();
    println!("{}", serde_json::to_string_pretty(&sigilo_knowledge::assess(&notes))?);
    Ok(())
}
