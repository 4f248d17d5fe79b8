//! A clinic's key, which wraps its people's keys.

use uuid::Uuid;

use super::{KeyBytes, SubjectKey};
use crate::{SealError, aead};

const VERSION: u8 = 1;

/// One version of a clinic's key-encryption key. Neither printable nor serialisable; wiped when dropped.
pub struct ClinicKey {
    clinic: Uuid,
    version: u32,
    bytes: KeyBytes,
}

impl ClinicKey {
    /// The key that these bytes are.
    pub fn new(clinic: Uuid, version: u32, bytes: KeyBytes) -> ClinicKey {
        ClinicKey { clinic, version, bytes }
    }

    /// The clinic.
    pub fn clinic(&self) -> Uuid {
        self.clinic
    }

    /// The version, which stands beside each key it wraps.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Wraps a person's key: `0x01 ‖ nonce 12 ‖ key 32 ‖ tag 16`, with clinic, person and version authenticated.
    ///
    /// # Errors
    /// [`SealError`] for a person of another clinic.
    pub fn wrap(&self, key: &SubjectKey) -> Result<Vec<u8>, SealError> {
        if key.clinic() != self.clinic {
            return Err(SealError);
        }
        let aad = self.aad(key.subject(), key.version());
        aead::seal(self.bytes.expose(), &aad, &[VERSION], key.bytes().expose())
    }

    /// Unwraps the key of `subject`.
    ///
    /// # Errors
    /// [`SealError`] when the bytes, this key, the person or the version differ.
    pub fn unwrap(&self, subject: Uuid, version: u32, wrapped: &[u8]) -> Result<SubjectKey, SealError> {
        let [VERSION, rest @ ..] = wrapped else { return Err(SealError) };
        if rest.len() != 32 + aead::OVERHEAD {
            return Err(SealError);
        }
        let plain = aead::open(self.bytes.expose(), &self.aad(subject, version), rest)?;
        Ok(SubjectKey::new(self.clinic, subject, version, KeyBytes::copy(&plain)?))
    }

    /// Moves a wrapped key from this version to `next`.
    ///
    /// # Errors
    /// As [`ClinicKey::unwrap`] and [`ClinicKey::wrap`].
    pub fn rewrap(&self, next: &ClinicKey, subject: Uuid, version: u32, wrapped: &[u8]) -> Result<Vec<u8>, SealError> {
        next.wrap(&self.unwrap(subject, version, wrapped)?)
    }

    fn aad(&self, subject: Uuid, version: u32) -> Vec<u8> {
        [b"sigilo subject key v1\0", self.clinic.as_bytes().as_slice(), subject.as_bytes(), &version.to_be_bytes()]
            .concat()
    }
}
