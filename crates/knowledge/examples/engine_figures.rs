//! Prints the figures of the local knowledge engine as JSON lines.
//!
//! `cargo run --release -p sigilo-knowledge --example engine_figures [n]`

#![allow(clippy::print_stdout)]

use std::time::Instant;

use serde_json::json;
use sigilo_knowledge::{assess, eval};

/// Seed of the notes on which the temperature and the limits were chosen.
const TRAINING: u64 = 11;
/// Seed of the notes that are reported.
const HELD_OUT: u64 = 2026;

fn main() {
    let n: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(4900);
    println!("{}", json!({ "speed": speed() }));
    for tenths in [6, 7, 8, 9, 10, 11, 12, 14] {
        println!("{}", json!({ "fit": eval::open_world(n, TRAINING, "ajuste", f64::from(tenths) / 10.0) }));
    }
    println!("{}", json!({ "open_world": eval::open_world(n, HELD_OUT, "teste", eval::TEMPERATURE) }));
    println!("{}", json!({ "by_hand": eval::by_hand() }));
    let (top1, top3) = eval::ranking(n, HELD_OUT);
    println!("{}", json!({ "ranking_alone": { "top1": top1, "top3": top3 } }));
    for held_out in [0, 50, 100] {
        println!("{}", json!({ "accuracy": eval::accuracy_with(n, HELD_OUT, held_out) }));
    }
    println!("{}", json!({ "outside": [eval::outside("ajuste"), eval::outside("teste")] }));
    println!("{}", json!({ "bias": eval::bias(n / 5, HELD_OUT) }));
}

/// A note of one kilobyte, assessed until the clock tells something.
fn speed() -> serde_json::Value {
    let sentence = "Homem de 54 anos, hipertenso e tabagista, refere dor em aperto no peito irradiando para braço esquerdo há 2 horas, \
                    com náuseas e sudorese fria. Nega febre, tosse e palpitações. AP: HAS, DM2, DPOC. HF: pai com infarto aos 45 anos. \
                    Ao exame: Tax 36,5 °C, FC 98, PA 150x90, SatO2 95%, FR 22 irpm. Ausculta sem alterações. ";
    let note: String = sentence.repeat(3).chars().take(1024).collect();
    let first = Instant::now();
    assess(&[&note]);
    let warm = first.elapsed();
    let mut times: Vec<f64> = (0..2000)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(assess(&[std::hint::black_box(&note)]));
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    json!({ "bytes": note.len(), "first_call_ms_with_loading": warm.as_secs_f64() * 1e3, "p50_ms": times[1000], "p99_ms": times[1980] })
}
