//! The rules of `docs/architecture.md` that a machine can check.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Which of our crates each may use. Dependencies point one way; a new crate takes its place here.
const ARROWS: &[(&str, &[&str])] = &[
    ("sigilo-domain", &[]),
    ("sigilo-deid", &[]),
    ("sigilo-proof", &[]),
    ("sigilo-custody", &["sigilo-proof"]),
    ("sigilo-store", &["sigilo-deid", "sigilo-domain", "sigilo-proof"]),
    ("sigilo-image", &[]),
    ("sigilo-knowledge", &[]),
    ("sigilo-citations", &[]),
    ("sigilo-report", &["sigilo-domain", "sigilo-proof"]),
    ("sigilo-signature", &["sigilo-proof"]),
    ("sigilo-assistant", &["sigilo-citations", "sigilo-deid", "sigilo-image", "sigilo-knowledge"]),
    (
        "sigilo-features",
        &[
            "sigilo-anchor",
            "sigilo-assistant",
            "sigilo-citations",
            "sigilo-deid",
            "sigilo-domain",
            "sigilo-image",
            "sigilo-knowledge",
            "sigilo-proof",
            "sigilo-report",
            "sigilo-store",
        ],
    ),
    ("sigilo-verify", &["sigilo-proof"]),
    ("sigilo-anchor", &["sigilo-domain", "sigilo-proof"]),
    ("sigilo-backup", &["sigilo-domain", "sigilo-features", "sigilo-proof", "sigilo-store"]),
    ("sigilo-web", &["sigilo-deid", "sigilo-domain", "sigilo-features"]),
    (
        "sigilo-cli",
        &[
            "sigilo-anchor",
            "sigilo-assistant",
            "sigilo-backup",
            "sigilo-citations",
            "sigilo-custody",
            "sigilo-deid",
            "sigilo-domain",
            "sigilo-features",
            "sigilo-knowledge",
            "sigilo-proof",
            "sigilo-signature",
            "sigilo-store",
            "sigilo-verify",
            "sigilo-web",
        ],
    ),
    // Only tests depend on it.
    ("sigilo-standin", &[]),
    (
        "sigilo-testkit",
        &["sigilo-deid", "sigilo-domain", "sigilo-features", "sigilo-proof", "sigilo-store", "sigilo-web"],
    ),
];
/// No input or output: whatever these compute, they compute from their arguments.
const PURE: &[&str] = &[
    "sigilo-domain",
    "sigilo-deid",
    "sigilo-proof",
    "sigilo-image",
    "sigilo-knowledge",
    "sigilo-citations",
    "sigilo-report",
    "sigilo-signature",
];
/// What brings input and output along.
const RUNTIMES: &[&str] = &["tokio", "async-std", "smol", "hyper", "reqwest", "tokio-postgres", "mio"];
const DRIVERS: &[&str] = &["tokio-postgres", "postgres", "deadpool-postgres", "sqlx"];
const LONGEST_FILE: usize = 800;
/// Folders with files that people write.
const WRITTEN: &[&str] = &["crates", "migrations", "migrations-keystore", "scripts", "web-assets/src", "e2e", "bench"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// Package id → name, and package id → ids it needs outside its own tests.
fn graph(metadata: &Value) -> (BTreeMap<&str, &str>, BTreeMap<&str, Vec<&str>>) {
    let names =
        list(&metadata["packages"]).iter().map(|package| (text(&package["id"]), text(&package["name"]))).collect();
    let edges = list(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| {
            let needed = list(&node["deps"])
                .iter()
                .filter(|dep| list(&dep["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev"))
                .map(|dep| text(&dep["pkg"]))
                .collect();
            (text(&node["id"]), needed)
        })
        .collect();
    (names, edges)
}

#[test]
fn dependencies_point_one_way() {
    let metadata = metadata();
    let (names, edges) = graph(&metadata);
    for member in list(&metadata["workspace_members"]) {
        let id = text(member);
        let name = names[id];
        let allowed = ARROWS.iter().find(|(known, _)| *known == name).map(|(_, allowed)| *allowed);
        let allowed = allowed.unwrap_or_else(|| panic!("{name} has no place in ARROWS"));
        for needed in edges[id].iter().map(|id| names[id]) {
            if needed.starts_with("sigilo-") {
                assert!(allowed.contains(&needed), "{name} must not use {needed}");
            }
            if DRIVERS.contains(&needed) {
                let may = ["sigilo-store", "sigilo-testkit"].contains(&name);
                assert!(may, "{name} must not see the database driver {needed}");
            }
        }
    }
}

#[test]
fn pure_crates_reach_no_runtime() {
    let metadata = metadata();
    let (names, edges) = graph(&metadata);
    for pure in PURE {
        let start = *names.iter().find(|(_, name)| *name == pure).unwrap().0;
        let mut seen = BTreeSet::from([start]);
        let mut open = vec![start];
        while let Some(id) = open.pop() {
            assert!(!RUNTIMES.contains(&names[id]), "{pure} reaches {}", names[id]);
            open.extend(edges[id].iter().copied().filter(|next| seen.insert(next)));
        }
    }
}

/// Files below `folder` with one of the extensions, build outputs left out.
fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() {
                if !["node_modules", "dist", "target", ".venv"].iter().any(|skipped| name == *skipped) {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|have| extensions.iter().any(|one| have == *one)) {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn files_stay_short() {
    let kinds = ["rs", "sql", "html", "css", "js", "mjs", "ts", "py", "sh"];
    let long: Vec<_> = WRITTEN
        .iter()
        .flat_map(|folder| files(&root().join(folder), &kinds))
        .map(|file| (fs::read_to_string(&file).unwrap().lines().count(), file))
        .filter(|(lines, _)| *lines >= LONGEST_FILE)
        .collect();
    assert!(long.is_empty(), "split by what they are about: {long:#?}");
}

/// The content policy forbids inline code and style; one forgotten attribute would fail only in the browser.
#[test]
fn templates_hold_no_inline_code() {
    let templates = files(&root().join("crates/web"), &["html"]);
    for template in &templates {
        let text = fs::read_to_string(template).unwrap().to_lowercase();
        for forbidden in ["style=", "hx-on", "js:", "javascript:", "autoescape"] {
            assert!(!text.contains(forbidden), "{}: {forbidden}", template.display());
        }
        let tight: String = text.split_whitespace().collect();
        assert!(!tight.contains("|safe"), "{}: |safe", template.display());
        for word in text.split_whitespace() {
            let name = word.split('=').next().unwrap_or_default();
            let handler = word.contains('=')
                && name
                    .strip_prefix("on")
                    .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_lowercase()));
            assert!(!handler, "{}: {name}=", template.display());
        }
    }
}
