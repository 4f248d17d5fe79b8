//! pyHanko and poppler's `pdfsig`: they judge what is signed here, and pyHanko signs what is judged here.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::LazyLock,
};

use sigilo_proof::x509::Oid;
use sigilo_signature::{Appearance, Checks, Details, Level, Verdict, verify};

use crate::{
    pki::{ISSUING_CRL, Order, PKI, ROOT_CRL, STAMPING},
    sample::{
        ANA, Listing, PASSWORD, appended, basic, checks, complete, details, document, judge, long_term, open, pkcs12,
        reasons, stamped,
    },
};

/// The policy that pyHanko's time authority for tests stamps under.
const PYHANKO_TIME: Oid = Oid::new_unwrap("1.3.6.1.4.1.4146.2.2");

/// A peer that is not installed is left out, where the run may leave something out.
fn missing(what: &str) {
    assert!(env::var_os("SIGILO_REQUIRE_ALL").is_none(), "{what} is missing: run scripts/install test");
    eprintln!("{what} is not installed; this test is left out");
}

/// The Python that has pyHanko, which `scripts/install test` puts into the cache.
fn python() -> Option<PathBuf> {
    let variable = |name: &str| env::var_os(name).map(PathBuf::from);
    let cache = variable("SIGILO_CACHE")
        .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("sigilo")))
        .or_else(|| Some(variable("HOME")?.join(".cache/sigilo")));
    let python = cache?.join("pyhanko/bin/python");
    if python.exists() {
        return Some(python);
    }
    missing("pyHanko");
    None
}

/// The folder with the chain as the script wants it.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let name = PKI.fresh("pyhanko");
    let folder = PKI.path(&name);
    fs::create_dir(&folder).unwrap();
    PKI.openssl(&["genrsa", "-out", "stamper.key", "2048"]);
    let subject = "/C=BR/O=ICP-Teste/CN=Carimbo do Python";
    let stamper = PKI.issue(Order { subject, key: "stamper", extensions: STAMPING.into(), ..Order::default() });
    let key = PKI.openssl(&["pkcs8", "-topk8", "-nocrypt", "-in", "stamper.key", "-outform", "DER"]);
    let files = [
        ("root.crt", PKI.der("root")),
        ("issuing.crt", PKI.der("issuing")),
        ("root.crl", ROOT_CRL.der().to_vec()),
        ("issuing.crl", ISSUING_CRL.der().to_vec()),
        ("stamper.crt", stamper.der),
        ("stamper.key", key),
        ("ana.p12", pkcs12(&ANA, &[])),
    ];
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
    folder
});

