//! `sigilo backup`, `sigilo restore` and `sigilo drill`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Mutex,
    time::{Duration, Instant},
};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use sigilo_backup::{Copy, Drill, Identity, Known, Origin, Plan, Progress, Recipient, Source, make};
use sigilo_features::evidence::{checkpoint_note, verifier_key};
use sigilo_store::{
    Db,
    copies::{self, Kind},
    rights,
    server::{
        CopyPrograms, DatabaseUrl, DatabaseUrls, Server, ServerError, ServerSettings, destroyed_keys,
        saved_superuser_url, saved_urls,
    },
    setup::Owner,
};

use crate::{
    args::Trouble,
    db::DataArgs,
    keys::{self, CustodyArgs},
    serve::asked_to_stop,
};

/// Where the recipient of the copies is remembered, in the data folder.
const RECIPIENT: &str = "copias.destinatario";
/// How often the person who waits hears of it.
const EVERY: Duration = Duration::from_secs(2);

/// Arguments of `sigilo backup`.
#[derive(Args, Debug)]
#[command(subcommand_negates_reqs = true)]
pub struct BackupArgs {
    #[command(subcommand)]
    command: Option<BackupCommand>,
    /// A pasta das cópias, de preferência em outro disco; cada cópia é uma pasta nova dentro dela
    #[arg(long, value_name = "PASTA", required = true)]
    to: Option<PathBuf>,
    /// Para quem cifrar (age1…) [padrão: o destinatário guardado por sigilo backup key]
    #[arg(long, value_name = "DESTINATÁRIO")]
    recipient: Option<String>,
    /// Por quantos dias guardar as cópias do banco de chaves; as mais velhas são apagadas
    #[arg(long, value_name = "DIAS", default_value_t = 35, value_parser = clap::value_parser!(u16).range(1..=35))]
    keep_days: u16,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Subcommand, Debug)]
enum BackupCommand {
    /// Cria a identidade que abre as cópias, para guardar fora do servidor, e guarda aqui só o destinatário
    Key {
        /// O arquivo da identidade
        #[arg(long, value_name = "ARQUIVO")]
        out: PathBuf,
    },
}

/// Arguments of `sigilo restore`.
#[derive(Args, Debug)]
pub struct RestoreArgs {
    /// A cópia, ou a pasta das cópias, de que se toma a mais nova
    #[arg(long, value_name = "PASTA")]
    from: PathBuf,
    /// Outra cópia, de que se toma o banco de chaves
    #[arg(long, value_name = "PASTA")]
    keys_from: Option<PathBuf>,
    /// A identidade que abre as cópias
    #[arg(long, value_name = "ARQUIVO")]
    identity: PathBuf,
    #[command(flatten)]
    data: DataArgs,
}

/// Arguments of `sigilo drill`.
#[derive(Args, Debug)]
pub struct DrillArgs {
    /// A cópia a ensaiar [padrão: uma feita agora, com uma identidade que só existe durante o ensaio]
    #[arg(long, value_name = "PASTA", requires = "identity")]
    from: Option<PathBuf>,
    /// Outra cópia, de que se toma o banco de chaves
    #[arg(long, value_name = "PASTA", requires = "from")]
    keys_from: Option<PathBuf>,
    /// A identidade que abre a cópia
    #[arg(long, value_name = "ARQUIVO", requires = "from")]
    identity: Option<PathBuf>,
    /// O relatório em JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    custody: CustodyArgs,
}

/// Runs `sigilo backup`, beside a running site or without one.
///
/// # Errors
/// A sentence in Portuguese that says what to do.
#[allow(clippy::print_stdout, reason = "what was asked for")]
pub async fn run(args: &BackupArgs) -> Result<(), Trouble> {
    let folder = args.data.folder();
    let to = match (&args.command, &args.to) {
        (Some(BackupCommand::Key { out }), _) => return new_key(&folder, out),
        (None, Some(to)) => to,
        (None, None) => return Err(Trouble("falta a pasta das cópias: --to".into())),
    };
    let recipient = recipient(&folder, args.recipient.as_deref())?;
    let installation = Installation::open(folder).await?;
    let (checkpoint, began) = (installation.checkpoint().await?, Instant::now());
    let plan = Plan { source: &installation.source, to, recipient: &recipient, keep_days: args.keep_days, checkpoint };
    let made = make(plan, &progress()).await?;
    record(&installation.urls, Kind::Backup, "passed", began, &json!([])).await;
    installation.close()?;
    for old in &made.pruned {
        eprintln!("  Apagada a cópia vencida do banco de chaves: {}", old.display());
    }
    eprintln!(
        "  A chave raiz (segredos/) não está na cópia: guarde-a à parte, como diz docs/chaves.md, “Partilhar a chave raiz”."
    );
    println!("{}", made.folder.display());
    Ok(())
}

