use std::time::Duration;

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
    routing::post,
};
use sigilo_anchor::{
    Client,
    timestamp::{AddressError, Authority, Login, StampError, stamp},
};
use sigilo_proof::timestamp::{MAX_RESPONSE, read_response};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use url::Url;

use crate::authority::{AUTHORITY, CLIENT, request, stamps};

const REPLY: &str = "application/timestamp-reply";

async fn serve(router: Router) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/tsa", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    url
}

/// `openssl ts` behind HTTP, as strict as RFC 3161 lets it be.
async fn authority() -> Url {
    let answer = |headers: HeaderMap, body: Bytes| async move {
        if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != "application/timestamp-query") {
            return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
        }
        let reply = tokio::task::spawn_blocking(move || AUTHORITY.reply(&body)).await.unwrap();
        ([(header::CONTENT_TYPE, REPLY)], reply).into_response()
    };
    serve(Router::new().route("/tsa", post(answer))).await
}

/// An authority that says the same to everybody.
async fn says(answer: impl IntoResponse + Clone + Send + Sync + 'static) -> Url {
    serve(Router::new().route("/tsa", post(move || async move { answer.into_response() }))).await
}

async fn ask(url: &Url) -> Result<Vec<u8>, StampError> {
    let authority = Authority::new(url.clone(), None).unwrap();
    stamp(&CLIENT, &authority, request().der()).await
}

#[tokio::test]
async fn a_stamp_comes_back() {
    let authority = Authority::new(authority().await, None).unwrap();
    let request = request();
    let answer = stamp(&CLIENT, &authority, request.der()).await.unwrap();
    stamps(&request, &answer);
}

#[tokio::test]
async fn what_the_authority_refuses_is_an_answer_too() {
    let authority = Authority::new(authority().await, None).unwrap();
    let answer = stamp(&CLIENT, &authority, b"no request").await.unwrap();
    assert!(read_response(&answer).is_err());
}

#[tokio::test]
async fn the_password_goes_along_and_nowhere_else() {
    let guarded = |headers: HeaderMap| async move {
        // ana:senha
        let known = headers.get(header::AUTHORIZATION).is_some_and(|value| value == "Basic YW5hOnNlbmhh");
        if known {
            ([(header::CONTENT_TYPE, REPLY)], "fine").into_response()
        } else {
            StatusCode::UNAUTHORIZED.into_response()
        }
    };
    let elsewhere =
        |url: Url| move || async move { (StatusCode::FOUND, [(header::LOCATION, url.to_string())]).into_response() };
    let url = serve(Router::new().route("/tsa", post(guarded))).await;
    let login = |password: &str| Some(Login { user: "ana".into(), password: password.to_owned().into() });
    let of = |url: &Url, login| Authority::new(url.clone(), login).unwrap();
    assert_eq!(stamp(&CLIENT, &of(&url, login("senha")), b"x").await.unwrap(), b"fine");
    assert_eq!(stamp(&CLIENT, &of(&url, login("errada")), b"x").await, Err(StampError::Status(401)));
    assert_eq!(stamp(&CLIENT, &of(&url, None), b"x").await, Err(StampError::Status(401)));
    let redirecting = serve(Router::new().route("/tsa", post(elsewhere(url)))).await;
    assert_eq!(stamp(&CLIENT, &of(&redirecting, login("senha")), b"x").await, Err(StampError::Status(302)));
}

#[test]
fn addresses_that_are_not_used() {
    let new = |url: &str, login: bool| {
        let login = login.then(|| Login { user: "ana".into(), password: "senha".to_owned().into() });
        Authority::new(Url::parse(url).unwrap(), login).map(drop)
    };
    for url in ["https://act.example/", "http://act.example/", "tcp://act.example", "tcp://act.example:3180"] {
        assert_eq!(new(url, false), Ok(()), "{url}");
    }
    for url in
        ["ftp://act.example/", "file:///x", "tcp:x", "https://ana:senha@act.example/", "https://ana@act.example/"]
    {
        assert_eq!(new(url, false), Err(AddressError::Address), "{url}");
    }
    assert_eq!(new("https://act.example/", true), Ok(()));
    assert_eq!(new("http://127.0.0.1:8080/", true), Ok(()));
    for url in ["http://act.example/", "tcp://act.example", "tcp://127.0.0.1"] {
        assert_eq!(new(url, true), Err(AddressError::Insecure), "{url}");
    }
}

#[tokio::test]
async fn each_fault_has_its_error() {
    for status in [204, 400, 401, 404, 500, 503] {
        let url = says((StatusCode::from_u16(status).unwrap(), [(header::CONTENT_TYPE, REPLY)], "")).await;
        assert_eq!(ask(&url).await, Err(StampError::Status(status)));
    }
    for kind in ["text/html", "application/timestamp-query", "application/timestamp-reply-x", ""] {
        let url = says(([(header::CONTENT_TYPE, kind)], "<html>")).await;
        assert_eq!(ask(&url).await, Err(StampError::ContentType), "{kind}");
    }
    let url = says(([(header::CONTENT_TYPE, "Application/Timestamp-Reply; x=y")], "lixo")).await;
    let garbage = ask(&url).await.unwrap();
    assert!(read_response(&garbage).is_err(), "reading is another's work, and refuses it");

    let sized = |length: usize| says(([(header::CONTENT_TYPE, REPLY)], vec![0_u8; length]));
    assert_eq!(ask(&sized(MAX_RESPONSE).await).await.unwrap().len(), MAX_RESPONSE);
    assert_eq!(ask(&sized(MAX_RESPONSE + 1).await).await, Err(StampError::TooLong));
}

#[tokio::test]
async fn an_authority_that_is_down_or_silent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let authority = Authority::new(url, None).unwrap();
    let brief = Client::waiting(Duration::from_millis(200)).unwrap();
    // Connections are taken by the system and never answered.
    assert_eq!(stamp(&brief, &authority, b"x").await, Err(StampError::Timeout));
    drop(listener);
    assert_eq!(stamp(&brief, &authority, b"x").await, Err(StampError::Unreachable));
}

#[tokio::test]
async fn an_answer_that_stops_in_the_middle_is_no_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_buf(&mut Vec::with_capacity(4096)).await.unwrap();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {REPLY}\r\ncontent-length: 100\r\n\r\nshort");
        stream.write_all(head.as_bytes()).await.unwrap();
        // Until the other side hangs up nothing of what it sent is thrown away.
        stream.shutdown().await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.ok();
    });
    assert_eq!(ask(&url).await, Err(StampError::Unreachable));
}