fn keep(pdf: &[u8]) -> PathBuf {
    let path = PKI.path(&format!("{}.pdf", PKI.fresh("document")));
    fs::write(&path, pdf).unwrap();
    path
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn script(python: &Path, arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/peer.py");
    let [command, rest @ ..] = arguments else { panic!("a command") };
    let output = run(Command::new(python).arg("-B").arg(script).arg(command).arg(&*FOLDER).args(rest));
    String::from_utf8(output.stdout).unwrap()
}

/// pyHanko's line for each signature of documents.
fn pyhanko(python: &Path, documents: &[Vec<u8>]) -> Vec<String> {
    let files: Vec<_> = documents.iter().map(|pdf| keep(pdf).to_str().unwrap().to_owned()).collect();
    let arguments: Vec<_> = ["validate"].into_iter().chain(files.iter().map(String::as_str)).collect();
    script(python, &arguments).lines().map(str::to_owned).collect()
}

#[test]
fn pyhanko_believes_what_is_signed_here() {
    let Some(python) = python() else { return };
    let mut signed = Vec::new();
    for listing in [Listing::Table, Listing::Stream, Listing::Packed] {
        let original = document(listing);
        signed.extend([basic(&original, &ANA), stamped(&original, &ANA), long_term(&original, &ANA)]);
    }
    let stamps = ["null", "true", "true"].into_iter().cycle();
    let lines = pyhanko(&python, &signed);
    assert_eq!(lines.len(), signed.len());
    for (line, stamp) in lines.iter().zip(stamps) {
        for part in ["\"valid\": true", "\"trusted\": true", "\"bottom_line\": true", &format!("\"stamp\": {stamp}")] {
            assert!(line.contains(part), "{part} in {line}");
        }
    }
}

#[test]
fn pyhanko_sees_the_same_additions_and_the_same_attack() {
    let Some(python) = python() else { return };
    let twice = stamped(&long_term(&document(Listing::Table), &ANA), &ANA);
    let attacked = appended(&stamped(&document(Listing::Table), &ANA), |old, new| {
        let id = old.get_pages()[&1];
        let mut page = old.get_dictionary(id).unwrap().clone();
        page.set("Rotate", 180);
        new.set_object(id, page);
    });
    assert_eq!(judge(&twice).verdict, Verdict::Valid);
    assert_eq!(judge(&attacked).verdict, Verdict::Invalid);
    let lines = pyhanko(&python, &[twice, attacked]);
    let verdicts: Vec<_> = lines.iter().map(|line| line.contains("\"bottom_line\": true")).collect();
    assert_eq!(verdicts, [true, true, false], "{lines:?}");
}

#[test]
fn what_pyhanko_signs_is_valid_here() {
    let Some(python) = python() else { return };
    let policies = [PYHANKO_TIME];
    let checks = Checks { time_policies: &policies, ..checks() };
    let levels = [("b", Level::Basic), ("t", Level::Time), ("lt", Level::LongTerm), ("lta", Level::Archive)];
    let sources = [Listing::Table, Listing::Packed].map(|listing| keep(&document(listing)));
    let jobs: Vec<_> = levels.iter().flat_map(|level| sources.iter().map(move |source| (level, source))).collect();
    let outs: Vec<_> = jobs.iter().map(|_| PKI.path(&format!("{}.pdf", PKI.fresh("signed")))).collect();
    let key = FOLDER.join("ana.p12");
    let mut arguments = vec!["sign", key.to_str().unwrap(), PASSWORD];
    for (((name, _), source), out) in jobs.iter().zip(&outs) {
        arguments.extend([*name, source.to_str().unwrap(), out.to_str().unwrap()]);
    }
    script(&python, &arguments);
    for (((name, level), _), out) in jobs.iter().zip(&outs) {
        let report = verify(&fs::read(out).unwrap(), &checks);
        assert_eq!(report.verdict, Verdict::Valid, "{name}: {}", reasons(&report));
        assert_eq!(report.signatures[0].level, *level, "{name}: {}", reasons(&report));
        assert_eq!(report.signatures.len(), if *name == "lta" { 2 } else { 1 });
    }
}

/// What poppler says of each signature. It asks a network for nothing.
fn pdfsig(pdf: &[u8]) -> Option<String> {
    let file = keep(pdf);
    match Command::new("pdfsig").arg("-nocert").arg(&file).output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(_) => {
            missing("pdfsig");
            None
        }
    }
}

#[test]
fn poppler_believes_what_is_signed_here() {
    let appearance = Appearance { page: 1, rectangle: [72.0, 72.0, 272.0, 112.0], lines: vec!["Ana".to_owned()] };
    for listing in [Listing::Table, Listing::Stream, Listing::Packed] {
        let original = document(listing);
        let drawn = Details { appearance: Some(appearance.clone()), ..details() };
        let drawn = complete(&original, &open(&ANA), &drawn).into_pdf().unwrap();
        for pdf in [basic(&original, &ANA), stamped(&original, &ANA), drawn] {
            let Some(said) = pdfsig(&pdf) else { return };
            for part in ["Signature is Valid", "Total document signed", "ETSI.CAdES.detached", "ANA TESTE"] {
                assert!(said.contains(part), "{listing:?}: {part} in {said}");
            }
        }
        let Some(said) = pdfsig(&long_term(&original, &ANA)) else { return };
        assert!(said.contains("Signature is Valid") && said.contains("Not total document signed"), "{said}");
    }
    let mut changed = basic(&document(Listing::Table), &ANA);
    let at = changed.windows(6).position(|window| window == b"500 mg").unwrap();
    changed[at] = b'9';
    let Some(said) = pdfsig(&changed) else { return };
    assert!(said.contains("Digest Mismatch"), "{said}");
}
