//! The installation's root key: 32 random bytes in a file that only its owner reads.

use std::{
    fs::{self, OpenOptions},
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use sigilo_proof::{Keyring, envelope::KeyBytes};

use super::seed;
use crate::args::Trouble;

const NAME: &str = "raiz.chave";
/// The same key, encrypted, for those who hold its shares.
const SHARED: &str = "raiz.partes";
/// A shared file is a hundred-odd bytes.
const LONGEST_SHARED: u64 = 4096;

/// Where the root key is.
pub fn path(data: &Path) -> PathBuf {
    data.join("segredos").join(NAME)
}

/// Where the file is that opens with shares.
pub fn shared_path(data: &Path) -> PathBuf {
    data.join("segredos").join(SHARED)
}

/// Reads the root key of the data folder, or makes it when `first_start` says that none can exist yet.
///
/// # Errors
/// When the file is missing, cannot be read or written, is not 32 bytes, or others could read it.
pub fn open(data: &Path, first_start: bool) -> Result<Keyring, Trouble> {
    Ok(Keyring::new(read(data, first_start)?.expose()))
}

/// As [`open`], the key itself.
///
/// # Errors
/// As [`open`].
pub fn read(data: &Path, first_start: bool) -> Result<KeyBytes, Trouble> {
    let root = seed::read(data, NAME, first_start)?;
    let trouble = |error| Trouble(format!("não foi possível usar {}: {error}", path(data).display()));
    KeyBytes::copy(root.as_slice()).map_err(trouble)
}

/// Puts a recovered root key in its place, where there is none.
///
/// # Errors
/// When there is one, or it cannot be written.
pub fn restore(data: &Path, root: &KeyBytes) -> Result<(), Trouble> {
    let (folder, path) = (data.join("segredos"), path(data));
    let failed = |e: std::io::Error| Trouble(format!("não foi possível gravar {}: {e}", path.display()));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
    seed::write_whole(&folder, &path, root.expose()).map_err(failed)
}

/// Writes the file that opens with shares, in the place of an older one.
///
/// # Errors
/// When it cannot be written.
pub fn write_shared(path: &Path, file: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let draft = folder.join(format!(".{SHARED}.{}", std::process::id()));
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    out.write_all(file)?;
    out.sync_all()?;
    fs::rename(&draft, path)?;
    fs::File::open(folder)?.sync_all()
}

/// Reads a file that opens with shares.
///
/// # Errors
/// When it is not there or cannot be one.
pub fn read_shared(path: &Path) -> Result<Vec<u8>, Trouble> {
    let failed = |e: std::io::Error| Trouble(format!("não foi possível ler {}: {e}", path.display()));
    let file = fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(LONGEST_SHARED).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
