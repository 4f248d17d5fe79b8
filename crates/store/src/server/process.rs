//! The running server: start, wait until ready, watch over it, stop.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, test_kill_process, waitid};

use super::cluster::{Cluster, tail};
use super::error::ServerError;
use super::folder::DataFolder;

/// Crash recovery after a power cut reads the log of at most `max_wal_size`.
const READY_WITHIN: Duration = Duration::from_secs(120);
const FAST_STOP: Duration = Duration::from_secs(30);
const HARD_STOP: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(10);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A server that lived this long was healthy: the next fall starts with the short pause again.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);

/// A server process and the thread that starts it again when it falls.
pub(super) struct Supervisor {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    wish: Wish,
    /// Set from start until the process was reaped, so that a signal never hits a stranger.
    running: Option<Pid>,
    ended: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Run,
    Stop,
    /// Leave it running when we go.
    Leave,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Supervisor {
    /// Starts the server, waits until it takes connections, and watches over it from then on.
    pub(super) async fn start(cluster: Cluster, data: DataFolder) -> Result<Self, ServerError> {
        let child = start_ready(&cluster, &data).await?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State { wish: Wish::Run, running: Some(Pid::from_child(&child)), ended: false }),
            changed: Condvar::new(),
        });
        let watched = Arc::clone(&shared);
        thread::Builder::new()
            .name("postgres".into())
            .spawn(move || {
                watch(child, &cluster, &data, &watched);
                watched.lock().ended = true;
                watched.changed.notify_all();
            })
            .map_err(ServerError::file("criar", Path::new("thread")))?;
        Ok(Self { shared })
    }

    /// The server's process id, while it runs.
    pub(super) fn pid(&self) -> Option<i32> {
        self.shared.lock().running.map(Pid::as_raw_pid)
    }

    /// Lets the server outlive this process, unwatched.
    pub(super) fn leave(&self) {
        self.shared.lock().wish = Wish::Leave;
    }

    /// Stops it: sessions are rolled back and everything is written. Does nothing the second time.
    pub(super) fn stop(&self) -> Result<(), ServerError> {
        let mut state = self.shared.lock();
        if state.ended || state.wish == Wish::Leave {
            return Ok(());
        }
        state.wish = Wish::Stop;
        self.shared.changed.notify_all();
        for (signal, patience) in STEPS {
            if let Some(pid) = state.running {
                let _ = kill_process(pid, signal);
            }
            let waited = self.shared.changed.wait_timeout_while(state, patience, |state| !state.ended);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.ended {
                return Ok(());
            }
        }
        Err(ServerError::WillNotStop(state.running.map_or(0, Pid::as_raw_pid)))
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::error!(%error, "PostgreSQL did not stop");
        }
    }
}

/// Fast shutdown; immediate shutdown (recovers at the next start); the end.
const STEPS: [(Signal, Duration); 3] = [(Signal::INT, FAST_STOP), (Signal::QUIT, HARD_STOP), (Signal::KILL, HARD_STOP)];

/// Runs on its own thread: waits for the server's end and starts it again while that is wished.
fn watch(mut child: Child, cluster: &Cluster, data: &DataFolder, shared: &Shared) {
    let mut pause = FIRST_PAUSE;
    loop {
        let born = Instant::now();
        // Without reaping, so that the process id stays ours until `running` says otherwise.
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(Pid::from_child(&child)), ended) {}
        let mut state = shared.lock();
        state.running = None;
        let status = child.wait();
        if born.elapsed() > HEALTHY_AFTER {
            pause = FIRST_PAUSE;
        }
        child = loop {
            if state.wish != Wish::Run {
                return;
            }
            tracing::error!(status = ?status.as_ref().ok(), ?pause, "PostgreSQL fell; starting it again");
            let waited = shared.changed.wait_timeout_while(state, pause, |state| state.wish == Wish::Run);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            pause = (pause * 2).min(LONGEST_PAUSE);
            if state.wish != Wish::Run {
                return;
            }
            match spawn(cluster, data) {
                Ok(child) => {
                    state.running = Some(Pid::from_child(&child));
                    break child;
                }
                Err(error) => tracing::error!(%error, "PostgreSQL did not start"),
            }
        };
    }
}

