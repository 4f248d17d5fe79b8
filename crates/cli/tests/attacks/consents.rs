//! Consents over HTTP: whose proof it is, what a code tells a stranger, who decides on texts, and the proof checked offline.

use std::{fs, process::Command};

use crate::support::doctor::{BRENO, HELENA, JUSSARA, LIVIA, OTAVIO, doctor, enter};
use crate::support::http::Visitor;
use crate::support::site::Stand;

/// The first address of its kind on a page.
fn link(page: &str, end: &str) -> String {
    let part = page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    part.into_iter().find(|address| address.ends_with(end)).unwrap_or_else(|| panic!("no {end}")).to_owned()
}

/// `sigilo consent verify`: its exit code and what it said.
fn verify(document: &[u8], more: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prova.json");
    fs::write(&file, document).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sigilo"));
    let output = command.args(["consent", "verify"]).arg(&file).args(more).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn a_proof_is_its_owners_and_is_checked_by_anybody_offline() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let mut otavio = doctor(&site, OTAVIO).await;
    let page = otavio.get("/account").await.text();
    let (pdf, json) = (link(&page, "/comprovante.pdf"), link(&page, "/comprovante.json"));
    let proof = otavio.get(&json).await;
    assert_eq!((proof.status, proof.header("content-type")), (200, "application/json"));
    let document = proof.text();
    assert!(document.contains("Otávio"));
    // Whoever else asks learns nothing, not even that it exists.
    for name in [LIVIA, JUSSARA] {
        let mut other = if name == LIVIA { doctor(&site, name).await } else { enter(&site, name).await };
        for at in [&pdf, &json] {
            assert_eq!(other.get(at).await.status, 404, "{name}");
        }
    }

    let keys = Visitor::new(&site.origin).get("/.well-known/sigilo-chaves.json").await.value();
    let key = keys.to_string();
    let key = key.split('"').find(|part| part.len() == 44 && part.ends_with('=')).expect("the key").to_owned();
    let (code, said) = verify(document.as_bytes(), &["--key", &key]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(verify(document.as_bytes(), &[]).0, 2, "nobody said whose key it must be");
    assert_eq!(verify(b"{}", &["--key", &key]).0, 2);
    assert_eq!(verify(&document.as_bytes()[..document.len() / 2], &["--key", &key]).0, 2);
    for (from, to, part) in [
        ("Otávio", "Otavio", "De quem é o consentimento"),
        ("platform_use", "account_data", "As finalidades"),
        ("Concordo em usar", "Concordo em user", "O texto que a pessoa leu"),
    ] {
        let changed = document.replacen(from, to, 1);
        if changed == document {
            continue;
        }
        let (code, said) = verify(changed.as_bytes(), &["--key", &key]);
        assert_eq!(code, 1, "{from}");
        assert!(said.contains(&format!("✗ {part}")), "{from}: {said}");
    }
    let (code, said) = verify(document.as_bytes(), &["--key", &key, "--json"]);
    assert_eq!(
        (code, serde_json::from_str::<serde_json::Value>(&said).unwrap()["partes"]["titular"].as_str()),
        (0, Some("confere"))
    );

    // The printed form carries the same proof, and a code for a page without an account.
    let printed = otavio.get(&pdf).await;
    assert_eq!((printed.status, printed.header("content-type")), (200, "application/pdf"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("comprovante.pdf");
    fs::write(&file, &printed.body).unwrap();
    let text = Command::new("pdftotext").args(["-raw"]).arg(&file).arg("-").output().unwrap();
    let text: String = String::from_utf8(text.stdout).unwrap().split_whitespace().collect();
    let code = &text.split_once("/consentimento/conferir/").unwrap().1[..32];
    let inside = folder.path().join("prova.json");
    let taken = Command::new("pdfdetach").args(["-save", "1", "-o"]).arg(&inside).arg(&file).status().unwrap();
    assert!(taken.success());
    assert_eq!(verify(&fs::read(&inside).unwrap(), &["--key", &key]).0, 0);

    let mut stranger = Visitor::new(&site.origin);
    let page = stranger.get(&format!("/consentimento/conferir/{code}")).await;
    assert_eq!(page.status, 200);
    assert!(page.header("x-robots-tag").contains("noindex"));
    let told = page.text();
    assert!(told.contains("está em vigor") && told.contains("Confere"));
    let clinic: String =
        stand.superuser().await.query_one("SELECT name FROM clinics LIMIT 1", &[]).await.unwrap().get(0);
    for secret in ["Otávio", "Lacerda", &clinic] {
        assert!(!told.contains(secret), "{secret}");
    }
    for wrong in [&"0".repeat(32), "x", &code[..31], "..%2f..%2fconformidade"] {
        let none = stranger.get(&format!("/consentimento/conferir/{wrong}")).await;
        assert_eq!(none.status, 404, "{wrong}");
    }
}

#[tokio::test]
async fn a_text_is_written_reviewed_and_approved_by_two_and_then_shown() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let (mut breno, mut helena) = (enter(&site, BRENO).await, enter(&site, HELENA).await);
    let (mut jussara, mut otavio) = (enter(&site, JUSSARA).await, doctor(&site, OTAVIO).await);
    let text = "Um texto novo, com <script>alert(1)</script>, que diz tudo. Você pode revogar quando quiser.";
    let form = [
        ("tipo", "ai_processing"),
        ("versao", "2.0"),
        ("titulo", "Uso de inteligência artificial, texto da clínica"),
        ("resumo", "Autorizo o uso de inteligência artificial."),
        ("texto", text),
        ("finalidade", "Apoio ao diagnóstico"),
        ("finalidades", "ai_assistant"),
        ("base", "Art. 7, I"),
        ("categorias", "texto clínico, sem identificação"),
        ("guarda", "Prova do consentimento por 5 anos"),
        ("meses", "24"),
    ];
    for person in [&mut jussara, &mut otavio] {
        assert_eq!(person.get("/conformidade/textos").await.status, 403);
        assert_eq!(person.form("/conformidade/textos", &form).await.status, 403);
    }
    // What is wrong is said at its field, and nothing that was typed is lost.
    for (field, wrong) in [("versao", "dois ponto zero"), ("texto", "curto"), ("meses", "muitos"), ("finalidades", "x")]
    {
        let typed = form.map(|(name, value)| (name, if name == field { wrong } else { value }));
        let refused = breno.form("/conformidade/textos", &typed).await;
        assert_eq!(refused.status, 422, "{field}");
        let page = refused.text();
        assert!(page.contains(&format!("id=\"{field}-erro\"")), "{field}");
        assert!(page.contains("texto da clínica") && !page.contains("<script>alert"), "{field}");
    }
    let made = breno.form("/conformidade/textos", &form).await;
    assert_eq!(made.status, 303);
    let at = made.location().to_owned();
    assert_eq!(breno.form("/conformidade/textos", &form).await.status, 409, "the version exists");
    let page = breno.get(&at).await.text();
    assert!(page.contains("Rascunho") && page.contains("<ins>") && !page.contains("<script>alert"));
    let mut livia = doctor(&site, LIVIA).await;
    assert_eq!(livia.get(&at).await.status, 404, "another clinic's");
    let review = [("estado", "draft"), ("notas", "Conferidos a finalidade e o prazo.")];
    assert_eq!(livia.form(&format!("{at}/revisar"), &review).await.status, 404);
    assert_eq!(breno.form(&format!("{at}/aprovar"), &[("estado", "draft")]).await.status, 409, "no step is skipped");
    assert_eq!(breno.form(&format!("{at}/revisar"), &[("estado", "draft"), ("notas", "ok")]).await.status, 422);
    assert_eq!(breno.form(&format!("{at}/revisar"), &review).await.status, 303);
    assert_eq!(breno.form(&format!("{at}/aprovar"), &[("estado", "reviewed")]).await.status, 409, "one's own");
    assert_eq!(breno.form(&format!("{at}/pular"), &[("estado", "reviewed")]).await.status, 404);
    assert_eq!(helena.form(&format!("{at}/aprovar"), &[("estado", "reviewed")]).await.status, 303);

    // Who agreed to the old one still does, and is invited to read the new one.
    let account = otavio.get("/account").await.text();
    assert!(account.contains("texto da clínica") && account.contains("Conceder de novo"));
    assert!(!account.contains("<script>alert"));
    let hash = account.split_once("texto da clínica").unwrap().1;
    let hash = hash.split("name=\"texto\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let stale = [("texto", "0".repeat(64))].map(|(name, value)| (name, value));
    let refused = otavio.form("/account/consentimentos/ai_processing/conceder", &[(stale[0].0, &stale[0].1)]).await;
    assert_eq!(refused.status, 409);
    let given = otavio.form("/account/consentimentos/ai_processing/conceder", &[("texto", &hash)]).await;
    assert_eq!(given.status, 303);
    let account = otavio.get("/account").await.text();
    assert!(!account.contains("Conceder de novo") && account.contains("Vale até"));
    // As simple as it was given, with a word why if one likes.
    let why = [("motivo", "Prefiro não usar <b>")];
    assert_eq!(otavio.form("/account/consentimentos/ai_processing/revogar", &why).await.status, 303);
    let account = otavio.get("/account").await.text();
    assert!(account.contains("Prefiro não usar &#60;b&#62;"));
}
