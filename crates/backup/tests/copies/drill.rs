use std::fs;

use sigilo_backup::{Known, Manifest, Origin, drill};
use sigilo_proof::note::VerifierKey;

use crate::support::{folder, root, settings, silent, stand, subject};

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_tells_a_copy_that_comes_back_from_one_that_does_not() {
    let stand = stand().await;
    let data = folder();
    let home = settings(data.path());
    let log = VerifierKey::parse(&stand.key.verifier_keys()[0].to_string()).unwrap();
    let known = Known { destroyed: vec![subject(2)], log: Some(log), root: Some(root()) };
    // What a drill that was killed left behind.
    fs::create_dir(data.path().join("ensaio")).unwrap();
    fs::create_dir(data.path().join("ensaio-copia")).unwrap();

    let report = drill(&home, Origin::Fresh(&stand.source, None), &known, &silent).await.unwrap();
    let said = serde_json::to_string(&report).unwrap();
    assert_eq!(report.code(), 0, "{said}");
    assert!(said.contains("34 consultas") && said.contains("1 pessoas") && said.contains("1 clínicas"), "{said}");
    let gone = || !data.path().join("ensaio").exists() && !data.path().join("ensaio-copia").exists();
    assert!(gone(), "nothing of it stays");

    // Whoever can write into the folder of the copies can also write a manifest that fits.
    let made = stand.copy().await;
    let path = made.folder.join("prontuario.age");
    let mut bytes = fs::read(&path).unwrap();
    let end = bytes.len() - 100;
    bytes[end] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let origin = || Origin::Kept(&made.folder, None, &stand.identity);
    let report = drill(&home, origin(), &known, &silent).await.unwrap();
    assert_eq!((report.code(), report.steps.len()), (1, 1));

    let mut manifest = Manifest::read(&made.folder).unwrap();
    let sum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
    manifest.application.sha256 = data_encoding::HEXLOWER.encode(sum.as_ref());
    fs::write(made.folder.join("manifesto.json"), serde_json::to_vec(&manifest).unwrap()).unwrap();
    let report = drill(&home, origin(), &known, &silent).await.unwrap();
    assert_eq!(report.code(), 1);
    assert!(report.steps[1].found.contains("não decifra até o fim"), "{}", report.steps[1].found);
    assert!(gone(), "nothing of it stays");
}
