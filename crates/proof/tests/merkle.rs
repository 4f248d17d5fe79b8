//! The tree against RFC 6962's own definition, its known vectors, and attacks on proofs.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::{collections::HashMap, ops::Range};

use proptest::prelude::*;
use sigilo_proof::{
    merkle::{
        Frontier, Hash, MAX_SIZE, ProofError, consistency_proof, consistency_ranges, empty_root, inclusion_proof,
        inclusion_ranges, leaf_hash, node_hash, range_root, root_from_inclusion, verify_consistency, verify_inclusion,
    },
    sha256,
};

/// RFC 6962, § 2.1, over leaf hashes and word for word: MTH, PATH and PROOF.
mod rfc {
    use super::{Hash, node_hash, sha256};

    fn k(n: usize) -> usize {
        let mut k = 1;
        while k * 2 < n {
            k *= 2;
        }
        k
    }

    pub fn mth(d: &[Hash]) -> Hash {
        match d {
            [] => sha256(b""),
            [leaf] => *leaf,
            _ => node_hash(&mth(&d[..k(d.len())]), &mth(&d[k(d.len())..])),
        }
    }

    pub fn path(m: usize, d: &[Hash]) -> Vec<Hash> {
        if d.len() == 1 {
            return Vec::new();
        }
        let (left, right) = d.split_at(k(d.len()));
        let (mut proof, last) =
            if m < left.len() { (path(m, left), mth(right)) } else { (path(m - left.len(), right), mth(left)) };
        proof.push(last);
        proof
    }

    pub fn proof(m: usize, d: &[Hash]) -> Vec<Hash> {
        subproof(m, d, true)
    }

    fn subproof(m: usize, d: &[Hash], b: bool) -> Vec<Hash> {
        if m == d.len() {
            return if b { Vec::new() } else { vec![mth(d)] };
        }
        let (left, right) = d.split_at(k(d.len()));
        let (mut proof, last) = if m <= left.len() {
            (subproof(m, left, b), mth(right))
        } else {
            (subproof(m - left.len(), right, false), mth(left))
        };
        proof.push(last);
        proof
    }
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count as u64).map(|index| leaf_hash(&index.to_be_bytes())).collect()
}

fn frontier(leaves: &[Hash]) -> Frontier {
    leaves.iter().copied().collect()
}

fn hex(hash: &Hash) -> String {
    data_encoding::HEXLOWER.encode(hash)
}

