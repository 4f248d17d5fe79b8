//! Measurements that are findings: temperature, respiratory rate, body mass index. Other vital signs are understood
//! but say nothing that the table asks.

use super::Mention;
use crate::lexicon::Lexicon;
use crate::text::{Gap, Token, number};
use crate::{Patient, Presence};

/// How many tokens after its label a value may come.
const REACH: usize = 4;

#[derive(Clone, Copy, PartialEq)]
enum Vital {
    Temperature,
    Respiration,
    MassIndex,
    Other,
}

fn vital(token: &Token) -> Option<Vital> {
    Some(match token.text.as_str() {
        "t" | "tax" | "temp" | "temperatura" | "tx" | "taxilar" => Vital::Temperature,
        "fr" | "frequencia" => Vital::Respiration,
        "imc" => Vital::MassIndex,
        "fc" | "pa" | "sat" | "sato2" | "spo2" | "saturacao" | "so2" | "pas" | "pad" | "pam" | "dx" | "hgt"
        | "glicemia" | "pulso" => Vital::Other,
        _ => return None,
    })
}

/// Marks the words of measurements as understood and returns what they say.
pub(super) fn mentions(tokens: &[Token], lexicon: &Lexicon, patient: &Patient, covered: &mut [bool]) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut present = |concept: usize, from: usize, to: usize| {
        found.push(Mention {
            concept,
            presence: Presence::Present,
            span: (tokens[from].span.0, tokens[to].span.1),
            implied: false,
        });
    };
    for at in 0..tokens.len() {
        if let Some(value) = number(&tokens[at].text)
            && tokens
                .get(at + 1)
                .is_some_and(|unit| unit.gap <= Gap::Space && matches!(unit.text.as_str(), "c" | "graus"))
            && (37.8..=43.0).contains(&value)
        {
            present(lexicon.fever, at, at);
        }
        let Some(mut kind) = vital(&tokens[at]) else { continue };
        if tokens[at].text == "frequencia" && tokens.get(at + 1).is_some_and(|next| next.text.starts_with("card")) {
            kind = Vital::Other;
        }
        let value = (at + 1..tokens.len().min(at + 1 + REACH))
            .take_while(|next| tokens[*next].gap < Gap::Stop && vital(&tokens[*next]).is_none())
            .find_map(|next| number(&tokens[next].text).map(|value| (next, value)));
        let Some((to, value)) = value else { continue };
        covered[at] = true;
        match kind {
            Vital::Temperature if (37.8..=43.0).contains(&value) => present(lexicon.fever, at, to),
            Vital::Respiration if (fast(patient)..=90.0).contains(&value) => present(lexicon.dyspnoea, at, to),
            Vital::MassIndex if (30.0..=90.0).contains(&value) => present(lexicon.obesity, at, to),
            Vital::MassIndex if (8.0..18.5).contains(&value) => present(lexicon.underweight, at, to),
            _ => {}
        }
    }
    found
}

/// Breaths a minute from which breathing is laboured, by age.
fn fast(patient: &Patient) -> f32 {
    match patient.age {
        Some(0) => 60.0,
        Some(1..=4) => 40.0,
        Some(5..=11) => 30.0,
        _ => 25.0,
    }
}
