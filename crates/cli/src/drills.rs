//! Drills that somebody asked for on the page, run beside the site.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    thread::JoinHandle,
    time::Duration,
};

use serde_json::json;
use tokio::sync::oneshot;

use sigilo_store::{Db, copies, server::DatabaseUrls};

use crate::{
    backup::{DrillArgs, run_drill},
    keys::CustodyArgs,
};

/// How often it is looked whether somebody asked.
const TICK: Duration = Duration::from_secs(2);

/// The drills of a site, on a thread of their own: some of their work blocks, and the site must go on answering. Dropped, it
/// ends the one that runs, with its server.
pub struct Drilling {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drilling {
    /// Begins to look for drills that somebody asked for.
    pub fn start(urls: DatabaseUrls, folder: PathBuf, custody: CustodyArgs) -> Drilling {
        let (stop, mut stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            // Two: some of a drill's work blocks the one that runs it.
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            // Its own connection: one of the site's would stand still while a drill blocks.
            let (Ok(runtime), Ok(db)) = (runtime, Db::new(&urls, 1)) else {
                return tracing::error!("no drill can be run");
            };
            let args = DrillArgs::fresh(folder, custody);
            let mut on = || {
                runtime.block_on(async {
                    tokio::select! {
                        () = keep_drilling(&db, &args) => {}
                        _ = &mut stopped => {}
                    }
                });
            };
            // A defect in a drill is the end of that drill: the next round says so on the page.
            while catch_unwind(AssertUnwindSafe(&mut on)).is_err() {}
        });
        Drilling { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Drilling {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been told already.
            let _ = thread.join();
        }
    }
}

/// Takes one drill after the other, for ever. What a drill cannot even begin with is its result.
async fn keep_drilling(db: &Db, args: &DrillArgs) {
    let died = json!([{ "name": "Ensaio", "passed": null, "found": "o teste foi interrompido: o servidor foi desligado no meio, ou houve um defeito", "seconds": 0.0 }]);
    let mut clean = false;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if !clean {
            clean = copies::abandon(db, &died).await.is_ok();
            continue;
        }
        let Ok(Some(id)) = copies::take(db).await else { continue };
        let (status, steps) = match run_drill(args).await {
            Ok(report) => (report.status(), json!(report.steps)),
            Err(trouble) => {
                let found = format!("{trouble}. Em outra máquina ou por outro meio: sigilo drill");
                ("incomplete", json!([{ "name": "Ensaio", "passed": null, "found": found, "seconds": 0.0 }]))
            }
        };
        if let Err(error) = copies::finish(db, id, status, &steps).await {
            tracing::warn!(%error, "the result of a drill could not be kept");
        }
    }
}
