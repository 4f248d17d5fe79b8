//! After images were sent, nothing of them is left in the process: neither as they came nor as they went on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

mod scan;
#[path = "../support/mod.rs"]
mod support;

use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::CONTENT_TYPE;
use scan::{Hits, scan, ticks};
use sigilo_standin::llm::{Script, Server};
use support::doctor::{OTAVIO, doctor};
use support::http::{Answer, Visitor};
use support::site::{Site, Stand};
use support::{number, until};

const MARKER: &str = "Zuleimara-Xavantelo-marca-7f3a9c51";
/// Stands in the environment, which lies in the process's memory: the search must find it.
const CONTROL: &str = "controle-positivo-da-busca-b82e1d";
const MARKERS: usize = 1024;
/// Between two markers, so that an image has three megabytes.
const FILLING: usize = 3 * 1024;
const BOUNDARY: &str = "limite-da-busca-na-memoria";

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../image/tests/fixtures").join(name)).unwrap()
}

/// Three megabytes with 1,024 markers, of letters that end no scan of a JPEG.
fn marked() -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in 0..MARKERS {
        bytes.extend_from_slice(MARKER.as_bytes());
        bytes.extend((0..FILLING).map(|at| ((at * 31 + number * 7) % 251) as u8));
    }
    bytes
}

/// In the pixels: what is kept.
fn jpeg() -> Vec<u8> {
    let whole = fixture("grey.jpg");
    let (start, end) = whole.split_at(whole.len() - 2);
    [start, &marked(), end].concat()
}

/// In the text: what is removed.
fn png() -> Vec<u8> {
    let whole = fixture("grey16.png");
    let text = marked();
    let length = u32::try_from(text.len()).unwrap().to_be_bytes();
    // Behind the header. Nobody checks the sum of what is dropped.
    [&whole[..33], &length, b"tEXt", &text, &[0; 4], &whole[33..]].concat()
}

/// In the pixels of the third container.
fn webp() -> Vec<u8> {
    let picture = [&fixture("plain.webp")[20..], &marked()].concat();
    let even = &picture[..picture.len() / 2 * 2];
    let sizes = [even.len() + 12, even.len()].map(|size| u32::try_from(size).unwrap().to_le_bytes());
    [b"RIFF", &sizes[0], &b"WEBPVP8 "[..], &sizes[1], even].concat()
}

/// The form as a browser sends it.
fn form(text: &str, images: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in [("text", text), ("conferi", "sim")] {
        write!(body, "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").unwrap();
    }
    for image in images {
        let head = "Content-Disposition: form-data; name=\"images\"; filename=\"imagem.bin\"";
        write!(body, "--{BOUNDARY}\r\n{head}\r\nContent-Type: application/octet-stream\r\n\r\n").unwrap();
        body.extend_from_slice(image);
        body.extend_from_slice(b"\r\n");
    }
    write!(body, "--{BOUNDARY}--\r\n").unwrap();
    body
}

fn content_type() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}

async fn send(visitor: &mut Visitor, path: &str, text: &str, images: &[Vec<u8>]) -> Answer {
    visitor.raw(path, &content_type(), "text/html", form(text, images)).await
}

