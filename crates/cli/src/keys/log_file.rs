//! The key that the trail is sealed with: a file of its own, so that a sealer on another machine has nothing else.

use std::path::Path;

use sigilo_proof::{checkpoint::LogKey, note::VerifierKey, random_bytes};

use super::seed;
use crate::args::Trouble;

const NAME: &str = "trilha.chave";

/// Reads the key that the trail is sealed with, or makes it for a log of the site `host` when `known` says that there is
/// none yet. `known` are the public keys that the database has, one a line.
///
/// # Errors
/// As [`super::open`]; and when the key is not the one that sealed this database's trail.
pub fn open_log(data: &Path, known: Option<&str>, host: &str) -> Result<LogKey, Trouble> {
    let seed = seed::read(data, NAME, known.is_none())?;
    let origin = match known.and_then(|keys| keys.lines().next()) {
        Some(key) => VerifierKey::parse(key)
            .map_err(|error| Trouble(format!("as chaves da trilha no banco não se leem: {error}")))?
            .name()
            .to_owned(),
        // The address alone would be the same after the data was lost and begun anew.
        None => format!("{host}/trilha/{:08x}", u32::from_be_bytes(random_bytes())),
    };
    let key = LogKey::from_seed(&origin, &seed).map_err(|error| Trouble(format!("a chave da trilha: {error}")))?;
    match known {
        Some(known) if known != public(&key) => Err(Trouble(
            "a chave em segredos/trilha.chave não é a que lacrou a trilha deste banco: recupere a certa da cópia de segurança"
                .into(),
        )),
        _ => Ok(key),
    }
}

/// The public halves, as the database keeps them.
pub fn public(key: &LogKey) -> String {
    key.verifier_keys().iter().map(|key| format!("{key}\n")).collect()
}
