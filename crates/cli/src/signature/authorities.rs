//! Certificates of authorities and revocation lists from files and folders.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, pem::PemObject};
use sigilo_proof::x509::{CaStore, Crl, MAX_CRL, StoreError};

use crate::args::Trouble;

/// The authorities in `paths`; those that issued their own certificate are roots. What is not believed is left out, and
/// said: a store of ICP-Brasil holds authorities of old algorithms.
pub fn store(paths: &[PathBuf]) -> Result<CaStore, Trouble> {
    let mut store = CaStore::new("linha de comando");
    for path in files(paths)? {
        let bytes = read(&path)?;
        for der in unwrap(&bytes, |bytes| {
            CertificateDer::pem_slice_iter(bytes).map(|item| item.map(|der| der.to_vec())).collect()
        }) {
            let added = match store.add_root(&der) {
                Err(StoreError::NotRoot) => store.add_intermediate(&der),
                other => other,
            };
            if added.is_err() {
                eprintln!("sigilo: um certificado de {} não serve e foi deixado de fora", path.display());
            }
        }
    }
    Ok(store)
}

/// The lists in `paths`.
pub fn crls(paths: &[PathBuf]) -> Result<Vec<Crl>, Trouble> {
    let mut crls = Vec::new();
    for path in files(paths)? {
        let bytes = read(&path)?;
        for der in unwrap(&bytes, |bytes| {
            CertificateRevocationListDer::pem_slice_iter(bytes).map(|item| item.map(|der| der.to_vec())).collect()
        }) {
            match Crl::parse(&der) {
                Ok(crl) => crls.push(crl),
                Err(_) => eprintln!("sigilo: {} não é uma lista de revogados e foi deixada de fora", path.display()),
            }
        }
    }
    Ok(crls)
}

/// The items of a PEM file, or the one of a file in DER.
fn unwrap(bytes: &[u8], pem: impl FnOnce(&[u8]) -> Result<Vec<Vec<u8>>, rustls_pki_types::pem::Error>) -> Vec<Vec<u8>> {
    match pem(bytes) {
        Ok(items) if !items.is_empty() => items,
        _ => vec![bytes.to_vec()],
    }
}

/// The files that are named, and those in folders that are named.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Trouble> {
    let mut all = Vec::new();
    for path in paths {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let entries = fs::read_dir(path).map_err(|error| trouble(path, &error))?;
        let found: Result<Vec<PathBuf>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
        let mut found = found.map_err(|error| trouble(path, &error))?;
        found.retain(|file| file.is_file());
        found.sort();
        all.extend(found);
    }
    Ok(all)
}

fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    if fs::metadata(path).map_err(|error| trouble(path, &error))?.len() > MAX_CRL as u64 {
        return Err(trouble(path, &"o arquivo é grande demais"));
    }
    fs::read(path).map_err(|error| trouble(path, &error))
}

fn trouble(path: &Path, error: &dyn std::fmt::Display) -> Trouble {
    Trouble(format!("não foi possível ler {}: {error}", path.display()))
}
