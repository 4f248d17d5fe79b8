//! The certificates of authorities that an installation trusts, in one version.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{Certificate, CertificateError, algorithms::allowed};

/// Why a certificate cannot enter a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StoreError {
    /// Not a certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A root whose issuer is another than its subject.
    #[error("the certificate is not self-issued: it is no root")]
    NotRoot,
    /// The key signs with no algorithm that is believed here.
    #[error("the certificate's key is of no kind that is believed")]
    Algorithm,
}

/// Roots that are trusted because somebody pinned them, and the authorities under them.
///
/// A store is a version: what a signature was verified with is told by [`CaStore::version`], and a newer store is
/// another value. Intermediates are no more than material for paths; trust begins at the roots alone.
#[derive(Debug, Clone)]
pub struct CaStore {
    version: String,
    roots: BTreeMap<[u8; 32], Certificate>,
    intermediates: BTreeMap<[u8; 32], Certificate>,
}

/// How two stores differ: the subjects' names, roots and intermediates alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreDiff {
    /// Only in the newer one.
    pub added: Vec<String>,
    /// Only in the older one.
    pub removed: Vec<String>,
}

impl CaStore {
    /// An empty store, which trusts nobody.
    pub fn new(version: impl Into<String>) -> CaStore {
        CaStore { version: version.into(), roots: BTreeMap::new(), intermediates: BTreeMap::new() }
    }

    /// Pins a root, in DER. Adding it again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when it is no certificate, not self-issued, or its own signature's algorithm is not believed.
    pub fn add_root(&mut self, der: &[u8]) -> Result<(), StoreError> {
        let root = Certificate::parse(der)?;
        if !root.names_issuer(&root) {
            return Err(StoreError::NotRoot);
        }
        if !allowed(root.decoded().signature_algorithm(), root.tbs().subject_public_key_info()) {
            return Err(StoreError::Algorithm);
        }
        self.roots.insert(root.fingerprint(), root);
        Ok(())
    }

    /// Adds an authority that some root stands for, in DER. Adding it again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Certificate`] when it is no certificate.
    pub fn add_intermediate(&mut self, der: &[u8]) -> Result<(), StoreError> {
        let certificate = Certificate::parse(der)?;
        self.intermediates.insert(certificate.fingerprint(), certificate);
        Ok(())
    }

    /// The name given to this version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The pinned roots.
    pub fn roots(&self) -> impl Iterator<Item = &Certificate> {
        self.roots.values()
    }

    /// The authorities under the roots.
    pub fn intermediates(&self) -> impl Iterator<Item = &Certificate> {
        self.intermediates.values()
    }

    /// What `newer` has that this one has not, and the other way round.
    pub fn diff(&self, newer: &CaStore) -> StoreDiff {
        StoreDiff { added: only_in(newer, self), removed: only_in(self, newer) }
    }
}

fn only_in(one: &CaStore, other: &CaStore) -> Vec<String> {
    let roots = one.roots.iter().filter(|(key, _)| !other.roots.contains_key(*key));
    let intermediates = one.intermediates.iter().filter(|(key, _)| !other.intermediates.contains_key(*key));
    roots.chain(intermediates).map(|(_, certificate)| certificate.subject()).collect()
}
