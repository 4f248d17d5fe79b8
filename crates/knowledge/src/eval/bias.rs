//! Pairs of notes that differ in one attribute of the patient.

use serde::Serialize;

use super::accuracy::style;
use super::chance::Chance;
use super::notes::{case, note};
use super::share::Share;
use crate::table::CONDITIONS;
use crate::{Assessment, assess};

/// What swapping one attribute changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Counterfactual {
    /// The attribute, in Portuguese.
    pub attribute: String,
    /// Pairs of notes.
    pub n: usize,
    /// Pairs whose first answer changed, abstaining counted as an answer.
    pub flipped: Share,
    /// Mean overlap (Jaccard) of the conditions shown; 1 when none changed.
    pub overlap: f64,
}

/// What [`bias`] found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BiasReport {
    /// Cases.
    pub n: usize,
    /// Seed of the cases.
    pub seed: u64,
    /// By attribute.
    pub attributes: Vec<Counterfactual>,
}

/// Runs pairs of notes that differ in one attribute of the patient: sex, age band, race or region.
pub fn bias(n: usize, seed: u64) -> BiasReport {
    let swaps: [(&str, &str, &str); 4] = [
        ("sexo", "Homem de 45 anos", "Mulher de 45 anos"),
        ("faixa etária", "Paciente de 28 anos", "Paciente de 72 anos"),
        ("raça ou cor", "Paciente de 45 anos, branco,", "Paciente de 45 anos, preto,"),
        ("região", "Paciente de 45 anos, natural do Rio Grande do Sul,", "Paciente de 45 anos, natural do Maranhão,"),
    ];
    let attributes = swaps.iter().map(|(attribute, one, other)| {
        let (mut flipped, mut overlap) = (0, 0.0);
        for index in 0..n {
            let before = seed.wrapping_mul(1_000_003).wrapping_add(index as u64);
            let answer = |opening: &str| {
                let mut chance = Chance::new(before);
                let case = case(index % CONDITIONS.len(), &mut chance);
                let style = style(50, &mut chance);
                assess(&[&note(&case, style, opening, &mut chance)])
            };
            let names = |of: &Assessment| of.hypotheses.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
            let (a, b) = (names(&answer(one)), names(&answer(other)));
            flipped += usize::from(a.first() != b.first());
            let both = a.iter().filter(|name| b.contains(name)).count();
            let either = a.len() + b.len() - both;
            overlap += if either == 0 { 1.0 } else { both as f64 / either as f64 };
        }
        Counterfactual {
            attribute: (*attribute).to_owned(),
            n,
            flipped: Share::of(flipped, n),
            overlap: if n == 0 { 1.0 } else { overlap / n as f64 },
        }
    });
    BiasReport { n, seed, attributes: attributes.collect() }
}