#[allow(clippy::print_stdout, reason = "the recipient is what was asked for")]
fn new_key(data: &Path, out: &Path) -> Result<(), Trouble> {
    let identity = Identity::generate();
    identity.write(out)?;
    let recipient = identity.recipient().to_string();
    let path = data.join(RECIPIENT);
    fs::create_dir_all(data)
        .and_then(|()| fs::write(&path, format!("{recipient}\n")))
        .map_err(|error| Trouble(format!("não foi possível escrever {}: {error}", path.display())))?;
    eprintln!("  Leve {} para fora do servidor: sem ele, nenhuma cópia abre.", out.display());
    println!("{recipient}");
    Ok(())
}

fn recipient(data: &Path, given: Option<&str>) -> Result<Recipient, Trouble> {
    if let Some(given) = given {
        return Ok(given.parse()?);
    }
    match fs::read_to_string(data.join(RECIPIENT)) {
        Ok(text) => Ok(text.parse()?),
        Err(_) => {
            Err(Trouble("para quem cifrar? Crie uma identidade com sigilo backup key, ou dê --recipient age1…".into()))
        }
    }
}

/// Runs `sigilo restore`.
///
/// # Errors
/// A sentence in Portuguese that says what to do; also when the trail that came back is not what was sealed.
#[allow(clippy::print_stdout, reason = "what was found is what was asked for")]
pub async fn restore(args: &RestoreArgs) -> Result<(), Trouble> {
    let settings = ServerSettings::from_env(args.data.folder())?;
    if settings.external.is_some() || settings.keystore.is_some() {
        return Err(Trouble(
            "num servidor seu a cópia volta com age e pg_restore: veja docs/manual/copias.md, “Servidor próprio”"
                .into(),
        ));
    }
    let identity = Identity::read(&args.identity)?;
    let copy = Copy::open(&args.from, args.keys_from.as_deref())?;
    let (server, restored) = sigilo_backup::restore(&settings, &copy, &identity, &[], None, &progress()).await?;
    let owner = Owner::connect(&server.urls().owner).await?.installation().await?;
    server.stop()?;
    println!("Cópia de {} reposta em {}.", copy.manifest.application.taken_at.date(), settings.data.display());
    println!("{} tabelas e {} linhas, como no manifesto.", restored.tables, restored.rows);
    println!("Chaves destruídas de novo: {}.", restored.destroyed);
    match keys::open(&settings.data, false) {
        Ok(keys) if owner.root_key_check.is_none_or(|known| known == keys.check_value()) => {
            println!("A chave raiz em segredos/ é a desta cópia.");
        }
        Ok(_) => println!("A chave raiz em segredos/ NÃO é a desta cópia: ponha a certa antes de ligar o Sigilo."),
        Err(_) => println!("Falta a chave raiz: ponha-a em segredos/ antes de ligar o Sigilo."),
    }
    let chain = &restored.chain;
    if !chain.holds() {
        for difference in &chain.differences {
            println!("✗ {difference}");
        }
        return Err(Trouble("a cópia foi reposta, mas a trilha não é a que foi lacrada".into()));
    }
    match chain.unsealed {
        true => println!("A trilha ainda não tinha ponto de controle."),
        false => println!("A trilha é a que foi lacrada: {} registros, {} folhas.", chain.valid, chain.leaves),
    }
    Ok(())
}

/// Runs `sigilo drill`. Exit codes: 0 everything came out as it should, 1 something did not, 2 something could not be tried.
#[allow(clippy::print_stdout, reason = "the report is what was asked for")]
pub async fn drill(args: &DrillArgs) -> ExitCode {
    // Dropped, a drill removes its server.
    let began = Instant::now();
    let report = tokio::select! {
        report = run_drill(args) => report,
        () = asked_to_stop() => Err(Trouble("o ensaio foi interrompido".into())),
    };
    // Where the installation is up, its desk hears of it.
    if let (Ok(report), Ok(urls)) = (&report, args.data.urls()) {
        record(&urls, Kind::Drill, report.status(), began, &json!(report.steps)).await;
    }
    match report {
        Ok(report) => {
            match serde_json::to_string_pretty(&serde_json::json!({ "code": report.code(), "steps": report.steps })) {
                Ok(text) if args.json => println!("{text}"),
                _ => show(&report),
            }
            ExitCode::from(report.code())
        }
        Err(trouble) => {
            eprintln!("sigilo drill: {trouble}");
            ExitCode::from(2)
        }
    }
}

#[allow(clippy::print_stdout, reason = "the report is what was asked for")]
fn show(report: &Drill) {
    for step in &report.steps {
        let mark = match step.passed {
            Some(true) => '✓',
            Some(false) => '✗',
            None => '?',
        };
        println!("{mark} {} ({:.1} s): {}", step.name, step.seconds, step.found);
    }
    println!(
        "\n{}",
        match report.code() {
            0 => "O ensaio deu certo: esta cópia volta.",
            1 => "O ensaio FALHOU: esta cópia não volta como devia.",
            _ => "O ensaio ficou incompleto.",
        }
    );
}

