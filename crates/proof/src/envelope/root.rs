//! What stands above the clinics' keys: the root key, wherever it lies.

use std::{future::Future, pin::Pin};

use aws_lc_rs::hkdf;
use thiserror::Error;
use uuid::Uuid;

use super::KeyBytes;
use crate::aead;

/// What a clinic's key is for. The two never stand for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Wraps people's keys.
    Wrap,
    /// Makes blind indexes.
    Index,
}

impl Purpose {
    /// As the keystore writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Wrap => "wrap",
            Purpose::Index => "index",
        }
    }
}

/// Which clinic's key is wrapped. A wrapped key copied elsewhere does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClinicPlace {
    /// The clinic.
    pub clinic: Uuid,
    /// What the key is for.
    pub purpose: Purpose,
    /// Its version.
    pub version: u32,
}

impl ClinicPlace {
    /// What every provider authenticates with the key.
    pub fn aad(&self) -> Vec<u8> {
        [
            b"sigilo clinic key v1\0",
            self.purpose.as_str().as_bytes(),
            &[0],
            self.clinic.as_bytes(),
            &self.version.to_be_bytes(),
        ]
        .concat()
    }
}

/// A clinic's key as a provider wrapped it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The provider's own format.
    pub bytes: Vec<u8>,
    /// The version of the root key that wrapped it.
    pub root_version: u32,
}

/// Why a provider did not wrap or unwrap. The sentences are for the person who operates the installation and hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RootError {
    /// Changed bytes, another place, or another root key.
    #[error("a chave da clínica não abre com esta chave raiz")]
    Refused,
    /// The provider did not answer in time.
    #[error("o guardião da chave raiz não respondeu: {0}")]
    Unavailable(String),
    /// The provider knows us and says no, or does not know us.
    #[error("o guardião da chave raiz recusou o acesso: {0}")]
    Denied(String),
    /// The provider lacks the key, or answers what nobody expects.
    #[error("o guardião da chave raiz não está como se espera: {0}")]
    Misconfigured(String),
}

/// The answer of a provider, which may be on another machine.
pub type RootAnswer<'a, T> = Pin<Box<dyn Future<Output = Result<T, RootError>> + Send + 'a>>;

/// Wraps and unwraps clinics' keys under a root key, and never shows that key.
pub trait RootKey: Send + Sync {
    /// The provider's name, kept beside each key it wraps.
    fn provider(&self) -> &'static str;

    /// Wraps a clinic's key under the newest version of the root key.
    ///
    /// # Errors
    /// See [`RootError`].
    fn wrap<'a>(&'a self, place: ClinicPlace, key: &'a KeyBytes) -> RootAnswer<'a, WrappedKey>;

    /// Unwraps a clinic's key, under whichever version wrapped it.
    ///
    /// # Errors
    /// [`RootError::Refused`] when the bytes or the place differ; otherwise see [`RootError`].
    fn unwrap<'a>(&'a self, place: ClinicPlace, wrapped: &'a WrappedKey) -> RootAnswer<'a, KeyBytes>;
}

/// The root key in this process's memory: read from its file, or put together from shares.
pub struct LocalRoot(KeyBytes);

impl LocalRoot {
    const FORMAT: u8 = 1;

    /// Derives the key that wraps clinics' keys, apart from all that [`crate::Keyring`] derives.
    #[allow(clippy::expect_used, reason = "32 bytes are within every HKDF limit")]
    pub fn new(root: &[u8; 32]) -> LocalRoot {
        let mut key = KeyBytes::empty();
        hkdf::Salt::new(hkdf::HKDF_SHA256, b"sigilo clinic keys v1")
            .extract(root)
            .expand(&[b"wrap"], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(key.expose_mut()))
            .expect("HKDF output length");
        LocalRoot(key)
    }

    fn open(&self, place: ClinicPlace, wrapped: &WrappedKey) -> Result<KeyBytes, RootError> {
        let [Self::FORMAT, rest @ ..] = wrapped.bytes.as_slice() else { return Err(RootError::Refused) };
        let plain = aead::open(self.0.expose(), &place.aad(), rest).map_err(|_| RootError::Refused)?;
        KeyBytes::copy(&plain).map_err(|_| RootError::Refused)
    }
}

impl RootKey for LocalRoot {
    fn provider(&self) -> &'static str {
        "arquivo"
    }

    fn wrap<'a>(&'a self, place: ClinicPlace, key: &'a KeyBytes) -> RootAnswer<'a, WrappedKey> {
        Box::pin(async move {
            let bytes = aead::seal(self.0.expose(), &place.aad(), &[Self::FORMAT], key.expose());
            Ok(WrappedKey { bytes: bytes.map_err(|_| RootError::Refused)?, root_version: 1 })
        })
    }

    fn unwrap<'a>(&'a self, place: ClinicPlace, wrapped: &'a WrappedKey) -> RootAnswer<'a, KeyBytes> {
        Box::pin(async move { self.open(place, wrapped) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::{Context, Poll, Waker};

    /// What needs no runtime answers at once.
    fn now<T>(mut answer: RootAnswer<'_, T>) -> Result<T, RootError> {
        match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => answer,
            Poll::Pending => panic!("waits"),
        }
    }

    #[test]
    fn a_clinics_key_opens_only_in_its_place() {
        let root = LocalRoot::new(&[1; 32]);
        let place = ClinicPlace { clinic: Uuid::from_u128(1), purpose: Purpose::Wrap, version: 1 };
        let key = KeyBytes::random();
        let wrapped = now(root.wrap(place, &key)).unwrap();
        assert_eq!(now(root.unwrap(place, &wrapped)).unwrap().expose(), key.expose());

        for elsewhere in [
            ClinicPlace { clinic: Uuid::from_u128(2), ..place },
            ClinicPlace { purpose: Purpose::Index, ..place },
            ClinicPlace { version: 2, ..place },
        ] {
            assert_eq!(now(root.unwrap(elsewhere, &wrapped)).err(), Some(RootError::Refused));
        }
        assert_eq!(now(LocalRoot::new(&[2; 32]).unwrap(place, &wrapped)).err(), Some(RootError::Refused));
        for at in 0..wrapped.bytes.len() {
            let mut changed = wrapped.clone();
            changed.bytes[at] ^= 1;
            assert!(now(root.unwrap(place, &changed)).is_err());
            let cut = WrappedKey { bytes: wrapped.bytes[..at].to_vec(), root_version: 1 };
            assert!(now(root.unwrap(place, &cut)).is_err());
        }
    }
}
