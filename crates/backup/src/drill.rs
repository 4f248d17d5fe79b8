//! The drill: a copy is put back on a server of its own, looked at in every way, and removed again.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use serde::Serialize;
use sigilo_domain::{AuditQuery, audit_query::fill};
use sigilo_proof::{envelope::RootKey, note::VerifierKey};
use sigilo_store::{
    keystore::{KeyError, Rotation, Subject},
    server::{Durability, Server, ServerSettings, remove_data, rows_of},
};
use uuid::Uuid;

use crate::{
    Copy, Identity, LONGEST_KEEP_DAYS, Plan, Problem, Progress, Restored, Result, Source, lock, make, restore,
};

/// One thing that was tried.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// What, in Portuguese.
    pub name: &'static str,
    /// Whether it came out as it should; none when it could not be tried.
    pub passed: Option<bool>,
    /// What was found.
    pub found: String,
    /// How long it took.
    pub seconds: f64,
}

/// A drill's report.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Drill {
    /// What was tried, in order.
    pub steps: Vec<Step>,
}

impl Drill {
    /// 0 everything came out as it should; 1 something did not; 2 something could not be tried.
    pub fn code(&self) -> u8 {
        if self.steps.iter().any(|step| step.passed == Some(false)) {
            return 1;
        }
        if self.steps.is_empty() || self.steps.iter().any(|step| step.passed.is_none()) { 2 } else { 0 }
    }

    /// The same in a word: `passed`, `failed` or `incomplete`.
    pub fn status(&self) -> &'static str {
        match self.code() {
            0 => "passed",
            1 => "failed",
            _ => "incomplete",
        }
    }

    /// Notes a step that began at `since`.
    pub fn note(&mut self, name: &'static str, since: Instant, passed: Option<bool>, found: String) {
        let seconds = (since.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        self.steps.push(Step { name, passed, found, seconds });
    }
}

