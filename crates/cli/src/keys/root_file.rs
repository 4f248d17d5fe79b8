//! The installation's root key: 32 random bytes in a file that only its owner reads.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use sigilo_proof::{Keyring, envelope::KeyBytes, random_bytes};
use zeroize::Zeroizing;

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
    let folder = data.join("segredos");
    let path = path(data);
    let trouble = |what: &str, error: &dyn std::fmt::Display| Trouble(format!("{what} {}: {error}", path.display()));
    let mut root = Zeroizing::new([0_u8; 32]);
    match OpenOptions::new().read(true).open(&path) {
        Ok(mut file) => {
            let meta = file.metadata().map_err(|e| trouble("não foi possível ler", &e))?;
            if meta.permissions().mode() & 0o077 != 0 {
                return Err(trouble("outras pessoas da máquina podem ler a chave", &"use chmod 600"));
            }
            if meta.len() != 32 {
                return Err(trouble("a chave está danificada", &"recupere-a da cópia de segurança"));
            }
            file.read_exact(root.as_mut_slice()).map_err(|e| trouble("não foi possível ler", &e))?;
        }
        Err(error) if error.kind() == ErrorKind::NotFound && !first_start => {
            return Err(trouble(
                "falta a chave desta instalação",
                &"sem ela os dados cifrados não abrem; recupere o arquivo da cópia de segurança",
            ));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder)
                .map_err(|e| trouble("não foi possível criar a pasta de", &e))?;
            *root = random_bytes();
            write_whole(&folder, &path, root.as_slice()).map_err(|e| trouble("não foi possível gravar", &e))?;
        }
        Err(error) => return Err(trouble("não foi possível ler", &error)),
    }
    KeyBytes::copy(root.as_slice()).map_err(|e| trouble("não foi possível usar", &e))
}

/// Puts a recovered root key in its place, where there is none.
///
/// # Errors
/// When there is one, or it cannot be written.
pub fn restore(data: &Path, root: &KeyBytes) -> Result<(), Trouble> {
    let (folder, path) = (data.join("segredos"), path(data));
    let failed = |e: std::io::Error| Trouble(format!("não foi possível gravar {}: {e}", path.display()));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
    write_whole(&folder, &path, root.expose()).map_err(failed)
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

/// Under another name first: a crash in between must not leave half a key under the real one.
fn write_whole(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let draft = folder.join(format!(".{NAME}.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    // A link fails when the name exists, so that of two first starts only one key lives.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    linked?;
    fs::File::open(folder)?.sync_all()
}
