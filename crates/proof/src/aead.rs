//! One way to seal: `head ‖ nonce 12 ‖ ciphertext ‖ tag 16`, AES-256-GCM.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::{SealError, random_bytes};

const NONCE: usize = 12;
const TAG: usize = 16;
/// What `seal` adds to head and text.
pub(crate) const OVERHEAD: usize = NONCE + TAG;

#[allow(clippy::expect_used, reason = "the key has the algorithm's length")]
fn key(bytes: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).expect("key length"))
}

/// Seals `plain` behind `head`, which the caller authenticates through `aad`.
pub(crate) fn seal(bytes: &[u8; 32], aad: &[u8], head: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let nonce: [u8; NONCE] = random_bytes();
    let mut out = Vec::with_capacity(head.len() + OVERHEAD + plain.len());
    out.extend_from_slice(head);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(plain);
    let text = head.len() + NONCE;
    let tag = key(bytes)
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut out[text..])
        .map_err(|_| SealError)?;
    out.extend_from_slice(tag.as_ref());
    Ok(out)
}

/// Opens what stands behind the head.
pub(crate) fn open(bytes: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE>().ok_or(SealError)?;
    let mut buffer = Zeroizing::new(body.to_vec());
    let length = key(bytes)
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), &mut buffer)
        .map_err(|_| SealError)?
        .len();
    buffer.truncate(length);
    Ok(buffer)
}
