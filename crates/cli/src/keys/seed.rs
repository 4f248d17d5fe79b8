//! Keys that are 32 random bytes in a file that only its owner reads.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use sigilo_proof::random_bytes;
use zeroize::Zeroizing;

use crate::args::Trouble;

/// The 32 bytes in a file of the folder `segredos`, made where they may be.
///
/// # Errors
/// When the file is missing, cannot be read or written, is not 32 bytes, or others could read it.
pub fn read(data: &Path, name: &str, may_make: bool) -> Result<Zeroizing<[u8; 32]>, Trouble> {
    let folder = data.join("segredos");
    let path = folder.join(name);
    let trouble = |what: &str, error: &dyn std::fmt::Display| Trouble(format!("{what} {}: {error}", path.display()));
    let mut bytes = Zeroizing::new([0_u8; 32]);
    match OpenOptions::new().read(true).open(&path) {
        Ok(mut file) => {
            let meta = file.metadata().map_err(|e| trouble("não foi possível ler", &e))?;
            if meta.permissions().mode() & 0o077 != 0 {
                return Err(trouble("outras pessoas da máquina podem ler a chave", &"use chmod 600"));
            }
            if meta.len() != 32 {
                return Err(trouble("a chave está danificada", &"recupere-a da cópia de segurança"));
            }
            file.read_exact(bytes.as_mut_slice()).map_err(|e| trouble("não foi possível ler", &e))?;
        }
        Err(error) if error.kind() == ErrorKind::NotFound && !may_make => {
            return Err(trouble(
                "falta a chave desta instalação",
                &"sem ela nada se abre nem se lacra; recupere o arquivo da cópia de segurança",
            ));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder)
                .map_err(|e| trouble("não foi possível criar a pasta de", &e))?;
            *bytes = random_bytes();
            write_whole(&folder, &path, bytes.as_slice()).map_err(|e| trouble("não foi possível gravar", &e))?;
        }
        Err(error) => return Err(trouble("não foi possível ler", &error)),
    }
    Ok(bytes)
}

/// Under another name first: a crash in between must not leave half a key under the real one.
pub fn write_whole(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let draft = folder.join(format!(".chave.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    // A link fails when the name exists, so that of two first starts only one key lives.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    linked?;
    fs::File::open(folder)?.sync_all()
}
