//! kill -9 of the real program.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;
use url::Url;

use crate::support::{NAME, WEB, log, post, request, tree};

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sigilo-witness"));
    command.env_clear().arg("--data").arg(folder);
    command
}

fn start(folder: &Path) -> (Program, Url) {
    let mut command = program(folder);
    for key in log().verifier_keys() {
        command.arg("--log").arg(key.to_string());
    }
    let child = command.args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut program = Program(child.unwrap());
    let mut line = String::new();
    BufReader::new(program.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let (_, url) = line.trim().split_once("atendendo em ").expect("it says where");
    let url = Url::parse(url).unwrap();
    (program, url)
}

#[tokio::test]
async fn what_was_cosigned_survives_kill_9() {
    let folder = TempDir::new().unwrap();
    assert!(program(folder.path()).args(["init", "--name", NAME]).stdout(Stdio::null()).status().unwrap().success());
    let mut acknowledged = 0;
    for _ in 0..5 {
        let (mut running, url) = start(folder.path());
        // The log learns where the witness is: never below what it was told.
        let told = post(&url, request(&tree(40, "b"), 39).to_string()).await;
        assert_eq!(told.status, 409);
        let mut size: u64 = told.text.trim().parse().unwrap();
        assert!((acknowledged..=acknowledged + 1).contains(&size), "{acknowledged} {size}");
        for _ in 0..3 {
            assert_eq!(post(&url, request(&tree(size + 1, "a"), size).to_string()).await.status, 200);
            size += 1;
        }
        acknowledged = size;
        // One more is on its way when the program dies.
        let last = request(&tree(size + 1, "a"), size).to_string();
        let flying = tokio::spawn(WEB.post(url.join("add-checkpoint").unwrap()).body(last).send());
        tokio::task::yield_now().await;
        running.0.kill().unwrap();
        running.0.wait().unwrap();
        let answered = flying.await.unwrap().is_ok_and(|answer| answer.status() == 200);
        acknowledged += u64::from(answered);
    }
    assert!(acknowledged >= 15);
}
