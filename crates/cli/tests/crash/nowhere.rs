//! The original text is nowhere: not in the database's files, its log, temporary files, nor in what the program says.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::json;
use sigilo_standin::pubmed::Fault;
use sigilo_testkit::tokio_postgres::Client;

use crate::support::assistant::{Dialect, KEY, StandIns};
use crate::support::doctor::{OTAVIO, doctor};
use crate::support::http::{SESSION, Visitor};
use crate::support::site::Stand;
use crate::support::{number, until};

/// Words that no software, dictionary or other test holds.
const NAME: &str = "Zuleimara Xavantelo";
const STREET: &str = "Rua Ubirajaroca Flambuí, 4711";
const CPF: &str = "529.982.247-25";
const DIGITS: &str = "52998224725";
const MAIL: &str = "zuleimara.xq@flambui.example";
const PHONE: &str = "(11) 97342-8815";
/// Only typed, never sent.
const DRAFT: &str = "Grimaldina Ostrovalski";
const PUBMED_KEY: &str = "chave-do-pubmed-de-teste-Zk81Ls";
/// A name stands in its metadata.
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../image/tests/fixtures/notes.png");
/// Removed by hand.
const ADDED: &str = "Bazar Jurupinga";
/// What is stored: it must be found, or the search is blind.
const CLINICAL: &str = "cefaleia-controle-positivo";

fn personal() -> Vec<(&'static str, String)> {
    let mut markers: Vec<_> = [NAME, STREET, MAIL, PHONE, DRAFT, ADDED, CPF, DIGITS]
        .iter()
        .map(|marker| ("whole", (*marker).to_owned()))
        .collect();
    for part in ["Zuleimara", "Xavantelo", "Ubirajaroca", "Flambuí", "Grimaldina", "Ostrovalski", "Jurupinga"] {
        markers.push(("part", part.to_owned()));
        markers.push(("part", part.to_lowercase()));
        markers.push(("part", part.to_uppercase()));
    }
    // As the search folds it.
    markers.push(("part", "flambui".to_owned()));
    markers.push(("part", "97342-8815".to_owned()));
    markers
}

/// The bytes under which a text could lie somewhere.
fn encodings(text: &str) -> Vec<(String, Vec<u8>)> {
    let bytes = text.as_bytes();
    let mut all = vec![
        ("UTF-8".to_owned(), bytes.to_vec()),
        ("UTF-16LE".to_owned(), text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16BE".to_owned(), text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("Latin-1".to_owned(), text.chars().filter_map(|letter| u8::try_from(u32::from(letter)).ok()).collect()),
        ("hexadecimal".to_owned(), bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()),
        ("form".to_owned(), text.replace(' ', "+").into_bytes()),
        ("percent".to_owned(), text.replace(' ', "%20").into_bytes()),
        ("JSON".to_owned(), json!(text).to_string().trim_matches('"').as_bytes().to_vec()),
    ];
    // Base64 of a text depends on where it starts in a group of three; the middle letters are the same whatever
    // stands around it.
    for (name, engine) in [("base64", STANDARD), ("base64url", URL_SAFE)] {
        for shift in 0..3 {
            let padded = [&b"\0\0\0"[..shift], bytes].concat();
            let whole = engine.encode(&padded);
            let from = if shift == 0 { 0 } else { 4 };
            let to = padded.len() / 3 * 4;
            all.push((format!("{name} at {shift}"), whole.as_bytes()[from..to].to_vec()));
        }
    }
    all.retain(|(_, needle)| needle.len() >= 8);
    all
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())).flatten() {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found
}

/// Finds many byte strings in one pass: candidates by their first two bytes, then compared.
struct Search {
    needles: Vec<(String, Vec<u8>)>,
    starts: Vec<Vec<usize>>,
}

impl Search {
    fn new(needles: Vec<(String, Vec<u8>)>) -> Search {
        let mut starts = vec![Vec::new(); 1 << 16];
        for (number, (_, needle)) in needles.iter().enumerate() {
            starts[usize::from(u16::from_be_bytes([needle[0], needle[1]]))].push(number);
        }
        Search { needles, starts }
    }

