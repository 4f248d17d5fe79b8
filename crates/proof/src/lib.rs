//! Keyed hashes, sealed cells, random secrets and the proofs of a transparency log, over aws-lc-rs. No I/O, stands
//! alone.
//!
//! Everything hangs on one root key of 32 bytes; each use derives its own key from it with HKDF-SHA-256
//! (RFC 5869), so that no two uses share a key.
//!
//! What others sign is verified here too: [`timestamp`], [`cms`] documents and the certificates of [`icp`] over [`x509`].

mod aead;
pub mod base64;
pub mod bundle;
mod cbc;
pub mod checkpoint;
pub mod cms;
pub mod commitment;
pub mod consent;
pub mod cosignature;
pub mod envelope;
pub mod icp;
pub mod jcs;
mod keyring;
pub mod merkle;
pub mod note;
mod passkey;
pub mod policy;
mod random;
mod signer;
mod signing_key;
pub mod tile;
pub mod timestamp;
pub mod tlog_proof;
pub mod x509;

pub use cbc::cbc_decrypt;
pub use keyring::{Cell, KEYED_HASH_ALGORITHM, Keyring, SealError};
pub use passkey::throw_away_public_key;
pub use random::{fill_random, random_bytes};
pub use signer::{Signer, verify_signature};

use aws_lc_rs::digest;

/// SHA-256 (FIPS 180-4) of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}
