//! What can go wrong, in words for the person at the terminal.

use std::io;
use std::path::{Path, PathBuf};

use tantivy::TantivyError;

/// Why the index could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// There is no index in the folder.
    #[error("não há índice de citações em {0}; crie-o com sigilo citations build")]
    Missing(PathBuf),
    /// It was written by another version.
    #[error("o índice é de outra versão do programa; apague a pasta e crie-o de novo")]
    OtherFormat,
    /// Another process is writing it.
    #[error("outro processo está atualizando este índice; espere que ele termine")]
    Locked,
    /// No space is left.
    #[error("o disco de {0} está cheio; libere espaço e repita o comando: ele continua de onde parou")]
    DiskFull(PathBuf),
    /// The folder with PubMed's files holds none.
    #[error("nenhum arquivo .xml ou .xml.gz em {0}")]
    NoFiles(PathBuf),
    /// The folder with PubMed's files cannot be read.
    #[error("não foi possível ler {0}: {1}")]
    Folder(PathBuf, io::Error),
    /// Whoever watched the progress asked to stop. What was written before stays.
    #[error("interrompido; repita o comando para continuar de onde parou")]
    Stopped,
    /// Anything else.
    #[error("erro do índice de citações: {0}")]
    Other(String),
}

/// Less than this is as good as full, in bytes.
const LEAST_SPACE: u64 = 8 << 20;

impl IndexError {
    pub(crate) fn reading(folder: &Path, error: &TantivyError) -> IndexError {
        match error {
            TantivyError::IncompatibleIndex(_) | TantivyError::SchemaError(_) => IndexError::OtherFormat,
            _ => IndexError::Other(format!("{}: {error}", folder.display())),
        }
    }

    /// A failed write, with a full disk told from other troubles: the library reports both alike.
    pub(crate) fn writing(folder: &Path, error: &TantivyError) -> IndexError {
        match error {
            TantivyError::LockFailure(..) => IndexError::Locked,
            TantivyError::IoError(io) if io.kind() == io::ErrorKind::StorageFull => {
                IndexError::DiskFull(folder.to_owned())
            }
            _ if free(folder).is_some_and(|bytes| bytes < LEAST_SPACE) => IndexError::DiskFull(folder.to_owned()),
            _ => IndexError::reading(folder, error),
        }
    }
}

impl From<TantivyError> for IndexError {
    fn from(error: TantivyError) -> IndexError {
        IndexError::Other(error.to_string())
    }
}

fn free(folder: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}
