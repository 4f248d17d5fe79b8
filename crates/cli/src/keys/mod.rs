//! `sigilo keys`: the keys of an installation, from the root down.

mod ceremony;
mod custody;
mod databases;
mod log_file;
mod root_file;
mod rotate;
mod seed;
mod status;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use uuid::Uuid;

pub use log_file::{open_log, public};
pub use root_file::open;

use crate::{args::Trouble, db::DataArgs};
pub use custody::CustodyArgs;
use custody::Keeper;

/// Arguments of `sigilo keys`.
#[derive(Args, Debug)]
pub struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    custody: CustodyArgs,
}

#[derive(Subcommand, Debug)]
enum KeysCommand {
    /// Prepara o banco de chaves e confere o guardião da chave raiz; no PKCS#11, cria a chave se faltar
    Init,
    /// Mostra as chaves das clínicas, quem as guarda e se todas abrem
    Status,
    /// Troca a chave de cada clínica por uma nova, com o sistema no ar; interrompida, continua de onde parou
    Rotate {
        /// Só a clínica deste identificador
        #[arg(long, value_name = "UUID")]
        clinic: Option<Uuid>,
        /// Em vez disso, embrulha as chaves das clínicas de novo, com a versão mais nova da chave raiz
        #[arg(long)]
        root: bool,
        /// Quem guardava a chave raiz até agora, quando ela muda de guardião
        #[arg(long, value_enum, requires = "root")]
        from: Option<Keeper>,
    },
    /// Reparte a chave raiz: um arquivo cifrado e partes, das quais algumas bastam para abri-lo
    Share {
        /// Quantas partes bastam
        #[arg(long, default_value_t = 3)]
        threshold: u8,
        /// Quantas partes são feitas
        #[arg(long, default_value_t = 5)]
        count: u8,
        /// Refaz a partilha: as partes antigas deixam de valer para o arquivo novo
        #[arg(long)]
        replace: bool,
    },
    /// Reconstrói a chave raiz com o arquivo e as partes, lidas uma por linha
    Recover {
        /// Só ensaia: reconstrói na memória, prova que é a chave certa e não muda nada
        #[arg(long)]
        rehearse: bool,
        /// O arquivo cifrado [padrão: segredos/raiz.partes na pasta dos dados]
        #[arg(long, value_name = "ARQUIVO")]
        file: Option<PathBuf>,
    },
}

/// Runs `sigilo keys`.
///
/// # Errors
/// A sentence in Portuguese that says what to do.
pub async fn run(args: &KeysArgs) -> Result<(), Trouble> {
    let data = args.data.folder();
    match &args.command {
        KeysCommand::Init => status::init(&data, &args.custody).await,
        KeysCommand::Status => status::status(&data, &args.custody).await,
        KeysCommand::Rotate { clinic, root: false, .. } => rotate::clinics(&data, &args.custody, *clinic).await,
        KeysCommand::Rotate { clinic, from, .. } => rotate::root(&data, &args.custody, *clinic, *from).await,
        KeysCommand::Share { threshold, count, replace } => ceremony::share(&data, *threshold, *count, *replace).await,
        KeysCommand::Recover { rehearse, file } => ceremony::recover(&data, file.as_deref(), *rehearse).await,
    }
}

impl From<sigilo_store::keystore::KeyError> for Trouble {
    fn from(error: sigilo_store::keystore::KeyError) -> Self {
        use sigilo_store::keystore::KeyError;
        Trouble(match error {
            KeyError::Store(error) => return error.into(),
            KeyError::Root(error) => error.to_string(),
            KeyError::Unknown => "esta clínica não tem chaves".into(),
            KeyError::Destroyed => "a chave foi destruída".into(),
            KeyError::Damaged => "há no banco de chaves uma chave alterada ou trocada de lugar".into(),
            KeyError::OtherProvider(provider) => {
                format!("a chave foi embrulhada por outro guardião ({provider}): veja sigilo keys rotate --root --from")
            }
        })
    }
}

impl From<sigilo_proof::envelope::RootError> for Trouble {
    fn from(error: sigilo_proof::envelope::RootError) -> Self {
        Trouble(error.to_string())
    }
}

impl From<sigilo_proof::envelope::ShareError> for Trouble {
    fn from(error: sigilo_proof::envelope::ShareError) -> Self {
        Trouble(error.to_string())
    }
}
