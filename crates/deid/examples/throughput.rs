//! Bytes a second of CPU time of one thread, over a file with one message a line.
//!
//! ```text
//! cargo run --release -p sigilo-deid --example throughput -- messages.txt
//! ```
//!
//! Prints one JSON object. `scan` is finding alone, `deidentify` finding and writing the redacted text.
//! Each is the median of seven rounds.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::hint::black_box;

use sigilo_deid::{deidentify, scan};

/// CPU time of this process in nanoseconds, as the kernel counts it.
fn cpu_nanoseconds() -> Result<u64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/schedstat")?;
    let run = stat.split_ascii_whitespace().next().ok_or("empty schedstat")?;
    Ok(run.parse()?)
}

const ROUNDS: usize = 7;
/// Long enough for the kernel's clock, which may lag by a tick.
const ROUND_NANOSECONDS: u64 = 400_000_000;

fn median(bytes: usize, mut work: impl FnMut()) -> Result<f64, Box<dyn Error>> {
    work();
    let mut rates = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = cpu_nanoseconds()?;
        let mut passes = 0;
        let elapsed = loop {
            work();
            passes += 1;
            let elapsed = cpu_nanoseconds()?.saturating_sub(start);
            if elapsed >= ROUND_NANOSECONDS {
                break elapsed;
            }
        };
        rates.push((bytes * passes) as f64 / elapsed as f64 * 1e9);
    }
    rates.sort_by(f64::total_cmp);
    Ok(rates[ROUNDS / 2])
}

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args_os().nth(1).ok_or("usage: throughput MESSAGES.txt")?;
    let text = std::fs::read_to_string(file)?;
    let messages: Vec<&str> = text.lines().collect();
    let bytes = messages.iter().map(|m| m.len()).sum();

    let mut detections = 0;
    let scanned = median(bytes, || {
        detections = messages.iter().map(|m| black_box(scan(m)).len()).sum();
    })?;
    let deidentified = median(bytes, || {
        for message in &messages {
            black_box(deidentify(message, &[]));
        }
    })?;
    println!(
        "{{\"messages\": {}, \"bytes\": {bytes}, \"detections\": {detections}, \
         \"scan_bytes_per_s\": {scanned:.0}, \"deidentify_bytes_per_s\": {deidentified:.0}}}",
        messages.len()
    );
    Ok(())
}
