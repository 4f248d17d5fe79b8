//! `sigilo audit simulate`: the manual's eight demonstrations on this machine, with a report at the end.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};

use sigilo_domain::audit_query::Level;
use sigilo_features::{
    App,
    report::{self, Form},
    simulation::{Demonstration, Play},
};

use sigilo_store::server::ServerSettings;

use crate::{
    args::{SiteArgs, Trouble},
    boot::{self, Installation},
    db::DataArgs,
    evidence::{self, EvidenceCommand},
    keys::CustodyArgs,
    outside::OutsideArgs,
    serve::until_stopped,
};

/// Arguments of `sigilo audit`.
#[derive(Args, Debug)]
pub struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Subcommand, Debug)]
enum AuditCommand {
    /// Faz de verdade as oito demonstrações do manual, com pessoas inventadas, e emite o relatório. Sem --data usa um
    /// banco provisório; com --data o banco e o site continuam no ar para quem quiser olhar. Sai com 1 se algo não saiu
    /// como se espera
    Simulate {
        /// Pasta em que ficam relatorio.pdf, relatorio.html e relatorio.json
        #[arg(long, value_name = "PASTA", default_value = ".")]
        out: PathBuf,
        #[command(flatten)]
        site: Box<SiteArgs>,
    },
    #[command(flatten)]
    Evidence(EvidenceCommand),
}

/// Runs `sigilo audit`.
///
/// # Errors
/// A sentence in Portuguese that says what to do, also when a demonstration did not come out as it should.
pub async fn run(args: &AuditArgs) -> Result<(), Trouble> {
    let AuditArgs { command, data } = args;
    let (out, site) = match command {
        AuditCommand::Simulate { out, site } => (out, site),
        AuditCommand::Evidence(command) => return evidence::run(command, data).await,
    };
    fs::create_dir_all(out)
        .map_err(|error| Trouble(format!("não foi possível escrever em {}: {error}", out.display())))?;
    eprintln!("Sigilo: simulação de auditoria");
    // People are made up in it: always a database of its own, whatever the environment names.
    if data.is_given() {
        let installation =
            boot::start_on(ServerSettings::managed(data.demo_folder()), site, &CustodyArgs::in_file(), true).await?;
        let level = simulate(&installation, out, true).await?;
        eprintln!("  O banco fica em {}. Ctrl+C encerra.", data.demo_folder().display());
        until_stopped(installation, site.web(), OutsideArgs::default().open()?, CustodyArgs::in_file()).await?;
        return verdict(level);
    }
    let folder = Provisional::new()?;
    // Whatever runs on the usual port goes on undisturbed.
    let site = SiteArgs { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), ..SiteArgs::clone(site) };
    let installation =
        boot::start_on(ServerSettings::managed(folder.0.clone()), &site, &CustodyArgs::in_file(), true).await?;
    let level = simulate(&installation, out, false).await;
    let Installation { app, server, .. } = installation;
    // Its connections close before the server does.
    drop(app);
    server.stop()?;
    verdict(level?)
}

fn verdict(level: Level) -> Result<(), Trouble> {
    if level == Level::Problem {
        return Err(Trouble("a simulação encontrou problemas; o relatório diz quais".into()));
    }
    Ok(())
}

/// A folder that goes when the command ends.
struct Provisional(PathBuf);

impl Provisional {
    fn new() -> Result<Provisional, Trouble> {
        let folder = std::env::temp_dir().join(format!("sigilo-simulacao-{}", uuid::Uuid::new_v4().simple()));
        fs::create_dir(&folder)
            .map_err(|error| Trouble(format!("não foi possível usar {}: {error}", folder.display())))?;
        Ok(Provisional(folder))
    }
}

impl Drop for Provisional {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("  A pasta provisória {} ficou para trás: {error}", self.0.display());
        }
    }
}

#[allow(clippy::print_stdout, reason = "what was shown is what this command is for")]
async fn simulate(installation: &Installation, out: &Path, stays: bool) -> Result<Level, Trouble> {
    let app = &installation.app;
    let mut play = Play::begin(app, &boot::terminal()).await?;
    let mut number = 0;
    while let Some(one) = play.next(app).await {
        number += 1;
        show(number, one);
    }
    let level = play.level();
    println!("\nResultado: {}", word(level));
    eprintln!("  Emitindo o relatório…");
    let dpo = play.dpo();
    let id = report::issue_with(app, &dpo, report::today(app), None, play.demonstrations().to_vec()).await?;
    for form in Form::ALL {
        let path = out.join(format!("relatorio.{}", form.code()));
        let content = report::file(app, &dpo, id, form).await?;
        fs::write(&path, content)
            .map_err(|error| Trouble(format!("não foi possível escrever {}: {error}", path.display())))?;
        println!("{}", path.display());
    }
    if stays {
        announce(app, &play).await?;
    }
    play.close(app).await;
    Ok(level)
}

#[allow(clippy::print_stdout, reason = "the link is for whoever started this")]
async fn announce(app: &App, play: &Play) -> Result<(), Trouble> {
    let origin = app.settings().origin.as_str().trim_end_matches('/');
    let link = play.link(app).await?;
    println!("\nSigilo está em {origin}\n");
    println!("Para olhar, entre uma vez como o encarregado da simulação:\n  {origin}/entrar/link/{}\n", link.expose());
    Ok(())
}

#[allow(clippy::print_stdout, reason = "what was shown is what this command is for")]
fn show(number: usize, one: &Demonstration) {
    println!("\n{number}. {} [{}]", one.title, word(one.finding.level));
    for stage in &one.stages {
        println!("  {} {}", mark(stage.finding.level), stage.done);
        println!("    {}", stage.finding.sentence);
        let rows = stage.evidence.as_ref().map_or_else(String::new, |evidence| match evidence.count {
            1 => " · 1 linha".to_owned(),
            n => format!(" · {n} linhas"),
        });
        println!("    {}{rows} · {}", stage.stored, stage.article);
    }
}

fn word(level: Level) -> String {
    level.label().to_lowercase()
}

fn mark(level: Level) -> char {
    match level {
        Level::Ok => '✓',
        Level::Attention => '!',
        Level::Problem => '✗',
        Level::Empty | Level::Information => '·',
    }
}
