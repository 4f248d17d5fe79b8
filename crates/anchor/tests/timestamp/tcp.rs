//! RFC 3161, § 3.3, on both sides: what stands on the wire is written out here once more.

use std::time::Duration;

use sigilo_anchor::{
    Client,
    timestamp::{Authority, StampError, TCP_PORT, stamp},
};
use sigilo_proof::timestamp::MAX_RESPONSE;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use url::Url;

use crate::authority::{AUTHORITY, CLIENT, request, stamps};

/// A server for one request: reads a tsaMsg and writes what `answer` makes of it, all of it, then hangs up.
async fn server(answer: impl FnOnce(Vec<u8>) -> Vec<u8> + Send + 'static) -> Authority {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("tcp://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let length = stream.read_u32().await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), 0, "tsaMsg");
        let mut request = vec![0; length as usize - 1];
        stream.read_exact(&mut request).await.unwrap();
        let answer = tokio::task::spawn_blocking(move || answer(request)).await.unwrap();
        stream.write_all(&answer).await.ok();
    });
    Authority::new(url, None).unwrap()
}

fn message(flag: u8, value: &[u8]) -> Vec<u8> {
    [&(value.len() as u32 + 1).to_be_bytes()[..], &[flag], value].concat()
}

async fn answered(answer: Vec<u8>) -> Result<Vec<u8>, StampError> {
    stamp(&CLIENT, &server(move |_| answer).await, request().der()).await
}

#[tokio::test]
async fn a_stamp_comes_back_over_a_socket() {
    // RFC 3161 answers with finalMsgRep; some authorities answer with tsaMsg.
    for flag in [5, 0] {
        let authority = server(move |request| message(flag, &AUTHORITY.reply(&request))).await;
        let request = request();
        stamps(&request, &stamp(&CLIENT, &authority, request.der()).await.unwrap());
    }
}

#[tokio::test]
async fn each_other_message_has_its_error() {
    // Reference 7, to be asked again in 30 seconds.
    let later = [0, 0, 0, 7, 0, 0, 0, 30];
    assert_eq!(answered(message(1, &later)).await, Err(StampError::Polling));
    assert_eq!(answered(message(4, &later)).await, Err(StampError::Polling));
    assert_eq!(answered(message(3, &[])).await, Err(StampError::Refused));
    assert_eq!(answered(message(6, "sem créditos".as_bytes())).await, Err(StampError::Refused));
    assert_eq!(answered(message(2, &[0, 0, 0, 7])).await, Err(StampError::Malformed));
    assert_eq!(answered(message(7, b"x")).await, Err(StampError::Malformed));
    assert_eq!(answered(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await, Err(StampError::Malformed));
    assert_eq!(answered(vec![0; 4]).await, Err(StampError::Malformed));
}

#[tokio::test]
async fn lengths_are_not_believed() {
    assert_eq!(answered(message(5, &vec![1; MAX_RESPONSE])).await.unwrap().len(), MAX_RESPONSE);
    assert_eq!(answered(message(5, &vec![1; MAX_RESPONSE + 1])).await, Err(StampError::TooLong));
    assert_eq!(answered([&u32::MAX.to_be_bytes()[..], &[5]].concat()).await, Err(StampError::TooLong));
    let whole = message(5, b"answer");
    for end in 0..whole.len() {
        assert_eq!(answered(whole[..end].to_vec()).await, Err(StampError::Unreachable), "{end}");
    }
}

#[tokio::test]
async fn a_socket_that_is_down_or_silent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("tcp://{}", listener.local_addr().unwrap())).unwrap();
    let authority = Authority::new(url, None).unwrap();
    let brief = Client::waiting(Duration::from_millis(200)).unwrap();
    assert_eq!(stamp(&brief, &authority, b"x").await, Err(StampError::Timeout));
    drop(listener);
    assert_eq!(stamp(&brief, &authority, b"x").await, Err(StampError::Unreachable));
    assert_eq!(TCP_PORT, 318);
}
