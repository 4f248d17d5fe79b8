//! `sigilo db url`: the connection string of a role, for psql and other tools.

use std::env;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use sigilo_store::server::{DatabaseUrls, Role, ServerError, ServerSettings, saved_urls};

/// Where the data folder is; every command that touches data takes it.
#[derive(Args, Clone, Debug)]
pub struct DataArgs {
    /// Pasta dos dados [padrão: ~/.local/share/sigilo; /var/lib/sigilo para root]
    #[arg(long = "data", value_name = "PASTA", env = "SIGILO_DATA", global = true)]
    folder: Option<PathBuf>,
}

impl DataArgs {
    /// A folder that is known.
    pub fn of(folder: PathBuf) -> DataArgs {
        DataArgs { folder: Some(folder) }
    }

    /// Whether a folder was asked for.
    pub fn is_given(&self) -> bool {
        self.folder.is_some()
    }

    /// The data folder of a demonstration: as given, else beside the usual one, never the same.
    pub fn demo_folder(&self) -> PathBuf {
        let mut folder = self.folder();
        if self.folder.is_none() {
            folder.as_mut_os_string().push("-demo");
        }
        folder
    }

    /// The database's addresses: as the environment gives them, else as the managed server's passwords were saved.
    ///
    /// # Errors
    /// When there is no database yet, the saved passwords cannot be read, or the environment is incomplete.
    pub fn urls(&self) -> Result<DatabaseUrls, ServerError> {
        let settings = ServerSettings::from_env(self.folder())?;
        settings.external.map_or_else(|| saved_urls(&settings.data), Ok)
    }

    /// The data folder: as given, else the usual place of this user.
    pub fn folder(&self) -> PathBuf {
        if let Some(folder) = &self.folder {
            return folder.clone();
        }
        if rustix::process::geteuid().is_root() {
            return PathBuf::from("/var/lib/sigilo");
        }
        // The specification says to ignore a relative path.
        let set = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let share = set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")));
        share.map_or_else(|| PathBuf::from(".sigilo"), |share| share.join("sigilo"))
    }
}

/// Arguments of `sigilo db`.
#[derive(Args, Debug)]
pub struct DbArgs {
    #[command(subcommand)]
    command: DbCommand,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Subcommand, Debug)]
enum DbCommand {
    /// Mostra a conexão de um papel, com a senha: psql "$(sigilo db url)"
    Url {
        /// O papel que entra no banco
        #[arg(long, value_enum, default_value_t = RoleArg::App)]
        role: RoleArg,
    },
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum RoleArg {
    App,
    Auditor,
    Console,
    /// O lacre da trilha.
    Sealer,
    Jobs,
    Auth,
    Owner,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::App => Self::App,
            RoleArg::Auditor => Self::Auditor,
            RoleArg::Console => Self::Console,
            RoleArg::Sealer => Self::Sealer,
            RoleArg::Jobs => Self::Jobs,
            RoleArg::Auth => Self::Auth,
            RoleArg::Owner => Self::Owner,
        }
    }
}

/// Runs `sigilo db`. Works whether or not the server runs now; a managed one must run to be connected to.
///
/// # Errors
///
/// When there is no database yet, the saved passwords cannot be read, or the environment is incomplete.
pub fn run(args: &DbArgs) -> Result<(), ServerError> {
    let DbCommand::Url { role } = args.command;
    let urls = args.data.urls()?;
    // A closed pipe is the reader's choice.
    let _ = writeln!(io::stdout(), "{}", urls.of(role.into()).expose());
    Ok(())
}
