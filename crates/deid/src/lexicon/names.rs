//! First names of the census of 2010, unpacked from the checked-in list.

use crate::fold;

const LIST: &str = include_str!("../../data/nomes.txt");

/// Calls `f` with each name's key and frequency bucket.
pub(super) fn each(mut f: impl FnMut(u64, u32)) {
    let mut name = String::new();
    for line in LIST.lines().filter(|l| !l.starts_with('#')) {
        let mut chars = line.chars();
        let (Some(shared), Some(bucket)) = (chars.next(), chars.next_back()) else { continue };
        let (Some(shared), Some(bucket)) = (shared.to_digit(36), bucket.to_digit(10)) else { continue };
        name.truncate(shared as usize);
        name.push_str(chars.as_str());
        f(fold::key(&name), bucket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_unpacks_to_distinct_names() {
        let mut keys = std::collections::HashSet::new();
        each(|key, bucket| {
            assert!((1..=7).contains(&bucket));
            assert!(keys.insert(key));
        });
        assert!(keys.len() > 40_000);
        assert!(keys.contains(&fold::key("maria")) && keys.contains(&fold::key("zuleide")));
    }
}
