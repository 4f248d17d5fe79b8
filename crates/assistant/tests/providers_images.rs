//! Images on their way out: streamed, whole, and gone at the right moment.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::StreamExt;
use zeroize::Zeroizing;

use sigilo_assistant::provider::{Failure, Piece, Provider, Request, Settings, Stop, build, local::Local};
use sigilo_image::Image;
use sigilo_standin::llm::{Fault, Reply, Script, Server};
use support::{DIALECTS, Dialect, provider, question, read, remote};

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [kind, data].concat();
    let mut crc = u32::MAX;
    for byte in &body {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    [&u32::try_from(data.len()).unwrap().to_be_bytes(), body.as_slice(), &(!crc).to_be_bytes()].concat()
}

/// A container with so many bytes that nobody will decode.
fn png(bytes: usize, discarded: &Arc<AtomicUsize>) -> Arc<Image> {
    // The first bytes say that it is packed.
    let data: Vec<u8> =
        [0x78, 0x9c].into_iter().chain((0..bytes).map(|at| u8::try_from(at * 31 % 251).unwrap())).collect();
    // One grey pixel.
    let header = [0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0];
    let parts = [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header), chunk(b"IDAT", &data), chunk(b"IEND", &[])];
    let mut image = Image::read(Zeroizing::new(parts.concat())).unwrap();
    let discarded = discarded.clone();
    image.on_discard(move || {
        discarded.fetch_add(1, Ordering::SeqCst);
    });
    Arc::new(image)
}

fn with_images(images: Vec<Arc<Image>>) -> Request {
    Request { images, ..question("o que a imagem mostra?") }
}

#[tokio::test]
async fn images_arrive_whole_and_before_the_text() {
    let count = Arc::new(AtomicUsize::new(0));
    for dialect in DIALECTS {
        let server = Server::start(Script::default()).await.unwrap();
        // Around the size of a chunk, and every remainder of three.
        let images: Vec<_> = [1, 36 * 1024 - 59, 200_000].map(|bytes| png(bytes, &count)).into();
        let encoded: Vec<_> = images.iter().map(|image| STANDARD.encode(image.bytes())).collect();
        let read = read(provider(dialect, server.base.as_str()).answer(with_images(images))).await;
        assert_eq!(read.stop, Some(Stop::Complete));
        let seen = &server.requests()[0];
        assert_eq!(seen.header("content-length"), Some(seen.body_len.to_string().as_str()));
        assert_eq!(seen.header("transfer-encoding"), None);
        let body = seen.json();
        let content = body["messages"].as_array().unwrap().last().unwrap()["content"].as_array().unwrap().clone();
        assert_eq!(content.len(), 4);
        for (block, encoded) in content.iter().zip(&encoded) {
            match dialect {
                Dialect::Messages => {
                    assert_eq!(block["source"]["media_type"], "image/png");
                    assert_eq!(block["source"]["data"], encoded.as_str());
                    assert_eq!(block["transformations"]["oversized_image"], "error");
                }
                Dialect::Completions => {
                    assert_eq!(block["image_url"]["url"], format!("data:image/png;base64,{encoded}"));
                }
            }
        }
        assert_eq!(content[3]["type"], "text");
    }
    assert_eq!(count.load(Ordering::SeqCst), 6);
}

#[tokio::test]
async fn an_image_is_gone_when_the_answer_begins() {
    let count = Arc::new(AtomicUsize::new(0));
    let server = Server::start(Script::always(Reply::fault(Fault::HoldAfter(0)))).await.unwrap();
    let mut stream = provider(Dialect::Messages, server.base.as_str()).answer(with_images(vec![png(90_000, &count)]));
    assert_eq!(count.load(Ordering::SeqCst), 0);
    while !matches!(stream.next().await, Some(Ok(Piece::Started { .. }))) {}
    assert_eq!(count.load(Ordering::SeqCst), 1, "although the answer is still to come");
    drop(stream);
}

#[tokio::test]
async fn an_image_stays_for_another_try() {
    let count = Arc::new(AtomicUsize::new(0));
    let server = Server::start(Script::first([Reply::fault(Fault::RateLimited(1))])).await.unwrap();
    let image = png(90_000, &count);
    let encoded = STANDARD.encode(image.bytes());
    let read = read(provider(Dialect::Completions, server.base.as_str()).answer(with_images(vec![image]))).await;
    assert_eq!((read.retries.len(), read.stop), (1, Some(Stop::Complete)));
    assert!(server.requests().iter().all(|seen| seen.body.contains(&encoded)));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_image_is_gone_after_a_failure_or_a_cancel() {
    let count = Arc::new(AtomicUsize::new(0));
    let server = Server::start(Script::first([Reply::fault(Fault::Unauthorised), Reply::fault(Fault::HoldBefore)]))
        .await
        .unwrap();
    let provider = provider(Dialect::Messages, server.base.as_str());
    let failed = read(provider.answer(with_images(vec![png(90_000, &count)]))).await;
    assert_eq!(failed.failure, Some(Failure::Unauthorised));
    assert_eq!(count.load(Ordering::SeqCst), 1);
    let mut stream = provider.answer(with_images(vec![png(90_000, &count)]));
    tokio::select! {
        piece = stream.next() => panic!("{piece:?}"),
        () = server.wait_until(|seen| seen.len() == 2) => {}
    }
    drop(stream);
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_model_that_sees_nothing_says_so() {
    let count = Arc::new(AtomicUsize::new(0));
    for dialect in DIALECTS {
        let server = Server::start(Script::always(Reply::fault(Fault::NoImages))).await.unwrap();
        let read = read(provider(dialect, server.base.as_str()).answer(with_images(vec![png(10, &count)]))).await;
        assert_eq!((read.failure, read.retries.len()), (Some(Failure::Image), 0));
    }
}

#[tokio::test]
async fn too_much_base64_is_refused_before_it_is_sent() {
    let server = Server::start(Script::default()).await.unwrap();
    let provider = build(&Settings::Anthropic(remote(server.base.as_str(), "claude-opus-4-6"))).unwrap();
    // The manual's 5 MB fit.
    assert!(provider.capabilities().max_image_base64 >= sigilo_image::MAX_BYTES.div_ceil(3) * 4);
}

#[tokio::test]
async fn the_local_engine_drops_images_at_once_and_says_so() {
    let count = Arc::new(AtomicUsize::new(0));
    let stream = Local::new().answer(with_images(vec![png(10, &count)]));
    assert_eq!(count.load(Ordering::SeqCst), 1, "before anything is asked of the stream");
    let read = read(stream).await;
    assert!(read.text.contains("Este modo não analisa imagens; a imagem foi descartada."));
}
