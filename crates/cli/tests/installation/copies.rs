//! A copy from a running site to another folder, by the commands an operator types.

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use super::support::doctor::{BRENO, JUSSARA, enter};
use super::support::{number, site::Stand, until};
use super::{invitation, refused, run};

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn copies(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).map(|entries| entries.flatten().collect::<Vec<_>>()).unwrap_or_default();
    entries.iter().filter(|entry| entry.file_name().to_string_lossy().starts_with("sigilo-")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_site_is_copied_drilled_and_put_back_elsewhere() {
    let stand = Stand::managed();
    let site = stand.open(|_| {});
    let invited = run(&stand, "user", &invitation("owner"));
    assert!(invited.status.success(), "{}", said(&invited));
    let outside = tempfile::tempdir().unwrap();
    let [shelf, identity] = ["copias", "identidade.txt"].map(|name| outside.path().join(name));
    let [shelf_text, identity_text] = [&shelf, &identity].map(|path| path.to_str().unwrap());
    refused(&run(&stand, "backup", &["--to", shelf_text]), "sigilo backup key");
    assert_eq!(copies(&shelf), 0);
    let key = stand.command("backup").args(["key", "--out", identity_text]).output().unwrap();
    assert!(key.status.success() && said(&key).contains("age1"), "{}", said(&key));

    // A power cut in the middle leaves nothing that looks like a copy.
    let mut begun = stand.command("backup");
    let mut begun = begun.args(["--to", shelf_text]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let lock = shelf.join(".sigilo.lock");
    until("the copy is begun", async || lock.exists().then_some(())).await;
    begun.kill().unwrap();
    begun.wait().unwrap();
    let whole = copies(&shelf);
    let output = run(&stand, "backup", &["--to", shelf_text, "--keep-days", "7"]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(copies(&shelf), whole + 1);
    assert!(said(&output).contains("segredos/"), "what is not in it is said: {}", said(&output));
    let long = run(&stand, "backup", &["--to", shelf_text, "--keep-days", "36"]);
    assert!(!long.status.success());

    // The copy it makes itself, beside the running site. Before the first checkpoint the trail cannot be judged: 2.
    let drill = run(&stand, "drill", &["--json"]);
    let report: serde_json::Value =
        serde_json::from_slice(&drill.stdout).unwrap_or_else(|_| panic!("{}", said(&drill)));
    assert!([Some(0), Some(2)].contains(&drill.status.code()), "{report:#}");
    assert!(report["steps"].as_array().unwrap().iter().all(|step| step["passed"] != false), "{report:#}");
    assert!(!stand.data().join("ensaio").exists());

    // Into the installation that runs, and into one that has data, nothing is put.
    let from = ["--from", shelf_text, "--identity", identity_text];
    refused(&run(&stand, "restore", &from), "já está em uso");
    site.stop();
    refused(&run(&stand, "restore", &from), "já tem dados");

    let home = Stand::managed();
    fs::create_dir(home.data().join("segredos")).unwrap();
    for name in ["raiz.chave", "trilha.chave"] {
        fs::copy(stand.data().join("segredos").join(name), home.data().join("segredos").join(name)).unwrap();
    }
    let back = run(&home, "restore", &from);
    assert!(back.status.success(), "{}", said(&back));
    assert!(said(&back).contains("é a desta cópia"), "{}", said(&back));
    let site = home.open(|_| {});
    assert_eq!(number(&home.superuser().await, "SELECT count(*) FROM clinics").await, 1);
    drop(site);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_is_asked_for_with_one_button_and_its_result_stands_on_the_page() {
    let stand = Stand::managed();
    let site = stand.demo();
    let mut breno = enter(&site, BRENO).await;
    let mut jussara = enter(&site, JUSSARA).await;
    const PAGE: &str = "/conformidade/copias";
    assert_eq!(jussara.get(PAGE).await.status, 403);
    assert_eq!(jussara.form(PAGE, &[]).await.status, 403);
    assert!(breno.get(PAGE).await.text().contains("Nenhum teste de restauração deu certo ainda"));
    assert_eq!(breno.form(PAGE, &[]).await.status, 303);
    assert_eq!(breno.form(PAGE, &[]).await.status, 409, "one at a time");
    let page = breno.get(PAGE).await.text();
    assert!(page.contains("/conformidade/copias/andamento"), "it is watched");
    let page = until("the drill is over", async || {
        let page = breno.get("/conformidade/copias/andamento").await.text();
        (!page.contains("hx-get")).then_some(page)
    })
    .await;
    for step in ["Cópia feita", "Arquivos inteiros", "Cópia reposta", "Destruições repetidas", "34 consultas do manual"]
    {
        assert!(page.contains(step), "{step} in {page}");
    }
    assert!(!page.contains("Errado") && !page.contains("Falhou"), "{page}");
    let desk = breno.get("/conformidade").await.text();
    assert!(desk.contains("As cópias de segurança voltam"));
    // The command line's are on the same page.
    let drill = run(&stand, "drill", &["--json"]);
    let report: serde_json::Value = serde_json::from_slice(&drill.stdout).unwrap();
    assert!(report["steps"].as_array().unwrap().iter().all(|step| step["passed"] != false), "{report:#}");
    let database = stand.superuser().await;
    assert_eq!(
        number(&database, "SELECT count(*) FROM ops.copies WHERE kind = 'drill' AND finished_at IS NOT NULL").await,
        2
    );
    assert!(!stand.data().join("ensaio").exists());
}
