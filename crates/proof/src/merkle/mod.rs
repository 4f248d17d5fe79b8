//! Merkle trees as RFC 6962, § 2.1, defines them, over SHA-256.
//!
//! Everything works on leaf hashes; who holds them, and where, is the caller's business. A log that grows keeps a
//! [`Frontier`]; a log that was pruned keeps the frontier at its minimum index, and every later root and proof follows
//! from it and the leaf hashes that are left.

mod frontier;
mod ranges;
mod verify;

pub use frontier::{Frontier, MAX_SIZE, range_root};
pub use ranges::{consistency_proof, consistency_ranges, inclusion_proof, inclusion_ranges};
pub use verify::{root_from_inclusion, verify_consistency, verify_inclusion};

use aws_lc_rs::digest;
use thiserror::Error;

use crate::sha256;

/// A SHA-256 hash of a leaf or a node.
pub type Hash = [u8; 32];

/// Why a proof, or what a proof is asked of, does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ProofError {
    /// The leaf or the older size lies outside of the tree.
    #[error("{index} is outside of a tree of size {size}")]
    OutOfTree {
        /// The leaf's index, or the older size.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// More or fewer hashes than a tree of that size has.
    #[error("the number of hashes does not fit the tree")]
    Length,
    /// The hashes lead to another root.
    #[error("the hashes lead to another root")]
    Root,
    /// The range is no subtree that the frontier and the later leaves can give.
    #[error("the range cannot be rebuilt from what the frontier holds")]
    Range,
}

/// The hash of a leaf with content `data`: SHA-256 of a zero byte and the content.
pub fn leaf_hash(data: &[u8]) -> Hash {
    hash(&[&[0], data])
}

/// The hash of an inner node over its two children: SHA-256 of a one byte and both hashes.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    hash(&[&[1], left, right])
}

/// The root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    sha256(b"")
}

fn hash(parts: &[&[u8]]) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// The largest power of two smaller than `size`, which is at least 2: where RFC 6962 splits a tree.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}
