//! Finding the chains that may lead from a certificate to a pinned root.

use super::{CaStore, Certificate};

/// Authorities between the leaf and the root. ICP-Brasil has two at most.
const MAX_INTERMEDIATES: usize = 6;
/// Chains that are tried before giving up.
const MAX_CHAINS: usize = 16;
/// Possible issuers looked at before giving up: a message may bring many with the same name.
const MAX_STEPS: usize = 64;

/// A chain by names: nothing of it is verified.
#[derive(Clone)]
pub(super) struct Candidate<'a> {
    pub(super) root: &'a Certificate,
    /// From the one that the root issued to the one that issued the leaf.
    pub(super) intermediates: Vec<&'a Certificate>,
}

/// Every chain from `leaf` to a root of `store` through its intermediates, which come first, and `extra` ones.
pub(super) fn candidates<'a>(leaf: &Certificate, extra: &'a [Certificate], store: &'a CaStore) -> Vec<Candidate<'a>> {
    let mut search = Search { pool: store.intermediates().chain(extra).collect(), store, found: Vec::new(), steps: 0 };
    search.climb(leaf, &mut Vec::new());
    search.found
}

struct Search<'a> {
    pool: Vec<&'a Certificate>,
    store: &'a CaStore,
    found: Vec<Candidate<'a>>,
    steps: usize,
}

impl<'a> Search<'a> {
    /// Goes on from `certificate`, which `below` (nearest to the leaf first) hangs on.
    fn climb(&mut self, certificate: &Certificate, below: &mut Vec<&'a Certificate>) {
        for root in self.store.roots() {
            if self.found.len() < MAX_CHAINS && certificate.names_issuer(root) {
                let intermediates = below.iter().rev().copied().collect();
                self.found.push(Candidate { root, intermediates });
            }
        }
        if below.len() == MAX_INTERMEDIATES {
            return;
        }
        for at in 0..self.pool.len() {
            let next = self.pool[at];
            if !certificate.names_issuer(next) || next == certificate || below.contains(&next) {
                continue;
            }
            self.steps += 1;
            if self.steps > MAX_STEPS || self.found.len() == MAX_CHAINS {
                return;
            }
            below.push(next);
            self.climb(next, below);
            below.pop();
        }
    }
}
