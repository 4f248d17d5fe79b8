//! The database server dies under load and comes back by itself.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustix::process::{Pid, Signal, kill_process};
use tokio::task::JoinSet;

use crate::support::doctor::{LIVIA, OTAVIO, doctor};
use crate::support::http::Visitor;
use crate::support::site::Stand;
use crate::support::{number, until};

/// The managed server's process, by the file that it keeps in its folder.
pub fn postgres(data: &Path) -> Option<i32> {
    let clusters = fs::read_dir(data).ok()?.flatten().filter(|entry| entry.path().join("PG_VERSION").exists());
    let file = clusters.map(|entry| entry.path().join("postmaster.pid")).find(|file| file.exists())?;
    fs::read_to_string(file).ok()?.lines().next()?.trim().parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_fail_clearly_and_recover_by_themselves() {
    let stand = Stand::managed();
    let site = stand.demo();
    let mut otavio = doctor(&site, OTAVIO).await;
    let livia = doctor(&site, LIVIA).await;
    let conversation = otavio.conversation().await;
    let first = postgres(stand.data()).expect("a running server");

    let stop = Arc::new(AtomicBool::new(false));
    let good = Arc::new(AtomicUsize::new(0));
    let away = Arc::new(AtomicUsize::new(0));
    let mut load = JoinSet::new();
    for number in 0..4 {
        let mut visitor = if number % 2 == 0 { otavio.clone() } else { livia.clone() };
        let conversation = conversation.clone();
        let (stop, good, away) = (Arc::clone(&stop), Arc::clone(&good), Arc::clone(&away));
        load.spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                visitor.roam();
                let answer = match number {
                    0 => visitor.say(&conversation, "Retorno com CPF 529.982.247-25.").await,
                    1 => visitor.get("/conversas").await,
                    2 => visitor.get_json("/sessao").await,
                    _ => visitor.get_json("/api/v1/conversations").await,
                };
                match answer.status {
                    200 => good.fetch_add(1, Ordering::SeqCst),
                    503 => {
                        clear(number, &answer);
                        away.fetch_add(1, Ordering::SeqCst)
                    }
                    other => panic!("{other} from visitor {number}: {}", answer.text()),
                };
            }
        });
    }
    until("work before the crash", async || (good.load(Ordering::SeqCst) > 20).then_some(())).await;
    kill_process(Pid::from_raw(first).unwrap(), Signal::KILL).unwrap();
    until("somebody notices", async || (away.load(Ordering::SeqCst) > 0).then_some(())).await;
    until("the server is back", async || postgres(stand.data()).filter(|pid| *pid != first)).await;
    let before = good.load(Ordering::SeqCst);
    until("everybody works again", async || (good.load(Ordering::SeqCst) > before + 40).then_some(())).await;
    stop.store(true, Ordering::SeqCst);
    load.join_all().await;

    // No pooled connection of the old server is left to fail on anybody.
    for _ in 0..40 {
        assert_eq!(otavio.get("/conversas").await.status, 200);
    }
    let mut fresh = Visitor::new(&site.origin);
    assert_eq!(fresh.get("/saude").await.status, 200);
    assert_eq!(fresh.get("/entrar").await.status, 200);
    let database = stand.superuser().await;
    let unproven = "SELECT count(*) FROM messages m
        WHERE role = 'user' AND NOT EXISTS (SELECT FROM anonymization_logs a WHERE a.message_id = m.id)";
    assert_eq!(number(&database, unproven).await, 0);

    // The program dies too: the next one takes the folder over, and nobody has to sign in again.
    site.kill();
    let site = stand.demo();
    let mut otavio = otavio.moved_to(&site.origin);
    assert_eq!(otavio.get(&format!("/conversas/{conversation}")).await.status, 200);
    let (status, _) = site.stop();
    assert!(status.success());
    assert_eq!(postgres(stand.data()), None, "the server stops with its owner");
}

/// What the person or the program reads while the database is away.
fn clear(visitor: usize, answer: &crate::support::http::Answer) {
    assert!(answer.header("retry-after").parse::<u32>().is_ok(), "when to try again");
    if visitor == 1 {
        assert!(answer.text().contains("Serviço indisponível"), "{}", answer.text());
    } else {
        answer.problem();
    }
}

/// A page that needs no database is there without one; the health check says what is wrong.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away() {
    let stand = Stand::managed();
    let site = stand.demo();
    let mut otavio = doctor(&site, OTAVIO).await;
    let mut stranger = Visitor::new(&site.origin);
    let pid = postgres(stand.data()).expect("a running server");
    // Stopped in its tracks, not dead: nobody restarts it, and nobody answers.
    let freeze = |signal| kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    let children = || fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let each = |signal| {
        for child in children().split_whitespace().filter_map(|pid| pid.parse().ok()).filter_map(Pid::from_raw) {
            let _ = kill_process(child, signal);
        }
    };
    freeze(Signal::STOP);
    each(Signal::STOP);
    let mut health = stranger.clone();
    let (page, health) = tokio::join!(otavio.get("/conversas"), health.get("/saude"));
    assert_eq!(page.status, 503);
    assert!(page.text().contains("indisponível"));
    assert_eq!(health.status, 503);
    assert_eq!(stranger.get("/entrar").await.status, 200, "the way in is still shown");
    each(Signal::CONT);
    freeze(Signal::CONT);
    until("it answers again", async || (otavio.get("/conversas").await.status == 200).then_some(())).await;
}
