//! What can go wrong with the server, said so that a person knows what to do next.

use std::io;
use std::path::{Path, PathBuf};

use tokio_postgres::error::SqlState;

use super::findings::Findings;

/// Why the database server could not be opened or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// No usable PostgreSQL programs on this machine.
    #[error(
        "Não encontrei os programas do PostgreSQL 15 ou mais novo.{}\n\
         Instale o pacote postgresql (no Debian: apt-get install postgresql), \
         ou aponte SIGILO_PG_BIN para a pasta que contém initdb e postgres, \
         ou use um servidor seu com DATABASE_URL.",
        listed(.rejected)
    )]
    NoPrograms {
        /// Programs that were found and refused, each with the reason.
        rejected: Vec<String>,
    },

    /// The cluster on disk was made by another major version.
    #[error(
        "Os dados em {} são do PostgreSQL {found}, e nesta máquina só há {}.\n\
         Instale o PostgreSQL {found} (no Debian: apt-get install postgresql-{found}) ou aponte \
         SIGILO_PG_BIN para ele. Nada foi alterado.",
        .folder.display(), versions(.available)
    )]
    OtherMajor {
        /// The cluster's folder.
        folder: PathBuf,
        /// Its major version.
        found: u32,
        /// The major versions whose programs are here.
        available: Vec<u32>,
    },

    /// Another sigilo process holds this data folder.
    #[error(
        "A pasta {} já está em uso por outro Sigilo{}.\n\
         Encerre aquele processo ou escolha outra pasta com --data.",
        .folder.display(), process(.pid)
    )]
    InUse {
        /// The data folder.
        folder: PathBuf,
        /// The process that holds it, when it could be read.
        pid: Option<u32>,
    },

    /// The account PostgreSQL runs under cannot get into a folder.
    #[error(
        "O PostgreSQL não roda como root; ele usa a conta {account}, que não consegue entrar em {}.\n\
         Escolha outra pasta com --data (por exemplo /var/lib/sigilo), \
         rode o Sigilo com um usuário comum, ou libere a passagem: chmod o+x '{}'",
        .blocked.display(), .blocked.display()
    )]
    Unreachable {
        /// The account's name.
        account: String,
        /// The first folder on the way that refuses it.
        blocked: PathBuf,
    },

    /// The cluster belongs to somebody else, and we are not root.
    #[error(
        "A pasta {} pertence a outro usuário desta máquina (uid {owner}).\n\
         Rode o Sigilo com esse usuário ou escolha outra pasta com --data.",
        .folder.display()
    )]
    ForeignFolder {
        /// The folder.
        folder: PathBuf,
        /// Its owner.
        owner: u32,
    },

    /// No account to run PostgreSQL under, though we are root.
    #[error(
        "O PostgreSQL não roda como root, e não há conta comum para ele nesta máquina \
         (procurei o dono da pasta de dados, postgres e nobody).\n\
         Crie uma: useradd --system postgres"
    )]
    NoAccount,

    /// The file with the database passwords cannot be understood.
    #[error(
        "O arquivo {} está danificado.\n\
         Mova-o para outro lugar e abra de novo: o Sigilo cria senhas novas para o mesmo banco.",
        .0.display()
    )]
    Secrets(PathBuf),

    /// The data folder has no database yet.
    #[error(
        "Ainda não há banco em {}. Ele é criado na primeira vez que o Sigilo é ligado \
         (sigilo demo ou sigilo serve).",
        .0.display()
    )]
    NoDatabase(PathBuf),

    /// There is data where a copy was to be put.
    #[error(
        "A instalação em {} já tem dados, e uma cópia só volta para uma instalação vazia.\n\
         Escolha outra pasta com --data, ou mova esta para outro lugar. Nada foi alterado.",
        .0.display()
    )]
    NotEmpty(PathBuf),

    /// A file could not be read or written.
    #[error("Não consegui {action} {}: {source}", .path.display())]
    File {
        /// What was tried, as a Portuguese verb ("ler", "criar").
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },

    /// One of PostgreSQL's programs failed.
    #[error("O programa {program} falhou:\n{output}")]
    Program {
        /// Its name.
        program: &'static str,
        /// The end of what it said.
        output: String,
    },

    /// PostgreSQL did not get ready in time.
    #[error("O PostgreSQL não ficou pronto em {seconds} s. As últimas linhas dele:\n{output}")]
    NotReady {
        /// How long we waited.
        seconds: u64,
        /// The end of its log.
        output: String,
    },

    /// PostgreSQL would not stop, not even when told to at once.
    #[error("O PostgreSQL (processo {0}) não encerrou.")]
    WillNotStop(i32),

    /// A connection or statement failed while preparing the database.
    #[error("O banco recusou {action}: {reason}")]
    Database {
        /// What was tried, as Portuguese words.
        action: &'static str,
        /// PostgreSQL's reason.
        reason: String,
    },

    /// The server does not know the password we have.
    #[error("O banco recusou a senha.")]
    PasswordRefused,

    /// A connection string is missing or malformed.
    #[error("{variable}: {reason}")]
    Setting {
        /// The environment variable.
        variable: &'static str,
        /// What is wrong with it; never its value, which holds a password.
        reason: &'static str,
    },

    /// The external server lacks something.
    #[error("O servidor de banco de dados não está pronto para o Sigilo.\n{0}")]
    External(Findings),
}

impl ServerError {
    /// For `map_err`: a file operation that failed.
    pub(super) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }

    /// For `map_err`: a database operation that failed.
    pub(super) fn database(action: &'static str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |error| match error.code() {
            Some(&SqlState::INVALID_PASSWORD) => Self::PasswordRefused,
            _ => Self::Database { action, reason: reason(&error) },
        }
    }
}

/// PostgreSQL's own message; the driver's `Display` says only "db error".
pub(super) fn reason(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => db.message().to_owned(),
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

fn listed(rejected: &[String]) -> String {
    rejected.iter().map(|line| format!("\n  - {line}")).collect()
}

fn versions(available: &[u32]) -> String {
    let mut list: Vec<_> = available.iter().map(u32::to_string).collect();
    list.dedup();
    if list.is_empty() { "nenhum PostgreSQL".to_owned() } else { format!("o PostgreSQL {}", list.join(", ")) }
}

fn process(pid: &Option<u32>) -> String {
    pid.map(|pid| format!(" (processo {pid})")).unwrap_or_default()
}
