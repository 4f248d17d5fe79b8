//! Installations are not mixed up, and the operator lets people in from the command line.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod copies;
mod keys;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::process::Output;

use support::http::Visitor;
use support::number;
use support::site::Stand;

fn refused(output: &Output, sentence: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains(sentence), "{said}");
}

/// The arguments that invite somebody invented.
fn invitation(role: &str) -> [&str; 9] {
    let [name, email, clinic] = ["Iara Fontes Prado", "iara@exemplo.example", "Clínica Mangue"];
    ["invite", "--name", name, "--email", email, "--clinic", clinic, "--role", role]
}

fn run(stand: &Stand, command: &str, arguments: &[&str]) -> Output {
    let mut sigilo = stand.command(command);
    if ["demo", "serve"].contains(&command) {
        sigilo.args(["--listen", "127.0.0.1:0"]);
    }
    sigilo.args(arguments).output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demonstration_is_never_served_as_a_real_installation() {
    let stand = Stand::shared().await;
    stand.demo().stop();
    refused(&run(&stand, "serve", &[]), "demonstração");
    // A second demonstration on the same data goes on where the first ended, with the same people.
    let again = stand.demo();
    assert!(!again.link("Otávio").is_empty());
    assert_eq!(number(&stand.superuser().await, "SELECT count(*) FROM clinics").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_with_clinics_never_becomes_a_demonstration() {
    let stand = Stand::shared().await;
    let site = stand.open(|_| {});
    let invited = run(&stand, "user", &invitation("owner"));
    assert!(invited.status.success(), "{}", String::from_utf8_lossy(&invited.stderr));
    site.stop();
    refused(&run(&stand, "demo", &[]), "clínicas de verdade");
    let demo_links = number(&stand.superuser().await, "SELECT count(*) FROM auth.links WHERE kind = 'demo'").await;
    assert_eq!(demo_links, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_foreign_key_is_refused_and_never_replaced() {
    let stand = Stand::shared().await;
    stand.open(|_| {}).stop();
    let path = stand.data().join("segredos/raiz.chave");
    let right = fs::read(&path).unwrap();
    assert_eq!(right.len(), 32);

    fs::remove_file(&path).unwrap();
    refused(&run(&stand, "serve", &[]), "falta a chave");
    assert!(!path.exists(), "a new key would hide the loss of the old one");

    fs::write(&path, [7_u8; 32]).unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    refused(&run(&stand, "serve", &[]), "não é a deste banco");

    fs::write(&path, &right[..20]).unwrap();
    refused(&run(&stand, "serve", &[]), "danificada");

    fs::write(&path, &right).unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    refused(&run(&stand, "serve", &[]), "podem ler a chave");

    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    stand.open(|_| {}).stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_invites_people_and_lets_them_back_in() {
    let stand = Stand::shared().await;
    let site = stand.open(|_| {});
    let origin = ["--origin", site.origin.as_str()];
    let user = |arguments: &[&str]| {
        let all: Vec<&str> = arguments.iter().copied().chain(origin).collect();
        run(&stand, "user", &all)
    };
    let link_of = |output: &Output| {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().strip_prefix(&site.origin).unwrap().to_owned()
    };
    let invite = invitation("professional");
    let first = link_of(&user(&invite));

    // The link leads to registering a passkey, and works once.
    let mut visitor = Visitor::new(&site.origin);
    assert!(visitor.get(&first).await.text().contains("Iara"));
    let used = visitor.form(&first, &[]).await;
    assert_eq!((used.status, used.location()), (303, "/segundo-fator/cadastrar"));
    let page = visitor.get("/segundo-fator/cadastrar").await;
    assert_eq!(page.status, 200);
    assert!(
        !page.text().contains("/segundo-fator/cadastrar/aplicativo"),
        "an app alone could not open this account again"
    );
    assert_eq!(Visitor::new(&site.origin).form(&first, &[]).await.status, 410);

    // A device that is lost may still be signed in.
    let database = stand.superuser().await;
    database
        .execute(
            "INSERT INTO auth.sessions (token_hash, user_id, clinic_id, method, ip_address, user_agent, idle_until, expires_at)
             SELECT sha256('lost'), user_id, clinic_id, 'passkey', '192.0.2.9', 'lost', now() + interval '1 hour',
                    now() + interval '1 hour' FROM members",
            &[],
        )
        .await
        .unwrap();

    // Lost before it was registered: a new link, for the same account.
    let second = link_of(&user(&["link", "--email", "IARA@exemplo.example", "--reset-factors"]));
    let mut back = Visitor::new(&site.origin);
    assert_eq!(back.form(&second, &[]).await.location(), "/segundo-fator/cadastrar");
    assert_eq!(number(&database, "SELECT count(*) FROM auth.users").await, 1);
    assert_eq!(number(&database, "SELECT count(*) FROM auth.sessions WHERE ended_at IS NULL").await, 0);
    assert_eq!(
        number(
            &database,
            "SELECT count(*) FROM audit_logs WHERE action = 'sign_in_link_created' AND risk_level = 'high'"
        )
        .await,
        1
    );

    refused(&user(&["link", "--email", "ninguem@exemplo.example"]), "Nenhuma conta");
    refused(&user(&["link", "--email", "isto não é um e-mail"]), "e-mail válido");
    refused(
        &user(&["invite", "--name", "X", "--email", "a@b.example", "--clinic", "C", "--role", "owner"]),
        "nome completo",
    );
    refused(
        &user(&["invite", "--name", "Iara Fontes", "--email", "a@b.example", "--clinic", "C", "--role", "rei"]),
        "perfil",
    );
    // Two accounts with one address: the address alone does not tell who asks.
    assert!(user(&invite).status.success());
    refused(&user(&["link", "--email", "iara@exemplo.example"]), "Mais de uma conta");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_is_simulated_in_a_database_of_its_own() {
    let stand = Stand::managed();
    let out = stand.data().join("fora");
    // What the environment names is a real clinic's: nobody is made up there.
    let site = stand.simulation(&out, "postgres://ninguem@127.0.0.1:1/nada");
    let said = String::from_utf8_lossy(&site.output()).into_owned();
    assert!(said.contains("8. Prazos de guarda [conforme]") && said.contains("Resultado: conforme"), "{said}");
    assert!(!said.contains('✗'), "{said}");
    let pdf = fs::read(out.join("relatorio.pdf")).unwrap();
    let data: serde_json::Value = serde_json::from_slice(&fs::read(out.join("relatorio.json")).unwrap()).unwrap();
    assert!(pdf.starts_with(b"%PDF-") && data["demonstrations"].as_array().unwrap().len() == 8);

    // It stays for whoever wants to look: in the database, and as the simulated DPO on the site.
    let database = stand.superuser().await;
    assert_eq!(number(&database, "SELECT count(*) FROM audit_report_files").await, 3);
    let mut dpo = Visitor::new(&site.origin);
    let link = site.link("encarregado da simulação");
    assert_eq!(dpo.form(&link, &[]).await.status, 303);
    assert_eq!(dpo.get("/auditoria/relatorios").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_is_sealed_and_proved_from_the_command_line() {
    let stand = Stand::shared().await;
    let site = stand.open(|_| {});
    assert!(run(&stand, "user", &invitation("owner")).status.success());
    let said = |output: &Output| {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    said(&run(&stand, "seal", &["--once"]));
    let database = stand.superuser().await;
    assert_eq!(
        number(&database, "SELECT count(*) - (SELECT sum(cardinality(seqs)) FROM trail.heads) FROM audit_logs").await,
        0
    );
    let clinic: String = database.query_one("SELECT id::text FROM clinics", &[]).await.unwrap().get(0);
    let folder = stand.data().join("levar");
    fs::create_dir_all(&folder).unwrap();
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    fs::write(file("politica"), said(&run(&stand, "audit", &["policy"]))).unwrap();
    fs::write(file("antigo"), said(&run(&stand, "audit", &["checkpoint"]))).unwrap();
    assert!(said(&run(&stand, "audit", &["examine"])).contains("Tudo é o que foi lacrado."));

    // What comes later goes on from what was kept, on a computer with nothing but the files.
    assert!(run(&stand, "user", &["link", "--email", "iara@exemplo.example"]).status.success());
    said(&run(&stand, "seal", &["--once"]));
    said(&run(&stand, "audit", &["bundle", "--clinic", &clinic, "--out", &file("provas.tar")]));
    let verify = |bundle: &str| {
        let (policy, previous) = (file("politica"), file("antigo"));
        std::process::Command::new(env!("CARGO_BIN_EXE_sigilo"))
            .args(["verify", bundle, "--policy", &policy, "--previous", &previous])
            .env_clear()
            .output()
            .unwrap()
    };
    let text = said(&verify(&file("provas.tar")));
    assert!(text.starts_with("VÁLIDO") && text.contains("Continua de"), "{text}");
    let seq = number(&database, &format!("SELECT max(seq) FROM audit_logs WHERE clinic_id = '{clinic}'")).await;
    let proof = said(&run(&stand, "audit", &["row", "--clinic", &clinic, "--seq", &seq.to_string()]));
    fs::write(file("linha"), proof).unwrap();
    assert!(said(&verify(&file("linha"))).contains(&format!("\"seq\":{seq},")));
    let mut spoilt = fs::read(file("provas.tar")).unwrap();
    let at = spoilt.windows(6).position(|bytes| bytes == b"create").unwrap();
    spoilt[at] = b'C';
    fs::write(file("mexido.tar"), &spoilt).unwrap();
    assert_eq!(verify(&file("mexido.tar")).status.code(), Some(1));
    fs::write(file("cortado.tar"), &spoilt[..700]).unwrap();
    assert_eq!(verify(&file("cortado.tar")).status.code(), Some(2));
    site.stop();

    // Without the key the clinic goes on working, and nothing is sealed with another one.
    let key = stand.data().join("segredos/trilha.chave");
    let right = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let site = stand.open(|_| {});
    refused(&run(&stand, "seal", &["--once"]), "falta a chave");
    assert!(!key.exists(), "a new key would begin another history");
    site.stop();
    fs::write(&key, [9_u8; 32]).unwrap();
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let site = stand.open(|_| {});
    refused(&run(&stand, "seal", &["--once"]), "não é a que lacrou");
    fs::write(&key, right).unwrap();
    said(&run(&stand, "seal", &["--once"]));
    site.stop();
}