/// Which copy is tried.
pub enum Origin<'a> {
    /// One that was made before: its folder, the keystore's where that is another, and what opens them.
    Kept(&'a Path, Option<&'a Path>, &'a Identity),
    /// One that is made now, for an identity that lives only as long as the drill: the source and the last checkpoint.
    Fresh(&'a Source, Option<String>),
}

/// What a drill knows of the installation that the copy is of.
#[derive(Default)]
pub struct Known {
    /// People whose keys the installation itself has destroyed.
    pub destroyed: Vec<Subject>,
    /// The log's key.
    pub log: Option<VerifierKey>,
    /// The keeper of the root key.
    pub root: Option<Arc<dyn RootKey>>,
}

/// Runs a drill with a server in `ensaio` below the data folder, which is always removed again, at the latest by the next
/// drill.
///
/// # Errors
/// [`Problem::Busy`] while another drill runs there. What a copy fails at is in the report.
pub async fn drill(
    settings: &ServerSettings,
    origin: Origin<'_>,
    known: &Known,
    told: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Drill> {
    let scratch = Scratch::make(&settings.data)?;
    let mut report = Drill::default();
    let ephemeral;
    let (from, keys_from, identity) = match origin {
        Origin::Kept(from, keys_from, identity) => (from, keys_from, identity),
        Origin::Fresh(source, checkpoint) => {
            let since = Instant::now();
            ephemeral = Identity::generate();
            let recipient = ephemeral.recipient();
            let plan =
                Plan { source, to: &scratch.copies, recipient: &recipient, keep_days: LONGEST_KEEP_DAYS, checkpoint };
            match make(plan, told).await {
                Ok(made) => {
                    let sizes = made.manifest.application.bytes + made.manifest.keystore.bytes;
                    report.note("Cópia feita", since, Some(true), format!("{sizes} bytes"));
                }
                Err(problem) => {
                    report.note("Cópia feita", since, Some(false), problem.to_string());
                    return Ok(report);
                }
            }
            (scratch.copies.as_path(), None, &ephemeral)
        }
    };
    let since = Instant::now();
    let copy = match Copy::open(from, keys_from) {
        Ok(copy) => copy,
        Err(problem) => {
            report.note("Arquivos inteiros", since, Some(false), problem.to_string());
            return Ok(report);
        }
    };
    let sizes = copy.manifest.application.bytes + copy.keys_manifest.keystore.bytes;
    report.note("Arquivos inteiros", since, Some(true), format!("{sizes} bytes conferidos com o manifesto"));

    let since = Instant::now();
    let own = ServerSettings {
        data: scratch.folder.clone(),
        programs: settings.programs.clone(),
        external: None,
        keystore: None,
        durability: Durability::None,
    };
    match restore(&own, &copy, identity, &known.destroyed, known.log.as_ref(), told).await {
        Err(problem) => report.note("Cópia reposta", since, Some(false), problem.to_string()),
        Ok((server, restored)) => {
            let counted = format!("{} tabelas e {} linhas, como no manifesto", restored.tables, restored.rows);
            report.note("Cópia reposta", since, Some(true), counted);
            look(&mut report, &server, &restored).await;
            keys(&mut report, &server, known).await;
            let since = Instant::now();
            if let Err(problem) = server.stop() {
                report.note("Servidor de ensaio encerrado", since, Some(false), problem.to_string());
            }
        }
    }
    Ok(report)
}

/// Whether the root key opens what it wrapped.
async fn keys(report: &mut Drill, server: &Server, known: &Known) {
    const NAME: &str = "Chaves das clínicas abertas";
    let since = Instant::now();
    let (Some(root), Some(urls)) = (&known.root, server.keystore()) else {
        return report.note(NAME, since, None, "a chave raiz não está aqui".to_owned());
    };
    let tried = async {
        let rotation = Rotation::open(&urls.keys, Arc::clone(root))?;
        let clinics = rotation.clinics().await?;
        for clinic in &clinics {
            rotation.check(*clinic).await?;
        }
        Ok::<_, KeyError>(clinics.len())
    };
    match tried.await {
        Ok(clinics) => report.note(NAME, since, Some(true), format!("{clinics} clínicas")),
        Err(error) => report.note(NAME, since, Some(false), error.to_string()),
    }
}

async fn look(report: &mut Drill, server: &Server, restored: &Restored) {
    let since = Instant::now();
    let again = format!("{} pessoas com as chaves destruídas de novo", restored.destroyed);
    report.note("Destruições repetidas", since, Some(true), again);
    let chain = &restored.chain;
    let found = match (chain.unsealed, chain.differences.first()) {
        (true, _) => "a cópia ainda não tem ponto de controle".to_owned(),
        (false, Some(first)) => format!("{} diferenças; a primeira: {first}", chain.differences.len()),
        (false, None) => format!("{} registros válidos, {} folhas comparadas", chain.valid, chain.leaves),
    };
    report.note("Trilha conferida", since, (!chain.unsealed).then(|| chain.holds()), found);

    let since = Instant::now();
    let (mut done, mut failed) = (0, None);
    for query in AuditQuery::all() {
        let mut sql = query.sql().to_owned();
        for parameter in query.parameters() {
            sql = fill(&sql, parameter, &Uuid::nil().to_string()).unwrap_or(sql);
        }
        match rows_of(&server.urls().auditor, &sql).await {
            Ok(_) => done += 1,
            Err(_) => failed = failed.or(Some(query.code())),
        }
    }
    let found = match &failed {
        Some(code) => format!("{done} de {} consultas; {code} falhou", AuditQuery::all().len()),
        None => format!("{done} consultas do manual"),
    };
    report.note("Consultas de auditoria", since, Some(failed.is_none()), found);
}

/// The folder of a drill's server.
struct Scratch {
    folder: PathBuf,
    /// Where a copy goes that is made for the drill.
    copies: PathBuf,
    _lock: fs::File,
}

impl Scratch {
    fn make(data: &Path) -> Result<Scratch> {
        let lock = lock::take(&data.join("ensaio.lock"), &data.join("ensaio"))?;
        let scratch = Scratch { folder: data.join("ensaio"), copies: data.join("ensaio-copia"), _lock: lock };
        scratch.clear()?;
        Ok(scratch)
    }

    fn clear(&self) -> Result<()> {
        remove_data(&self.folder)?;
        match fs::remove_dir_all(&self.copies) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Problem::file("apagar", &self.copies)(error))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What does not go now goes when the next drill begins.
        let _ = self.clear();
    }
}
