//! What the tests of the real binary share: a running site, a plain HTTP visitor, a journey in the browser.
//! Each test binary uses a part of it.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

pub mod assistant;
pub mod browser;
pub mod doctor;
pub mod http;
pub mod queries;
pub mod site;

use std::time::{Duration, Instant};

/// How long anything may take on a busy machine before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until `done` gives something, for what another process does.
pub async fn until<T>(what: &str, mut done: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = done().await {
            return value;
        }
        assert!(Instant::now() < deadline, "gave up waiting: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// One number from the database.
pub async fn number(database: &sigilo_testkit::tokio_postgres::Client, sql: &str) -> i64 {
    let row = database.query_one(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    row.get(0)
}

/// Waits until each message has its answer: they are written while other things happen.
pub async fn all_answered(database: &sigilo_testkit::tokio_postgres::Client) {
    let open = "SELECT count(*) FROM messages m
        WHERE role = 'user' AND NOT EXISTS (SELECT FROM ai_answers a WHERE a.question_id = m.id)";
    until("every message has its answer", async || (number(database, open).await == 0).then_some(())).await;
}

/// A digest of what a query gives, to tell whether anything changed.
pub async fn digest(database: &sigilo_testkit::tokio_postgres::Client, tables: &[&str]) -> String {
    let mut all = String::new();
    for table in tables {
        let sql = format!("SELECT coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text)), '') FROM {table} t");
        let row = database.query_one(&sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        all.push_str(row.get(0));
        all.push('\n');
    }
    all
}
