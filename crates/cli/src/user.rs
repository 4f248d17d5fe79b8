//! `sigilo user`: people of an installation that is not open to everyone.

use std::sync::Arc;

use clap::{Args, Subcommand};

use sigilo_domain::{Role, SystemClock};
use sigilo_features::{App, user};
use sigilo_store::Db;

use crate::{
    args::{SiteArgs, Trouble},
    assistant, boot,
    db::DataArgs,
    keys,
};

/// Arguments of `sigilo user`.
#[derive(Args, Debug)]
pub struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    site: SiteArgs,
}

#[derive(Subcommand, Debug)]
enum UserCommand {
    /// Cria a conta de uma pessoa e mostra um link de uso único, válido por 72 horas
    Invite {
        /// Nome completo
        #[arg(long)]
        name: String,
        /// E-mail
        #[arg(long)]
        email: String,
        /// Nome da clínica; se não houver uma com este nome, ela é criada
        #[arg(long)]
        clinic: String,
        /// Perfil: owner, administrator, professional, receptionist, dpo ou auditor; pode repetir
        #[arg(long = "role", value_parser = role, required = true)]
        roles: Vec<Role>,
    },
    /// Mostra um link de uso único para quem não consegue mais entrar; confirme antes quem é a pessoa
    Link {
        /// E-mail da conta
        #[arg(long)]
        email: String,
        /// Esquece as chaves e os códigos perdidos, para a pessoa registrar novos
        #[arg(long)]
        reset_factors: bool,
    },
    /// Abre o console de auditoria a um auditor ou encarregado, por um período
    Audit {
        /// E-mail da conta
        #[arg(long)]
        email: String,
        /// Para que é o acesso
        #[arg(long)]
        purpose: String,
        /// Por quantos dias, no máximo 90
        #[arg(long, default_value_t = 30)]
        days: i32,
    },
}

fn role(code: &str) -> Result<Role, String> {
    Role::from_code(code).ok_or_else(|| "perfil desconhecido".into())
}

/// Works while the installation is up: the accounts are in its database.
///
/// # Errors
/// A sentence in Portuguese that says what to do.
pub async fn run(args: &UserArgs) -> Result<(), Trouble> {
    let folder = args.data.folder();
    let urls = args.data.urls()?;
    let settings = args.site.settings(args.site.listen.port(), false)?;
    let origin = settings.origin.clone();
    let app = App::new(
        Db::new(&urls, 2)?,
        keys::open(&folder, false)?,
        None,
        Arc::new(SystemClock),
        assistant::none()?,
        settings,
    )?;
    let terminal = boot::terminal();
    let token = match &args.command {
        UserCommand::Invite { name, email, clinic, roles } => {
            let invitation = user::Invitation {
                full_name: name.clone(),
                email: email.clone(),
                clinic: clinic.clone(),
                roles: roles.clone(),
            };
            user::invite(&app, &terminal, invitation).await?
        }
        UserCommand::Link { email, reset_factors } => user::link(&app, &terminal, email, *reset_factors).await?,
        UserCommand::Audit { email, purpose, days } => {
            user::open_console(&app, &terminal, email, purpose, *days).await?;
            return Ok(());
        }
    };
    show(&format!("{}/entrar/link/{}", origin.as_str().trim_end_matches('/'), token.expose()));
    Ok(())
}

#[allow(clippy::print_stdout, reason = "the link is what this command is for")]
fn show(link: &str) {
    println!("{link}");
}
