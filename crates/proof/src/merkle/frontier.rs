//! The right edge of a growing tree.

use std::ops::Range;

use super::{Hash, ProofError, empty_root, node_hash};

/// The largest size that [`Frontier::from_bytes`] takes: what a signed 64-bit column holds.
pub const MAX_SIZE: u64 = i64::MAX as u64;

/// The roots of the perfect subtrees that the leaves so far fall into, highest first: one for each set bit of the size.
///
/// It is all that appending needs, and also the compact range that stands for every leaf below a minimum index after
/// they are pruned (C2SP tlog-tiles, "Pruning").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    nodes: Vec<Hash>,
}

impl Frontier {
    /// The frontier of the tree without leaves.
    pub fn new() -> Frontier {
        Frontier::default()
    }

    /// Appends a leaf by its hash.
    pub fn append(&mut self, leaf: Hash) {
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.nodes.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.nodes.push(node);
        self.size += 1;
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let mut nodes = self.nodes.iter().rev();
        let Some(lowest) = nodes.next() else { return empty_root() };
        nodes.fold(*lowest, |right, left| node_hash(left, &right))
    }

    /// The root of the subtree over the leaves in `range`, as [`super::inclusion_ranges`] and
    /// [`super::consistency_ranges`] name them. What lies below this frontier's size comes from the frontier;
    /// `later` are the hashes of the range's other leaves, in order.
    ///
    /// After pruning below a minimum index this gives every proof for a leaf at or after it, and between sizes at or
    /// after it.
    ///
    /// # Errors
    /// [`ProofError::Range`] when the range starts or ends within a subtree of which only the root is left;
    /// [`ProofError::Length`] when `later` does not end where the range does.
    pub fn subtree_root(&self, range: Range<u64>, later: impl IntoIterator<Item = Hash>) -> Result<Hash, ProofError> {
        if range.is_empty() {
            return Err(ProofError::Range);
        }
        let mut tree = self.within(&range)?;
        let length = range.end - range.start;
        for leaf in later {
            if tree.size == length {
                return Err(ProofError::Length);
            }
            tree.append(leaf);
        }
        if tree.size == length { Ok(tree.root()) } else { Err(ProofError::Length) }
    }

    /// The part of this frontier inside of `range`, as a frontier of a tree that starts with the range.
    fn within(&self, range: &Range<u64>) -> Result<Frontier, ProofError> {
        let known = range.end.min(self.size);
        if range.start >= known {
            return Ok(Frontier::new());
        }
        let mut at = 0;
        let mut nodes = Vec::new();
        for (node, level) in self.nodes.iter().zip(set_bits(self.size)) {
            let end = at + (1 << level);
            if at >= range.start && end <= known {
                nodes.push(*node);
            } else if at < known && end > range.start {
                return Err(ProofError::Range);
            }
            at = end;
        }
        // Whole subtrees of falling height: MTH of RFC 6962 splits the range at the same places.
        Ok(Frontier { size: known - range.start, nodes })
    }

    /// The nodes, highest subtree first, 32 bytes each.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.nodes.concat()
    }

    /// The frontier of a tree of `size` leaves from the bytes of [`Frontier::to_bytes`].
    ///
    /// # Errors
    /// [`ProofError::Length`] when the size is above [`MAX_SIZE`] or has another number of nodes.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Result<Frontier, ProofError> {
        let (nodes, rest) = bytes.as_chunks::<32>();
        if size > MAX_SIZE || !rest.is_empty() || nodes.len() != size.count_ones() as usize {
            return Err(ProofError::Length);
        }
        Ok(Frontier { size, nodes: nodes.to_vec() })
    }
}

impl FromIterator<Hash> for Frontier {
    /// The frontier of the tree over leaf hashes, or over the roots of perfect subtrees of one height.
    fn from_iter<T: IntoIterator<Item = Hash>>(hashes: T) -> Frontier {
        let mut tree = Frontier::new();
        hashes.into_iter().for_each(|hash| tree.append(hash));
        tree
    }
}

/// The root of the tree over `hashes`: leaf hashes, or the roots of perfect subtrees of one height.
pub fn range_root(hashes: impl IntoIterator<Item = Hash>) -> Hash {
    hashes.into_iter().collect::<Frontier>().root()
}

/// The positions of the set bits, highest first.
fn set_bits(size: u64) -> impl Iterator<Item = u32> {
    (0..u64::BITS).rev().filter(move |bit| size >> bit & 1 == 1)
}
