//! `sigilo demo`: an installation with two invented clinics, and a single-use link for each person.

use sigilo_domain::Role;
use sigilo_features::demo::{self, DemoLink};

use crate::{
    args::Trouble,
    boot,
    keys::CustodyArgs,
    serve::{ServeArgs, until_stopped},
};

/// Runs until SIGINT or SIGTERM.
///
/// # Errors
/// A sentence in Portuguese that says what to do.
pub async fn run(args: &ServeArgs) -> Result<(), Trouble> {
    eprintln!("Sigilo: demonstração");
    let installation = boot::start(&args.data, &args.site, &CustodyArgs::in_file(), true).await?;
    let app = &installation.app;
    let terminal = boot::terminal();
    if demo::seed(app, &terminal).await? {
        demo::seed_patients(app, &terminal).await?;
        demo::seed_catalogue(app, &terminal).await?;
        demo::seed_agenda(app, &terminal).await?;
        eprintln!("  Duas clínicas inventadas foram criadas, com pacientes inventados.");
    }
    let links = demo::links(app, &terminal).await?;
    eprintln!("  Os dados ficam em {}.", args.data.demo_folder().display());
    show(app.settings().origin.as_str().trim_end_matches('/'), &links);
    until_stopped(installation, args.site.web(), args.outside.open()?, CustodyArgs::in_file()).await
}

#[allow(clippy::print_stdout, reason = "the links are what this command is for")]
fn show(origin: &str, links: &[DemoLink]) {
    println!("\nSigilo está em {origin}\n");
    println!("Cada link entra uma vez, como a pessoa ao lado; reinicie a demonstração para ter novos.");
    let mut clinic = "";
    for link in links {
        if link.clinic_name != clinic {
            clinic = &link.clinic_name;
            println!("\n  {clinic}");
        }
        let roles = link.roles.iter().copied().map(Role::label).collect::<Vec<_>>().join(", ");
        println!("    {} ({roles})\n      {origin}/entrar/link/{}", link.display_name, link.token.expose());
    }
    println!("\nPara a jornada de um médico novo, abra {origin}/criar-conta");
    println!("Ctrl+C encerra.\n");
}
