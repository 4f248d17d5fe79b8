use std::{
    io,
    path::{Path, PathBuf},
};

use sigilo_store::{keystore::KeyError, server::ServerError};

/// Short for results of this crate.
pub type Result<T> = std::result::Result<T, Problem>;

/// Why there is no copy, or why one does not come back: a sentence in Portuguese that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The database server.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The database.
    #[error("o banco de dados não respondeu como devia: {0}")]
    Store(#[from] sigilo_store::Error),
    /// The keystore.
    #[error("o banco de chaves não respondeu como devia: {0}")]
    Key(#[from] KeyError),
    /// The proofs of the trail.
    #[error("as provas da trilha: {0}")]
    Evidence(#[from] sigilo_features::Error),
    /// A file could not be read or written.
    #[error("não foi possível {action} {}: {source}", .path.display())]
    File {
        /// What was tried, as a Portuguese verb.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// `pg_dump` or `pg_restore` failed.
    #[error("{program} falhou: {said}")]
    Program {
        /// Its name.
        program: &'static str,
        /// What it said, without values of rows.
        said: String,
    },
    /// The disk is too full.
    #[error("não há espaço em {}: faltam {} MB", .folder.display(), missing / 1_000_000 + 1)]
    Space {
        /// Where.
        folder: PathBuf,
        /// Bytes.
        missing: u64,
    },
    /// Another copy is being made into the same folder, or another drill runs.
    #[error("já há outro Sigilo trabalhando em {}", .0.display())]
    Busy(PathBuf),
    /// What is to be a key of age is none.
    #[error("{0} não se lê como chave age: gere uma com sigilo backup key")]
    NoKey(&'static str),
    /// The identity is not the archive's.
    #[error("a identidade não abre {}: a cópia foi cifrada para outra", .0.display())]
    WrongIdentity(PathBuf),
    /// The archive is not as it was written.
    #[error("{} está danificado ou foi alterado ({why}); nada foi reposto", .file.display())]
    Damaged {
        /// Which file.
        file: PathBuf,
        /// How that was seen.
        why: &'static str,
    },
    /// There is no such archive.
    #[error("não há cópia em {}: {why}", .folder.display())]
    Missing {
        /// Where it was looked for.
        folder: PathBuf,
        /// What is missing.
        why: &'static str,
    },
    /// A newer product or server wrote it.
    #[error("a cópia é de uma versão mais nova ({0}): instale-a e tente de novo; nada foi reposto")]
    Newer(String),
    /// The counts of rows differ.
    #[error("a tabela {table} tem {found} linhas e devia ter {expected}; nada foi reposto")]
    Counts {
        /// The table.
        table: String,
        /// In the manifest.
        expected: u64,
        /// In the database that was put together.
        found: u64,
    },
    /// A thread ended before its work.
    #[error("o trabalho foi interrompido")]
    Interrupted,
}

impl Problem {
    /// For `map_err`: a file operation that failed.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Problem {
        let path = path.to_owned();
        move |source| Problem::File { action, path, source }
    }
}
