//! The 49 conditions: what the DDXPlus table says, under our names.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// A condition of the table.
#[derive(Debug)]
pub(crate) struct Condition {
    /// Our short name, as the data files use it.
    pub id: &'static str,
    pub name: &'static str,
    pub english: &'static str,
    pub cid10: &'static str,
    pub severity: u8,
    pub evidences: BTreeSet<&'static str>,
    pub symptoms: Vec<&'static str>,
    pub antecedents: Vec<&'static str>,
}

const TABLE: &str = include_str!("../../../data/ddxplus/tabela.tsv");
const NAMES: &str = include_str!("../../../data/ddxplus/nomes.tsv");

/// The rows of a data file, cut at tabs, without comments and empty lines.
pub(crate) fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| line.split('\t').collect())
}

/// All conditions, in the order of the table.
pub(crate) static CONDITIONS: LazyLock<Vec<Condition>> = LazyLock::new(|| {
    let names: Vec<Vec<&'static str>> = rows(NAMES).collect();
    rows(TABLE)
        .filter_map(|row| {
            let [id, severity, _, symptoms, antecedents] = row[..] else { return None };
            let named = names.iter().find(|named| named[0] == id)?;
            let [_, _, name, cid10, english] = named[..] else { return None };
            let symptoms: Vec<_> = symptoms.split(' ').collect();
            let antecedents: Vec<_> = antecedents.split(' ').collect();
            Some(Condition {
                id,
                name,
                english,
                cid10,
                severity: severity.parse().ok()?,
                evidences: symptoms.iter().chain(&antecedents).copied().collect(),
                symptoms,
                antecedents,
            })
        })
        .collect()
});

/// Place of a condition by its short name.
pub(crate) fn place(id: &str) -> Option<usize> {
    CONDITIONS.iter().position(|condition| condition.id == id)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_table_is_whole_and_every_code_is_in_the_cid10() {
        assert_eq!(CONDITIONS.len(), 49);
        for condition in CONDITIONS.iter() {
            assert!((1..=5).contains(&condition.severity), "{}", condition.id);
            assert!(crate::cid10::lookup(condition.cid10).is_some(), "{} {}", condition.id, condition.cid10);
            assert_eq!(crate::cid10::normalise(condition.cid10).as_deref(), Some(condition.cid10));
            assert!(condition.symptoms.iter().all(|code| code.starts_with("E_")), "{}", condition.id);
        }
    }
}
