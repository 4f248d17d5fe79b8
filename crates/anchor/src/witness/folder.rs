//! What a witness keeps: its key, and of each log the last checkpoint that it cosigned.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use sigilo_proof::{note::MAX_NOTE, sha256};
use thiserror::Error;

/// What goes wrong with the folder.
#[derive(Debug, Error)]
pub enum FolderError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no key yet.
    #[error("{}: ainda não há chave; rode \"init --name NOME\"", .0.display())]
    NoKey(PathBuf),
    /// There is a key already.
    #[error("{}: já há uma chave, e ela não é substituída", .0.display())]
    KeyExists(PathBuf),
    /// Others on the machine can read the key.
    #[error("{}: outras pessoas da máquina podem ler a chave; use chmod 600", .0.display())]
    Exposed(PathBuf),
    /// The key's file is not one.
    #[error("{}: a chave está danificada; recupere-a da cópia de segurança", .0.display())]
    BadKey(PathBuf),
    /// A name that cannot stand in a signature.
    #[error("o nome não serve: sem espaços nem \"+\", como testemunha.example/nome, com 255 bytes no máximo")]
    Name,
    /// Another process works in the folder.
    #[error("{}: outra testemunha já está usando esta pasta", .0.display())]
    InUse(PathBuf),
    /// What was kept of a log is not what this witness wrote. It is not taken for nothing seen.
    #[error("{}: o que foi guardado está danificado ou é de outra testemunha", .0.display())]
    Damaged(PathBuf),
}

impl FolderError {
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
        let path = path.to_owned();
        |source| FolderError::File { path, source }
    }
}

/// The folder of a witness.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

/// What is kept of a log, a file each.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kept {
    /// The last checkpoint, with our cosignatures.
    Last,
    /// The first checkpoint with the log's own signature that did not continue what was seen.
    Refused,
}

impl Folder {
    pub(super) fn new(path: &Path) -> Folder {
        Folder(path.to_owned())
    }

    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes the folder when it is not there.
    pub(super) fn make(&self) -> Result<(), FolderError> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0).map_err(FolderError::file(&self.0))
    }

    /// Takes the folder for this process until the file is dropped.
    pub(super) fn lock(&self) -> Result<File, FolderError> {
        let path = self.join("testemunha.lock");
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(FolderError::file(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(FolderError::InUse(self.0.clone())),
            Err(TryLockError::Error(error)) => Err(FolderError::file(&path)(error)),
        }
    }

    /// An origin can be longer than a file's name and hold a slash; its hash cannot.
    pub(super) fn path(&self, origin: &str, kept: Kept) -> PathBuf {
        let kind = match kept {
            Kept::Last => "ultimo",
            Kept::Refused => "recusado",
        };
        self.join(&format!("{}.{kind}", HEXLOWER.encode(&sha256(origin.as_bytes()))))
    }

    /// A note that is kept; none where there is none.
    pub(super) fn read(&self, origin: &str, kept: Kept) -> Result<Option<String>, FolderError> {
        let path = self.path(origin, kept);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(FolderError::file(&path)(error)),
        };
        let mut text = String::new();
        match file.take(MAX_NOTE as u64 + 1).read_to_string(&mut text) {
            Ok(_) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::InvalidData => Err(FolderError::Damaged(path)),
            Err(error) => Err(FolderError::file(&path)(error)),
        }
    }

    /// Keeps a note in place of the former: whole, and on the disk when this returns. Nobody else may keep one of the
    /// same log at the same time.
    pub(super) fn keep(&self, origin: &str, kept: Kept, note: &str) -> Result<(), FolderError> {
        let path = self.path(origin, kept);
        let draft = path.with_added_extension("parte");
        write(&draft, note.as_bytes()).map_err(FolderError::file(&draft))?;
        fs::rename(&draft, &path).and_then(|()| self.sync()).map_err(FolderError::file(&path))
    }

    /// Puts the folder's own names on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }
}

/// Writes a file that only its owner reads, down to the disk.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
