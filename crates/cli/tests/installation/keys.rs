//! `sigilo keys`, as an operator and the holders of the shares use it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use sigilo_proof::envelope::{LocalRoot, Place};
use sigilo_store::keystore::{Keystore, Limits, Subject};
use sigilo_testkit::TestKeystore;
use uuid::Uuid;

use crate::support::site::Stand;
use crate::{refused, run};

const CELL: Place<'_> = Place { table: "identity.patients", column: "name" };

struct Installation {
    stand: Stand,
    keystore: TestKeystore,
}

impl Installation {
    async fn new() -> Installation {
        let installation = Installation { stand: Stand::shared().await, keystore: TestKeystore::fresh().await };
        installation.stand.open(|_| {}).stop();
        installation
    }

    fn keys(&self, arguments: &[&str]) -> Command {
        let urls = self.keystore.urls();
        let mut command = self.stand.command("keys");
        command.env("KEYSTORE_URL", urls.owner.expose()).env("KEYSTORE_URL_KEYS", urls.keys.expose());
        command.args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.keys(arguments).output().unwrap()
    }

    fn root(&self) -> [u8; 32] {
        fs::read(self.stand.data().join("segredos/raiz.chave")).unwrap().try_into().unwrap()
    }
}

fn told(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn typed(mut command: Command, lines: &[&str]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_root_key_comes_back_from_its_shares() {
    let installation = Installation::new().await;
    let secrets = installation.stand.data().join("segredos");
    let (path, root) = (secrets.join("raiz.chave"), installation.root());
    let recover = |arguments: &[&str], lines: &[&str]| {
        let all: Vec<&str> = ["recover"].iter().chain(arguments).copied().collect();
        typed(installation.keys(&all), lines)
    };

    refused(&installation.run(&["share", "--threshold", "4", "--count", "3"]), "não passa do total");
    let shown = told(&installation.run(&["share", "--threshold", "2", "--count", "3"]));
    let shares: Vec<&str> = shown.lines().filter(|line| line.starts_with("SIGILO-")).collect();
    assert_eq!(shares.len(), 3);
    assert!(!shown.contains(&root.iter().map(|byte| format!("{byte:02x}")).collect::<String>()));
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(secrets.join("raiz.partes")).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    refused(&installation.run(&["share"]), "--replace");

    // A rehearsal proves the key and changes nothing; a slip of the pen is asked for again.
    let slip = shares[0].replace(&shares[0][10..11], if &shares[0][10..11] == "A" { "B" } else { "A" });
    let before = fs::read(&path).unwrap();
    let said = told(&recover(&["--rehearse"], &[&slip, shares[0], shares[0], "", shares[2]]));
    assert!(said.contains("é a chave deste banco") && said.contains("ensaio") && said.contains("digitada com erro"));
    assert_eq!(fs::read(&path).unwrap(), before);
    fs::remove_file(&path).unwrap();
    told(&recover(&["--rehearse"], &[shares[1], shares[2]]));
    assert!(!path.exists());

    refused(&recover(&[], &[shares[1]]), "faltam partes");
    refused(&recover(&[], &[]), "faltam partes");
    told(&recover(&[], &[shares[1], &shares[2].to_lowercase()]));
    assert_eq!(installation.root(), root);
    installation.stand.open(|_| {}).stop();
    assert!(told(&recover(&[], &[shares[0], shares[1]])).contains("nada a fazer"));

    // Shared anew, the old shares are of another set.
    let anew = told(&installation.run(&["share", "--threshold", "2", "--count", "2", "--replace"]));
    let anew: Vec<&str> = anew.lines().filter(|line| line.starts_with("SIGILO-")).collect();
    refused(&recover(&["--rehearse"], &[shares[0], shares[1]]), "outra partilha");
    told(&recover(&["--rehearse"], &anew));

    // Another key is never shared, and never put over this one.
    fs::write(&path, [9_u8; 32]).unwrap();
    refused(&installation.run(&["share", "--replace"]), "não é a deste banco");
    refused(&recover(&[], &anew), "é outra chave");
    assert_eq!(installation.root(), [9; 32]);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_rotated_and_handed_to_a_token() {
    let installation = Installation::new().await;
    let said = told(&installation.run(&["init"]));
    assert!(said.contains("embrulha e abre"), "{said}");
    let root = Arc::new(LocalRoot::new(&installation.root()));
    let urls = installation.keystore.urls();
    let keystore = Keystore::open(&urls.keys, root, &Limits::default(), &[]).await.unwrap();
    let clinic = Uuid::from_u128(0xc1);
    keystore.create_clinic(clinic).await.unwrap();
    let ana = Subject { clinic, subject: Uuid::from_u128(1) };
    keystore.create(ana).await.unwrap();
    let cell = keystore.seal(ana, CELL, b"Ana").await.unwrap();

    let said = told(&installation.run(&["rotate"]));
    assert!(said.contains("0 de 1") && said.contains("1 de 1") && said.contains("pronta"), "{said}");
    let said = told(&installation.run(&["status"]));
    assert!(said.contains("pessoas v1: destruída") && said.contains("pessoas v2: em uso"), "{said}");
    assert!(said.contains("embrulha 1") && said.contains("não repartida"), "{said}");
    assert_eq!(keystore.open_cell(ana, CELL, &cell).await.unwrap().as_slice(), b"Ana");

    refused(&installation.run(&["rotate", "--clinic", &Uuid::nil().to_string()]), "não tem chaves");
    refused(&installation.run(&["rotate", "--root"]), "não tem versões");
    refused(&installation.run(&["status", "--keeper", "pkcs11"]), "--pkcs11-module");
    refused(&installation.run(&["status", "--keeper", "transit"]), "--transit-address");

    let token = tempfile::tempdir().unwrap();
    let conf = soft_token(token.path());
    let in_token = |arguments: &[&str]| {
        let mut command = installation.keys(arguments);
        command.env("SOFTHSM2_CONF", &conf).env("SIGILO_PKCS11_PIN", "864213").args(["--keeper", "pkcs11"]);
        command.args(["--pkcs11-module", "/usr/lib/softhsm/libsofthsm2.so"]).output().unwrap()
    };
    refused(&in_token(&["status"]), "não tem a chave raiz");
    assert!(told(&in_token(&["init"])).contains("não sai"));
    // The destroyed one has nothing to wrap: one for people, one for indexes.
    assert!(told(&in_token(&["rotate", "--root", "--from", "arquivo"])).contains("2 chaves"));
    refused(&installation.run(&["status"]), "não abrem");
    assert!(told(&in_token(&["status"])).contains("pkcs11"));
    assert!(told(&in_token(&["rotate", "--root"])).contains("2 chaves"));
    assert!(told(&in_token(&["rotate"])).contains("pronta"));
}

fn soft_token(folder: &Path) -> std::path::PathBuf {
    let (conf, tokens) = (folder.join("softhsm2.conf"), folder.join("tokens"));
    fs::create_dir(&tokens).unwrap();
    fs::write(&conf, format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display())).unwrap();
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", "sigilo", "--pin", "864213", "--so-pin", "97531"])
        .env("SOFTHSM2_CONF", &conf)
        .output()
        .expect("SoftHSM (package softhsm2)");
    assert!(made.status.success());
    conf
}

#[tokio::test(flavor = "multi_thread")]
async fn a_managed_installation_has_its_keystore_while_it_is_up() {
    let stand = Stand::managed();
    refused(&run(&stand, "keys", &["status"]), "Ainda não há banco");
    assert!(!stand.data().join("segredos").exists(), "looking makes no installation");
    let site = stand.open(|_| {});
    assert!(told(&run(&stand, "keys", &["init"])).contains("embrulha e abre"));
    assert!(told(&run(&stand, "keys", &["status"])).contains("Clínicas com chaves: 0"));
    site.stop();
    told(&run(&stand, "keys", &["rotate"]));

    // Beside the operator's own server there is a keystore only when one is named.
    let external = Stand::shared().await;
    external.open(|_| {}).stop();
    refused(&run(&external, "keys", &["init"]), "KEYSTORE_URL");
}
