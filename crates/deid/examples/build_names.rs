//! Builds `data/nomes.txt` from the census list of first names.
//!
//! ```text
//! cargo run -p sigilo-deid --example build_names -- nomes-censos-ibge.csv palavras.txt > crates/deid/data/nomes.txt
//! ```
//!
//! The first file has a name and its bearers by decade on each line. The second holds ordinary words, one
//! a line in any case (the expanded VERO dictionary was used): a name borne by fewer than
//! [`KEEP_AMBIGUOUS`] people that is also an ordinary word is left out, because nearly every occurrence
//! of it in a medical note is the word.

use std::collections::{BTreeMap, HashSet};
use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

/// Rarer names are left to the words that introduce them.
const MIN_BEARERS: u64 = 60;
const KEEP_AMBIGUOUS: u64 = 2_500;

const ORIGIN: &str = "\
# First names of people counted in the Brazilian census of 2010 (IBGE, Nomes no Brasil), from the data
# package datasets-br/prenomes, ODC Public Domain Dedication and License. Made by examples/build_names.rs.
# A line is: letters shared with the name above (base 36), the letters that follow, and a digit for how
# many bear the name: 1 from 60, 2 from 200, 3 from 1,000, 4 from 10,000, 5 from 50,000, 6 from 200,000,
# 7 from 1,000,000.
";

fn bucket(bearers: u64) -> u8 {
    [0, 200, 1_000, 10_000, 50_000, 200_000, 1_000_000].iter().filter(|&&least| bearers >= least).count() as u8
}

fn fold(word: &str) -> String {
    word.chars()
        .map(|c| match c {
            'á' | 'à' | 'ã' | 'â' => 'a',
            'é' | 'ê' => 'e',
            'í' => 'i',
            'ó' | 'õ' | 'ô' => 'o',
            'ú' | 'ü' => 'u',
            'ç' => 'c',
            c => c.to_ascii_lowercase(),
        })
        .collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let (Some(names), Some(words)) = (args.next(), args.next()) else {
        return Err("usage: build_names NAMES.csv WORDS.txt".into());
    };

    let mut bearers = BTreeMap::new();
    for line in BufReader::new(File::open(names)?).lines().skip(1) {
        let line = line?;
        let mut fields = line.split(',');
        let name = fields.next().unwrap_or_default().to_ascii_lowercase();
        let count: u64 = fields.filter_map(|n| n.trim().parse::<u64>().ok()).sum();
        if count >= MIN_BEARERS && name.len() >= 2 && name.bytes().all(|b| b.is_ascii_lowercase()) {
            bearers.insert(name, count);
        }
    }

    let mut ambiguous = HashSet::new();
    for line in BufReader::new(File::open(words)?).lines() {
        let line = line?;
        // Only words written in lower case: the dictionary lists names too.
        if line.starts_with(char::is_lowercase) {
            let word = fold(line.trim());
            if bearers.contains_key(&word) {
                ambiguous.insert(word);
            }
        }
    }

    let mut out = io::BufWriter::new(io::stdout().lock());
    out.write_all(ORIGIN.as_bytes())?;
    let mut above = String::new();
    for (name, count) in bearers {
        if count < KEEP_AMBIGUOUS && ambiguous.contains(&name) {
            continue;
        }
        let shared = above.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
        let shared_digit = char::from_digit(shared as u32, 36).ok_or("name too long")?;
        writeln!(out, "{shared_digit}{}{}", &name[shared..], bucket(count))?;
        above = name;
    }
    Ok(out.flush()?)
}
