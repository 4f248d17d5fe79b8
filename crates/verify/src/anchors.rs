use std::path::PathBuf;

use sigilo_proof::x509::{CaStore, from_pem};

use crate::read;

/// The roots that were named; none when none were.
pub(crate) fn store(paths: &[PathBuf]) -> Result<Option<CaStore>, String> {
    if paths.is_empty() {
        return Ok(None);
    }
    let mut store = CaStore::new("--tsa-root");
    for path in paths {
        let bytes = read(path)?;
        let wrong = || format!("{}: não é um certificado raiz em que se possa confiar", path.display());
        let certificates = match std::str::from_utf8(&bytes) {
            Ok(text) => from_pem(text).ok_or_else(wrong)?,
            Err(_) => vec![bytes],
        };
        for certificate in certificates {
            if store.add_root(&certificate).is_err() {
                store.add_intermediate(&certificate).map_err(|_| wrong())?;
            }
        }
    }
    Ok(Some(store))
}