/// Sends half of the form and hangs up.
fn break_off(site: &Site, visitor: &Visitor, path: &str) {
    let body = form("Imagem cortada no caminho.", &[jpeg()]);
    let request = visitor.request(reqwest::Method::POST, path).header(CONTENT_TYPE, content_type()).build().unwrap();
    let mut head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in request.headers() {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    let address = site.origin.trim_start_matches("http://").replace("localhost", "127.0.0.1");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    stream.write_all(&body[..body.len() / 2]).unwrap();
}

/// A demonstration whose environment holds the control, as it is and in base64.
fn demo(stand: &Stand, provider: Option<&Server>) -> Site {
    stand.demo_with(|command| {
        command.env("CONTROLE_DA_BUSCA", CONTROL).env("CONTROLE_EM_BASE64", STANDARD.encode(format!("x{CONTROL}")));
        command.env("SIGILO_VERIFICATION", "somente-local");
        if let Some(provider) = provider {
            command.env("SIGILO_AI", "anthropic").env("SIGILO_AI_URL", provider.base.as_str());
            command.env("SIGILO_AI_KEY", "chave-de-teste");
        }
    })
}

/// Waits until the process has let go of the images, and gives what the last look found; nothing where only root may
/// look into a process that closes itself to others.
async fn found_in(site: &Site) -> Option<Hits> {
    match scan(site.id(), CONTROL.as_bytes()) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            println!("the process is closed to others, this test too: run it as root");
            return None;
        }
        control => {
            let control = control.unwrap();
            assert!(control.raw >= 1 && control.base64 >= 1, "the search is blind: {control:?}");
        }
    }
    let mut last = Hits::default();
    let mut looks = 0;
    until("an answer to be over", async || {
        last = scan(site.id(), MARKER.as_bytes()).unwrap();
        looks += 1;
        (last.raw + last.base64 == 0 || looks > 50).then_some(())
    })
    .await;
    println!("{last:?} after {looks} looks");
    Some(last)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_images_that_stay_here() {
    let stand = Stand::shared().await;
    let site = demo(&stand, None);
    let mut otavio = doctor(&site, OTAVIO).await;
    let send_to = format!("/conversas/{}/mensagens", otavio.conversation().await);
    for _ in 0..3 {
        let answer = send(&mut otavio, &send_to, "Tosse há três dias.", &[jpeg(), png(), webp()]).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
    }
    accounted_for(&stand, 9, "never_stored").await;
    // Refused at the end, refused in the middle, too large, and never arrived.
    let trailing = [jpeg(), b"PK".to_vec()].concat();
    let broken = [&png()[..100_000], b"x"].concat();
    let large = [jpeg(), jpeg()].concat();
    for image in [trailing, broken, large] {
        assert_eq!(send(&mut otavio, &send_to, "Recusada.", &[image]).await.status, 422);
    }
    let four = [jpeg(), jpeg(), jpeg(), jpeg()];
    assert_eq!(send(&mut otavio, &send_to, "São quatro.", &four).await.status, 422);
    break_off(&site, &otavio, &send_to);
    let Some(hits) = found_in(&site).await else { return };
    assert_eq!((hits.raw, hits.base64), (0, 0), "{hits:?}");

    let (before, requests) = (ticks(site.id()), 20);
    for _ in 0..requests {
        let answer = send(&mut otavio, &send_to, "Tosse há três dias.", &[jpeg()]).await;
        assert_eq!(answer.status, 303);
    }
    let spent = (ticks(site.id()) - before) as f64 * 10.0 / f64::from(requests);
    println!("{spent:.1} ms of processor time a message with an image of 3 MB (n = {requests})");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_images_that_go_to_a_model() {
    let provider = Server::start(Script::default()).await.unwrap();
    let stand = Stand::shared().await;
    let site = demo(&stand, Some(&provider));
    let mut otavio = doctor(&site, OTAVIO).await;
    let send_to = format!("/conversas/{}/mensagens", otavio.conversation().await);
    for number in 1..=3 {
        let answer = send(&mut otavio, &send_to, "Tosse há três dias.", &[jpeg(), png(), webp()]).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        provider.wait_until(|seen| seen.iter().filter(|one| one.answered).count() == number).await;
    }
    accounted_for(&stand, 9, "processed_in_memory").await;
    // They did go: the pixels in base64, without the text of the PNG.
    for seen in provider.requests() {
        let sources = images_in(&seen.json());
        let markers: Vec<usize> =
            sources.iter().map(|image| memchr::memmem::find_iter(image, MARKER).count()).collect();
        assert_eq!(markers, [MARKERS, 0, MARKERS]);
    }
    let Some(hits) = found_in(&site).await else { return };
    assert_eq!((hits.raw, hits.base64), (0, 0), "{hits:?}");
}

/// The log has all of them, each with the moment it was wiped and how the process treated memory then.
async fn accounted_for(stand: &Stand, images: i64, proof: &str) {
    let database = stand.superuser().await;
    let all = "SELECT count(*) FROM image_processing_logs";
    until("the images to be accounted for", async || (number(&database, all).await == images).then_some(())).await;
    let whole = format!(
        "{all} WHERE storage_proof = '{proof}' AND discarded_at >= processed_at
          AND memory_checks @> '{{\"core_off\": true, \"dumpable_off\": true, \"wipe_allocator\": true}}'"
    );
    assert_eq!(number(&database, &whole).await, images);
}

/// The images of a request to the model, in order.
fn images_in(body: &serde_json::Value) -> Vec<Vec<u8>> {
    let messages = body["messages"].as_array().expect("messages");
    let blocks = messages.iter().filter_map(|message| message["content"].as_array()).flatten();
    let images = blocks.filter(|block| block["type"] == "image");
    images.map(|block| STANDARD.decode(block["source"]["data"].as_str().expect("base64")).expect("base64")).collect()
}
