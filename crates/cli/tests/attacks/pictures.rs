//! Uploads that no page of ours sends. Nothing of them is stored or logged, and the answer says what was wrong.

use std::fs;

use crate::support::assistant::{Dialect, StandIns};
use crate::support::doctor::{OTAVIO, doctor};
use crate::support::http::{Answer, Visitor};
use crate::support::site::Stand;
use crate::support::{all_answered, number};

const BOUNDARY: &str = "limite-de-teste";
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../image/tests/fixtures/");
/// As a clinic's software names its exports.
const FILE: &str = "Zuleimara Xavantelo 52998224725.png";

fn fixture(name: &str) -> Vec<u8> {
    fs::read(format!("{FIXTURES}{name}")).unwrap()
}

fn text(name: &str, value: &[u8]) -> Vec<u8> {
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
    [head.as_bytes(), value, b"\r\n"].concat()
}

fn file(bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"images\"; filename=\"{FILE}\"\r\nContent-Type: image/png\r\n\r\n"
    );
    [head.as_bytes(), bytes, b"\r\n"].concat()
}

async fn upload(doctor: &mut Visitor, conversation: &str, parts: &[Vec<u8>]) -> Answer {
    let body = [parts.concat(), format!("--{BOUNDARY}--\r\n").into_bytes()].concat();
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    doctor.raw(&format!("/conversas/{conversation}/mensagens"), &kind, "application/json", body).await
}

#[tokio::test]
async fn uploads_are_refused_with_a_reason_and_leave_nothing() {
    let stand_ins = StandIns::start(Dialect::Anthropic).await;
    let stand = Stand::shared().await;
    let site = stand.demo_with(|command| {
        stand_ins.wire(command, "somente-local");
        command.env("SIGILO_LOG", "trace");
    });
    let database = stand.superuser().await;
    let mut otavio = doctor(&site, OTAVIO).await;
    let conversation = otavio.conversation().await;
    let (note, looked) = (text("text", b"Veja a imagem."), text("conferi", b"sim"));
    let good = fixture("notes.png");
    let with = |image: &[u8]| vec![note.clone(), looked.clone(), file(image)];
    let mut large = good.clone();
    large.resize(5 * 1024 * 1024 + 1, 0);
    let polyglot = [&good[..], b"<?php system($_GET['c']); ?>"].concat();
    let cut = &good[..good.len() / 2];

    let refused: Vec<(Vec<Vec<u8>>, u16, &str)> = vec![
        (vec![note.clone(), file(&good)], 422, "Confirme que conferiu as imagens"),
        (vec![note.clone(), looked.clone(), file(&good), file(&good), file(&good), file(&good)], 422, "até 3 imagens"),
        (with(&large), 422, "passa de 5 MB"),
        (with(&polyglot), 422, "outros dados depois do fim"),
        (with(&fixture("animated.png")), 422, "animadas"),
        (with(&fixture("animated.webp")), 422, "animadas"),
        (with(cut), 422, "incompleta"),
        (with(b"%PDF-1.7 "), 422, "PDF"),
        (with(b"GIF89a;"), 422, "GIF"),
        (with(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), 422, ""),
        (with(b""), 422, "vazio"),
        (with(&vec![7; 17 * 1024 * 1024]), 413, "tamanho aceito"),
        (vec![text("text", b"dor\xff"), looked.clone(), file(&good)], 422, "UTF-8"),
        (vec![text("text", b" "), looked.clone(), file(&good)], 422, "Escreva a mensagem"),
        (vec![looked.clone(), file(&good)], 422, "Escreva a mensagem"),
    ];
    for (parts, status, words) in refused {
        let answer = upload(&mut otavio, &conversation, &parts).await;
        assert_eq!(answer.status, status, "{words}: {}", answer.text());
        assert!(answer.text().contains(words), "no “{words}” in {}", answer.text());
        answer.problem();
    }
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let path = format!("/conversas/{conversation}/mensagens");
    for body in [&b""[..], b"oi", &with(&good).concat()[..400]] {
        let answer = otavio.raw(&path, &kind, "application/json", body.to_vec()).await;
        assert_eq!(answer.status, 422);
        answer.problem();
    }
    assert_eq!(otavio.raw(&path, "image/png", "application/json", good.clone()).await.status, 415);
    // Who may not use images is refused before anything is stored.
    assert_eq!(otavio.form("/account/consentimentos/image_processing/revogar", &[]).await.status, 303);
    assert_eq!(upload(&mut otavio, &conversation, &with(&good)).await.status, 403);
    assert_eq!(number(&database, "SELECT count(*) FROM messages").await, 0);
    assert_eq!(number(&database, "SELECT count(*) FROM image_processing_logs").await, 0);
    assert!(stand_ins.model.requests().is_empty(), "nothing left");

    assert_eq!(otavio.form("/account/consentimentos/image_processing/conceder", &[]).await.status, 303);
    let sent = upload(&mut otavio, &conversation, &with(&good)).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    all_answered(&database).await;
    assert_eq!(number(&database, "SELECT count(*) FROM image_processing_logs").await, 1);
    let body = &stand_ins.model.requests()[0].body;
    let (status, output) = site.stop();
    assert!(status.success());
    let output = String::from_utf8_lossy(&output);
    assert!(output.contains("/conversas/{id}/mensagens"), "the program's log was captured");
    for secret in ["Zuleimara", "Xavantelo", "52998224725"] {
        assert!(!output.contains(secret), "{secret} in the output");
        assert!(!body.contains(secret), "{secret} was sent");
    }
}
