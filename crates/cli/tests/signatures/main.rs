//! Documents are signed and verified from the command line, with a chain that `openssl` makes.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "../../../proof/tests/openssl/pki.rs"]
#[allow(dead_code)]
mod pki;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::LazyLock,
};

use pki::{CPF, ISSUING_CRL, Order, PKI, ROOT_CRL, holder_extensions};

const PASSWORD: &str = "senha de teste";

/// A folder with a key, a document, and the authorities.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = PKI.path("linha");
    for folder in [&folder, &folder.join("ca"), &folder.join("crl")] {
        fs::create_dir(folder).unwrap();
    }
    let subject = "/C=BR/O=ICP-Teste/CN=ANA TESTE:11144477735";
    let extensions = holder_extensions("2.16.76.1.2.1.1", CPF);
    let ana = PKI.issue(Order { subject, extensions, ..Order::default() });
    let certificate = format!("{}.crt", ana.name);
    let what = ["pkcs12", "-export", "-inkey", "holder.key", "-in", &certificate, "-certfile", "issuing.crt"];
    PKI.openssl(&[&what[..], &["-passout", &format!("pass:{PASSWORD}"), "-out", "linha/ana.pfx"]].concat());
    // One in PEM and one in DER.
    fs::copy(PKI.path("root.crt"), folder.join("ca/raiz.pem")).unwrap();
    fs::write(folder.join("ca/emissora.cer"), PKI.der("issuing")).unwrap();
    fs::write(folder.join("crl/raiz.crl"), ROOT_CRL.der()).unwrap();
    fs::write(folder.join("crl/emissora.crl"), ISSUING_CRL.der()).unwrap();
    fs::write(folder.join("receita.pdf"), document()).unwrap();
    folder
});

/// A document of one empty page.
fn document() -> String {
    let mut pdf = "%PDF-1.7\n".to_owned();
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    ];
    let mut table = "xref\n0 4\n0000000000 65535 f \n".to_owned();
    for (number, object) in (1..).zip(objects) {
        writeln!(table, "{:010} 00000 n ", pdf.len()).unwrap();
        writeln!(pdf, "{number} 0 obj\n{object}\nendobj").unwrap();
    }
    let start = pdf.len();
    format!("{pdf}{table}trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n")
}

fn sigilo(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sigilo"));
    command.current_dir(&*FOLDER).env("SIGILO_A1_PASSWORD", PASSWORD).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8([output.stdout.clone(), output.stderr.clone()].concat()).unwrap()
}

fn sign(out: &str) -> Output {
    sigilo(&["sign", "--a1", "ana.pfx", "--in", "receita.pdf", "--out", out, "--reason", "Prescrição"])
}

#[track_caller]
fn assert_ends(output: &Output, code: i32, sentence: &str) {
    let said = said(output);
    assert!(output.status.code() == Some(code) && said.contains(sentence), "{:?}: {said}", output.status);
}

#[test]
fn a_document_is_signed_and_verified() {
    let signed = sign("assinada.pdf");
    assert_ends(&signed, 0, "Assinado por ANA TESTE");
    assert!(!said(&signed).contains(PASSWORD));
    let pdf = fs::read(FOLDER.join("assinada.pdf")).unwrap();
    assert!(pdf.starts_with(document().as_bytes()));

    let known = ["signature", "verify", "assinada.pdf", "--ca", "ca", "--crl", "crl"];
    let valid = sigilo(&known);
    assert_ends(&valid, 0, "1. Assinatura de ANA TESTE, CPF 11144477735: VÁLIDA");
    assert!(said(&valid).contains("Cobre: o documento inteiro") && said(&valid).contains("Conclusão: válida"));
    assert_ends(&sigilo(&[&known[..], &["--cpf", "111.444.777-35"]].concat()), 0, "VÁLIDA");
    assert_ends(&sigilo(&[&known[..], &["--cpf", "529.982.247-25"]].concat()), 1, "outra pessoa");
    assert_ends(&sigilo(&[&known[..], &["--cpf", "1"]].concat()), 2, "o CPF não confere");
    assert_ends(&sigilo(&["signature", "verify", "assinada.pdf"]), 2, "nenhuma cadeia");

    let kept = sigilo(&[&known[..], &["--signed-version", "versao.pdf"]].concat());
    assert_ends(&kept, 0, "VÁLIDA");
    assert_eq!(fs::read(FOLDER.join("versao.pdf")).unwrap(), pdf);
    // What is there is never written over.
    assert_ends(&sigilo(&[&known[..], &["--signed-version", "versao.pdf"]].concat()), 2, "não foi possível gravar");
}

#[test]
fn what_was_changed_or_is_no_signature_is_told_by_the_exit_code() {
    assert_ends(&sign("mudada.pdf"), 0, "Assinado");
    let path: &Path = &FOLDER.join("mudada.pdf");
    let mut pdf = fs::read(path).unwrap();
    let at = pdf.windows(3).position(|window| window == b"842").unwrap();
    pdf[at] = b'4';
    fs::write(path, pdf).unwrap();
    let verify = |file| sigilo(&["signature", "verify", file, "--ca", "ca", "--crl", "crl"]);
    assert_ends(&verify("mudada.pdf"), 1, "INVÁLIDA");
    assert_ends(&verify("receita.pdf"), 2, "não tem assinaturas");
    assert_ends(&verify("ana.pfx"), 2, "não é um documento PDF");
    assert_ends(&verify("nada.pdf"), 2, "não foi possível ler");
}

#[test]
fn nothing_is_signed_with_a_wrong_password_or_over_a_file() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sigilo"));
    command.current_dir(&*FOLDER).env("SIGILO_A1_PASSWORD", "outra");
    let wrong = command.args(["sign", "--a1", "ana.pfx", "--in", "receita.pdf", "--out", "x.pdf"]).output().unwrap();
    assert_ends(&wrong, 1, "a senha não abre o certificado");
    assert!(!FOLDER.join("x.pdf").exists());
    assert_ends(&sign("receita.pdf"), 1, "não foi possível gravar");
    let policy = ["sign", "--a1", "ana.pfx", "--in", "receita.pdf", "--out", "x.pdf", "--policy", "ad-rb"];
    assert_eq!(sigilo(&policy).status.code(), Some(2));
    assert_ends(&sigilo(&[&policy[..], &["--policy-hash", "abc"]].concat()), 1, "64 dígitos");
}
