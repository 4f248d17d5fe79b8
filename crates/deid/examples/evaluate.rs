//! Strict precision and recall by type on a labelled file in the form of tarja-bench: one JSON object a
//! line with `text` and `spans` of `start`, `end` (code points) and `entity`.
//!
//! ```text
//! cargo run --release -p sigilo-deid --example evaluate -- synthetic_controlled.dev.jsonl [-v]
//! ```
//!
//! A hit has the type and both ends of the label. Labels of types we do not have are left out; a
//! detection that touches one is counted apart, as neither right nor wrong: the number is personal too.
//! With `-v`, misses and false alarms are printed. Without a file, lines of standard input are redacted.

#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, stdin};

use serde_json::Value;
use sigilo_deid::{Kind, redact, scan};

#[derive(Default)]
struct Score {
    labels: u32,
    hits: u32,
    /// Labels whose every character was removed, under whatever name.
    covered: u32,
    alarms: u32,
}

fn kind(entity: &str) -> Option<Kind> {
    Some(match entity.trim_start_matches("BR_") {
        "CPF" => Kind::Cpf,
        "CNPJ" => Kind::Cnpj,
        "CNS" => Kind::Cns,
        "TELEFONE" => Kind::Telefone,
        "CEP" => Kind::Cep,
        "PLACA" => Kind::Placa,
        "PIX_EVP" => Kind::Pix,
        "NOME" => Kind::Nome,
        _ => return None,
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let Some(file) = args.next() else {
        for line in stdin().lock().lines() {
            let line = line?;
            let found = scan(&line);
            println!("{}", redact(&line, &found));
            for d in &found {
                println!(
                    "    {:10} {:.2} {:16} {:?}",
                    d.kind.code(),
                    d.confidence,
                    d.method.code(),
                    &line[d.start..d.end]
                );
            }
        }
        return Ok(());
    };
    let verbose = args.next().is_some();

    let mut scores: BTreeMap<(String, Kind), Score> = BTreeMap::new();
    let mut elsewhere = 0;
    for line in BufReader::new(File::open(file)?).lines() {
        let doc: Value = serde_json::from_str(&line?)?;
        let (Some(text), Some(spans)) = (doc["text"].as_str(), doc["spans"].as_array()) else {
            return Err("a line without text or spans".into());
        };
        let level = doc["difficulty"].as_str().unwrap_or("-").to_owned();
        let bytes: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
        let labels: Vec<(Option<Kind>, usize, usize)> = spans
            .iter()
            .filter_map(|s| {
                let at = |key: &str| bytes.get(s[key].as_u64()? as usize).copied();
                Some((kind(s["entity"].as_str()?), at("start")?, at("end")?))
            })
            .collect();
        let found = scan(text);
        for &(label, start, end) in &labels {
            let Some(label) = label else { continue };
            let score = scores.entry((level.clone(), label)).or_default();
            score.labels += 1;
            let hit = found.iter().any(|d| (d.kind, d.start, d.end) == (label, start, end));
            score.hits += u32::from(hit);
            let removed = found.iter().any(|d| d.start <= start && end <= d.end);
            score.covered += u32::from(removed);
            if verbose && !hit {
                println!("missed {} {:?} in {text:?}", label.code(), &text[start..end]);
            }
        }
        for d in &found {
            let touches =
                |other: bool| labels.iter().any(|&(k, s, e)| k.is_none() == other && s < d.end && d.start < e);
            if touches(true) && !touches(false) {
                elsewhere += 1;
            } else if !labels.contains(&(Some(d.kind), d.start, d.end)) {
                scores.entry((level.clone(), d.kind)).or_default().alarms += 1;
                if verbose {
                    println!("alarm {} {:?} in {text:?}", d.kind.code(), &text[d.start..d.end]);
                }
            }
        }
    }

    println!("level type        labels  precision  recall     F1  removed");
    let mut all = Score::default();
    let line = |level: &str, name: &str, s: &Score| {
        let ratio = |a: u32, b: u32| f64::from(a) / f64::from(b.max(1));
        let (p, r) = (ratio(s.hits, s.hits + s.alarms), ratio(s.hits, s.labels));
        let f1 = if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 };
        println!("{level:5} {name:10} {:7}  {p:9.3}  {r:6.3} {f1:6.3}  {:7.3}", s.labels, ratio(s.covered, s.labels));
    };
    for ((level, kind), score) in &scores {
        line(level, kind.code(), score);
        all.labels += score.labels;
        all.hits += score.hits;
        all.covered += score.covered;
        all.alarms += score.alarms;
    }
    line("all", "", &all);
    println!("{elsewhere} detections on personal numbers of types we do not name");
    Ok(())
}
