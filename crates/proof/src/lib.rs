//! Keyed hashes, sealed cells and random secrets over aws-lc-rs. No I/O, stands alone.
//!
//! Everything hangs on one root key of 32 bytes; each use derives its own key from it with HKDF-SHA-256
//! (RFC 5869), so that no two uses share a key.

pub mod envelope;
mod keyring;
mod passkey;
mod random;
mod signer;

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
