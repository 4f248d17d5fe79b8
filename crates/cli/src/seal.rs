//! The sealing of the trail: inside `sigilo serve`, or by itself as `sigilo seal`.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;

use sigilo_domain::{Clock, SystemClock};
use sigilo_features::evidence::{Outside, Problem, Sealer, checkpoint_note, examine, examined_at};
use sigilo_proof::note::VerifierKey;
use sigilo_store::{Db, setup::Owner};

use crate::{
    args::{SiteArgs, Trouble},
    db::DataArgs,
    keys,
    outside::OutsideArgs,
};

/// Arguments of `sigilo seal`.
#[derive(Args, Debug)]
pub struct SealArgs {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    site: SiteArgs,
    /// Who attests from outside.
    #[command(flatten)]
    outside: OutsideArgs,
    /// Lacra o que falta, faz um ponto de controle e termina
    #[arg(long)]
    once: bool,
}

/// How long between two rounds.
const TICK: Duration = Duration::from_secs(1);
/// How often those outside are asked, where there is something new.
const ATTEST_EVERY: Duration = Duration::from_secs(15);
/// How long after the start the first examination may be.
const FIRST: Duration = Duration::from_secs(90);
/// How long after an examination the next one is due.
const EXAMINE_EVERY: time::Duration = time::Duration::hours(24);

/// Runs `sigilo seal` beside a site that was started with `--no-seal`, or once.
///
/// # Errors
/// A sentence in Portuguese that says what to do.
pub async fn run(args: &SealArgs) -> Result<(), Trouble> {
    let folder = args.data.folder();
    let urls = args.data.urls()?;
    let owner = Owner::connect(&urls.owner).await?;
    let known = owner.installation().await?.log_keys;
    let key = keys::open_log(&folder, known.as_deref(), &args.site.host())?;
    owner.keep_log_keys(&keys::public(&key)).await?;
    let db = Db::new(&urls, 2)?;
    let mut sealer = Sealer::new(key);
    if !args.once {
        eprintln!("Sigilo lacra a trilha. Ctrl+C encerra.");
        keep_sealing(db, sealer, folder, args.outside.open()?).await;
        return Ok(());
    }
    let trouble = |problem: Problem| Trouble(format!("não foi possível lacrar: {problem}"));
    let mut rows = 0;
    while let Some(sealed) = sealer.round(&db).await.map_err(trouble)? {
        rows += sealed.leaves;
    }
    sealer.checkpoint(&db, true).await.map_err(trouble)?;
    eprintln!("Lacrados {rows} registros.");
    Ok(())
}

/// Seals each second, makes a checkpoint each minute, keeps one a day in the data folder, and examines everything once a
/// day. Never ends by itself: what does not work now is tried again, and said once.
pub async fn keep_sealing(db: Db, sealer: Sealer, folder: PathBuf, outside: Outside) {
    let key = sealer.key().verifier_keys()[0].clone();
    tokio::join!(keep_on(&db, sealer, &folder), keep_examining(&db, &key), keep_attested(&db, &outside));
}

async fn keep_on(db: &Db, mut sealer: Sealer, folder: &Path) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut said = None;
    loop {
        tick.tick().await;
        let problem = round(db, &mut sealer, folder).await.err().map(|problem| problem.to_string());
        if problem != said {
            match &problem {
                Some(problem) => tracing::error!(problem, "the trail is not sealed"),
                None => tracing::info!("the trail is sealed again"),
            }
            said = problem;
        }
    }
}

async fn round(db: &Db, sealer: &mut Sealer, folder: &Path) -> Result<(), Problem> {
    sealer.round(db).await?;
    if sealer.checkpoint(db, false).await?.is_some()
        && let Some((day, note)) = checkpoint_note(db).await?
    {
        keep(folder, &day, &note);
    }
    Ok(())
}

/// One file a day, for whoever takes it out of the machine: by mail, on a stick, on paper.
fn keep(folder: &Path, day: &str, note: &str) {
    let folder = folder.join("provas");
    let path = folder.join(format!("{day}.checkpoint"));
    let draft = folder.join(format!(".{day}.checkpoint"));
    let kept = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(&draft, note))
        .and_then(|()| std::fs::rename(&draft, &path));
    if let Err(error) = kept {
        tracing::warn!(kind = ?error.kind(), "the checkpoint of the day could not be kept");
    }
}

/// Shows each new checkpoint to those outside.
async fn keep_attested(db: &Db, outside: &Outside) {
    let mut tick = tokio::time::interval(ATTEST_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = outside.attest(db).await {
            tracing::warn!(%error, "nobody outside was asked");
        }
    }
}

async fn keep_examining(db: &Db, key: &VerifierKey) {
    // The first one waits until what a start writes is sealed.
    let mut tick = tokio::time::interval_at(tokio::time::Instant::now() + FIRST, Duration::from_secs(600));
    loop {
        tick.tick().await;
        let due = match examined_at(db).await {
            Ok(at) => at.is_none_or(|at| SystemClock.now() - at >= EXAMINE_EVERY),
            Err(_) => false,
        };
        if !due {
            continue;
        }
        match examine(db, Some(key)).await {
            Ok(found) if found.difference_count > 0 => {
                tracing::error!(count = found.difference_count, "the trail is not what was sealed");
            }
            Ok(found) => tracing::info!(leaves = found.leaves, rounds = found.rounds, "the trail is what was sealed"),
            Err(error) => tracing::warn!(%error, "the trail could not be examined"),
        }
    }
}