#[test]
fn the_known_roots_come_out() {
    // The eight leaves and roots that implementations of Certificate Transparency test themselves with.
    let contents: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    assert_eq!(hex(&empty_root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    let mut tree = Frontier::new();
    assert_eq!(tree.root(), empty_root());
    for (content, root) in contents.into_iter().zip(roots) {
        tree.append(leaf_hash(content));
        assert_eq!(hex(&tree.root()), root);
    }
}

#[test]
fn every_inclusion_proof_is_the_rfcs_and_holds() {
    for size in 1..=70 {
        let leaves = leaves(size);
        let root = rfc::mth(&leaves);
        assert_eq!(frontier(&leaves).root(), root);
        assert_eq!(range_root(leaves.iter().copied()), root);
        for index in 0..size {
            let proof = inclusion_proof(&leaves, index as u64).unwrap();
            assert_eq!(proof, rfc::path(index, &leaves));
            verify_inclusion(&leaves[index], index as u64, size as u64, &proof, &root).unwrap();
        }
    }
}

#[test]
fn every_consistency_proof_is_the_rfcs_and_holds() {
    let all = leaves(70);
    for size in 0..=all.len() {
        let root = rfc::mth(&all[..size]);
        for old in 0..=size {
            let old_root = rfc::mth(&all[..old]);
            let proof = consistency_proof(&all[..size], old as u64).unwrap();
            if old > 0 {
                assert_eq!(proof, rfc::proof(old, &all[..size]));
            }
            verify_consistency(old as u64, &old_root, size as u64, &root, &proof).unwrap();
        }
    }
}

#[test]
fn a_proof_holds_at_its_place_alone() {
    let leaves = leaves(21);
    let root = rfc::mth(&leaves);
    let proof = inclusion_proof(&leaves, 13).unwrap();
    for index in 0..30 {
        for size in 0..30 {
            let holds = verify_inclusion(&leaves[13], index, size, &proof, &root).is_ok();
            // The size is bound by the signed root; a proof alone tells apart only sizes with other paths.
            assert!(!holds || index == 13, "held for leaf {index} of {size}");
        }
    }
    assert_eq!(verify_inclusion(&leaves[12], 13, 21, &proof, &root), Err(ProofError::Root));
    assert_eq!(root_from_inclusion(&leaves[13], 21, 21, &proof), Err(ProofError::OutOfTree { index: 21, size: 21 }));
    let other = inclusion_proof(&leaves, 12).unwrap();
    assert_eq!(verify_inclusion(&leaves[13], 13, 21, &other, &root), Err(ProofError::Root));
}

#[test]
fn a_rewritten_history_is_not_consistent() {
    let honest = leaves(40);
    let mut forged = honest.clone();
    forged[3] = leaf_hash(b"forged");
    for old in 4..=40 {
        let proof = consistency_proof(&forged, old as u64).unwrap();
        let (seen, now) = (rfc::mth(&honest[..old]), rfc::mth(&forged));
        assert_eq!(verify_consistency(old as u64, &seen, 40, &now, &proof), Err(ProofError::Root));
    }
    assert_eq!(
        verify_consistency(9, &empty_root(), 8, &empty_root(), &[]),
        Err(ProofError::OutOfTree { index: 9, size: 8 })
    );
    assert_eq!(verify_consistency(0, &[1; 32], 8, &[2; 32], &[]), Err(ProofError::Root));
    assert_eq!(verify_consistency(0, &[1; 32], 0, &[1; 32], &[]), Err(ProofError::Root));
    assert_eq!(verify_consistency(8, &[1; 32], 8, &[2; 32], &[]), Err(ProofError::Root));
    assert_eq!(verify_consistency(8, &[1; 32], 8, &[1; 32], &[[1; 32]]), Err(ProofError::Length));
    assert_eq!(verify_consistency(0, &empty_root(), 8, &[1; 32], &[[1; 32]]), Err(ProofError::Length));
}

/// Every subtree that some proof needs whose leaf, or older size, is `at` and whose tree has up to `largest` leaves.
fn needed(at: u64, largest: u64) -> impl Iterator<Item = Range<u64>> {
    let inclusion = (at + 1..=largest).flat_map(move |size| inclusion_ranges(at, size).unwrap());
    inclusion.chain((at..=largest).flat_map(move |size| consistency_ranges(at, size).unwrap()))
}

#[test]
fn what_is_left_after_pruning_gives_every_later_root_and_proof() {
    const SIZE: u64 = 200;
    let all = leaves(SIZE as usize);
    let roots: Vec<Hash> = (0..=all.len()).map(|size| rfc::mth(&all[..size])).collect();
    let mut subtrees = HashMap::new();
    // That these subtrees are the proofs is tested above; here each must come out without the leaves below `from`.
    for from in (0..=SIZE).rev() {
        for Range { start, end } in needed(from, SIZE) {
            subtrees.entry((start, end)).or_insert_with(|| rfc::mth(&all[start as usize..end as usize]));
        }
        let later = &all[from as usize..];
        let whole = frontier(&all[..from as usize]);
        let kept = Frontier::from_bytes(from, &whole.to_bytes()).unwrap();
        assert_eq!(kept, whole);
        for ((start, end), root) in subtrees.iter().filter(|((start, _), _)| *start < from) {
            let given = later[..end.saturating_sub(from) as usize].iter().copied();
            assert_eq!(kept.subtree_root(*start..*end, given), Ok(*root), "[{start}, {end}), pruned below {from}");
        }
        let mut tree = kept;
        assert_eq!(tree.root(), roots[from as usize]);
        for leaf in later {
            tree.append(*leaf);
            assert_eq!(tree.root(), roots[tree.size() as usize]);
        }
    }
    // A subtree with no pruned leaf needs nothing from the frontier.
    let nothing = Frontier::new();
    for ((start, end), root) in &subtrees {
        assert_eq!(nothing.subtree_root(*start..*end, all[*start as usize..*end as usize].to_vec()), Ok(*root));
    }
}

#[test]
fn what_was_pruned_cannot_be_asked_for() {
    let all = leaves(20);
    let kept = frontier(&all[..12]);
    assert_eq!(kept.subtree_root(0..4, []), Err(ProofError::Range));
    assert_eq!(kept.subtree_root(4..8, []), Err(ProofError::Range));
    assert_eq!(kept.subtree_root(10..14, all[12..14].to_vec()), Err(ProofError::Range));
    assert_eq!(kept.subtree_root(5..5, []), Err(ProofError::Range));
    assert_eq!(kept.subtree_root(Range { start: 9, end: 3 }, []), Err(ProofError::Range));
    assert_eq!(kept.subtree_root(8..12, []), Ok(rfc::mth(&all[8..12])));
    assert_eq!(kept.subtree_root(8..16, all[12..16].to_vec()), Ok(rfc::mth(&all[8..16])));
    assert_eq!(kept.subtree_root(8..16, all[12..15].to_vec()), Err(ProofError::Length));
    assert_eq!(kept.subtree_root(8..16, all[12..17].to_vec()), Err(ProofError::Length));
    assert_eq!(kept.subtree_root(8..12, [all[12]]), Err(ProofError::Length));
}

#[test]
fn a_frontier_of_another_size_is_refused() {
    let bytes = frontier(&leaves(11)).to_bytes();
    assert_eq!(bytes.len(), 3 * 32);
    for (size, length) in [(11, 95), (11, 97), (11, 64), (12, 96), (0, 96), (MAX_SIZE + 1, 32)] {
        let bytes: Vec<u8> = bytes.iter().copied().cycle().take(length).collect();
        assert_eq!(Frontier::from_bytes(size, &bytes), Err(ProofError::Length), "{size}");
    }
    // The largest sizes neither overflow nor loop.
    let mut largest = Frontier::from_bytes(MAX_SIZE, &[1; 63 * 32]).unwrap();
    largest.append([2; 32]);
    assert_eq!(largest.size(), MAX_SIZE + 1);
    for size in [MAX_SIZE, u64::MAX] {
        assert!(inclusion_ranges(size - 1, size).unwrap().len() <= 64);
        assert!(consistency_ranges(size / 3, size).unwrap().len() <= 65);
        assert_eq!(verify_inclusion(&[0; 32], size - 1, size, &[[0; 32]; 70], &[0; 32]), Err(ProofError::Length));
        assert_eq!(verify_consistency(size - 1, &[0; 32], size, &[0; 32], &[[0; 32]; 70]), Err(ProofError::Length));
    }
}

/// One way to spoil a proof.
#[derive(Debug, Clone)]
enum Attack {
    Flip(usize),
    Swap(usize, usize),
    Cut(usize),
    Remove(usize),
    Insert(usize, Hash),
}

fn attack() -> impl Strategy<Value = Attack> {
    prop_oneof![
        any::<usize>().prop_map(Attack::Flip),
        any::<(usize, usize)>().prop_map(|(one, other)| Attack::Swap(one, other)),
        any::<usize>().prop_map(Attack::Cut),
        any::<usize>().prop_map(Attack::Remove),
        any::<(usize, Hash)>().prop_map(|(at, hash)| Attack::Insert(at, hash)),
    ]
}

fn spoil(proof: &[Hash], attack: &Attack) -> Vec<Hash> {
    let mut proof = proof.to_vec();
    match *attack {
        Attack::Insert(at, hash) => proof.insert(at % (proof.len() + 1), hash),
        _ if proof.is_empty() => {}
        Attack::Flip(bit) => {
            let bit = bit % (proof.len() * 256);
            proof[bit / 256][bit / 8 % 32] ^= 1 << (bit % 8);
        }
        Attack::Swap(one, other) => {
            let length = proof.len();
            proof.swap(one % length, other % length);
        }
        Attack::Cut(at) => proof.truncate(at % proof.len()),
        Attack::Remove(at) => {
            proof.remove(at % proof.len());
        }
    }
    proof
}

proptest! {
    #[test]
    fn a_spoilt_proof_is_refused(size in 1usize..120, place in any::<usize>(), attack in attack()) {
        let leaves = leaves(size);
        let root = rfc::mth(&leaves);
        let at = place % size;

        let proof = inclusion_proof(&leaves, at as u64).unwrap();
        let spoilt = spoil(&proof, &attack);
        let verdict = verify_inclusion(&leaves[at], at as u64, size as u64, &spoilt, &root);
        prop_assert_eq!(verdict.is_ok(), spoilt == proof);

        let old = at + 1;
        let old_root = rfc::mth(&leaves[..old]);
        let proof = consistency_proof(&leaves, old as u64).unwrap();
        let spoilt = spoil(&proof, &attack);
        let verdict = verify_consistency(old as u64, &old_root, size as u64, &root, &spoilt);
        prop_assert_eq!(verdict.is_ok(), spoilt == proof);
    }

    #[test]
    fn nothing_that_is_asked_panics(
        old in any::<u64>(), size in any::<u64>(),
        proof in prop::collection::vec(any::<Hash>(), 0..70), root in any::<Hash>(),
        bytes in prop::collection::vec(any::<u8>(), 0..300), range in any::<Range<u64>>(),
    ) {
        let _ = verify_inclusion(&root, old, size, &proof, &root);
        let _ = verify_consistency(old, &root, size, &root, &proof);
        let _ = (inclusion_ranges(old, size), consistency_ranges(old, size));
        let _ = (inclusion_proof(&proof, old % 80), consistency_proof(&proof, old % 80));
        let _ = Frontier::from_bytes(size, &bytes);
        let _ = frontier(&proof).subtree_root(range, [root]);
    }
}
