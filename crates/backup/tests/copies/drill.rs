use std::fs;

use sigilo_backup::{Known, Origin, drill};
use sigilo_proof::note::VerifierKey;

use crate::support::{folder, root, settings, silent, stand, subject, tamper};

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

    let made = stand.copy().await;
    let origin = || Origin::Kept(&made.folder, None, &stand.identity);
    let path = made.folder.join("prontuario.age");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[1..]).unwrap();
    let report = drill(&home, origin(), &known, &silent).await.unwrap();
    assert_eq!((report.code(), report.steps.len()), (1, 1));
    fs::write(&path, &whole).unwrap();
    tamper(&made.folder);
    let report = drill(&home, origin(), &known, &silent).await.unwrap();
    assert_eq!(report.code(), 1);
    assert!(report.steps[1].found.contains("não decifra até o fim"), "{}", report.steps[1].found);
    assert!(gone(), "nothing of it stays");
}