    fn hits(&self, bytes: &[u8]) -> Vec<&str> {
        let mut found = Vec::new();
        for at in 0..bytes.len().saturating_sub(1) {
            for &number in &self.starts[usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]))] {
                let (name, needle) = &self.needles[number];
                if bytes[at..].starts_with(needle) {
                    found.push(name.as_str());
                }
            }
        }
        found
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_original_text_is_nowhere() {
    let stand_ins = StandIns::start(Dialect::Anthropic).await;
    let stand = Stand::managed();
    // As talkative as an operator could make it.
    let site = stand.demo_with(|command| {
        stand_ins.wire(command, "somente-pubmed");
        command.env("SIGILO_LOG", "trace").env("SIGILO_PUBMED_KEY", PUBMED_KEY);
    });
    let mut otavio = doctor(&site, OTAVIO).await;
    let session = otavio.cookies[SESSION].clone();
    write_everywhere(&mut otavio).await;
    let database = stand.superuser().await;
    be_answered(&mut otavio, &database, &stand_ins).await;
    drop(database);
    let first = otavio.cookies[SESSION].clone();
    let (status, output) = site.stop();
    assert!(status.success());

    let mut needles = Vec::new();
    for (_, marker) in personal() {
        for (encoding, needle) in encodings(&marker) {
            needles.push((format!("{marker} in {encoding}"), needle));
        }
    }
    for (name, secret) in [
        ("session's token", session),
        ("session's token", first),
        ("model's key", KEY.into()),
        ("PubMed's key", PUBMED_KEY.into()),
    ] {
        needles.push((format!("the {name}"), secret.into_bytes()));
    }
    let picture = fs::read(PICTURE).unwrap();
    let data = picture.windows(4).position(|window| window == b"IDAT").expect("pixels") + 4;
    let pixels = &picture[data..data + 24];
    needles.push(("the image's pixels".into(), pixels.to_vec()));
    for shift in 0..3 {
        let whole = STANDARD.encode([&b"\0\0\0"[..shift], pixels].concat());
        needles.push(("the image's pixels in base64".into(), whole.as_bytes()[4..28].to_vec()));
    }
    needles.push(("the image's name".into(), b"Zuleimara".to_vec()));
    let search = Search::new(needles);
    let control = Search::new(vec![("control".into(), CLINICAL.as_bytes().to_vec())]);

    let mut found = Vec::new();
    let (mut stored, mut logged, mut ahead) = (false, false, false);
    for file in files(stand.data()) {
        let bytes = fs::read(&file).unwrap();
        let name = file.strip_prefix(stand.data()).unwrap().display().to_string();
        found.extend(search.hits(&bytes).into_iter().map(|hit| format!("{name}: {hit}")));
        if !control.hits(&bytes).is_empty() {
            stored |= name.contains("/base/");
            ahead |= name.contains("/pg_wal/");
        }
        logged |= name.ends_with(".log");
    }
    found.extend(search.hits(&output).into_iter().map(|hit| format!("output: {hit}")));
    let (mut asked, mut pictured) = (false, false);
    for request in stand_ins.model.requests() {
        // Here alone the key and the image belong: in a header, and in the request that carries it.
        let hits = search.hits(request.body.as_bytes());
        pictured |= hits.iter().any(|hit| hit.contains("pixels"));
        found.extend(hits.into_iter().filter(|hit| !hit.contains("pixels")).map(|hit| format!("to the model: {hit}")));
        asked |= !control.hits(request.body.as_bytes()).is_empty();
        assert_eq!(request.header("x-api-key"), Some(KEY));
    }
    assert!(asked && pictured, "the search sees what the model was asked ({asked}) and shown ({pictured})");
    for request in stand_ins.pubmed.requests() {
        for (name, value) in request.params.iter().filter(|(name, _)| name != "api_key") {
            found.extend(search.hits(value.as_bytes()).into_iter().map(|hit| format!("to PubMed in {name}: {hit}")));
            assert!(!value.contains(CLINICAL), "the doctor's note is no search");
        }
    }
    assert!(!stand_ins.pubmed.requests().is_empty(), "PubMed was asked");
    assert!(found.is_empty(), "{found:#?}");
    assert!(stored && ahead, "the search sees the tables ({stored}) and the write-ahead log ({ahead})");
    assert!(logged, "the server's log was among the files");
    let output = String::from_utf8_lossy(&output);
    assert!(output.contains("/conversas/{id}/mensagens"), "the program's log was captured");
    assert!(control.hits(output.as_bytes()).is_empty(), "not even de-identified text belongs in a log");
}