fn spawn(cluster: &Cluster, data: &DataFolder) -> Result<Child, ServerError> {
    let program = cluster.programs.postgres();
    let said = data.open_start_log()?;
    cluster
        .account
        .command(&program)
        .arg("-D")
        .arg(&cluster.folder)
        // Ctrl-C in the terminal is ours to pass on, after open requests have ended.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said)
        .spawn()
        .map_err(ServerError::file("executar", &program))
}

async fn start_ready(cluster: &Cluster, data: &DataFolder) -> Result<Child, ServerError> {
    let deadline = Instant::now() + READY_WITHIN;
    let mut child = spawn(cluster, data)?;
    loop {
        let ended = child.try_wait().map_err(ServerError::file("executar", &cluster.programs.postgres()))?;
        if ended.is_some() {
            let said = last_words(cluster, data);
            // The children of a killed server take a moment to notice that it is gone.
            if said.contains("still in use") && Instant::now() < deadline {
                tokio::time::sleep(FIRST_PAUSE).await;
                child = spawn(cluster, data)?;
                continue;
            }
            return Err(ServerError::Program { program: "postgres", output: said });
        }
        if status_line(&cluster.folder, Pid::from_child(&child)).is_some_and(|s| s == "ready") {
            return Ok(child);
        }
        if Instant::now() > deadline {
            let _ = kill_process(Pid::from_child(&child), Signal::QUIT);
            let _ = child.wait();
            return Err(ServerError::NotReady { seconds: READY_WITHIN.as_secs(), output: last_words(cluster, data) });
        }
        tokio::time::sleep(POLL).await;
    }
}

/// The end of the start log, or of the server's own log when that says more.
fn last_words(cluster: &Cluster, data: &DataFolder) -> String {
    let start = fs::read(data.start_log()).unwrap_or_default();
    let newest = fs::read_dir(cluster.folder.join("log"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .max();
    let own = newest.and_then(|(_, path)| fs::read(path).ok());
    tail(&[start, own.unwrap_or_default()].join(&b'\n'))
}

/// The eighth line of `postmaster.pid`, which `pg_ctl` waits on too, if the file is `pid`'s.
fn status_line(folder: &Path, pid: Pid) -> Option<String> {
    let text = fs::read_to_string(folder.join("postmaster.pid")).ok()?;
    let mut lines = text.lines();
    lines.next()?.trim().parse::<i32>().ok().filter(|found| *found == pid.as_raw_pid())?;
    Some(lines.nth(6)?.trim().to_owned())
}

/// Stops a server that a Sigilo which was killed left running on this folder; says whether there
/// was one. It is stopped, not adopted: only a child can be watched, and its settings may be old.
pub(super) fn stop_orphan(folder: &Path) -> Result<bool, ServerError> {
    let Some(pid) = orphan(folder) else {
        return Ok(false);
    };
    for (signal, patience) in STEPS {
        let _ = kill_process(pid, signal);
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if orphan(folder) != Some(pid) {
                return Ok(true);
            }
            thread::sleep(POLL);
        }
    }
    Err(ServerError::WillNotStop(pid.as_raw_pid()))
}

/// The live process that `postmaster.pid` names, if it truly is a server on this folder: after a
/// reboot the number may be anybody's.
fn orphan(folder: &Path) -> Option<Pid> {
    let text = fs::read_to_string(folder.join("postmaster.pid")).ok()?;
    let pid = Pid::from_raw(text.lines().next()?.trim().parse().ok()?)?;
    match test_kill_process(pid) {
        Ok(()) | Err(rustix::io::Errno::PERM) => {}
        Err(_) => return None,
    }
    let works_in = fs::read_link(format!("/proc/{}/cwd", pid.as_raw_pid()));
    let here = works_in.is_ok_and(|cwd| cwd == folder);
    let dead = is_zombie(pid).unwrap_or(true);
    (here && !dead).then_some(pid)
}

/// A process that ended and whose parent has not asked yet; its folder link cannot be read either.
fn is_zombie(pid: Pid) -> io::Result<bool> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid()))?;
    Ok(stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')))
}
