//! How well the engine does on notes written from its own table.
//!
//! The patients are synthesised from the table that the engine reads, so every figure here is an upper bound: it says
//! how well notes are read and ranked, not how often the engine is right about real patients.

mod accuracy;
mod bias;
mod chance;
mod notes;
mod outside;
mod share;

pub use crate::rank::TEMPERATURE;
pub use accuracy::{AccuracyReport, Stratum, accuracy, accuracy_with, ranking};
pub use bias::{BiasReport, Counterfactual, bias};
pub use outside::{HandReport, OpenReport, OutsideReport, by_hand, open_world, outside};
pub use share::{Bin, Share};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::lexicon::LEXICON_DATA;
    use crate::text::tokens;
    use std::collections::BTreeSet;

    /// Content words in their order, as the lexicon compares them.
    fn key(form: &str) -> Vec<String> {
        tokens(form).into_iter().filter(|token| !crate::lexicon::joins(&token.text)).map(|token| token.stem).collect()
    }

    #[test]
    fn held_out_wordings_are_not_in_the_lexicon() {
        let own: BTreeSet<Vec<String>> =
            crate::lexicon::surfaces().iter().flat_map(|(_, forms)| forms.iter().map(|form| key(form))).collect();
        let mut count = 0;
        let mut leaked = Vec::new();
        for (code, form) in notes::held_out() {
            count += 1;
            assert!(LEXICON_DATA.concepts.iter().any(|concept| concept.code == code), "{code}");
            if own.contains(&key(form)) {
                leaked.push(form);
            }
        }
        assert!(leaked.is_empty(), "{leaked:?}");
        assert!(count > 250, "{count}");
    }

    #[test]
    fn the_interval_holds_the_share() {
        let share = Share::of(9, 10);
        assert!((share.low - 0.596).abs() < 0.01 && (share.high - 0.982).abs() < 0.01, "{share:?}");
    }
}
