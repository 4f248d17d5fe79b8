//! A journey in a real browser: `node e2e/<name>.mjs` against a running site.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::json;
use sigilo_testkit::tokio_postgres::Client;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::PATIENCE;
use super::site::Site;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../e2e")
}

fn node(script: &str) -> Command {
    let packages = folder().join("node_modules/playwright-core");
    assert!(packages.exists(), "the browser tests' packages are not installed: run scripts/assets e2e");
    let mut command = Command::new("node");
    command.arg(folder().join(script)).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    command
}

fn spawn(mut command: Command) -> (Child, ChildStdin, Lines<BufReader<ChildStdout>>) {
    let mut child =
        command.spawn().unwrap_or_else(|error| panic!("node does not start ({error}): run scripts/install test"));
    let stdin = child.stdin.take().expect("piped");
    let stdout = BufReader::new(child.stdout.take().expect("piped")).lines();
    (child, stdin, stdout)
}

/// Runs a journey to its end. `settings` are more variables of its environment.
///
/// The journey asks for SQL by lines `@sql "…"` and gets one line of JSON back; its other lines are its report.
pub async fn journey(name: &str, site: &Site, database: &Client, settings: &[(&str, &str)]) {
    let mut command = node(&format!("{name}.mjs"));
    command.env("SIGILO_E2E_ORIGIN", &site.origin).envs(settings.iter().copied());
    // The oldest complaints of a library about its own host are no news here.
    command.env("NODE_NO_WARNINGS", "1");
    let (mut child, mut stdin, mut lines) = spawn(command);
    println!("{name}:");
    let deadline = async {
        while let Some(line) = lines.next_line().await.expect("the journey's report") {
            let Some(question) = line.strip_prefix("@sql ") else {
                println!("{line}");
                continue;
            };
            let statement: String = serde_json::from_str(question).expect("a quoted statement");
            let answer = match rows(database, &statement).await {
                Ok(rows) => format!("{{\"rows\":{rows}}}\n"),
                Err(error) => format!("{}\n", json!({ "error": format!("{error:?}") })),
            };
            // A journey that has failed meanwhile does not listen; its status tells.
            let _ = stdin.write_all(answer.as_bytes()).await;
        }
        child.wait().await.expect("the journey's status")
    };
    let status = timeout(PATIENCE * 2, deadline).await.unwrap_or_else(|_| panic!("{name} did not end"));
    assert!(status.success(), "{name} failed; its report stands above");
}

async fn rows(database: &Client, statement: &str) -> Result<String, sigilo_testkit::tokio_postgres::Error> {
    let wrapped = format!("WITH asked AS ({statement}) SELECT coalesce(jsonb_agg(asked), '[]')::text FROM asked");
    Ok(database.query_one(&wrapped, &[]).await?.get(0))
}

/// A running identity provider. It ends with the value.
pub struct Provider {
    /// Its address.
    pub issuer: String,
    _running: (Child, ChildStdin, Lines<BufReader<ChildStdout>>),
}

impl Provider {
    /// Starts one.
    pub async fn start(secret: &str) -> Provider {
        let mut command = node("provider.mjs");
        command.env("SIGILO_OIDC_CLIENT_SECRET", secret).stderr(Stdio::null());
        let (child, stdin, mut lines) = spawn(command);
        let issuer =
            timeout(PATIENCE, lines.next_line()).await.expect("in time").expect("a line").expect("its address");
        Provider { issuer, _running: (child, stdin, lines) }
    }
}