/// Notes for the desk what was done. That it cannot be noted spoils nothing of it.
async fn record(urls: &DatabaseUrls, kind: Kind, status: &str, began: Instant, steps: &Value) {
    let noted = async { copies::record(&Db::new(urls, 1)?, kind, status, began.elapsed().as_secs_f64(), steps).await };
    if let Err(error) = noted.await {
        eprintln!("  O resultado não foi anotado na instalação: {error}");
    }
}

impl DrillArgs {
    /// A drill of a copy that is made for it.
    pub fn fresh(folder: PathBuf, custody: CustodyArgs) -> DrillArgs {
        DrillArgs { from: None, keys_from: None, identity: None, json: false, data: DataArgs::of(folder), custody }
    }
}

/// Runs a drill; its result is the caller's to note.
///
/// # Errors
/// What kept it from beginning.
pub async fn run_drill(args: &DrillArgs) -> Result<Drill, Trouble> {
    let folder = args.data.folder();
    let root = args.custody.open(&folder).await.ok();
    if let (Some(from), Some(identity)) = (&args.from, &args.identity) {
        let identity = Identity::read(identity)?;
        let origin = Origin::Kept(from, args.keys_from.as_deref(), &identity);
        // A copy can be tried on any machine, also where there is no installation.
        fs::create_dir_all(&folder)
            .map_err(|error| Trouble(format!("não foi possível usar {}: {error}", folder.display())))?;
        let (settings, known) = match Installation::open(folder.clone()).await {
            Ok(installation) => {
                let known = installation.known().await?;
                let settings = installation.settings.clone();
                installation.close()?;
                (settings, known)
            }
            Err(_) => (ServerSettings::managed(folder), Known::default()),
        };
        return Ok(sigilo_backup::drill(&settings, origin, &Known { root, ..known }, &progress()).await?);
    }
    let installation = Installation::open(folder).await?;
    let known = Known { root, ..installation.known().await? };
    let origin = Origin::Fresh(&installation.source, installation.checkpoint().await?);
    let report = sigilo_backup::drill(&installation.settings, origin, &known, &progress()).await?;
    installation.close()?;
    Ok(report)
}

/// The installation that is copied: running, or started for this.
struct Installation {
    settings: ServerSettings,
    urls: DatabaseUrls,
    source: Source,
    server: Option<Server>,
}

impl Installation {
    async fn open(folder: PathBuf) -> Result<Installation, Trouble> {
        let settings = ServerSettings::from_env(folder)?;
        let programs = CopyPrograms::find(&settings)?;
        let (urls, server) = match &settings.external {
            Some(urls) => (urls.clone(), None),
            None => {
                let urls = saved_urls(&settings.data)?;
                match Server::open(&settings, &|_| {}).await {
                    Ok(server) => (urls, Some(server)),
                    Err(ServerError::InUse { .. }) => (urls, None),
                    Err(error) => return Err(error.into()),
                }
            }
        };
        let application = match &settings.external {
            Some(_) => given("DATABASE_URL_COPY")?,
            None => saved_superuser_url(&settings.data, "sigilo")?,
        };
        let keystore = match settings.external.is_some() || settings.keystore.is_some() {
            true => given("KEYSTORE_URL_COPY")?,
            false => saved_superuser_url(&settings.data, "sigilo_chaves")?,
        };
        Ok(Installation { settings, urls, source: Source { application, keystore, programs }, server })
    }

    async fn checkpoint(&self) -> Result<Option<String>, Trouble> {
        Ok(checkpoint_note(&Db::new(&self.urls, 1)?).await?.map(|(_, note)| note))
    }

    async fn known(&self) -> Result<Known, Trouble> {
        let db = Db::new(&self.urls, 1)?;
        let log = verifier_key(&db).await?;
        let mut destroyed = rights::destroyed(&db).await?;
        destroyed.extend(destroyed_keys(&self.source.keystore).await?);
        Ok(Known { destroyed, log, root: None })
    }

    fn close(self) -> Result<(), Trouble> {
        if let Some(server) = self.server {
            server.stop()?;
        }
        Ok(())
    }
}

fn given(variable: &str) -> Result<DatabaseUrl, Trouble> {
    let url = env::var(variable).ok().filter(|url| !url.is_empty());
    url.map(DatabaseUrl::new).ok_or_else(|| {
        Trouble(format!(
            "falta {variable}: a conexão de um papel que lê tudo (superusuário, ou BYPASSRLS com pg_read_all_data), só para a cópia"
        ))
    })
}

/// Says now and then how far it is.
fn progress() -> impl Fn(Progress) + Send + Sync {
    let told = Mutex::new(Instant::now());
    move |progress: Progress| {
        let Ok(mut told) = told.lock() else { return };
        if told.elapsed() >= EVERY {
            *told = Instant::now();
            let Progress { part, bytes, tables, of } = progress;
            eprintln!("  {}: {} MB, tabela {tables} de {of}", part.label(), bytes / 1_000_000);
        }
    }
}

impl From<sigilo_backup::Problem> for Trouble {
    fn from(problem: sigilo_backup::Problem) -> Self {
        Trouble(problem.to_string())
    }
}
