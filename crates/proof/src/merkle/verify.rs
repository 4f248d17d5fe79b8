//! Whether a proof holds.

use super::{Hash, ProofError, empty_root, node_hash};

/// The root that an inclusion proof leads to from the leaf hash `leaf` at `index` in a tree of `size` leaves
/// (RFC 9162, § 2.1.3.2, which words the verification of RFC 6962's proofs).
///
/// # Errors
/// [`ProofError::OutOfTree`] when there is no such leaf, [`ProofError::Length`] when the proof is too short or long.
pub fn root_from_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash]) -> Result<Hash, ProofError> {
    if index >= size {
        return Err(ProofError::OutOfTree { index, size });
    }
    let mut path = Path { node: index, last: size - 1 };
    let mut root = *leaf;
    for sibling in proof {
        root = match path.climb()? {
            Side::Left => node_hash(sibling, &root),
            Side::Right => node_hash(&root, sibling),
        };
    }
    if path.last == 0 { Ok(root) } else { Err(ProofError::Length) }
}

/// Verifies that the leaf hash `leaf` is at `index` in the tree of `size` leaves with the root `root`.
///
/// # Errors
/// As [`root_from_inclusion`]; [`ProofError::Root`] when the proof leads elsewhere.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), ProofError> {
    equal(&root_from_inclusion(leaf, index, size, proof)?, root)
}

/// Verifies that the tree of `old_size` leaves with the root `old_root` is what the tree of `size` leaves with the root
/// `root` began with (RFC 9162, § 2.1.4.2). The tree without leaves is the beginning of every tree, with an empty
/// proof.
///
/// # Errors
/// [`ProofError::OutOfTree`] when the older tree is larger, [`ProofError::Length`] when the proof is too short or long,
/// [`ProofError::Root`] when it leads to another root on either side.
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old_size > size {
        return Err(ProofError::OutOfTree { index: old_size, size });
    }
    for (size, root) in [(old_size, old_root), (size, root)] {
        if size == 0 {
            equal(root, &empty_root())?;
        }
    }
    if old_size == 0 || old_size == size {
        return match proof {
            [] if old_size == size => equal(old_root, root),
            [] => Ok(()),
            _ => Err(ProofError::Length),
        };
    }
    // The proof starts at the largest subtree that ends where the older tree does; where that is the older tree
    // itself, its root is not repeated in the proof.
    let (first, rest) =
        if old_size.is_power_of_two() { (old_root, proof) } else { proof.split_first().ok_or(ProofError::Length)? };
    let low = (old_size - 1).trailing_ones();
    let mut path = Path { node: (old_size - 1) >> low, last: (size - 1) >> low };
    let (mut older, mut newer) = (*first, *first);
    for sibling in rest {
        match path.climb()? {
            Side::Left => {
                older = node_hash(sibling, &older);
                newer = node_hash(sibling, &newer);
            }
            Side::Right => newer = node_hash(&newer, sibling),
        }
    }
    if path.last != 0 {
        return Err(ProofError::Length);
    }
    equal(&older, old_root)?;
    equal(&newer, root)
}

fn equal(one: &Hash, other: &Hash) -> Result<(), ProofError> {
    if one == other { Ok(()) } else { Err(ProofError::Root) }
}

/// The side on which a sibling stands.
enum Side {
    Left,
    Right,
}

/// A node on its way to the root: its position in its level, and that of the level's last node.
struct Path {
    node: u64,
    last: u64,
}

impl Path {
    /// One step up, past levels where the node is the last and has no sibling. Tells where the sibling stood.
    fn climb(&mut self) -> Result<Side, ProofError> {
        if self.last == 0 {
            return Err(ProofError::Length);
        }
        let side = if self.node & 1 == 1 || self.node == self.last { Side::Left } else { Side::Right };
        if matches!(side, Side::Left) {
            let alone = self.node.trailing_zeros().min(u64::BITS - 1);
            self.node >>= alone;
            self.last >>= alone;
        }
        self.node >>= 1;
        self.last >>= 1;
        Ok(side)
    }
}
