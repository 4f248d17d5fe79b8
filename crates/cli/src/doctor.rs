//! `sigilo doctor`: looks at the machine and the database and says what is missing and what mends it.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use sigilo_store::server::{
    Findings, KEYSTORE_SQL, Level, ROLES_SQL, Server, ServerError, ServerSettings, examine_database, examine_machine,
    saved_urls,
};

use crate::{db::DataArgs, memory};

/// Arguments of `sigilo doctor`.
#[derive(Args, Debug)]
pub struct DoctorArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Mostra o SQL que cria os papéis e o banco num servidor PostgreSQL seu
    #[arg(long)]
    sql: bool,
    /// Mostra o SQL que cria os papéis e o banco de chaves num servidor PostgreSQL seu
    #[arg(long, conflicts_with = "sql")]
    keys_sql: bool,
}

/// Runs `sigilo doctor`; fails when something keeps Sigilo from working.
pub async fn run(args: &DoctorArgs) -> ExitCode {
    if args.sql {
        let _ = io::stdout().write_all(ROLES_SQL.as_bytes());
        return ExitCode::SUCCESS;
    }
    if args.keys_sql {
        let _ = io::stdout().write_all(KEYSTORE_SQL.as_bytes());
        return ExitCode::SUCCESS;
    }
    let mut findings = memory::findings();
    findings.extend(examine(args).await);
    let _ = print(&findings, &mut io::stdout());
    match findings.worst() {
        Level::Fail => ExitCode::FAILURE,
        Level::Ok | Level::Warn => ExitCode::SUCCESS,
    }
}

async fn examine(args: &DoctorArgs) -> Findings {
    let mut findings = Findings::default();
    let settings = match ServerSettings::from_env(args.data.folder()) {
        Ok(settings) => settings,
        Err(error) => {
            findings.fail("Conexões", error.to_string(), None);
            return findings;
        }
    };
    if let Some(urls) = &settings.external {
        return examine_database(urls).await;
    }
    findings.extend(examine_machine(&settings));
    // Without saved passwords there is no database yet, or one that only a start mends.
    if findings.worst() == Level::Fail || saved_urls(&settings.data).is_err() {
        return findings;
    }
    match Server::open(&settings, &|_| {}).await {
        Ok(server) => {
            findings.ok("Servidor", "liga e desliga sem problema");
            findings.extend(examine_database(server.urls()).await);
            if let Err(error) = server.stop() {
                findings.fail("Servidor", error.to_string(), None);
            }
        }
        Err(ServerError::InUse { .. }) => match saved_urls(&settings.data) {
            Ok(urls) => {
                findings.ok("Servidor", "ligado, em uso pelo Sigilo");
                findings.extend(examine_database(&urls).await);
            }
            Err(error) => findings.fail("Senhas", error.to_string(), None),
        },
        Err(error) => findings.fail("Servidor", error.to_string(), None),
    }
    findings
}

fn print(findings: &Findings, out: &mut impl Write) -> io::Result<()> {
    for finding in findings.iter() {
        let sign = match finding.level {
            Level::Ok => "✓",
            Level::Warn => "!",
            Level::Fail => "✗",
        };
        let mut lines = finding.sentence.lines();
        writeln!(out, "{sign} {}: {}", finding.check, lines.next().unwrap_or_default())?;
        for line in lines {
            writeln!(out, "    {line}")?;
        }
        for line in finding.mend.iter().flat_map(|mend| mend.lines()) {
            writeln!(out, "    → {line}")?;
        }
    }
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let summary = match (count(Level::Fail), count(Level::Warn)) {
        (0, 0) => "Tudo certo.".to_owned(),
        (0, 1) => "Funciona, com um aviso.".to_owned(),
        (0, warnings) => format!("Funciona, com {warnings} avisos."),
        (1, _) => "Há um problema a resolver.".to_owned(),
        (problems, _) => format!("Há {problems} problemas a resolver."),
    };
    writeln!(out, "\n{summary}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_mends_stands_below_what_fails() {
        let mut findings = Findings::default();
        findings.ok("Versão", "PostgreSQL 15");
        findings.fail("Papéis", "sigilo_app não existe", Some("CREATE ROLE sigilo_app;".into()));
        let mut out = Vec::new();
        print(&findings, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "✓ Versão: PostgreSQL 15\n✗ Papéis: sigilo_app não existe\n    → CREATE ROLE sigilo_app;\n\n\
             Há um problema a resolver.\n"
        );
    }
}
