//! Which subtrees a proof consists of.

use std::ops::Range;

use super::{Hash, ProofError, range_root, split};

/// The subtrees whose roots are the inclusion proof of the leaf `index` in a tree of `size` leaves, in the order of
/// the proof: `PATH(index, D[size])` of RFC 6962, § 2.1.1.
///
/// # Errors
/// [`ProofError::OutOfTree`] when there is no such leaf.
pub fn inclusion_ranges(index: u64, size: u64) -> Result<Vec<Range<u64>>, ProofError> {
    if index >= size {
        return Err(ProofError::OutOfTree { index, size });
    }
    let mut ranges = Vec::new();
    let mut tree = 0..size;
    while tree.end - tree.start > 1 {
        let middle = tree.start + split(tree.end - tree.start);
        let (left, right) = (tree.start..middle, middle..tree.end);
        let (inside, sibling) = if index < middle { (left, right) } else { (right, left) };
        ranges.push(sibling);
        tree = inside;
    }
    ranges.reverse();
    Ok(ranges)
}

/// The subtrees whose roots are the consistency proof between the trees of `old` and of `new` leaves, in the order of
/// the proof: `PROOF(old, D[new])` of RFC 6962, § 2.1.2. Empty when the older tree is, and when both are the same.
///
/// # Errors
/// [`ProofError::OutOfTree`] when the older tree is larger.
pub fn consistency_ranges(old: u64, new: u64) -> Result<Vec<Range<u64>>, ProofError> {
    if old > new {
        return Err(ProofError::OutOfTree { index: old, size: new });
    }
    if old == 0 {
        return Ok(Vec::new());
    }
    let mut ranges = Vec::new();
    let mut tree = 0..new;
    while tree.end != old {
        let middle = tree.start + split(tree.end - tree.start);
        let (left, right) = (tree.start..middle, middle..tree.end);
        let (inside, other) = if old <= middle { (left, right) } else { (right, left) };
        ranges.push(other);
        tree = inside;
    }
    // The verifier knows the older root; a subtree of it must be told.
    if tree.start != 0 {
        ranges.push(tree);
    }
    ranges.reverse();
    Ok(ranges)
}

/// The inclusion proof of the leaf `index` in the tree over the leaf hashes `hashes`.
///
/// # Errors
/// [`ProofError::OutOfTree`] when there is no such leaf.
pub fn inclusion_proof(hashes: &[Hash], index: u64) -> Result<Vec<Hash>, ProofError> {
    roots(hashes, inclusion_ranges(index, hashes.len() as u64)?)
}

/// The consistency proof between the tree over the first `old` of the leaf hashes `hashes` and the tree over all.
///
/// # Errors
/// [`ProofError::OutOfTree`] when there are fewer leaves.
pub fn consistency_proof(hashes: &[Hash], old: u64) -> Result<Vec<Hash>, ProofError> {
    roots(hashes, consistency_ranges(old, hashes.len() as u64)?)
}

fn roots(hashes: &[Hash], ranges: Vec<Range<u64>>) -> Result<Vec<Hash>, ProofError> {
    let root = |range: Range<u64>| {
        let leaves = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
        let leaves = leaves.and_then(|(start, end)| hashes.get(start..end)).ok_or(ProofError::Range)?;
        Ok(range_root(leaves.iter().copied()))
    };
    ranges.into_iter().map(root).collect()
}
