//! Random secrets from the provider's generator.

use aws_lc_rs::rand;

/// Fills `out` with random bytes fit for keys and tokens.
///
/// # Panics
/// When the operating system has no randomness to give; going on without it would be unsafe.
#[allow(clippy::expect_used, reason = "no caller can do better than stop when there is no randomness")]
pub fn fill_random(out: &mut [u8]) {
    rand::fill(out).expect("the operating system gives no randomness");
}

/// `N` random bytes fit for keys and tokens.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    fill_random(&mut out);
    out
}
