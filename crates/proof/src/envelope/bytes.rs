//! Secret bytes.

use zeroize::Zeroizing;

use crate::{SealError, fill_random};

/// A key of 32 bytes, wiped when dropped. It can be neither printed, compared, cloned nor serialised.
pub struct KeyBytes(Box<Zeroizing<[u8; 32]>>);

impl KeyBytes {
    /// A new random key.
    pub fn random() -> KeyBytes {
        let mut key = Self::empty();
        fill_random(key.0.as_mut_slice());
        key
    }

    /// A copy of `bytes`; the caller wipes the original.
    ///
    /// # Errors
    /// [`SealError`] when they are not 32.
    pub fn copy(bytes: &[u8]) -> Result<KeyBytes, SealError> {
        if bytes.len() != 32 {
            return Err(SealError);
        }
        let mut key = Self::empty();
        key.0.copy_from_slice(bytes);
        Ok(key)
    }

    /// Filled in place, so that no copy stays behind on the stack.
    pub(super) fn empty() -> KeyBytes {
        KeyBytes(Box::new(Zeroizing::new([0; 32])))
    }

    pub(super) fn expose_mut(&mut self) -> &mut [u8; 32] {
        &mut self.0
    }

    /// The bytes themselves, for whoever wraps or uses the key.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}