/// Puts the markers wherever a person or a program can put text.
async fn write_everywhere(otavio: &mut Visitor) {
    let id = otavio.conversation().await;
    let text = format!(
        "Paciente {NAME}, CPF {CPF}, e-mail {MAIL}, telefone {PHONE}, mora na {STREET}. Dona do {ADDED}. {CLINICAL}. PA 120x80."
    );
    let send = format!("/conversas/{id}/mensagens");
    let preview = otavio
        .json("/conversas/previa", &json!({ "text": format!("Paciente {DRAFT}, {text}"), "added": [ADDED] }))
        .await;
    assert_eq!(preview.status, 200);
    let sent = otavio.form(&send, &[("text", &text), ("added", ADDED)]).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let body = json!({ "conversation_id": id, "message": text, "added": [ADDED] });
    let answer = otavio.json("/api/v1/process-message", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let stored = answer.value()["content"].as_str().unwrap().to_owned();
    for (_, marker) in personal() {
        assert!(!stored.contains(&marker), "{marker} was not recognised: {stored}");
    }
    let plain = text.replace(CPF, DIGITS);
    let body = json!({ "conversation_id": id, "message": plain, "added": [ADDED] });
    assert_eq!(otavio.json("/api/v1/process-message", &body).await.status, 200);

    // Searching, naming, and everything that is refused.
    for words in [NAME, CPF, DIGITS, STREET, MAIL] {
        assert_eq!(otavio.form("/conversas/busca", &[("q", words)]).await.status, 200);
    }
    otavio.form(&format!("/conversas/{id}/titulo"), &[("title", &format!("Paciente {NAME}, CPF {CPF}"))]).await;
    let broken = format!("{{\"conversation_id\":\"{id}\",\"message\":\"{text}\", \"unknown\":\"{NAME}\"");
    otavio.raw("/api/v1/process-message", "application/json", "application/json", broken.into_bytes()).await;
    let unknown = json!({ "conversation_id": id, "message": text, NAME: CPF });
    assert_eq!(otavio.json("/api/v1/process-message", &unknown).await.status, 422);
    let other = json!({ "conversation_id": "01900000-0000-7000-8000-000000000000", "message": text });
    assert_eq!(otavio.json("/api/v1/process-message", &other).await.status, 404);
    let mut unreadable = format!("text={text}").into_bytes();
    unreadable.push(0xff);
    otavio.raw(&send, "application/x-www-form-urlencoded", "text/html", unreadable).await;
    otavio.raw(&send, "application/x-www-form-urlencoded", "text/html", format!("text={text}%00").into_bytes()).await;
    otavio.form(&send, &[("text", &text.repeat(2000))]).await;
    let in_path: String = MAIL.to_owned();
    assert_eq!(otavio.get(&format!("/conversas/{in_path}?q={DIGITS}")).await.status, 404);
    // Refused by the database itself, which then logs the statement.
    assert_eq!(otavio.form("/account/consentimentos/ai_processing/revogar", &[]).await.status, 303);
    assert_eq!(otavio.form(&send, &[("text", &text), ("added", ADDED)]).await.status, 403);
    assert_eq!(otavio.form("/account/consentimentos/ai_processing/conceder", &[]).await.status, 303);
    assert_eq!(otavio.form(&send, &[("text", &text), ("added", ADDED)]).await.status, 303);
    // A page that shows it again reads it from the tables.
    assert!(otavio.get(&format!("/conversas/{id}")).await.text().contains(CLINICAL));
}

/// Answers that verify references, repeat personal data, fail, look at an image and are decided on.
async fn be_answered(otavio: &mut Visitor, database: &Client, stand_ins: &StandIns) {
    let id = otavio.conversation().await;
    let note = format!("Paciente {NAME}, CPF {CPF}, mora na {STREET}. {CLINICAL}.");
    for script in ["bom", "dados_pessoais", "injecao", "erro", "chave", "corte"] {
        // Answers to what was sent before are still being written, and nobody has many at once.
        let sent = until("there is room for an answer", async || {
            let sent = otavio.say(&id, &format!("{note} roteiro:{script}")).await.value();
            sent["answer_id"].is_string().then_some(sent)
        })
        .await;
        let ended = format!(
            "SELECT (SELECT count(*) FROM ai_answers WHERE question_id = '{0}')
                  + (SELECT count(*) FROM audit_logs WHERE action = 'ai_answer_failed' AND resource_id = '{0}')",
            sent["id"].as_str().unwrap()
        );
        until("it ends", async || (number(database, &ended).await > 0).then_some(())).await;
    }
    stand_ins.pubmed.fault(Fault::RateLimitedSilently);
    let sql = "SELECT message_id::text FROM ai_reference_checks ORDER BY created_at LIMIT 1";
    let answer: String = database.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(otavio.form(&format!("/respostas/{answer}/referencias/4/verificar"), &[]).await.status, 303);
    stand_ins.pubmed.fault(Fault::None);
    let edit = [("secao", "resposta"), ("decisao", "editar"), ("texto", note.as_str()), ("motivo", note.as_str())];
    assert_eq!(otavio.form(&format!("/respostas/{answer}/revisao"), &edit).await.status, 303);
    let reject = [("secao", "hipotese-1"), ("decisao", "rejeitar"), ("motivo", note.as_str())];
    assert_eq!(otavio.form(&format!("/respostas/{answer}/revisao"), &reject).await.status, 303);
    let record = otavio.form(&format!("/respostas/{answer}/registro"), &[]).await;
    assert_eq!(record.status, 200);
    assert!(!record.text().contains("Zuleimara"));

    let part = |head: &str, body: &[u8]| {
        [format!("--limite\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes(), body, b"\r\n"].concat()
    };
    let body = [
        part("name=\"text\"", note.as_bytes()),
        part("name=\"conferi\"", b"sim"),
        part(&format!("name=\"images\"; filename=\"{NAME}.png\""), &fs::read(PICTURE).unwrap()),
        b"--limite--\r\n".to_vec(),
    ]
    .concat();
    let path = format!("/conversas/{id}/mensagens");
    let sent = otavio.raw(&path, "multipart/form-data; boundary=limite", "text/html", body).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let gone = "SELECT count(*) FROM image_processing_logs WHERE discarded_at IS NOT NULL";
    until("the image is gone", async || (number(database, gone).await == 1).then_some(())).await;
}

/// A blind search would always be content.
#[test]
fn the_search_sees_what_it_looks_for() {
    for (marker, text) in [(STREET, format!("antes {STREET} depois")), ("Zuleimara", "a Zuleimara b".to_owned())] {
        let search = Search::new(encodings(marker));
        let carriers = [
            text.clone().into_bytes(),
            format!("x{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
            STANDARD.encode(&text).into_bytes(),
            STANDARD.encode(format!("x{text}")).into_bytes(),
            URL_SAFE.encode(format!("xy{text}")).into_bytes(),
            text.replace(' ', "+").into_bytes(),
            text.bytes().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect(),
        ];
        for carrier in carriers {
            assert!(!search.hits(&carrier).is_empty(), "{marker} in {}", String::from_utf8_lossy(&carrier));
        }
        assert!(search.hits(b"nothing of the kind, not even close to it").is_empty());
    }
}
